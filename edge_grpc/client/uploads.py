"""Sends the outbox: a batch at a time, each settled when its answer is there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import grpc

from edge_grpc.client.backoff import TRANSIENT, Backoff
from edge_grpc.client.outbox import Outbox
from edge_grpc.client.session import Session
from edge_grpc.v1 import usage_pb2 as usage

_ANSWER_SECONDS = 60
# When the refusal of a token overtakes the first request, gRPC only tells that writing failed.
_PERHAPS_THE_TOKEN = frozenset({grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.INTERNAL})
_AGAIN = TRANSIENT | _PERHAPS_THE_TOKEN


class Uploader:
    """Uploads one edge's pending usages; safe to cancel or to kill at any point."""

    def __init__(
        self, session: Session, outbox: Outbox, *, batch: int = 500, patience: int = 8
    ) -> None:
        self._session = session
        self._outbox = outbox
        self._batch = batch
        self._patience = patience

    async def upload(self) -> int:
        """Send everything that is pending; return how many verdicts came."""
        backoff = Backoff()
        total = failures = 0
        while True:
            try:
                async for settled in self._stream():
                    total += settled
                    failures = 0
                    backoff.reset()
            except grpc.RpcError as error:
                failures += 1
                if error.code() in _PERHAPS_THE_TOKEN:
                    self._session.forget_token()
                if error.code() not in _AGAIN:
                    raise
                if failures > self._patience:
                    raise
                await asyncio.sleep(backoff.next(error))
            else:
                return total

    async def _stream(self) -> AsyncIterator[int]:
        place = ("", "")
        if not self._outbox.pending(1):
            return
        grant = await self._session.grant()
        stream = self._session.stub.UploadUsage(metadata=await self._session.metadata())
        try:
            while pending := self._outbox.pending(self._batch, place):
                place = pending[-1][0]
                request = usage.UploadUsageRequest(
                    company_id=grant.company_id,
                    store_id=grant.store_id,
                    records=[record for _, record in pending],
                )
                async with asyncio.timeout(_ANSWER_SECONDS):
                    await stream.write(request)
                    answer = await stream.read()
                if answer is grpc.aio.EOF:
                    break
                self._outbox.settle(answer.results)
                yield len(answer.results)
            await stream.done_writing()
            await stream.read()  # the end, or why it ended
        finally:
            stream.cancel()
