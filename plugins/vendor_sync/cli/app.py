"""All commands together: the same code as in Airflow, with connections from AIRFLOW_CONN_*."""

from __future__ import annotations

import logging
import os
from enum import StrEnum
from typing import Annotated

import typer

from vendor_sync.broadstreet.schema import apply as apply_schema
from vendor_sync.cli import (
    ad_analytics,
    authorize,
    broadstreet,
    connections,
    edge_reports,
    onboarding,
    recovery,
    retention,
    tenants,
    trackier,
)
from vendor_sync.cli.output import errors_shown
from vendor_sync.connections import connection_from_environment, owner_first, require_connection
from vendor_sync.migrations import migrate as apply_migrations
from vendor_sync.mongo import connect as mongo_connect
from vendor_sync.telemetry import export_spans, json_lines


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
for subject in (
    trackier,
    ad_analytics,
    broadstreet,
    edge_reports,
    retention,
    recovery,
    connections,
    onboarding,
    authorize,
    tenants,
):
    subject.register(app)


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
