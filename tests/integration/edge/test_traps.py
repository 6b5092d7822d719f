"""Traps of syncing that no other test is about, each by its number in the design sheet."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime

import grpc
import psycopg
import pytest

from edge_grpc.client.backoff import reason
from edge_grpc.client.session import Session
from edge_grpc.client.store import EdgeStore, open_database
from edge_grpc.client.sync import Syncer
from edge_grpc.v1 import sync_frames_pb2 as frames
from edge_grpc.v1 import sync_pb2 as sync
from edge_grpc.v1 import types_pb2 as types
from edge_grpc.v1 import usage_pb2 as usage
from tests.integration.edge.conftest import credentials
from tests.integration.edge.uses import use_of

pytestmark = pytest.mark.integration


async def frames_of(session, shop, **fields):
    request = sync.SyncRequest(**shop.tenant, **fields)
    stream = session.stub.Sync(request, metadata=await session.metadata())
    return [frame async for frame in stream]


async def test_cursor_moves_on_though_nothing_of_it_was_the_stores(office, session, shop):
    """Trap T7: the next cursor is where the stream led, not the last record in it."""
    other = await office.add_shop(shop.company_id)
    first = await frames_of(session, shop)
    office.add_product(other)

    second = await frames_of(session, shop, cursor=first[-1].checkpoint.cursor)
    request = sync.GetVersionRequest(**shop.tenant, cursor=second[-1].checkpoint.cursor)
    answer = await session.stub.GetVersion(request, metadata=await session.metadata())

    assert [frame.WhichOneof("frame") for frame in second] == ["hello", "checkpoint"]
    assert second[0].hello.version == first[0].hello.version + 1 == answer.version
    assert not answer.changed


async def test_what_refers_comes_after_what_it_refers_to(office, session, shop):
    """Trap T16: categories, products, promotions; removals the other way round."""
    gone = [office.add_category(shop), office.add_product(shop), office.add_promotion(shop)]
    first = await frames_of(session, shop)
    for table, key in zip(
        ("categories", "products", "promotions"),
        ("category_id", "product_id", "promotion_id"),
        strict=True,
    ):
        office.run(f"DELETE FROM edge.{table} WHERE {key} = ANY(%s)", gone)
    office.add_promotion(shop)
    office.add_product(shop)
    office.add_category(shop)

    found = await frames_of(session, shop, cursor=first[-1].checkpoint.cursor)

    assert [frame.batch.kind for frame in found if frame.HasField("batch")] == [1, 2, 3]
    kinds = [gone.kind for frame in found for gone in frame.removals.removals]
    assert kinds == [3, 2, 1]


async def test_old_answer_that_is_applied_late_changes_nothing(office, shop, edge):
    """Trap T19: a version never goes back, neither by a record nor by a removal."""
    product = office.add_product(shop)
    await edge.syncer.sync()
    office.run("UPDATE edge.products SET name = 'New'")
    await edge.syncer.sync()
    [held] = edge.conn.execute("SELECT version FROM products").fetchone()
    checkpoint = frames.Checkpoint(holdings=[edge.store.holding(types.RECORD_KIND_PRODUCT)])

    old = sync.SyncResponse()
    old.batch.kind = types.RECORD_KIND_PRODUCT
    old.batch.products.add(id=product, version=held - 1, name="Old")
    edge.store.stage([old.SerializeToString()], "token")
    late = sync.SyncResponse()
    late.removals.removals.add(kind=types.RECORD_KIND_PRODUCT, id=product, version=held - 1)
    edge.store.stage([late.SerializeToString()], "token")
    edge.store.apply(checkpoint)

    assert edge.conn.execute("SELECT version FROM products").fetchall() == [(held,)]


async def test_transaction_of_many_statements_notifies_once(office, shop):
    """Trap T23: notifications take a lock at commit, so there is one a transaction and company."""
    with (
        psycopg.connect(office.dsn, autocommit=True) as listener,
        psycopg.connect(office.owner_dsn) as writer,
    ):
        listener.execute("LISTEN edge_changes")
        for number in range(20):
            writer.execute(
                "INSERT INTO edge.categories (company_id, code, name) VALUES (%s, %s, 'C')",
                [shop.company_id, str(number)],
            )
        writer.commit()
        office.run("NOTIFY edge_changes, 'end'")

        told = []
        for notification in listener.notifies(timeout=30):
            if notification.payload == "end":
                break
            told.append(notification.payload)

    assert told == [shop.company_id]


@pytest.mark.parametrize("watchers", [300, pytest.param(5000, marks=pytest.mark.soak)])
async def test_very_many_watchers_all_hear_of_the_next_version(office, serving, shop, watchers):
    """Traps T22 and T24: simultaneous calls are answered, and a lost listener loses nobody."""
    limits = {"max_streams_per_connection": 1000, "watch_jitter_seconds": 3}
    async with serving(**limits) as server, Session(credentials(server, shop)) as session:
        metadata = await session.metadata()
        request = sync.WatchVersionRequest(**shop.tenant)
        others = [Session(credentials(server, shop)) for _ in range((watchers - 1) // 1000)]
        stubs = [one.stub for one in (session, *others)]
        streams = [
            stubs[number // 1000].WatchVersion(request, metadata=metadata)
            for number in range(watchers)
        ]
        told = await asyncio.gather(*(stream.read() for stream in streams))

        office.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'edge-grpc-listen' AND datname = current_database()"
        )
        office.add_product(shop)
        newer = await asyncio.gather(*(stream.read() for stream in streams))
        for other in others:
            await other.__aexit__(None, None, None)

    assert {one.version for one in newer} == {told[0].version + 1}
    waits = [one.sync_after.ToMilliseconds() for one in newer]
    assert max(waits) <= 3000
    assert len(set(waits)) > len(waits) / 10  # spread, so that they do not all come at once


async def test_batches_are_small_however_large_the_records_are(office, session, shop):
    """Trap T26: frames are cut by bytes, not only by rows."""
    office.run(
        "INSERT INTO edge.products (company_id, brand_id, sku, name, description, base_price)"
        " SELECT %s, %s, n::text, 'P', repeat('x', 60000), 1 FROM generate_series(1, 40) AS n",
        *(shop.company_id, shop.brand_id),
    )

    found = await frames_of(session, shop)

    sizes = [frame.ByteSize() for frame in found]
    assert sum(len(frame.batch.products) for frame in found) == 40
    assert max(sizes) < 512 * 1024
    assert len(sizes) > 8


async def test_token_that_ends_amid_a_watch_ends_the_watch(serving, shop, tmp_path):
    """Trap T27: a stream does not outlive its token; a session renews in time."""
    async with (
        serving(token_seconds=2, watch_heartbeat_seconds=0.1) as server,
        Session(credentials(server, shop)) as session,
    ):
        request = sync.WatchVersionRequest(**shop.tenant)
        stream = session.stub.WatchVersion(request, metadata=await session.metadata())
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            [version async for version in stream]
        conn = open_database(tmp_path / "edge.sqlite")
        progress = await Syncer(session, EdgeStore(conn)).sync()
        conn.close()

    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert reason(caught.value) == "UNAUTHENTICATED"
    assert progress.restarts == 0


@pytest.fixture
def upload(office, session, shop):
    """Send a use of a new promotion; return what was made of it."""

    async def send(promotion=None, **fields):
        record = use_of(shop, promotion or office.add_promotion(shop), **fields)
        request = usage.UploadUsageBatchRequest(**shop.tenant, records=[record])
        answer = await session.stub.UploadUsageBatch(request, metadata=await session.metadata())
        return usage.UsageVerdict.Name(answer.results[0].verdict).removeprefix("USAGE_VERDICT_")

    return send


ONE, TWO = "6f1f0a3e-0000-4000-8000-000000000001", "6f1f0a3e-0000-4000-8000-000000000002"


async def test_use_that_comes_again_after_years_is_still_known(office, shop, upload):
    """Trap U4: ids are kept for as long as an outbox may live, and longer."""
    promotion, used_at = office.add_promotion(shop), datetime(2019, 1, 1, tzinfo=UTC)
    assert await upload(promotion, usage_id=ONE, used_at=used_at) == "ACCEPTED"
    office.run("UPDATE edge.promotion_usages SET received_at = '2019-01-02Z'")

    assert await upload(promotion, usage_id=ONE, used_at=used_at) == "DUPLICATE"
    assert office.value("SELECT count(*) FROM edge.promotion_usages") == 1


async def test_edges_clock_is_kept_beside_ours_and_its_business_day_is_its_own(office, upload):
    """Trap U7: when it was used is the edge's word, when it came is ours."""
    slow = datetime(2026, 6, 7, tzinfo=UTC)
    day = types.LocalDate(year=2026, month=6, day=9)

    await upload(usage_id=ONE, used_at=slow, business_on=day)
    await upload(usage_id=TWO, used_at=datetime(2026, 6, 9, 18, tzinfo=UTC))

    found = office.rows(
        "SELECT business_on, used_at = %s, received_at > clock_timestamp() - interval '1 hour'"
        " FROM edge.promotion_usages ORDER BY usage_id",
        slow,
    )
    # 18:00 UTC is the next day in Jakarta.
    assert found == [(date(2026, 6, 9), True, True), (date(2026, 6, 10), False, True)]


async def test_uses_beyond_a_limit_have_happened_and_count(office, shop, upload):
    """Trap U9: offline, a limit cannot be exact; what exceeds it is counted and can be reported."""
    promotion = office.add_promotion(shop, max_uses=1)

    verdicts = [await upload(promotion, usage_id=usage_id) for usage_id in (ONE, TWO)]

    assert verdicts == ["ACCEPTED", "ACCEPTED"]
    over = (
        "SELECT count(*) > max(p.max_uses) FROM edge.promotion_usages AS u"
        " INNER JOIN edge.promotions AS p ON u.promotion_id = p.promotion_id"
    )
    assert office.value(over)
