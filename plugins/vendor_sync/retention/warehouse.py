"""Deletes old rows from PostgreSQL in small transactions.

A batch locks the rows that it deletes, for as long as its transaction takes, and passes over rows
that somebody else holds: the next run finds them. What was committed is done, so that a run may be
killed anywhere and started again. The walk goes on after the last row that it saw: without that,
each batch would read the remains of those before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, LiteralString, NamedTuple

from psycopg import sql

from vendor_sync.postgres import Warehouse, load_query
from vendor_sync.retention.params import RetentionParams
from vendor_sync.retention.tables import TABLES, Old

BATCH_ROWS = 2000
# No stream of the edge service lasts that long: below a floor of this age nobody reads any more.
FLOOR_AGE = timedelta(hours=12)
# What ended by itself (a token, a brand's chunks) is of no use to anybody.
_ENDED_AGE = timedelta(days=1)
_LOCKED: LiteralString = "FOR UPDATE OF doomed SKIP LOCKED"


class Size(NamedTuple):
    """Rows, as last estimated by the server, and bytes with indexes and large values."""

    rows: int
    bytes: int


class Sweep:
    """One run's deletions from the warehouse, as of one instant."""

    def __init__(
        self,
        conn: Warehouse,
        params: RetentionParams,
        now: datetime,
        *,
        batch_rows: int = BATCH_ROWS,
        floor_age: timedelta = FLOOR_AGE,
    ) -> None:
        self._conn = conn
        self._params = params
        self._now = now
        self._batch_rows = batch_rows
        self._floor_age = floor_age

    def count(self, old: Old) -> int:
        """Return how many rows would go now."""
        query = sql.SQL("SELECT count(*) FROM ({}) AS found").format(sql.SQL(load_query(old.query)))
        row = self._conn.execute(query, self._values(old) | {"at_most": None}).fetchone()
        return row[0] if row else 0

    def delete(self, old: Old, tell: Callable[[int], None]) -> int:
        """Delete the old rows of a table; `tell` hears of each batch. Return how many went."""
        values = self._values(old) | {"at_most": self._batch_rows}
        deleted = 0
        while rows := self._delete_batch(old, values):
            deleted += len(rows)
            tell(len(rows))
            values |= dict(zip(old.first, rows[-1][1:], strict=True))
        if deleted:
            self._vacuum(old)
        return deleted

    def _delete_batch(self, old: Old, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        with self._conn.transaction():
            self._conn.execute(load_query("retention/walk_in_order.sql"))
            rows = self._conn.execute(load_query(old.query) + _LOCKED, values).fetchall()
            places = {"rows": _array(row[0] for row in rows), "now": self._now}
            if rows and old.preparation:
                self._conn.execute(load_query(old.preparation), places)
            if rows:
                delete = sql.SQL("DELETE FROM {} WHERE ctid = any(%(rows)s::tid[])")
                self._conn.execute(delete.format(_identifier(old.table)), places)
        return rows

    def _vacuum(self, old: Old) -> None:
        """Make the room of what was deleted free for what comes; nobody waits for it."""
        for table in (old.table, *old.others):
            self._conn.execute(
                sql.SQL("VACUUM (SKIP_LOCKED, ANALYZE) {}").format(_identifier(table))
            )

    def raise_floors(self, *, dry_run: bool) -> int:
        """Forbid edges to go on from before the oldest tombstones; return of how many companies.

        Tombstones go in a later run: a stream that began before the floor rose still needs them.
        """
        values = {
            "before": self._now - self._params.age("tombstones"),
            "raised_before": self._now - self._floor_age,
        }
        low = self._conn.execute(load_query("retention/list_low_floors.sql"), values).fetchall()
        for company_id, version in [] if dry_run else low:
            self._conn.execute(
                load_query("retention/raise_floor.sql"),
                {"company_id": company_id, "version": version, "now": self._now},
            )
        return len(low)

    def sizes(self) -> dict[str, Size]:
        """Return what each table takes on the disk."""
        names = [old.table for old in TABLES]
        rows = self._conn.execute(
            load_query("retention/measure_tables.sql"), {"tables": names}
        ).fetchall()
        return {name: Size(*size) for name, *size in rows}

    def kept_keys(self) -> frozenset[str]:
        """Return the archived pages that an open alert leads to."""
        rows = self._conn.execute(load_query("retention/list_kept_keys.sql")).fetchall()
        return frozenset(row[0] for row in rows)

    def _values(self, old: Old) -> dict[str, Any]:
        age = _ENDED_AGE if old.kind == "ended" else self._params.age(old.kind)
        raised = self._now - self._floor_age
        return {"before": self._now - age, "raised_before": raised, **old.first}


def _array(places: Iterable[str]) -> str:
    """Return places of rows as PostgreSQL writes an array: psycopg takes many times as long."""
    return "{" + ",".join(f'"{place}"' for place in places) + "}"


def _identifier(table: str) -> sql.Identifier:
    return sql.Identifier(*table.split("."))
