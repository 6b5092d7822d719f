"""How well the flows do: success and duration by day and entity type, what goes wrong, calls."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from markupsafe import Markup

from vendor_sync.connections import ConnectionSource
from vendor_sync.sync_center.charts import lines, stacked_bars
from vendor_sync.sync_center.queries import Ops, Row
from vendor_sync.sync_center.rejects import ADVICE
from vendor_sync.sync_center.results import by_entity_type

DAYS = 14
_LAST_RUNS = 40
_LAST_REJECTS = 100
_LAST_ALERTS = 200
_SHOWN_ERRORS = 10
# A digit and what clings to it (an id, an instant, an amount) differs from case to case.
_VARYING = re.compile(r"[\w.:+-]*\d[\w.:+-]*")
_LONGEST = 160
# Whose rate a flow uses: the connection that sets it, and the rate where that says nothing.
_VENDORS = (
    ("Trackier", ("trackier_offer_sync",), "trackier_default", 5.0),
    ("Broadstreet", ("broadstreet_import", "broadstreet_export"), "broadstreet_default", 5.0),
    ("Ad platforms and stores", ("ad_analytics_sync",), None, None),
    ("European Central Bank", ("fx_rates_sync",), None, None),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A flow's last two weeks: charts, and the figures that they show."""

    flow: str
    days: Sequence[Row]
    runs: int
    share: float | None
    outcomes: Markup
    durations: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeTrend:
    """An entity type in a flow's last runs, and in the runs before those."""

    flow: str
    name: str
    records: int
    share: float | None
    share_before: float | None
    seconds: float | None
    seconds_before: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What went wrong, and how often. `kind` names its runbook; without one, `advice`."""

    flow: str
    words: str
    times: int
    last_at: datetime
    kind: str | None = None
    run_id: str | None = None
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRate:
    """A day's calls to a vendor; rates in calls a second, no `limit` where there are several."""

    vendor: str
    calls: int
    retries: int
    busiest: float | None
    limit: float | None

    @property
    def use(self) -> float | None:
        """Return the busiest run's rate as a share of the limit."""
        return self.busiest / self.limit if self.busiest is not None and self.limit else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What the first page of the tab shows."""

    trends: Sequence[Trend]
    types: Sequence[TypeTrend]
    troubles: Sequence[Trouble]
    refusals: Sequence[Trouble]
    rates: Sequence[CallRate]
    open_alerts: int


def overview(source: ConnectionSource, flows: Collection[str], now: datetime) -> Overview:
    """Return the last two weeks of these flows."""
    names = sorted(flows)
    since = datetime.combine(now.date() - timedelta(days=DAYS - 1), datetime.min.time(), UTC)
    found = Ops(source).many(
        {
            "list_daily_runs": {"flows": names, "since": since},
            "list_last_counts": {"flows": names, "at_most": _LAST_RUNS},
            "list_last_alerts": {"flows": names, "since": since, "at_most": _LAST_ALERTS},
            "list_last_rejects": {"flows": names, "at_most": _LAST_REJECTS},
            "list_call_rates": {"flows": names, "since": now - timedelta(days=1)},
            "count_open_alerts": {"flows": names},
        }
    )
    days = [since.date() + timedelta(days=number) for number in range(DAYS)]
    return Overview(
        trends=[_trend(flow, days, rows) for flow, rows in _by_flow(found["list_daily_runs"])],
        types=[
            trend
            for flow, rows in _by_flow(found["list_last_counts"])
            for trend in type_trends(flow, rows)
        ],
        troubles=_troubles(found["list_last_alerts"]),
        refusals=_refusals(found["list_last_rejects"]),
        rates=_rates(source, {row["flow"]: row for row in found["list_call_rates"]}),
        open_alerts=found["count_open_alerts"][0]["open"],
    )


def _by_flow(rows: Iterable[Row]) -> Iterable[tuple[str, list[Row]]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["flow"], []).append(row)
    return found.items()


def _trend(flow: str, days: Sequence[date], rows: Sequence[Row]) -> Trend:
    known = {row["day"]: row for row in rows}
    good, flawed, failed = (
        [known.get(day, {}).get(name) for day in days]
        for name in ("completed", "with_errors", "failed")
    )
    seconds = [known.get(day, {}).get("seconds") for day in days]
    runs = sum(filter(None, [*good, *flawed, *failed]))
    outcomes = {"Completed": good, "Completed with errors": flawed, "Failed": failed}
    return Trend(
        flow=flow,
        days=rows,
        runs=runs,
        share=1 - sum(filter(None, failed)) / runs if runs else None,
        outcomes=stacked_bars(f"Runs of {flow} by day and outcome", days, outcomes),
        durations=lines(f"Mean duration of {flow} by day", days, {"Mean": seconds}, unit=" s"),
    )


def type_trends(flow: str, rows: Sequence[Row]) -> list[TypeTrend]:
    """Return the entity types of a flow's runs: the newer half beside the older one."""
    half = max(1, len(rows) // 2)
    now, before = _summed(rows[:half]), _summed(rows[half:])
    return [
        TypeTrend(
            flow=flow,
            name=name,
            records=sums["records"],
            share=_share(sums),
            share_before=_share(before.get(name, {})),
            seconds=_mean(sums),
            seconds_before=_mean(before.get(name, {})),
        )
        for name, sums in now.items()
    ]


def _summed(rows: Iterable[Row]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for row in rows:
        for name, counts in by_entity_type(row["counts"]).items():
            sums = found.setdefault(name, Counter())
            sums["records"] += _first(counts, "fetched", "total", "read")
            sums["refused"] += _first(counts, "rejected") + _first(counts, "failed")
            sums["runs"] += 1
            sums["ms"] += round(1000 * _first(counts, "duration_seconds"))
    return found


def _first(counts: Mapping[str, Any], *names: str) -> Any:  # noqa: ANN401 - a number
    return next((counts[name] for name in names if counts.get(name) is not None), 0)


def _share(sums: Mapping[str, int]) -> float | None:
    records = sums.get("records", 0)
    return max(0.0, 1 - sums["refused"] / records) if records else None


def _mean(sums: Mapping[str, int]) -> float | None:
    return sums["ms"] / 1000 / sums["runs"] if sums.get("ms") else None


@lru_cache(maxsize=4096)
def without_particulars(words: str) -> str:
    """Return what cases of one kind have in common: no ids, instants and amounts."""
    short = _VARYING.sub("…", " ".join(words.split()))
    return short if len(short) <= _LONGEST else short[:_LONGEST] + "…"


def _troubles(alerts: Iterable[Row]) -> list[Trouble]:
    times: Counter[tuple[str, str, str]] = Counter()
    newest: dict[tuple[str, str, str], Row] = {}
    for row in alerts:
        key = (row["flow"], row["kind"], without_particulars(row["message"]))
        times[key] += 1
        newest.setdefault(key, row)
    return [
        Trouble(
            flow=key[0],
            kind=key[1],
            words=key[2],
            times=number,
            last_at=newest[key]["last_seen_at"],
            run_id=newest[key]["run_id"],
        )
        for key, number in times.most_common(_SHOWN_ERRORS)
    ]


def _refusals(rejects: Iterable[Row]) -> list[Trouble]:
    times: Counter[tuple[str, str, str, str]] = Counter()
    newest: dict[tuple[str, str, str, str], Row] = {}
    for row in rejects:
        words = without_particulars(row["reason"])
        key = (row["flow"], row["entity"], row["kind"], words)
        times[key] += 1
        newest.setdefault(key, row)
    return [
        Trouble(
            flow=key[0],
            words=f"{key[1]}: {key[3]}",
            times=number,
            last_at=newest[key]["rejected_at"],
            advice=ADVICE.get(key[2], ""),
        )
        for key, number in times.most_common(_SHOWN_ERRORS)
    ]


def _rates(source: ConnectionSource, rows: Mapping[str, Row]) -> list[CallRate]:
    found: list[CallRate] = []
    for vendor, flows, conn_id, default in _VENDORS:
        used = [rows[flow] for flow in flows if flow in rows]
        if not used:
            continue
        connection = source(conn_id) if conn_id else None
        limit = connection.number("requests_per_second", default or 0) if connection else default
        found.append(
            CallRate(
                vendor=vendor,
                calls=sum(row["calls"] for row in used),
                retries=sum(row["retries"] for row in used),
                busiest=max(
                    (row["busiest"] for row in used if row["busiest"] is not None), default=None
                ),
                limit=limit,
            )
        )
    return found
