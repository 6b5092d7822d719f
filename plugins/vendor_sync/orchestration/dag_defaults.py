"""What every task of ours has in common, and the tags that DAGs are filed under."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Any

from airflow.sdk import Param

from vendor_sync.orchestration.notifier import alert_task_failed
from vendor_sync.orchestration.retry_policy import RETRY_POLICY, first_wait


class Tag(StrEnum):
    """What a DAG is about; Airflow's list of DAGs filters by it."""

    AFFILIATE = "affiliate"
    BROADSTREET = "broadstreet"
    EDGE = "edge"
    ANALYTICS = "analytics"
    OPERATIONS = "operations"


DEFAULT_ARGS: dict[str, Any] = {
    "owner": "data-platform",
    # Three attempts in all. The policy chooses the wait; `retry_delay` is for killed processes.
    "retries": 2,
    "retry_delay": first_wait(),
    "retry_policy": RETRY_POLICY,
    "execution_timeout": timedelta(hours=1),
    "on_failure_callback": alert_task_failed,
}


def flag(title: str, description: str) -> Param:
    """Return a parameter that is off unless somebody ticks it."""
    return Param(default=False, type="boolean", title=title, description=description)
