"""Looks for numbers that cannot be right, or that do not agree with each other."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from vendor_sync.postgres import Warehouse, load_query

LOOKED_AT = timedelta(days=30)
# A store's last complete days, compared once a day.
COUNTED_DAYS = 3


def check_consistency(conn: Warehouse, now: datetime) -> dict[str, int]:
    """Open, update and resolve issues; return how many are open by kind."""
    rows = conn.execute(
        load_query("analytics/find_consistency_issues.sql"),
        {"now": now, "since": (now - LOOKED_AT).date()},
    ).fetchall()
    return dict(rows)


def note_order_count(  # noqa: PLR0913, PLR0917 - what is compared, and when
    conn: Warehouse,
    connection_id: int,
    between: tuple[datetime, datetime],
    there: int,
    day: date,
    now: datetime,
) -> bool:
    """Compare a store's count of the orders created on its `day` with ours; tell if they differ.

    `between` are the day's instants, the end exclusive. An issue (`order_count`) is opened, updated
    or resolved.
    """
    row = conn.execute(
        load_query("analytics/note_order_count.sql"),
        {
            "connection_id": connection_id,
            "first_instant": between[0],
            "end_instant": between[1],
            "there": there,
            "day": day,
            "now": now,
        },
    ).fetchone()
    assert row is not None  # noqa: S101 - aggregates return one row
    return bool(row[0] != there)
