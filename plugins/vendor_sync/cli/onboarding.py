"""Commands that link workspaces with ad accounts and stores, and look after those links."""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, astuple
from datetime import datetime
from typing import Annotated, Any, cast

import typer
from rich.markup import escape

from vendor_sync.ad_analytics import onboarding
from vendor_sync.ad_analytics.onboarding import Link, LinkState, Onboarding, Outcome
from vendor_sync.ad_analytics.records import Credentials
from vendor_sync.ad_analytics.tokens import TokenStore, fernet_from_environment
from vendor_sync.ad_analytics.vendor_apps import vendor_app
from vendor_sync.ad_analytics.vendor_forms import LINK_FORMS, read_id
from vendor_sync.ad_analytics.vendors import PLATFORMS, SHOPS, VENDORS
from vendor_sync.ad_analytics.workspaces import (
    WINDOWS,
    WorkspaceSettings,
    list_workspaces,
    require_workspace,
    save_workspace,
)
from vendor_sync.cli.output import (
    EXIT_FAILED,
    AsJson,
    console,
    errors_shown,
    pairs,
    show_listed,
)
from vendor_sync.connections import connection_from_environment, require_connection
from vendor_sync.errors import ConfigurationError, SyncError
from vendor_sync.postgres import Warehouse, connect, storage_errors

CREDENTIALS_VARIABLE = "VENDOR_SYNC_CREDENTIALS"


def _about(vendors: Sequence[str]) -> str:
    """Return the part of the help that says what each vendor wants."""
    lines: list[str] = []
    for vendor in vendors:
        form = LINK_FORMS[vendor]
        lines.append(f"[bold]{vendor}[/bold]: {form.id_label.lower()}. {escape(form.id_hint)}")
        for field in form.fields:
            where = field.name if field.place != "extra" else f"extra.{field.name}"
            need = "" if field.required else " (may be left out)"
            lines.append(f"- {where}{need}: {escape(field.hint)}")
        lines.append(f"- permission: {form.permission}")
    return "\n\n".join(lines)


