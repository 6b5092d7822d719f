"""Runs retention as an Airflow task."""

from __future__ import annotations

from typing import Any, cast

from airflow.sdk import get_current_context

from vendor_sync.errors import LockedError
from vendor_sync.orchestration.connections import connection_from_airflow
from vendor_sync.orchestration.dag_runs import trigger_of
from vendor_sync.orchestration.turns import WAIT_IN_PROCESS_SECONDS, wait_or_skip
from vendor_sync.retention.flow import FLOW, run_retention


def delete_what_is_old() -> dict[str, Any]:
    """Run retention under the DAG run's id, and return its counts."""
    context = cast("dict[str, Any]", get_current_context())
    dag_run = context["dag_run"]
    try:
        return run_retention(
            connection_from_airflow,
            run_id=dag_run.run_id,
            trigger=trigger_of(dag_run),
            params=context["params"],
            lock_wait_seconds=WAIT_IN_PROCESS_SECONDS,
            link=context["ti"].log_url,
        )
    except LockedError as error:
        wait_or_skip(FLOW, dag_run.run_id, error)
