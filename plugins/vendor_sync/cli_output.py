"""What all commands have in common: parameters, exit codes, and how results are shown."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from vendor_sync.errors import (
    ConfigurationError,
    StorageError,
    SyncError,
    TemporaryError,
)

# sysexits.h, so that a caller knows whether trying again can help.
EXIT_CONFIGURATION = 78
EXIT_TEMPORARY = 75
EXIT_FAILED = 1
console = Console(stderr=True)


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
        table.add_row(name, json.dumps(value).strip('"{}').replace('"', ""))
    Console(soft_wrap=True).print(table)


def show_rows(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows as a table; what is unknown is a dash."""
    table = Table(*columns)
    for row in rows:
        table.add_row(*("-" if value is None else str(value) for value in row))
    Console(soft_wrap=True).print(table)
