"""Chunks hold what their brand's stores are sent, and only what has changed is built again."""

from __future__ import annotations

import asyncio
import random

import pytest

from edge_grpc import batches, selector
from edge_grpc.chunk_store import ChunkStore
from edge_grpc.compile_store import publish
from edge_grpc.database import opened
from edge_grpc.selector import Filters
from edge_grpc.v1.sync_frames_pb2 import Batch

pytestmark = pytest.mark.integration
SIZE = 4


@pytest.fixture
async def database(edge_dsn):
    async with opened(edge_dsn, size=4) as opened_database:
        yield opened_database


@pytest.fixture
def store(database):
    return ChunkStore(database, cache_bytes=1 << 20, chunk_records=SIZE)


async def in_chunks(store, shop, brands):
    """Return the products of all chunks, by id, published and read as a stream does."""
    published = await publish(shop.conn, shop.company_id)
    return await read(store, shop, published.epoch, brands)


async def read(store, shop, epoch, brands):
    chunks = await store.list_chunks(shop.company_id, epoch, brands)
    parts = store.parts(shop.company_id, epoch, chunks, is_packed=False)
    return {
        p.id: p
        async for some in parts
        for part in some
        for p in Batch.FromString(part.body).products
    }


async def in_rows(shop, brands):
    scope = await selector.load_scope(shop.conn, shop.company_id, shop.store_id)
    records = [
        record
        for brand in brands
        for record in await selector.list_products(shop.conn, scope, Filters(brand_id=brand))
    ]
    body = batches.listed("product", [record.body for record in records])
    return {p.id: p for p in Batch.FromString(body).products}


async def chunk_ids(shop):
    found = await shop.conn.fetch(
        "SELECT chunk_id FROM edge.product_chunks WHERE company_id = $1", shop.company_id
    )
    return {row[0] for row in found}


async def counted(shop):
    """Count what product_holdings should hold."""
    return await shop.conn.fetch(
        "SELECT r.brand_id, o.store_id, count(*) FILTER (WHERE o.store_id IS NULL)::numeric,"
        " sum(CASE WHEN o.store_id IS NULL THEN edge.record_hash(r.product_id, r.version)"
        " ELSE edge.record_hash(r.product_id, o.version)"
        " - edge.record_hash(r.product_id, r.version) END)"
        " FROM edge.product_records AS r INNER JOIN ("
        "SELECT product_id, store_id, version FROM edge.store_product_records"
        " UNION ALL SELECT product_id, NULL, NULL FROM edge.product_records"
        ") AS o ON r.product_id = o.product_id AND (o.store_id IS NULL OR o.version > r.version)"
        " WHERE r.company_id = $1 AND r.is_active AND NOT r.is_removed"
        " GROUP BY 1, 2 ORDER BY 1, 2",
        shop.company_id,
    )


async def kept(shop):
    return await shop.conn.fetch(
        "SELECT brand_id, nullif(store_id, '00000000-0000-0000-0000-000000000000'), records,"
        " checksum FROM edge.product_holdings"
        " WHERE company_id = $1 AND (records, checksum) != (0, 0) ORDER BY 1, 2",
        shop.company_id,
    )


async def change(shop, chance, brands):
    """Make one random change of products or of the store's prices."""
    some = "company_id = $1 AND random() < 0.3"
    kind = chance.choice(("add", "price", "move", "hide", "delete", "overlay", "overlay"))
    if kind == "add":
        for _ in range(chance.choice((1, 3, 30))):
            await shop.add_product(brand_id=chance.choice(brands))
    elif kind == "overlay":
        await shop.conn.execute(
            "INSERT INTO edge.store_products SELECT $2, product_id, 5 FROM edge.products"
            f" WHERE {some} ON CONFLICT (store_id, product_id) DO UPDATE SET price ="
            " edge.store_products.price + 1",
            *(shop.company_id, shop.store_id),
        )
    elif kind == "delete":
        await shop.conn.execute(f"DELETE FROM edge.products WHERE {some}", shop.company_id)
    else:
        sets = {
            "price": "base_price = base_price + 1",
            "hide": "is_active = NOT is_active",
            "move": f"brand_id = '{chance.choice(brands)}'",
        }
        query = f"UPDATE edge.products SET {sets[kind]} WHERE {some}"
        await shop.conn.execute(query, shop.company_id)


@pytest.mark.parametrize("seed", range(6))
async def test_chunks_and_holdings_follow_every_change(make_shop, store, seed):
    shop = await make_shop()
    chance = random.Random(seed)
    second = await shop.add("brands", company_id=shop.company_id, code="C", name="Second")
    await shop.add("store_brands", store_id=shop.store_id, brand_id=second)
    brands = [shop.brand_id, second]

    for _ in range(12):
        await change(shop, chance, brands)
        plain = {
            product_id: (product.sku, product.base_price.units, product.brand_id)
            for product_id, product in (await in_chunks(store, shop, brands)).items()
        }
        expected = {
            product_id: (product.sku, product.base_price.units, product.brand_id)
            for product_id, product in (await in_rows(shop, brands)).items()
        }
        assert plain == expected
        assert await kept(shop) == await counted(shop)


async def test_one_change_builds_one_chunk_again(make_shop, store):
    shop = await make_shop()
    made = [await shop.add_product() for _ in range(10 * SIZE)]
    await in_chunks(store, shop, [shop.brand_id])
    before = await chunk_ids(shop)

    await shop.conn.execute(
        "UPDATE edge.products SET base_price = 99 WHERE product_id = $1", made[7]
    )
    found = await in_chunks(store, shop, [shop.brand_id])
    after = await chunk_ids(shop)

    assert found[str(made[7])].base_price.units == 99
    assert len(before) == len(after) == 10
    assert len(after - before) == 1


async def test_chunks_older_than_the_forgotten_removals_are_built_again(make_shop, store):
    shop = await make_shop()
    gone, stays = [await shop.add_product() for _ in range(2)]
    await in_chunks(store, shop, [shop.brand_id])

    await shop.conn.execute("DELETE FROM edge.products WHERE product_id = $1", gone)
    published = await publish(shop.conn, shop.company_id)
    await shop.conn.execute("DELETE FROM edge.product_records WHERE product_id = $1", gone)
    await shop.conn.execute(
        "UPDATE edge.versions SET floor_version = $2 WHERE company_id = $1",
        *(shop.company_id, published.version),
    )

    assert set(await in_chunks(store, shop, [shop.brand_id])) == {str(stays)}


async def test_stores_that_sync_at_once_build_each_chunk_once(make_shop, store, database):
    shop = await make_shop()
    made = {str(await shop.add_product()) for _ in range(5 * SIZE)}
    published = await publish(shop.conn, shop.company_id)
    others = [ChunkStore(database, cache_bytes=0, chunk_records=SIZE) for _ in range(3)]

    found = await asyncio.gather(
        *(read(one, shop, published.epoch, [shop.brand_id]) for one in (store, *others))
    )

    assert [set(products) for products in found] == [made] * 4
    assert len(await chunk_ids(shop)) == 5
