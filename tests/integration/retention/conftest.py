"""A warehouse whose rows have ages, and retention over it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from vendor_sync.connections import Connection
from vendor_sync.retention.flow import run_retention

NOW = datetime.now(UTC)
EMPTIED = (
    "ops.sync_runs", "ops.sync_outcomes", "ops.alerts",
    "analytics.performance_alerts", "analytics.consistency_issues", "analytics.click_files",
    "analytics.click_loads", "edge.promotion_usages", "edge.promotion_effectiveness",
    "edge.rollup_progress", "edge.promotion_audits", "edge.usage_rejects",
)  # fmt: skip


def ago(days: float) -> datetime:
    """An instant so many days before the tests began."""
    return NOW - timedelta(days=days)


@dataclass
class Attic:
    """Everything that has an age, entered with plain SQL."""

    conn: psycopg.Connection[Any]
    connections: dict[str, Connection]

    def rows(self, query: str, *params: Any) -> list[tuple[Any, ...]]:
        return self.conn.execute(query, params).fetchall()  # pyright: ignore[reportArgumentType]

    def value(self, query: str, *params: Any) -> Any:
        return self.rows(query, *params)[0][0]

    def run(self, days: float, *, flow: str = "old_flow", status: str = "completed") -> int:
        """Enter a run that began so many days ago and ended an hour later; return its key."""
        ended = None if status in {"running", "waiting"} else ago(days) + timedelta(hours=1)
        return self.value(
            "INSERT INTO ops.sync_runs (flow, run_id, trigger, params, status, attempt,"
            " started_at, finished_at) VALUES (%s, %s, 'test', '{}', %s, 1, %s, %s)"
            " RETURNING run_key",
            flow, uuid.uuid4().hex, status, ago(days), ended,
        )  # fmt: skip

    def page(self, run: int, days: float) -> int:
        return self.value(
            "INSERT INTO ops.sync_pages (run_key, entity, item_count, fetched_at)"
            " VALUES (%s, 'offers', 1, %s) RETURNING page_key",
            run, ago(days),
        )  # fmt: skip

    def reject(self, run: int, days: float, *, audit_key: str | None = None) -> int:
        return self.value(
            "INSERT INTO ops.sync_rejects (run_key, flow, entity, kind, reason, item, audit_key,"
            " fingerprint, rejected_at)"
            " VALUES (%s, 'old_flow', 'offers', 'invalid', 'no name', '{}', %s, %s, %s)"
            " RETURNING reject_key",
            run, audit_key, uuid.uuid4().hex, ago(days),
        )  # fmt: skip

    def event(self, run: int, days: float, *, published: bool) -> uuid.UUID:
        return self.value(
            "INSERT INTO ops.sync_events (event_id, flow, run_key, name, payload, created_at,"
            " published_at) VALUES (%s, 'old_flow', %s, 'n', %s, %s, %s) RETURNING event_id",
            uuid.uuid4(), run, Jsonb({}), ago(days), ago(days) if published else None,
        )  # fmt: skip

    def outcome(self, run: int, external_id: str) -> None:
        self.conn.execute(
            "INSERT INTO ops.sync_outcomes VALUES (%s, 'offers', %s, 'inserted', 1, 0)",
            (run, external_id),
        )

    def alert(self, run: int, resolved_days: float | None, *, pending: bool = False) -> int:
        """Enter an alert about a run, open or closed so many days ago."""
        key = self.value(
            "INSERT INTO ops.alerts (fingerprint, kind, severity, flow, run_id, title, message,"
            " opened_at, last_seen_at, resolved_at)"
            " SELECT %s, 'error_rate', 'warning', flow, run_id, 't', 'm', started_at, started_at,"
            " %s FROM ops.sync_runs WHERE run_key = %s RETURNING alert_key",
            uuid.uuid4().hex, None if resolved_days is None else ago(resolved_days), run,
        )  # fmt: skip
        self.conn.execute(
            "INSERT INTO ops.alert_deliveries (alert_key, channel, status, next_try_at)"
            " VALUES (%s, 'webhook', %s, now() + interval '1 hour')",
            (key, "pending" if pending else "delivered"),
        )
        return key

    def retain(
        self, run_id: str = "", *, now: datetime | None = None, **params: Any
    ) -> dict[str, Any]:
        return run_retention(
            self.connections.get,
            run_id=run_id or uuid.uuid4().hex,
            trigger="test",
            params=params,
            now=now or NOW,
        )

    def keys(self, table: str, column: str) -> set[Any]:
        return {row[0] for row in self.rows(f"SELECT {column} FROM {table}")}

    def empty(self) -> None:
        for table in EMPTIED:  # a few rows: TRUNCATE would wait for the disk
            self.conn.execute(f"DELETE FROM {table}")  # pyright: ignore[reportArgumentType]


@pytest.fixture
def attic(db, database):
    """An empty one; other parts of the product are not connected."""
    found = Attic(db, {"warehouse_postgres": database})
    found.empty()
    return found
