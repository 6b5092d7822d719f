"""An edge that runs by itself: pushed versions, uploads, and settings that stop its timers."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from edge_grpc.client.agent import Agent, watch_versions
from edge_grpc.client.outbox import Outbox
from edge_grpc.client.session import Session
from edge_grpc.client.store import open_database
from edge_grpc.client.uploads import Uploader
from tests.integration.edge.conftest import credentials
from tests.integration.edge.uses import use_of

pytestmark = pytest.mark.integration


@pytest.fixture
def running(edge):
    """Run the edge; what it applies comes out of a queue."""

    @asynccontextmanager
    async def run():
        applied = asyncio.Queue()
        conn = open_database(edge.path)
        uploader = Uploader(edge.session, Outbox(conn))
        agent = Agent(edge.session, edge.store, edge.syncer, uploader, applied=applied.put_nowait)
        task = asyncio.create_task(agent.run(upload_seconds=0.1))
        try:
            yield applied
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            conn.close()

    return run


async def until(applied, reached):
    async with asyncio.timeout(60):
        while not reached():
            await applied.get()


async def test_change_is_pushed_to_a_running_edge(office, shop, edge, running):
    async with running() as applied:
        await applied.get()
        product = office.add_product(shop)

        await until(applied, lambda: product in edge.ids("products"))


async def test_running_edge_uploads_what_is_used(office, shop, edge, running):
    promotion = office.add_promotion(shop)
    async with running() as applied:
        await applied.get()
        outbox = Outbox(edge.conn)
        outbox.add(use_of(shop, promotion))
        async with asyncio.timeout(60):
            while outbox.counts()["pending"]:  # noqa: ASYNC110 - what the edge keeps is on disk
                await asyncio.sleep(0.05)

    assert office.value("SELECT count(*) FROM edge.promotion_usages") == 1


async def test_timers_rest_while_auto_sync_is_off_and_wake_when_it_is_on_again(
    office, shop, edge, running
):
    office.run("UPDATE edge.promotion_sync_settings SET auto_sync_enabled = false")
    await edge.syncer.sync()
    async with running() as applied:
        product = office.add_product(shop)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await applied.get()

        office.run("UPDATE edge.promotion_sync_settings SET auto_sync_enabled = true")

        await until(applied, lambda: product in edge.ids("products"))


async def test_edge_knows_when_time_alone_changes_its_promotions(office, shop, edge):
    office.add_promotion(shop, start_on="2020-01-01", end_on="2098-12-31")

    await edge.syncer.sync()

    assert edge.store.fact("boundary_seconds") > 0


async def test_watch_ends_by_itself_before_its_token_does(serving, shop):
    async with (
        serving(token_seconds=3) as server,
        Session(credentials(server, shop)) as session,
    ):
        watched = [version async for version in watch_versions(session)]
        renewed = await session.grant()

    assert [version.is_new for version in watched] == [True]
    assert renewed.access_token


async def test_watch_ends_before_its_own_token_though_another_call_has_renewed_it(serving, shop):
    async with (
        serving(token_seconds=3, watch_heartbeat_seconds=0.5) as server,
        Session(credentials(server, shop)) as session,
    ):
        watch = watch_versions(session)
        watched = [await anext(watch)]
        await asyncio.sleep(1)
        session.forget_token()
        await session.grant()
        watched += [version async for version in watch]

    assert watched[0].is_new
    assert not any(version.is_new for version in watched[1:])


async def test_edges_of_one_process_have_a_connection_each(office, serving):
    """One connection allows a single stream here, and every edge keeps one open."""
    shops = [await office.add_shop() for _ in range(3)]
    async with (
        serving(max_streams_per_connection=1) as server,
        AsyncExitStack() as open_sessions,
        asyncio.timeout(60),
    ):
        watches = []
        for shop in shops:
            session = await open_sessions.enter_async_context(Session(credentials(server, shop)))
            watches.append(watch_versions(session))
        first = [await anext(watch) for watch in watches]
        for watch in watches:
            await watch.aclose()

    assert [version.is_new for version in first] == [True] * 3


async def test_uses_are_made_and_settled_while_a_page_is_being_kept(office, shop, edge, running):
    promotion = office.add_promotion(shop)
    office.run(
        "INSERT INTO edge.products (company_id, brand_id, sku, name, base_price)"
        " SELECT %s, %s, n::text, 'P', 1 FROM generate_series(1, 5000) AS n",
        *(shop.company_id, shop.brand_id),
    )
    conn = open_database(edge.path)
    outbox = Outbox(conn)
    made = 0
    async with running() as applied, asyncio.timeout(60):
        while applied.empty():
            outbox.add(use_of(shop, promotion))
            made += 1
            await asyncio.sleep(0.002)
        while outbox.counts()["pending"]:  # noqa: ASYNC110 - what the edge keeps is on disk
            await asyncio.sleep(0.05)
    conn.close()

    assert office.value("SELECT count(*) FROM edge.promotion_usages") == made > 1
