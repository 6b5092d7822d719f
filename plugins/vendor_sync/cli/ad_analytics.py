"""Commands of ad analytics: syncing, rates, and the keys of credentials."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vendor_sync.ad_analytics import fx_flow
from vendor_sync.ad_analytics.tokens import TokenStore, fernet_from_environment
from vendor_sync.ad_analytics.whole_run import run_sync
from vendor_sync.cli.onboarding import warehouse
from vendor_sync.cli.output import (
    AsJson,
    RunId,
    errors_shown,
    new_run_id,
    pairs,
    progress_bars,
    show,
)
from vendor_sync.connections import connection_from_environment

keys_app = typer.Typer(help="Keys that credentials are encrypted with.", no_args_is_help=True)
_Params = Annotated[
    list[str] | None,
    typer.Option(help="name=value; names: workspace, platforms, connections, since, until."),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("ad-analytics")(ad_analytics)
    app.command("fx-rates")(fx_rates)
    app.add_typer(keys_app, name="keys")


def ad_analytics(
    param: _Params = None,
    run_id: RunId = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Sync ad accounts and stores, credit orders to clicks, refresh totals and dashboards."""
    name = run_id or new_run_id()
    with errors_shown(name), progress_bars(by_thread=False) as watch:
        result = run_sync(
            connection_from_environment,
            run_id=name,
            trigger="cli",
            params=pairs(param or []),
            forked=True,
            watch=watch,
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


@keys_app.command("rotate")
def rotate_keys() -> None:
    """Encrypt all credentials anew with the first key of VENDOR_SYNC_FERNET_KEYS."""
    with errors_shown(), warehouse() as conn:
        rotated = TokenStore(conn, fernet_from_environment()).rotate()
    typer.echo(f"{rotated} credentials encrypted with the newest key")
