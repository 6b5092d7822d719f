"""What every task of ours has in common, and the tags that DAGs are filed under."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Any

from airflow.sdk import CronTriggerTimetable, Param

from vendor_sync.orchestration.attempts import alert_killed_attempts, count_killed_attempts
from vendor_sync.orchestration.figures import AirflowFigures
from vendor_sync.orchestration.notifier import alert_task_failed
from vendor_sync.orchestration.retry_policy import RETRY_POLICY, first_wait
from vendor_sync.telemetry import send_figures_to

# Every task's process reads its DAG file first, and with it this.
send_figures_to(AirflowFigures())


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
    "on_execute_callback": count_killed_attempts,
    "on_success_callback": alert_killed_attempts,
}


def at(cron: str) -> CronTriggerTimetable:
    """Return the schedule of a cron expression, in UTC.

    A DAG that is switched on waits for its next time. Left to itself, Airflow 3.3 makes up the run
    that was due last when it is less than a tenth of the period ago, whatever `catchup` says.
    """
    return CronTriggerTimetable(cron, timezone="UTC", run_immediately=timedelta(seconds=1))


def flag(title: str, description: str) -> Param:
    """Return a parameter that is off unless somebody ticks it."""
    return Param(default=False, type="boolean", title=title, description=description)
