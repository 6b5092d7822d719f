"""Sync and its parts, and ReportSync."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import grpc

from edge_grpc import batches, selector
from edge_grpc.auth import caller, require_tenant
from edge_grpc.chunk_store import ChunkStore
from edge_grpc.cursor import Cursor, CursorSeal, invalid_cursor
from edge_grpc.database import Database
from edge_grpc.drain import Drain
from edge_grpc.errors import (
    InvalidArgumentError,
    InvalidFieldError,
    NotFoundError,
    UnauthenticatedError,
)
from edge_grpc.interceptors import note
from edge_grpc.queries import rows
from edge_grpc.selector import KINDS, Kind
from edge_grpc.status import Context
from edge_grpc.sync_plan import DEFAULT, Request, plan, wanted
from edge_grpc.sync_stream import SyncStream
from edge_grpc.tenants import find_tenant
from edge_grpc.v1 import sync_frames_pb2 as frames
from edge_grpc.v1 import sync_pb2 as sync

_MOST_REFUSED = 100
Frames = AsyncIterator[Any]


class SyncServicer:
    """The calls that bring data to stores."""

    def __init__(
        self, database: Database, chunks: ChunkStore, seal: CursorSeal, drain: Drain
    ) -> None:
        self._database = database
        self._chunks = chunks
        self._seal = seal
        self._drain = drain

    def Sync(self, request: sync.SyncRequest, context: Context) -> Frames:  # noqa: N802
        return self._stream("Sync", KINDS, request, context)

    def SyncCategories(  # noqa: N802
        self, request: sync.SyncCategoriesRequest, context: Context
    ) -> Frames:
        return self._stream("SyncCategories", ("category",), request, context)

    def SyncProducts(  # noqa: N802
        self, request: sync.SyncProductsRequest, context: Context
    ) -> Frames:
        return self._stream("SyncProducts", ("product",), request, context)

    def SyncPromotions(  # noqa: N802
        self, request: sync.SyncPromotionsRequest, context: Context
    ) -> Frames:
        return self._stream("SyncPromotions", ("promotion",), request, context)

    async def _stream(
        self, call: str, kinds: Sequence[Kind], request: Request, context: Context
    ) -> AsyncIterator[bytes]:
        optional = call == "SyncCategories" and not request.store_id
        principal = require_tenant(request.company_id, None if optional else request.store_id)
        if call == "SyncProducts" and not request.brand_id:
            reason = "MISSING_BRAND_ID"
            raise InvalidArgumentError(reason, "brand_id is required.")
        want = wanted(call, kinds, request)
        try:
            async with self._database.connection() as conn:
                planned = await plan(conn, self._seal, principal, request, want)
        except NotFoundError:
            await find_tenant(self._database, principal)  # says what it is that is not there
            raise
        # Batches are packed once a change; gRPC's own compression would do it again per stream.
        context.set_compression(grpc.Compression.NoCompression)
        stream = SyncStream(self._database, self._chunks, self._seal, self._drain, planned)
        async for frame in stream.frames():
            yield frame
            tally = stream.tally
            note(records=tally.records, removals=tally.removals, bytes=tally.bytes)
            if caller.get().expired(datetime.now(UTC)):
                raise UnauthenticatedError

    async def ReportSync(  # noqa: N802
        self, request: sync.ReportSyncRequest, _context: Context
    ) -> sync.ReportSyncResponse:
        principal = require_tenant(request.company_id, request.store_id)
        cursor = self._seal.open(request.cursor)
        if not cursor.belongs_to(principal.company_id, principal.store_id):
            raise invalid_cursor()
        note(refused=len(request.refused))
        if len(request.refused) > _MOST_REFUSED:
            message = f"refused holds more than {_MOST_REFUSED} records."
            raise InvalidFieldError(message)
        expected = await self._expected(cursor)
        held = {holding.kind: holding for holding in request.holdings}
        drifted = expected is not None and any(
            held.get(one.kind, frames.Holding(kind=one.kind)) != one for one in expected
        )
        client_version = _plain(request.client_version)
        async with self._database.transaction() as conn:
            await rows(
                conn,
                "edge_service/save_report.sql",
                client_id=principal.client_id,
                version=cursor.version,
                client_version=client_version,
                drifted=drifted,
            )
            await rows(
                conn,
                "edge_service/save_refused_records.sql",
                store_id=principal.store_id,
                client_version=client_version,
                record_ids=[_plain(one.id) for one in request.refused],
                versions=[one.version for one in request.refused],
                reasons=[_plain(one.reason, 500) for one in request.refused],
            )
        return sync.ReportSyncResponse(reset=drifted, expected=expected if drifted else None)

    async def _expected(self, cursor: Cursor) -> list[frames.Holding] | None:
        """Return what a store at this cursor holds, unless that cannot be told any more."""
        if cursor.progress or not cursor.filters.endswith(DEFAULT.fingerprint):
            return None
        async with self._database.transaction(isolation="repeatable_read") as conn:
            state = await rows(conn, "edge/get_publication_state.sql", company_id=cursor.company_id)
            now = (state[0]["epoch"], state[0]["published_version"]) if state else None
            scope = await selector.load_scope(conn, cursor.company_id, cursor.store_id)
            if (cursor.epoch, cursor.version) != now or scope.fingerprint != cursor.settings:
                return None
            held = await selector.get_holdings(conn, scope, DEFAULT.filters, as_of=cursor.as_of)
        return [
            frames.Holding(kind=batches.KIND_NUMBERS[kind], count=one.count, checksum=one.checksum)
            for kind, one in held.items()
        ]


def _plain(text: str, longest: int = 100) -> str:
    """Return an edge's words as PostgreSQL can keep them."""
    return text.replace("\x00", "")[:longest]
