"""Report every day which promotions need somebody's attention.

Promotions that end soon, that were never used, that were used more often than they may be, and that
no store is served because they do not compile. Target: `edge.promotion_audits`, a report a company
and day by the company's time zone, and alerts: one per cause, closed when the cause is gone. SQL
only; safe to kill and to repeat. Uses are those that `edge_usage_rollup` has summed up.

Late after 15 minutes. What to do about each finding: `docs/edge-reports.md`. Owner: data-platform.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, task

from vendor_sync.orchestration.dag_defaults import DEFAULT_ARGS, Tag, at
from vendor_sync.orchestration.notifier import alert_run_failed
from vendor_sync.orchestration.sla import run_deadline, with_sla

PARAMS = {
    "expiring_days": Param(
        7,
        type="integer",
        minimum=0,
        maximum=365,
        title="Ends within days",
        description="How many days before its end a promotion is told of.",
    ),
    "unused_days": Param(
        14,
        type="integer",
        minimum=0,
        maximum=365,
        title="Unused for days",
        description="For how many days a promotion may run without a use.",
    ),
}


@dag(
    dag_display_name="Audit promotions",
    schedule=at("30 3 * * *"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    on_failure_callback=alert_run_failed,
    deadline=run_deadline(timedelta(minutes=30)),
    params=PARAMS,
    doc_md=__doc__,
    tags=[Tag.EDGE],
)
def edge_promotion_audit() -> None:
    @task(execution_timeout=timedelta(minutes=30))
    def audit_promotions() -> dict[str, Any]:
        from vendor_sync.orchestration import edge_reports

        return edge_reports.audit_promotions()

    with_sla(audit_promotions(), timedelta(minutes=15))


edge_promotion_audit()
