"""How far each connection is: read before it is asked, written with what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    # As they are stored: encrypted.
    credentials: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartEnd:
    """How a connection's part ended, and what the connection's state is with that.

    `at` is when it succeeded; `scope` and `orders_until` say what is here since then. `report` is
    the one still to be read, whatever the end. `failed` is False where the vendor only asked to
    wait.
    """

    result: PartResult
    at: datetime
    scope: Scope | None = None
    orders_until: datetime | None = None
    not_before: datetime | None = None
    failed: bool = False
    report: ReportTicket | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the end as `end_parts.sql` reads it."""
        scope = self.scope
        return {
            "connection_id": self.result.connection_id,
            "outcome": self.result.outcome.value,
            "error": self.result.error,
            "counts": self.result.counts,
            "asked": self.result.outcome is not Outcome.BUSY,
            "at": self.at.isoformat(),
            "is_first": scope is not None and scope.first,
            "is_wide": scope is not None and scope.wide,
            "orders_until": self.orders_until and self.orders_until.isoformat(),
            "not_before": self.not_before and self.not_before.isoformat(),
            "failed": self.failed,
            "report": None if self.report is None else msgspec.to_builtins(self.report),
        }


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

    def end_parts(self, run_key: int, ends: Sequence[PartEnd]) -> None:
        """Keep how connections' parts of a run ended, and their states, in one statement."""
        self._conn.execute(
            load_query("analytics/end_parts.sql"),
            {"run_key": run_key, "ends": Jsonb([end.to_json() for end in ends])},
        )

    def purge_parts(self, begun_after: datetime) -> int:
        """Forget how the parts of older runs ended; return how many parts that were."""
        return self._conn.execute(
            load_query("analytics/purge_parts.sql"), {"begun_after": begun_after}
        ).rowcount

    def parts(self, run_key: int) -> list[tuple[int, str, str, str, str | None, dict[str, int]]]:
        """Return (connection, vendor, name, outcome, error, counts) of a run's parts."""
        return self._conn.execute(
            load_query("analytics/list_parts.sql"), {"run_key": run_key}
        ).fetchall()

    def get(self, connection_id: int) -> Known:
        """Return a connection; raise ConfigurationError if there is none."""
        found = self.known([connection_id])
        if connection_id not in found:
            message = f"There is no connection {connection_id}."
            raise ConfigurationError(message)
        return found[connection_id]

    def known(self, connection_ids: Sequence[int]) -> dict[int, Known]:
        """Return connections with how far they are, by id."""
        rows = self._conn.execute(
            load_query("analytics/list_known_connections.sql"),
            {"connection_ids": list(connection_ids)},
        ).fetchall()
        return {row[0]: _known(row) for row in rows}

    def take_turns(self, connection_ids: Sequence[int]) -> set[int]:
        """Take connections' turns for this session; return those that nobody else has."""
        rows = self._conn.execute(
            load_query("analytics/try_lock_connections.sql"),
            {"connection_ids": list(connection_ids)},
        ).fetchall()
        return {row[0] for row in rows}

    def end_turns(self, connection_ids: Sequence[int]) -> None:
        """Let others have the connections' turns."""
        self._conn.execute(
            load_query("analytics/unlock_connections.sql"),
            {"connection_ids": list(connection_ids)},
        )

    def save_account(self, connection_id: int, account: AccountRecord | None) -> None:
        """Keep currency and timezone as the vendor says them; None: a run has to ask for them."""
        self._do(
            "save_account",
            connection_id,
            currency=account and account.currency,
            timezone=account and account.timezone,
        )

    def note_attempts(self, connection_ids: Sequence[int], now: datetime) -> None:
        """Note that connections are being asked."""
        self._conn.execute(
            load_query("analytics/note_attempts.sql"),
            {"connection_ids": list(connection_ids), "now": now},
        )

    def note_campaigns_seen(self, seen_at: Mapping[int, datetime]) -> None:
        """Note when connections' campaigns were listed to the end, where they are written."""
        self._conn.execute(
            load_query("analytics/note_campaigns_seen.sql"),
            {"connection_ids": list(seen_at), "seen_at": list(seen_at.values())},
        )

    def note_orders_until(self, connection_id: int, orders_until: datetime) -> None:
        """Note that a store's orders changed before an instant are here; never goes back."""
        self._do("note_orders_until", connection_id, orders_until=orders_until)

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


def _known(row: tuple[Any, ...]) -> Known:
    return Known(
        connection=SourceConnection(
            connection_id=row[0],
            workspace_id=row[1],
            vendor=row[2],
            external_id=row[3],
            name=row[4],
            currency=row[5],
            timezone=row[6],
            settings={name: str(value) for name, value in row[7].items()},
        ),
        first_synced_at=row[8],
        last_success_at=row[9],
        last_wide_at=row[10],
        campaigns_seen_at=row[11],
        orders_until=row[12],
        report=msgspec.convert(row[13], ReportTicket) if row[13] else None,
        credentials=None if row[14] is None else bytes(row[14]),
    )
