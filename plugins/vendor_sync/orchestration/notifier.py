"""Turns Airflow's callbacks into alerts; none of them ever fails the task that calls it.

Plain functions on purpose: a BaseNotifier renders its templates in place on the instance that all
tasks share. The task's own callback comes first and knows the error. The run's callback is the
backstop: it finds the alert there already, unless the task was killed and could say nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast
from urllib.parse import quote

import psycopg
from airflow.sdk import Context
from airflow.sdk.configuration import conf
from airflow.sdk.log import redact  # pyright: ignore[reportPrivateImportUsage, reportUnknownVariableType]

from vendor_sync.alert_rules import interrupted
from vendor_sync.alerts import Alert, AlertKind, raise_alert
from vendor_sync.connections import require_connection
from vendor_sync.errors import StorageError, SyncError
from vendor_sync.orchestration.connections import connection_from_airflow
from vendor_sync.orchestration.retry_policy import FINAL_ERRORS
from vendor_sync.postgres import connect, storage_errors
from vendor_sync.runs import RunStore

logger = logging.getLogger(__name__)
_TOLD = "vendor_sync.told_attempts"


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
        return "The task ended without a word of its own. The log may say more."
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


def note_attempt_ended(context: Context) -> None:
    """Note that an attempt has failed and said so; the `on_retry_callback` of every task."""
    values = cast("Mapping[str, Any]", context)
    told = _told(values)
    told.append(values["ti"].try_number)
    values["task_state_store"].set(_TOLD, told)


def alert_killed_attempts(context: Context) -> None:
    """Alert that attempts of a task were killed and a later one did it; `on_success_callback`.

    An attempt that fails says so; one that was killed (SIGKILL, out of memory) cannot. Attempts
    before somebody cleared the task are not looked at.
    """
    values = cast("Mapping[str, Any]", context)
    ti = values["ti"]
    first: int = ti.max_tries - ti.task.retries + 1
    if ti.try_number <= first:
        return
    told = _told(values)
    killed = sum(number not in told for number in range(first, ti.try_number))
    alert = interrupted(ti.dag_id, ti.run_id, killed, link=ti.log_url)
    if alert:
        raise_alert(connection_from_airflow, replace(alert, task_id=ti.task_id))


def _told(values: Mapping[str, Any]) -> list[int]:
    return list(values["task_state_store"].get(_TOLD) or [])


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
