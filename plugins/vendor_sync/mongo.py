"""MongoDB as the flows use it: one client a run, its failures as the flows' own errors."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from pymongo import MongoClient, UpdateOne
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    InvalidURI,
    OperationFailure,
)
from pymongo.errors import (
    ConfigurationError as MongoConfigurationError,
)

from vendor_sync.connections import Connection
from vendor_sync.errors import ConfigurationError, StorageError

Document = dict[str, Any]
Mongo = Database[Document]

_DEFAULT_DATABASE = "broadstreet"
_PORT = 27017
_WAIT_MS = 10_000
_CALL_MS = 60_000
_DUPLICATE_KEY = 11000
_REFUSED_LOGIN = frozenset({13, 18})  # Unauthorized, AuthenticationFailed
# `extra` is what Airflow's hook hands to the client; these few are not options of a client.
_NOT_OPTIONS = frozenset({"srv", "allow_insecure"})


@contextmanager
def connect(connection: Connection) -> Generator[Mongo]:
    """Open the database that the connection names (`broadstreet`, if it names none).

    Instants come back aware, in UTC. Raises ConfigurationError for a wrong setting or login, else
    StorageError; so does whatever the caller does inside.
    """
    with storage_errors(connection):
        client = _client(connection)
        try:
            client.admin.command("ping")
            yield client[connection.schema or _DEFAULT_DATABASE]
        finally:
            client.close()


def _client(connection: Connection) -> MongoClient[Document]:
    options = {name: value for name, value in connection.extra.items() if name not in _NOT_OPTIONS}
    is_srv = connection.flag("srv")
    scheme = "mongodb+srv" if is_srv else "mongodb"
    port = "" if is_srv else f":{connection.port or _PORT}"
    settings: dict[str, Any] = {
        # What was acknowledged survives the server's death: the export's journal depends on it.
        "w": "majority",
        "journal": True,
        "serverSelectionTimeoutMS": _WAIT_MS,
        "connectTimeoutMS": _WAIT_MS,
        "socketTimeoutMS": _CALL_MS,
        "tz_aware": True,
        "appname": "vendor_sync",
        **options,
    }
    if connection.login:
        settings |= {"username": connection.login, "password": connection.password}
    return MongoClient(f"{scheme}://{connection.host or 'localhost'}{port}/", **settings)


def insert_or_update(
    collection: Collection[Document],
    documents: Sequence[Document],
    key: Sequence[str],
    *,
    on_insert: Document,
) -> None:
    """Insert documents, most of which are new; set the fields of those that are there already.

    One insert of many costs the server a fraction of as many upserts. `key` names the fields of a
    unique index, `on_insert` what only a new document gets.
    """
    try:
        collection.insert_many([{**one, **on_insert} for one in documents], ordered=False)
    except BulkWriteError as error:
        refused: list[dict[str, int]] = error.details["writeErrors"]
        if any(one["code"] != _DUPLICATE_KEY for one in refused):
            raise
        known = [_update_of(documents[one["index"]], key) for one in refused]
        collection.bulk_write(known, ordered=False)


def _update_of(document: Document, key: Sequence[str]) -> UpdateOne:
    rest = {name: value for name, value in document.items() if name not in key}
    return UpdateOne({name: document[name] for name in key}, {"$set": rest})


@contextmanager
def storage_errors(connection: Connection) -> Generator[None]:
    """Turn a lost server into StorageError and a wrong login into ConfigurationError."""
    where = f"Connection '{connection.conn_id}' ({connection.host}:{connection.port or _PORT})"
    try:
        yield
    except ConnectionFailure as error:
        message = f"{where}: MongoDB cannot be reached: {type(error).__name__}"
        raise StorageError(message) from error
    except (InvalidURI, MongoConfigurationError) as error:
        message = f"{where}: {error}"
        raise ConfigurationError(message) from None
    except OperationFailure as error:
        if error.code not in _REFUSED_LOGIN:
            raise
        message = f"{where}: MongoDB refuses the login or its rights (code {error.code})."
        raise ConfigurationError(message) from None
