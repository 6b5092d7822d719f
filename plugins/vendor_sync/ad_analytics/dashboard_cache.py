"""Keeps each workspace's dashboard in Redis, replaced in one step after its figures are committed.

Key `dashboard_metrics:{workspace_id}`, an hour to live, JSON: `currency`, `computed_at`, and for
`today`, `7_days`, `30_days`, `90_days` the figures of the range and, in `previous`, of the one
before. Money is text, so that no reader makes a float of it; null is unknown, a page shows a dash.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import redis

from vendor_sync.connections import Connection
from vendor_sync.errors import StorageError
from vendor_sync.postgres import Warehouse, load_query
from vendor_sync.redis_client import redis_client

TTL_SECONDS = 3600
RANGES = ("today", "7_days", "30_days", "90_days")
FIGURES = (
    "total_spend",
    "total_revenue",
    "roas",
    "impressions",
    "clicks",
    "conversions",
    "ctr",
    "cpc",
)
_COUNTS = frozenset({"impressions", "clicks"})
_NOTHING: dict[str, Any] = dict.fromkeys(FIGURES)
_AT_ONCE = 500
Dashboard = dict[str, Any]


def refresh_dashboards(
    conn: Warehouse, connection: Connection, now: datetime, workspace_id: int | None = None
) -> int:
    """Compute and replace the dashboards of all workspaces (or one); return how many.

    One query for all of them. Raises StorageError if Redis is away: the figures are safe, and the
    next run brings the cache up.
    """
    dashboards = compute_dashboards(conn, now, workspace_id)
    client = redis_client(connection, timeout_seconds=5)
    try:
        _store(client, dashboards)
    except redis.RedisError as error:
        message = f"Connection '{connection.conn_id}': Redis failed: {type(error).__name__}"
        raise StorageError(message) from error
    finally:
        client.close()
    return len(dashboards)


def compute_dashboards(
    conn: Warehouse, now: datetime, workspace_id: int | None = None
) -> dict[int, Dashboard]:
    """Return the dashboards by workspace."""
    cursor = conn.execute(
        load_query("analytics/list_dashboards.sql"), {"now": now, "workspace_id": workspace_id}
    )
    columns = [column.name for column in cursor.description or ()]
    dashboards: dict[int, Dashboard] = {}
    for values in cursor:
        row = dict(zip(columns, values, strict=True))
        board = dashboards.setdefault(row["workspace_id"], _empty(row["reporting_currency"], now))
        figures = {figure: _plain(figure, row[figure]) for figure in FIGURES}
        if row["is_before"]:
            board[row["name"]]["previous"] = figures
        else:
            board[row["name"]] |= figures
    return dashboards


def _empty(currency: str, now: datetime) -> Dashboard:
    ranges = {name: {**_NOTHING, "previous": dict(_NOTHING)} for name in RANGES}
    return {"currency": currency, "computed_at": now.isoformat(timespec="seconds"), **ranges}


def _plain(figure: str, value: Decimal | None) -> int | str | None:
    """Return counts as numbers, everything else as text without trailing zeros."""
    if value is None:
        return None
    return int(value) if figure in _COUNTS else format(value.normalize(), "f")


def _store(client: redis.Redis, dashboards: dict[int, Dashboard]) -> None:
    """Replace each dashboard by one SET: a reader sees the old one or the new one."""
    items = list(dashboards.items())
    for start in range(0, len(items), _AT_ONCE):
        with client.pipeline(transaction=False) as pipeline:  # pyright: ignore[reportUnknownMemberType]
            for workspace_id, board in items[start : start + _AT_ONCE]:
                pipeline.set(
                    f"dashboard_metrics:{workspace_id}", msgspec.json.encode(board), ex=TTL_SECONDS
                )
            pipeline.execute()
