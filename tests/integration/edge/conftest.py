"""A head office in PostgreSQL, a real server on a port of its own, and real clients."""

from __future__ import annotations

import secrets
import uuid
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from argon2 import PasswordHasher

from edge_grpc import keys
from edge_grpc.client.session import Credentials, Session
from edge_grpc.client.store import EdgeStore, open_database
from edge_grpc.client.sync import Syncer
from edge_grpc.server import Server
from edge_grpc.settings import Settings
from vendor_sync.connections import Connection

# The real thing, at a cost that hundreds of tests can bear; the administrators' command has the
# service's own cost, and is tested by itself.
_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@dataclass
class Shop:
    """A store with its company, brand and credentials."""

    company_id: str
    store_id: str
    brand_id: str
    client_id: str
    client_secret: str = field(repr=False)

    @property
    def tenant(self) -> dict[str, str]:
        return {"company_id": self.company_id, "store_id": self.store_id}


@dataclass
class HeadOffice:
    """Writes head office's data as anybody would: with plain SQL."""

    conn: psycopg.Connection[Any]  # the owner's
    dsn: str  # as the server connects
    keys_file: Path
    admin_dsn: str = ""  # as the administrators' commands do
    owner_dsn: str = ""

    def run(self, query: str, *params: Any) -> None:
        self.conn.execute(query, params)  # pyright: ignore[reportArgumentType]

    def rows(self, query: str, *params: Any) -> list[tuple[Any, ...]]:
        return self.conn.execute(query, params).fetchall()  # pyright: ignore[reportArgumentType]

    def value(self, query: str, *params: Any) -> Any:
        return self.rows(query, *params)[0][0]

    def add_company(self, *, timezone: str = "Asia/Jakarta", currency: str = "IDR") -> str:
        return str(
            self.value(
                "INSERT INTO edge.companies (code, name, timezone, currency)"
                " VALUES (%s, 'Company', %s, %s) RETURNING company_id",
                uuid.uuid4().hex,
                timezone,
                currency,
            )
        )

    async def add_shop(self, company_id: str | None = None, brand_id: str | None = None) -> Shop:
        company_id = company_id or self.add_company()
        brand_id = brand_id or str(
            self.value(
                "INSERT INTO edge.brands (company_id, code, name) VALUES (%s, %s, 'Brand')"
                " RETURNING brand_id",
                company_id,
                uuid.uuid4().hex,
            )
        )
        store_id = self.value(
            "INSERT INTO edge.stores (company_id, code, name, timezone)"
            " VALUES (%s, %s, 'Store', 'Asia/Jakarta') RETURNING store_id",
            company_id,
            uuid.uuid4().hex,
        )
        self.run("INSERT INTO edge.store_brands VALUES (%s, %s)", store_id, brand_id)
        secret = secrets.token_urlsafe(32)
        client_id = self.value(
            "INSERT INTO edge.edge_clients (company_id, store_id, secret_hash)"
            " VALUES (%s, %s, %s) RETURNING client_id",
            company_id,
            store_id,
            _QUICK.hash(secret),
        )
        return Shop(company_id, str(store_id), brand_id, str(client_id), secret)

    def add_category(self, shop: Shop, **columns: Any) -> str:
        return self._add(
            "categories", "category_id", company_id=shop.company_id, name="Category", **columns
        )

    def add_product(self, shop: Shop, **columns: Any) -> str:
        return self._add(
            "products",
            "product_id",
            company_id=shop.company_id,
            **{
                "brand_id": shop.brand_id,
                "sku": uuid.uuid4().hex,
                "name": "Tea",
                "base_price": "12.50",
                **columns,
            },
        )

    def add_promotion(self, shop: Shop, **columns: Any) -> str:
        return self._add(
            "promotions",
            "promotion_id",
            company_id=shop.company_id,
            name="Promotion",
            **{
                "promo_type": "percent_discount",
                "discount_percent": 10,
                "start_on": "2020-01-01",
                "end_on": "2099-12-31",
                **columns,
            },
        )

    def fill(self, shop: Shop, products: int = 2500, promotions: int = 30) -> list[str]:
        """Add numbered products, a category and promotions; return the promotions."""
        self.run(
            "INSERT INTO edge.products (company_id, brand_id, sku, name, base_price)"
            " SELECT %s, %s, n::text, 'Product ' || n, n FROM generate_series(1, %s) AS n",
            shop.company_id,
            shop.brand_id,
            products,
        )
        self.add_category(shop)
        return [self.add_promotion(shop) for _ in range(promotions)]

    def _add(self, table: str, key: str, **columns: Any) -> str:
        if table != "products":
            columns = {"code": uuid.uuid4().hex, **columns}
        names = ", ".join(columns)
        marks = ", ".join(["%s"] * len(columns))
        query = f"INSERT INTO edge.{table} ({names}) VALUES ({marks}) RETURNING {key}"
        return str(self.value(query, *columns.values()))

    def settings(self, **changes: Any) -> Settings:
        fields = {
            "dsn": self.dsn,
            "keys_file": self.keys_file,
            "listen": "127.0.0.1:0",
            "insecure": True,
            "watch_jitter_seconds": 0,
            "drain_seconds": 2,
            "burst": 10_000,
            "calls_per_minute": 100_000,
            "credential_checks_per_minute": 10_000,
            **changes,
        }
        return Settings.model_validate(fields)


