"""Head office at work: prices, products, categories and promotions change all the time."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg

from benchmarks.load.world import Office

_ONE_PRODUCT = """
product_id = (
    SELECT product_id FROM edge.products WHERE company_id = %(company)s
    ORDER BY sku LIMIT 1 OFFSET %(row)s
)
"""
_ONE_PROMOTION = """
promotion_id = (
    SELECT promotion_id FROM edge.promotions WHERE company_id = %(company)s
    ORDER BY code LIMIT 1 OFFSET %(row)s %% 50
)
"""
_OWN_PRICE = """
INSERT INTO edge.store_products (store_id, product_id, price)
SELECT s.store_id, p.product_id, %(row)s
FROM edge.stores AS s INNER JOIN edge.products AS p ON s.company_id = p.company_id
WHERE s.company_id = %(company)s AND p.sku LIKE '%%' || %(row)s
ON CONFLICT (store_id, product_id) DO UPDATE SET price = excluded.price
"""
_CATEGORY = """
UPDATE edge.categories SET sort_order = sort_order + 1 WHERE category_id = (
    SELECT category_id FROM edge.categories WHERE company_id = %(company)s
    ORDER BY code LIMIT 1 OFFSET %(row)s %% 50
)
"""
_MANY_PRICES = """
UPDATE edge.products SET base_price = base_price + 1
WHERE company_id = %(company)s AND sku LIKE '%%' || %(row)s %% 10
"""
_NEW_PROMOTION = """
INSERT INTO edge.promotions (
    company_id, code, name, promo_type, discount_percent, start_on, end_on
)
VALUES (
    %(company)s, 'load-' || gen_random_uuid(), 'Now', 'percent_discount', 10,
    '2020-01-01', '2099-12-31'
)
"""
_OLD_PROMOTION = """
DELETE FROM edge.promotions WHERE promotion_id = (
    SELECT promotion_id FROM edge.promotions
    WHERE company_id = %(company)s AND code LIKE 'load-%%' LIMIT 1
)
"""
_PRODUCTS, _PROMOTIONS = "UPDATE edge.products SET", "UPDATE edge.promotions SET"
_WEIGHTS: dict[LiteralString, float] = {
    _PRODUCTS + " base_price = base_price + 1 WHERE " + _ONE_PRODUCT: 5,
    _PRODUCTS + " name = 'Fresh ' || %(row)s WHERE " + _ONE_PRODUCT: 2,
    _PRODUCTS + " is_active = NOT is_active WHERE " + _ONE_PRODUCT: 2,
    _PROMOTIONS + " priority = priority + 1 WHERE " + _ONE_PROMOTION: 3,
    _PROMOTIONS + " is_active = NOT is_active WHERE " + _ONE_PROMOTION: 1,
    _OWN_PRICE: 3,
    _CATEGORY: 1,
    _MANY_PRICES: 0.5,
    _NEW_PROMOTION: 1,
    _OLD_PROMOTION: 1,
}
_VERSION = "SELECT version FROM edge.versions WHERE company_id = %(company)s"


@dataclass(frozen=True, slots=True)
class Change:
    """A version that came to be, and when its commit began (seconds since 1970)."""

    epoch: str
    version: int
    at: float


class HeadOffice(threading.Thread):
    """Makes a change every so many seconds on average until it is stopped."""

    def __init__(self, dsn: str, offices: Sequence[Office], *, every: float, seed: int) -> None:
        super().__init__(name="head office", daemon=True)
        self._dsn = dsn
        self._offices = offices
        self._every = every
        self._chance = random.Random(seed)  # noqa: S311 - the same history for the same seed
        self._ending = threading.Event()
        self._failure: Exception | None = None
        self.changes: list[Change] = []

    def run(self) -> None:
        try:
            with psycopg.connect(self._dsn) as conn:
                while not self._ending.wait(self._chance.uniform(0, 2 * self._every)):
                    self._change(conn)
        except psycopg.Error as error:
            self._failure = error

    def stop(self) -> list[Change]:
        """End, and return the changes; raise what went wrong."""
        self._ending.set()
        self.join()
        if self._failure:
            raise self._failure
        return self.changes

    def _change(self, conn: psycopg.Connection[Any]) -> None:
        office = self._chance.choice(self._offices)
        change = self._chance.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
        where = {"company": office.company_id, "row": self._chance.randrange(1000)}
        changed = conn.execute(change, where).rowcount
        at = time.time()
        conn.commit()
        if changed:
            version = conn.execute(_VERSION, where).fetchall()[0][0]
            conn.commit()
            self.changes.append(Change(office.epoch, version, at))
