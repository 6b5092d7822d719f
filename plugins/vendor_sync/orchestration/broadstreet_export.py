"""Runs the Broadstreet export as Airflow tasks: whether it is needed, its turn, its events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowRescheduleException, AirflowSkipException

from vendor_sync.broadstreet import export_flow
from vendor_sync.broadstreet.export_settings import ExportParams
from vendor_sync.errors import LockedError
from vendor_sync.events import publish_events
from vendor_sync.orchestration.connections import connection_from_airflow
from vendor_sync.orchestration.dag_runs import trigger_of

_WAIT_IN_PROCESS_SECONDS = 20
_WAIT_OUTSIDE = timedelta(seconds=20)
_SCHEDULED = "scheduled"


def is_needed() -> bool:
    """Tell whether the run has anything to do; one that a person asked for always has."""
    if trigger_of(_context()["dag_run"]) != _SCHEDULED:
        return True
    return export_flow.something_waits(connection_from_airflow)


def export_entities() -> dict[str, Any]:
    """Run the export under the DAG run's id, and return its counts."""
    context = _context()
    asked = export_flow.ExportRun(
        source=connection_from_airflow,
        run_id=context["dag_run"].run_id,
        params=ExportParams.parse(context["params"]),
        trigger=trigger_of(context["dag_run"]),
        lock_wait_seconds=_WAIT_IN_PROCESS_SECONDS,
        link=context["ti"].log_url,
    )
    try:
        return export_flow.summary(export_flow.run_export(asked))
    except LockedError as error:
        since, now = export_flow.waiting_since(asked), datetime.now(UTC)
        if now - since < timedelta(seconds=export_flow.LOCK_WAIT_SECONDS):
            raise AirflowRescheduleException(now + _WAIT_OUTSIDE) from error
        export_flow.skip(asked, str(error))
        raise AirflowSkipException(str(error)) from error


def published_events() -> Iterator[dict[str, Any]]:
    """Publish the run's events, and yield each as the asset event's extra."""
    run_id = _context()["dag_run"].run_id
    events = publish_events(connection_from_airflow, export_flow.FLOW, run_id)
    if not events:
        message = "The run has no event: it was a dry run."
        raise AirflowSkipException(message)
    for event in events:
        yield event.to_json()


def _context() -> dict[str, Any]:
    return cast("dict[str, Any]", get_current_context())
