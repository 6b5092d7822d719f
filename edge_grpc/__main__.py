"""Command line of the service: serve stores, and what an administrator does for them."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from edge_grpc import keys as key_file
from edge_grpc.admin import ClientAdmin, SettingsAdmin
from edge_grpc.database import CONNECTION_ERRORS, Database, opened
from edge_grpc.errors import ConfigurationError, EdgeError
from edge_grpc.settings import ADMIN_DSN, from_environment

EXIT_FAILED = 1
EXIT_TEMPORARY = 75
_console = Console(stderr=True)

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
clients = typer.Typer(no_args_is_help=True, help="Credentials of stores' edge servers.")
companies = typer.Typer(no_args_is_help=True, help="What companies send to their stores.")
settings_app = typer.Typer(no_args_is_help=True, help="A company's sync settings.")
keys = typer.Typer(no_args_is_help=True, help="Keys that sign tokens and seal cursors.")
app.add_typer(clients, name="clients")
app.add_typer(companies, name="companies")
companies.add_typer(settings_app, name="settings")
app.add_typer(keys, name="keys")
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def serve() -> None:
    """Serve stores until SIGTERM or SIGINT; settings come from EDGE_GRPC_* variables."""
    with _errors_shown():
        settings = from_environment(os.environ)
        from edge_grpc.server import run  # noqa: PLC0415 - imports gRPC
        from edge_grpc.workers import reserved_port, run_workers  # noqa: PLC0415

        if settings.workers == 1:
            run(settings, 0)
            return
        with reserved_port(settings.listen) as address:
            shared = settings.model_copy(update={"listen": address})
            run_workers(settings.workers, partial(run, shared))


@clients.command("add")
def clients_add(
    store: Annotated[UUID, typer.Argument(help="The store's id.")],
    name: Annotated[str, typer.Option(help="For people.")] = "",
    scope: Annotated[list[str] | None, typer.Option(help="sync, usage, operator.")] = None,
) -> None:
    """Make credentials for a store; the secret is shown once."""
    _ask(lambda db: ClientAdmin(db).add(store, name, scope or ["sync", "usage"]), as_json=True)


@clients.command("list")
def clients_list(*, as_json: Json = False) -> None:
    """List credentials and what their edges last reported."""
    _ask(lambda db: ClientAdmin(db).list(), as_json=as_json)


@clients.command("rotate")
def clients_rotate(client: UUID) -> None:
    """Give a client another secret; its tokens and open streams end at once."""
    _ask(lambda db: ClientAdmin(db).rotate(client), as_json=True)


@clients.command("revoke")
def clients_revoke(client: UUID) -> None:
    """Revoke a client for good; its tokens and open streams end at once."""
    _ask(lambda db: ClientAdmin(db).revoke(client), as_json=True)


@settings_app.command("show")
def settings_show(company: UUID) -> None:
    """Show a company's sync settings."""
    _ask(lambda db: SettingsAdmin(db).show(company), as_json=True)


@settings_app.command("set")
def settings_set(
    company: UUID, change: Annotated[list[str], typer.Argument(help="name=value")]
) -> None:
    """Change a company's sync settings; its edges learn of it at once."""
    _ask(lambda db: SettingsAdmin(db).set(company, _pairs(change)), as_json=True)


@settings_app.command("preview")
def settings_preview(
    company: UUID,
    change: Annotated[list[str] | None, typer.Argument(help="name=value")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Show how many promotions each store is sent, or would be under other settings."""
    _ask(lambda db: SettingsAdmin(db).preview(company, _pairs(change or [])), as_json=as_json)


@keys.command("rotate")
def keys_rotate() -> None:
    """Add a key that signs from now on; running servers take it up by themselves."""
    with _errors_shown():
        path = os.environ.get("EDGE_GRPC_KEYS_FILE")
        if not path:
            raise typer.BadParameter("EDGE_GRPC_KEYS_FILE is not set")  # noqa: EM101, TRY003
        ring = key_file.rotate(Path(path))
    typer.echo(f"key {ring.newest.kid} signs from now on; {len(ring.keys)} verify")


def _pairs(texts: list[str]) -> dict[str, str]:
    return {text.partition("=")[0]: text.partition("=")[2] for text in texts}


def _ask(question: Callable[[Database], Awaitable[Any]], *, as_json: bool) -> None:
    async def ask() -> Any:  # noqa: ANN401 - what is printed
        # The server's own role may not write credentials.
        dsn = os.environ.get(ADMIN_DSN) or os.environ.get("EDGE_GRPC_DSN")
        if not dsn:
            message = f"{ADMIN_DSN} is not set, nor is EDGE_GRPC_DSN."
            raise ConfigurationError(message)
        async with opened(dsn, size=1) as database:
            return await question(database)

    with _errors_shown():
        answer = asyncio.run(ask())
    if as_json:
        typer.echo(json.dumps(answer, default=str))
        return
    table = Table()
    for name in answer[0] if answer else ("nothing",):
        table.add_column(name)
    for row in answer:
        table.add_row(*(str(value) if value is not None else "" for value in row.values()))
    Console().print(table)


@contextmanager
def _errors_shown() -> Generator[None]:
    try:
        yield
    except EdgeError as error:
        _console.print(str(error), markup=False)
        raise typer.Exit(EXIT_FAILED) from None
    except CONNECTION_ERRORS as error:
        _console.print(f"PostgreSQL cannot be reached: {type(error).__name__}", markup=False)
        raise typer.Exit(EXIT_TEMPORARY) from None


if __name__ == "__main__":
    app(prog_name="python -m edge_grpc")
