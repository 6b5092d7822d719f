"""Tells when a campaign does worse than its own last two weeks; each finding once.

A campaign's last complete day is compared, never the running one: a morning is not a bad day. The
figures are the platform's claims, in the workspace's reporting currency.
"""

from __future__ import annotations

from datetime import datetime

from psycopg.types.json import Jsonb

from vendor_sync.postgres import Warehouse, load_query

# A workspace's `alert_thresholds` replace these by name.
THRESHOLDS = {
    "roas_share": 0.7,
    "roas_min_spend": 100,
    "spend_share": 1.5,
    "conversions_share": 0.5,
    "ctr_share": 0.5,
}


def find_performance_alerts(conn: Warehouse, now: datetime) -> dict[int, list[str]]:
    """Open, update and resolve alerts; return the messages of new ones by workspace."""
    rows = conn.execute(
        load_query("analytics/find_performance_alerts.sql"),
        {"now": now, "defaults": Jsonb(THRESHOLDS)},
    ).fetchall()
    found: dict[int, list[str]] = {}
    for workspace_id, message, _ in rows:
        found.setdefault(workspace_id, []).append(message)
    return found
