"""Commands about tenants: our publishers."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from vendor_sync.cli.onboarding import warehouse
from vendor_sync.cli.output import AsJson, errors_shown, show_listed
from vendor_sync.trackier.tenants import (
    Tenant,
    add_tenant,
    change_tenant,
    get_tenant,
    list_tenants,
    share_from_text,
)

tenant_app = typer.Typer(
    help="Tenants: our publishers. They have no login of their own, so there is nothing to verify, "
    "to log in again or to disable; `trackier_pid` shows whether the sync has found their "
    "publisher at Trackier.",
    no_args_is_help=True,
)
_Email = Annotated[
    str | None,
    typer.Option(help="Ties the tenant to the publisher with this address, if it is the only one."),
]
_Reference = Annotated[
    str | None,
    typer.Option(
        help="Ties the tenant to a publisher of Trackier: its hashId, its id as Trackier's pages "
        "show it, or the external reference stored there."
    ),
]
_Share = Annotated[str | None, typer.Option(help="Percent of a payout: 0 to 100, two decimals.")]
_Domain = Annotated[str | None, typer.Option(help="Where its offers are shown: deals.example.com.")]
_Id = Annotated[int, typer.Argument(help="As `tenant list` shows it.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(tenant_app, name="tenant")


@tenant_app.command("add")
def add(
    name: str,
    email: _Email = None,
    external_ref: _Reference = None,
    share: _Share = "40",
    domain: _Domain = None,
) -> None:
    """Add a tenant and print its id."""
    with errors_shown(), warehouse() as conn:
        tenant = Tenant(
            name=name.strip(),
            email=email,
            external_ref=external_ref,
            default_share_pct=share_from_text(share or ""),
            custom_domain=domain and domain.lower(),
        )
        typer.echo(add_tenant(conn, tenant))


@tenant_app.command("change")
def change(  # noqa: PLR0913 - what a tenant is made of
    tenant_id: _Id,
    *,
    name: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    email: _Email = None,
    external_ref: _Reference = None,
    share: _Share = None,
    domain: _Domain = None,
) -> None:
    """Change a tenant; what is left out stays, an empty text takes it away."""
    with errors_shown(), warehouse() as conn:
        known = get_tenant(conn, tenant_id)
        changed = replace(
            known,
            name=known.name if name is None else name.strip(),
            email=known.email if email is None else email or None,
            external_ref=known.external_ref if external_ref is None else external_ref or None,
            default_share_pct=known.default_share_pct if share is None else share_from_text(share),
            custom_domain=known.custom_domain if domain is None else domain.lower() or None,
        )
        change_tenant(conn, changed)


@tenant_app.command("list")
def show(*, as_json: AsJson = False) -> None:
    """List the tenants, and which publisher of Trackier each is."""
    with errors_shown(), warehouse() as conn:
        tenants = list_tenants(conn)
    columns = (
        "id", "name", "email", "external_ref", "trackier_pid", "default_share_pct", "custom_domain",
    )  # fmt: skip
    rows = [
        (
            each.tenant_id, each.name, each.email, each.external_ref, each.trackier_pid,
            str(each.default_share_pct), each.custom_domain,
        )
        for each in tenants
    ]  # fmt: skip
    show_listed(columns, rows, as_json=as_json)
