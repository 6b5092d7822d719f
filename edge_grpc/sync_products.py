"""The products of a snapshot: chunks of the store's brands, then what the store has of its own.

A chunk is the same for all stores of its brand. Products with an overlay are therefore sent a
second time, with it, at the same or a higher version: the contract has the later record win.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from uuid import UUID

from edge_grpc import batches, selector
from edge_grpc.chunk_store import Chunk, ChunkStore
from edge_grpc.cursor import Progress
from edge_grpc.database import Database
from edge_grpc.selector import NIL
from edge_grpc.sync_plan import Plan

CHUNKS, OVERLAYS = "product_chunk", "product_overlay"
_PAGE = 5000


@dataclass(frozen=True, slots=True)
class Run:
    """Records of a batch, framed and perhaps packed already, and where a cut stream goes on."""

    records: int
    body: bytes
    is_packed: bool
    place: Progress


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

    async def runs(self, place: Progress | None) -> AsyncGenerator[Run]:
        """Yield all of them, or the rest from a place on."""
        if place is None or place.kind != OVERLAYS:
            async for run in self._of_brands(place if place and place.kind == CHUNKS else None):
                yield run
        after = UUID(str(place.after[0])) if place and place.kind == OVERLAYS else NIL
        async for run in self._of_store(after):
            yield run

    async def _of_brands(self, place: Progress | None) -> AsyncGenerator[Run]:
        plan = self._plan
        company, epoch = plan.scope.company_id, plan.target.epoch
        brands = selector.brands(plan.scope, plan.wanted.filters)
        chunks = await self._chunks.list_chunks(company, epoch, brands)
        rest = _rest(chunks, place) if place else chunks
        async for part in self._chunks.parts(company, epoch, rest, is_packed=plan.packs):
            after = (part.brand_id.hex, part.until_id.hex if part.until_id else "")
            yield Run(part.records, part.body, plan.packs, Progress(None, None, CHUNKS, after))

    async def _of_store(self, after: UUID) -> AsyncGenerator[Run]:
        scope, filters = self._plan.scope, self._plan.wanted.filters
        while True:
            async with self._database.connection() as conn:
                found = await selector.list_overlaid_products(
                    conn, scope, filters, after=after, page=_PAGE
                )
            for run in batches.split(found):
                after = run[-1].record_id
                body = batches.listed("product", [record.body for record in run])
                yield Run(len(run), body, False, Progress(None, None, OVERLAYS, (after.hex,)))  # noqa: FBT003
            if len(found) < _PAGE:
                return


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
