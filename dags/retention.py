"""Delete every day what is older than it has to be kept.

Raw pages and refused records after 90 days, runs and events after 180, usages of promotions after
400, tombstones of the edge after 60. What is still needed stays, however old: events that were not
sent, open alerts and what they lead to, runs at work, usages that the rollup has not seen. Deletes
a little at a time, so that nobody waits; may be killed anywhere and run again. The result has the
sizes before and after.

Late after an hour. What is deleted when, and how to get the room back: `docs/retention.md`.
Owner: data-platform.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, task

from vendor_sync.orchestration.dag_defaults import DEFAULT_ARGS, Tag, at, flag
from vendor_sync.orchestration.notifier import alert_run_failed
from vendor_sync.orchestration.sla import run_deadline, with_sla


def _days(default: int, title: str, description: str) -> Param:
    return Param(
        default=default,
        type="integer",
        minimum=1,
        maximum=3650,
        title=title,
        description=description,
    )


PARAMS = {
    "raw_pages_days": _days(90, "Raw pages", "Days that vendors' pages are kept in the archive."),
    "runs_days": _days(180, "Runs and events", "Days that runs, events and closed alerts stay."),
    "rejects_days": _days(90, "Refused records", "Days that refused records are kept."),
    "usages_days": _days(400, "Usages", "Days that single uses of promotions are kept."),
    "tombstones_days": _days(60, "Tombstones", "Days that a store may be offline."),
    "dry_run": flag("Dry run", "Count what is old, and delete nothing."),
}


@dag(
    dag_display_name="Delete what is old",
    schedule=at("15 4 * * *"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    on_failure_callback=alert_run_failed,
    deadline=run_deadline(timedelta(hours=2)),
    params=PARAMS,
    doc_md=__doc__,
    tags=[Tag.OPERATIONS],
)
def retention() -> None:
    @task(execution_timeout=timedelta(hours=2))
    def delete_what_is_old() -> dict[str, Any]:
        from vendor_sync.orchestration import retention

        return retention.delete_what_is_old()

    with_sla(delete_what_is_old(), timedelta(hours=1))


retention()
