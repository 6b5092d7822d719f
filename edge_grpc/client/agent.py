"""The edge server's day: sync on each new version and on the timer, and upload what was used."""

from __future__ import annotations

import asyncio
import logging
import random
import sqlite3
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

import grpc

from edge_grpc.client.backoff import Backoff
from edge_grpc.client.session import Session
from edge_grpc.client.store import DriftError, EdgeStore
from edge_grpc.client.sync import Progress, Syncer
from edge_grpc.client.uploads import Uploader
from edge_grpc.v1 import sync_pb2 as sync

logger = logging.getLogger(__name__)
UPLOAD_SECONDS = 300
_SILENCE_SECONDS = 90
_HOUR = 3600


class Agent:
    """Runs an edge until it is cancelled; no failure of one part ends the others.

    The uploader's outbox needs a connection of its own: the syncer keeps pages in transactions, by
    a thread, and what is written by the same connection meanwhile fails, or is undone with them.
    """

    def __init__(
        self,
        session: Session,
        store: EdgeStore,
        syncer: Syncer,
        uploader: Uploader,
        *,
        applied: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self._session = session
        self._store = store
        self._syncer = syncer
        self._uploader = uploader
        self._applied = applied

    async def run(self, *, upload_seconds: float = UPLOAD_SECONDS) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_forever(self._watch, 0))
            tasks.create_task(_forever(self._uploader.upload, upload_seconds))
            tasks.create_task(_forever(self._check, 0))

    async def _check(self) -> None:
        """Sync on the settings' timer and when time alone changes the promotions."""
        if await self._may_sync():
            await self._sync()
        hours = float(self._store.fact("sync_interval_hours", 1))
        wait = hours * _HOUR * random.uniform(0.9, 1)  # noqa: S311 - jitter
        boundary = self._store.fact("boundary_seconds", None)
        if boundary is not None:
            wait = min(wait, float(boundary) + random.uniform(1, 10))  # noqa: S311
        await asyncio.sleep(wait)

    async def _may_sync(self) -> bool:
        """Tell whether timers are on; while they are off here, ask whether they still are."""
        if self._store.fact("auto_sync_enabled", 1):
            return True
        grant = await self._session.grant()
        version = await self._session.stub.GetVersion(
            sync.GetVersionRequest(company_id=grant.company_id),
            metadata=await self._session.metadata(),
            timeout=30,
        )
        return bool(version.HasField("next_sync_at"))

    async def _sync(self) -> None:
        started = time.monotonic()
        progress = await self._syncer.sync()
        logger.info("version %d in %.1f s", progress.version, time.monotonic() - started)
        self._applied(progress)

    async def _watch(self) -> None:
        # Closed at once when a sync fails: the server ends an abandoned watch as a failure.
        async with aclosing(watch_versions(self._session)) as versions:
            await self._follow(versions)

    async def _follow(self, versions: AsyncGenerator[sync.WatchVersionResponse]) -> None:
        async for version in versions:
            held = (self._store.fact("epoch"), int(self._store.fact("applied_version", -1)))
            if held == (version.epoch, version.version):
                continue
            if not await self._may_sync():
                continue
            await asyncio.sleep(version.sync_after.ToMilliseconds() / 1000)
            await self._sync()


async def watch_versions(session: Session) -> AsyncGenerator[sync.WatchVersionResponse]:
    """Yield what the server tells, until it ends the stream, falls silent or the token gets old.

    A stream lasts as long as its token: one that is renewed in time never ends as refused.
    """
    grant = await session.grant()
    metadata = await session.metadata()
    # Of the token that opens the stream: other calls may renew it while this one waits.
    ends_at = time.monotonic() + session.seconds_fresh()
    stream = session.stub.WatchVersion(
        sync.WatchVersionRequest(company_id=grant.company_id, store_id=grant.store_id),
        metadata=metadata,
    )
    try:
        while (seconds := ends_at - time.monotonic()) > 0:
            try:
                async with asyncio.timeout(min(seconds, _SILENCE_SECONDS)):
                    version = await stream.read()
            except TimeoutError:
                if seconds < _SILENCE_SECONDS:
                    return
                raise
            if version is grpc.aio.EOF:
                return
            yield version
    except grpc.RpcError as error:
        if error.code() is grpc.StatusCode.UNAUTHENTICATED:
            session.forget_token()  # its key is gone: the next call brings a new one
        raise
    finally:
        stream.cancel()


async def _forever(part: Callable[[], Awaitable[object]], pause: float) -> None:
    backoff = Backoff()
    while True:
        try:
            await part()
            backoff.reset()
            wait = pause
        except (grpc.RpcError, TimeoutError, DriftError, sqlite3.OperationalError) as error:
            wait = max(pause, backoff.next(error if isinstance(error, grpc.RpcError) else None))
            logger.warning("%s; next try in %.1f s", _described(error), wait)
        await asyncio.sleep(wait or random.uniform(0, 1))  # noqa: S311 - jitter


def _described(error: Exception) -> str:
    if isinstance(error, grpc.aio.AioRpcError):
        return f"{error.code().name}: {error.details()}"
    return f"{type(error).__name__}: {error}"
