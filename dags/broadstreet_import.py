"""Bring what Broadstreet has into MongoDB every six hours.

Source: Broadstreet's API v1. Target: MongoDB's production collections; never `local_*`.
`begin_import` takes the turn; a task an entity type follows, parents first, safe to run again;
`finish_import` sums up and swaps in what a fresh import has built; `publish_completion` tells.
Three attempts a task. When it alerts: `docs/alerts.md`. Owner: data-platform.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from airflow.sdk import Asset, Metadata, Param, chain, dag, task

from vendor_sync.orchestration.dag_defaults import DEFAULT_ARGS, Tag, at, flag
from vendor_sync.orchestration.notifier import alert_run_failed
from vendor_sync.orchestration.sla import run_deadline, with_sla

COMPLETED = Asset("sync.broadstreet.imported", uri="x-vendor-sync://broadstreet/production")
TYPES = ["networks", "advertisers", "zones", "advertisements", "campaigns", "placements"]
IDS = "Only these, by Broadstreet id, one a line; none means all. Not with a fresh import."
PARAMS = {
    "entity_types": Param(TYPES, type="array", items={"enum": TYPES}, title="Entity types"),
    "mode": Param("incremental", type="string", enum=["incremental", "fresh"], title="Mode"),
    **{
        f"{name}_ids": Param([], type="array", items={"type": "string"}, description=IDS)
        for name in ("network", "advertiser", "campaign")
    },
    "dry_run": flag("Dry run", "Report what would change and write no data."),
}


@dag(
    dag_display_name="Import from Broadstreet",
    schedule=at("0 */6 * * *"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    on_failure_callback=alert_run_failed,
    deadline=run_deadline(timedelta(hours=4)),
    params=PARAMS,
    doc_md=__doc__,
    tags=[Tag.BROADSTREET],
)
def broadstreet_import() -> None:
    @task.short_circuit(execution_timeout=timedelta(minutes=15))
    def begin_import() -> bool:
        from vendor_sync.orchestration import broadstreet_import as flow

        return flow.begin()

    # A type that is not chosen is skipped, and what comes after it goes on.
    @task(trigger_rule="none_failed", execution_timeout=timedelta(hours=2))
    def import_type(name: str) -> dict[str, Any]:
        from vendor_sync.orchestration import broadstreet_import as flow

        return flow.import_type(name)

    @task(trigger_rule="all_done", execution_timeout=timedelta(minutes=30))
    def finish_import() -> dict[str, Any]:
        from vendor_sync.orchestration import broadstreet_import as flow

        return flow.finish()

    @task(outlets=[COMPLETED], execution_timeout=timedelta(minutes=5))
    def publish_completion() -> Iterator[Metadata]:
        from vendor_sync.orchestration import broadstreet_import as flow

        for event in flow.published_events():
            yield Metadata(COMPLETED, extra=event)

    steps = {name: import_type.override(task_id=f"import_{name}")(name) for name in TYPES}
    first, *together, ads, campaigns, placements = steps.values()
    ended = with_sla(finish_import(), timedelta(hours=3))
    chain(begin_import(), first, together, ads, campaigns, placements, ended, publish_completion())


broadstreet_import()
