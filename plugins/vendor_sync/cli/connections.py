"""Commands about connections: whether each of them works."""

from __future__ import annotations

from typing import Annotated

import typer

from vendor_sync.cli.output import EXIT_CONFIGURATION, errors_shown
from vendor_sync.connection_checks import NAMES, check_connection
from vendor_sync.connections import connection_from_environment, require_connection
from vendor_sync.errors import ConfigurationError

# What flows look for by id, whatever its type says.
_TYPES = {
    "trackier_default": "trackier",
    "broadstreet_default": "broadstreet",
    "ecb_default": "fx",
    "analytics_redis": "analytics_redis",
    "alerts_webhook": "alerts_webhook",
}
_ASKED_FOR_ONLY = "alerts_webhook"
connections_app = typer.Typer(no_args_is_help=True, help="Connections to vendors and services.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(connections_app, name="connections")


@connections_app.callback()
def connections() -> None:
    """Look after connections to vendors and services."""


@connections_app.command("test")
def check_connections(
    ids: Annotated[
        list[str] | None,
        typer.Argument(
            help="Connection ids; none: those that are defined, but the webhook, which would get a "
            "test message."
        ),
    ] = None,
) -> None:
    """Ask vendors and services whether our logins work, as the button in Airflow does."""
    with errors_shown():
        asked = ids or [each for each in _TYPES if _is_defined(each)]
        works = [_works(conn_id) for conn_id in asked]
    if not all(works):
        raise typer.Exit(EXIT_CONFIGURATION)


def _is_defined(conn_id: str) -> bool:
    return conn_id != _ASKED_FOR_ONLY and connection_from_environment(conn_id) is not None


def _works(conn_id: str) -> bool:
    connection = require_connection(connection_from_environment, conn_id)
    conn_type = _TYPES.get(conn_id, connection.conn_type)
    if conn_type not in NAMES:
        message = f"Connection '{conn_id}' is of type {conn_type!r}, which has no test here."
        raise ConfigurationError(message)
    works, says = check_connection(conn_type, connection)
    typer.echo(f"{'ok    ' if works else 'FAILED'} {conn_id}: {says}")
    return works
