"""A brand's products in runs that are framed and compressed once, for all stores of the brand.

A chunk holds the active products of one brand in a range of ids, without any store's overlay. A
change makes its chunk dirty, and whoever wants to send a dirty chunk rebuilds it, in a transaction
that holds the brand's lock: what is rebuilt shows at least what was published when the chunk was
marked. So what is read after `list_chunks` is never older than the version that was served then;
it may be newer, as any page of a stream may.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

from edge_grpc.chunk_builder import Built, build
from edge_grpc.chunk_cache import ChunkCache, ChunkKey
from edge_grpc.database import Database
from edge_grpc.queries import Connection, Row, rows
from edge_grpc.selector import NIL

_AT_ONCE = 10  # chunks of one query: the next ones are read while these are sent
_REBUILT_AT_ONCE = 20  # chunks of one transaction
_LOOKED_UP = 20_000  # more changes than this mark every chunk


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk in the list of a brand; it ends where the next one begins."""

    chunk_id: int
    brand_id: UUID
    first_id: UUID
    until_id: UUID | None
    is_dirty: bool
    records: int


class Part(NamedTuple):
    """The records of a batch, framed; `until_id` is where the brand's next ones begin."""

    brand_id: UUID
    until_id: UUID | None
    records: int
    body: bytes


class ChunkStore:
    """Reads the chunks of a company's brands, and rebuilds those in which something changed."""

    def __init__(self, database: Database, *, cache_bytes: int, chunk_records: int) -> None:
        self._database = database
        self._chunk_records = chunk_records
        self._cache = ChunkCache(cache_bytes)
        self._lists: dict[tuple[UUID, UUID], tuple[UUID, int, list[Chunk]]] = {}
        self.readers = 0  # streams that are sending chunks now

    async def list_chunks(
        self, company_id: UUID, epoch: UUID, brand_ids: Sequence[UUID]
    ) -> list[Chunk]:
        """Return the brands' chunks in order; what is published by now is in them or marked."""
        async with self._database.connection() as conn:
            found = await self._scopes(conn, company_id, brand_ids)
            behind = [
                brand
                for brand in brand_ids
                if brand not in found or found[brand]["version"] < found[brand]["published_version"]
            ]
            for brand in behind:
                async with conn.transaction():
                    await _mark(conn, company_id, brand)
            if behind:
                found = await self._scopes(conn, company_id, brand_ids)
            chunks: list[Chunk] = []
            for brand in sorted(found):
                revision = found[brand]["revision"]
                chunks += await self._list(conn, company_id, epoch, brand, revision)
            return chunks

    async def _scopes(
        self, conn: Connection, company_id: UUID, brand_ids: Sequence[UUID]
    ) -> dict[UUID, Row]:
        found = await rows(
            conn, "edge/list_chunk_scopes.sql", company_id=company_id, brand_ids=brand_ids
        )
        return {row["brand_id"]: row for row in found}

    async def _list(
        self, conn: Connection, company_id: UUID, epoch: UUID, brand_id: UUID, revision: int
    ) -> list[Chunk]:
        known = self._lists.get((company_id, brand_id))
        if known and known[:2] == (epoch, revision):
            return known[2]
        found = await rows(conn, "edge/list_chunks.sql", company_id=company_id, brand_id=brand_id)
        chunks = _chunks(brand_id, found)
        self._lists[company_id, brand_id] = (epoch, revision, chunks)
        return chunks

    async def parts(
        self, company_id: UUID, epoch: UUID, chunks: Sequence[Chunk], *, is_packed: bool
    ) -> AsyncGenerator[list[Part]]:
        """Yield what is in the chunks, some at a time, in order; no connection is held between."""
        groups = [chunks[i : i + _AT_ONCE] for i in range(0, len(chunks), _AT_ONCE)]
        reading = self._read(epoch, groups[0], is_packed=is_packed) if groups else None
        self.readers += 1
        try:
            for group, following in pairwise([*groups, ()]):
                bodies = await reading if reading else {}
                reading = self._read(epoch, following, is_packed=is_packed)
                ready: list[Part] = []
                for chunk in group:
                    body = bodies.get(chunk.chunk_id)
                    if body is None:
                        yield ready
                        ready = []
                        async for parts in self._rebuilt(
                            company_id, epoch, chunk, is_packed=is_packed
                        ):
                            yield parts
                    elif chunk.records:
                        ready.append(Part(chunk.brand_id, chunk.until_id, chunk.records, body))
                yield ready
        finally:
            self.readers -= 1
            if reading:
                reading.cancel()

    def _read(
        self, epoch: UUID, chunks: Sequence[Chunk], *, is_packed: bool
    ) -> asyncio.Future[dict[int, bytes]]:
        """Return what is in those of the chunks that are clean and still there; begins at once."""
        bodies: dict[int, bytes] = {}
        missing: list[int] = []
        for chunk in chunks:
            if chunk.is_dirty:  # what is kept of it is what it was
                continue
            body = self._cache.get(ChunkKey(epoch, chunk.chunk_id, is_packed))
            if body is not None:
                bodies[chunk.chunk_id] = body
            else:
                missing.append(chunk.chunk_id)
        if missing:
            return asyncio.ensure_future(self._fetch(epoch, missing, bodies, is_packed=is_packed))
        found = asyncio.get_running_loop().create_future()
        found.set_result(bodies)
        return found

    async def _fetch(
        self, epoch: UUID, missing: list[int], bodies: dict[int, bytes], *, is_packed: bool
    ) -> dict[int, bytes]:
        found = await self._database.rows(
            "edge/read_chunks.sql", chunk_ids=missing, is_packed=is_packed
        )
        for row in found:
            bodies[row["chunk_id"]] = row["body"]
            self._cache.put(ChunkKey(epoch, row["chunk_id"], is_packed), row["body"])
        return bodies

    async def _rebuilt(
        self, company_id: UUID, epoch: UUID, chunk: Chunk, *, is_packed: bool
    ) -> AsyncGenerator[list[Part]]:
        """Yield what is now where a chunk was that is dirty, or was replaced meanwhile."""
        place: UUID | None = chunk.first_id
        while place is not None:
            async with self._database.transaction() as conn:
                place, fresh = await _refresh(
                    conn, company_id, chunk, place, size=self._chunk_records
                )
            parts: list[Part] = []
            for one in fresh:
                body = one.built.packed if is_packed else one.built.body
                self._cache.put(ChunkKey(epoch, one.chunk_id, is_packed), body)
                if one.built.records:
                    parts.append(Part(chunk.brand_id, one.until_id, one.built.records, body))
            yield parts


