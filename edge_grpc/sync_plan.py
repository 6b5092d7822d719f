"""What a sync request asks for, and from where on: a snapshot, changes, or the rest of a stream."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from edge_grpc.batches import Masks
from edge_grpc.compile_store import Publication, publish
from edge_grpc.cursor import Cursor, CursorSeal, Progress, fingerprint, invalid_cursor
from edge_grpc.errors import CursorTooOldError, InvalidArgumentError, InvalidFieldError
from edge_grpc.queries import Connection, rows
from edge_grpc.selector import (
    KINDS,
    Filters,
    Kind,
    Since,
    StoreScope,
    find_version_at,
    has_scope_changed,
    load_scope,
)
from edge_grpc.tokens import Principal
from edge_grpc.v1 import sync_frames_pb2 as frames
from edge_grpc.v1 import sync_pb2 as sync

Request = (
    sync.SyncRequest
    | sync.SyncCategoriesRequest
    | sync.SyncProductsRequest
    | sync.SyncPromotionsRequest
)
REASONS = frames.SnapshotReason


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request's filter, checked."""

    call: str
    kinds: Sequence[Kind]
    filters: Filters
    masks: Masks
    reads_gzip: bool = False

    @property
    def fingerprint(self) -> str:
        filters = self.filters
        return fingerprint(self.call, filters.brand_id, filters.include_inactive, self.masks)


@dataclass(frozen=True, slots=True)
class Plan:
    """A stream to send: to `target`, from `since` (None: a snapshot) or from `progress`."""

    scope: StoreScope
    wanted: Wanted
    target: Cursor
    since: Since | None
    reason: frames.SnapshotReason
    clock: datetime
    progress: Progress | None = None
    last: Cursor | None = None  # the checkpoint that the edge stands at

    @property
    def packs(self) -> bool:
        """Whether batches are compressed: the company wants it and the edge reads it."""
        return self.scope.enable_compression and self.wanted.reads_gzip


def wanted(call: str, kinds: Sequence[Kind], request: Request) -> Wanted:
    """Check what a request wants."""
    brand = None
    if request.brand_id:
        try:
            brand = UUID(request.brand_id)
        except ValueError:
            message = "brand_id is not a UUID."
            raise InvalidFieldError(message) from None
    inactive = {
        frames.ACTIVITY_UNSPECIFIED: None,
        frames.ACTIVITY_ACTIVE_ONLY: False,
        frames.ACTIVITY_ALL: True,
    }
    if request.filter.activity not in inactive:
        message = "filter.activity is none of its values."
        raise InvalidFieldError(message)
    filters = Filters(brand, inactive[request.filter.activity])
    reads_gzip = frames.CODEC_GZIP in request.codecs
    return Wanted(call, kinds, filters, Masks(request.filter), reads_gzip)


DEFAULT = Wanted("Sync", KINDS, Filters(), Masks(frames.SyncFilter()))


async def plan(
    conn: Connection, seal: CursorSeal, principal: Principal, request: Request, want: Wanted
) -> Plan:
    """Publish what is new and decide what to send; CURSOR_TOO_OLD when only a snapshot can help."""
    cursor = seal.open(request.cursor) if request.cursor else None
    if cursor and not cursor.belongs_to(principal.company_id, principal.store_id):
        raise invalid_cursor()
    if cursor and cursor.filters.partition(".")[0] != _call(want):
        raise invalid_cursor()
    since_instant = None if cursor else _instant(request.updated_since)
    # First, so that nothing is published for a company or a store that is closed.
    scope = await load_scope(conn, principal.company_id, principal.store_id)
    published = await publish(conn, principal.company_id)
    now = published.read_at
    target = Cursor(
        epoch=published.epoch,
        company_id=principal.company_id,
        store_id=principal.store_id,
        filters=f"{_call(want)}.{want.fingerprint}",
        settings=scope.fingerprint,
        version=published.version,
        as_of=max(now, cursor.as_of) if cursor else now,
    )
    if cursor:
        return _continued(cursor, Plan(scope, want, target, None, _none(), now), published)
    if since_instant:
        instant = min(since_instant, now)
        version = await find_version_at(conn, principal.company_id, instant)
        if await has_scope_changed(conn, principal.store_id, version):
            return Plan(scope, want, target, None, REASONS.SNAPSHOT_REASON_SCOPE_CHANGED, now)
        if version >= published.floor_version:
            return Plan(scope, want, target, Since(version, instant), _none(), now)
    drifted = await rows(conn, "edge_service/find_drift.sql", client_id=principal.client_id)
    drift = bool(drifted) and want.call == "Sync"
    reason = REASONS.SNAPSHOT_REASON_DRIFT if drift else REASONS.SNAPSHOT_REASON_FIRST_SYNC
    return Plan(scope, want, target, None, reason, now)


def _continued(cursor: Cursor, fresh: Plan, published: Publication) -> Plan:
    """Go on from a cursor, or say why a snapshot has to follow."""
    target = fresh.target
    if cursor.epoch != target.epoch or cursor.version > target.version:
        return replace(fresh, reason=REASONS.SNAPSHOT_REASON_EPOCH_CHANGED)
    if (cursor.filters, cursor.settings) != (target.filters, target.settings):
        return replace(fresh, reason=REASONS.SNAPSHOT_REASON_SCOPE_CHANGED)
    progress = cursor.progress
    if progress is None:
        _check_floor(cursor.version, published)
        return replace(fresh, since=Since(cursor.version, cursor.as_of), last=cursor)
    since = None
    if progress.since_version is not None and progress.since_as_of is not None:
        _check_floor(progress.since_version, published)
        since = Since(progress.since_version, progress.since_as_of)
    _check_floor(cursor.version, published)
    rest = msgspec.structs.replace(cursor, progress=None)
    return replace(fresh, target=rest, since=since, progress=progress)


def _check_floor(version: int, published: Publication) -> None:
    if version < published.floor_version:
        raise CursorTooOldError


def _call(want: Wanted) -> str:
    return fingerprint(want.call)


def _none() -> frames.SnapshotReason:
    return REASONS.SNAPSHOT_REASON_UNSPECIFIED


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    with suppress(ValueError, OverflowError):  # the latter where UTC is before the year 1
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is not None and "T" in text.upper():
            return instant.astimezone(UTC)
    reason = "INVALID_DATE_FORMAT"
    raise InvalidArgumentError(reason, "updated_since is not RFC 3339 with an offset.")
