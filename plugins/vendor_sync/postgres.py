"""PostgreSQL as the flows use it: query files, counted statements, COPY staging, run locks."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, LiteralString, cast

import psycopg
from psycopg import errors as pg
from psycopg.rows import TupleRow

from vendor_sync.connections import Connection
from vendor_sync.errors import ConfigurationError, LockedError, StorageError

_QUERIES = Path(__file__).resolve().parents[2] / "sql" / "queries"
# The server ends the session of a process or machine that is gone within minutes, whatever it waits
# for. By default it would notice a lost machine after hours, and keep its flow locked until then.
_SESSION = (
    "-c timezone=UTC -c client_connection_check_interval=10s"
    " -c tcp_keepalives_idle=60 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=6"
)
_CONFIGURATION_ERRORS = ("password authentication failed", "does not exist", "no password supplied")


@cache
def load_query(name: str) -> LiteralString:
    """Return the text of `sql/queries/<name>`.

    The cast is safe: the files are part of the repository and hold no input.
    """
    return cast("LiteralString", (_QUERIES / name).read_text())


def storable(text: str) -> str:
    """Return text that PostgreSQL accepts: it holds neither NUL nor half a surrogate pair."""
    return text.replace("\0", "\\u0000").encode("utf-8", "backslashreplace").decode()


class CountingCursor(psycopg.Cursor[TupleRow]):
    """Counts each statement sent, so that a run can report how many it needed."""

    def execute(self, query: Any, params: Any = None, **kwargs: Any) -> CountingCursor:  # noqa: ANN401
        cast("Warehouse", self.connection).queries += 1
        super().execute(query, params, **kwargs)
        return self

    def executemany(
        self,
        query: Any,  # noqa: ANN401
        params_seq: Iterable[Any],
        *,
        returning: bool = False,
    ) -> None:
        rows = list(params_seq)
        cast("Warehouse", self.connection).queries += len(rows)
        super().executemany(query, rows, returning=returning)

    @contextmanager
    def copy(self, statement: Any, params: Any = None, **kwargs: Any) -> Generator[psycopg.Copy]:  # noqa: ANN401
        cast("Warehouse", self.connection).queries += 1
        with super().copy(statement, params, **kwargs) as copy:
            yield copy


class Warehouse(psycopg.Connection[TupleRow]):
    """An autocommit connection: transactions are opened explicitly, with `transaction()`."""

    queries: int = 0

    def copy_rows(self, statement: LiteralString, rows: Iterable[Sequence[Any]]) -> None:
        """Send rows through one COPY; `statement` names table and columns."""
        with self.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)


def connect(connection: Connection, *, application_name: str) -> Warehouse:
    """Open the warehouse; raise ConfigurationError for a wrong setting, else StorageError."""
    if not connection.host or not connection.schema:
        message = (
            f"Connection '{connection.conn_id}' needs a host and a schema (the database name)."
        )
        raise ConfigurationError(message)
    try:
        return Warehouse.connect(
            host=connection.host,
            port=connection.port or 5432,
            dbname=connection.schema,
            user=connection.login,
            password=connection.password,
            sslmode=str(connection.extra.get("sslmode", "prefer")),
            application_name=application_name,
            connect_timeout=10,
            autocommit=True,
            cursor_factory=CountingCursor,
            # A plan made while a table was empty must not stay while it grows by a million rows: no
            # prepared statements. (plan_cache_mode would also plan each foreign key check anew.)
            prepare_threshold=None,
            options=_SESSION,
        )
    except psycopg.OperationalError as error:
        raise _connection_error(connection, error) from None


def _connection_error(
    connection: Connection, error: psycopg.Error
) -> ConfigurationError | StorageError:
    where = f"{connection.host}:{connection.port or 5432}/{connection.schema}"
    reason = " ".join(str(error).split())
    message = f"Connection '{connection.conn_id}' ({where}) failed: {reason}"
    if any(text in reason for text in _CONFIGURATION_ERRORS):
        return ConfigurationError(message)
    return StorageError(message)


@contextmanager
def storage_errors() -> Generator[None]:
    """Turn a lost or restarting server into StorageError; leave errors about rows and SQL alone."""
    try:
        yield
    except (pg.OperationalError, pg.InterfaceError) as error:
        if isinstance(error, pg.QueryCanceled | pg.LockNotAvailable):
            raise
        message = f"PostgreSQL was lost during the run: {' '.join(str(error).split())}"
        raise StorageError(message) from error


def lock_flow(conn: Warehouse, flow: str, *, wait_seconds: float, shared: bool = False) -> None:
    """Take the flow's advisory lock for the life of the connection, or raise LockedError in time.

    A session lock ends with its connection, so a killed run never leaves it behind. Several may
    hold it `shared`, while nobody has it alone.
    """
    query = load_query("ops/lock_flow_shared.sql" if shared else "ops/lock_flow.sql")
    with conn.transaction():
        conn.execute(
            load_query("ops/set_lock_timeout.sql"),
            {"timeout": f"{max(1, round(wait_seconds * 1000))}ms"},
        )
        try:
            conn.execute(query, {"flow": flow})
        except pg.LockNotAvailable:
            message = f"Another run of {flow} is at work; waited {wait_seconds:.0f} s for it."
            raise LockedError(message) from None
