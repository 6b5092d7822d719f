"""A migrated database of this worker's own, and small companies to put into it."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest


@pytest.fixture(scope="session")
def edge_dsn(worker, migrated_database):
    """A migrated database, as a URL."""
    with migrated_database(f"edge_{os.getpid()}_{worker}") as made:
        yield f"postgresql://{made.login}:{made.password}@{made.host}:{made.port}/{made.schema}"


@pytest.fixture
async def conn(edge_dsn):
    """An autocommit connection; tests keep to companies of their own."""
    connection = await asyncpg.connect(edge_dsn)
    yield connection
    await connection.close()


@dataclass
class Shop:
    """A company with one brand and one store, and short ways to write its rows."""

    conn: Any
    company_id: uuid.UUID
    brand_id: uuid.UUID
    store_id: uuid.UUID
    made: list[uuid.UUID] = field(default_factory=list)

    async def add(self, table: str, **columns: Any) -> uuid.UUID:
        """Insert a row with plain SQL; return its id where it has one."""
        names = ", ".join(columns)
        places = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
        row = await self.conn.fetchrow(
            f"INSERT INTO edge.{table} ({names}) VALUES ({places}) RETURNING *", *columns.values()
        )
        return row[0]

    async def add_product(self, sku: str = "", **columns: Any) -> uuid.UUID:
        values = {
            "company_id": self.company_id,
            "brand_id": self.brand_id,
            "sku": sku or uuid.uuid4().hex,
            "name": "Tea",
            "base_price": 10,
        }
        return await self.add("products", **(values | columns))

    async def add_promotion(self, **columns: Any) -> uuid.UUID:
        values = {
            "company_id": self.company_id,
            "code": uuid.uuid4().hex,
            "name": "Ten off",
            "promo_type": "percent_discount",
            "discount_percent": 10,
        }
        return await self.add("promotions", **(values | columns))

    async def version(self) -> int:
        return await self.conn.fetchval(
            "SELECT version FROM edge.versions WHERE company_id = $1", self.company_id
        )

    async def marks(self) -> set[tuple[str, uuid.UUID]]:
        rows = await self.conn.fetch(
            "SELECT kind, record_id FROM edge.marks WHERE company_id = $1", self.company_id
        )
        return {(row[0], row[1]) for row in rows}


@pytest.fixture
def make_shop(conn):
    async def make(timezone: str = "Asia/Jakarta", currency: str = "IDR") -> Shop:
        code = uuid.uuid4().hex
        company = await conn.fetchval(
            "INSERT INTO edge.companies (code, name, timezone, currency)"
            " VALUES ($1, 'Company', $2, $3) RETURNING company_id",
            code, timezone, currency,
        )  # fmt: skip
        shop = Shop(conn, company, company, company)
        shop.brand_id = await shop.add("brands", company_id=company, code="B", name="Brand")
        shop.store_id = await shop.add(
            "stores", company_id=company, code="S", name="Store", timezone=timezone
        )
        await shop.add("store_brands", store_id=shop.store_id, brand_id=shop.brand_id)
        return shop

    return make


@pytest.fixture
async def connect(edge_dsn):
    """Opens further connections, closed after the test."""
    opened = []

    async def connect():
        opened.append(await asyncpg.connect(edge_dsn))
        return opened[-1]

    yield connect
    for connection in opened:
        await connection.close()
