"""Command line of the flows: the same code as in Airflow, with connections from AIRFLOW_CONN_*."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from vendor_sync import ad_analytics_cli
from vendor_sync.broadstreet import export_flow, import_flow, resolving
from vendor_sync.broadstreet.export_settings import ExportParams
from vendor_sync.broadstreet.import_settings import ImportParams
from vendor_sync.broadstreet.schema import apply as apply_schema
from vendor_sync.cli_output import console, errors_shown, pairs, show
from vendor_sync.connections import connection_from_environment, require_connection
from vendor_sync.edge_reports import flow as edge_reports
from vendor_sync.errors import LockedError
from vendor_sync.flow_runs import skip_run
from vendor_sync.migrations import migrate as apply_migrations
from vendor_sync.mongo import connect as mongo_connect
from vendor_sync.trackier.flow import FLOW as TRACKIER_FLOW
from vendor_sync.trackier.flow import Watch, run_offer_sync

EXIT_SKIPPED = 3


class Store(StrEnum):
    """What `migrate` can be told to leave the other one alone."""

    WAREHOUSE = "warehouse"
    MONGO = "mongo"


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
def migrate(
    only: Annotated[
        Store | None, typer.Option(help="One of the two; without it MongoDB's if it is defined.")
    ] = None,
) -> None:
    """Bring PostgreSQL and MongoDB to the newest schema; safe to repeat."""
    applied: list[str] = []
    with errors_shown():
        if only is not Store.MONGO:
            warehouse = require_connection(connection_from_environment, "warehouse_postgres")
            applied += (f"applied {name}" for name in apply_migrations(warehouse))
        if only is Store.MONGO or (not only and connection_from_environment("broadstreet_mongo")):
            mongo = require_connection(connection_from_environment, "broadstreet_mongo")
            with mongo_connect(mongo) as db:
                applied += (f"created {name}" for name in apply_schema(db))
    typer.echo("\n".join(applied) or "nothing to apply")


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


@app.command("broadstreet-import")
def broadstreet_import(  # noqa: PLR0913, PLR0917 - one option each
    entity_types: Annotated[
        str, typer.Option(help="Comma-separated, e.g. zones,campaigns; none means all.")
    ] = "",
    network_ids: Annotated[str, typer.Option(help="Only these networks, comma-separated.")] = "",
    advertiser_ids: Annotated[str, typer.Option(help="Only these advertisers.")] = "",
    campaign_ids: Annotated[str, typer.Option(help="Only these campaigns' placements.")] = "",
    mode: Annotated[
        str, typer.Option(help="incremental writes what has changed, fresh replaces everything.")
    ] = "incremental",
    run_id: Annotated[
        str | None, typer.Option(help="Take up this run again, after it failed or was killed.")
    ] = None,
    lock_wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait while an import or export is at work.")
    ] = import_flow.LOCK_WAIT_SECONDS,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read everything, print what would change.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Bring Broadstreet's networks, advertisers, zones, ads and campaigns into MongoDB."""
    name = run_id or _new_run_id()
    values = {
        "entity_types": entity_types,
        "network_ids": network_ids,
        "advertiser_ids": advertiser_ids,
        "campaign_ids": campaign_ids,
        "mode": mode,
        "dry_run": dry_run,
    }
    with errors_shown(name), _progress_bars() as watch:
        asked = import_flow.ImportRun(
            source=connection_from_environment,
            run_id=name,
            params=ImportParams.parse(values),
            trigger="cli",
            lock_wait_seconds=lock_wait,
            watch=watch,
        )
        try:
            result = import_flow.run_import(asked)
        except LockedError:
            result = import_flow.skip(asked)
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


@app.command("broadstreet-export")
def broadstreet_export(  # noqa: PLR0913 - one option each
    entity_types: Annotated[
        str, typer.Option(help="Comma-separated, e.g. zones,campaigns; none means all.")
    ] = "",
    local_ids: Annotated[
        str, typer.Option(help="Only these local entities, by their _id, comma-separated.")
    ] = "",
    run_id: Annotated[
        str | None, typer.Option(help="Take up this run again, after it failed or was killed.")
    ] = None,
    lock_wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait while an import or export is at work.")
    ] = export_flow.LOCK_WAIT_SECONDS,
    *,
    retry_refused: Annotated[
        bool, typer.Option("--retry-refused", help="Also send again what Broadstreet has refused.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Print order, names and payloads; send nothing."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Take local entities to Broadstreet, each exactly once."""
    name = run_id or _new_run_id()
    values = {
        "entity_types": entity_types,
        "local_ids": local_ids,
        "retry_refused": retry_refused,
        "dry_run": dry_run,
    }
    with errors_shown(name), _progress_bars() as watch:
        asked = export_flow.ExportRun(
            source=connection_from_environment,
            run_id=name,
            params=ExportParams.parse(values),
            trigger="cli",
            lock_wait_seconds=lock_wait,
            watch=watch,
        )
        try:
            result = export_flow.run_export(asked)
        except LockedError as error:
            result = export_flow.skip(asked, str(error))
    if result.get("plan") is not None and not as_json:
        _show_plan(result["plan"])
    else:
        show(result, as_json=as_json)
    if result["status"] == "skipped":
        raise typer.Exit(EXIT_SKIPPED)


@app.command("broadstreet-resolve")
def broadstreet_resolve(
    local_id: Annotated[str, typer.Argument(help="The _id of the local entity that waits.")],
    adopt: Annotated[int | None, typer.Option(help="This Broadstreet id is the entity.")] = None,
    *,
    create_again: Annotated[
        bool, typer.Option("--create-again", help="None of them is: the next export creates it.")
    ] = False,
) -> None:
    """Say which of several new entities in Broadstreet is ours; an export has stopped for it."""
    with errors_shown():
        typer.echo(
            resolving.resolve(
                connection_from_environment, local_id, adopt=adopt, create_again=create_again
            )
        )


def _show_plan(plan: list[dict[str, Any]]) -> None:
    """Print a line an entity: order, what happens to it, and what would be sent."""
    for line in plan:
        what = f"{line['order']:>4}  {line['action']:<7} {line['entity_type']:<15}"
        typer.echo(f"{what} {line['local_id']}  {line['name'] or ''}".rstrip())
        if line["action"] != "create":
            typer.echo(f"      because: {line['reason']}")
            continue
        if line["renamed"]:
            typer.echo(f"      name is taken, sent as: {line['sent_name']}")
        typer.echo(f"      {json.dumps({**line['query'], **line['body']}, ensure_ascii=False)}")
    typer.echo(f"{len(plan)} local entities; nothing was sent.")


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
