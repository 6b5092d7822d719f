"""Random histories of a company, drawn from a seed.

Each change is drawn with the weights of `WEIGHTS`; ids, days and rows are drawn too, so that a seed
makes the same history again (which writer comes first is the machine's choice where two run at the
same time). Changes that run into another writer's lock or deleted row are given up, as any
application would.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from tests.integration.edge.conftest import HeadOffice, Shop
from tests.integration.tombstones import prune_tombstones

ZONES = ("Asia/Jakarta", "Asia/Riyadh", "America/New_York")
# Two days before New York's clocks change, and a day on which nothing happens.
STARTS = (datetime(2026, 3, 6, tzinfo=UTC), datetime(2026, 10, 30, tzinfo=UTC),
          datetime(2026, 6, 10, tzinfo=UTC))  # fmt: skip
WEIGHTS = {
    "promotion": 5, "product": 4, "target": 3, "tier": 1, "category": 2, "overlay": 2,
    "relation": 2, "setting": 2, "clock": 4, "removal": 2, "begin": 2, "end": 3,
    "holiday": 1, "retention": 0.2, "restore": 0.1, "currency": 0.2, "store": 0.3,
}  # fmt: skip
_GIVEN_UP = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.ForeignKeyViolation,
    psycopg.errors.UniqueViolation,
)


class Clock:
    """Head office's clock as the server sees it: it stands still until it is moved.

    A function hides PostgreSQL's own from the server's sessions, which know nothing of it.
    """

    def __init__(self, office: HeadOffice) -> None:
        self._conn = conn = office.conn
        self.dsn = f"{office.dsn}?search_path=fake,pg_catalog"
        conn.execute("DROP SCHEMA IF EXISTS fake CASCADE")
        conn.execute("CREATE SCHEMA fake")
        conn.execute("CREATE TABLE fake.now AS SELECT clock_timestamp() AS at")
        conn.execute("GRANT USAGE ON SCHEMA fake TO PUBLIC")
        conn.execute("GRANT SELECT ON fake.now TO PUBLIC")
        conn.execute(
            "CREATE FUNCTION fake.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS"
            " 'SELECT at FROM fake.now'"
        )
        # A column's default is bound to PostgreSQL's own clock; a trigger finds the session's.
        conn.execute(
            "CREATE OR REPLACE FUNCTION public.stamp_publication() RETURNS trigger"
            " LANGUAGE plpgsql AS 'BEGIN NEW.published_at = clock_timestamp(); RETURN NEW; END'"
        )
        conn.execute(
            "CREATE OR REPLACE TRIGGER stamp BEFORE INSERT ON edge.publications"
            " FOR EACH ROW EXECUTE FUNCTION public.stamp_publication()"
        )

    def set(self, at: datetime) -> None:
        self._conn.execute("UPDATE fake.now SET at = %s", [at])

    def now(self) -> datetime:
        return self._conn.execute("SELECT at FROM fake.now").fetchall()[0][0]


@dataclass
class History:
    """A company with two stores that lives through random changes."""

    office: HeadOffice
    clock: Clock
    shop: Shop
    other: Shop
    chance: random.Random
    main: Any  # commits each statement, and does not wait for locks
    writers: list[Any] = field(default_factory=list)  # spare connections
    open: list[Any] = field(default_factory=list)  # transactions that are not committed yet
    log: list[str] = field(default_factory=list)
    given_up: int = 0

    def __post_init__(self) -> None:
        self._conn: Any = self.main
        start = self.chance.choice(STARTS) + timedelta(hours=self.chance.randint(0, 23))
        self.clock.set(start)

    def change(self) -> None:
        """Make one random change with plain SQL, by itself or in an open transaction."""
        name = self.chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        self._conn = self.chance.choice((self.main, self.main, *self.open))
        self.log.append(name)
        change: Callable[[], None] = getattr(self, f"_{name}")
        try:
            change()
        except _GIVEN_UP:
            self.given_up += 1
            if self._conn is not self.main:
                self._end_transaction(self._conn, commit=False)

    def settle(self) -> None:
        """End what is still open, in any order."""
        while self.open:
            self._end()

    def run(self, query: str, *params: Any) -> Any:
        return self._conn.execute(query, params)

    def sql_id(self) -> str:
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def some(self, table: str, key: str, share: float) -> list[Any]:
        """Draw a share of a table's rows."""
        query = f"SELECT {key} FROM edge.{table} WHERE company_id = %s ORDER BY {key}"
        found = self.run(query, self.shop.company_id).fetchall()
        return [row[0] for row in found if self.chance.random() < share]

    def pick(self, table: str, key: str) -> Any:
        found = self.some(table, key, 1)
        return self.chance.choice(found) if found else None

    def either(self) -> Shop:
        return self.chance.choice((self.shop, self.other))

    def insert(self, table: str, **columns: Any) -> None:
        marks = ", ".join(["%s"] * len(columns))
        query = f"INSERT INTO edge.{table} ({', '.join(columns)}) VALUES ({marks})"
        self.run(query, *columns.values())

    def update(self, table: str, key: str, keys: list[Any], change: str, *params: Any) -> None:
        self.run(f"UPDATE edge.{table} SET {change} WHERE {key} = ANY(%s)", *params, keys)

    # Changes, by the names of WEIGHTS

    def _begin(self) -> None:
        """Open a transaction; it commits after others that began later, or never."""
        if self.writers:
            self.open.append(self.writers.pop())

    def _end(self) -> None:
        if self.open:
            self._end_transaction(self.chance.choice(self.open), commit=self.chance.random() < 0.8)

    def _end_transaction(self, conn: Any, *, commit: bool) -> None:
        self.open.remove(conn)
        self.writers.append(conn)
        try:
            conn.commit() if commit else conn.rollback()
        except _GIVEN_UP:
            conn.rollback()

    def _promotion(self) -> None:
        start = self.clock.now().date() + timedelta(days=self.chance.randint(-12, 12))
        hours = self.chance.choice(((None, None), (None, None), ("09:00", "11:00"),
                                    ("22:00", "02:00"), ("00:00", "24:00")))  # fmt: skip
        columns = {
            "start_on": start,
            "end_on": start + timedelta(days=self.chance.randint(0, 10)),
            "starts_at_time": hours[0],
            "ends_at_time": hours[1],
            "execution_priority": self.chance.randint(1, 9),
            "is_active": self.chance.random() < 0.8,
            "exclude_holidays": self.chance.random() < 0.2,
            "all_brands": self.chance.random() < 0.7,
            "all_stores": self.chance.random() < 0.7,
            "promo_type": self.chance.choice(("percent_discount", "threshold_tier", "nonsense")
                                             if self.chance.random() < 0.3
                                             else ("percent_discount",)),
            "discount_percent": self.chance.choice((5, 10)),
        }  # fmt: skip
        known = self.some("promotions", "promotion_id", 0.15)
        if known and self.chance.random() < 0.4:
            changes = ", ".join(f"{name} = %s" for name in columns)
            self.update("promotions", "promotion_id", known, changes, *columns.values())
            return
        for _ in range(self.chance.choice((1, 1, 12))):
            made = self.sql_id()
            self.insert("promotions", promotion_id=made, company_id=self.shop.company_id,
                        code=made, name="P", **columns)  # fmt: skip
            self._include(made, columns)

    def _include(self, promotion: str, columns: dict[str, Any]) -> None:
        """Most promotions for some brands or stores only name one of them."""
        for name in ("brand_id", "store_id"):
            if columns[f"all_{name[:-3]}s"] or self.chance.random() < 0.1:
                continue
            self._add_target(promotion, "include", name)

    def _add_target(self, promotion: str, role: str, name: str) -> None:
        self.insert("promotion_targets", promotion_id=promotion, target_role=role,
                    **{name: getattr(self.either(), name)})  # fmt: skip

    def _target(self) -> None:
        promotion = self.pick("promotions", "promotion_id")
        if promotion is None:
            return
        if self.chance.random() < 0.3:
            self.run("DELETE FROM edge.promotion_targets WHERE promotion_id = %s", promotion)
            return
        role = self.chance.choice(("include", "exclude"))
        self._add_target(promotion, role, self.chance.choice(("brand_id", "store_id")))

    def _tier(self) -> None:
        promotion = self.pick("promotions", "promotion_id")
        if promotion is not None:
            self.insert("promotion_tiers", promotion_id=promotion, name="T",
                        tier_order=self.chance.randint(1, 5), min_amount=self.chance.randint(1, 9),
                        discount_type="percent", discount_value=5)  # fmt: skip

    def _product(self) -> None:
        if self.chance.random() < 0.5:
            for _ in range(self.chance.choice((1, 20))):
                made = self.sql_id()
                self.insert("products", product_id=made, company_id=self.shop.company_id,
                            brand_id=self.either().brand_id, sku=made, name="Tea",
                            base_price=12,
                            category_id=self.pick("categories", "category_id"))  # fmt: skip
            return
        change = self.chance.choice((
            "base_price = base_price + 1",
            "is_active = NOT is_active",
            f"brand_id = '{self.either().brand_id}'",
            "name = name",
        ))  # fmt: skip
        self.update("products", "product_id", self.some("products", "product_id", 0.5), change)

    def _category(self) -> None:
        if self.chance.random() < 0.5:
            made = self.sql_id()
            brand = self.chance.choice((None, self.either().brand_id))
            self.insert("categories", category_id=made, company_id=self.shop.company_id, code=made,
                        name="C", brand_id=brand,
                        parent_id=self.pick("categories", "category_id"))  # fmt: skip
            return
        change = self.chance.choice(("sort_order = sort_order + 1", "is_active = NOT is_active"))
        found = self.some("categories", "category_id", 0.5)
        self.update("categories", "category_id", found, change)

    def _overlay(self) -> None:
        store = self.either().store_id
        if self.chance.random() < 0.3:
            self.run("DELETE FROM edge.store_products WHERE store_id = %s", store)
        for product in self.some("products", "product_id", 0.2):
            self.run(
                "INSERT INTO edge.store_products VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (store_id, product_id) DO UPDATE SET price = excluded.price,"
                " is_available = excluded.is_available",
                *(store, product, self.chance.choice((None, 5)), self.chance.random() < 0.5),
            )

    def _relation(self) -> None:
        pair = (self.shop.store_id, self.either().brand_id)
        gone = "DELETE FROM edge.store_brands WHERE store_id = %s AND brand_id = %s"
        come = "INSERT INTO edge.store_brands VALUES (%s, %s) ON CONFLICT DO NOTHING"
        self.run(self.chance.choice((gone, come, come)), *pair)

    def _setting(self) -> None:
        change = self.chance.choice((
            "sync_strategy = 'current_only'",
            "sync_strategy = 'include_future'",
            "sync_strategy = 'all_active'",
            "past_days = 3",
            "future_days = 2",
            "include_inactive = NOT include_inactive",
            "max_promotions_per_sync = 10",
        ))  # fmt: skip
        company = [self.shop.company_id]
        self.update("promotion_sync_settings", "company_id", company, change)

    def _store(self) -> None:
        change = ("timezone = %s", self.chance.choice(ZONES))
        self.update("stores", "company_id", [self.shop.company_id], *change)

    def _currency(self) -> None:
        change = ("currency = %s", self.chance.choice(("IDR", "SAR", "USD")))
        self.update("companies", "company_id", [self.shop.company_id], *change)

    def _holiday(self) -> None:
        day = self.clock.now().date() + timedelta(days=self.chance.randint(-3, 9))
        self.insert("holidays", company_id=self.shop.company_id, held_on=day, name="H")

    def _clock(self) -> None:
        hours = self.chance.choice((1, 1, 7, 24, 50))
        self.clock.set(self.clock.now() + timedelta(hours=hours))

    def _removal(self) -> None:
        table, key = self.chance.choice((("products", "product_id"), ("categories", "category_id"),
                                         ("promotions", "promotion_id")))  # fmt: skip
        found = self.some(table, key, 0.2)
        self.run(f"DELETE FROM edge.{table} WHERE {key} = ANY(%s)", found)

    def _retention(self) -> None:
        """Forget removals; cursors from before that lead to snapshots."""
        # Waits for no open transaction of this history: nobody would end it meanwhile.
        prune_tombstones(self.main, kept_days=1, now=datetime.now(UTC) + timedelta(days=400))

    def _restore(self) -> None:
        """As after a restore of head office's database."""
        self.update("versions", "company_id", [self.shop.company_id], "epoch = gen_random_uuid()")
