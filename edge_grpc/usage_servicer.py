"""UploadUsage and UploadUsageBatch: each request is answered, in order, after its commit."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TypeVar

from edge_grpc import metrics
from edge_grpc.auth import require_tenant
from edge_grpc.database import Database
from edge_grpc.errors import InvalidArgumentError
from edge_grpc.interceptors import note
from edge_grpc.status import Context
from edge_grpc.tenants import find_tenant
from edge_grpc.usage_records import MAX_BATCH
from edge_grpc.usage_store import Batch, Results, UsageStore
from edge_grpc.v1 import usage_pb2 as usage

T = TypeVar("T")
Request = usage.UploadUsageRequest | usage.UploadUsageBatchRequest


class UsageServicer:
    """The calls about usage."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._store = UsageStore(database)

    async def UploadUsage(  # noqa: N802 - named by the contract
        self, requests: AsyncIterator[usage.UploadUsageRequest], _context: Context
    ) -> AsyncIterator[usage.UploadUsageResponse]:
        total = 0
        # The next request is read and checked while PostgreSQL stores this one.
        async for sequence, batch in _one_ahead(self._checked(requests)):
            answer = usage.UploadUsageResponse(sequence=sequence)
            await self._store_batch(batch, answer.results)
            total += len(answer.results)
            note(records=total)
            yield answer

    async def UploadUsageBatch(  # noqa: N802
        self, request: usage.UploadUsageBatchRequest, _context: Context
    ) -> usage.UploadUsageBatchResponse:
        answer = usage.UploadUsageBatchResponse()
        await self._store_batch(await self._check(request), answer.results)
        note(records=len(answer.results))
        return answer

    async def _checked(
        self, requests: AsyncIterator[usage.UploadUsageRequest]
    ) -> AsyncGenerator[tuple[int, Batch]]:
        async for request in requests:
            yield request.sequence, await self._check(request)

    async def _check(self, request: Request) -> Batch:
        principal = require_tenant(request.company_id, request.store_id)
        if not request.records:
            reason = "EMPTY_BATCH"
            raise InvalidArgumentError(reason, "The upload holds no record.")
        if len(request.records) > MAX_BATCH:
            reason = "BATCH_TOO_LARGE"
            raise InvalidArgumentError(reason, f"At most {MAX_BATCH} records in one batch.")
        tenant = await find_tenant(self._database, principal, active=False)
        return await Batch.checked(tenant, request.records)

    async def _store_batch(self, batch: Batch, results: Results) -> None:
        await self._store.add(batch, results)
        for verdict, count in Counter(entry.verdict for entry in batch.entries).items():
            name = usage.UsageVerdict.Name(verdict).removeprefix("USAGE_VERDICT_")
            metrics.USAGE_RECORDS.labels(name.lower()).inc(count)


async def _one_ahead(batches: AsyncIterator[T]) -> AsyncGenerator[T]:
    """Yield what comes while the one after it is read already; none waits for the next to come."""
    reading = asyncio.ensure_future(anext(batches, None))
    try:
        while (batch := await reading) is not None:
            reading = asyncio.ensure_future(anext(batches, None))
            yield batch
    finally:
        reading.cancel()
