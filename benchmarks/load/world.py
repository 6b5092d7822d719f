"""Head offices with stores, and the credentials of an edge in each store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg

from edge_grpc import seed
from edge_grpc.credentials import new_secret
from edge_grpc.usage_records import Tenant

OFFICES = 4
_PRODUCTS, _PROMOTIONS, _CATEGORIES, _BRANDS = 1_000, 60, 60, 3  # of each office
# All edges have one secret: to hash one for each would take minutes, to check it costs the same.
_CLIENTS = """
INSERT INTO edge.edge_clients (company_id, store_id, name, secret_hash)
SELECT s.company_id, s.store_id, 'load', $2 FROM edge.stores AS s WHERE s.company_id = ANY($1)
RETURNING client_id, company_id, store_id
"""
_OFFICES = """
SELECT c.company_id, c.currency, c.timezone, v.epoch,
    (SELECT array_agg(b.brand_id) FROM edge.brands AS b WHERE b.company_id = c.company_id)
        AS brands,
    (SELECT array_agg(p.promotion_id ORDER BY p.code) FROM edge.promotions AS p
        WHERE p.company_id = c.company_id) AS promotions
FROM edge.companies AS c INNER JOIN edge.versions AS v ON c.company_id = v.company_id
WHERE c.company_id = ANY($1) ORDER BY c.code
"""


@dataclass(frozen=True, slots=True)
class Office:
    """A company, and what a usage in one of its stores can be of."""

    company_id: UUID
    epoch: str
    currency: str
    timezone: str
    brands: Sequence[str]
    promotions: Sequence[str]

    def tenant(self, store_id: str) -> Tenant:
        return Tenant(self.company_id, UUID(store_id), self.currency, self.timezone)


@dataclass(frozen=True, slots=True)
class Login:
    """An edge: whose it is and how it proves that."""

    office: Office
    store_id: str
    client_id: str
    secret: str = field(repr=False)


async def make(dsn: str, edges: int, seed_number: int) -> list[Login]:
    """Write the offices with a store for each edge; return the edges, the offices in turn."""
    conn: Any = await asyncpg.connect(dsn)
    try:
        size = seed.Size(
            companies=OFFICES,
            brands=OFFICES * _BRANDS,
            stores=-(-edges // OFFICES) * OFFICES,
            categories=OFFICES * _CATEGORIES,
            products=OFFICES * _PRODUCTS,
            promotions=OFFICES * _PROMOTIONS,
            priced_share=0.02,
        )
        today = dt.datetime.now(dt.UTC).date()
        made = await seed.seed_head_offices(conn, size, seed=seed_number, today=today)
        secret, hashed = new_secret()
        rows = await conn.fetch(_OFFICES, made)
        offices = {row["company_id"]: _office(row) for row in rows}
        found = await conn.fetch(_CLIENTS, made, hashed)
    finally:
        await conn.close()
    queues = [[row for row in found if row["company_id"] == company] for company in made]
    in_turn = [row for group in zip(*queues, strict=True) for row in group]
    return [
        Login(offices[row["company_id"]], str(row["store_id"]), str(row["client_id"]), secret)
        for row in in_turn[:edges]
    ]


def offices_of(logins: Sequence[Login]) -> list[Office]:
    """Return the offices of these edges."""
    return list({login.office.company_id: login.office for login in logins}.values())


def _office(row: Any) -> Office:  # noqa: ANN401 - asyncpg's record
    return Office(
        row["company_id"],
        str(row["epoch"]),
        row["currency"],
        row["timezone"],
        [str(brand) for brand in row["brands"]],
        [str(promotion) for promotion in row["promotions"]],
    )
