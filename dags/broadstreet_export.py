"""Take local entities to Broadstreet, each exactly once.

Every 30 minutes where local entities wait, and whenever somebody triggers it. Source: MongoDB's
`local_*` collections. Target: Broadstreet's API v1, then MongoDB's production collections.

1. `check_waiting` ends a scheduled run when there is nothing to do.
2. `export_entities` sends them, parents first. Safe to run again at any point; while an import or
   another export is at work it waits up to 5 minutes, without holding a worker, then skips.
3. `publish_completion` publishes the outcome with its counts.

What to do when it alerts: `docs/alerts.md`. Owner: data-platform.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from airflow.sdk import Asset, Metadata, Param, chain, dag, task

from vendor_sync.orchestration.dag_defaults import DEFAULT_ARGS, Tag, at, flag
from vendor_sync.orchestration.notifier import alert_run_failed
from vendor_sync.orchestration.sla import run_deadline, with_sla

COMPLETED = Asset("sync.broadstreet.exported", uri="x-vendor-sync://broadstreet/exported")
TYPES = ["networks", "advertisers", "zones", "advertisements", "campaigns", "placements"]
PARAMS = {
    "entity_types": Param([], type="array", items={"enum": TYPES}, title="Entity types",
                          description="None means all.", examples=TYPES),
    "local_ids": Param([], type="array", items={"type": "string"}, title="Local entities",
                       description="Only these, by their _id, one a line; none means all."),
    "retry_refused": flag("Retry refused", "Also send again what Broadstreet has refused."),
    "dry_run": flag("Dry run", "Show order, names and payloads, and send nothing."),
}  # fmt: skip


@dag(
    dag_display_name="Export to Broadstreet",
    schedule=at("*/30 * * * *"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    on_failure_callback=alert_run_failed,
    deadline=run_deadline(timedelta(hours=2)),
    params=PARAMS,
    doc_md=__doc__,
    tags=[Tag.BROADSTREET],
)
def broadstreet_export() -> None:
    @task.short_circuit(execution_timeout=timedelta(minutes=5))
    def check_waiting() -> bool:
        from vendor_sync.orchestration import broadstreet_export as flow

        return flow.is_needed()

    @task(execution_timeout=timedelta(hours=2))
    def export_entities() -> dict[str, Any]:
        from vendor_sync.orchestration import broadstreet_export as flow

        return flow.export_entities()

    @task(outlets=[COMPLETED], execution_timeout=timedelta(minutes=5))
    def publish_completion() -> Iterator[Metadata]:
        from vendor_sync.orchestration import broadstreet_export as flow

        for event in flow.published_events():
            yield Metadata(COMPLETED, extra=event)

    chain(
        check_waiting(),
        with_sla(export_entities(), timedelta(hours=1)),
        publish_completion(),
    )


broadstreet_export()
