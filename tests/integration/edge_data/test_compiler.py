"""Defects of a system that this one replaces: each has a test here that shows it cannot happen."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest

from edge_grpc import selector
from edge_grpc.compile_store import publish
from edge_grpc.selector import Filters, Since
from edge_grpc.v1.catalog_pb2 import Category, Product
from edge_grpc.v1.promotion_pb2 import Promotion

pytestmark = pytest.mark.integration
DAY = dt.date(2026, 5, 10)
NOON = dt.datetime(2026, 5, 10, 5, tzinfo=dt.UTC)
DATES = {"start_on": DAY, "end_on": DAY}


@pytest.fixture
async def shop(make_shop):
    return await make_shop()


async def _promotions(shop, since=None, filters=Filters()):  # noqa: B008 - frozen
    """Publish, and return the store's promotions by id."""
    publication = await publish(shop.conn, shop.company_id)
    scope = await selector.load_scope(shop.conn, shop.company_id, shop.store_id)
    records = await selector.list_promotions(
        shop.conn, scope, filters, as_of=NOON, since=since, page=10_000
    )
    found = {record.record_id: Promotion.FromString(record.body) for record in records}
    return found, Since(publication.version, NOON)


async def _compiled(shop, **columns):
    promotion_id = await shop.add_promotion(**(DATES | columns))
    found, _ = await _promotions(shop)
    return found[promotion_id]


async def _error(shop, promotion_id):
    await publish(shop.conn, shop.company_id)
    return await shop.conn.fetchval(
        "SELECT reason FROM edge.promotion_compile_errors WHERE promotion_id = $1", promotion_id
    )


async def _removals(shop, since):
    await publish(shop.conn, shop.company_id)
    scope = await selector.load_scope(shop.conn, shop.company_id, shop.store_id)
    removals = await selector.list_removals(
        shop.conn, scope, Filters(), "promotion", as_of=NOON, since=since
    )
    return {removal.record_id: removal.reason for removal in removals}


async def test_defect_1_company_wide_and_multi_brand_promotions_reach_the_store(shop):
    other = await shop.add("brands", company_id=shop.company_id, code="X", name="X")
    wide = await shop.add_promotion(**DATES)
    multi = await shop.add_promotion(**DATES, all_brands=False)
    foreign = await shop.add_promotion(**DATES, all_brands=False)
    excluded = await shop.add_promotion(**DATES)
    for promotion, role, brand in (
        (multi, "include", other),
        (multi, "include", shop.brand_id),
        (foreign, "include", other),
        (excluded, "exclude", shop.brand_id),
    ):
        await shop.add(
            "promotion_targets", promotion_id=promotion, target_role=role, brand_id=brand
        )

    everything, _ = await _promotions(shop)
    of_brand, _ = await _promotions(shop, filters=Filters(brand_id=shop.brand_id))

    assert set(everything) == set(of_brand) == {wide, multi}


async def test_defect_2_what_leaves_is_removed(shop):
    promotion = await shop.add_promotion(**DATES)
    _, since = await _promotions(shop)

    await shop.conn.execute("DELETE FROM edge.promotions WHERE promotion_id = $1", promotion)

    assert await _removals(shop, since) == {promotion: "DELETED"}


@pytest.mark.parametrize("table", ["promotion_targets", "promotion_tiers", "promotion_items"])
async def test_defect_3_changes_of_what_belongs_to_a_promotion_are_changes_of_it(shop, table):
    product = await shop.add_product("A")
    kind = {"promotion_tiers": "threshold_tier", "promotion_items": "combo"}
    promotion = await shop.add_promotion(
        **DATES, promo_type=kind.get(table, "percent_discount"), special_price=5
    )
    columns = {
        "promotion_targets": {"target_role": "exclude", "product_id": product},
        "promotion_tiers": {
            "tier_order": 1, "name": "T", "min_amount": 5, "discount_type": "percent",
            "discount_value": 5,
        },
        "promotion_items": {"sort_order": 1, "product_id": product},
    }[table]  # fmt: skip
    _, since = await _promotions(shop)

    await shop.add(table, promotion_id=promotion, **columns)
    changed, _ = await _promotions(shop, since)

    assert set(changed) == {promotion}


async def test_defect_4_pages_continue_where_they_ended(shop):
    """Trap T5: records of one version and priority meet at the border of a page."""
    made = [
        await shop.add_promotion(**DATES, execution_priority=priority)
        for priority in (300, 100, 200)
    ]
    await publish(shop.conn, shop.company_id)
    scope = await selector.load_scope(shop.conn, shop.company_id, shop.store_id)
    after: Any = selector.FIRST_PROMOTION
    order = []

    for _ in made:
        (record,) = await selector.list_promotions(
            shop.conn, scope, Filters(), as_of=NOON, after=after, page=1
        )
        after, order = record.key, [*order, record.record_id]

    assert order == [made[1], made[2], made[0]]


