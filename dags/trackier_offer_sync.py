"""Copy Trackier's brands and offers into PostgreSQL every night.

Source: Trackier's advertisers, campaigns and (if asked for) publishers. Target:
`affiliate.brands`, `affiliate.offers`, `affiliate.tenants.trackier_pid`; raw pages in S3.

1. `sync_offers` reads, archives, checks and merges page by page. Safe to run again at any point;
   while another run is at work it waits up to 5 minutes, without holding a worker, then skips.
2. `publish_completion` publishes the outcome with its counts: asset event, and SNS if configured.

Retries: three attempts, at the time the error calls for. Late after 8 minutes, the run after 10.
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

COMPLETED = Asset("sync.offers.completed", uri="x-vendor-sync://trackier/offers")
PARAMS = {
    "brand_ids": Param(
        [],
        type="array",
        items={"type": "string"},
        title="Brands",
        description="Trackier advertiser ids, one a line; none means all.",
    ),
    "include_publishers": flag("Include publishers", "Also set our tenants' publisher ids."),
    "full_refresh": flag("Full refresh", "Ignore checksums and write every record again."),
    "dry_run": flag("Dry run", "Report what would change and write no data."),
}


@dag(
    dag_display_name="Sync from Trackier",
    schedule=at("0 2 * * *"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    on_failure_callback=alert_run_failed,
    deadline=run_deadline(timedelta(minutes=10)),
    params=PARAMS,
    doc_md=__doc__,
    tags=[Tag.AFFILIATE],
)
def trackier_offer_sync() -> None:
    @task(execution_timeout=timedelta(hours=2))
    def sync_offers() -> dict[str, Any]:
        from vendor_sync.orchestration import trackier

        return trackier.sync_offers()

    @task(outlets=[COMPLETED], execution_timeout=timedelta(minutes=5))
    def publish_completion() -> Iterator[Metadata]:
        from vendor_sync.orchestration import trackier

        for event in trackier.published_events():
            yield Metadata(COMPLETED, extra=event)

    chain(
        with_sla(sync_offers(), timedelta(minutes=8)),
        with_sla(publish_completion(), timedelta(minutes=9)),
    )


trackier_offer_sync()
