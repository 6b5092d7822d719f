"""Days and hours are the store's own, from head office's rows to the edge's SQLite.

Head office's clock stands where a test puts it; nobody writes a row meanwhile. Times below are the
store's, as `zone: local time`, and what has to be held at them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from edge_grpc.client.session import Session
from edge_grpc.client.store import EdgeStore, open_database
from edge_grpc.client.sync import Syncer
from edge_grpc.v1 import sync_pb2 as sync
from edge_grpc.v1.promotion_pb2 import Promotion
from tests.integration.edge.conftest import credentials
from tests.integration.edge.histories import Clock
from tests.integration.edge.plain_edge import PlainEdge

pytestmark = pytest.mark.integration
ZONES = ("Asia/Jakarta", "Asia/Riyadh", "America/New_York")
SECOND = timedelta(seconds=1)


def local(text, zone):
    """Return the instant of a local time; of one that comes twice, the first."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.fixture
def clock(office):
    return Clock(office)


@pytest.fixture
async def server(serving, clock):
    async with serving(dsn=clock.dsn) as running:
        yield running


@pytest.fixture
def held_at(office, shop, server, clock, tmp_path):
    """Return what an edge holds after a sync at an instant; each sync follows the one before."""
    office.run("UPDATE edge.promotion_sync_settings SET sync_strategy = 'current_only'")
    conn = open_database(tmp_path / "edge.sqlite")

    async def held(at):
        clock.set(at)
        async with Session(credentials(server, shop)) as session:
            progress = await Syncer(session, EdgeStore(conn)).sync()
            fresh = await PlainEdge("Sync", **shop.tenant).sync(session)
        found = {row[0] for row in conn.execute("SELECT id FROM promotions")}
        assert found == {key for kind, key in fresh.held if kind == 3}
        held.mode, held.conn = progress.mode, conn
        return found

    yield held
    conn.close()


def in_zone(office, shop, zone):
    office.run("UPDATE edge.stores SET timezone = %s WHERE store_id = %s", zone, shop.store_id)


@pytest.mark.usefixtures("no_repairs")
@pytest.mark.parametrize("zone", ZONES)
async def test_window_opens_and_closes_at_the_stores_midnight(office, shop, held_at, zone):
    """Trap T10: time alone brings a promotion and takes it away, as changes and not anew."""
    in_zone(office, shop, zone)
    made = office.add_promotion(shop, start_on="2026-06-10", end_on="2026-06-11")
    opens, closes = local("2026-06-10T00:00", zone), local("2026-06-12T00:00", zone)

    assert await held_at(opens - SECOND) == set()
    assert await held_at(opens) == {made}
    assert held_at.mode == "changes"
    assert await held_at(closes - SECOND) == {made}
    assert await held_at(closes) == set()
    assert held_at.mode == "changes"


@pytest.mark.usefixtures("no_repairs")
@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-03-08", 23), ("2026-11-01", 25), ("2026-06-10", 24)],
    ids=["spring", "autumn", "ordinary"],
)
async def test_day_of_a_clock_change_has_its_own_length(office, shop, held_at, day, hours):
    in_zone(office, shop, "America/New_York")
    made = office.add_promotion(shop, start_on=day, end_on=day)
    opens = local(f"{day}T00:00", "America/New_York")
    closes = opens + timedelta(hours=hours)

    assert await held_at(opens - SECOND) == set()
    assert await held_at(opens) == {made}
    assert await held_at(closes - SECOND) == {made}
    assert await held_at(closes) == set()


@pytest.mark.usefixtures("no_repairs")
@pytest.mark.parametrize("zone", ZONES)
async def test_overnight_happy_hour_stays_until_its_last_night_is_over(office, shop, held_at, zone):
    in_zone(office, shop, zone)
    made = office.add_promotion(
        shop,
        promo_type="happy_hour",
        start_on="2026-10-30",
        end_on="2026-10-31",  # in New York the clocks change in its last night
        starts_at_time="22:00",
        ends_at_time="02:00",
    )

    assert await held_at(local("2026-11-01T01:59:59", zone)) == {made}
    [body] = held_at.conn.execute("SELECT body FROM promotions").fetchone()
    hours = Promotion.FromString(body).validity.hours
    assert (hours.start_second, hours.end_second) == (22 * 3600, 2 * 3600)
    # The record goes at the midnight after the day on which its last night ended.
    assert await held_at(local("2026-11-02T00:00", zone) - SECOND) == {made}
    assert await held_at(local("2026-11-02T00:00", zone)) == set()


