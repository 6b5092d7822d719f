"""Random histories: however a store got its records, it holds what a fresh snapshot holds."""

from __future__ import annotations

import asyncio
import datetime as dt
import random

import asyncpg
import pytest

from edge_grpc import selector
from edge_grpc.compile_store import publish
from edge_grpc.selector import Filters, Since

pytestmark = pytest.mark.integration
START = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


class Edge:
    """A store that applies syncs as the contract says."""

    def __init__(self, conn, company_id, store_id, choice):
        self.conn, self.company_id, self.store_id, self.choice = conn, company_id, store_id, choice
        self.held = {kind: {} for kind in selector.KINDS}
        self.since, self.fingerprint = None, None

    async def sync(self, as_of, *, keep_cursor=True):
        publication = await publish(self.conn, self.company_id)
        scope = await selector.load_scope(self.conn, self.company_id, self.store_id)
        fresh = not (keep_cursor and self.fingerprint == scope.fingerprint)
        since = None if fresh else self.since
        received = {kind: {} for kind in selector.KINDS} if fresh else self.held
        for kind in selector.KINDS:
            await self._receive(scope, kind, as_of, since, received[kind])
        self.held, self.fingerprint = received, scope.fingerprint
        self.since = Since(publication.version, as_of)

    async def _receive(self, scope, kind, as_of, since, received):
        extra = {"as_of": as_of} if kind == "promotion" else {}
        listing = {
            "category": selector.list_categories,
            "product": selector.list_products,
            "promotion": selector.list_promotions,
        }[kind]
        page = {"page": self.choice.randint(1, 6)}
        while found := await listing(self.conn, scope, Filters(), since=since, **extra, **page):
            for record in found:
                if record.version >= received.get(record.record_id, (0,))[0]:
                    received[record.record_id] = (record.version, record.body)
            page["after"] = found[-1].key
        after = selector.NIL
        while since and (
            gone := await selector.list_removals(
                self.conn, scope, Filters(), kind, as_of=as_of, since=since, after=after, page=3
            )
        ):
            after = gone[-1].record_id
            for removal in gone:
                if received.get(removal.record_id, (0,))[0] <= removal.version:
                    received.pop(removal.record_id, None)

    async def check(self, as_of):
        other = Edge(self.conn, self.company_id, self.store_id, self.choice)
        await other.sync(as_of)
        assert self.held == other.held


class Writer:
    """Changes anything at random, in transactions that overlap and sometimes roll back."""

    def __init__(self, conn, shop, choice):
        self.conn, self.shop, self.choice = conn, shop, choice

    async def run(self, transactions):
        for _ in range(transactions):
            transaction = self.conn.transaction()
            await transaction.start()
            try:
                for _ in range(self.choice.randint(1, 4)):
                    await self._change()
                    await asyncio.sleep(self.choice.random() * 0.004)
            except (asyncpg.DeadlockDetectedError, asyncpg.ForeignKeyViolationError):
                # Two writers met: any application has to expect that.
                await transaction.rollback()
                continue
            await (transaction.rollback() if self.choice.random() < 0.2 else transaction.commit())

    async def _change(self):
        query = self.choice.choice(_CHANGES)
        start = START.date() + dt.timedelta(days=self.choice.randint(-20, 20))
        values = {
            "company": self.shop.company_id,
            "number": self.choice.randint(0, 12),
            "start": start,
            "end": start + dt.timedelta(days=self.choice.randint(0, 9)),
        }
        names = [name for name in values if f"%({name})s" in query]
        for place, name in enumerate(names, start=1):
            query = query.replace(f"%({name})s", f"${place}")
        await self.conn.execute(query, *(values[name] for name in names))


