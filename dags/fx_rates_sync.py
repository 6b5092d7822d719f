"""Read the European Central Bank's reference rates every afternoon.

Source: the bank's XML, without a key. Target: `analytics.fx_rates`; amounts that a new rate
counts for are converted again. Published on working days around 16:00 Central European Time; a
day without rates is no error. Other currencies: `python -m vendor_sync fx-rates --csv`.
Owner: data-platform.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import dag, task

from vendor_sync.orchestration.dag_defaults import DEFAULT_ARGS, Tag, at
from vendor_sync.orchestration.notifier import alert_run_failed
from vendor_sync.orchestration.sla import run_deadline, with_sla


@dag(
    dag_display_name="Sync exchange rates",
    schedule=at("30 15,17 * * *"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    on_failure_callback=alert_run_failed,
    deadline=run_deadline(timedelta(minutes=20)),
    doc_md=__doc__,
    tags=[Tag.ANALYTICS],
)
def fx_rates_sync() -> None:
    @task(execution_timeout=timedelta(minutes=10))
    def sync_rates() -> dict[str, Any]:
        from vendor_sync.orchestration import ad_analytics

        return ad_analytics.sync_rates()

    with_sla(sync_rates(), timedelta(minutes=15))


fx_rates_sync()
