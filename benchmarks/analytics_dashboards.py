"""Measures the dashboards of many workspaces: half a year of daily totals on four platforms."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from statistics import median
from typing import Any, LiteralString

from benchmarks.analytics_world import empty
from vendor_sync.ad_analytics.dashboard_cache import refresh_dashboards
from vendor_sync.connections import connection_from_environment, require_connection
from vendor_sync.postgres import Warehouse

NOW = datetime(2026, 4, 15, 10, tzinfo=UTC)
_WORKSPACES: LiteralString = """
INSERT INTO analytics.workspaces (name, timezone, reporting_currency)
SELECT 'workspace ' || n, 'Asia/Riyadh', 'SAR' FROM generate_series(1, %(workspaces)s) AS n
"""
_DAYS: LiteralString = """
INSERT INTO analytics.workspace_daily (
    workspace_id, date, platform, currency, impressions, clicks, spend, claimed_conversions,
    claimed_revenue, attributed_conversions, attributed_gross, attributed_revenue, unconverted
)
SELECT
    w.workspace_id, %(today)s::date - n, p.platform, 'SAR', 1000 + n, 20 + n, 100 + n, 3, 300, 2,
    200, 190 + n, 0
FROM analytics.workspaces AS w, generate_series(0, 179) AS n,
unnest('{meta,tiktok,snapchat,none}'::text[]) AS p (platform)
"""


def measure(conn: Warehouse, *, workspaces: int, rounds: int) -> dict[str, Any]:
    """Return the median seconds and the queries of refreshing all dashboards."""
    empty(conn)
    conn.execute(_WORKSPACES, {"workspaces": workspaces})
    conn.execute(_DAYS, {"today": NOW.date()})
    conn.execute("VACUUM ANALYZE")
    cache = require_connection(connection_from_environment, "analytics_redis")
    seconds: list[float] = []
    before = conn.queries
    for _ in range(rounds):
        began = time.perf_counter()
        written = refresh_dashboards(conn, cache, NOW)
        seconds.append(time.perf_counter() - began)
        if written != workspaces:
            message = f"{written} dashboards of {workspaces} workspaces"
            raise SystemExit(message)
    return {
        "seconds": round(median(seconds), 2),
        "queries": (conn.queries - before) // rounds,
        "workspaces": workspaces,
        "days": workspaces * 180,
    }
