"""Connections by Airflow connection id, read from `AIRFLOW_CONN_<ID>` without Airflow.

`orchestration.connections` builds the same `Connection` from Airflow's own store, so that a flow
does not know which of the two it runs under.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from vendor_sync.errors import ConfigurationError
from vendor_sync.params import switch


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Where a service is and how to log in; `repr` shows no secret."""

    conn_id: str
    conn_type: str = ""
    host: str = ""
    port: int | None = None
    login: str | None = None
    password: str | None = field(default=None, repr=False)
    schema: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)

    def require_password(self, what: str) -> str:
        """Return the password, or raise ConfigurationError naming the connection."""
        if not self.password:
            message = f"Connection '{self.conn_id}' has no password: set it to {what}."
            raise ConfigurationError(message)
        return self.password

    def number(self, name: str, default: float) -> float:
        """Return a non-negative number from `extra`, or raise ConfigurationError naming it."""
        value = self._given(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            message = (
                f"Connection '{self.conn_id}': extra '{name}' must be a number of at least 0, "
                f"it is {value!r}."
            )
            raise ConfigurationError(message)
        return value

    def integer(self, name: str, default: int, *, at_least: int = 1) -> int:
        """Return a whole number from `extra`, or raise ConfigurationError naming it."""
        value = self._given(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < at_least:
            message = (
                f"Connection '{self.conn_id}': extra '{name}' must be a whole number of at least "
                f"{at_least}, it is {value!r}."
            )
            raise ConfigurationError(message)
        return value

    def share(self, name: str, default: float) -> float:
        """Return a share between 0 and 1 from `extra`, or raise ConfigurationError naming it."""
        value = self.number(name, default)
        if value > 1:
            message = (
                f"Connection '{self.conn_id}': extra '{name}' is a share between 0 and 1, it is "
                f"{value}."
            )
            raise ConfigurationError(message)
        return value

    def flag(self, name: str) -> bool:
        """Return a switch from `extra` (off unless set), or raise ConfigurationError naming it."""
        value = self._given(name, default=False)
        chosen = switch(value)
        if chosen is None:
            message = (
                f"Connection '{self.conn_id}': extra '{name}' must be true or false, it is "
                f"{value!r}."
            )
            raise ConfigurationError(message)
        return chosen

    def _given(self, name: str, default: float) -> Any:  # noqa: ANN401 - as somebody entered it
        """Return an extra; a field of a form that was left empty is as good as none."""
        value = self.extra.get(name)
        return default if value is None or value == "" else value


ConnectionSource = Callable[[str], "Connection | None"]
# Who owns the warehouse's tables: for `migrate` and `restored` alone, never for a flow.
OWNER = "warehouse_owner"


def connection_from_environment(conn_id: str) -> Connection | None:
    """Return the connection in `AIRFLOW_CONN_<ID>` (JSON or URI form), or None if unset."""
    variable = f"AIRFLOW_CONN_{conn_id.upper()}"
    value = os.environ.get(variable)
    if not value:
        return None
    try:
        if value.lstrip().startswith("{"):
            return connection_from_fields(conn_id, json.loads(value))
        return _connection_from_uri(conn_id, value)
    except (ValueError, TypeError, AttributeError):
        # The value holds a password: neither it nor the parser's message may be shown.
        message = f"{variable} is neither a connection URI nor a JSON object of connection fields."
        raise ConfigurationError(message) from None


def owner_first(conn_id: str) -> Connection | None:
    """Return the connection as of the environment; the warehouse's as its owner, if one is set.

    For commands that change what the flows' own role may not: schema, versions, sequences.
    """
    owner = connection_from_environment(OWNER) if conn_id == "warehouse_postgres" else None
    return owner or connection_from_environment(conn_id)


def require_connection(source: ConnectionSource, conn_id: str) -> Connection:
    """Return the connection, or raise ConfigurationError saying where to define it."""
    connection = source(conn_id)
    if connection is None:
        message = (
            f"Connection '{conn_id}' is not defined: add it in Airflow (Admin, Connections) "
            f"or set AIRFLOW_CONN_{conn_id.upper()}."
        )
        raise ConfigurationError(message)
    return connection


def connection_from_fields(conn_id: str, fields: Mapping[str, Any]) -> Connection:
    """Build a connection from Airflow's field names; `extra` may be an object or JSON text."""
    extra: object = fields.get("extra") or {}
    if isinstance(extra, str):
        extra = json.loads(extra)
    if not isinstance(extra, dict):
        message = f"Connection '{conn_id}': extra must be a JSON object."
        raise ConfigurationError(message)
    port = fields.get("port")
    return Connection(
        conn_id=conn_id,
        conn_type=fields.get("conn_type") or "",
        host=fields.get("host") or "",
        port=None if port in (None, "") else int(port),
        login=fields.get("login"),
        password=fields.get("password"),
        schema=fields.get("schema") or "",
        extra=cast("dict[str, Any]", extra),
    )


def _connection_from_uri(conn_id: str, uri: str) -> Connection:
    conn_type, separator, rest = uri.strip().partition("://")
    if not separator:
        raise ValueError(conn_id)
    # Airflow writes the scheme of a host before the login: `shopify://https://login:token@host`.
    protocol = next((each for each in ("https://", "http://") if rest.startswith(each)), "")
    parts = urlsplit(f"//{rest.removeprefix(protocol)}")
    query: dict[str, Any] = dict(parse_qsl(parts.query))
    extra = json.loads(query.pop("__extra__")) if "__extra__" in query else query
    return Connection(
        conn_id=conn_id,
        conn_type=conn_type.lower().replace("-", "_"),
        host=protocol + _host(parts),
        port=parts.port,
        login=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        schema=unquote(parts.path.lstrip("/")),
        extra=extra,
    )


def _host(parts: SplitResult) -> str:
    """Return the host; a whole address in its place, which is escaped, keeps its upper case."""
    host = unquote(parts.hostname or "")
    return unquote(parts.netloc.rpartition("@")[2].partition(":")[0]) if "/" in host else host