_ANY = "company_id = %(company)s AND abs(hashtext({})) % 13 = %(number)s"
_PRODUCT, _PROMOTION = _ANY.format("sku"), _ANY.format("code")
_BRAND = (
    "(SELECT brand_id FROM edge.brands WHERE company_id = %(company)s ORDER BY random() LIMIT 1)"
)
# One a paragraph.
_CHANGES = f"""
INSERT INTO edge.products (company_id, brand_id, sku, name, base_price)
VALUES (%(company)s, {_BRAND}, gen_random_uuid()::text, 'P', %(number)s::int)

UPDATE edge.products SET base_price = base_price + 1 WHERE {_PRODUCT}

UPDATE edge.products SET is_active = NOT is_active WHERE {_PRODUCT}

UPDATE edge.products SET brand_id = {_BRAND} WHERE {_PRODUCT}

DELETE FROM edge.products WHERE {_PRODUCT}

INSERT INTO edge.store_products (store_id, product_id, price) SELECT s.store_id, p.product_id, 3
FROM edge.products AS p INNER JOIN edge.stores AS s ON p.company_id = s.company_id
WHERE p.company_id = %(company)s AND random() < 0.2 ON CONFLICT DO NOTHING

DELETE FROM edge.store_products AS o USING edge.stores AS s
WHERE o.store_id = s.store_id AND s.company_id = %(company)s AND random() < 0.2

INSERT INTO edge.promotions
(company_id, code, name, promo_type, discount_percent, start_on, end_on, execution_priority)
VALUES (%(company)s, gen_random_uuid()::text, 'P', 'percent_discount', 5,
%(start)s, %(end)s, 1 + %(number)s::int)

UPDATE edge.promotions SET is_active = NOT is_active WHERE {_PROMOTION}

UPDATE edge.promotions SET discount_percent = nullif(%(number)s::int % 4, 0) WHERE {_PROMOTION}

UPDATE edge.promotions SET start_on = %(start)s, end_on = %(end)s WHERE {_PROMOTION}

UPDATE edge.promotions SET all_brands = NOT all_brands WHERE {_PROMOTION}

INSERT INTO edge.promotion_targets (promotion_id, target_role, brand_id)
SELECT promotion_id, 'include', {_BRAND} FROM edge.promotions WHERE {_PROMOTION}

DELETE FROM edge.promotions WHERE {_PROMOTION}

UPDATE edge.companies SET name = 'N' || %(number)s::int WHERE company_id = %(company)s

INSERT INTO edge.categories (company_id, code, name)
VALUES (%(company)s, gen_random_uuid()::text, 'C')

UPDATE edge.categories SET is_active = NOT is_active WHERE {_ANY.format("code")}

DELETE FROM edge.categories WHERE {_ANY.format("code")}

UPDATE edge.promotion_sync_settings SET past_days = %(number)s::int
WHERE company_id = %(company)s AND random() < 0.1
""".strip().split("\n\n")


async def _history(make_shop, connect, seed, rounds=4):
    """Live a history; return the most records that the edge ever held, of which it may lose all."""
    choice = random.Random(seed)
    shop = await make_shop(choice.choice(["Asia/Jakarta", "Asia/Riyadh", "America/New_York"]))
    await shop.add("brands", company_id=shop.company_id, code="X", name="X")
    writers = [Writer(await connect(), shop, random.Random(f"{seed}/{n}")) for n in range(3)]
    edge = Edge(await connect(), shop.company_id, shop.store_id, choice)
    as_of, most = START, 0
    for _ in range(rounds):
        writing = asyncio.gather(*(writer.run(3) for writer in writers))
        while not writing.done():
            as_of += dt.timedelta(hours=choice.randint(0, 40))
            await edge.sync(as_of, keep_cursor=choice.random() > 0.1)
            most = max(most, sum(map(len, edge.held.values())))
        await writing
        await edge.sync(as_of)
        await edge.check(as_of)
    return most


@pytest.mark.parametrize("seed", range(25))
async def test_changes_lead_where_a_snapshot_leads(make_shop, connect, seed):
    assert await _history(make_shop, connect, seed) > 0


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1000, 1500))
async def test_changes_lead_where_a_snapshot_leads_in_many_histories(make_shop, connect, seed):
    await _history(make_shop, connect, seed, rounds=2)


async def test_publications_at_the_same_time_are_one_after_the_other(make_shop, connect):
    shop = await make_shop()
    for number in range(50):
        await shop.add_product(str(number))
    conns = [await connect() for _ in range(4)]

    published = await asyncio.gather(*(publish(conn, shop.company_id) for conn in conns))

    assert {publication.version for publication in published} == {await shop.version()}
    assert await shop.marks() == set()


async def test_killed_publication_leaves_the_old_version_and_the_marks(make_shop, connect):
    shop = await make_shop()
    await shop.conn.execute(
        "INSERT INTO edge.products (company_id, brand_id, sku, name, base_price)"
        " SELECT $1, $2, n::text, 'P', n FROM generate_series(1, 20000) AS n",
        shop.company_id, shop.brand_id,
    )  # fmt: skip
    victim = await connect()
    pid = await victim.fetchval("SELECT pg_backend_pid()")

    publishing = asyncio.create_task(publish(victim, shop.company_id))
    has_written = "SELECT backend_xid IS NOT NULL FROM pg_stat_activity WHERE pid = $1"
    while not await shop.conn.fetchval(has_written, pid):
        assert not publishing.done()
    await shop.conn.execute("SELECT pg_terminate_backend($1)", pid)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await publishing
    records = "SELECT count(*) FROM edge.product_records WHERE company_id = $1"
    left = await shop.conn.fetchval(records, shop.company_id)
    marks = len([kind for kind, _ in await shop.marks() if kind == "product"])
    await publish(shop.conn, shop.company_id)

    assert (left, marks) == (0, 20000)
    assert await shop.conn.fetchval(records, shop.company_id) == 20000


async def test_long_publication_of_another_process_leaves_the_old_version_served(
    make_shop, connect
):
    shop = await make_shop()
    before = await publish(shop.conn, shop.company_id)
    other = await connect()
    lock = "SELECT pg_advisory_lock(hashtextextended($1, 0))"
    await other.execute(lock, f"edge.publish {shop.company_id}")
    await shop.add_product("A")

    meanwhile = await publish(shop.conn, shop.company_id, patience_seconds=0.1)
    await other.close()
    after = await publish(shop.conn, shop.company_id)

    assert meanwhile.version == before.version
    assert after.version == await shop.version() > before.version
