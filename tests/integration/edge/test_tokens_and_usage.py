from __future__ import annotations

import uuid

import grpc
import pytest

from edge_grpc.client.backoff import reason
from edge_grpc.v1 import usage_pb2 as usage
from tests.integration.edge.uses import use_of

pytestmark = pytest.mark.integration
ACCEPTED, DUPLICATE = usage.USAGE_VERDICT_ACCEPTED, usage.USAGE_VERDICT_DUPLICATE


@pytest.fixture
def record(office, shop):
    """Make records of one promotion."""
    promotion = office.add_promotion(shop)

    def make(**fields):
        return use_of(shop, promotion, **{"usage_id": str(uuid.uuid4()), **fields})

    return make


async def upload(session, shop, *records):
    request = usage.UploadUsageBatchRequest(**shop.tenant, records=records)
    answer = await session.stub.UploadUsageBatch(request, metadata=await session.metadata())
    return answer.results


async def test_upload_usage_success(office, session, shop, record):
    records = [record() for _ in range(50)]

    results = await upload(session, shop, *records)

    assert [result.verdict for result in results] == [ACCEPTED] * 50
    assert office.value("SELECT count(*) FROM edge.promotion_usages") == 50


async def test_upload_usage_empty_array(session, shop):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await upload(session, shop)

    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert reason(caught.value) == "EMPTY_BATCH"


async def test_upload_usage_counts_each_record_once(office, session, shop, record):
    first, second = record(), record()

    await upload(session, shop, first)
    results = await upload(session, shop, second, first, second)

    assert [result.verdict for result in results] == [ACCEPTED, DUPLICATE, DUPLICATE]
    assert office.value("SELECT count(*) FROM edge.promotion_usages") == 2
