"""What one edge may ask of the server: streams, time, credentials.

Sizes are in test_fuzz.py, and calls a minute in test_tenancy.py.
"""

from __future__ import annotations

import asyncio
import random

import grpc
import psycopg
import pytest
from argon2 import PasswordHasher

from edge_grpc.client.backoff import reason, retry_seconds
from edge_grpc.client.session import Session
from edge_grpc.v1 import auth_pb2 as auth
from edge_grpc.v1 import sync_pb2 as sync
from edge_grpc.v1 import usage_pb2 as usage
from edge_grpc.v1.edge_sync_service_pb2_grpc import EdgeSyncServiceStub
from tests.integration.edge.conftest import credentials

pytestmark = pytest.mark.integration


async def test_streams_beyond_the_limit_wait_for_one_to_end(serving, shop):
    async with (
        serving(max_streams_per_connection=3) as server,
        Session(credentials(server, shop)) as session,
    ):
        request, metadata = sync.WatchVersionRequest(**shop.tenant), await session.metadata()
        streams = [session.stub.WatchVersion(request, metadata=metadata) for _ in range(3)]
        for stream in streams:
            await stream.read()

        version = sync.GetVersionRequest(company_id=shop.company_id)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await session.stub.GetVersion(version, metadata=metadata, timeout=0.5)
        streams[0].cancel()
        answer = await session.stub.GetVersion(version, metadata=metadata, timeout=20)

    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert answer.epoch


@pytest.fixture
def locked(office):
    """A head office in which no usage can be written."""
    with psycopg.connect(office.owner_dsn) as conn:
        conn.execute("LOCK TABLE edge.usage_rejects IN ACCESS EXCLUSIVE MODE")
        yield conn


@pytest.fixture
def upload(shop):
    return usage.UploadUsageBatchRequest(**shop.tenant, records=[usage.UsageRecord(usage_id="1")])


@pytest.mark.usefixtures("locked")
async def test_callers_deadline_ends_the_work_for_it(session, office, upload):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await session.stub.UploadUsageBatch(upload, metadata=await session.metadata(), timeout=0.5)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED

    waiting = (
        "SELECT count(*) FROM pg_locks WHERE NOT granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    async with asyncio.timeout(20):
        while office.value(waiting):  # noqa: ASYNC110 - PostgreSQL's state
            await asyncio.sleep(0.01)


async def test_unary_call_that_takes_too_long_is_ended_by_the_server(serving, shop, locked, upload):
    async with (
        serving(unary_seconds=1) as server,
        Session(credentials(server, shop)) as session,
    ):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await session.stub.UploadUsageBatch(upload, metadata=await session.metadata())
        locked.rollback()
        answer = await session.stub.UploadUsageBatch(upload, metadata=await session.metadata())

    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert reason(caught.value) == "DATABASE_AWAY"
    assert answer.results[0].reason == usage.USAGE_REJECT_REASON_INVALID_USAGE_ID


async def test_credentials_may_be_guessed_only_so_often(serving, shop):
    async with (
        serving(credential_checks_per_minute=2) as server,
        grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel,
    ):
        stub = EdgeSyncServiceStub(channel)
        request = auth.IssueTokenRequest(client_id=shop.client_id, client_secret="guess")
        codes = []
        for _ in range(3):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await stub.IssueToken(request)
            codes.append(caught.value.code().name)

    assert codes == ["UNAUTHENTICATED", "UNAUTHENTICATED", "RESOURCE_EXHAUSTED"]
    assert reason(caught.value) == "RATE_LIMITED"
    assert retry_seconds(caught.value) > 1


async def test_stores_that_log_in_all_at_once_are_told_when_to_come_again(office, serving, shop):
    """A check takes a core for tens of milliseconds: whoever would wait too long need not wait."""
    hashed = PasswordHasher().hash(shop.client_secret)
    office.run("UPDATE edge.edge_clients SET secret_hash = %s", hashed)
    request = auth.IssueTokenRequest(client_id=shop.client_id, client_secret=shop.client_secret)
    async with (
        serving(credential_wait_seconds=0.01) as server,
        grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel,
    ):
        stub = EdgeSyncServiceStub(channel)
        storm = await asyncio.gather(
            *(stub.IssueToken(request) for _ in range(12)), return_exceptions=True
        )
        later = await stub.IssueToken(request)

    refused = [one for one in storm if isinstance(one, grpc.aio.AioRpcError)]
    assert 0 < len(refused) < len(storm)
    assert {(one.code().name, reason(one)) for one in refused} == {
        ("RESOURCE_EXHAUSTED", "RATE_LIMITED")
    }
    assert all(retry_seconds(one) > 0 for one in refused)
    assert later.grant.access_token


async def test_calls_that_are_cut_at_any_time_leave_no_broken_connection(session, shop):
    """A query that was cancelled must not fail whoever gets its connection next."""
    chance = random.Random(3)
    request, metadata = sync.SyncRequest(**shop.tenant), await session.metadata()
    for _ in range(100):
        cut = session.stub.Sync(request, metadata=metadata)
        await asyncio.sleep(chance.random() * 0.02)
        cut.cancel()
        found = [frame async for frame in session.stub.Sync(request, metadata=metadata)]
        assert found[-1].HasField("checkpoint")