@dataclass(frozen=True, slots=True)
class _Fresh:
    """A chunk that is clean under its brand's lock."""

    chunk_id: int
    until_id: UUID | None
    built: Built


async def _mark(conn: Connection, company_id: UUID, brand_id: UUID) -> None:
    """Make dirty what has changed since the brand's chunks were last marked."""
    brand = {"company_id": company_id, "brand_id": brand_id}
    await rows(conn, "edge/add_chunk_scope.sql", **brand)
    locked = await rows(conn, "edge/lock_chunk_scope.sql", **brand)
    if locked:
        since = locked[0]["version"]
        await rows(conn, "edge/mark_dirty_chunks.sql", **brand, version=since, most=_LOOKED_UP)


async def _refresh(
    conn: Connection, company_id: UUID, chunk: Chunk, place: UUID, *, size: int
) -> tuple[UUID | None, list[_Fresh]]:
    """Return what now begins a chunk's range at a place, and where the rest of it begins."""
    brand = {"company_id": company_id, "brand_id": chunk.brand_id}
    await rows(conn, "edge/lock_chunk_scope.sql", **brand)
    found = await rows(
        conn,
        "edge/list_chunk_range.sql",
        **brand,
        first_id=place,
        until_id=chunk.until_id,
    )
    if not found:
        return None, []
    row, rest = found[0], found[1]["first_id"] if len(found) > 1 else None
    if not row["is_dirty"]:
        kept = await rows(conn, "edge/get_chunk.sql", chunk_id=row["chunk_id"])
        built = Built(row["first_id"], row["records"], kept[0]["body"], kept[0]["packed"])
        return rest, [_Fresh(row["chunk_id"], row["until_id"], built)]
    return await _rebuild(conn, brand, row, rest, size=size)


async def _rebuild(
    conn: Connection, brand: dict[str, UUID], row: Row, rest: UUID | None, *, size: int
) -> tuple[UUID | None, list[_Fresh]]:
    """Put clean chunks in the place of a dirty one, up to a number of records."""
    records = await rows(
        conn,
        "edge/list_chunk_records.sql",
        **brand,
        first_id=row["first_id"],
        until_id=row["until_id"],
        page=size * _REBUILT_AT_ONCE + 1,
    )
    until: UUID | None = row["until_id"]
    now = records[: size * _REBUILT_AT_ONCE]
    made = await asyncio.to_thread(build, row["first_id"], now, size)
    if not made[0].records and row["first_id"] != NIL:
        made = []  # the chunk before it takes over its range
    await rows(conn, "edge/delete_chunk.sql", chunk_id=row["chunk_id"])
    if len(records) > len(now):
        rest = until = UUID(str(records[-1]["product_id"]))
        await _add(conn, brand, [Built(until, 0, b"", b"")], is_dirty=True)
    chunk_ids = await _add(conn, brand, made, is_dirty=False)
    ends = [*(one.first_id for one in made[1:]), until]
    return rest, [_Fresh(*fresh) for fresh in zip(chunk_ids, ends, made, strict=False)]


async def _add(
    conn: Connection, brand: dict[str, UUID], made: Sequence[Built], *, is_dirty: bool
) -> list[int]:
    added = await rows(
        conn,
        "edge/add_chunks.sql",
        **brand,
        first_ids=[one.first_id for one in made],
        dirty=[is_dirty for _ in made],
        records=[one.records for one in made],
        bodies=[one.body for one in made],
        packed=[one.packed for one in made],
    )
    return [row["chunk_id"] for row in added]


def _chunks(brand_id: UUID, found: Sequence[Row]) -> list[Chunk]:
    ends = [*(row["first_id"] for row in found[1:]), None]
    return [
        Chunk(row["chunk_id"], brand_id, row["first_id"], end, row["is_dirty"], row["records"])
        for row, end in zip(found, ends, strict=True)
    ]
