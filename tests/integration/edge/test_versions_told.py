from __future__ import annotations

import asyncio

import grpc
import pytest

from edge_grpc.client.backoff import reason
from edge_grpc.client.session import Session
from edge_grpc.v1 import sync_pb2 as sync
from tests.integration.edge.answers import watch
from tests.integration.edge.conftest import credentials

pytestmark = pytest.mark.integration


async def version(session, **ids):
    request = sync.GetVersionRequest(**ids)
    return await session.stub.GetVersion(request, metadata=await session.metadata())


async def newer_than(before, session, shop):
    """Ask until there is another version: a server answers from what it has been notified of."""
    async with asyncio.timeout(60):
        while True:
            after = await version(session, company_id=shop.company_id)
            if after.version != before.version:
                return after
            await asyncio.sleep(0.01)


async def test_sync_version_success(office, session, shop):
    before = await version(session, company_id=shop.company_id)

    office.add_product(shop)
    after = await newer_than(before, session, shop)

    assert after.version > before.version
    assert after.epoch == before.epoch
    assert after.HasField("next_sync_at")
    assert not after.HasField("changed")


async def test_sync_version_missing_company_id(session):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await version(session)

    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert reason(caught.value) == "MISSING_COMPANY_ID"


async def test_watch_tells_the_current_version_then_each_newer_one(office, session, shop):
    stream = await watch(session, shop)
    first = await stream.read()

    office.add_product(shop)
    second = await stream.read()

    assert second.is_new
    assert second.version == first.version + 1
    stream.cancel()


async def test_watch_gives_signs_of_life(serving, shop):
    """Trap T25: a stream that says nothing is dead."""
    async with (
        serving(watch_heartbeat_seconds=0.1) as server,
        Session(credentials(server, shop)) as session,
    ):
        stream = await watch(session, shop)
        first, second = await stream.read(), await stream.read()
        stream.cancel()

    assert first.is_new
    assert not second.is_new
    assert first.version == second.version


async def test_watch_survives_the_loss_of_the_listen_connection(office, session, shop):
    """Trap T22: a lost notification delays a version and never hides it."""
    stream = await watch(session, shop)
    first = await stream.read()

    office.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name LIKE 'edge-grpc%%' AND datname = current_database()"
        " AND pid <> pg_backend_pid()"
    )
    office.add_product(shop)
    async with asyncio.timeout(60):
        second = await stream.read()

    assert second.version > first.version
    stream.cancel()


async def test_drain_ends_watches_with_a_reason_and_leaves_no_waiting(serving, shop):
    async with serving() as server:
        session = Session(credentials(server, shop))
        stream = await watch(session, shop)
        await stream.read()
    async with session:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stream.read()
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert reason(caught.value) == "DRAINING"
