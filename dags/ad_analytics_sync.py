"""Collect what ad platforms claim and what stores sold, every hour, and credit orders to clicks.

Source: Meta, TikTok, Snapchat; Shopify, WooCommerce, Salla, Zid; our click log. Target: schema
`analytics`, dashboards in Redis, raw pages in S3. `plan_shards` lists the connections that may be
asked, `sync_<vendor>` asks them (none stops another), `join_run` credits orders and computes
totals, alerts and dashboards. When it alerts: `docs/ad-analytics.md`. Owner: data-platform.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from airflow.sdk import Asset, Metadata, chain, dag, task
from airflow.task.trigger_rule import TriggerRule

from vendor_sync.orchestration.ad_analytics_form import PARAMS, SLOTS, VENDORS
from vendor_sync.orchestration.dag_defaults import DEFAULT_ARGS, Tag, at
from vendor_sync.orchestration.notifier import alert_run_failed
from vendor_sync.orchestration.sla import run_deadline, with_sla

COMPLETED = Asset("sync.analytics.completed", uri="x-vendor-sync://analytics/sync")


@dag(
    dag_display_name="Sync ad analytics",
    schedule=at("@hourly"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    on_failure_callback=alert_run_failed,
    deadline=run_deadline(timedelta(minutes=50)),
    params=PARAMS,
    doc_md=__doc__,
    tags=[Tag.ANALYTICS],
)
def ad_analytics_sync() -> None:
    @task
    def plan_shards() -> dict[str, list[dict[str, Any]]]:
        return _tasks().plan_shards(VENDORS)

    @task
    def list_shards(plan: Any, vendor: str) -> list[dict[str, Any]]:  # noqa: ANN401 - as planned
        return plan[vendor]

    @task(retries=4, execution_timeout=timedelta(hours=6))  # an order may cost a call
    def sync_shard(shard: dict[str, Any]) -> dict[str, int]:
        return _tasks().sync_shard(shard)

    @task(trigger_rule=TriggerRule.ALL_DONE)
    def join_run() -> dict[str, Any]:
        return _tasks().join_run()

    @task
    def complete_run(joined: dict[str, Any]) -> dict[str, Any]:
        return _tasks().complete_run(joined)

    @task(outlets=[COMPLETED])
    def publish_completion() -> Iterator[Metadata]:
        for event in _tasks().published_events():
            yield Metadata(COMPLETED, extra=event)

    plan: Any = plan_shards()
    joined: Any = join_run()
    for vendor in VENDORS:
        shards = list_shards.override(task_id=f"list_{vendor}")(plan, vendor)
        sync = sync_shard.override(task_id=f"sync_{vendor}", max_active_tis_per_dag=SLOTS)
        chain(sync.expand(shard=shards), joined)
    # Without a plan nothing has completed.
    chain(plan, complete_run(joined), with_sla(publish_completion(), timedelta(minutes=30)))


def _tasks() -> Any:  # noqa: ANN401 - a module, imported when a task runs
    from vendor_sync.orchestration import ad_analytics as tasks

    return tasks


ad_analytics_sync()
