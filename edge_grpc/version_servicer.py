"""GetVersion and WatchVersion: whether there is something new, asked or told."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

from edge_grpc.auth import caller, require_tenant
from edge_grpc.cursor import CursorSeal, invalid_cursor
from edge_grpc.drain import Drain
from edge_grpc.errors import NotFoundError, UnauthenticatedError, UnavailableError
from edge_grpc.settings import Settings
from edge_grpc.status import Context
from edge_grpc.v1 import sync_pb2 as sync
from edge_grpc.versions import Version, VersionFeed

_HOUR = 3600


@lru_cache(maxsize=10_000)
def _facts(version: Version) -> bytes:
    """Return what is the same in all answers about a version, as wire bytes."""
    answer = sync.GetVersionResponse(epoch=str(version.epoch), version=version.number)
    if version.changed_at:
        answer.changed_at.FromDatetime(version.changed_at)
    return answer.SerializeToString()


@lru_cache(maxsize=10_000)
def _news(version: Version) -> bytes:
    """Return what all watches are told of a version: thousands are told at the same instant."""
    answer = sync.WatchVersionResponse(epoch=str(version.epoch), version=version.number)
    if version.changed_at:
        answer.changed_at.FromDatetime(version.changed_at)
    return answer.SerializeToString()


class VersionServicer:
    """The calls about versions."""

    def __init__(
        self,
        settings: Settings,
        feed: VersionFeed,
        drain: Drain,
        seal: CursorSeal,
    ) -> None:
        self._settings = settings
        self._feed = feed
        self._drain = drain
        self._seal = seal

    async def GetVersion(  # noqa: N802 - named by the contract
        self, request: sync.GetVersionRequest, _context: Context
    ) -> bytes:
        store_id = request.store_id if request.store_id or request.cursor else None
        company = require_tenant(request.company_id, store_id).company_id
        version = await self._read(company)
        answer = sync.GetVersionResponse()
        now = datetime.now(UTC)
        if version.sync_interval_hours is not None:
            hour = int(now.timestamp()) + version.sync_interval_hours * _HOUR
            answer.next_sync_at.seconds = hour
        if request.cursor:
            answer.changed = self._changed(request.cursor, version, now)
        return _facts(version) + answer.SerializeToString()

    def _changed(self, sealed: str, version: Version, now: datetime) -> bool:
        """Tell whether a sync would bring anything, from the cursor alone."""
        cursor = self._seal.open(sealed)
        if not cursor.belongs_to(caller.get().company_id, caller.get().store_id):
            raise invalid_cursor()
        return (
            cursor.progress is not None
            or (cursor.epoch, cursor.version) != (version.epoch, version.number)
            or (cursor.boundary is not None and now >= cursor.boundary)
        )

    async def _read(self, company_id: UUID) -> Version:
        version = await self._feed.read(company_id)
        if version is None:
            reason = "COMPANY_NOT_FOUND"
            raise NotFoundError(reason, "There is no such company.")
        return version

    async def WatchVersion(  # noqa: N802
        self, request: sync.WatchVersionRequest, _context: Context
    ) -> AsyncIterator[bytes]:
        """Yield the current version, then newer ones, and signs of life between them."""
        principal = require_tenant(request.company_id, request.store_id)
        company = principal.company_id
        with self._feed.watching(company):
            told = await self._read(company)
            yield self._told(told, is_new=True)
            while True:
                newer = await self._next(told)
                if caller.get().expired(datetime.now(UTC)):
                    raise UnauthenticatedError
                yield self._told(newer or told, is_new=newer is not None)
                told = newer or told

    async def _next(self, told: Version) -> Version | None:
        """Wait for a newer version, a heartbeat's time, or the end of this server."""
        company, seconds = caller.get().company_id, self._settings.watch_heartbeat_seconds
        newer = await self._feed.newer(company, told, seconds)
        if self._drain.begun.is_set():
            reason = "DRAINING"
            raise UnavailableError(reason, "This server stops: reconnect.", retry_seconds=0.1)
        return newer

    def _told(self, version: Version, *, is_new: bool) -> bytes:
        answer = sync.WatchVersionResponse(is_new=is_new)
        jitter = random.uniform(0, self._settings.watch_jitter_seconds)  # noqa: S311
        answer.sync_after.seconds = int(jitter)
        answer.sync_after.nanos = int(jitter % 1 * 1000) * 1_000_000
        return _news(version) + answer.SerializeToString()
