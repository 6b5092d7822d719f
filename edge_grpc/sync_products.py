"""The products of a snapshot: chunks of the store's brands, then what the store has of its own.

A chunk is the same for all stores of its brand. Products with an overlay are therefore sent a
second time, with it, at the same or a higher version: the contract has the later record win.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from edge_grpc import batches, selector
from edge_grpc.chunk_store import Chunk, ChunkStore, Part
from edge_grpc.cursor import Progress
from edge_grpc.database import Database
from edge_grpc.queries import Row
from edge_grpc.selector import NIL
from edge_grpc.sync_plan import Plan

CHUNKS, OVERLAYS = "product_chunk", "product_overlay"
_PAGE, _STEP = 5000, 500  # nothing else is done while the records of a step are put together
_SHARED_PAGE, _SHARED_STEP = 500, 100  # where several streams are sent at once


class Run(NamedTuple):
    """Records of a batch, framed and perhaps packed already, and where a cut stream goes on."""

    records: int
    pieces: Sequence[bytes]
    is_packed: bool
    place: Progress


class _Page(NamedTuple):
    """Products with the store's own prices; a full page is followed by another."""

    rows: Sequence[Row]
    is_full: bool


def fits(plan: Plan, place: Progress | None) -> bool:
    """Tell whether chunks hold what a snapshot wants that did not begin its products otherwise."""
    if place is not None and place.kind == "product":
        return False
    return not plan.wanted.filters.include_inactive and not plan.wanted.masks.narrow("product")


class ProductRuns:
    """The products of one stream."""

    def __init__(self, database: Database, chunks: ChunkStore, plan: Plan) -> None:
        self._database = database
        self._chunks = chunks
        self._plan = plan

    async def runs(self, place: Progress | None) -> AsyncGenerator[Iterable[Run]]:
        """Yield all of them, some at a time, or the rest from a place on.

        The store's own are read while the chunks are sent. A chunk that is newer than they are
        was published after the stream's target: its products are sent again at the end.
        """
        after = UUID(str(place.after[0])) if place and place.kind == OVERLAYS else NIL
        reading: asyncio.Task[_Page] | None = asyncio.create_task(self._page(after))
        try:
            if place is None or place.kind != OVERLAYS:
                start = place if place and place.kind == CHUNKS else None
                async for runs in self._of_brands(start):
                    yield runs
            while reading:
                page, reading = await reading, None
                if page.is_full:
                    reading = asyncio.create_task(self._page(page.rows[-1]["record_id"]))
                yield _listed(page.rows, _SHARED_STEP if self._is_shared else _STEP)
        finally:
            if reading:
                reading.cancel()

    async def _of_brands(self, place: Progress | None) -> AsyncGenerator[Iterable[Run]]:
        plan = self._plan
        company, epoch = plan.scope.company_id, plan.target.epoch
        brands = selector.brands(plan.scope, plan.wanted.filters)
        chunks = await self._chunks.list_chunks(company, epoch, brands)
        rest = _rest(chunks, place) if place else chunks
        async for parts in self._chunks.parts(company, epoch, rest, is_packed=plan.packs):
            if plan.packs:
                yield _packed(parts)
            else:
                yield _joined(parts, at_most=1 if self._is_shared else len(parts))

    @property
    def _is_shared(self) -> bool:
        """Tell whether several streams are sent: other calls wait less beside smaller steps."""
        return self._chunks.readers > 1

    async def _page(self, after: UUID) -> _Page:
        scope, filters = self._plan.scope, self._plan.wanted.filters
        size = _SHARED_PAGE if self._is_shared else _PAGE
        async with self._database.connection() as conn:
            found = await selector.read_overlaid_products(
                conn, scope, filters, after=after, page=size
            )
        return _Page(found, len(found) == size)


def _packed(parts: Iterable[Part]) -> Iterator[Run]:
    """Make each part a batch: what is compressed by itself is sent by itself."""
    for part in parts:
        yield Run(part.records, (part.body,), True, _after(part))  # noqa: FBT003


def _joined(parts: Iterable[Part], *, at_most: int) -> Iterator[Run]:
    """Put parts together as far as a batch holds them: a frame costs more than its records."""
    some: list[Part] = []
    records = size = 0
    for part in parts:
        records, size = records + part.records, size + len(part.body)
        full = records > batches.MAX_RECORDS or size > batches.MAX_BYTES
        if some and (full or len(some) == at_most):
            yield _run(some)
            some, records, size = [], part.records, len(part.body)
        some.append(part)
    if some:
        yield _run(some)


def _run(parts: Sequence[Part]) -> Run:
    records = sum(part.records for part in parts)
    return Run(records, [part.body for part in parts], False, _after(parts[-1]))  # noqa: FBT003


def _after(part: Part) -> Progress:
    until = part.until_id.hex if part.until_id else ""
    return Progress(None, None, CHUNKS, (part.brand_id.hex, until))


def _listed(found: Sequence[Row], step: int) -> Iterator[Run]:
    for start in range(0, len(found), step):
        for run in batches.split([selector.record(row) for row in found[start : start + step]]):
            place = Progress(None, None, OVERLAYS, (run[-1].record_id.hex,))
            body = batches.listed("product", [record.body for record in run])
            yield Run(len(run), (body,), False, place)  # noqa: FBT003


def _rest(chunks: Sequence[Chunk], place: Progress) -> Sequence[Chunk]:
    """Return the chunks from a place on; they may have been cut anew since it was told."""
    brand, start = (str(part) for part in place.after)
    at = UUID(brand)
    return [
        chunk
        for chunk in chunks
        if chunk.brand_id > at
        or (
            chunk.brand_id == at
            and start
            and (chunk.until_id is None or chunk.until_id > UUID(start))
        )
    ]
