"""The reference edge and a real server: applied whole, resumed when cut, repaired when wrong."""

from __future__ import annotations

import asyncio
import random

import grpc
import psycopg
import pytest

from edge_grpc.client.backoff import Backoff
from edge_grpc.client.outbox import Outbox
from edge_grpc.client.session import Session
from edge_grpc.client.store import EdgeStore, open_database
from edge_grpc.client.sync import Syncer
from edge_grpc.client.uploads import Uploader
from edge_grpc.v1 import sync_frames_pb2 as frames
from edge_grpc.v1 import sync_pb2 as sync
from tests.integration.edge.conftest import credentials
from tests.integration.edge.held import rows_by_table
from tests.integration.edge.uses import rupiah, use_of

pytestmark = pytest.mark.integration


async def from_scratch(session, path):
    conn = open_database(path)
    await Syncer(session, EdgeStore(conn)).sync()
    found = rows_by_table(conn)
    conn.close()
    return found


@pytest.mark.usefixtures("no_repairs")
async def test_first_sync_then_changes_equal_a_snapshot(office, shop, edge, tmp_path):
    office.fill(shop)
    first = await edge.syncer.sync()

    office.run("DELETE FROM edge.products WHERE sku LIKE '%%7'")
    office.run("UPDATE edge.products SET base_price = 1 WHERE sku LIKE '%%3'")
    office.run("UPDATE edge.promotions SET is_active = false WHERE priority = 0")
    second = await edge.syncer.sync()

    assert (first.mode, second.mode) == ("snapshot", "changes")
    assert first.records == 2531
    assert second.removals == 250 + 30
    assert rows_by_table(edge.conn) == await from_scratch(edge.session, tmp_path / "other.sqlite")


class CutError(Exception):
    """The stream breaks here."""


@pytest.mark.usefixtures("no_repairs")
async def test_stream_that_breaks_after_any_frame_goes_on_and_ends_equal(
    office, shop, session, tmp_path
):
    office.fill(shop)
    office.run("UPDATE edge.promotion_sync_settings SET max_promotions_per_sync = 10")
    path = tmp_path / "edge.sqlite"
    conn = open_database(path)
    cuts = 0
    for frame in range(1, 40):
        conn.close()
        conn = open_database(path)  # as after a power cut
        seen = 0

        def break_at(_progress, limit=1 + frame % 3):
            nonlocal seen
            seen += 1
            if seen > limit:
                raise CutError

        try:
            await Syncer(session, EdgeStore(conn)).sync(break_at)
            break
        except CutError:
            cuts += 1
            assert rows_by_table(conn)["products"] == []  # nothing is seen before the checkpoint
        office.run(
            "UPDATE edge.products SET base_price = base_price + 1 WHERE sku = %s", str(frame)
        )
        office.run("DELETE FROM edge.products WHERE sku = %s", str(1000 + frame))
        office.add_promotion(shop, execution_priority=frame)
    await Syncer(session, EdgeStore(conn)).sync()

    assert cuts >= 5
    assert rows_by_table(conn) == await from_scratch(session, tmp_path / "other.sqlite")
    conn.close()


async def test_edge_that_drifted_is_reset(office, shop, edge):
    """Trap T20: what does not add up is found and repaired."""
    office.fill(shop, products=20)
    await edge.syncer.sync()
    whole = rows_by_table(edge.conn)

    edge.conn.execute("DELETE FROM products WHERE sku = '7'")
    progress = await edge.syncer.sync()

    assert rows_by_table(edge.conn) == whole
    assert progress.records >= 20


async def test_drift_that_was_reported_is_the_reason_of_the_next_snapshot(
    office, shop, edge, session
):
    office.fill(shop, products=3)
    await edge.syncer.sync()
    request = sync.ReportSyncRequest(**shop.tenant, cursor=edge.store.cursor())
    answer = await session.stub.ReportSync(request, metadata=await session.metadata())
    assert answer.reset
    assert len(answer.expected) == 3

    stream = session.stub.Sync(sync.SyncRequest(**shop.tenant), metadata=await session.metadata())
    hello = (await stream.read()).hello
    stream.cancel()

    assert hello.reason == frames.SNAPSHOT_REASON_DRIFT


async def test_cursor_that_is_too_old_leads_to_a_snapshot(office, shop, edge):
    office.fill(shop, products=3)
    await edge.syncer.sync()
    office.run("DELETE FROM edge.products WHERE sku = '2'")
    office.run("UPDATE edge.versions SET floor_version = version")

    progress = await edge.syncer.sync()

    assert progress.mode == "snapshot"
    assert len(edge.ids("products")) == 2


