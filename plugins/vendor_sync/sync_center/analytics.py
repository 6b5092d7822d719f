"""The analytics tab: what ads cost, what platforms claim for them, what orders they really led to.

Amounts are Decimals in the workspace's reporting currency. None is unknown, and so is a sum with
an unknown day in it; a ratio without a denominator is None too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from vendor_sync.connections import ConnectionSource
from vendor_sync.sync_center.charts import lines, stacked_bars
from vendor_sync.sync_center.queries import Ops, Row
from vendor_sync.sync_center.wording import Status

FLOW = "ad_analytics_sync"
# In the order of their colours; what no ad is credited for comes last.
PLATFORMS = ("meta", "tiktok", "snapchat")
UNCREDITED = "none"
SHOWN = 20
_AMOUNTS = ("spend", "claimed_revenue", "attributed_revenue")
_COUNTS = ("impressions", "clicks", "claimed_conversions", "attributed_conversions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Sums over some days: claimed next to attributed."""

    impressions: Decimal | None
    clicks: Decimal | None
    spend: Decimal | None
    claimed_conversions: Decimal | None
    claimed_revenue: Decimal | None
    attributed_conversions: Decimal | None
    attributed_revenue: Decimal | None

    @property
    def claimed_roas(self) -> Decimal | None:
        """Return what the platforms say that a unit of spend has brought."""
        return _ratio(self.claimed_revenue, self.spend)

    @property
    def attributed_roas(self) -> Decimal | None:
        """Return what the orders say that a unit of spend has brought."""
        return _ratio(self.attributed_revenue, self.spend)


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What the tab shows of a workspace and a period."""

    workspaces: Sequence[Row]
    workspace: Row
    days: int
    total: Figures
    before: Figures
    platforms: Mapping[str, Figures]
    uncredited: Figures | None
    charts: Mapping[str, Markup]
    connections: Sequence[Row]
    alerts: Sequence[Row]
    issues: Sequence[Row]


def board(
    source: ConnectionSource, workspace_id: int | None, days: int, now: datetime
) -> Board | None:
    """Return a workspace's last days, today included; None where there is no such workspace."""
    with Ops(source).asking() as ask:
        workspaces = ask("list_workspaces", {"now": now})
        chosen = [row for row in workspaces if workspace_id in {None, row["workspace_id"]}]
        if not chosen:
            return None
        own = {"workspace_id": chosen[0]["workspace_id"]}
        until: date = chosen[0]["today"]
        since = until - timedelta(days=days - 1)
        period = {"since": since - timedelta(days=days), "until": until}
        rows = ask("list_platform_days", own | period)
        connections = ask("list_workspace_connections", own)
        alerts = ask("list_performance_alerts", own | {"at_most": SHOWN})
        issues = ask("list_consistency_issues", own | {"at_most": SHOWN})
    within = [row for row in rows if row["date"] >= since]
    paid = _by_platform(row for row in within if row["platform"] != UNCREDITED)
    unpaid = [row for row in within if row["platform"] == UNCREDITED]
    return Board(
        workspaces=workspaces,
        workspace=chosen[0],
        days=days,
        total=_summed([row for rows in paid.values() for row in rows]),
        before=_summed(
            [r for r in rows if r["date"] < since and r["platform"] != UNCREDITED],
        ),
        platforms={name: _summed(rows) for name, rows in paid.items()},
        uncredited=_summed(unpaid) if unpaid else None,
        charts=_charts([since + timedelta(days=number) for number in range(days)], paid),
        connections=connections,
        alerts=alerts,
        issues=issues,
    )


def told_change(figures: tuple[Decimal | None, Decimal | None]) -> str:
    """Tell by how much a figure has grown over the one before it."""
    now, before = figures
    share = _ratio(now - before, before) if now is not None and before else None
    if share is None:
        return "nothing to compare with"
    percent = round(100 * share)
    return f"{percent:+,} % over before" if percent else "as before"


def severity(name: str) -> Status:
    """Return how grave an alert about a campaign is, in words."""
    return Status(name.capitalize(), {"high": "bad", "medium": "warn"}.get(name, "quiet"))


def connection_state(row: Row) -> Status:
    """Return how an ad account or store does, in words."""
    if row["status"] == "needs_reauth":
        return Status("Needs a new login", "bad")
    if row["status"] == "disabled":
        return Status("Disabled", "quiet")
    if row["last_error"]:
        return Status("Last try failed", "warn")
    if row["first_synced_at"] is None:
        return Status("Not read yet", "busy")
    return Status("In order", "good")


def _by_platform(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["platform"], []).append(row)
    order = [*PLATFORMS, *sorted(found.keys() - set(PLATFORMS))]
    return {name: found[name] for name in order if name in found}


def _summed(rows: Sequence[Row]) -> Figures:
    is_unknown = any(row["is_unknown"] for row in rows)
    sums: dict[str, Any] = {name: _sum(rows, name) for name in _COUNTS}
    sums |= {name: None if is_unknown else _sum(rows, name) for name in _AMOUNTS}
    return Figures(**sums)


def _sum(rows: Iterable[Row], name: str) -> Decimal | None:
    values = [Decimal(row[name]) for row in rows if row[name] is not None]
    return sum(values, Decimal(0)) if values else None


def _ratio(above: Decimal | None, below: Decimal | None) -> Decimal | None:
    return above / below if above is not None and below else None


def _charts(days: Sequence[date], paid: Mapping[str, Sequence[Row]]) -> dict[str, Markup]:
    by_day = {name: {row["date"]: [row] for row in rows} for name, rows in paid.items()}
    all_of: dict[date, list[Row]] = {}
    for rows in paid.values():
        for row in rows:
            all_of.setdefault(row["date"], []).append(row)

    def series(
        rows: Mapping[date, list[Row]], of: Callable[[Figures], Decimal | None]
    ) -> list[float | None]:
        values = [of(_summed(rows[day])) if day in rows else None for day in days]
        # A chart's pixels, not money: nothing is computed from these.
        return [None if value is None else float(round(value, 2)) for value in values]

    spend = {name: series(rows, lambda found: found.spend) for name, rows in by_day.items()}
    revenue = {
        name: series(rows, lambda found: found.attributed_revenue) for name, rows in by_day.items()
    }
    ratios = {
        "Attributed": series(all_of, lambda found: found.attributed_roas),
        "Claimed": series(all_of, lambda found: found.claimed_roas),
    }
    return {
        "spend": stacked_bars("Spend by day and platform", days, spend),
        "revenue": stacked_bars("Attributed revenue by day and platform", days, revenue),
        "roas": lines("ROAS by day, attributed and claimed", days, ratios),
    }
