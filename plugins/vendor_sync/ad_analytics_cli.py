"""Commands of ad analytics: linking accounts and stores, syncing, rotating keys."""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from vendor_sync.ad_analytics import flow, fx_flow, onboarding
from vendor_sync.ad_analytics.records import Credentials
from vendor_sync.ad_analytics.tokens import TokenStore, fernet_from_environment
from vendor_sync.ad_analytics.vendors import PLATFORMS, SHOPS
from vendor_sync.cli_output import (
    AsJson,
    RunId,
    errors_shown,
    new_run_id,
    pairs,
    show,
    show_rows,
)
from vendor_sync.connections import connection_from_environment, require_connection
from vendor_sync.errors import ConfigurationError
from vendor_sync.postgres import Warehouse, connect, storage_errors

CREDENTIALS_VARIABLE = "VENDOR_SYNC_CREDENTIALS"
workspace_app = typer.Typer(
    help="Workspaces: businesses with ads and stores.", no_args_is_help=True
)
account_app = typer.Typer(help="Ad accounts of a workspace.", no_args_is_help=True)
store_app = typer.Typer(help="Stores of a workspace.", no_args_is_help=True)
keys_app = typer.Typer(help="Keys that credentials are encrypted with.", no_args_is_help=True)
_CONNECTION_COLUMNS = (
    "id", "workspace", "vendor", "external id", "name", "status", "currency", "timezone",
    "last success", "last error",
)  # fmt: skip
_Params = Annotated[
    list[str] | None,
    typer.Option(help="name=value; names: workspace, platforms, connections, since, until."),
]
_Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--setting",
        help="name=value: base_url, api_version, requests_per_second (0: no limit of ours), "
        "app_requests_per_second (of all accounts of the setting app together), read_seconds.",
    ),
]
_Workspace = Annotated[int, typer.Option("--workspace", help="The workspace's id.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("ad-analytics")(ad_analytics)
    app.command("fx-rates")(fx_rates)
    for name, part in (
        ("workspace", workspace_app),
        ("account", account_app),
        ("store", store_app),
        ("keys", keys_app),
    ):
        app.add_typer(part, name=name)


def ad_analytics(
    param: _Params = None,
    run_id: RunId = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Sync ad accounts and stores, credit orders to clicks, refresh totals and dashboards."""
    name = run_id or new_run_id()
    with errors_shown(name):
        result = flow.run_sync(
            connection_from_environment, run_id=name, trigger="cli", params=pairs(param or [])
        )
    show(result, as_json=as_json)


def fx_rates(
    csv: Annotated[
        Path | None,
        typer.Option(help="Load this file instead: day,base_currency,quote_currency,rate."),
    ] = None,
) -> None:
    """Read the European Central Bank's reference rates, or load rates of other currencies."""
    name = new_run_id()
    with errors_shown():
        if csv:
            result = fx_flow.load_rates(connection_from_environment, csv, run_id=name)
        else:
            result = fx_flow.sync_rates(connection_from_environment, run_id=name, trigger="cli")
    show(result, as_json=False)


@workspace_app.command("add")
def add_workspace(
    name: str,
    timezone: Annotated[str, typer.Option(help="IANA name: Asia/Riyadh.")],
    currency: Annotated[str, typer.Option(help="Reporting currency, ISO 4217: SAR.")],
    model: Annotated[
        list[str] | None, typer.Option(help="Attribution models; the first is shown.")
    ] = None,
    window_days: Annotated[int, typer.Option(help="1, 7, 14, 28 or 30.")] = 7,
) -> None:
    """Add a workspace, or change the one of that name (its figures are then computed anew)."""
    settings = onboarding.WorkspaceSettings(
        name=name,
        timezone=timezone,
        currency=currency,
        models=tuple(model or ["last_click"]),
        window_days=window_days,
    )
    with errors_shown(), _warehouse() as conn:
        typer.echo(onboarding.save_workspace(conn, settings))


@workspace_app.command("list")
def list_workspaces() -> None:
    """List the workspaces."""
    with errors_shown(), _warehouse() as conn:
        rows = onboarding.list_workspaces(conn)
    show_rows(("id", "name", "timezone", "currency", "models", "window days"), rows)


@account_app.command("add")
def add_account(
    workspace: _Workspace, platform: str, account_id: str, name: str, setting: _Settings = None
) -> None:
    """Link an ad account; its credentials come from VENDOR_SYNC_CREDENTIALS or standard input.

    They are JSON: access_token, refresh_token, expires_at, extra (client_id, client_secret).
    """
    _link(workspace, platform, account_id, name, setting, PLATFORMS)


@store_app.command("add")
def add_store(
    workspace: _Workspace, shop: str, store_id: str, name: str, setting: _Settings = None
) -> None:
    """Link a store; its credentials come from VENDOR_SYNC_CREDENTIALS or standard input.

    They are JSON: access_token, refresh_token, expires_at, extra (consumer_secret, ...).
    """
    _link(workspace, shop, store_id, name, setting, SHOPS)


@account_app.command("list")
def list_accounts() -> None:
    """List the ad accounts and how far each is."""
    _list(PLATFORMS)


@store_app.command("list")
def list_stores() -> None:
    """List the stores and how far each is."""
    _list(SHOPS)


@account_app.command("verify")
@store_app.command("verify")
def verify(connection_id: int) -> None:
    """Ask the vendor who the account or store is, and keep its currency and timezone."""
    with errors_shown(), _warehouse() as conn:
        account = onboarding.verify(conn, _tokens(conn), connection_id)
    typer.echo(f"{account.name}: {account.currency}, {account.timezone}")


@account_app.command("disable")
@store_app.command("disable")
def disable(connection_id: int) -> None:
    """Stop asking an account or store; its figures stay."""
    with errors_shown(), _warehouse() as conn:
        onboarding.disable(conn, connection_id)


@keys_app.command("rotate")
def rotate_keys() -> None:
    """Encrypt all credentials anew with the first key of VENDOR_SYNC_FERNET_KEYS."""
    with errors_shown(), _warehouse() as conn:
        typer.echo(f"{_tokens(conn).rotate()} credentials encrypted with the newest key")


def _link(  # noqa: PLR0913, PLR0917 - what a link is made of
    workspace: int,
    vendor: str,
    external_id: str,
    name: str,
    settings: list[str] | None,
    vendors: tuple[str, ...],
) -> None:
    with errors_shown(), _warehouse() as conn:
        if vendor not in vendors:
            message = f"{vendor!r} is not one of {', '.join(vendors)}."
            raise ConfigurationError(message)
        typer.echo(
            onboarding.link(
                conn,
                _tokens(conn),
                workspace_id=workspace,
                vendor=vendor,
                external_id=external_id,
                name=name,
                settings=pairs(settings or []),
                credentials=_credentials(),
            )
        )


def _credentials() -> Credentials:
    """Read credentials from where no process list and no shell history shows them."""
    text = os.environ.get(CREDENTIALS_VARIABLE) or typer.get_text_stream("stdin").read()
    try:
        fields: object = json.loads(text)
    except ValueError:
        fields = None
    if not isinstance(fields, dict) or not cast("dict[str, Any]", fields).get("access_token"):
        message = (
            f"Credentials are wanted as a JSON object with an access_token, in "
            f"{CREDENTIALS_VARIABLE} or on standard input."
        )
        raise ConfigurationError(message)
    return onboarding.credentials_from_json(cast("dict[str, Any]", fields))


def _list(vendors: tuple[str, ...]) -> None:
    with errors_shown(), _warehouse() as conn:
        rows = onboarding.list_connections(conn, vendors)
    show_rows(_CONNECTION_COLUMNS, rows)


def _tokens(conn: Warehouse) -> TokenStore:
    return TokenStore(conn, fernet_from_environment())


@contextmanager
def _warehouse() -> Generator[Warehouse]:
    connection = require_connection(connection_from_environment, "warehouse_postgres")
    with storage_errors(), connect(connection, application_name="vendor_sync") as conn:
        yield conn
