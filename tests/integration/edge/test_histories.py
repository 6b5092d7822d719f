"""Random histories: after each sync the edge holds what a from-scratch snapshot of its store holds.

Head office's clock is moved by a function that hides PostgreSQL's own from the server's sessions;
the server itself knows nothing of it.
"""

from __future__ import annotations

import asyncio
import os
import random
from dataclasses import dataclass
from datetime import timedelta

import pytest

from edge_grpc.client.session import Session
from edge_grpc.client.store import TABLES, EdgeStore, open_database
from edge_grpc.client.sync import Syncer
from tests.integration.edge.conftest import HeadOffice, Shop, credentials

# 1110: the clock passes a boundary between a stream's break and its resumption.
SHORT, LONG = (*range(12), 1110), int(os.environ.get("EDGE_HISTORIES", "1000"))
STEPS = 8
ZONES = ("Asia/Jakarta", "Asia/Riyadh", "America/New_York")


class CutError(Exception):
    """The stream breaks here."""


@dataclass
class History:
    """A company that lives through random changes."""

    office: HeadOffice
    shop: Shop
    other: Shop
    chance: random.Random

    def change(self):
        """Make one random change with plain SQL."""
        steps = (
            *[self.promotion] * 4,
            *[self.product] * 3,
            self.target,
            self.target,
            self.category,
            self.overlay,
            self.relation,
            self.setting,
            self.clock,
            self.clock,
            self.removal,
        )
        self.chance.choice(steps)()

    def pick(self, table, key):
        found = self.office.rows(
            f"SELECT {key} FROM edge.{table} WHERE company_id = %s ORDER BY {key}",
            self.shop.company_id,
        )
        return self.chance.choice(found)[0] if found else None

    def brand(self):
        return self.chance.choice((self.shop, self.other)).brand_id

    def promotion(self):
        start = self.chance.randint(-12, 12)
        columns = {
            "start_on": self.day(start),
            "end_on": self.day(start + self.chance.randint(0, 10)),
            "execution_priority": self.chance.randint(1, 9),
            "is_active": self.chance.random() < 0.8,
            "all_brands": self.chance.random() < 0.7,
            "all_stores": self.chance.random() < 0.7,
        }
        known = self.pick("promotions", "promotion_id")
        if known is None or self.chance.random() < 0.6:
            for _ in range(self.chance.choice((1, 1, 12))):
                made = self.office.add_promotion(self.shop, **columns)
                self.include(made, columns)
            return
        changes = ", ".join(f"{name} = %s" for name in columns)
        query = f"UPDATE edge.promotions SET {changes} WHERE promotion_id = %s"
        self.office.run(query, *columns.values(), known)

    def include(self, promotion, columns):
        """Most promotions for some brands or stores only name one of them."""
        for name in ("brand_id", "store_id"):
            if columns[f"all_{name[:-3]}s"] or self.chance.random() < 0.1:
                continue
            value = getattr(self.chance.choice((self.shop, self.other)), name)
            self.office.run(
                f"INSERT INTO edge.promotion_targets (promotion_id, target_role, {name})"
                " VALUES (%s, 'include', %s)",
                promotion,
                value,
            )

    def day(self, offset):
        return self.office.value(
            "SELECT (fake.clock_timestamp() + %s * '1 day'::interval)::date", offset
        )

    def product(self):
        if self.chance.random() < 0.5:
            for _ in range(self.chance.choice((1, 30))):
                self.office.add_product(self.shop, brand_id=self.brand())
            return
        change = self.chance.choice(
            (
                "base_price = base_price + 1",
                "is_active = NOT is_active",
                f"brand_id = '{self.brand()}'",
                "name = name",
            )
        )
        query = f"UPDATE edge.products SET {change} WHERE company_id = %s AND random() < 0.5"
        self.office.run(query, self.shop.company_id)

    def target(self):
        promotion = self.pick("promotions", "promotion_id")
        if promotion is None:
            return
        column = self.chance.choice(("brand_id", "store_id"))
        value = getattr(self.chance.choice((self.shop, self.other)), column)
        role = self.chance.choice(("include", "exclude"))
        if self.chance.random() < 0.3:
            self.office.run("DELETE FROM edge.promotion_targets WHERE promotion_id = %s", promotion)
            return
        self.office.run(
            f"INSERT INTO edge.promotion_targets (promotion_id, target_role, {column})"
            " VALUES (%s, %s, %s)",
            *(promotion, role, value),
        )

    def category(self):
        if self.chance.random() < 0.6:
            brand = self.chance.choice((None, self.brand()))
            parent = self.pick("categories", "category_id")
            self.office.add_category(self.shop, brand_id=brand, parent_id=parent)
            return
        query = "UPDATE edge.categories SET sort_order = sort_order + 1 WHERE company_id = %s"
        self.office.run(query, self.shop.company_id)

    def overlay(self):
        product = self.pick("products", "product_id")
        if product is None:
            return
        store = self.chance.choice((self.shop, self.other)).store_id
        self.office.run(
            "INSERT INTO edge.store_products VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (store_id, product_id) DO UPDATE SET price = excluded.price,"
            " is_available = excluded.is_available",
            *(store, product, self.chance.choice((None, 5)), self.chance.random() < 0.5),
        )
        if self.chance.random() < 0.3:
            self.office.run("DELETE FROM edge.store_products WHERE store_id = %s", store)

    def relation(self):
        pair = (self.shop.store_id, self.other.brand_id)
        gone = "DELETE FROM edge.store_brands WHERE store_id = %s AND brand_id = %s"
        come = "INSERT INTO edge.store_brands VALUES (%s, %s) ON CONFLICT DO NOTHING"
        self.office.run(self.chance.choice((gone, come)), *pair)

    def setting(self):
        change = self.chance.choice(
            (
                "sync_strategy = 'current_only'",
                "sync_strategy = 'include_future'",
                "sync_strategy = 'all_active'",
                "past_days = 3",
                "future_days = 2",
                "include_inactive = NOT include_inactive",
                "max_promotions_per_sync = 10",
            )
        )
        query = f"UPDATE edge.promotion_sync_settings SET {change} WHERE company_id = %s"
        self.office.run(query, self.shop.company_id)
        if self.chance.random() < 0.3:
            zone = self.chance.choice(ZONES)
            query = "UPDATE edge.stores SET timezone = %s WHERE company_id = %s"
            self.office.run(query, zone, self.shop.company_id)

    def clock(self):
        hours = self.chance.choice((1, 7, 24, 50))
        self.office.run("UPDATE fake.shift SET by = by + %s * '1 hour'::interval", hours)

    def removal(self):
        table = self.chance.choice(("products", "promotions", "categories"))
        query = f"DELETE FROM edge.{table} WHERE company_id = %s AND random() < 0.2"
        self.office.run(query, self.shop.company_id)


