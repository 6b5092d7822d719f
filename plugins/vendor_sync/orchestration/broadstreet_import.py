"""Runs a Broadstreet import as Airflow tasks: a turn, an entity type each, and the end."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk.exceptions import AirflowRescheduleException, AirflowSkipException

from vendor_sync.broadstreet import import_flow
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.import_flow import ImportRun
from vendor_sync.broadstreet.import_settings import ImportParams
from vendor_sync.errors import LockedError
from vendor_sync.flow_runs import waiting_since
from vendor_sync.orchestration import dag_runs
from vendor_sync.orchestration.connections import connection_from_airflow
from vendor_sync.orchestration.dag_runs import task_context, trigger_of
from vendor_sync.orchestration.turns import WAIT_IN_PROCESS_SECONDS, WAIT_OUTSIDE


def begin() -> bool:
    """Take the run's turn; wait outside the worker, and return False after five minutes."""
    asked = _asked()
    try:
        import_flow.begin(asked)
    except LockedError as error:
        since = waiting_since(asked.source, import_flow.FLOW, asked.run_id)
        if datetime.now(UTC) - since < timedelta(seconds=import_flow.LOCK_WAIT_SECONDS):
            raise _later() from error
        import_flow.skip(asked)
        return False
    return True


def import_type(name: str) -> dict[str, Any]:
    """Import one entity type, and return its counts; skipped where it is not chosen."""
    asked = _asked()
    entity_type = EntityType(name)
    if entity_type not in asked.params.entity_types:
        message = f"{name} are not among the entity types of this run."
        raise AirflowSkipException(message)
    with _turn():
        return import_flow.import_types(asked, [entity_type])


def finish() -> dict[str, Any]:
    """Sum up, swap in what a fresh import has built, and return the result."""
    asked = _asked()
    with _turn():
        return import_flow.finish(asked)


def published_events() -> Iterator[dict[str, Any]]:
    """Publish the run's events, and yield each as the asset event's extra."""
    return dag_runs.published_events(import_flow.FLOW)


def _asked() -> ImportRun:
    context = task_context()
    dag_run = context["dag_run"]
    return ImportRun(
        source=connection_from_airflow,
        run_id=dag_run.run_id,
        params=ImportParams.parse(context["params"]),
        trigger=trigger_of(dag_run),
        lock_wait_seconds=WAIT_IN_PROCESS_SECONDS,
        link=context["ti"].log_url,
    )


@contextmanager
def _turn() -> Generator[None]:
    """Come back later while an export is at work: a run that has begun does not give up."""
    try:
        yield
    except LockedError as error:
        raise _later() from error


def _later() -> AirflowRescheduleException:
    return AirflowRescheduleException(datetime.now(UTC) + WAIT_OUTSIDE)
