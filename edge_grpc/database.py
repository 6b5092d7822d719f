"""The connection to PostgreSQL: a pool, and the query files of the service."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false
from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg

_QUERIES = Path(__file__).resolve().parents[1] / "sql" / "queries"
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
Row = Mapping[str, Any]
# asyncpg carries no types: the pool and a connection have the same methods to ask with.
Connection = Any
CONNECTION_ERRORS: tuple[type[Exception], ...] = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.CannotConnectNowError,
    asyncpg.InterfaceError,
    OSError,
)


@cache
def load_query(name: str, *parameters: str) -> str:
    """Return `sql/queries/<name>` with its named parameters numbered in the order given."""
    text = (_QUERIES / name).read_text()
    return _PLACEHOLDER.sub(lambda found: f"${parameters.index(found[1]) + 1}", text)


class Database:
    """A pool of connections; a stream holds one only while it asks, never while it waits."""

    def __init__(self, pool: Connection, dsn: str) -> None:
        self._pool = pool
        self._dsn = dsn

    async def rows(self, query: str, **parameters: Any) -> Sequence[Row]:  # noqa: ANN401
        """Run a query file by itself."""
        return await rows(self._pool, query, **parameters)

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Connection]:
        """Lend a connection, outside of any transaction."""
        async with self._pool.acquire() as conn:
            yield conn

    @asynccontextmanager
    async def transaction(self, *, isolation: str = "read_committed") -> AsyncGenerator[Connection]:
        async with self._pool.acquire() as conn, conn.transaction(isolation=isolation):
            yield conn

    @asynccontextmanager
    async def listening(
        self, channel: str, hear: Callable[[str], None], lost: Callable[[], None]
    ) -> AsyncGenerator[None]:
        """Hear notifications on a connection of its own; `lost` is called when it breaks."""
        conn: Connection = await asyncpg.connect(
            self._dsn, server_settings={"application_name": "edge-grpc-listen"}
        )
        conn.add_termination_listener(lambda _conn: lost())
        try:
            await conn.add_listener(channel, lambda _conn, _pid, _channel, payload: hear(payload))
            yield
        finally:
            await conn.close()


async def rows(conn: Connection, query: str, **parameters: Any) -> Sequence[Row]:  # noqa: ANN401
    """Run a query file on a connection."""
    return await conn.fetch(load_query(query, *parameters), *parameters.values())


@asynccontextmanager
async def opened(dsn: str, *, size: int) -> AsyncGenerator[Database]:
    """Open a pool; connections are made when they are needed, so that a server can start first."""
    pool: Connection = await asyncpg.create_pool(
        dsn,
        min_size=0,
        max_size=size,
        command_timeout=60,
        max_inactive_connection_lifetime=60,
        server_settings={"application_name": "edge-grpc", "timezone": "UTC", "jit": "off"},
    )
    async with pool:
        yield Database(pool, dsn)
