"""MongoDB as the flows use it: one client a run, its failures as the flows' own errors."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import (
    ConfigurationError as MongoConfigurationError,
)
from pymongo.errors import (
    ConnectionFailure,
    InvalidURI,
    OperationFailure,
)

from vendor_sync.connections import Connection
from vendor_sync.errors import ConfigurationError, StorageError

Document = dict[str, Any]
Mongo = Database[Document]

_DEFAULT_DATABASE = "broadstreet"
_PORT = 27017
_WAIT_MS = 10_000
_CALL_MS = 60_000
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
    scheme = "mongodb+srv" if connection.extra.get("srv") else "mongodb"
    port = "" if connection.extra.get("srv") else f":{connection.port or _PORT}"
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