async def test_defect_5_a_row_committed_late_is_in_the_next_changes(shop, connect):
    late = await connect()
    transaction = late.transaction()
    await transaction.start()
    slow = await late.fetchval(
        "INSERT INTO edge.promotions (company_id, code, name, promo_type, discount_percent,"
        " start_on, end_on) VALUES ($1, 'L', 'L', 'percent_discount', 5, $2, $2)"
        " RETURNING promotion_id",
        shop.company_id, DAY,
    )  # fmt: skip
    quick = await shop.add_promotion(**DATES)
    first, since = await _promotions(shop)

    await transaction.commit()
    changed, _ = await _promotions(shop, since)

    assert set(first) == {quick}
    assert set(changed) == {slow}


async def test_defect_6_the_version_counts_every_change_of_everything(shop):
    before = await shop.version()
    product = await shop.add_product("A")
    versions = [before, await shop.version()]
    for statement in (
        "UPDATE edge.products SET name = 'B' WHERE product_id = $1",
        "DELETE FROM edge.products WHERE product_id = $1",
    ):
        await shop.conn.execute(statement, product)
        versions.append(await shop.version())

    assert versions == list(range(before, before + 4))


async def test_defect_7_a_usage_counts_once_and_its_bill_is_free_text(shop):
    usage = {
        "store_id": shop.store_id, "usage_id": uuid.uuid4(), "company_id": shop.company_id,
        "promotion_id": uuid.uuid4(), "bill_id": "B001", "brand_id": shop.brand_id,
        "discount_amount": 5, "currency": "IDR", "used_at": NOON, "business_on": DAY,
        "content_hash": b"1",
    }  # fmt: skip

    await shop.add("promotion_usages", **usage)

    with pytest.raises(Exception, match="promotion_usages_pkey"):
        await shop.add("promotion_usages", **usage)
    kept = await shop.conn.fetchrow("SELECT * FROM edge.promotion_usages WHERE bill_id = 'B001'")
    assert kept["used_at"] == NOON != kept["received_at"]


async def test_defect_8_no_selection_leaves_the_company(shop, make_shop):
    other = await make_shop()
    await other.add_promotion(**DATES)
    await publish(other.conn, other.company_id)

    with pytest.raises(selector.NotFoundError):
        await selector.load_scope(shop.conn, shop.company_id, other.store_id)
    assert (await _promotions(shop))[0] == {}


async def test_defect_9_what_does_not_compile_is_said_and_harms_no_other(shop):
    good = await shop.add_promotion(**DATES)
    broken = await shop.add_promotion(**DATES, promo_type="mystery")

    served, since = await _promotions(shop)

    assert set(served) == {good}
    assert await _error(shop, broken) == "'mystery' is not a known promo_type"
    await shop.conn.execute(
        "UPDATE edge.promotions SET promo_type = 'percent_discount' WHERE promotion_id = $1", broken
    )
    assert set((await _promotions(shop, since))[0]) == {broken}
    assert await _error(shop, broken) is None


async def test_defect_10_inactive_ones_come_by_the_setting_or_the_request(shop):
    promotion = await shop.add_promotion(**DATES, is_active=False)
    hidden, _ = await _promotions(shop)
    asked, _ = await _promotions(shop, filters=Filters(include_inactive=True))
    await shop.conn.execute(
        "UPDATE edge.promotion_sync_settings SET include_inactive = true WHERE company_id = $1",
        shop.company_id,
    )
    by_setting, _ = await _promotions(shop)

    assert hidden == {}
    assert set(asked) == set(by_setting) == {promotion}
    assert not by_setting[promotion].is_active


async def test_defect_11_zero_is_not_nothing(shop):
    capped = await _compiled(shop, max_discount_amount=0)
    uncapped = await _compiled(shop)
    buy = await _compiled(
        shop, promo_type="buy_x_get_y", discount_percent=0, buy_quantity=1, get_quantity=1
    )
    free = await _compiled(
        shop, promo_type="buy_x_get_y", discount_percent=None, buy_quantity=1, get_quantity=1
    )
    never = await _compiled(shop, max_uses=0)
    assert capped.percent_discount.HasField("max_discount")
    assert not uncapped.percent_discount.HasField("max_discount")
    assert buy.buy_x_get_y.get_basis_points == 0
    assert free.buy_x_get_y.get_basis_points == 10_000
    assert never.limits.HasField("max_uses")
    assert not uncapped.limits.HasField("max_uses")