def contents(conn):
    return {
        table: conn.execute(f"SELECT id, version, body FROM {table} ORDER BY id").fetchall()
        for table in TABLES.values()
    }


def _cutter(frames):
    left = iter(range(frames))

    def cut(_progress):
        if next(left, None) is None:
            raise CutError

    return cut


async def sync_with_breaks(session, path, history):
    """Sync an edge that is cut at random frames while others write; return what it holds."""
    for _ in range(history.chance.choice((0, 0, 1, 3))):
        conn = open_database(path)
        cut = _cutter(history.chance.randint(1, 4))
        writing = asyncio.create_task(asyncio.to_thread(history.change))
        try:
            await Syncer(session, EdgeStore(conn)).sync(cut)
        except CutError:
            pass
        finally:
            await writing
            conn.close()
    conn = open_database(path)
    await Syncer(session, EdgeStore(conn)).sync()
    found = contents(conn)
    conn.close()
    return found


async def live(history, session, folder):
    """Live through one history, comparing after each sync."""
    path = folder / "edge.sqlite"
    for step in range(STEPS):
        for _ in range(history.chance.randint(0, 3)):
            history.change()
        held = await sync_with_breaks(session, path, history)
        conn = open_database(folder / f"scratch{step}.sqlite")
        await Syncer(session, EdgeStore(conn)).sync()
        assert held == contents(conn), step
        conn.close()


def hide_the_clock(office):
    office.run("CREATE SCHEMA IF NOT EXISTS fake")
    office.run("DROP TABLE IF EXISTS fake.shift CASCADE")
    office.run("CREATE TABLE fake.shift AS SELECT '0'::interval AS by")
    office.run(
        "CREATE OR REPLACE FUNCTION fake.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS"
        " 'SELECT pg_catalog.clock_timestamp() + by FROM fake.shift'"
    )


async def run_histories(office, serving, folder, seeds):
    hide_the_clock(office)
    async with serving(dsn=f"{office.dsn}?search_path=fake,pg_catalog") as server:
        for seed in seeds:
            office.run("UPDATE fake.shift SET by = '0'")
            shop = await office.add_shop()
            other = await office.add_shop(shop.company_id)
            history = History(office, shop, other, random.Random(seed))
            place = folder / str(seed)
            place.mkdir()
            async with Session(credentials(server, shop)) as session:
                try:
                    await live(history, session, place)
                except BaseException as error:
                    error.add_note(f"history {seed}")
                    raise


@pytest.mark.usefixtures("no_repairs")
async def test_time_that_passes_while_a_stream_is_broken_is_in_its_end(
    office, serving, shop, tmp_path
):
    hide_the_clock(office)
    office.run("UPDATE edge.promotion_sync_settings SET sync_strategy = 'current_only'")
    office.run(
        "INSERT INTO edge.products (company_id, brand_id, sku, name, base_price)"
        " SELECT %s, %s, n::text, 'P', 1 FROM generate_series(1, 2500) AS n",
        *(shop.company_id, shop.brand_id),
    )
    day = office.value("SELECT current_date")
    ends = office.add_promotion(shop, start_on=day - timedelta(9), end_on=day + timedelta(1))
    starts = office.add_promotion(shop, start_on=day + timedelta(3))
    conn = open_database(tmp_path / "edge.sqlite")
    store = EdgeStore(conn)
    async with (
        serving(dsn=f"{office.dsn}?search_path=fake,pg_catalog") as server,
        Session(credentials(server, shop)) as session,
    ):
        with pytest.raises(CutError):
            await Syncer(session, store).sync(_cutter(3))
        office.run("UPDATE fake.shift SET by = '5 days'")
        progress = await Syncer(session, store).sync()

    held = {row[0] for row in conn.execute("SELECT id FROM promotions")}
    conn.close()
    assert progress.mode == "changes"
    assert (ends in held, starts in held) == (False, True)


@pytest.mark.usefixtures("no_repairs")
async def test_edge_always_equals_a_snapshot(office, serving, tmp_path):
    await run_histories(office, serving, tmp_path, SHORT)


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.usefixtures("no_repairs")
async def test_edge_always_equals_a_snapshot_for_long(office, serving, tmp_path):
    await run_histories(office, serving, tmp_path, range(1000, 1000 + LONG))
