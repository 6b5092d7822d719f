"""What the edge holds, in SQLite: one transaction per applied sync, and the outbox of usages.

Received batches are staged as they come, each together with the token to go on from, so that a
crash loses no progress; the tills see them when the last checkpoint is applied, all at once.
"""

from __future__ import annotations

import gzip
import sqlite3
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from hashlib import sha256
from operator import attrgetter
from pathlib import Path
from typing import Any

from edge_grpc.client.quote.understanding import not_understood
from edge_grpc.v1 import sync_frames_pb2 as frames
from edge_grpc.v1 import types_pb2 as types
from edge_grpc.v1.promotion_pb2 import Promotion
from edge_grpc.v1.sync_pb2 import RefusedRecord, SyncResponse

_SCHEMA = (Path(__file__).parent / "schema.sql").read_text()
TABLES = {
    types.RECORD_KIND_CATEGORY: "categories",
    types.RECORD_KIND_PRODUCT: "products",
    types.RECORD_KIND_PROMOTION: "promotions",
}
_COLUMNS = {
    types.RECORD_KIND_CATEGORY: ("parent_id",),
    types.RECORD_KIND_PRODUCT: ("sku", "barcode", "category_id"),
    types.RECORD_KIND_PROMOTION: ("code",),
}


class DriftError(Exception):
    """What was applied does not add up to what the server says; nothing was changed."""


def open_database(path: Path) -> sqlite3.Connection:
    """Open an edge's database, making it when it is not there; every statement commits itself."""
    path.parent.mkdir(parents=True, exist_ok=True)
    conn = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = FULL")  # a power cut must not undo an acknowledged usage
    conn.executescript(_SCHEMA)
    return conn


@contextmanager
def transaction(conn: sqlite3.Connection) -> Generator[None]:
    conn.execute("BEGIN IMMEDIATE")
    try:
        yield
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:  # SQLite ends it by itself when the disk is full
            conn.execute("ROLLBACK")
        raise


