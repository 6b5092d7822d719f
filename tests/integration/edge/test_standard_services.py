"""Health, reflection, channelz, TLS, the settings' compression and a drain amid a sync."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import grpc
import pytest
from grpc_channelz.v1 import channelz_pb2, channelz_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from edge_grpc.client.backoff import reason
from edge_grpc.client.session import Session
from edge_grpc.server import SERVICE
from edge_grpc.v1 import sync_pb2 as sync
from tests.integration.edge.conftest import credentials

pytestmark = pytest.mark.integration


@pytest.fixture
async def channel(server):
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as opened:
        yield opened


async def test_health_needs_no_token(channel):
    stub: Any = health_pb2_grpc.HealthStub(channel)

    answer = await stub.Check(health_pb2.HealthCheckRequest(service=SERVICE))

    assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_reflection_needs_a_token(channel, session):
    stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)
    asked = [reflection_pb2.ServerReflectionRequest(list_services="")]

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.ServerReflectionInfo(iter(asked)).read()
    answer = await stub.ServerReflectionInfo(iter(asked), metadata=await session.metadata()).read()

    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert SERVICE in {one.name for one in answer.list_services_response.service}


async def test_channelz_is_for_operators(channel, session):
    stub = channelz_pb2_grpc.ChannelzStub(channel)

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.GetServers(channelz_pb2.GetServersRequest(), metadata=await session.metadata())

    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert reason(caught.value) == "MISSING_SCOPE"


async def test_drain_amid_a_sync_leaves_a_token_that_goes_on(office, serving, shop):
    office.run(
        "INSERT INTO edge.products (company_id, brand_id, sku, name, description, base_price)"
        " SELECT %s, %s, n::text, 'P', repeat(md5(n::text), 60), n FROM generate_series(1, 9000) n",
        shop.company_id,
        shop.brand_id,
    )
    office.run("UPDATE edge.promotion_sync_settings SET enable_compression = false")
    got = []

    async def read(stream):
        async for frame in stream:
            got.append(frame)
            if len(got) == 2:
                halfway.set()
                await going.wait()  # an edge that reads slowly

    halfway, going = asyncio.Event(), asyncio.Event()
    async with serving(drain_seconds=1) as server:
        session = Session(credentials(server, shop))
        request = sync.SyncRequest(**shop.tenant)
        stream = session.stub.Sync(request, metadata=await session.metadata())
        reading = asyncio.create_task(read(stream))
        await halfway.wait()
        asyncio.get_running_loop().call_later(0.7, going.set)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await reading
    await session.__aexit__(None, None, None)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE

    before = {p.id for frame in got for p in frame.batch.products}
    token = got[-1].batch.resume_token
    async with serving() as server, Session(credentials(server, shop)) as session:
        request = sync.SyncRequest(**shop.tenant, cursor=token)
        rest = [
            frame async for frame in session.stub.Sync(request, metadata=await session.metadata())
        ]
    after = {p.id for frame in rest for p in frame.batch.products}
    assert 0 < len(before) < 9000
    assert not before & after
    assert len(before | after) == 9000
    assert rest[-1].checkpoint.holdings[1].count == 9000


async def test_internal_error_is_an_id_that_the_log_explains(office, session, shop, caplog):
    """What went wrong inside is for the log; the edge gets an id to quote."""
    office.run("ALTER TABLE edge.store_brands RENAME TO elsewhere")
    try:
        request = sync.SyncRequest(**shop.tenant)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await session.stub.Sync(request, metadata=await session.metadata()).read()
    finally:
        office.run("ALTER TABLE edge.elsewhere RENAME TO store_brands")

    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert reason(caught.value) == "INTERNAL_ERROR"
    told = caught.value.details() or ""
    [error_id] = re.findall("[0-9a-f]{32}", told)
    assert "store_brands" not in told
    [record] = [record for record in caplog.records if error_id in record.getMessage()]
    assert "store_brands" in (record.exc_text or "")
