"""How far each connection is: read before it is asked, written with what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from vendor_sync.ad_analytics.ports import ReportTicket
from vendor_sync.ad_analytics.records import AccountRecord, SourceConnection
from vendor_sync.ad_analytics.scope import Scope, SyncParams
from vendor_sync.errors import ConfigurationError
from vendor_sync.postgres import Warehouse, load_query


class Outcome(StrEnum):
    """How a connection's part ended."""

    COMPLETED = "completed"
    # A report that was asked for is not ready: to be looked at again in seconds.
    WAITING = "waiting"
    # The vendor asked to wait: a later run takes it up.
    DEFERRED = "deferred"
    # Heals by itself: worth another try in minutes.
    RETRY = "retry"
    NEEDS_REAUTH = "needs_reauth"
    FAILED = "failed"
    # Another process has the connection's turn.
    BUSY = "busy"


@dataclass(slots=True)
class PartResult:
    """What one connection's part did."""

    connection_id: int
    vendor: str
    outcome: Outcome = Outcome.COMPLETED
    error: str | None = None
    newly_needs_reauth: bool = False
    counts: dict[str, int] = field(default_factory=dict[str, int])

    def add(self, name: str, number: int) -> None:
        """Count."""
        self.counts[name] = self.counts.get(name, 0) + number


@dataclass(frozen=True, slots=True)
class Due:
    """A connection that a run may ask."""

    connection_id: int
    workspace_id: int
    vendor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A connection and how far it is."""

    connection: SourceConnection
    first_synced_at: datetime | None
    last_success_at: datetime | None
    last_wide_at: datetime | None
    campaigns_seen_at: datetime | None
    orders_until: datetime | None
    report: ReportTicket | None


class StateStore:
    """Reads and writes connections' states, inside the caller's transactions."""

    def __init__(self, conn: Warehouse) -> None:
        self._conn = conn

    def due(self, params: SyncParams, *, now: datetime, run_key: int) -> list[Due]:
        """Return what a run may ask and has not done yet, by vendor."""
        rows = self._conn.execute(
            load_query("analytics/list_due_connections.sql"),
            {
                "workspace_id": params.workspace_id,
                "vendors": list(params.vendors),
                "connection_ids": list(params.connection_ids),
                "now": now,
                "run_key": run_key,
                "forced": params.since is not None,
            },
        ).fetchall()
        return [Due(*row) for row in rows]

    def note_part(self, run_key: int, part: PartResult) -> None:
        """Keep how a connection's part of a run ended."""
        self._do(
            "upsert_part",
            part.connection_id,
            run_key=run_key,
            outcome=part.outcome.value,
            error=part.error,
            counts=Jsonb(part.counts),
        )

    def parts(self, run_key: int) -> list[tuple[int, str, str, str, str | None, dict[str, int]]]:
        """Return (connection, vendor, name, outcome, error, counts) of a run's parts."""
        return self._conn.execute(
            load_query("analytics/list_parts.sql"), {"run_key": run_key}
        ).fetchall()

    def get(self, connection_id: int) -> Known:
        """Return a connection; raise ConfigurationError if there is none."""
        row = self._conn.execute(
            load_query("analytics/get_connection.sql"), {"connection_id": connection_id}
        ).fetchone()
        if row is None:
            message = f"There is no connection {connection_id}."
            raise ConfigurationError(message)
        settings = {name: str(value) for name, value in row[7].items()}
        return Known(
            connection=SourceConnection(
                connection_id=row[0],
                workspace_id=row[1],
                vendor=row[2],
                external_id=row[3],
                name=row[4],
                currency=row[5],
                timezone=row[6],
                settings=settings,
            ),
            first_synced_at=row[8],
            last_success_at=row[9],
            last_wide_at=row[10],
            campaigns_seen_at=row[11],
            orders_until=row[12],
            report=msgspec.convert(row[13], ReportTicket) if row[13] else None,
        )

    def take_turn(self, connection_id: int) -> bool:
        """Take the connection's turn for this session; False if somebody else has it."""
        row = self._conn.execute(
            load_query("analytics/try_lock_connection.sql"), {"connection_id": connection_id}
        ).fetchone()
        return row is not None and row[0]

    def end_turn(self, connection_id: int) -> None:
        """Let others have the connection's turn."""
        self._do("unlock_connection", connection_id)

    def save_account(self, connection_id: int, account: AccountRecord) -> None:
        """Keep currency and timezone as the vendor says them."""
        self._do(
            "save_account", connection_id, currency=account.currency, timezone=account.timezone
        )

    def note_attempt(self, connection_id: int, now: datetime) -> None:
        """Note that the connection is being asked."""
        self._do("note_attempt", connection_id, now=now)

    def note_campaigns_seen(self, connection_id: int, seen_at: datetime) -> None:
        """Note that the campaigns were listed to the end, in the transaction that wrote them."""
        self._do("note_campaigns_seen", connection_id, seen_at=seen_at)

    def note_success(
        self,
        connection_id: int,
        scope: Scope,
        *,
        now: datetime,
        orders_until: datetime | None = None,
    ) -> None:
        """Note that everything in the scope is here."""
        self._do(
            "note_success",
            connection_id,
            now=now,
            first=scope.first,
            wide=scope.wide,
            orders_until=orders_until,
        )

    def note_failure(
        self, connection_id: int, error: str, *, not_before: datetime | None, failed: bool
    ) -> None:
        """Note why not; `failed` False where the vendor only asked to wait."""
        self._do("note_failure", connection_id, error=error, not_before=not_before, failed=failed)

    def save_report(self, connection_id: int, ticket: ReportTicket | None) -> None:
        """Keep a report that was asked for, so that any process can take it up."""
        report = None if ticket is None else Jsonb(msgspec.to_builtins(ticket))
        self._do("save_report", connection_id, report=report)

    def unready_orders(self, connection_id: int, since: datetime) -> list[str]:
        """Return orders whose visits the shop still worked on."""
        rows = self._conn.execute(
            load_query("analytics/list_unready_orders.sql"),
            {"connection_id": connection_id, "since": since},
        ).fetchall()
        return [row[0] for row in rows]

    def _do(self, query: str, connection_id: int, **values: Any) -> None:  # noqa: ANN401 - columns
        self._conn.execute(
            load_query(f"analytics/{query}.sql"), {"connection_id": connection_id, **values}
        )
