"""Command line of the flows: the same code as in Airflow, with connections from AIRFLOW_CONN_*."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from vendor_sync import ad_analytics_cli
from vendor_sync.cli_output import console, errors_shown, pairs, show
from vendor_sync.connections import connection_from_environment, require_connection
from vendor_sync.edge_reports import flow as edge_reports
from vendor_sync.errors import LockedError
from vendor_sync.flow_runs import skip_run
from vendor_sync.migrations import migrate as apply_migrations
from vendor_sync.trackier.flow import FLOW as TRACKIER_FLOW
from vendor_sync.trackier.flow import Watch, run_offer_sync

EXIT_SKIPPED = 3

app = typer.Typer(
    help="Run the sync flows and their chores. Connections come from AIRFLOW_CONN_* variables.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
ad_analytics_cli.register(app)


@app.callback()
def root(
    *, verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the log.")] = False
) -> None:
    """Run the sync flows and their chores."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.ERROR,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )


@app.command()
def migrate() -> None:
    """Bring the warehouse to the newest schema; safe to repeat."""
    with errors_shown():
        applied = apply_migrations(
            require_connection(connection_from_environment, "warehouse_postgres")
        )
    typer.echo("\n".join(f"applied {name}" for name in applied) or "nothing to apply")


@app.command("trackier-offers")
def trackier_offers(
    param: Annotated[
        list[str] | None,
        typer.Option(
            help="name=value; names: brand_ids (comma-separated), include_publishers, "
            "full_refresh, dry_run.",
        ),
    ] = None,
    run_id: Annotated[
        str | None,
        typer.Option(help="Take up this run again, after it failed or was killed."),
    ] = None,
    lock_wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait while another run is at work.")
    ] = 300,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Copy Trackier's brands and offers into PostgreSQL, raw pages into S3."""
    name = run_id or _new_run_id()
    with errors_shown(name), _progress_bars() as watch:
        try:
            result = run_offer_sync(
                connection_from_environment,
                run_id=name,
                trigger="cli",
                params=pairs(param or []),
                lock_wait_seconds=lock_wait,
                watch=watch,
            )
        except LockedError:
            result = skip_run(connection_from_environment, TRACKIER_FLOW, name)
    show(result, as_json=as_json)
    if result["status"] == "skipped":
        raise typer.Exit(EXIT_SKIPPED)


@app.command("edge-usage-rollup")
def edge_usage_rollup(
    run_id: Annotated[str | None, typer.Option(help="Take up this run again.")] = None,
    lock_wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait while another run is at work.")
    ] = 300,
    *,
    full_refresh: Annotated[bool, typer.Option(help="Make every day anew.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Sum up how the stores used their promotions, per promotion, store and day."""
    params = {"full_refresh": full_refresh}
    _run_report(
        edge_reports.run_usage_rollup,
        edge_reports.USAGE_ROLLUP,
        run_id,
        lock_wait,
        params,
        as_json=as_json,
    )


@app.command("edge-promotion-audit")
def edge_promotion_audit(
    run_id: Annotated[str | None, typer.Option(help="Take up this run again.")] = None,
    lock_wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait while another run is at work.")
    ] = 300,
    expiring_days: Annotated[int, typer.Option(help="Days before the end.")] = 7,
    unused_days: Annotated[int, typer.Option(help="Days without a use.")] = 14,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Report and alert about promotions that end soon, are unused, overused or not compiled."""
    params = {"expiring_days": expiring_days, "unused_days": unused_days}
    _run_report(
        edge_reports.run_promotion_audit,
        edge_reports.PROMOTION_AUDIT,
        run_id,
        lock_wait,
        params,
        as_json=as_json,
    )


def _run_report(  # noqa: PLR0913 - the options of a report
    report: Callable[..., dict[str, Any]],
    flow: str,
    run_id: str | None,
    lock_wait: float,
    params: dict[str, Any],
    *,
    as_json: bool,
) -> None:
    name = run_id or _new_run_id()
    with errors_shown(name):
        try:
            result = report(
                connection_from_environment,
                run_id=name,
                trigger="cli",
                params=params,
                lock_wait_seconds=lock_wait,
            )
        except LockedError:
            result = skip_run(connection_from_environment, flow, name)
    show(result, as_json=as_json)
    if result["status"] == "skipped":
        raise typer.Exit(EXIT_SKIPPED)


def _new_run_id() -> str:
    return f"cli__{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}__{uuid.uuid4().hex[:8]}"


@contextmanager
def _progress_bars() -> Generator[Watch | None]:
    """Yield a watcher that draws a bar per entity type where a person watches, else None."""
    if not console.is_terminal:
        yield None
        return
    columns = (
        TextColumn("{task.description:>16}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bars:
        tasks: dict[str, Any] = {}

        def watch(entity_type: str, completed: int, total: int | None) -> None:
            if entity_type not in tasks:
                tasks[entity_type] = bars.add_task(entity_type.replace("_", " "), total=total)
            bars.update(tasks[entity_type], completed=completed, total=total)

        yield watch
