"""Command line of the reference edge server. Credentials come from EDGE_CLIENT_* variables."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import grpc
import typer
from rich.console import Console
from rich.progress import Progress as Bar
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

from edge_grpc.client.agent import UPLOAD_SECONDS, Agent, watch_versions
from edge_grpc.client.outbox import Outbox
from edge_grpc.client.quote.cart import CartError, read_cart
from edge_grpc.client.quote.console import show
from edge_grpc.client.quote.evaluation import evaluate
from edge_grpc.client.quote.local import NothingHeldError, read_shelf, read_uses
from edge_grpc.client.quote.report import to_json
from edge_grpc.client.session import Credentials, Session
from edge_grpc.client.store import TABLES, DriftError, EdgeStore, open_database
from edge_grpc.client.sync import Progress, Syncer
from edge_grpc.client.uploads import Uploader
from edge_grpc.v1 import types_pb2 as types
from edge_grpc.v1 import usage_pb2

EXIT_BAD_CART = 65
EXIT_NO_INPUT = 66
EXIT_TEMPORARY = 75
EXIT_CONFIGURATION = 78
_REQUIRED = ("TARGET", "CLIENT_ID", "CLIENT_SECRET")
_NANOS = 10**9
_FINEST = Decimal("0.0001")  # head office refuses what is finer

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
usage_app = typer.Typer(no_args_is_help=True, help="Promotions that were used here.")
app.add_typer(usage_app, name="usage")
_console = Console(stderr=True)


@app.callback()
def root(
    *, verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the log.")] = False
) -> None:
    """Keep a store's data in SQLite and upload what was used."""
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING)


