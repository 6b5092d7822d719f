"""The command of the Trackier sync."""

from __future__ import annotations

from typing import Annotated

import typer

from vendor_sync.cli.output import AsJson, LockWait, RunId, pairs, run_flow
from vendor_sync.connections import connection_from_environment
from vendor_sync.flow_runs import LOCK_WAIT_SECONDS
from vendor_sync.trackier.flow import FLOW, run_offer_sync


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("trackier-offers")(trackier_offers)


def trackier_offers(
    param: Annotated[
        list[str] | None,
        typer.Option(
            help="name=value; names: brand_ids (comma-separated), include_publishers, "
            "full_refresh, dry_run.",
        ),
    ] = None,
    run_id: RunId = None,
    lock_wait: LockWait = LOCK_WAIT_SECONDS,
    *,
    as_json: AsJson = False,
) -> None:
    """Copy Trackier's brands and offers into PostgreSQL, raw pages into S3."""
    run_flow(
        FLOW,
        run_id,
        lambda name, watch: run_offer_sync(
            connection_from_environment,
            run_id=name,
            trigger="cli",
            params=pairs(param or []),
            lock_wait_seconds=lock_wait,
            watch=watch,
        ),
        as_json=as_json,
    )
