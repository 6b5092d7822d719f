"""Looks for numbers that cannot be right, or that do not agree with each other."""

from __future__ import annotations

from datetime import datetime, timedelta

from vendor_sync.postgres import Warehouse, load_query

LOOKED_AT = timedelta(days=30)


def check_consistency(conn: Warehouse, now: datetime) -> dict[str, int]:
    """Open, update and resolve issues; return how many are open by kind."""
    rows = conn.execute(
        load_query("analytics/find_consistency_issues.sql"),
        {"now": now, "since": (now - LOOKED_AT).date()},
    ).fetchall()
    return dict(rows)
