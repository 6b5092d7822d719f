"""What a task wants to know of the DAG run that it belongs to, and the run's events."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any, cast

from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowSkipException

from vendor_sync.events import publish_events
from vendor_sync.orchestration.connections import connection_from_airflow


def task_context() -> dict[str, Any]:
    """Return Airflow's context of the task that this is."""
    return cast("dict[str, Any]", get_current_context())


def trigger_of(dag_run: Any) -> str:  # noqa: ANN401 - Airflow's own, another class in each process
    """Return who started a run: `manual`, `scheduled`, `asset_triggered`, `backfill`...

    In a task it is a member of an enumeration whose text is `DagRunType.MANUAL`.
    """
    run_type = dag_run.run_type
    return str(run_type.value if isinstance(run_type, Enum) else run_type)


def published_events(flow: str) -> Iterator[dict[str, Any]]:
    """Publish the run's events, and yield each as the asset event's extra.

    All of them, also those published before: a repeated task repeats the asset event. Skips the
    task if there is none.
    """
    events = publish_events(connection_from_airflow, flow, task_context()["dag_run"].run_id)
    if not events:
        message = "The run has no event: it was a dry run."
        raise AirflowSkipException(message)
    for event in events:
        yield event.to_json()