@app.command()
def sync(*, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Bring the store's data up to date once."""

    async def once() -> Progress:
        async with _session() as session:
            with _progress() as watch:
                return await Syncer(session, EdgeStore(_database())).sync(watch)

    progress = _run(once)
    fields = ("version", "mode", "records", "removals", "bytes", "restarts")
    _show({name: getattr(progress, name) for name in fields}, as_json=as_json)


@app.command()
def run(
    upload_seconds: Annotated[float, typer.Option(help="Pause between uploads.")] = UPLOAD_SECONDS,
) -> None:
    """Sync on each new version and on the timer, and upload, until stopped."""

    async def forever() -> None:
        async with _session() as session:
            store = EdgeStore(_database())
            agent = Agent(
                session,
                store,
                Syncer(session, store),
                # Its own connection: a page is kept in a transaction, by a thread.
                Uploader(session, Outbox(_database())),
                applied=lambda progress: typer.echo(f"at version {progress.version}"),
            )
            await agent.run(upload_seconds=upload_seconds)

    with contextlib.suppress(KeyboardInterrupt):
        _run(forever)


@app.command()
def watch() -> None:
    """Print each new version as head office tells it."""

    async def told() -> None:
        async with _session() as session:
            async for version in watch_versions(session):
                if version.is_new:
                    typer.echo(f"{version.changed_at.ToJsonString()} version {version.version}")

    with contextlib.suppress(KeyboardInterrupt):
        _run(told)


@app.command()
def status(*, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Show what is held and what waits for upload."""
    conn = _database()
    store = EdgeStore(conn)
    held = {table: store.holding(kind).count for kind, table in TABLES.items()}
    place = {
        "version": store.fact("applied_version", None),
        "cut": bool(store.fact("resume_token")),
    }
    usages = {f"usages {state}": count for state, count in Outbox(conn).counts().items()}
    _show({**place, **held, **usages}, as_json=as_json)


@app.command()
def quote(
    cart: Annotated[Path, typer.Argument(help="A cart in JSON; `-` reads standard input.")],
    *,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Judge a cart by the promotions that are held: what it costs, and why."""
    try:
        read = read_cart(sys.stdin.buffer.read() if str(cart) == "-" else cart.read_bytes())
        conn = _database()
        shelf, now = read_shelf(conn, read), datetime.now(UTC)
        customer, at = read.customer.id, read.at or now
        uses = read_uses(conn, at=at, timezone=shelf.timezone, customer=customer)
        result = to_json(evaluate(read, shelf, now=now, uses=uses))
    except CartError as error:
        for problem in error.problems:
            _console.print(f"{cart}: {problem}", markup=False, soft_wrap=True)
        raise typer.Exit(EXIT_BAD_CART) from None
    except (NothingHeldError, OSError) as error:
        _console.print(str(error), markup=False, soft_wrap=True)
        raise typer.Exit(EXIT_NO_INPUT) from None
    if as_json:
        typer.echo(json.dumps(result, indent=2))
    else:
        show(result, Console())


@usage_app.command("add")
def usage_add(  # noqa: PLR0913, PLR0917 - one option a field
    promotion: Annotated[str, typer.Argument(help="UUID of the promotion.")],
    bill: Annotated[str, typer.Argument(help="The bill's number.")],
    amount: Annotated[str, typer.Argument(help="What was given, such as 12.50.")],
    brand: Annotated[str, typer.Option(help="UUID of the brand.")],
    store: Annotated[str, typer.Option(help="UUID of the store.")],
    customer: Annotated[str, typer.Option(help="Free text.")] = "",
    reverses: Annotated[str, typer.Option(help="The usage that this takes back.")] = "",
) -> None:
    """Keep a usage for the next upload; prints its id."""
    conn = _database()
    currency = EdgeStore(conn).fact("currency_code")
    if not currency:
        text = "The company's currency is not known here: run `python -m edge_grpc.client sync`."
        _console.print(text, markup=False, soft_wrap=True)
        raise typer.Exit(EXIT_NO_INPUT)
    units, part = divmod(_decimal(amount), 1)
    record = usage_pb2.UsageRecord(
        promotion_id=promotion,
        bill_id=bill,
        store_id=store,
        brand_id=brand,
        customer_id=customer,
        reverses_usage_id=reverses,
        discount_amount=types.Money(
            currency_code=currency,
            units=int(units),
            nanos=int(part * _NANOS),
        ),
    )
    record.used_at.FromDatetime(datetime.now(UTC))
    typer.echo(Outbox(conn).add(record))


def _decimal(text: str) -> Decimal:
    try:
        amount = Decimal(text)
        is_amount = amount.is_finite() and amount >= 0 and not amount % _FINEST
    except InvalidOperation:  # also of a number too long to be divided
        amount, is_amount = Decimal(0), False
    if not is_amount:
        message = f"'{text}' is no amount: enter one such as 12.50, with four decimals at most."
        raise typer.BadParameter(message)
    return amount


@usage_app.command("upload")
def usage_upload() -> None:
    """Send what is pending."""
    conn = _database()

    async def once() -> int:
        async with _session() as session:
            return await Uploader(session, Outbox(conn)).upload()

    typer.echo(f"{_run(once)} verdicts; {json.dumps(Outbox(conn).counts())}")


def _run(flow: Callable[[], Any]) -> Any:  # noqa: ANN401
    try:
        return asyncio.run(flow())
    except grpc.aio.AioRpcError as error:
        _console.print(f"{error.code().name}: {error.details()}", markup=False)
    except (DriftError, TimeoutError) as error:
        _console.print(f"{type(error).__name__}: {error}", markup=False)
    raise typer.Exit(EXIT_TEMPORARY)


@asynccontextmanager
async def _session() -> AsyncGenerator[Session]:
    given = {name: os.environ.get(f"EDGE_CLIENT_{name}", "") for name in _REQUIRED}
    missing = [f"EDGE_CLIENT_{name}" for name, value in given.items() if not value]
    if missing:
        _console.print(f"Not set: {', '.join(missing)}", markup=False)
        raise typer.Exit(EXIT_CONFIGURATION)
    credentials = Credentials(
        target=given["TARGET"],
        client_id=given["CLIENT_ID"],
        client_secret=given["CLIENT_SECRET"],
        ca_file=_file("CA_FILE"),
        cert_file=_file("CERT_FILE"),
        key_file=_file("KEY_FILE"),
        insecure=os.environ.get("EDGE_CLIENT_INSECURE", "0") in {"1", "true"},
    )
    async with Session(credentials) as session:
        yield session


def _file(name: str) -> Path | None:
    given = os.environ.get(f"EDGE_CLIENT_{name}")
    return Path(given) if given else None


def _database():  # noqa: ANN202 - sqlite3.Connection
    return open_database(Path(os.environ.get("EDGE_CLIENT_DATABASE", "edge.sqlite")))


@contextmanager
def _progress() -> Generator[Callable[[Progress], None]]:
    """Show a bar when a person watches."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Bar(*columns, console=_console, transient=True) as bar:
        task = bar.add_task("connecting")

        def watch(now: Progress) -> None:
            text = f"version {now.version}: {now.records:,} records, {now.bytes / 1e6:.1f} MB"
            bar.update(task, description=text)

        yield watch


def _show(facts: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(facts))
        return
    for name, value in facts.items():
        typer.echo(f"{name:<18}{value}")


if __name__ == "__main__":
    app(prog_name="python -m edge_grpc.client")
