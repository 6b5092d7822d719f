"""A company with two stores, promotions, and uses as the service stores them."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from vendor_sync.connections import Connection
from vendor_sync.edge_reports.flow import run_promotion_audit, run_usage_rollup

EFFECTIVENESS = (
    "SELECT promotion_id::text, store_id::text, business_on, currency, uses, taken_back,"
    " discount_amount, bills, customers, first_used_at, last_used_at, company_id"
    " FROM edge.promotion_effectiveness ORDER BY 1, 2, 3, 4"
)


@dataclass
class Office:
    """Head office's tables, written with plain SQL, and the reports about them."""

    conn: psycopg.Connection[Any]
    connections: dict[str, Connection]
    company: uuid.UUID
    stores: list[uuid.UUID]
    brand: uuid.UUID
    server: Connection | None = None  # as the edge service connects

    def rows(self, query: str, *params: Any) -> list[tuple[Any, ...]]:
        return self.conn.execute(query, params).fetchall()  # pyright: ignore[reportArgumentType]

    def promotion(self, code: str, **columns: Any) -> uuid.UUID:
        given = {
            "company_id": self.company,
            "code": code,
            "name": code.lower(),
            "promo_type": "percent_discount",
            "discount_percent": 10,
            "start_on": date(2020, 1, 1),
            "end_on": date(2099, 12, 31),
            **columns,
        }
        names, marks = ", ".join(given), ", ".join(["%s"] * len(given))
        query = f"INSERT INTO edge.promotions ({names}) VALUES ({marks}) RETURNING promotion_id"
        return self.rows(query, *given.values())[0][0]

    def use(  # noqa: PLR0913 - columns
        self,
        promotion: uuid.UUID,
        *,
        store: int = 0,
        on: date = date(2026, 3, 4),
        amount: str = "1.25",
        bill: str = "B1",
        customer: str = "",
        reverses: uuid.UUID | None = None,
        currency: str = "IDR",
        conn: psycopg.Connection[Any] | None = None,
    ) -> uuid.UUID:
        """Store a use as the service does, in the columns that it names."""
        usage = uuid.uuid4()
        used_at = datetime.combine(on, datetime.min.time(), UTC) + timedelta(hours=5)
        (conn or self.conn).execute(
            "INSERT INTO edge.promotion_usages (store_id, usage_id, company_id, promotion_id,"
            " bill_id, brand_id, customer_id, discount_amount, currency, used_at, business_on,"
            " reverses_usage_id, content_hash)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '')",
            (
                self.stores[store], usage, self.company, promotion, bill, self.brand, customer,
                amount, currency, used_at, on, reverses,
            ),
        )  # fmt: skip
        return usage

    def rollup(self, **params: Any) -> dict[str, Any]:
        return run_usage_rollup(
            self.connections.get, run_id=uuid.uuid4().hex, trigger="test", params=params
        )

    def audit(self, run_id: str = "", **params: Any) -> dict[str, Any]:
        return run_promotion_audit(
            self.connections.get,
            run_id=run_id or uuid.uuid4().hex,
            trigger="test",
            params=params,
            link="http://airflow/run",
        )

    def effectiveness(self) -> list[tuple[Any, ...]]:
        return self.rows(EFFECTIVENESS)

    def from_scratch(self) -> list[tuple[Any, ...]]:
        """What making everything anew says, without keeping it."""
        before = self.effectiveness()
        self.conn.execute("TRUNCATE edge.promotion_effectiveness")
        self.rollup(full_refresh=True)
        made = self.effectiveness()
        assert len(before) <= len(made)
        return made

    def findings(self) -> set[tuple[str, str]]:
        return set(self.rows("SELECT code, finding FROM edge.promotion_audits"))

    def open_alerts(self) -> list[tuple[str, str]]:
        return self.rows(
            "SELECT kind, title FROM ops.alerts WHERE resolved_at IS NULL ORDER BY 1, 2"
        )


@pytest.fixture
def office(db, database, as_role):
    """A company in Jakarta's time; everything of other tests is gone."""
    for table in (
        "companies", "promotion_usages", "promotion_effectiveness", "rollup_progress",
        "promotion_audits", "promotion_compile_errors",
    ):  # fmt: skip
        db.execute(f"DELETE FROM edge.{table}")
    [(company,)] = db.execute(
        "INSERT INTO edge.companies (code, name, timezone, currency)"
        " VALUES ('C', 'Company', 'Asia/Jakarta', 'IDR') RETURNING company_id"
    ).fetchall()
    [(brand,)] = db.execute(
        "INSERT INTO edge.brands (company_id, code, name) VALUES (%s, 'B', 'B') RETURNING brand_id",
        (company,),
    ).fetchall()
    stores = db.execute(
        "INSERT INTO edge.stores (company_id, code, name, timezone)"
        " SELECT %s, n, n, 'Asia/Jakarta' FROM unnest(ARRAY['S1', 'S2']) AS n RETURNING store_id",
        (company,),
    ).fetchall()
    connections = {"warehouse_postgres": database}
    stores = [row[0] for row in stores]
    return Office(db, connections, company, stores, brand, as_role("edge_server"))


@pytest.fixture
def chance():
    return random.Random(4)
