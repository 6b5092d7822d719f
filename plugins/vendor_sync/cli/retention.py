"""The command of retention."""

from __future__ import annotations

from typing import Annotated

import typer

from vendor_sync.cli.output import AsJson, LockWait, RunId, run_flow
from vendor_sync.connections import connection_from_environment
from vendor_sync.flow_runs import LOCK_WAIT_SECONDS
from vendor_sync.retention.flow import FLOW, run_retention
from vendor_sync.retention.params import MOST_DAYS, RetentionParams

_DEFAULTS = RetentionParams()
_Days = typer.Option(min=1, max=MOST_DAYS, help="Days.")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("retention")(retention)


def retention(  # noqa: PLR0913, PLR0917 - a parameter an option
    raw_pages_days: Annotated[int, _Days] = _DEFAULTS.raw_pages_days,
    runs_days: Annotated[int, _Days] = _DEFAULTS.runs_days,
    rejects_days: Annotated[int, _Days] = _DEFAULTS.rejects_days,
    usages_days: Annotated[int, _Days] = _DEFAULTS.usages_days,
    tombstones_days: Annotated[int, _Days] = _DEFAULTS.tombstones_days,
    run_id: RunId = None,
    lock_wait: LockWait = LOCK_WAIT_SECONDS,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, delete nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete what is older than its kind is kept, a little at a time; safe to kill and repeat."""
    params = RetentionParams(
        raw_pages_days=raw_pages_days,
        runs_days=runs_days,
        rejects_days=rejects_days,
        usages_days=usages_days,
        tombstones_days=tombstones_days,
        dry_run=dry_run,
    )
    run_flow(
        FLOW,
        run_id,
        lambda name, watch: run_retention(
            connection_from_environment,
            run_id=name,
            trigger="cli",
            params=params.to_json(),
            lock_wait_seconds=lock_wait,
            watch=watch,
        ),
        as_json=as_json,
    )