class EdgeStore:
    """The records of the store and the place of the sync that brings them."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn
        self._verified: dict[types.RecordKind, frames.Holding] = {}

    def fact(self, name: str, default: Any = "") -> Any:  # noqa: ANN401 - SQLite's own types
        row = self._conn.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return row[0] if row else default

    def remember(self, **facts: Any) -> None:  # noqa: ANN401
        self._conn.executemany(
            "INSERT INTO facts VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            facts.items(),
        )

    def begin(self, hello: frames.Hello) -> None:
        """Take up a stream; one that holds everything voids what was staged before."""
        settings = hello.settings
        with transaction(self._conn):
            if hello.mode == frames.SYNC_MODE_SNAPSHOT:
                self._conn.execute("DELETE FROM staged_batches")
                self.remember(staged_whole=1, resume_token="", staged_reason=hello.reason)
            elif not self.fact("resume_token"):
                # A snapshot that was cut before its first batch, and is not what follows.
                self._conn.execute("DELETE FROM staged_batches")
                self.remember(staged_whole=0)
            self.remember(
                hello=hello.SerializeToString(),
                sync_interval_hours=settings.sync_interval_hours,
                auto_sync_enabled=int(settings.auto_sync_enabled),
            )

    def stage(self, frames_read: Sequence[bytes], resume_token: str) -> None:
        """Keep frames as they came, with the token that goes on after the last of them."""
        with transaction(self._conn):
            self._conn.executemany(
                "INSERT INTO staged_batches (body) VALUES (?)", ((one,) for one in frames_read)
            )
            self.remember(resume_token=resume_token)

    def continue_at(self, cursor: str) -> None:
        """Keep the cursor of a checkpoint after which more follows."""
        self.remember(resume_token=cursor)

    def cursor(self) -> str:
        """Return what to send: the place in a sync that was cut, else the last checkpoint."""
        return self.fact("resume_token") or self.fact("cursor")

    def forget_cursor(self) -> None:
        """Have the next sync bring everything; what is held stays in use until then."""
        with transaction(self._conn):
            self._conn.execute("DELETE FROM staged_batches")
            self.remember(cursor="", resume_token="", staged_whole=0)

    def apply(self, checkpoint: frames.Checkpoint) -> None:
        """Make everything that was staged visible, if it adds up to what the server says."""
        hello = frames.Hello.FromString(self.fact("hello", b""))
        with transaction(self._conn):
            if self.fact("staged_whole", 0):
                for table in TABLES.values():
                    self._conn.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
            for (body,) in self._conn.execute("SELECT body FROM staged_batches ORDER BY position"):
                self._apply_frame(SyncResponse.FromString(body))
            self._verify(checkpoint.holdings)
            self._conn.execute(
                "DELETE FROM refused_promotions WHERE (id, version) NOT IN"
                " (SELECT id, version FROM promotions)"
            )
            self._conn.execute("DELETE FROM staged_batches")
            self.remember(
                cursor=checkpoint.cursor,
                resume_token="",
                staged_whole=0,
                # What prices and promotions are read by changes with them, not when it is told.
                epoch=hello.epoch,
                applied_version=hello.version,
                timezone=hello.timezone,
                currency_code=hello.currency_code,
                boundary_seconds=_seconds_to(checkpoint, hello),
            )

    def _apply_frame(self, frame: SyncResponse) -> None:
        batch = unpacked(frame.batch)
        if batch.kind:
            self._upsert(batch.kind, (*batch.categories, *batch.products, *batch.promotions))
            self._refuse(batch.promotions)
        for removal in frame.removals.removals:
            self._conn.execute(
                f"DELETE FROM {TABLES[removal.kind]} WHERE id = ? AND version <= ?",  # noqa: S608
                (removal.id, removal.version),
            )

    def _upsert(self, kind: types.RecordKind, records: Iterable[Any]) -> None:
        names = ("id", "version", *_COLUMNS[kind], "body")
        marks = ", ".join("?" for _ in names)
        changes = ", ".join(f"{name} = excluded.{name}" for name in names[1:])
        columns = attrgetter(*names[:-1])
        self._conn.executemany(
            f"INSERT INTO {TABLES[kind]} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608
            f" ON CONFLICT (id) DO UPDATE SET {changes} WHERE excluded.version >= version",
            [(*columns(record), record.SerializeToString()) for record in records],
        )

    def _refuse(self, promotions: Iterable[Promotion]) -> None:
        """Note what this edge does not understand; it is kept, as it belongs to the whole."""
        missed = [(one.id, one.version, not_understood(one)) for one in promotions]
        self._conn.executemany(
            "INSERT OR REPLACE INTO refused_promotions VALUES (?, ?, ?)",
            [(key, version, f"{why.reason}: {why.detail}") for key, version, why in missed if why],
        )

    def refused(self, limit: int = 100) -> list[RefusedRecord]:
        """Return promotions that this edge skips, for the report."""
        query = "SELECT id, version, reason FROM refused_promotions ORDER BY id LIMIT ?"
        return [
            RefusedRecord(id=key, version=version, reason=reason)
            for key, version, reason in self._conn.execute(query, (limit,))
        ]

    def _verify(self, expected: Iterable[frames.Holding]) -> None:
        for holding in expected:
            found = self._verified[holding.kind] = self.holding(holding.kind)
            if found != holding:
                message = f"{TABLES[holding.kind]}: {found.count} held, {holding.count} expected"
                raise DriftError(message)

    def holdings(self) -> list[frames.Holding]:
        """Return what is held of each kind, as counted when the last sync was applied."""
        return [self._verified.get(kind) or self.holding(kind) for kind in TABLES]

    def holding(self, kind: types.RecordKind) -> frames.Holding:
        """Count and sum up what is held of one kind: a million products take seconds."""
        query = f"SELECT id, version FROM {TABLES[kind]}"  # noqa: S608
        count, total = _sum(self._conn.execute(query))
        return frames.Holding(kind=kind, count=count, checksum=total)


def _seconds_to(checkpoint: frames.Checkpoint, hello: frames.Hello) -> int | None:
    """Return when time alone changes the promotions, as a wait: both ends by one clock."""
    if not checkpoint.HasField("next_boundary_at"):
        return None
    return max(0, checkpoint.next_boundary_at.seconds - hello.as_of.seconds)


def unpacked(batch: frames.Batch) -> frames.Batch:
    """Return a batch with its records in its lists, however they came."""
    if not batch.packed:
        return batch
    if batch.codec != frames.CODEC_GZIP:
        message = f"codec {batch.codec} was not asked for"
        raise ValueError(message)
    lists = frames.Batch.FromString(gzip.decompress(batch.packed))
    lists.kind = batch.kind
    return lists


def _sum(rows: Iterable[tuple[str, int]]) -> tuple[int, int]:
    count = total = 0
    for record_id, version in rows:
        count += 1
        total += int.from_bytes(sha256(f"{record_id}:{version}".encode()).digest()[:8])
    return count, total % 2**64
