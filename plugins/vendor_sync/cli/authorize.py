"""`account authorize` and `store authorize`: a login by the vendor's own page, by any browser."""

from __future__ import annotations

import secrets
from typing import Annotated

import typer

from vendor_sync.ad_analytics.authorization import (
    FLOWS,
    Reachable,
    authorize_address,
    exchange,
    reachable,
    read_redirect,
)
from vendor_sync.ad_analytics.onboarding import Link
from vendor_sync.ad_analytics.vendor_apps import vendor_app
from vendor_sync.ad_analytics.vendor_forms import LINK_FORMS
from vendor_sync.ad_analytics.verification import patient_wire
from vendor_sync.cli.onboarding import account_app, notes, onboarding_of, store_app, warehouse
from vendor_sync.cli.output import errors_shown
from vendor_sync.connections import connection_from_environment
from vendor_sync.errors import ConfigurationError


def register(_: typer.Typer) -> None:
    """Add the command to those of accounts and of stores."""
    for app in (account_app, store_app):
        app.command("authorize")(authorize)


def authorize(
    workspace: Annotated[int, typer.Option("--workspace", help="The workspace's id.")],
    vendor: Annotated[str, typer.Argument(help=", ".join(FLOWS))],
    redirect_uri: Annotated[
        str | None,
        typer.Option(
            help="As it is registered with the app; nothing has to answer there. Left out: "
            "`redirect_uri` of the vendor's connection."
        ),
    ] = None,
    external_id: Annotated[
        str | None, typer.Option("--id", help="Which one, where the login opens several.")
    ] = None,
) -> None:
    """Link an account or store by its vendor's login page, with the app of `<vendor>_default`.

    Prints the page's address. Whoever may authorise the app opens it in a browser and agrees; the
    address that the browser is sent to then is pasted here. Works again for a login that has ended.
    """
    with errors_shown(), warehouse() as conn:
        if vendor not in LINK_FORMS:
            message = f"{vendor!r} is not one of {', '.join(FLOWS)}."
            raise ConfigurationError(message)
        app = vendor_app(connection_from_environment, vendor)
        back = redirect_uri or app.secrets.get("redirect_uri")
        if not back:
            message = "Where does the vendor send people back to? Give --redirect-uri."
            raise ConfigurationError(message)
        state = secrets.token_urlsafe(24)
        typer.echo(f"Open this and agree:\n{authorize_address(app, back, state)}", err=True)
        pasted = str(typer.prompt("The address that you were sent to", err=True))
        code = read_redirect(vendor, pasted, redirect_uri=back, state=state)
        credentials = exchange(app, code, back, patient_wire(vendor))
        chosen = _chosen(reachable(app, credentials, patient_wire(vendor)), external_id)
        link = Link(
            workspace_id=workspace,
            vendor=vendor,
            external_id=chosen,
            settings=app.settings_of(chosen),
            credentials=app.completed(credentials),
        )
        outcome = onboarding_of(conn).add(link)
        notes(outcome)
        typer.echo(outcome.connection_id)


def _chosen(found: list[Reachable], external_id: str | None) -> str:
    """Return the id to link: the wanted one, the only one, or the one that a person picks."""
    known = {each.external_id: each.name for each in found}
    if not known:
        message = "This login opens no account: see what the app was authorised for."
        raise ConfigurationError(message)
    if external_id is None and len(known) > 1:
        for key, name in known.items():
            typer.echo(f"{key}  {name}", err=True)
        external_id = str(typer.prompt("Which one", err=True)).strip()
    chosen = external_id or next(iter(known))
    if chosen not in known:
        message = f"This login does not open {chosen}, but {', '.join(known)}."
        raise ConfigurationError(message)
    return chosen
