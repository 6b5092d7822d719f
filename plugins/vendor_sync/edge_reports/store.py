"""The reports' statements, inside the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from vendor_sync.postgres import Warehouse, load_query

_EVERYTHING = "0"
_EFFECTIVENESS = "promotion_effectiveness"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the audit says of one promotion; `finding` is a word of edge.promotion_audits."""

    company_id: str
    company_code: str
    promotion_id: str
    finding: str
    code: str
    name: str
    detail: str


def roll_up_usages(conn: Warehouse, *, full_refresh: bool, now: datetime) -> dict[str, int]:
    """Make anew the days of which usages arrived since the last time, or all; return counts."""
    params = {"report": _EFFECTIVENESS, "now": now}
    found = conn.execute(load_query("edge_reports/find_progress.sql"), params).fetchone()
    since = found[0] if found and not full_refresh else _EVERYTHING
    row = conn.execute(
        load_query("edge_reports/roll_up_usages.sql"), params | {"since": since}
    ).fetchone()
    assert row is not None  # noqa: S101 - a SELECT of counts
    return {"usages_read": row[0], "rows_made": row[1], "rows_changed": row[2]}


def audit_promotions(
    conn: Warehouse, *, expiring_days: int, unused_days: int, now: datetime
) -> list[Finding]:
    """Write the day's report of every company and return what is in it."""
    params = {"expiring_days": expiring_days, "unused_days": unused_days, "now": now}
    cursor = conn.cursor(row_factory=class_row(Finding))
    return cursor.execute(load_query("edge_reports/audit_promotions.sql"), params).fetchall()
