"""Commands for backup and restore: MongoDB's archive, and what follows a restore."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from vendor_sync import mongo, mongo_archive
from vendor_sync.cli.output import AsJson, errors_shown, show
from vendor_sync.connections import connection_from_environment, owner_first, require_connection
from vendor_sync.recovery import after_restore

documents_app = typer.Typer(no_args_is_help=True, help="MongoDB's documents as one file.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(documents_app, name="documents")
    app.command("restored")(restored)


@documents_app.callback()
def documents() -> None:
    """Write MongoDB's documents into a file, and read them back."""


@documents_app.command("dump")
def dump(
    file: Annotated[Path, typer.Argument(help="Where to.")], *, as_json: AsJson = False
) -> None:
    """Write all collections of `broadstreet_mongo` into a file; flows may go on."""
    with errors_shown():
        store = require_connection(connection_from_environment, "broadstreet_mongo")
        with mongo.connect(store) as db:
            show(dict(mongo_archive.dump(db, file)), as_json=as_json)


@documents_app.command("load")
def load(file: Annotated[Path, typer.Argument(help="From.")], *, as_json: AsJson = False) -> None:
    """Read a file into an empty database; then `migrate`, then `restored`."""
    with errors_shown():
        store = require_connection(connection_from_environment, "broadstreet_mongo")
        with mongo.connect(store) as db:
            show(dict(mongo_archive.load(db, file)), as_json=as_json)


def restored(*, as_json: AsJson = False) -> None:
    """Make restored databases safe to work with, before flows and edge service start again."""
    with errors_shown():
        done = after_restore(owner_first, datetime.now(UTC))
    show({**done, "status": "completed"}, as_json=as_json)