workspace_app = typer.Typer(
    help="Workspaces: businesses with ads and stores.", no_args_is_help=True
)
account_app = typer.Typer(
    help="Ad accounts of a workspace.\n\n" + _about(PLATFORMS),
    no_args_is_help=True,
    rich_markup_mode="rich",
)
store_app = typer.Typer(
    help="Stores of a workspace.\n\n" + _about(SHOPS),
    no_args_is_help=True,
    rich_markup_mode="rich",
)
_Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--setting",
        help="name=value: base_url, api_version, requests_per_second (0: no limit of ours), "
        "app_requests_per_second (of all accounts of the setting app together), read_seconds.",
    ),
]
_Workspace = Annotated[int, typer.Option("--workspace", help="The workspace's id.")]
_OfWorkspace = Annotated[
    int | None, typer.Option("--workspace", help="Only of the workspace with this id.")
]
_Verify = Annotated[
    bool,
    typer.Option(
        "--verify/--no-verify",
        help="Ask the vendor first, and save nothing if it refuses; or save unasked, for a vendor "
        "that is down: the first run asks then.",
    ),
]
_Id = Annotated[int, typer.Argument(help="The connection's id, as `list` shows it.")]
_Name = Annotated[str, typer.Argument(help="What people call it; empty: as the vendor calls it.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(workspace_app, name="workspace")
    app.add_typer(account_app, name="account")
    app.add_typer(store_app, name="store")


@workspace_app.command("add")
def add_workspace(
    name: str,
    timezone: Annotated[str, typer.Option(help="IANA name: Asia/Riyadh.")],
    currency: Annotated[str, typer.Option(help="Reporting currency, ISO 4217: SAR.")],
    model: Annotated[
        list[str] | None,
        typer.Option(help="Attribution model; again for more: the first is shown."),
    ] = None,
    window_days: Annotated[
        int, typer.Option(help=f"Days from click to order: {', '.join(map(str, WINDOWS))}.")
    ] = 7,
) -> None:
    """Add a workspace, or change the one of that name (its figures are then computed anew)."""
    settings = WorkspaceSettings(
        name=name,
        timezone=timezone,
        currency=currency,
        models=tuple(model or ["last_click"]),
        window_days=window_days,
    )
    with errors_shown(), warehouse() as conn:
        typer.echo(save_workspace(conn, settings))


@workspace_app.command("list")
def show_workspaces(*, as_json: AsJson = False) -> None:
    """List the workspaces, and how many accounts and stores each has."""
    with errors_shown(), warehouse() as conn:
        rows = [astuple(each) for each in list_workspaces(conn)]
    columns = (
        "id", "name", "timezone", "currency", "models", "window_days", "linked", "active",
    )  # fmt: skip
    show_listed(columns, rows, as_json=as_json)


@workspace_app.command("verify")
def verify_workspace(workspace: Annotated[int, typer.Argument(help="Its id.")]) -> None:
    """Ask for every account and store of a workspace; ends with 1 if one of them is refused."""
    failed = 0
    with errors_shown(), warehouse() as conn:
        for link in _links_of(conn, workspace):
            try:
                _said(onboarding_of(conn).verify(link.connection_id), prefix=_named(link))
            except SyncError as error:
                failed += 1
                console.print(f"{_named(link)}{error}", style="red", markup=False, soft_wrap=True)
    if failed:
        raise typer.Exit(EXIT_FAILED)


@workspace_app.command("disable")
def disable_workspace(workspace: Annotated[int, typer.Argument(help="Its id.")]) -> None:
    """Stop asking all accounts and stores of a workspace; its figures stay."""
    with errors_shown(), warehouse() as conn:
        for link in _links_of(conn, workspace):
            onboarding_of(conn).disable(link.connection_id)
            typer.echo(f"{_named(link)}disabled")


@account_app.command("add")
def add_account(  # noqa: PLR0913 - what a link is made of
    workspace: _Workspace,
    platform: Annotated[str, typer.Argument(help=", ".join(PLATFORMS))],
    account_id: Annotated[str, typer.Argument(help="The vendor's id.")],
    name: _Name = "",
    setting: _Settings = None,
    *,
    verify: _Verify = True,
    as_json: AsJson = False,
) -> None:
    """Link an ad account, or replace the login and settings of one that is linked here.

    Its credentials are JSON in VENDOR_SYNC_CREDENTIALS or on standard input: access_token,
    refresh_token, expires_at, extra (client_id, client_secret). `account --help` says what each
    platform wants. Prints the connection's id.
    """
    place = (workspace, platform, account_id, name)
    _link(place, setting, PLATFORMS, verify=verify, as_json=as_json)


@store_app.command("add")
def add_store(  # noqa: PLR0913 - what a link is made of
    workspace: _Workspace,
    shop: Annotated[str, typer.Argument(help=", ".join(SHOPS))],
    store_id: Annotated[str, typer.Argument(help="The vendor's id, or the store's host.")],
    name: _Name = "",
    setting: _Settings = None,
    *,
    verify: _Verify = True,
    as_json: AsJson = False,
) -> None:
    """Link a store, or replace the login and settings of one that is linked here.

    Its credentials are JSON in VENDOR_SYNC_CREDENTIALS or on standard input: access_token,
    refresh_token, expires_at, extra (consumer_secret, ...). `store --help` says what each shop
    wants. Prints the connection's id.
    """
    place = (workspace, shop, store_id, name)
    _link(place, setting, SHOPS, verify=verify, as_json=as_json)


@account_app.command("list")
def list_accounts(workspace: _OfWorkspace = None, *, as_json: AsJson = False) -> None:
    """List the ad accounts and how far each is."""
    _list(PLATFORMS, workspace, as_json=as_json)


@store_app.command("list")
def list_stores(workspace: _OfWorkspace = None, *, as_json: AsJson = False) -> None:
    """List the stores and how far each is."""
    _list(SHOPS, workspace, as_json=as_json)


@account_app.command("verify")
@store_app.command("verify")
def verify_link(connection_id: _Id, *, as_json: AsJson = False) -> None:
    """Ask the vendor with the stored login who this is, and keep its currency and timezone."""
    with errors_shown(), warehouse() as conn:
        _report(onboarding_of(conn).verify(connection_id), as_json=as_json)


@account_app.command("reauth")
@store_app.command("reauth")
def reauth(connection_id: _Id, *, verify: _Verify = True, as_json: AsJson = False) -> None:
    """Replace a login that has ended; credentials as for `add`, the app's own may be left out.

    The connection is active again, and its alert is closed. A disabled one stays disabled.
    """
    with errors_shown(), warehouse() as conn:
        outcome = onboarding_of(conn).reauth(connection_id, _credentials(), verify=verify)
        _report(outcome, as_json=as_json)


@account_app.command("enable")
@store_app.command("enable")
def enable(connection_id: _Id, *, verify: _Verify = True, as_json: AsJson = False) -> None:
    """Ask a disabled account or store again from the next run on."""
    with errors_shown(), warehouse() as conn:
        _report(onboarding_of(conn).enable(connection_id, verify=verify), as_json=as_json)


@account_app.command("disable")
@store_app.command("disable")
def disable(connection_id: _Id) -> None:
    """Stop asking an account or store; its figures stay."""
    with errors_shown(), warehouse() as conn:
        onboarding_of(conn).disable(connection_id)


def _link(
    place: tuple[int, str, str, str],
    settings: list[str] | None,
    vendors: tuple[str, ...],
    *,
    verify: bool,
    as_json: bool,
) -> None:
    workspace, vendor, text, name = place
    with errors_shown(), warehouse() as conn:
        if vendor not in vendors:
            message = f"{vendor!r} is not one of {', '.join(vendors)}."
            raise ConfigurationError(message)
        external_id, implied = read_id(vendor, text)
        app = vendor_app(connection_from_environment, vendor)
        link = Link(
            workspace_id=workspace,
            vendor=vendor,
            external_id=external_id,
            name=name,
            settings={**app.settings_of(external_id), **implied, **pairs(settings or [])},
            credentials=app.completed(_credentials()),
        )
        outcome = onboarding_of(conn).add(link, verify=verify)
        notes(outcome)
        if as_json:
            typer.echo(json.dumps(_shown(outcome), indent=2, sort_keys=True))
        else:
            typer.echo(outcome.connection_id)


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


def _list(vendors: tuple[str, ...], workspace: int | None, *, as_json: bool) -> None:
    with errors_shown(), warehouse() as conn:
        if workspace is not None:
            require_workspace(conn, workspace)
        links = onboarding.list_links(conn, vendors, workspace)
    columns = (
        "id", "workspace", "vendor", "external_id", "name", "status", "currency", "timezone",
        "last_success", "last_error",
    )  # fmt: skip
    show_listed(columns, [_row(link, as_json=as_json) for link in links], as_json=as_json)


def _row(link: LinkState, *, as_json: bool) -> tuple[object, ...]:
    at: datetime | str | None = link.last_success_at
    if isinstance(at, datetime) and as_json:
        at = at.isoformat()
    status = link.status if link.verified else f"{link.status}, not verified"
    return (
        link.connection_id, link.workspace, link.vendor, link.external_id, link.name, status,
        link.currency, link.timezone, at, link.last_error,
    )  # fmt: skip


def _links_of(conn: Warehouse, workspace: int) -> list[LinkState]:
    require_workspace(conn, workspace)
    return onboarding.list_links(conn, tuple(VENDORS), workspace)


def _named(link: LinkState) -> str:
    return f"{link.connection_id} {link.vendor} {link.name}: "


def _report(outcome: Outcome, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(_shown(outcome), indent=2, sort_keys=True))
    else:
        _said(outcome)


def _said(outcome: Outcome, *, prefix: str = "") -> None:
    account = outcome.account
    words = f"{account.name}: {account.currency}, {account.timezone}" if account else "not asked"
    typer.echo(f"{prefix}{words}")
    notes(outcome)


def notes(outcome: Outcome) -> None:
    """Print what the vendor's answer will mean for a person."""
    for note in outcome.notes:
        console.print(f"Note: {note}", style="yellow", markup=False, soft_wrap=True)


def _shown(outcome: Outcome) -> dict[str, Any]:
    shown = asdict(outcome) | {"verified": outcome.account is not None}
    account = outcome.account
    names = ("external_id", "name", "currency", "timezone")
    shown["account"] = account and {name: getattr(account, name) for name in names}
    return shown


def onboarding_of(conn: Warehouse) -> Onboarding:
    """Return what links accounts, with the keys of the environment."""
    return Onboarding(conn, TokenStore(conn, fernet_from_environment()))


@contextmanager
def warehouse() -> Generator[Warehouse]:
    """Yield a connection to the warehouse of AIRFLOW_CONN_WAREHOUSE_POSTGRES."""
    connection = require_connection(connection_from_environment, "warehouse_postgres")
    with storage_errors(), connect(connection, application_name="vendor_sync") as conn:
        yield conn