@pytest.mark.usefixtures("no_repairs")
async def test_sync_and_uploads_survive_the_servers_restart(office, serving, shop, tmp_path):
    office.fill(shop)
    conn = open_database(tmp_path / "edge.sqlite")
    async with serving() as server:
        port = server.port
        session = Session(credentials(server, shop))
        await Syncer(session, EdgeStore(conn)).sync()
    office.run("DELETE FROM edge.products WHERE sku = '2'")
    syncing = asyncio.create_task(Syncer(session, EdgeStore(conn)).sync())
    async with serving(listen=f"127.0.0.1:{port}"):
        progress = await syncing

    assert progress.removals == 1
    await session.__aexit__(None, None, None)
    conn.close()


@pytest.mark.usefixtures("no_repairs")
async def test_concurrent_writers_lose_nothing(office, shop, edge, session, tmp_path):
    """Traps T6 and T17: rows move while pages are read, from the first sync on."""
    office.fill(shop, products=200)
    chance = random.Random(7)
    done = asyncio.Event()

    def write():
        with psycopg.connect(office.owner_dsn) as conn:
            for _ in range(300):
                sku = str(chance.randint(1, 200))
                conn.execute("UPDATE edge.products SET name = name || 'x' WHERE sku = %s", [sku])
                if chance.random() < 0.2:
                    conn.execute("DELETE FROM edge.products WHERE sku = %s", [sku])
                conn.rollback() if chance.random() < 0.2 else conn.commit()

    async def writers():
        await asyncio.gather(*(asyncio.to_thread(write) for _ in range(4)))
        done.set()

    writing = asyncio.create_task(writers())
    syncs = 0
    while not done.is_set():
        await edge.syncer.sync()
        syncs += 1
    await writing
    await edge.syncer.sync()

    assert syncs >= 2
    assert rows_by_table(edge.conn) == await from_scratch(session, tmp_path / "other.sqlite")


async def test_outbox_is_settled_by_verdicts(office, shop, edge, session):
    promotion = office.add_promotion(shop)
    outbox = Outbox(edge.conn)
    for index in range(1203):
        known = promotion if index % 100 else shop.store_id
        record = use_of(shop, known, bill_id=f"B{index}", discount_amount=rupiah(index))
        outbox.add(record)

    total = await Uploader(session, outbox).upload()

    assert total == 1203
    assert outbox.counts() == {"pending": 0, "synced": 1190, "refused": 13}
    assert office.value("SELECT count(*) FROM edge.promotion_usages") == 1190
    assert office.value("SELECT count(*) FROM edge.usage_rejects") == 13


def test_backoff_grows_and_heeds_the_server():
    backoff = Backoff(first=1, limit=8)

    waits = [backoff.next() for _ in range(50)]

    assert waits[0] <= 1
    assert max(waits) <= 8
    assert len(set(waits)) == 50


async def test_wrong_secret_is_not_tried_for_ever(server, shop, tmp_path):
    shop.client_secret = "wrong"
    conn = open_database(tmp_path / "edge.sqlite")
    async with Session(credentials(server, shop)) as session:
        with pytest.raises(grpc.aio.AioRpcError):
            await Syncer(session, EdgeStore(conn), patience=1).sync()
    conn.close()


@pytest.mark.usefixtures("no_repairs")
async def test_what_prices_are_read_by_changes_with_them_not_before(office, shop, edge):
    office.fill(shop, products=20)
    await edge.syncer.sync()
    names = ("epoch", "applied_version", "timezone", "currency_code")
    held = [edge.store.fact(name) for name in names]
    office.run("UPDATE edge.stores SET timezone = 'Asia/Tokyo'")

    def cut_after_hello(progress):
        if progress.records:
            raise CutError

    with pytest.raises(CutError):
        await edge.syncer.sync(cut_after_hello)
    meanwhile = [edge.store.fact(name) for name in names]
    await edge.syncer.sync()

    assert meanwhile == held
    assert edge.store.fact("timezone") == "Asia/Tokyo"


@pytest.mark.usefixtures("no_repairs")
async def test_snapshot_cut_before_its_first_batch_does_not_empty_what_changes_follow(
    office, shop, edge
):
    """Settings that are changed and changed back: the snapshot between them never came."""
    office.fill(shop, products=20)
    await edge.syncer.sync()
    whole = rows_by_table(edge.conn)
    change = "UPDATE edge.promotion_sync_settings SET past_days = %s"

    def cut_after_hello(progress):
        if progress.records:
            raise CutError

    office.run(change, 9)
    with pytest.raises(CutError):
        await edge.syncer.sync(cut_after_hello)
    office.run(change, 1)
    await edge.syncer.sync()

    assert rows_by_table(edge.conn) == whole
