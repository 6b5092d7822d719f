"""What every edge ended with, next to what head office's tables say, by plain SQL.

Three witnesses: the usages of all edges against the table they were uploaded to; an edge's products
against the tables of the catalogue; and all of its records, byte for byte, against those of an edge
that begins with nothing and is sent the whole.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from typing import Any

import grpc
import psycopg

from benchmarks.load.edges import LAST_PATIENCE, Habits, database_of
from benchmarks.load.world import Login
from edge_grpc.client.session import Credentials, Session
from edge_grpc.client.store import TABLES, EdgeStore, open_database
from edge_grpc.client.sync import Syncer
from edge_grpc.v1 import types_pb2 as types
from edge_grpc.v1 import usage_pb2 as usage
from edge_grpc.v1.catalog_pb2 import Product

_STORED = """
SELECT usage_id::text, store_id::text, promotion_id::text, bill_id, discount_amount
FROM edge.promotion_usages WHERE company_id = ANY(%s)
"""
_PRODUCTS = """
SELECT p.product_id::text, p.name, p.base_price, o.price, coalesce(o.is_available, true)
FROM edge.products AS p
INNER JOIN edge.store_brands AS b ON p.brand_id = b.brand_id AND b.store_id = %(store)s
LEFT JOIN edge.store_products AS o ON p.product_id = o.product_id AND o.store_id = %(store)s
WHERE p.is_active
"""
_FRESH_AT_ONCE = 4
Sold = tuple[str, str, str, Decimal]
Counts = dict[str, int]


def check(conn: psycopg.Connection[Any], habits: Habits, logins: Sequence[Login]) -> Counts:
    """Return how many usages and edges there are, and how many of them are not as they must be."""
    found = _usages(conn, habits, logins)
    wrong = sum(not _products_agree(conn, habits, login) for login in logins)
    behind = asyncio.run(_differ_from_fresh(habits, logins))
    return found | {"edges": len(logins), "edges_wrong": wrong, "edges_unlike_fresh": behind}


def _usages(conn: psycopg.Connection[Any], habits: Habits, logins: Sequence[Login]) -> Counts:
    made: dict[str, Sold] = {}
    states: Counter[str] = Counter()
    for login in logins:
        with closing(sqlite3.connect(database_of(habits, login))) as held:
            for usage_id, body, state in held.execute("SELECT usage_id, body, state FROM usages"):
                made[usage_id] = _sold(usage.UsageRecord.FromString(body))
                states[state] += 1
    companies = list({login.office.company_id for login in logins})
    rows = conn.execute(_STORED, (companies,)).fetchall()
    stored = {key: (store, promotion, bill, amount) for key, store, promotion, bill, amount in rows}
    return {
        "usages_made": sum(states.values()),
        "usages_unsettled": sum(states.values()) - states["synced"],
        "usages_stored": len(rows),
        "usages_lost": len(made.keys() - stored.keys()),
        "usages_twice": len(rows) - len(stored),
        "usages_of_nobody": len(stored.keys() - made.keys()),
        "usages_changed": sum(stored[key] != made[key] for key in stored.keys() & made.keys()),
    }


def _sold(record: usage.UsageRecord) -> Sold:
    amount = _decimal(record.discount_amount)
    return record.store_id, record.promotion_id, record.bill_id, amount


def _products_agree(conn: psycopg.Connection[Any], habits: Habits, login: Login) -> bool:
    wanted = conn.execute(_PRODUCTS, {"store": login.store_id}).fetchall()
    with closing(sqlite3.connect(database_of(habits, login))) as held:
        found = {_shown(body) for (body,) in held.execute("SELECT body FROM products")}
    return found == set(wanted)


def _shown(body: bytes) -> tuple[Any, ...]:
    product = Product.FromString(body)
    own = _decimal(product.store_price) if product.HasField("store_price") else None
    is_available = product.is_available if product.HasField("is_available") else True
    return product.id, product.name, _decimal(product.base_price), own, is_available


def _decimal(money: types.Money) -> Decimal:
    return money.units + Decimal(money.nanos).scaleb(-9)


async def _differ_from_fresh(habits: Habits, logins: Sequence[Login]) -> int:
    """Return how many edges hold something else than one that begins anew in their store."""
    anew = replace(habits, folder=habits.folder / "anew")
    slots = asyncio.Semaphore(_FRESH_AT_ONCE)

    async def differs(login: Login) -> bool:
        async with slots:
            try:
                await _sync_anew(anew, login)
            except grpc.RpcError:
                return True
        return _held(habits, login) != _held(anew, login)

    return sum(await asyncio.gather(*map(differs, logins)))


async def _sync_anew(habits: Habits, login: Login) -> None:
    credentials = Credentials(
        target=habits.target, client_id=login.client_id, client_secret=login.secret, insecure=True
    )
    with closing(open_database(database_of(habits, login))) as conn:
        async with Session(credentials) as session:
            await Syncer(session, EdgeStore(conn), patience=LAST_PATIENCE).sync()


def _held(habits: Habits, login: Login) -> list[Iterable[Any]]:
    with closing(sqlite3.connect(database_of(habits, login))) as held:
        return [
            held.execute(f"SELECT id, version, body FROM {table} ORDER BY id").fetchall()  # noqa: S608
            for table in TABLES.values()
        ]
