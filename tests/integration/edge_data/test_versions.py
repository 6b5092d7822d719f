"""Versions rise with every change made by plain SQL, in the order of the commits."""

from __future__ import annotations

import asyncio
import datetime as dt
import random

import asyncpg
import pytest

pytestmark = pytest.mark.integration


@pytest.fixture
async def shop(make_shop):
    return await make_shop()


async def test_bulk_insert_is_one_version_and_a_mark_for_each_row(shop):
    before = await shop.version()

    await shop.conn.execute(
        "INSERT INTO edge.products (company_id, brand_id, sku, name, base_price)"
        " SELECT $1, $2, n::text, 'P', n FROM generate_series(1, 1000) AS n",
        shop.company_id, shop.brand_id,
    )  # fmt: skip

    assert await shop.version() == before + 1
    assert len([kind for kind, _ in await shop.marks() if kind == "product"]) == 1000


async def test_update_that_changes_nothing_is_no_change(shop):
    await shop.add_product("A")
    before = await shop.version()

    await shop.conn.execute(
        "UPDATE edge.products SET name = name WHERE company_id = $1", shop.company_id
    )

    assert await shop.version() == before


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM edge.products WHERE company_id = $1",
        "DELETE FROM edge.brands WHERE company_id = $1",
        """DELETE FROM edge.store_brands AS b USING edge.brands AS a
        WHERE a.company_id = $1 AND a.brand_id = b.brand_id""",
        "UPDATE edge.promotion_sync_settings SET future_days = 9 WHERE company_id = $1",
        "UPDATE edge.stores SET timezone = 'Asia/Riyadh' WHERE company_id = $1",
        "UPDATE edge.companies SET currency = 'USD' WHERE company_id = $1",
        "UPDATE edge.promotions SET is_active = false WHERE company_id = $1",
        """INSERT INTO edge.promotion_tiers (
            promotion_id, tier_order, name, min_amount, discount_type
        )
        SELECT promotion_id, 1, 'T', 5, 'percent' FROM edge.promotions WHERE company_id = $1""",
    ],
)
async def test_every_kind_of_change_raises_the_version(shop, statement):
    await shop.add_product("A")
    await shop.add_promotion(start_on=_day(1), end_on=_day(2))
    before = await shop.version()

    await shop.conn.execute(statement, shop.company_id)

    assert await shop.version() == before + 1


async def test_cascade_marks_what_it_takes_along(shop):
    product = await shop.add_product("A")
    promotion = await shop.add_promotion(start_on=_day(1), end_on=_day(2), apply_to="product")
    await shop.add(
        "promotion_targets", promotion_id=promotion, target_role="include", product_id=product
    )
    await shop.conn.execute("DELETE FROM edge.marks WHERE company_id = $1", shop.company_id)

    await shop.conn.execute("DELETE FROM edge.products WHERE product_id = $1", product)

    assert await shop.marks() == {("product", product), ("promotion", promotion)}


async def test_move_between_companies_changes_both(shop, make_shop):
    other = await make_shop()
    product = await shop.add_product("A")
    before, before_other = await shop.version(), await other.version()

    await shop.conn.execute(
        "UPDATE edge.products SET company_id = $1, brand_id = $2 WHERE product_id = $3",
        other.company_id, other.brand_id, product,
    )  # fmt: skip

    assert await shop.version() == before + 1
    assert await other.version() == before_other + 1
    assert ("product", product) in await other.marks()


async def test_truncate_is_refused(shop):
    with pytest.raises(asyncpg.RaiseError, match="TRUNCATE leaves no trace"):
        await shop.conn.execute("TRUNCATE edge.products CASCADE")


async def test_deleted_company_leaves_no_marks(shop):
    await shop.add_product("A")

    await shop.conn.execute("DELETE FROM edge.companies WHERE company_id = $1", shop.company_id)

    assert await shop.marks() == set()


async def test_settings_out_of_range_are_refused(shop):
    with pytest.raises(asyncpg.CheckViolationError):
        await shop.conn.execute("UPDATE edge.promotion_sync_settings SET future_days = 91")


async def test_version_order_is_commit_order_and_no_writer_waits(shop, edge_dsn):
    """Traps T2 and T3.

    Whoever has seen version V has seen every change that any version up to V stands for.
    """
    stop = asyncio.Event()
    seen: dict[int, int] = {}
    writers = [_write(edge_dsn, shop, seed) for seed in range(8)]
    reader = asyncio.create_task(_read(edge_dsn, shop, seen, stop))

    await asyncio.gather(*writers)
    stop.set()
    await reader

    total = await shop.conn.fetchval(
        "SELECT count(*) FROM edge.products WHERE company_id = $1", shop.company_id
    )
    first = min(seen)
    assert all(seen[version] - seen[first] == version - first for version in seen)
    assert total == 8 * 20
    assert len(seen) > 10


async def _write(dsn, shop, seed):
    choice = random.Random(seed)
    conn = await asyncpg.connect(dsn)
    for number in range(25):
        transaction = conn.transaction()
        await transaction.start()
        await conn.execute(
            "INSERT INTO edge.products (company_id, brand_id, sku, name, base_price)"
            " VALUES ($1, $2, $3, 'P', 1)",
            shop.company_id, shop.brand_id, f"{seed}-{number}",
        )  # fmt: skip
        await asyncio.sleep(choice.random() * 0.02)
        await (transaction.rollback() if number % 5 == 0 else transaction.commit())
    await conn.close()


async def _read(dsn, shop, seen, stop):
    conn = await asyncpg.connect(dsn)
    while not stop.is_set():
        row = await conn.fetchrow(
            "SELECT v.version, (SELECT count(*) FROM edge.products AS p"
            " WHERE p.company_id = v.company_id) FROM edge.versions AS v WHERE v.company_id = $1",
            shop.company_id,
        )
        seen[row[0]] = row[1]
    await conn.close()


async def test_idle_transaction_of_another_writer_delays_nobody(shop, edge_dsn):
    """Trap T4: an old open transaction holds up neither writers nor stores."""
    idle = await asyncpg.connect(edge_dsn)
    transaction = idle.transaction()
    await transaction.start()
    await idle.execute(
        "UPDATE edge.companies SET name = 'Slow' WHERE company_id = $1", shop.company_id
    )
    before = await shop.version()

    async with asyncio.timeout(20):
        await shop.add_promotion(start_on=_day(1), end_on=_day(2))

    assert await shop.version() == before + 1
    await transaction.rollback()
    await idle.close()


async def test_transactions_over_two_companies_in_opposite_order_do_not_deadlock(
    shop, make_shop, connect
):
    other = await make_shop()
    before = [await shop.version(), await other.version()]

    async def write(first, second, number):
        conn = await connect()
        for turn in range(20):
            async with conn.transaction():
                for company in (first, second):
                    await conn.execute(
                        "INSERT INTO edge.holidays VALUES ($1, $2, 'H')",
                        company.company_id, _day(1) + dt.timedelta(days=100 * number + turn),
                    )  # fmt: skip
                    await conn.execute(
                        "INSERT INTO edge.categories (company_id, code, name) VALUES ($1, $2, 'C')",
                        company.company_id, f"{number}-{turn}",
                    )  # fmt: skip

    await asyncio.gather(
        write(shop, other, 0), write(other, shop, 1), write(shop, other, 2), write(other, shop, 3)
    )

    assert [await shop.version(), await other.version()] == [before[0] + 80, before[1] + 80]


def _day(number):
    return dt.date(2026, 5, number)