async def test_defect_12_days_and_hours_have_one_meaning(shop):
    await shop.add("holidays", company_id=shop.company_id, held_on=DAY, name="Feast")
    night = await _compiled(
        shop, promo_type="happy_hour", starts_at_time=dt.time(22), ends_at_time=dt.time(2),
        exclude_holidays=True,
    )  # fmt: skip
    some = await _compiled(shop, weekdays=[7, 6])

    assert list(night.validity.days) == [1, 2, 3, 4, 5, 6, 7]
    assert (night.validity.hours.start_second, night.validity.hours.end_second) == (79200, 7200)
    assert [day.day for day in night.validity.excluded_dates] == [10]
    assert list(some.validity.days) == [6, 7]
    assert not some.validity.HasField("hours")


async def test_defect_13_these_tests_run_on_the_real_schema(shop):
    """Rows are written with plain SQL into migrated tables, so a wrong column fails the test."""
    with pytest.raises(Exception, match='column "discount_type" of relation "promotions"'):
        await shop.add_promotion(**DATES, discount_type="percent")


async def test_what_was_left_out_before_is_compiled(shop):
    other = await shop.add_promotion(**DATES)
    promotion = await shop.add_promotion(
        **DATES, priority=7, min_quantity=2, min_items=3, excluded_member_ids=["m2", "m1"],
        inactive_days_threshold=45, customer_type="inactive", show_in_menu=True,
        manual_override=True, override_role="manager", override_max_amount=Decimal("1.5"),
    )  # fmt: skip
    await shop.add(
        "promotion_targets", promotion_id=promotion, target_role="exclude", other_promotion_id=other
    )
    compiled = (await _promotions(shop))[0][promotion]

    assert compiled.priority == 7
    assert (compiled.conditions.min_quantity, compiled.conditions.min_items) == (2, 3)
    assert list(compiled.conditions.excluded_member_ids) == ["m1", "m2"]
    assert compiled.conditions.inactive_days_threshold == 45
    assert list(compiled.combination.cannot_combine_with) == [str(other)]
    assert compiled.manual_override.max_amount.nanos == 500_000_000
    assert compiled.show_in_menu


async def test_deleted_part_makes_a_combo_an_error_not_a_bargain(shop):
    parts = [await shop.add_product(sku) for sku in ("A", "B")]
    promotion = await shop.add_promotion(**DATES, promo_type="combo", special_price=9)
    for number, part in enumerate(parts):
        await shop.add(
            "promotion_items", promotion_id=promotion, sort_order=number, product_id=part
        )
    _, since = await _promotions(shop)

    await shop.conn.execute("DELETE FROM edge.products WHERE product_id = $1", parts[1])

    assert "part 1 has no product_id" in await _error(shop, promotion)
    assert await _removals(shop, since) == {promotion: "NOT_COMPILED"}


async def test_moved_category_recompiles_what_depends_on_it_and_nothing_else(shop):
    """Trap T15."""
    categories = [
        await shop.add("categories", company_id=shop.company_id, code=code, name=code)
        for code in "ABC"
    ]
    depends = await shop.add_promotion(**DATES, apply_to="category")
    elsewhere = await shop.add_promotion(**DATES, apply_to="category")
    for promotion, category in ((depends, categories[0]), (elsewhere, categories[2])):
        await shop.add(
            "promotion_targets",
            promotion_id=promotion, target_role="include", category_id=category,
        )  # fmt: skip
    _, since = await _promotions(shop)

    await shop.conn.execute(
        "UPDATE edge.categories SET parent_id = $1 WHERE category_id = $2", *categories[:2]
    )
    changed, _ = await _promotions(shop, since)

    assert set(changed) == {depends}
    assert list(changed[depends].scope.category_ids) == sorted(map(str, categories[:2]))


async def test_new_currency_recompiles_every_amount(shop):
    product = await shop.add_product("A")
    await shop.add("store_products", store_id=shop.store_id, product_id=product, price=7)
    await publish(shop.conn, shop.company_id)

    await shop.conn.execute(
        "UPDATE edge.companies SET currency = 'USD' WHERE company_id = $1", shop.company_id
    )
    await publish(shop.conn, shop.company_id)
    scope = await selector.load_scope(shop.conn, shop.company_id, shop.store_id)
    (record,) = await selector.list_products(shop.conn, scope, Filters())

    served = Product.FromString(record.body)
    assert served.base_price.currency_code == served.store_price.currency_code == "USD"


async def test_category_keeps_its_version_when_nothing_on_the_wire_changed(shop):
    category = await shop.add("categories", company_id=shop.company_id, code="A", name="A")
    await publish(shop.conn, shop.company_id)
    for name in ("B", "A"):
        await shop.conn.execute(
            "UPDATE edge.categories SET name = $1 WHERE category_id = $2", name, category
        )
    publication = await publish(shop.conn, shop.company_id)
    scope = await selector.load_scope(shop.conn, shop.company_id, shop.store_id)
    (record,) = await selector.list_categories(shop.conn, scope, Filters())

    assert Category.FromString(record.body).version == record.version < publication.version
