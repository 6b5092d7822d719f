"""The connection to PostgreSQL: a pool, and one connection that listens."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false
from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from edge_grpc.queries import Connection, Row, rows

CONNECTION_ERRORS: tuple[type[Exception], ...] = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.CannotConnectNowError,
    asyncpg.InterfaceError,
    # What is left of a query that was cancelled can reach a connection's next one; the pool then
    # drops the connection, and the call may be made again.
    asyncpg.InternalClientError,
    OSError,
)
# What a background task outlives besides: while a database is restored it does not exist, or its
# tables do not, and who follows it has to be there when they do again.
FOLLOWER_ERRORS: tuple[type[Exception], ...] = (*CONNECTION_ERRORS, asyncpg.PostgresError)


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


@asynccontextmanager
async def opened(dsn: str, *, size: int) -> AsyncGenerator[Database]:
    """Open a pool; connections are made when they are needed, so that a server can start first."""
    pool: Connection = await asyncpg.create_pool(
        dsn,
        min_size=0,
        max_size=size,
        command_timeout=60,
        max_inactive_connection_lifetime=60,
        reset=_nothing_is_left,
        server_settings={
            "application_name": "edge-grpc",
            "timezone": "UTC",
            # A page is read sooner than it is compiled for or workers are started.
            "jit": "off",
            "max_parallel_workers_per_gather": "0",
        },
    )
    async with pool:
        yield Database(pool, dsn)


async def _nothing_is_left(_conn: Connection) -> None:
    """Save a round trip at the end of each use: asyncpg itself ends open transactions.

    Nobody here changes a session's settings, and who takes a lock sees to it that it ends.
    """
