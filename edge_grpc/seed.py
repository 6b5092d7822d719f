"""Made-up head offices of any size, the same for the same seed: for demos, tests, benchmarks.

Everything goes through COPY into the tables that anybody writes, so triggers see it as they see an
import. The numbers of a run are spread evenly over its companies. Writing the same seed twice into
one database fails on its keys.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from edge_grpc.queries import Connection
from edge_grpc.seed_promotions import Shelf, promotion_rows

_ZONES = (("Asia/Jakarta", "IDR"), ("Asia/Riyadh", "SAR"), ("America/New_York", "USD"))
_CITIES = ("North", "Harbour", "Station", "Market", "Garden", "Airport")
_GOODS = ("Tea", "Coffee", "Bread", "Rice", "Noodles", "Juice", "Salad", "Soup", "Cake", "Fish")
_KINDS = ("Small", "Large", "Spicy", "Sweet", "Fresh", "Cold", "Hot", "Family", "Daily", "Special")


@dataclass(frozen=True, slots=True)
class Size:
    """How much to make, in all companies together."""

    companies: int = 1
    brands: int = 3
    stores: int = 6
    categories: int = 60
    products: int = 2_000
    promotions: int = 120
    priced_share: float = 0.1


class Chooser(random.Random):  # noqa: S311 - it has to be reproducible, not secret
    """Choices that are the same for the same seed."""

    def new_id(self) -> UUID:
        return UUID(int=self.getrandbits(128), version=4)

    def ids(self, count: int) -> list[UUID]:
        return [self.new_id() for _ in range(count)]

    def price(self, low: int = 5, high: int = 200) -> Decimal:
        return Decimal(self.randrange(low * 100, high * 100)) / 100


async def seed_head_offices(
    conn: Connection, size: Size, *, seed: int, today: dt.date
) -> list[UUID]:
    """Write the companies, one transaction each; return their ids. Promotions lie around today."""
    made: list[UUID] = []
    for number in range(size.companies):
        chooser = Chooser(f"{seed}/{number}")
        share = _share(size)
        async with conn.transaction():
            made.append(await _write_company(conn, chooser, share, f"S{seed}-{number}", today))
    return made


def _share(size: Size) -> Size:
    """Return what one company has of everything, at least one."""
    return replace(
        size,
        **{
            name: max(1, getattr(size, name) // size.companies)
            for name in ("brands", "stores", "categories", "products", "promotions")
        },
    )


async def _write_company(
    conn: Connection, chooser: Chooser, size: Size, code: str, today: dt.date
) -> UUID:
    company = chooser.new_id()
    timezone, currency = chooser.choice(_ZONES)
    brands, stores = chooser.ids(size.brands), chooser.ids(size.stores)
    categories, products = chooser.ids(size.categories), chooser.ids(size.products)
    await _copy(conn, "companies", [_company(company, code, timezone, currency)])
    await _copy(conn, "brands", _brands(company, brands))
    await _copy(conn, "stores", _stores(chooser, company, stores, timezone))
    await _copy(conn, "store_brands", _store_brands(chooser, stores, brands))
    await _copy(conn, "categories", _categories(chooser, company, categories))
    owned = {"company_id": company, "brands": brands, "categories": categories}
    await _copy(conn, "products", _products(chooser, owned, products))
    priced = _store_products(chooser, stores, products, size.priced_share)
    await _copy(conn, "store_products", priced)
    holiday = {"company_id": company, "held_on": today + dt.timedelta(days=3), "name": "Holiday"}
    await _copy(conn, "holidays", [holiday])
    shelf = Shelf(company, brands, stores, categories, products)
    for table, rows in promotion_rows(chooser, shelf, size.promotions, today).items():
        await _copy(conn, table, rows)
    return company


async def _copy(conn: Connection, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    iterator = iter(rows)
    first = next(iterator, None)
    if first is None:
        return
    columns = list(first)

    def records() -> Iterator[Sequence[Any]]:
        yield list(first.values())
        for row in iterator:
            yield list(row.values())

    await conn.copy_records_to_table(
        table, schema_name="edge", columns=columns, records=records(), timeout=None
    )


def _company(company: UUID, code: str, timezone: str, currency: str) -> dict[str, Any]:
    return {
        "company_id": company,
        "code": code,
        "name": f"Company {code}",
        "timezone": timezone,
        "currency": currency,
    }


def _brands(company: UUID, brands: Sequence[UUID]) -> Iterator[dict[str, Any]]:
    for number, brand in enumerate(brands):
        yield {
            "brand_id": brand,
            "company_id": company,
            "code": f"B{number}",
            "name": f"Brand {number}",
        }


def _stores(
    chooser: Chooser, company: UUID, stores: Sequence[UUID], timezone: str
) -> Iterator[dict[str, Any]]:
    for number, store in enumerate(stores):
        yield {
            "store_id": store,
            "company_id": company,
            "code": f"S{number}",
            "name": f"{chooser.choice(_CITIES)} {number}",
            "timezone": timezone,
        }


def _store_brands(
    chooser: Chooser, stores: Sequence[UUID], brands: Sequence[UUID]
) -> Iterator[dict[str, Any]]:
    for store in stores:
        for brand in chooser.sample(brands, chooser.randint(1, len(brands))):
            yield {"store_id": store, "brand_id": brand}


def _categories(
    chooser: Chooser, company: UUID, categories: Sequence[UUID]
) -> Iterator[dict[str, Any]]:
    for number, category in enumerate(categories):
        is_root = number < max(1, len(categories) // 10)
        yield {
            "category_id": category,
            "company_id": company,
            "parent_id": None if is_root else categories[chooser.randrange(number)],
            "code": f"C{number}",
            "name": f"{chooser.choice(_GOODS)} {number}",
            "sort_order": number,
        }


def _products(
    chooser: Chooser, owned: Mapping[str, Any], products: Sequence[UUID]
) -> Iterator[dict[str, Any]]:
    for number, product in enumerate(products):
        yield {
            "product_id": product,
            "company_id": owned["company_id"],
            "brand_id": chooser.choice(owned["brands"]),
            "category_id": chooser.choice(owned["categories"]),
            "sku": f"P{number:07}",
            "name": f"{chooser.choice(_KINDS)} {chooser.choice(_GOODS)}",
            "barcode": f"{chooser.randrange(10**12, 10**13)}",
            "base_price": chooser.price(),
            "tax_percent": Decimal(11),
        }


def _store_products(
    chooser: Chooser, stores: Sequence[UUID], products: Sequence[UUID], share: float
) -> Iterator[dict[str, Any]]:
    for store in stores:
        for product in chooser.sample(products, int(len(products) * share)):
            yield {
                "store_id": store,
                "product_id": product,
                "price": chooser.price(),
                "is_available": chooser.random() > 0.05,  # noqa: PLR2004 - one in twenty is out
            }
