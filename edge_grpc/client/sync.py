"""Brings the store's data up to date: stage what comes, apply at the checkpoint, go on when cut."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

import grpc

from edge_grpc.client.backoff import TRANSIENT, Backoff, reason
from edge_grpc.client.session import Session
from edge_grpc.client.store import DriftError, EdgeStore
from edge_grpc.v1 import sync_frames_pb2 as frames
from edge_grpc.v1 import sync_pb2 as sync

logger = logging.getLogger(__name__)
_STALLED_SECONDS = 90
_KEPT_AT_ONCE = 4 << 20  # bytes; what a crash may have to be sent again
_RESTART = {"CURSOR_TOO_OLD", "INVALID_CURSOR"}
CLIENT_VERSION = "reference/1"


@dataclass(frozen=True, slots=True)
class Progress:
    """What has come so far, for a progress bar and for the log."""

    version: int = 0
    mode: str = ""
    records: int = 0
    removals: int = 0
    bytes: int = 0
    pages: int = 0
    restarts: int = 0


Watch = Callable[[Progress], None]


class Syncer:
    """Syncs one edge's store; `sync` is safe to cancel at any point."""

    def __init__(self, session: Session, store: EdgeStore, *, patience: int = 8) -> None:
        self._session = session
        self._store = store
        self._patience = patience
        self._lease = asyncio.Lock()

    async def sync(self, watch: Watch = lambda _: None) -> Progress:
        """Bring the store to head office's newest version, and report it; raise when it cannot."""
        async with self._lease:
            progress = await self._sync_to_the_end(Progress(), watch)
            if await self._report():
                logger.warning("head office says that this store has drifted: starting over")
                self._store.forget_cursor()
                progress = await self._sync_to_the_end(progress, watch)
            return progress

    async def _sync_to_the_end(self, progress: Progress, watch: Watch) -> Progress:
        backoff = Backoff()
        failures = 0
        while True:
            read = progress.bytes
            try:
                progress, more = await self._read_stream(progress, watch)
            except grpc.RpcError as error:
                failures += 1
                progress = replace(progress, restarts=progress.restarts + 1)
                if failures > self._patience or not self._can_go_on(error):
                    raise
                await asyncio.sleep(backoff.next(error))
            except DriftError as error:
                failures += 1
                if failures > self._patience:
                    raise
                logger.warning("%s: starting over", error)
                self._store.forget_cursor()
            else:
                if not more:
                    return progress
                if progress.bytes > read:
                    failures = 0
                    backoff.reset()
                    continue
                failures += 1
                if failures > self._patience:
                    message = f"head office's stream ended {failures} times without a frame"
                    raise TimeoutError(message)
                await asyncio.sleep(backoff.next())

    def _can_go_on(self, error: grpc.RpcError) -> bool:
        """Prepare another try, if one can help."""
        if reason(error) in _RESTART:
            self._store.forget_cursor()
            return True
        if error.code() is grpc.StatusCode.UNAUTHENTICATED:
            self._session.forget_token()
            return True
        return error.code() in TRANSIENT

    async def _read_stream(self, progress: Progress, watch: Watch) -> tuple[Progress, bool]:
        grant = await self._session.grant()
        request = sync.SyncRequest(
            company_id=grant.company_id,
            store_id=grant.store_id,
            cursor=self._store.cursor(),
            codecs=[frames.CODEC_GZIP],
        )
        metadata = await self._session.metadata()
        taken = _Taken(self._store)
        stream = self._session.raw_stream("Sync", request.SerializeToString(), metadata)
        try:
            while True:
                async with asyncio.timeout(_STALLED_SECONDS):
                    raw = await stream.read()
                if raw is grpc.aio.EOF:
                    return progress, True  # ended without a checkpoint: it was cut
                frame = sync.SyncResponse.FromString(raw)
                progress = _counted(progress, frame, len(raw))
                watch(progress)
                if frame.HasField("checkpoint"):
                    await asyncio.to_thread(taken.keep)
                    return progress, self._finish_page(frame.checkpoint)
                taken.add(frame, raw)
                if taken.size >= _KEPT_AT_ONCE:
                    await asyncio.to_thread(taken.keep)
        finally:
            stream.cancel()
            taken.keep()

    def _finish_page(self, checkpoint: frames.Checkpoint) -> bool:
        if checkpoint.has_more:
            self._store.continue_at(checkpoint.cursor)
            return True
        self._store.apply(checkpoint)
        return False

    async def _report(self) -> bool:
        """Say what is held; return whether to start over."""
        grant = await self._session.grant()
        request = sync.ReportSyncRequest(
            company_id=grant.company_id,
            store_id=grant.store_id,
            cursor=self._store.cursor(),
            holdings=self._store.holdings(),
            refused=self._store.refused(),
            client_version=CLIENT_VERSION,
        )
        try:
            answer = await self._session.stub.ReportSync(
                request, metadata=await self._session.metadata(), timeout=30
            )
        except grpc.RpcError as error:
            logger.warning("the report was not taken: %s", error.code())
            return False
        return bool(answer.reset)


class _Taken:
    """Frames that have come and are not on the disk yet: a commit for each would wait for it."""

    def __init__(self, store: EdgeStore) -> None:
        self._store = store
        self._frames: list[bytes] = []
        self._token = ""
        self._lock = threading.Lock()  # a cancelled sync leaves a thread behind that still writes
        self.size = 0

    def add(self, frame: sync.SyncResponse, raw: bytes) -> None:
        """Take a frame; a hello is kept at once."""
        match frame.WhichOneof("frame"):
            case "hello":
                self._store.begin(frame.hello)
                return
            case "batch":
                self._token = frame.batch.resume_token
            case "removals":
                self._token = frame.removals.resume_token
            case _:
                logger.warning("skipped a frame that this client does not know")
                return
        self._frames.append(raw)
        self.size += len(raw)

    def keep(self) -> None:
        """Put on the disk what has come so far, with where to go on after it."""
        with self._lock:
            frames_taken, self._frames, self.size = self._frames, [], 0
            if frames_taken:
                self._store.stage(frames_taken, self._token)


def _counted(progress: Progress, frame: sync.SyncResponse, size: int) -> Progress:
    progress = replace(progress, bytes=progress.bytes + size)
    match frame.WhichOneof("frame"):
        case "hello":
            mode = frames.SyncMode.Name(frame.hello.mode).removeprefix("SYNC_MODE_").lower()
            return replace(progress, version=frame.hello.version, mode=progress.mode or mode)
        case "batch":
            batch = frame.batch
            count = len(batch.categories) + len(batch.products) + len(batch.promotions)
            count += batch.packed_records
            return replace(progress, records=progress.records + count)
        case "removals":
            return replace(progress, removals=progress.removals + len(frame.removals.removals))
        case _:
            return replace(progress, pages=progress.pages + 1)
