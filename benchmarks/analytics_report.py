"""What the ad analytics benchmark says: a JSON file, a table with the bars, a page of the docs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.analytics_calls import DAILY_DAYS, HOURLY_DAYS, LIMITS, fewest_calls, per_hour
from benchmarks.gates import Gate
from benchmarks.machine import describe, load, versions
from benchmarks.published import publish, where

_REPOSITORY = Path(__file__).resolve().parents[1]
_JSON = _REPOSITORY / ".sandbox" / "bench" / "analytics.json"
Figures = dict[str, Any]


GATES = (
    Gate("ingest", "ratio_floor", "<=", 2.5, "3 days: time / time of the floor"),
    Gate("ingest_30", "ratio_floor", "<=", 2.5, "30 days: time / time of the floor"),
    Gate("ingest", "ratio_dlt_plain", ">=", 5, "3 days: time of dlt's REST source / time"),
    Gate("ingest", "ratio_dlt", ">=", 5, "3 days: the same, set up for speed / time"),
    Gate("ingest_30", "ratio_dlt_plain", ">=", 5, "30 days: time of dlt's REST source / time"),
    Gate("ingest_30", "ratio_dlt", ">=", 5, "30 days: the same, set up for speed / time"),
    Gate("ingest", "seconds", "<", 300, "3 days: seconds"),
    Gate("ingest_30", "seconds", "<", 1200, "30 days: seconds"),
    Gate("ingest", "rss_ratio_sixth", "<=", 1.1, "peak memory / that of a sixth of the shards"),
    Gate("ingest_30", "rss_ratio_sixth", "<=", 1.1, "the same for 30 days"),
    Gate("attribution", "ratio_ctas", "<=", 5, "from scratch: time / CREATE TABLE AS"),
    Gate("attribution", "seconds_full", "<", 30, "from scratch: seconds"),
    Gate("attribution", "incremental_share", "<", 0.1, "1 % of the orders: share of that time"),
    Gate("attribution", "seconds_incremental", "<", 2, "1 % of the orders: seconds"),
    Gate("dashboard", "queries", "<=", 10, "statements in all"),
    Gate("dashboard", "seconds", "<", 20, "seconds"),
)


def write_json(part: str, figures: Figures, *, postgresql: str, took: int) -> Figures:
    """Add a part to the file; other parts of the benchmark keep theirs."""
    _JSON.parent.mkdir(parents=True, exist_ok=True)
    known: Figures = json.loads(_JSON.read_text()) if _JSON.exists() else {}
    about = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "load": load(),
        "took_seconds": took,
    }
    known[part] = figures | about
    known["machine"] = describe()
    known["versions"] = {**versions("psycopg", "msgspec", "requests"), "postgresql": postgresql}
    _combine(known)
    _JSON.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")
    return known


def _combine(known: Figures) -> None:
    """Put what two parts say together where readers of the file look for it."""
    known.pop("api_calls", None)
    hourly, daily = known.get("ingest"), known.get("ingest_30")
    for own, peer in ((hourly, known.get("dlt")), (daily, known.get("dlt_30"))):
        if own and peer and own["accounts"] == peer["accounts"]:
            own["ratio_dlt_plain"] = peer["ratio_plain"]
            own["ratio_dlt"] = peer["ratio_declared"]
            own["ratio_dlt_mapped"] = peer["ratio_mapped"]
    if hourly and daily:
        known["api_calls"] = {
            vendor: _calls(vendor, hourly, daily, hourly["campaigns"]) for vendor in LIMITS
        }


def _calls(vendor: str, hourly: Figures, daily: Figures, campaigns: int) -> Figures:
    short, long = hourly["calls"][vendor], daily["calls"][vendor]
    least_short = fewest_calls(vendor, campaigns=campaigns, days=HOURLY_DAYS)
    least_long = fewest_calls(vendor, campaigns=campaigns, days=DAILY_DAYS)
    return {
        "3_days": short,
        "3_days_least": least_short,
        "30_days": long,
        "30_days_least": least_long,
        "per_hour": per_hour(short, long),
        "per_hour_least": per_hour(least_short, least_long),
    }


def _rows(known: Figures) -> list[tuple[str, str, str, str, str]]:
    rows = [
        (gate.part, gate.meaning, f"{gate.sign} {gate.bound:g}", f"{value:g}",
         "met" if gate.is_met(value) else "not met")
        for gate in GATES
        if (value := known.get(gate.part, {}).get(gate.name)) is not None
    ]  # fmt: skip
    return rows + [
        ("api_calls", f"{vendor}: calls an account and hour", f"{one['per_hour_least']:g} at least",
         f"{one['per_hour']:g}", "")
        for vendor, one in known.get("api_calls", {}).items()
    ]  # fmt: skip


def show(known: Figures) -> None:
    """Print the bars, then every figure."""
    table = Table("what", "figure", "wanted", "measured", "")
    for row in _rows(known):
        table.add_row(*row, style="red" if row[-1] == "not met" else None)
    console = Console(width=120)
    console.print(table)
    console.print_json(json.dumps(known))


def write_docs(known: Figures) -> None:
    """Put the figures into docs/benchmarks.md."""
    publish("analytics", _markdown(known))


def _markdown(known: Figures) -> str:
    parts = {name: known[name] for name in known if "measured_at" in known.get(name, {})}
    loads = [part["load"] for part in parts.values()]
    measured_on = (
        f"On {where(known['machine'], dict(sorted(known['versions'].items())))}. Load average "
        f"while measuring: {min(loads):g} to {max(loads):g}."
    )
    lines = [
        measured_on,
        "",
        "| what | figure | wanted | measured |  |",
        "| --- | --- | --- | --- | --- |",
        *(f"| {' | '.join(row)} |" for row in _rows(known)),
        "",
        "| all figures |  |",
        "| --- | --- |",
    ]
    for name, part in parts.items():
        lines += [
            f"| {name}.{figure} | {value:,} |"
            for figure, value in sorted(part.items())
            if isinstance(value, int | float)
        ]
    return "\n".join(lines)
