"""The connection to Redis: for rates that all workers share, and for cached dashboards."""

from __future__ import annotations

from typing import Any

import redis

from vendor_sync.connections import Connection
from vendor_sync.errors import ConfigurationError


def redis_client(
    connection: Connection,
    *,
    timeout_seconds: float,
    **options: Any,  # noqa: ANN401 - redis-py's own
) -> redis.Redis:
    """Return a client of the connection's server, which is not asked yet.

    `timeout_seconds` bounds connecting and each answer, whose lack is a redis.TimeoutError. Raises
    ConfigurationError for a wrong setting.
    """
    database = str(connection.extra.get("db") or 0)
    if not database.isdecimal():
        message = (
            f"Connection '{connection.conn_id}': extra 'db' must be a database's number, it is "
            f"{database!r}."
        )
        raise ConfigurationError(message)
    return redis.Redis(
        host=connection.host,
        port=connection.port or 6379,
        db=int(database),
        username=connection.login,
        password=connection.password,
        ssl=connection.flag("ssl"),
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        **options,
    )
