"""Runs the Broadstreet export as Airflow tasks: whether it is needed, its turn, its events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk.exceptions import AirflowRescheduleException, AirflowSkipException

from vendor_sync.broadstreet import export_flow
from vendor_sync.broadstreet.export_settings import ExportParams
from vendor_sync.errors import LockedError
from vendor_sync.flow_runs import waiting_since
from vendor_sync.orchestration import dag_runs
from vendor_sync.orchestration.connections import connection_from_airflow
from vendor_sync.orchestration.dag_runs import task_context, trigger_of
from vendor_sync.orchestration.turns import WAIT_IN_PROCESS_SECONDS, WAIT_OUTSIDE

_SCHEDULED = "scheduled"


def is_needed() -> bool:
    """Tell whether the run has anything to do; one that a person asked for always has."""
    if trigger_of(task_context()["dag_run"]) != _SCHEDULED:
        return True
    return export_flow.something_waits(connection_from_airflow)


def export_entities() -> dict[str, Any]:
    """Run the export under the DAG run's id, and return its counts."""
    context = task_context()
    asked = export_flow.ExportRun(
        source=connection_from_airflow,
        run_id=context["dag_run"].run_id,
        params=ExportParams.parse(context["params"]),
        trigger=trigger_of(context["dag_run"]),
        lock_wait_seconds=WAIT_IN_PROCESS_SECONDS,
        link=context["ti"].log_url,
    )
    try:
        return export_flow.summary(export_flow.run_export(asked))
    except LockedError as error:
        since = waiting_since(asked.source, export_flow.FLOW, asked.run_id)
        now = datetime.now(UTC)
        if now - since < timedelta(seconds=export_flow.LOCK_WAIT_SECONDS):
            raise AirflowRescheduleException(now + WAIT_OUTSIDE) from error
        export_flow.skip(asked, str(error))
        raise AirflowSkipException(str(error)) from error


def published_events() -> Iterator[dict[str, Any]]:
    """Publish the run's events, and yield each as the asset event's extra."""
    return dag_runs.published_events(export_flow.FLOW)
