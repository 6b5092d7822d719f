"""Old removals are forgotten, and whoever would have needed them is told to start over."""

from __future__ import annotations

import datetime as dt

import psycopg
import pytest

from edge_grpc import selector
from edge_grpc.compile_store import publish
from edge_grpc.selector import Filters
from tests.integration.tombstones import prune_tombstones

pytestmark = pytest.mark.integration
NOW = dt.datetime(2026, 5, 10, tzinfo=dt.UTC)


@pytest.fixture
def prune(edge_dsn):
    """A function that deletes the tombstones that are older than so many days."""
    with psycopg.connect(edge_dsn, autocommit=True) as conn:
        yield lambda days: prune_tombstones(conn, kept_days=days, now=dt.datetime.now(dt.UTC))


async def test_old_removals_go_and_the_floor_rises(make_shop, prune):
    """Trap T9: whoever is below the floor is told so."""
    shop = await make_shop()
    gone, kept = await shop.add_product("gone"), await shop.add_product("kept")
    await shop.add("store_products", store_id=shop.store_id, product_id=kept, price=1)
    await publish(shop.conn, shop.company_id)
    await shop.conn.execute("DELETE FROM edge.products WHERE product_id = $1", gone)
    await shop.conn.execute("DELETE FROM edge.store_products WHERE product_id = $1", kept)
    old = await publish(shop.conn, shop.company_id)
    scope = await selector.load_scope(shop.conn, shop.company_id, shop.store_id)
    before = await selector.get_holdings(shop.conn, scope, Filters(), as_of=NOW)
    await shop.conn.execute(
        "UPDATE edge.publications SET published_at = now() - interval '61 days'"
        " WHERE company_id = $1",
        shop.company_id,
    )

    prune(60)
    after = await publish(shop.conn, shop.company_id)

    assert (after.version, after.floor_version) == (old.version, old.version)
    assert await selector.get_holdings(shop.conn, scope, Filters(), as_of=NOW) == before
    left = await shop.conn.fetch(
        "SELECT product_id FROM edge.product_records WHERE company_id = $1", shop.company_id
    )
    assert [row[0] for row in left] == [kept]


async def test_young_removals_stay(make_shop, prune):
    shop = await make_shop()
    product = await shop.add_product("A")
    await publish(shop.conn, shop.company_id)
    await shop.conn.execute("DELETE FROM edge.products WHERE product_id = $1", product)
    await publish(shop.conn, shop.company_id)

    prune(60)
    publication = await publish(shop.conn, shop.company_id)

    assert publication.floor_version == 0
    assert await shop.conn.fetchval(
        "SELECT is_removed FROM edge.product_records WHERE product_id = $1", product
    )


async def test_restored_numbering_is_another_epoch(make_shop):
    """Trap T18."""
    shop = await make_shop()
    first = await publish(shop.conn, shop.company_id)

    await shop.conn.execute(
        "UPDATE edge.versions SET epoch = gen_random_uuid() WHERE company_id = $1", shop.company_id
    )

    assert (await publish(shop.conn, shop.company_id)).epoch != first.epoch
