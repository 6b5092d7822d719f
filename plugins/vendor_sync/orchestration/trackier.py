"""Runs the Trackier sync as an Airflow task: its run id, its turn, its events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowSkipException

from vendor_sync.errors import LockedError
from vendor_sync.events import publish_events
from vendor_sync.orchestration.connections import connection_from_airflow
from vendor_sync.orchestration.dag_runs import trigger_of
from vendor_sync.orchestration.turns import WAIT_IN_PROCESS_SECONDS, wait_or_skip
from vendor_sync.trackier import flow


def sync_offers() -> dict[str, Any]:
    """Run the sync under the DAG run's id, and return its counts.

    While another run is at work the wait releases the worker slot, without using up a retry.
    """
    context = _context()
    dag_run = context["dag_run"]
    try:
        return flow.run_offer_sync(
            connection_from_airflow,
            run_id=dag_run.run_id,
            trigger=trigger_of(dag_run),
            params=context["params"],
            lock_wait_seconds=WAIT_IN_PROCESS_SECONDS,
            link=context["ti"].log_url,
        )
    except LockedError as error:
        wait_or_skip(flow.FLOW, dag_run.run_id, error)


def published_events() -> Iterator[dict[str, Any]]:
    """Publish the run's events, and yield each as the asset event's extra.

    All of them, also those published before: a repeated task repeats the asset event.
    """
    run_id = _context()["dag_run"].run_id
    events = publish_events(connection_from_airflow, flow.FLOW, run_id)
    if not events:
        message = "The run has no event: it was a dry run."
        raise AirflowSkipException(message)
    for event in events:
        yield event.to_json()


def _context() -> dict[str, Any]:
    return cast("dict[str, Any]", get_current_context())
