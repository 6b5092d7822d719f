"""A run's turn: while another run of its flow is at work it waits, without holding a worker."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NoReturn

from airflow.sdk.exceptions import AirflowRescheduleException, AirflowSkipException

from vendor_sync.errors import LockedError
from vendor_sync.flow_runs import LOCK_WAIT_SECONDS, skip_run, waiting_since
from vendor_sync.orchestration.connections import connection_from_airflow

WAIT_IN_PROCESS_SECONDS = 20
_WAIT_OUTSIDE = timedelta(seconds=20)


def wait_or_skip(flow: str, run_id: str, error: LockedError) -> NoReturn:
    """Have the task started again later, or skip it when it has waited for long enough.

    The wait releases the worker slot and uses up no retry.
    """
    since = waiting_since(connection_from_airflow, flow, run_id)
    now = datetime.now(UTC)
    if now - since < timedelta(seconds=LOCK_WAIT_SECONDS):
        raise AirflowRescheduleException(now + _WAIT_OUTSIDE) from error
    skip_run(connection_from_airflow, flow, run_id)
    raise AirflowSkipException(str(error)) from error