@pytest.mark.usefixtures("no_repairs")
async def test_stores_of_one_company_have_each_their_own_day(office, shop, server, clock):
    """Defect 3 and the sheet's UTC date: at one instant it is the 10th in one store only."""
    west = await office.add_shop(shop.company_id, shop.brand_id)
    in_zone(office, shop, "Asia/Jakarta")
    in_zone(office, west, "America/New_York")
    office.run("UPDATE edge.promotion_sync_settings SET sync_strategy = 'current_only'")
    office.add_promotion(shop, start_on="2026-06-10", end_on="2026-06-10")
    clock.set(local("2026-06-10T00:30", "Asia/Jakarta"))

    counts = []
    for one in (shop, west):
        async with Session(credentials(server, one)) as session:
            counts.append(len((await PlainEdge("Sync", **one.tenant).sync(session)).held))

    assert counts == [1, 0]


@pytest.mark.usefixtures("no_repairs")
async def test_checkpoint_names_the_midnight_and_get_version_tells_of_it(
    office, shop, server, clock
):
    """Trap T10: nobody writes, and yet the cursor is old from the boundary on."""
    in_zone(office, shop, "Asia/Riyadh")
    office.add_promotion(shop, start_on="2026-06-10", end_on="2026-06-11")
    office.run("UPDATE edge.promotion_sync_settings SET sync_strategy = 'current_only'")
    midnight = local("2026-06-10T00:00", "Asia/Riyadh")
    clock.set(midnight - timedelta(hours=1))

    async with Session(credentials(server, shop)) as session:
        seen = []
        await PlainEdge("Sync", **shop.tenant).sync(session, seen.append)
        boundary = seen[-1].checkpoint.next_boundary_at.ToDatetime(UTC)

        request = sync.GetVersionRequest(**shop.tenant, cursor=seen[-1].checkpoint.cursor)
        version = await session.stub.GetVersion(request, metadata=await session.metadata())

    assert boundary == midnight
    # The server's own clock is past that midnight: there is something, though nobody wrote.
    assert version.version == seen[0].hello.version
    assert version.changed


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE edge.stores SET timezone = 'Asia/Riyadh'",
        "DELETE FROM edge.store_brands",
        "UPDATE edge.promotion_sync_settings SET include_inactive = true",
        "UPDATE edge.store_brands SET brand_id = '{other}'",
    ],
)
async def test_time_instead_of_a_cursor_sees_a_change_of_the_stores_scope(
    office, shop, server, clock, change
):
    """Traps T1 and T12: what starts to match without being edited reaches a clock's edge too."""
    other = await office.add_shop(shop.company_id)
    office.add_product(shop)
    office.add_product(other)
    office.add_promotion(shop, is_active=False)
    edge = PlainEdge("Sync", by_clock=True, **shop.tenant)
    async with Session(credentials(server, shop)) as session:

        async def sync_twice_later():
            clock.set(clock.now() + timedelta(hours=1))
            await edge.sync(session)  # its time is too close to the last change to be sure
            await edge.sync(session)

        await edge.sync(session)
        await sync_twice_later()
        office.run(change.format(other=other.brand_id))
        await edge.sync(session)
        fresh = await PlainEdge("Sync", **shop.tenant).sync(session)
        assert edge.held == fresh.held
        await sync_twice_later()

    assert edge.held == fresh.held
    snapshot, changes = 1, 2
    assert edge.modes == [snapshot, snapshot, changes, snapshot, snapshot, changes]


async def test_wrong_clock_of_the_edge_decides_nothing(office, shop, server):
    """Trap T8: an instant far ahead is taken for now, one long ago for the beginning."""
    made = office.add_product(shop)
    async with Session(credentials(server, shop)) as session:
        for year in (1971, 2999):
            request = sync.SyncRequest(**shop.tenant, updated_since=f"{year}-01-01T00:00:00Z")
            stream = session.stub.Sync(request, metadata=await session.metadata())
            found = [record.id async for frame in stream for record in frame.batch.products]
            assert found == [made], year