def _dsn(database: Connection) -> str:
    login = f"{quote(database.login or '')}:{quote(database.password or '')}"
    return f"postgresql://{login}@{database.host}:{database.port}/{database.schema}"


@pytest.fixture
def office(owned_database, as_role, tmp_path):
    """An empty head office."""
    keys.rotate(tmp_path / "keys.json")
    server, admin = _dsn(as_role("edge_server")), _dsn(as_role("edge_admin"))
    owner = _dsn(owned_database)
    with psycopg.connect(owner, autocommit=True) as conn:
        for table in ("companies", "promotion_usages", "usage_rejects"):
            conn.execute(f"DELETE FROM edge.{table}")  # pyright: ignore[reportArgumentType]
        yield HeadOffice(conn, server, tmp_path / "keys.json", admin, owner)


@pytest.fixture
def serving(office):
    """What starts servers, with settings as keywords."""

    @asynccontextmanager
    async def start(**changes: Any):
        async with Server(office.settings(**changes)).running() as server:
            yield server

    return start


@pytest.fixture
async def server(serving):
    async with serving() as running:
        yield running


@pytest.fixture
async def shop(office):
    return await office.add_shop()


def credentials(server: Server, shop: Shop) -> Credentials:
    return Credentials(
        target=f"127.0.0.1:{server.port}",
        client_id=shop.client_id,
        client_secret=shop.client_secret,
        insecure=True,
    )


@pytest.fixture
async def session(server, shop):
    async with Session(credentials(server, shop)) as opened_session:
        yield opened_session


@dataclass
class Edge:
    """An edge server of a test: its store and what syncs it."""

    session: Session
    store: EdgeStore
    conn: Any
    path: Path

    def __post_init__(self) -> None:
        self.syncer = Syncer(self.session, self.store)

    def ids(self, table: str) -> set[str]:
        return {row[0] for row in self.conn.execute(f"SELECT id FROM {table}")}


@pytest.fixture
def edge(session, tmp_path):
    path = tmp_path / "edge.sqlite"
    conn = open_database(path)
    yield Edge(session, EdgeStore(conn), conn, path)
    conn.close()


@pytest.fixture
def no_repairs(caplog):
    """An edge repairs itself when what it holds does not add up: here that must not be needed."""
    yield
    messages = [
        record.getMessage() for when in ("setup", "call") for record in caplog.get_records(when)
    ]
    assert not [message for message in messages if "starting over" in message]
