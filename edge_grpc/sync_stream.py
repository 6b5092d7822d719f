"""Sends a sync: pages without a lock, closed by one look at a single instant.

Pages are read one by one, each on a connection that is given back before its batch is sent, so a
slow edge holds nothing. What others publish meanwhile may or may not be in a page; therefore the
end is read in one snapshot of the database: what was published since the stream's target, and the
holdings that follow from it. With it the edge is exactly at the version of that snapshot.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

import msgspec

from edge_grpc import batches, metrics, selector, sync_products
from edge_grpc.chunk_builder import pack
from edge_grpc.chunk_store import ChunkStore
from edge_grpc.cursor import Cursor, CursorSeal, Progress
from edge_grpc.database import Database
from edge_grpc.drain import Drain
from edge_grpc.queries import Connection, rows
from edge_grpc.selector import (
    FIRST_PROMOTION,
    KINDS,
    NIL,
    Holding,
    Kind,
    PromotionKey,
    Record,
    Removal,
    Since,
)
from edge_grpc.sync_plan import Plan
from edge_grpc.v1 import sync_frames_pb2 as frames

_PAGE = 1000
_WORTH_PACKING = 512
_SENT = {kind: metrics.RECORDS_SENT.labels(kind, "upsert") for kind in KINDS}
_BYTES_RAW, _BYTES_SENT = (metrics.BATCH_BYTES.labels(form) for form in ("raw", "sent"))


@dataclass(slots=True)
class Tally:
    """What a stream has sent."""

    records: int = 0
    removals: int = 0
    bytes: int = 0

    def add(self, kind: Kind, records: int, size: int, *, packed: bytes = b"") -> None:
        """Count a batch of so many records and bytes; gzip ends with the size of what is in it."""
        self.records += records
        self.bytes += size
        raw = size - len(packed) + int.from_bytes(packed[-4:], "little") if packed else size
        _SENT[kind].inc(records)
        _BYTES_RAW.inc(raw)
        _BYTES_SENT.inc(size)


class SyncStream:
    """One stream's frames, as wire bytes."""

    def __init__(
        self,
        database: Database,
        chunks: ChunkStore,
        seal: CursorSeal,
        drain: Drain,
        plan: Plan,
    ) -> None:
        self._database = database
        self._chunks = chunks
        self._seal = seal
        self._drain = drain
        self._plan = plan
        self._since = plan.since
        self._target = plan.target
        self._cut: Cursor | None = None  # where a full page of promotions ended
        self.tally = Tally()

    async def frames(self) -> AsyncIterator[bytes]:
        """Yield a hello, batches, removals and a checkpoint."""
        place = self._plan.progress
        if self._since is not None and place is None:
            whole = await self._at_once(self._since)
            if whole is not None:
                for frame in whole:
                    yield frame
                return
        yield self._hello()
        while True:
            async for frame in self._records(place):
                yield frame
                self._drain.check()
            if self._cut:
                yield self._checkpoint_of_page()
                return
            async for frame in self._removals(place):
                yield frame
                self._drain.check()
            closing = await self._close()
            if closing is not None:
                for frame in closing:
                    yield frame
                return
            place = None  # too much was published meanwhile: go through it as changes

    def _hello(self) -> bytes:
        scope, plan = self._plan.scope, self._plan
        snapshot = plan.since is None and plan.progress is None
        message = frames.Hello(
            epoch=str(self._target.epoch),
            version=self._target.version,
            mode=frames.SYNC_MODE_SNAPSHOT if snapshot else frames.SYNC_MODE_CHANGES,
            reason=plan.reason,
            timezone=scope.timezone,
            currency_code=scope.currency,
            settings=frames.EdgeSettings(
                max_promotions_per_sync=scope.max_promotions_per_sync,
                sync_interval_hours=scope.sync_interval_hours,
                auto_sync_enabled=scope.auto_sync_enabled,
                enable_compression=scope.enable_compression,
            ),
        )
        message.as_of.FromDatetime(max(self._target.as_of, plan.clock))
        return batches.hello(message)

    async def _records(self, place: Progress | None) -> AsyncGenerator[bytes]:
        if place is not None and place.removals:
            return
        kinds = self._plan.wanted.kinds
        first = kinds.index(_kind(place)) if place else 0
        for kind in kinds[first:]:
            snapshot = self._since is None
            if kind == "product" and snapshot and sync_products.fits(self._plan, place):
                async for frame in self._chunked(place):
                    yield frame
                continue
            after = _key(kind, place) if place and place.kind == kind else None
            while records := await self._page(kind, after):
                for run in batches.split(records):
                    yield self._batch(kind, run)
                after = records[-1].key
                if kind == "promotion" and len(records) >= self._plan.scope.max_promotions_per_sync:
                    if await self._page(kind, after, size=1):
                        self._cut = self._at(kind, after)
                        return
                    break
                if len(records) < _PAGE:
                    break

    async def _page(
        self, kind: Kind, after: PromotionKey | UUID | None, size: int | None = None
    ) -> list[Record]:
        async with self._database.connection() as conn:
            return await self._select(conn, kind, after, size)

    async def _select(
        self, conn: Connection, kind: Kind, after: PromotionKey | UUID | None, size: int | None
    ) -> list[Record]:
        scope, filters = self._plan.scope, self._plan.wanted.filters
        if kind == "promotion":
            return await selector.list_promotions(
                conn,
                scope,
                filters,
                as_of=self._target.as_of,
                since=self._since,
                after=after if isinstance(after, PromotionKey) else FIRST_PROMOTION,
                page=size,
            )
        select = selector.list_categories if kind == "category" else selector.list_products
        start = after if isinstance(after, UUID) else NIL
        return await select(
            conn, scope, filters, since=self._since, after=start, page=size or _PAGE
        )

    async def _chunked(self, place: Progress | None) -> AsyncGenerator[bytes]:
        products = sync_products.ProductRuns(self._database, self._chunks, self._plan)
        async for runs in products.runs(place):
            for run in runs:
                yield self._framed(
                    "product", run.pieces, run.records, run.place, is_packed=run.is_packed
                )

    def _batch(self, kind: Kind, records: Sequence[Record]) -> bytes:
        masks = self._plan.wanted.masks
        body = batches.listed(kind, [masks.apply(kind, record.body) for record in records])
        return self._framed(kind, (body,), len(records), self._place(kind, records[-1].key))

    def _framed(
        self,
        kind: Kind,
        pieces: Sequence[bytes],
        records: int,
        place: Progress,
        *,
        is_packed: bool = False,
    ) -> bytes:
        """Return a batch that says where to go on after it."""
        if not is_packed and self._plan.packs and sum(map(len, pieces)) >= _WORTH_PACKING:
            pieces, is_packed = (pack(b"".join(pieces)),), True
        token = self._seal.seal(self._target.at(place))
        frame = batches.batch(kind, pieces, token, packed=records if is_packed else 0)
        self.tally.add(kind, records, len(frame), packed=pieces[0] if is_packed else b"")
        return frame

    async def _removals(self, place: Progress | None) -> AsyncGenerator[bytes]:
        if self._since is None:
            return
        kinds = self._plan.wanted.kinds[::-1]
        resumed = place is not None and place.removals
        first = kinds.index(cast("Kind", place.kind)) if place and resumed else 0
        for kind in kinds[first:]:
            after = UUID(str(place.after[0])) if place and resumed and place.kind == kind else NIL
            while True:
                async with self._database.connection() as conn:
                    gone = await self._select_removed(conn, kind, self._since, after)
                if gone:
                    after = gone[-1].record_id
                    yield self._removed(kind, gone, self._at(kind, after, removals=True))
                if len(gone) < _PAGE:
                    break

    async def _select_removed(
        self, conn: Connection, kind: Kind, since: Since, after: UUID = NIL
    ) -> list[Removal]:
        return await selector.list_removals(
            conn,
            self._plan.scope,
            self._plan.wanted.filters,
            kind,
            as_of=self._target.as_of,
            since=since,
            after=after,
            page=_PAGE,
        )

    def _removed(self, kind: Kind, gone: Sequence[Removal], place: Cursor) -> bytes:
        message = frames.Removals(resume_token=self._seal.seal(place))
        for removal in gone:
            message.removals.add(
                kind=batches.KIND_NUMBERS[kind],
                id=str(removal.record_id),
                reason=frames.RemovalReason.Value(f"REMOVAL_REASON_{removal.reason.upper()}"),
                version=removal.version,
            )
        self.tally.removals += len(gone)
        metrics.RECORDS_SENT.labels(kind, "removal").inc(len(gone))
        return batches.removals(message)

    async def _at_once(self, since: Since) -> list[bytes] | None:
        """Return all frames of a sync of few changes, from one look; None when they are many."""
        async with self._database.transaction(isolation="repeatable_read") as conn:
            version, changed = await selector.get_changed_kinds(
                conn, self._plan.scope, as_of=self._target.as_of, since=since
            )
            self._target = msgspec.structs.replace(self._target, version=version)
            promotions = self._plan.scope.max_promotions_per_sync
            kinds: list[Kind] = [kind for kind in self._plan.wanted.kinds if kind in changed]
            changes = await self._changes(conn, since, kinds, promotions=promotions)
            if changes is None:
                return None
            last = self._plan.last
            same = {} if last is None else {k: v for k, v in last.held.items() if k not in kinds}
            return [self._hello(), *changes, await self._checkpoint(conn, same)]

    async def _published(self, conn: Connection) -> int:
        company_id = self._target.company_id
        found = await rows(conn, "edge/get_published_version.sql", company_id=company_id)
        return found[0]["version"] or self._target.version

    async def _close(self) -> list[bytes] | None:
        """Return what leads to one instant, and its checkpoint; None when that is too much."""
        async with self._database.transaction(isolation="repeatable_read") as conn:
            version = await self._published(conn)
            closing: list[bytes] = []
            as_of = max(self._plan.clock, self._target.as_of)
            if version != self._target.version or await self._time_has_passed(conn, as_of):
                since = Since(self._target.version, self._target.as_of)
                self._since = since
                self._target = msgspec.structs.replace(self._target, version=version, as_of=as_of)
                changes = await self._changes(conn, since, self._plan.wanted.kinds)
                if changes is None:
                    return None
                closing = changes
            return [*closing, await self._checkpoint(conn)]

    async def _time_has_passed(self, conn: Connection, now: datetime) -> bool:
        """Tell whether promotions came or went since a stream began that is resumed only now."""
        if now == self._target.as_of:
            return False
        scope, filters = self._plan.scope, self._plan.wanted.filters
        boundary = await selector.get_next_boundary(conn, scope, filters, as_of=self._target.as_of)
        return boundary is not None and boundary <= now

    async def _changes(
        self, conn: Connection, since: Since, kinds: Sequence[Kind], *, promotions: int = _PAGE
    ) -> list[bytes] | None:
        """Return all that has changed, or None when any list of it reaches its limit."""
        changed: list[tuple[Kind, list[Record]]] = []
        removed: list[tuple[Kind, list[Removal]]] = []
        for kind in kinds:
            most = promotions if kind == "promotion" else _PAGE
            found = await self._select(conn, kind, None, most)
            gone = await self._select_removed(conn, kind, since)
            if len(found) >= most or len(gone) >= _PAGE:
                return None
            changed.append((kind, found))
            removed.append((kind, gone))
        sent = [self._batch(kind, run) for kind, found in changed for run in batches.split(found)]
        left = [
            self._removed(kind, gone, self._at(kind, gone[-1].record_id, removals=True))
            for kind, gone in removed[::-1]
            if gone
        ]
        return [*sent, *left]

    async def _checkpoint(
        self, conn: Connection, same: Mapping[str, tuple[int, int]] | None = None
    ) -> bytes:
        """Return the last frame; of kinds that are the `same` as before nothing is asked."""
        plan, as_of, same = self._plan, self._target.as_of, same or {}
        scope, want = plan.scope, plan.wanted
        if "promotion" in same and plan.last:
            boundary = plan.last.boundary
        else:
            boundary = await selector.get_next_boundary(conn, scope, want.filters, as_of=as_of)
        kinds: list[Kind] = [kind for kind in want.kinds if kind not in same]
        held: dict[Kind, Holding] = {
            kind: Holding(*same[kind]) for kind in want.kinds if kind in same
        }
        if kinds:
            held |= await selector.get_holdings(conn, scope, want.filters, as_of=as_of, kinds=kinds)
        told = {kind: (holding.count, holding.checksum) for kind, holding in held.items()}
        message = frames.Checkpoint(
            cursor=self._seal.seal(
                msgspec.structs.replace(self._target, boundary=boundary, held=told)
            )
        )
        for kind, holding in held.items():
            message.holdings.add(
                kind=batches.KIND_NUMBERS[kind], count=holding.count, checksum=holding.checksum
            )
        if boundary:
            message.next_boundary_at.FromDatetime(boundary)
        mode = "snapshot" if plan.since is None else "changes"
        metrics.SYNCS.labels(mode, frames.SnapshotReason.Name(plan.reason)).inc()
        return batches.checkpoint(message)

    def _checkpoint_of_page(self) -> bytes:
        cursor = self._seal.seal(self._cut) if self._cut else ""
        return batches.checkpoint(frames.Checkpoint(cursor=cursor, has_more=True))

    def _at(self, kind: Kind, key: PromotionKey | UUID, *, removals: bool = False) -> Cursor:
        return self._target.at(self._place(kind, key, removals=removals))

    def _place(self, kind: Kind, key: PromotionKey | UUID, *, removals: bool = False) -> Progress:
        after = (
            (key.execution_priority, key.priority, key.promotion_id.hex)
            if isinstance(key, PromotionKey)
            else (key.hex,)
        )
        since = self._since
        return Progress(
            since.version if since else None,
            since.as_of if since else None,
            kind,
            after,
            removals,
        )


def _kind(place: Progress) -> Kind:
    products = {sync_products.CHUNKS, sync_products.OVERLAYS}
    return "product" if place.kind in products else cast("Kind", place.kind)


def _key(kind: Kind, place: Progress) -> PromotionKey | UUID:
    if kind != "promotion":
        return UUID(str(place.after[0]))
    execution, priority, record_id = place.after
    return PromotionKey(int(execution), int(priority), UUID(str(record_id)))
