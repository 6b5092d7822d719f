"""How the entity types of one flow do, run by run: success rate and duration as charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor
from typing import Any

from markupsafe import Markup

from vendor_sync.connections import ConnectionSource
from vendor_sync.sync_center.charts import lines
from vendor_sync.sync_center.queries import Ops
from vendor_sync.sync_center.results import by_entity_type
from vendor_sync.sync_center.trends import TypeTrend, type_trends

RUNS = 40
# As many as there are colours; Broadstreet has six types, the others fewer.
_SERIES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeCharts:
    """A flow's last runs by entity type; `names` in the order of the charts' colours."""

    flow: str
    runs: int
    names: Sequence[str]
    shares: Markup
    durations: Markup
    types: Sequence[TypeTrend]


def type_charts(source: ConnectionSource, flow: str) -> TypeCharts:
    """Return the last runs of a flow, the oldest first in the charts."""
    rows = Ops(source).rows("list_last_counts", flows=[flow], at_most=RUNS)
    types = type_trends(flow, rows)
    names = [trend.name for trend in types][:_SERIES]
    points = [(row["started_at"], by_entity_type(row["counts"])) for row in reversed(rows)]
    days = [at for at, _ in points]
    shares = {name: [_share(found.get(name)) for _, found in points] for name in names}
    seconds = {name: [_seconds(found.get(name)) for _, found in points] for name in names}
    lowest = min((one for some in shares.values() for one in some if one is not None), default=0)
    return TypeCharts(
        flow=flow,
        runs=len(rows),
        names=names,
        shares=lines(
            f"Success rate by entity type of {flow}",
            days,
            shares,
            unit=" %",
            between=(max(0, floor(lowest) - 1), 100),
        ),
        durations=lines(f"Duration by entity type of {flow}", days, seconds, unit=" s"),
        types=types,
    )


def _share(counts: Mapping[str, Any] | None) -> float | None:
    """Return how much of what was read was not refused, in per cent."""
    if not counts:
        return None
    records = next((counts[key] for key in ("fetched", "total", "read") if counts.get(key)), 0)
    refused = (counts.get("rejected") or 0) + (counts.get("failed") or 0)
    return round(max(0.0, 100 * (1 - refused / records)), 2) if records else None


def _seconds(counts: Mapping[str, Any] | None) -> float | None:
    found = (counts or {}).get("duration_seconds")
    return None if found is None else float(found)
