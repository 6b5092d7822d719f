"""UploadUsage and UploadUsageBatch: each request is answered, in order, after its commit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from edge_grpc import metrics
from edge_grpc.auth import require_tenant
from edge_grpc.database import Database
from edge_grpc.errors import InvalidArgumentError
from edge_grpc.interceptors import note
from edge_grpc.status import Context
from edge_grpc.tenants import find_tenant
from edge_grpc.usage_records import MAX_BATCH
from edge_grpc.usage_store import UsageStore
from edge_grpc.v1 import usage_pb2 as usage

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
        async for request in requests:
            results = await self._add(request)
            total += len(results)
            note(records=total)
            yield usage.UploadUsageResponse(results=results, sequence=request.sequence)

    async def UploadUsageBatch(  # noqa: N802
        self, request: usage.UploadUsageBatchRequest, _context: Context
    ) -> usage.UploadUsageBatchResponse:
        results = await self._add(request)
        note(records=len(results))
        return usage.UploadUsageBatchResponse(results=results)

    async def _add(self, request: Request) -> Sequence[usage.UsageResult]:
        principal = require_tenant(request.company_id, request.store_id)
        if not request.records:
            reason = "EMPTY_BATCH"
            raise InvalidArgumentError(reason, "The upload holds no record.")
        if len(request.records) > MAX_BATCH:
            reason = "BATCH_TOO_LARGE"
            raise InvalidArgumentError(reason, f"At most {MAX_BATCH} records in one batch.")
        tenant = await find_tenant(self._database, principal, active=False)
        results = await self._store.add(tenant, request.records)
        for result in results:
            verdict = usage.UsageVerdict.Name(result.verdict).removeprefix("USAGE_VERDICT_")
            metrics.USAGE_RECORDS.labels(verdict.lower()).inc()
        return results
