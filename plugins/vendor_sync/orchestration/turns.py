"""A run's turn: while another run of its flow is at work it waits, without holding a worker."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn, Protocol

from airflow.sdk.exceptions import AirflowRescheduleException, AirflowSkipException

from vendor_sync.connections import ConnectionSource
from vendor_sync.errors import LockedError
from vendor_sync.flow_runs import LOCK_WAIT_SECONDS, skip_run, waiting_since
from vendor_sync.orchestration.connections import connection_from_airflow
from vendor_sync.orchestration.dag_runs import task_context, trigger_of

WAIT_IN_PROCESS_SECONDS = 20
WAIT_OUTSIDE = timedelta(seconds=20)


class _WholeRun(Protocol):
    """A run of a flow that is one task."""

    def __call__(  # noqa: PLR0913 - as the flows take them
        self,
        source: ConnectionSource,
        *,
        run_id: str,
        trigger: str,
        params: Any,  # noqa: ANN401 - Airflow's own mapping
        lock_wait_seconds: float,
        link: str | None,
    ) -> dict[str, Any]: ...


def run_in_turn(flow: str, run: _WholeRun) -> dict[str, Any]:
    """Run a flow under the DAG run's id when it is its turn, and return its counts."""
    context = task_context()
    dag_run = context["dag_run"]
    try:
        return run(
            connection_from_airflow,
            run_id=dag_run.run_id,
            trigger=trigger_of(dag_run),
            params=context["params"],
            lock_wait_seconds=WAIT_IN_PROCESS_SECONDS,
            link=context["ti"].log_url,
        )
    except LockedError as error:
        wait_or_skip(flow, dag_run.run_id, error)


def wait_or_skip(flow: str, run_id: str, error: LockedError) -> NoReturn:
    """Have the task started again later, or skip it when it has waited for long enough.

    The wait releases the worker slot and uses up no retry.
    """
    since = waiting_since(connection_from_airflow, flow, run_id)
    now = datetime.now(UTC)
    if now - since < timedelta(seconds=LOCK_WAIT_SECONDS):
        raise AirflowRescheduleException(now + WAIT_OUTSIDE) from error
    skip_run(connection_from_airflow, flow, run_id)
    raise AirflowSkipException(str(error)) from error
