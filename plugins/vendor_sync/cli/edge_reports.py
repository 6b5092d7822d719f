"""Commands of the edge's reports."""

from __future__ import annotations

from typing import Annotated

import typer

from vendor_sync.cli.output import AsJson, LockWait, RunId, run_flow
from vendor_sync.connections import connection_from_environment
from vendor_sync.edge_reports import flow
from vendor_sync.edge_reports.params import AuditParams
from vendor_sync.flow_runs import LOCK_WAIT_SECONDS

_DEFAULTS = AuditParams()


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("edge-usage-rollup")(edge_usage_rollup)
    app.command("edge-promotion-audit")(edge_promotion_audit)


def edge_usage_rollup(
    run_id: RunId = None,
    lock_wait: LockWait = LOCK_WAIT_SECONDS,
    *,
    full_refresh: Annotated[bool, typer.Option(help="Make every day anew.")] = False,
    as_json: AsJson = False,
) -> None:
    """Sum up how the stores used their promotions, per promotion, store and day."""
    run_flow(
        flow.USAGE_ROLLUP,
        run_id,
        lambda name, _: flow.run_usage_rollup(
            connection_from_environment,
            run_id=name,
            trigger="cli",
            params={"full_refresh": full_refresh},
            lock_wait_seconds=lock_wait,
        ),
        as_json=as_json,
    )


def edge_promotion_audit(
    run_id: RunId = None,
    lock_wait: LockWait = LOCK_WAIT_SECONDS,
    expiring_days: Annotated[
        int, typer.Option(help="Days before the end.")
    ] = _DEFAULTS.expiring_days,
    unused_days: Annotated[int, typer.Option(help="Days without a use.")] = _DEFAULTS.unused_days,
    *,
    as_json: AsJson = False,
) -> None:
    """Report and alert about promotions that end soon, are unused, overused or not compiled."""
    run_flow(
        flow.PROMOTION_AUDIT,
        run_id,
        lambda name, _: flow.run_promotion_audit(
            connection_from_environment,
            run_id=name,
            trigger="cli",
            params={"expiring_days": expiring_days, "unused_days": unused_days},
            lock_wait_seconds=lock_wait,
        ),
        as_json=as_json,
    )
