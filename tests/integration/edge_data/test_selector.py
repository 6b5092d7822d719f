"""Which records are a store's: by its local day, strategies, targets; and what changed since."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from edge_grpc import selector
from edge_grpc.compile_store import publish
from edge_grpc.selector import Filters, Since
from edge_grpc.v1.catalog_pb2 import Product

pytestmark = pytest.mark.integration
DAY = dt.date(2026, 5, 10)


@pytest.fixture(params=["Asia/Jakarta", "Asia/Riyadh", "America/New_York"])
async def shop(make_shop, request):
    return await make_shop(request.param)


def _local(shop_zone, day, hour=12, minute=0, second=0):
    return dt.datetime.combine(day, dt.time(hour, minute, second), tzinfo=ZoneInfo(shop_zone))


class View:
    """What a store holds, kept up to date by syncs as an edge would."""

    def __init__(self, shop):
        self.shop, self.conn = shop, shop.conn
        self.since = None
        self.held = {}
        self.removed = {}

    async def settings(self, **columns):
        for name, value in columns.items():
            await self.conn.execute(
                f"UPDATE edge.promotion_sync_settings SET {name} = $2 WHERE company_id = $1",
                self.shop.company_id, value,
            )  # fmt: skip

    async def sync(self, as_of, filters=Filters(), page=None):  # noqa: B008 - frozen
        publication = await publish(self.conn, self.shop.company_id)
        scope = await selector.load_scope(self.conn, self.shop.company_id, self.shop.store_id)
        after: Any = selector.FIRST_PROMOTION
        order = []
        while records := await selector.list_promotions(
            self.conn, scope, filters, as_of=as_of, since=self.since, after=after, page=page
        ):
            after = records[-1].key
            order += [record.record_id for record in records]
            self.held |= {record.record_id: record.version for record in records}
        self.removed = {}
        if self.since:
            removals = await selector.list_removals(
                self.conn, scope, filters, "promotion", as_of=as_of, since=self.since
            )
            self.removed = {removal.record_id: removal.reason for removal in removals}
            self.held = {key: v for key, v in self.held.items() if key not in self.removed}
        self.since = Since(publication.version, as_of)
        await self._check(scope, filters, as_of)
        return order

    async def _check(self, scope, filters, as_of):
        """Changes lead to the same place as a snapshot, always."""
        snapshot = await selector.list_promotions(
            self.conn, scope, filters, as_of=as_of, page=10_000
        )
        assert self.held == {record.record_id: record.version for record in snapshot}
        holdings = await selector.get_holdings(self.conn, scope, filters, as_of=as_of)
        assert holdings["promotion"].count == len(self.held)


async def _zone(shop):
    return await shop.conn.fetchval(
        "SELECT timezone FROM edge.stores WHERE store_id = $1", shop.store_id
    )


async def test_current_only_holds_from_local_midnight_to_local_midnight(shop):
    view, zone = View(shop), await _zone(shop)
    await view.settings(sync_strategy="current_only")
    promotion = await shop.add_promotion(start_on=DAY, end_on=DAY)
    day = dt.timedelta(days=1)

    await view.sync(_local(zone, DAY - day, 23, 59, 59))
    before = set(view.held)
    entered = await view.sync(_local(zone, DAY, 0))
    await view.sync(_local(zone, DAY, 23, 59, 59))
    last = set(view.held)
    await view.sync(_local(zone, DAY + day, 0))

    assert before == set()
    assert entered == [promotion]
    assert last == {promotion}
    assert view.removed == {promotion: "OUT_OF_WINDOW"}


@pytest.mark.parametrize(
    ("strategy", "offset", "expected"),
    [
        ("include_future", -8, False),
        ("include_future", -7, True),
        ("include_future", 1, True),
        ("include_future", 2, False),
        ("all_active", -300, True),
        ("all_active", 300, True),
        ("current_only", -1, False),
        ("current_only", 1, False),
    ],
)
async def test_strategies_decide_by_the_local_day(make_shop, strategy, offset, expected):
    shop = await make_shop()
    view = View(shop)
    await view.settings(sync_strategy=strategy)
    promotion = await shop.add_promotion(start_on=DAY, end_on=DAY)

    await view.sync(_local("Asia/Jakarta", DAY + dt.timedelta(days=offset)))

    assert (promotion in view.held) is expected


async def test_overnight_hours_of_the_last_day_stay_until_they_end(shop):
    view, zone = View(shop), await _zone(shop)
    await view.settings(sync_strategy="current_only")
    promotion = await shop.add_promotion(
        promo_type="happy_hour", start_on=DAY, end_on=DAY,
        starts_at_time=dt.time(22), ends_at_time=dt.time(2),
    )  # fmt: skip
    next_day = DAY + dt.timedelta(days=1)

    await view.sync(_local(zone, next_day, 1))
    at_one = set(view.held)
    await view.sync(_local(zone, next_day + dt.timedelta(days=1), 0))

    assert at_one == {promotion}
    assert view.removed == {promotion: "OUT_OF_WINDOW"}


@pytest.mark.parametrize("day", [dt.date(2026, 3, 8), dt.date(2026, 11, 1)])
async def test_days_of_clock_changes_begin_and_end_at_their_own_midnights(make_shop, day):
    shop = await make_shop("America/New_York", "USD")
    view = View(shop)
    await view.settings(sync_strategy="current_only")
    promotion = await shop.add_promotion(start_on=day, end_on=day)
    start, end = (
        _local("America/New_York", day + dt.timedelta(days=extra), 0).astimezone(dt.UTC)
        for extra in (0, 1)
    )
    tick = dt.timedelta(seconds=1)

    held = []
    for instant in (start - tick, start, end - tick, end):
        await view.sync(instant)
        held.append(promotion in view.held)

    assert held == [False, True, True, False]
    assert end - start in (dt.timedelta(hours=23), dt.timedelta(hours=25))


async def test_next_boundary_is_the_stores_midnight(make_shop):
    shop = await make_shop("America/New_York", "USD")
    await shop.add_promotion(start_on=DAY, end_on=DAY)
    await publish(shop.conn, shop.company_id)
    scope = await selector.load_scope(shop.conn, shop.company_id, shop.store_id)

    boundary = await selector.get_next_boundary(
        shop.conn, scope, Filters(), as_of=_local(scope.timezone, DAY)
    )

    assert boundary == _local(scope.timezone, DAY + dt.timedelta(days=2), 0)


async def test_each_way_out_is_a_removal_with_its_reason(make_shop):
    """Trap T11: leaving is said, never left to be guessed from absence."""
    shop = await make_shop()
    view = View(shop)
    names = ("deleted", "inactive", "brand", "store", "broken", "moved", "stays")
    made = {name: await shop.add_promotion(start_on=DAY, end_on=DAY, name=name) for name in names}
    other_brand = await shop.add("brands", company_id=shop.company_id, code="X", name="X")
    other_store = await shop.add(
        "stores", company_id=shop.company_id, code="X", name="X", timezone="Asia/Jakarta"
    )
    now = _local("Asia/Jakarta", DAY)
    await view.sync(now)
    assert set(view.held) == set(made.values())

    update = "UPDATE edge.promotions SET {} WHERE promotion_id = $1"
    await shop.conn.execute("DELETE FROM edge.promotions WHERE promotion_id = $1", made["deleted"])
    await shop.conn.execute(update.format("is_active = false"), made["inactive"])
    await shop.conn.execute(update.format("discount_percent = NULL"), made["broken"])
    await shop.conn.execute(
        update.format("start_on = '2027-01-01', end_on = '2027-01-01'"), made["moved"]
    )
    for name, column, target in (
        ("brand", "brand_id", other_brand),
        ("store", "store_id", other_store),
    ):
        await shop.add(
            "promotion_targets", promotion_id=made[name], target_role="include", **{column: target}
        )
        await shop.conn.execute(update.format(f"all_{name}s = false"), made[name])
    await view.sync(now)

    assert view.removed == {
        made["deleted"]: "DELETED",
        made["inactive"]: "INACTIVE",
        made["brand"]: "OUT_OF_SCOPE",
        made["store"]: "OUT_OF_SCOPE",
        made["broken"]: "NOT_COMPILED",
        made["moved"]: "OUT_OF_WINDOW",
    }


async def test_pages_are_in_order_of_importance_and_lose_nothing(make_shop):
    shop = await make_shop()
    keys = [(900, 0), (1, 0), (1, 5), (500, -3), (500, 7), (1, 5)] * 5
    made = {}
    for execution, priority in keys:
        promotion = await shop.add_promotion(
            start_on=DAY, end_on=DAY, execution_priority=execution, priority=priority
        )
        made[promotion] = (execution, -priority, promotion)

    order = await View(shop).sync(_local("Asia/Jakarta", DAY), page=7)

    assert order == sorted(made, key=made.__getitem__)


async def test_product_carries_the_stores_price_until_it_has_none(make_shop):
    shop = await make_shop()
    product = await shop.add_product("A", base_price=10)
    await shop.add("store_products", store_id=shop.store_id, product_id=product, price=7)
    first = await publish(shop.conn, shop.company_id)
    scope = await selector.load_scope(shop.conn, shop.company_id, shop.store_id)
    before = await selector.list_products(shop.conn, scope, Filters())

    await shop.conn.execute("DELETE FROM edge.store_products WHERE product_id = $1", product)
    await publish(shop.conn, shop.company_id)
    since = Since(first.version, dt.datetime.now(dt.UTC))
    after = await selector.list_products(shop.conn, scope, Filters(), since=since)

    assert Product.FromString(before[0].body).store_price.units == 7
    assert not Product.FromString(after[0].body).HasField("store_price")
    assert Product.FromString(after[0].body).version == after[0].version > first.version


async def test_product_that_leaves_the_stores_brand_is_removed(make_shop):
    shop = await make_shop()
    product = await shop.add_product("A")
    other = await shop.add("brands", company_id=shop.company_id, code="X", name="X")
    foreign = await shop.add_product("F", brand_id=other)
    first = await publish(shop.conn, shop.company_id)
    scope = await selector.load_scope(shop.conn, shop.company_id, shop.store_id)

    await shop.conn.execute("UPDATE edge.products SET brand_id = $1, name = 'N'", other)
    await publish(shop.conn, shop.company_id)
    now = dt.datetime.now(dt.UTC)
    removals = await selector.list_removals(
        shop.conn, scope, Filters(), "product", as_of=now, since=Since(first.version, now)
    )

    assert {r.record_id: r.reason for r in removals} == {product: "OUT_OF_SCOPE"}
    assert foreign not in {r.record_id for r in removals}


async def test_scope_changes_with_brands_and_settings_but_not_with_the_page(make_shop):
    shop = await make_shop()
    view = View(shop)

    async def fingerprint():
        return (await selector.load_scope(shop.conn, shop.company_id, shop.store_id)).fingerprint

    first = await fingerprint()
    await view.settings(max_promotions_per_sync=50)
    same = await fingerprint()
    await view.settings(future_days=8)
    other = await fingerprint()

    assert first == same != other


async def test_record_deleted_and_made_again_is_sent_and_not_removed(make_shop):
    shop = await make_shop()
    view = View(shop)
    promotion = await shop.add_promotion(start_on=DAY, end_on=DAY)
    now = _local("Asia/Jakarta", DAY)
    await view.sync(now)
    first = view.held[promotion]

    async with shop.conn.transaction():
        await shop.conn.execute("DELETE FROM edge.promotions WHERE promotion_id = $1", promotion)
        await shop.add_promotion(promotion_id=promotion, start_on=DAY, end_on=DAY, name="Again")
    await view.sync(now)

    assert view.removed == {}
    assert view.held[promotion] > first


async def test_promotion_becomes_visible_and_leaves_at_each_edge_without_a_write(make_shop):
    """Time alone does it, at start - future_days and at end + past_days."""
    shop = await make_shop()
    view = View(shop)
    promotion = await shop.add_promotion(start_on=DAY, end_on=DAY)
    versions = set()
    seen = []
    for offset in range(-9, 4):
        await view.sync(_local("Asia/Jakarta", DAY + dt.timedelta(days=offset)))
        versions.add(await shop.version())
        seen.append(promotion in view.held)

    assert seen == [False] * 2 + [True] * 9 + [False] * 2
    assert len(versions) == 1
