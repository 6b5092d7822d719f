"""Command line of the flows: the same code as in Airflow, with connections from AIRFLOW_CONN_*."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

import typer

from vendor_sync import (
    ad_analytics_cli,
    authorize_cli,
    broadstreet_cli,
    connections_cli,
    onboarding_cli,
    recovery_cli,
    retention_cli,
    tenant_cli,
)
from vendor_sync.broadstreet.schema import apply as apply_schema
from vendor_sync.cli_output import (
    AsJson,
    RunId,
    end_with,
    errors_shown,
    new_run_id,
    pairs,
    progress_bars,
)
from vendor_sync.connections import connection_from_environment, owner_first, require_connection
from vendor_sync.edge_reports import flow as edge_reports
from vendor_sync.errors import LockedError
from vendor_sync.flow_runs import skip_run
from vendor_sync.migrations import migrate as apply_migrations
from vendor_sync.mongo import connect as mongo_connect
from vendor_sync.telemetry import export_spans, json_lines
from vendor_sync.trackier.flow import FLOW as TRACKIER_FLOW
from vendor_sync.trackier.flow import run_offer_sync


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
authorize_cli.register(app)
broadstreet_cli.register(app)
connections_cli.register(app)
onboarding_cli.register(app)
recovery_cli.register(app)
tenant_cli.register(app)
retention_cli.register(app)


class LogFormat(StrEnum):
    """How log lines look."""

    TEXT = "text"
    JSON = "json"


@app.callback()
def root(
    *,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the log.")] = False,
    log_format: Annotated[
        LogFormat,
        typer.Option(envvar="VENDOR_SYNC_LOG_FORMAT", help="json: an object a line, with the ids."),
    ] = LogFormat.TEXT,
) -> None:
    """Run the sync flows and their chores."""
    handler = logging.StreamHandler()
    handler.setFormatter(
        json_lines()
        if log_format is LogFormat.JSON
        else logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    )
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, handlers=[handler])
    export_spans(os.environ)


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
            warehouse = require_connection(owner_first, "warehouse_postgres")
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
    run_id: RunId = None,
    lock_wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait while another run is at work.")
    ] = 300,
    *,
    as_json: AsJson = False,
) -> None:
    """Copy Trackier's brands and offers into PostgreSQL, raw pages into S3."""
    name = run_id or new_run_id()
    with errors_shown(name), progress_bars() as watch:
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
    end_with(result, as_json=as_json)


@app.command("edge-usage-rollup")
def edge_usage_rollup(
    run_id: RunId = None,
    lock_wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait while another run is at work.")
    ] = 300,
    *,
    full_refresh: Annotated[bool, typer.Option(help="Make every day anew.")] = False,
    as_json: AsJson = False,
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
    run_id: RunId = None,
    lock_wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait while another run is at work.")
    ] = 300,
    expiring_days: Annotated[int, typer.Option(help="Days before the end.")] = 7,
    unused_days: Annotated[int, typer.Option(help="Days without a use.")] = 14,
    *,
    as_json: AsJson = False,
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
    name = run_id or new_run_id()
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
    end_with(result, as_json=as_json)
