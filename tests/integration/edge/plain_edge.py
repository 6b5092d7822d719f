"""An edge written from the contract alone, in memory: any call, any filter, by cursor or by clock.

It shares no line with the reference client, so that a fault would have to be in both to be missed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import grpc

from edge_grpc.client.backoff import reason
from edge_grpc.v1 import sync_frames_pb2 as frames
from edge_grpc.v1 import sync_pb2 as sync

_LISTS = ("categories", "products", "promotions")
Watch = Callable[[Any], None]


class PlainEdge:
    """What a store holds by (kind, id): version and bytes."""

    def __init__(self, call: str, *, by_clock: bool = False, **fields: Any) -> None:
        self.call, self.by_clock, self.fields = call, by_clock, fields
        self.held: dict[tuple[int, str], tuple[int, bytes]] = {}
        self.modes: list[int] = []
        self._cursor = self._since = ""
        self._collected: list[Any] = []
        self._is_whole = False

    async def sync(self, session: Any, watch: Watch = lambda _: None) -> PlainEdge:
        """Follow streams to a checkpoint after which nothing comes; check what it says is held."""
        while True:
            try:
                if await self._read(session, watch):
                    return self
            except grpc.aio.AioRpcError as error:
                if reason(error) == "CURSOR_TOO_OLD":
                    self._cursor, self._collected = "", []
                elif error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise

    async def _read(self, session: Any, watch: Watch) -> bool:
        request = getattr(sync, f"{self.call}Request")(
            **self.fields, cursor=self._cursor, updated_since=self._since
        )
        metadata = await session.metadata()
        stream = getattr(session.stub, self.call)(request, metadata=metadata, wait_for_ready=True)
        is_complete = False
        try:
            async for frame in stream:  # to its end: a stream that is left early was cancelled
                watch(frame)
                is_complete = self._take(frame) and not frame.checkpoint.has_more
        finally:
            stream.cancel()
        return is_complete

    def _take(self, frame: Any) -> bool:
        kind = frame.WhichOneof("frame")
        if kind == "hello":
            self.modes.append(frame.hello.mode)
            if frame.hello.mode == frames.SYNC_MODE_SNAPSHOT:
                self._collected, self._is_whole = [], True
            self._as_of = frame.hello.as_of.ToJsonString()
        elif kind == "checkpoint":
            self._cursor = frame.checkpoint.cursor
            if not frame.checkpoint.has_more:
                self._apply(frame.checkpoint)
            return True
        else:
            self._collected.append(frame)
            self._cursor = getattr(frame, kind).resume_token
        return False

    def _apply(self, checkpoint: Any) -> None:
        if self._is_whole:
            self.held = {}
        for frame in self._collected:
            for record in (r for name in _LISTS for r in getattr(frame.batch, name)):
                key = (frame.batch.kind, record.id)
                if self.held.get(key, (0,))[0] <= record.version:
                    self.held[key] = (record.version, record.SerializeToString())
            for gone in frame.removals.removals:
                if self.held.get((gone.kind, gone.id), (0,))[0] <= gone.version:
                    self.held.pop((gone.kind, gone.id), None)
        self._collected, self._is_whole = [], False
        if self.by_clock:
            self._cursor, self._since = "", self._as_of
        for holding in checkpoint.holdings:
            assert (holding.count, holding.checksum) == self._sum(holding.kind), self.call

    def _sum(self, wanted: int) -> tuple[int, int]:
        keys = [(i, self.held[kind, i][0]) for kind, i in self.held if kind == wanted]
        digests = (hashlib.sha256(f"{i}:{version}".encode()).digest() for i, version in keys)
        return len(keys), sum(int.from_bytes(digest[:8]) for digest in digests) % 2**64
