"""Sum up every hour how the stores used their promotions.

Source: `edge.promotion_usages`. Target: `edge.promotion_effectiveness`, a row per promotion, store,
day of the store and currency. Every day of which a use or a reversal has arrived since the last run
is made anew from all its uses, however late they came, so that the result is that of making
everything anew. SQL only; one transaction: safe to kill and to repeat. While another run is at work
it waits up to 5 minutes, without holding a worker, then skips.

Late after 15 minutes. Rules and columns: `docs/edge-reports.md`. Owner: data-platform.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import dag, task

from vendor_sync.orchestration.dag_defaults import DEFAULT_ARGS, Tag, at, flag
from vendor_sync.orchestration.notifier import alert_run_failed
from vendor_sync.orchestration.sla import run_deadline, with_sla

PARAMS = {
    "full_refresh": flag("Full refresh", "Make every day anew, not only those with new uses."),
}


@dag(
    dag_display_name="Roll up promotion usage",
    schedule=at("@hourly"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    on_failure_callback=alert_run_failed,
    deadline=run_deadline(timedelta(minutes=30)),
    params=PARAMS,
    doc_md=__doc__,
    tags=[Tag.EDGE],
)
def edge_usage_rollup() -> None:
    @task(execution_timeout=timedelta(minutes=30))
    def roll_up_usages() -> dict[str, Any]:
        from vendor_sync.orchestration import edge_reports

        return edge_reports.roll_up_usages()

    with_sla(roll_up_usages(), timedelta(minutes=15))


edge_usage_rollup()
