"""What all commands have in common: parameters, exit codes, and how results are shown."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from vendor_sync.connections import connection_from_environment
from vendor_sync.errors import (
    ConfigurationError,
    LockedError,
    StorageError,
    SyncError,
    TemporaryError,
)
from vendor_sync.flow_runs import Watch, skip_run

# sysexits.h, so that a caller knows whether trying again can help.
EXIT_CONFIGURATION = 78
EXIT_TEMPORARY = 75
EXIT_FAILED = 1
EXIT_SKIPPED = 3
_SECONDS_DRAWN = 0.1
console = Console(stderr=True)
RunId = Annotated[
    str | None, typer.Option(help="Take up this run again, after it failed or was killed.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
LockWait = Annotated[
    float, typer.Option(min=0, help="Seconds to wait while another run is at work.")
]


def new_run_id() -> str:
    """Return a name for a run that a person has started."""
    return f"cli__{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}__{uuid.uuid4().hex[:8]}"


def pairs(params: list[str]) -> dict[str, str]:
    """Return name=value options by name."""
    found: dict[str, str] = {}
    for text in params:
        name, separator, value = text.partition("=")
        if not separator:
            message = f"--param takes name=value, not {text!r}."
            raise ConfigurationError(message)
        found[name.strip()] = value
    return found


@contextmanager
def errors_shown(run_id: str | None = None) -> Generator[None]:
    """End with one clear message and an exit code that says whether trying again can help."""
    try:
        yield
    except ConfigurationError as error:
        console.print(f"Configuration: {error}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(EXIT_CONFIGURATION) from None
    except SyncError as error:
        temporary = isinstance(error, TemporaryError | StorageError)
        console.print(f"Failed: {error}", style="red", markup=False, soft_wrap=True)
        if run_id:
            console.print(f"Take it up again with: --run-id {run_id}", markup=False)
        raise typer.Exit(EXIT_TEMPORARY if temporary else EXIT_FAILED) from None


def show(result: dict[str, Any], *, as_json: bool) -> None:
    """Print a result as a table or as JSON."""
    if as_json:
        typer.echo(json.dumps(result, indent=2, sort_keys=True))
        return
    table = Table(show_header=False, box=None)
    for name, value in result.items():
        table.add_row(name, escape(json.dumps(value).strip('"{}').replace('"', "")))
    Console(soft_wrap=True).print(table)


def end_with(result: dict[str, Any], *, as_json: bool) -> None:
    """Print a run's result, and end with the exit code that a skipped run has."""
    show(result, as_json=as_json)
    if result["status"] == "skipped":
        raise typer.Exit(EXIT_SKIPPED)


def run_flow(
    flow: str,
    run_id: str | None,
    run: Callable[[str, Watch | None], dict[str, Any]],
    *,
    as_json: bool,
) -> None:
    """Run a flow under its run id and print its result; skip it if another run does not end.

    `run` is given the id and what is to be told how far it is.
    """
    name = run_id or new_run_id()
    with errors_shown(name), progress_bars() as watch:
        try:
            result = run(name, watch)
        except LockedError:
            result = skip_run(connection_from_environment, flow, name)
    end_with(result, as_json=as_json)


def show_listed(columns: Sequence[str], rows: Sequence[Sequence[object]], *, as_json: bool) -> None:
    """Print rows as a table (unknown is a dash), or as a JSON list of objects by column."""
    if as_json:
        listed = [dict(zip(columns, row, strict=True)) for row in rows]
        typer.echo(json.dumps(listed, indent=2))
        return
    table = Table(*(name.replace("_", " ") for name in columns))
    for row in rows:
        table.add_row(*("-" if value is None else escape(str(value)) for value in row))
    Console(soft_wrap=True).print(table)


@contextmanager
def progress_bars(*, by_thread: bool = True) -> Generator[Watch | None]:
    """Yield a watcher that draws a bar per entity type where a person watches, else None.

    Not `by_thread`: what is told draws, as a process with another thread is not forked.
    """
    if not console.is_terminal:
        yield None
        return
    columns = (
        TextColumn("{task.description:>16}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, auto_refresh=by_thread) as bars:
        tasks: dict[str, Any] = {}
        drawn_at = 0.0

        def watch(entity_type: str, completed: int, total: int | None) -> None:
            nonlocal drawn_at
            if entity_type not in tasks:
                tasks[entity_type] = bars.add_task(entity_type.replace("_", " "), total=total)
            bars.update(tasks[entity_type], completed=completed, total=total)
            if not by_thread and time.monotonic() - drawn_at > _SECONDS_DRAWN:
                drawn_at = time.monotonic()
                bars.refresh()

        yield watch
