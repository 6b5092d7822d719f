"""Turns Airflow's callbacks into alerts; none of them ever fails the task that calls it.

Plain functions on purpose: a BaseNotifier renders its templates in place on the instance that all
tasks share. The task's own callback comes first and knows the error. The run's callback is the
backstop: it finds the alert there already, unless the task was killed and could say nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import quote

import psycopg
from airflow.sdk import Context
from airflow.sdk.configuration import conf
from airflow.sdk.log import redact  # pyright: ignore[reportPrivateImportUsage, reportUnknownVariableType]

from vendor_sync.alerts import Alert, AlertKind, raise_alert
from vendor_sync.connections import require_connection
from vendor_sync.errors import StorageError, SyncError
from vendor_sync.orchestration.connections import connection_from_airflow
from vendor_sync.orchestration.retry_policy import FINAL_ERRORS
from vendor_sync.postgres import connect, storage_errors
from vendor_sync.runs import RunStore

logger = logging.getLogger(__name__)


def alert_task_failed(context: Context) -> None:
    """Alert that a task has failed for good; goes into `on_failure_callback` of every task."""
    values = cast("Mapping[str, Any]", context)
    task_instance, error = values["ti"], values.get("exception")
    tries: int = task_instance.try_number
    kind = _failure_kind(error, tries=tries, max_tries=task_instance.max_tries)
    after = f" after {tries} tries" if tries > 1 else ""
    part = _part(task_instance)
    alert = Alert(
        kind=kind,
        flow=task_instance.dag_id,
        run_id=task_instance.run_id,
        task_id=task_instance.task_id,
        cause=part,
        title=f"{task_instance.dag_id}: {part or task_instance.task_id} failed{after}",
        message=cast("str", redact(_words(error))),
        link=task_instance.log_url,
    )
    raise_alert(connection_from_airflow, alert)


def _part(task_instance: Any) -> str | None:  # noqa: ANN401 - Airflow's
    """Name one of several tasks alike, each of which fails for itself; None for any other."""
    number: int = getattr(task_instance, "map_index", -1)
    return f"{task_instance.task_id}[{number}]" if number >= 0 else None


def _failure_kind(error: object, *, tries: int, max_tries: int) -> AlertKind:
    if error is None:  # it was killed, and the DAG processor speaks for it
        return AlertKind.RUN_FAILED
    if isinstance(error, StorageError):
        return AlertKind.STORAGE_UNREACHABLE
    if tries > 1 and tries > max_tries and not isinstance(error, FINAL_ERRORS):
        return AlertKind.RETRIES_EXHAUSTED
    return AlertKind.TASK_FAILED


def _words(error: object) -> str:
    """Say what went wrong: our own errors are written for people, others may hold anything."""
    if isinstance(error, SyncError):
        return f"{type(error).__name__}: {error}"
    if error is None:
        return (
            "The task ended without a word of its own: its process was killed (SIGKILL, out of "
            "memory) or its worker is gone. The log may say more."
        )
    return f"{type(error).__name__}. The log has the details."


def alert_run_failed(context: Context) -> None:
    """Alert that a run has failed, if its task could not; the DAG's `on_failure_callback`."""
    dag_run = cast("Mapping[str, Any]", context)["dag_run"]
    reason = cast("Mapping[str, Any]", context).get("reason") or "unknown"
    alert = Alert(
        kind=AlertKind.RUN_FAILED,
        flow=dag_run.dag_id,
        run_id=dag_run.run_id,
        title=f"{dag_run.dag_id}: the run failed",
        message=(
            f"Airflow's reason: {reason}. If no task has said why, its process was killed "
            "(SIGKILL, out of memory) or its worker is gone."
        ),
        link=run_link(dag_run.dag_id, dag_run.run_id),
    )
    raise_alert(connection_from_airflow, alert)
    _close_run(dag_run.dag_id, dag_run.run_id)


def _close_run(flow: str, run_id: str) -> None:
    try:
        warehouse = require_connection(connection_from_airflow, "warehouse_postgres")
        with storage_errors(), connect(warehouse, application_name=flow) as conn:
            RunStore(conn, flow).close_interrupted(run_id)
    except (SyncError, psycopg.Error):
        logger.exception("the run's row could not be closed")


def run_link(dag_id: str, run_id: str) -> str | None:
    """Return the address of a run in Airflow's UI, None if Airflow does not know its own."""
    base_url: str = conf.get("api", "base_url", fallback="")  # pyright: ignore[reportUnknownMemberType]
    return f"{base_url.rstrip('/')}/dags/{dag_id}/runs/{quote(run_id)}" if base_url else None
