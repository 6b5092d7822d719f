"""Exchange rates and the daily totals: claimed next to attributed, in one currency a workspace.

An amount is converted by the rate of its own day (or the last of the 7 days before); a sum over an
amount without a rate is unknown, not smaller. Each ratio's two sides are in one currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vendor_sync.ad_analytics.records import FxRateRecord
from vendor_sync.postgres import Warehouse, load_query


@dataclass(frozen=True, slots=True)
class Totalled:
    """Days looked at, and rows of workspace_daily that were written (the rest was the same)."""

    days: int
    written: int


def store_rates(conn: Warehouse, rates: Sequence[FxRateRecord]) -> int:
    """Add or correct exchange rates, and convert again what they count for; return how many."""
    with conn.transaction():
        row = conn.execute(
            load_query("analytics/merge_rates.sql"),
            {
                "days": [rate.day for rate in rates],
                "bases": [rate.base_currency for rate in rates],
                "quotes": [rate.quote_currency for rate in rates],
                "rates": [rate.rate for rate in rates],
                "sources": [rate.source for rate in rates],
            },
        ).fetchone()
        assert row is not None  # noqa: S101 - aggregates return one row
        since, until, written = row
        if written:
            conn.execute(load_query("analytics/apply_rates.sql"), {"since": since, "until": until})
    return written


def total_days(conn: Warehouse) -> Totalled:
    """Compute the totals of all stale days; safe to repeat and to kill."""
    with conn.transaction():
        row = conn.execute(load_query("analytics/total_days.sql")).fetchone()
        assert row is not None  # noqa: S101 - aggregates return one row
    return Totalled(*row)


def mark_all_days(conn: Warehouse, workspace_id: int | None = None) -> int:
    """Mark every day with figures stale, for changed settings; return how many were not yet."""
    return conn.execute(
        load_query("analytics/mark_all_days.sql"), {"workspace_id": workspace_id}
    ).rowcount
