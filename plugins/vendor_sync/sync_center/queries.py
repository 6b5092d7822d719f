"""Reads and writes of `ops` for the pages: a connection a request, rows as dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any

from psycopg.rows import dict_row

from vendor_sync.connections import ConnectionSource, require_connection
from vendor_sync.postgres import connect, load_query, storage_errors

Row = dict[str, Any]
Ask = Callable[[str, Mapping[str, object]], list[Row]]


class Ops:
    """The database of runs, rejects and alerts, for one request."""

    def __init__(self, source: ConnectionSource) -> None:
        self._source = source

    def rows(self, query: str, **params: object) -> list[Row]:
        """Return the rows of `sync_center/<query>.sql`."""
        return self.many({query: params})[query]

    def many(self, asked: Mapping[str, Mapping[str, object]]) -> dict[str, list[Row]]:
        """Return the rows of several queries, asked over one connection."""
        with self.asking() as ask:
            return {name: ask(name, params) for name, params in asked.items()}

    @contextmanager
    def asking(self) -> Generator[Ask]:
        """Lend a connection to ask one query after another: opening it costs more than most."""
        warehouse = require_connection(self._source, "warehouse_postgres")
        with (
            storage_errors(),
            connect(warehouse, application_name="sync_center") as conn,
            conn.transaction(),
        ):
            cursor = conn.cursor(row_factory=dict_row)
            # A page's rows are read sooner than code to read them is compiled.
            cursor.execute("SET LOCAL jit = off")
            yield lambda name, params: cursor.execute(
                load_query(f"sync_center/{name}.sql"), params
            ).fetchall()
