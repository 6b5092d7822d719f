"""Stores that are moved to another company, or deleted, with what they have of their own."""

from __future__ import annotations

import datetime as dt

import pytest

from edge_grpc import selector
from edge_grpc.compile_store import publish
from edge_grpc.selector import Filters, Since

pytestmark = pytest.mark.integration
MOVE = "UPDATE edge.stores SET company_id = $1 WHERE store_id = $2"


@pytest.fixture
async def shop(make_shop):
    return await make_shop()


async def priced(shop, price):
    product = await shop.add_product()
    await shop.add("store_products", store_id=shop.store_id, product_id=product, price=price)
    return product


async def test_overlays_of_a_deleted_store_are_forgotten(shop):
    await priced(shop, 3)
    await publish(shop.conn, shop.company_id)
    records = "SELECT count(*) FROM edge.store_product_records WHERE store_id = $1"
    assert await shop.conn.fetchval(records, shop.store_id) == 1

    await shop.conn.execute("DELETE FROM edge.stores WHERE store_id = $1", shop.store_id)
    await publish(shop.conn, shop.company_id)

    assert await shop.conn.fetchval(records, shop.store_id) == 0
    scopes = "SELECT count(*) FROM edge.store_scopes WHERE store_id = $1"
    assert await shop.conn.fetchval(scopes, shop.store_id) == 0


async def test_price_that_changed_while_the_store_was_elsewhere_is_in_the_changes(
    shop, make_shop, conn
):
    product = await priced(shop, 3)
    for _ in range(5):  # this company's numbers are well above the other's
        await shop.add_product()
    old = await publish(conn, shop.company_id)
    other = await make_shop()
    await conn.execute("UPDATE edge.stores SET code = 'X' WHERE store_id = $1", other.store_id)

    await conn.execute(MOVE, other.company_id, shop.store_id)
    await conn.execute("UPDATE edge.store_products SET price = 4 WHERE product_id = $1", product)
    await publish(conn, other.company_id)
    await conn.execute(MOVE, shop.company_id, shop.store_id)
    await publish(conn, shop.company_id)
    await publish(conn, other.company_id)

    scope = await selector.load_scope(conn, shop.company_id, shop.store_id)
    since = Since(old.version, dt.datetime(2026, 5, 10, tzinfo=dt.UTC))
    found = await selector.list_products(conn, scope, Filters(), since=since)
    assert [record.record_id for record in found] == [product]
    assert found[0].version > old.version
    whole = await selector.list_products(conn, scope, Filters())
    assert found[0] in whole


@pytest.mark.parametrize(
    ("change", "is_one"),
    [
        ("UPDATE edge.stores SET timezone = 'Asia/Riyadh' WHERE store_id = $1", True),
        ("DELETE FROM edge.store_brands WHERE store_id = $1", True),
        (
            """
            UPDATE edge.promotion_sync_settings AS t SET past_days = 9 FROM edge.stores AS s
            WHERE t.company_id = s.company_id AND s.store_id = $1
            """,
            True,
        ),
        ("UPDATE edge.products SET name = 'N' WHERE $1::uuid IS NOT NULL", False),
    ],
)
async def test_change_of_a_stores_scope_is_noted_with_its_version(shop, change, is_one):
    await shop.add_product()
    before = await publish(shop.conn, shop.company_id)
    assert not await selector.has_scope_changed(shop.conn, shop.store_id, before.version)

    await shop.conn.execute(change, shop.store_id)
    await publish(shop.conn, shop.company_id)

    found = await selector.has_scope_changed(shop.conn, shop.store_id, before.version)
    assert found == is_one
