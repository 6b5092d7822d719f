"""No row, whoever wrote it, keeps a whole company's data from its stores.

Each case has stopped a company once: what no message can carry is refused where it is written, and
what can be written is published.
"""

from __future__ import annotations

import datetime as dt

import asyncpg
import pytest

from edge_grpc import selector
from edge_grpc.compile_store import publish
from edge_grpc.selector import Filters

pytestmark = pytest.mark.integration
NOW = dt.datetime(2026, 5, 10, tzinfo=dt.UTC)


@pytest.fixture
async def shop(make_shop):
    return await make_shop()


async def served(shop):
    await publish(shop.conn, shop.company_id)
    scope = await selector.load_scope(shop.conn, shop.company_id, shop.store_id)
    found = await selector.list_promotions(shop.conn, scope, Filters(), as_of=NOW)
    return scope, {record.record_id for record in found}


async def test_hours_until_24_00_are_published(shop):
    made = await shop.conn.fetchval(
        "INSERT INTO edge.promotions (company_id, code, name, promo_type, discount_percent,"
        " start_on, end_on, starts_at_time, ends_at_time) VALUES"
        " ($1, 'A', 'A', 'happy_hour', 10, '2026-01-01', '2026-12-31', '18:00', '24:00')"
        " RETURNING promotion_id",
        shop.company_id,
    )

    assert (await served(shop))[1] == {made}


@pytest.mark.parametrize("hours", [(None, None), (dt.time(22), dt.time(2))])
async def test_promotion_until_the_last_day_of_the_calendar_has_no_boundary(shop, hours):
    made = await shop.add_promotion(
        start_on=dt.date(2026, 1, 1), end_on=dt.date(9999, 1, 1),
        starts_at_time=hours[0], ends_at_time=hours[1],
    )  # fmt: skip
    # In words: asyncpg sends the calendar's last day as infinity.
    await shop.conn.execute(
        "UPDATE edge.promotions SET end_on = '9999-12-31' WHERE promotion_id = $1", made
    )

    scope, found = await served(shop)

    assert found == {made}
    boundary = await selector.get_next_boundary(shop.conn, scope, Filters(), as_of=NOW)
    assert boundary is None


async def test_parameters_nested_without_end_are_one_promotions_fault(shop):
    good = await shop.add_promotion(start_on=dt.date(2026, 1, 1), end_on=dt.date(2026, 12, 31))
    await shop.add_promotion(
        start_on=dt.date(2026, 1, 1), end_on=dt.date(2026, 12, 31),
        cross_brand_type="same_receipt", cross_brand_parameters="[" * 2000 + "]" * 2000,
    )  # fmt: skip

    assert (await served(shop))[1] == {good}
    errors = "SELECT count(*) FROM edge.promotion_compile_errors WHERE company_id = $1"
    assert await shop.conn.fetchval(errors, shop.company_id) == 1


REFUSED = {
    "products_base_price_number_check": "UPDATE edge.products SET base_price = 'NaN'",
    "products_size_check": "UPDATE edge.products SET description = repeat('x', 100001)",
    "store_products_price_number_check": "UPDATE edge.store_products SET price = 'NaN'",
    "categories_sort_order_check": "UPDATE edge.categories SET sort_order = 3000000000",
    "categories_size_check": "UPDATE edge.categories SET name = repeat('x', 100001)",
    "promotions_calendar_check": "UPDATE edge.promotions SET end_on = 'infinity'",
    "holidays_calendar_check": "UPDATE edge.holidays SET held_on = '10000-01-01'",
}


@pytest.mark.parametrize("constraint", REFUSED)
async def test_value_that_no_message_can_carry_is_refused_where_it_is_written(shop, constraint):
    product = await shop.add_product()
    await shop.add("store_products", store_id=shop.store_id, product_id=product, price=1)
    await shop.add("categories", company_id=shop.company_id, code="C", name="C")
    await shop.add_promotion(start_on=dt.date(2026, 1, 1), end_on=dt.date(2026, 12, 31))
    await shop.add("holidays", company_id=shop.company_id, held_on=dt.date(2026, 1, 1), name="H")

    with pytest.raises(asyncpg.CheckViolationError, match=constraint):
        await shop.conn.execute(REFUSED[constraint])
