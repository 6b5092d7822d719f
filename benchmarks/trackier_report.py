"""What the Trackier benchmark says: one JSON file, one table, one page of the documentation."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.gates import Gate
from benchmarks.machine import describe, versions
from benchmarks.published import publish, where

_REPOSITORY = Path(__file__).resolve().parents[1]
_JSON = _REPOSITORY / ".sandbox" / "bench" / "trackier.json"
_KIB_OF_MB = 1024
_DISTRIBUTIONS = ("psycopg", "msgspec", "requests", "boto3")
Figures = dict[str, Any]
Rounds = Sequence[dict[str, Any]]


GATES = (
    Gate("first_10k", "ratio_floor", "<=", 2.5, "time / time of the floor"),
    Gate("first_10k", "ratio_dlt", ">=", 5, "time of dlt / time"),
    Gate("first_10k", "queries", "<", 250, "statements sent to PostgreSQL"),
    Gate("first_10k", "rss_mb", "<", 150, "peak memory over an idle process, MB"),
    Gate("second_10k", "ratio_first", "<=", 1.1, "time / time of the first"),
    Gate("second_10k", "tup_written", "=", 0, "rows of offers and brands written"),
    Gate("first_100k", "ratio_10x", "<=", 1.2, "time / (10 x time of 10,000)"),
    Gate("first_100k", "rss_ratio", "<=", 1.1, "peak memory of the process / that of 10,000"),
    Gate("limited", "over_limit_seconds", "=", 0, "sliding seconds over the limit"),
    Gate("limited", "rate_ratio", ">=", 0.95, "calls per second / the limit"),
    Gate("limited", "calls_over_minimum", "=", 0, "calls beyond pages + groups"),
)
_PARTS = {
    "first_10k": "10,000 offers of 100 brands, first sync",
    "second_10k": "the same once more",
    "first_100k": "100,000 offers of 1,000 brands",
    "limited": "20 calls/s allowed",
    "first_1m": "1,000,000 offers of 10,000 brands",
}


def figures(
    rounds: Rounds, limited: Rounds, counted: dict[str, int], million: dict[str, Any] | None
) -> Figures:
    """Return medians: the figures that gates are about, and all others in `details`."""
    found: Figures = {"machine": describe(), "versions": versions(*_DISTRIBUTIONS)}
    found["first_10k"], first = _first(rounds)
    found["second_10k"] = {
        "ratio_first": _median(rounds, lambda r: r["second"]["seconds"] / r["first"]["seconds"]),
        "tup_written": max(r["tuples_written"] for r in rounds),
    }
    found["first_100k"], large = _large(rounds)
    found["limited"], under_limit = _limited(limited)
    found["details"] = {
        "rounds": len(rounds),
        "load": _median(rounds, lambda r: r["load"], 2),
        "first_10k": first | {"statements": counted},
        "second_10k": {"seconds": _median(rounds, lambda r: r["second"]["seconds"])},
        "first_100k": large,
        "limited": under_limit,
    }
    largest = _largest(million) if million else _earlier_largest()
    if largest:
        found["details"]["first_1m"] = largest
    return found


def _first(rounds: Rounds) -> tuple[Figures, Figures]:
    return {
        "seconds": _median(rounds, lambda r: r["first"]["seconds"]),
        "ratio_floor": _median(rounds, lambda r: r["first"]["seconds"] / r["floor"]["seconds"]),
        "ratio_dlt": _median(
            rounds, lambda r: r["declared_peer"]["seconds"] / r["first"]["seconds"]
        ),
        "queries": max(r["first"]["result"]["queries"] for r in rounds),
        "rss_mb": _median(rounds, lambda r: _rss_mb(r, "first"), 1),
        "api_calls": max(r["first"]["result"]["api_calls"] for r in rounds),
    }, {
        "cpu_seconds": _median(rounds, lambda r: r["first"]["cpu_seconds"]),
        "duration_seconds": _median(rounds, lambda r: r["first"]["result"]["duration_seconds"]),
        "floor_seconds": _median(rounds, lambda r: r["floor"]["seconds"]),
        "lean_floor_seconds": _median(rounds, lambda r: r["lean_floor"]["seconds"]),
        "ratio_lean_floor": _median(
            rounds, lambda r: r["first"]["seconds"] / r["lean_floor"]["seconds"]
        ),
        "dlt_seconds": _median(rounds, lambda r: r["declared_peer"]["seconds"]),
        "dlt_mapped_seconds": _median(rounds, lambda r: r["peer"]["seconds"]),
        "ratio_dlt_mapped": _median(rounds, lambda r: r["peer"]["seconds"] / r["first"]["seconds"]),
        "dlt_rss_mb": _median(rounds, lambda r: r["peer"]["peak_kib"] / _KIB_OF_MB, 1),
    }


def _large(rounds: Rounds) -> tuple[Figures, Figures]:
    return {
        "ratio_10x": _median(
            rounds, lambda r: r["large"]["seconds"] / (10 * r["first"]["seconds"])
        ),
        "rss_ratio": _median(rounds, lambda r: r["large"]["peak_kib"] / r["first"]["peak_kib"]),
    }, {
        "seconds": _median(rounds, lambda r: r["large"]["seconds"]),
        "floor_seconds": _median(rounds, lambda r: r["large_floor"]["seconds"]),
        "rss_mb": _median(rounds, lambda r: _rss_mb(r, "large"), 1),
        "rss_over_idle_ratio": _median(rounds, lambda r: _rss_mb(r, "large") / _rss_mb(r, "first")),
        "queries": max(r["large"]["result"]["queries"] for r in rounds),
    }


def _limited(rounds: Rounds) -> tuple[Figures, Figures]:
    return {
        "calls": max(r["calls"] for r in rounds),
        "calls_minimum": rounds[0]["calls_minimum"],
        "rate_ratio": _median(rounds, lambda r: r["rate_ratio"]),
        "over_limit_seconds": max(r["over_limit_seconds"] for r in rounds),
    }, {
        "busiest_second": max(r["busiest_second"] for r in rounds),
        "refused": max(r["refused"] for r in rounds),
        "calls_over_minimum": max(abs(r["calls"] - r["calls_minimum"]) for r in rounds),
    }


def _earlier_largest() -> Figures | None:
    """Keep what the last run over a million offers found, which says when that was."""
    return json.loads(_JSON.read_text())["details"].get("first_1m") if _JSON.exists() else None


def _largest(run: dict[str, Any]) -> Figures:
    return {
        "measured_on": datetime.now(UTC).date().isoformat(),
        "seconds": round(run["seconds"], 1),
        "offers_per_second": round(run["offers"] / run["seconds"]),
        "vendor_seconds": round(run["vendor_seconds"], 1),
        "rss_mb": _rss_mb({"idle": run["idle"], "first": run}, "first"),
        **{name: run["result"][name] for name in ("status", "added", "api_calls", "queries")},
    }


def _median(rounds: Rounds, value: Callable[[dict[str, Any]], float], digits: int = 3) -> float:
    return round(median(map(value, rounds)), digits)


def _rss_mb(measured: dict[str, Any], name: str) -> float:
    """Return a run's peak memory in MB above the interpreter's own."""
    return round((measured[name]["peak_kib"] - measured["idle"]["peak_kib"]) / _KIB_OF_MB, 1)


def _value(found: Figures, gate: Gate) -> float:
    return (found[gate.part] | found["details"][gate.part])[gate.name]


def write_json(found: Figures) -> None:
    """Write the file that other programs read."""
    _JSON.parent.mkdir(parents=True, exist_ok=True)
    _JSON.write_text(json.dumps(found, indent=2) + "\n")


def show(found: Figures) -> None:
    """Print the gates, then every figure."""
    table = Table("what", "figure", "wanted", "measured", "")
    for gate in GATES:
        value = _value(found, gate)
        verdict = "[green]met[/]" if gate.is_met(value) else "[red]not met[/]"
        wanted = f"{gate.sign} {gate.bound:g}"
        table.add_row(_PARTS[gate.part], gate.meaning, wanted, f"{value:g}", verdict)
    console = Console(width=120)
    console.print(table)
    for name, part in (found | found["details"]).items():
        if name != "details":
            console.print(name, json.dumps(part), soft_wrap=True, highlight=False)


def write_docs(found: Figures) -> None:
    """Put the figures into docs/benchmarks.md."""
    publish("trackier", _markdown(found))


def _markdown(found: Figures) -> str:
    machine, used, details = found["machine"], found["versions"], found["details"]
    measured_on = (
        f"Medians of {details['rounds']} rounds on {where(machine, used)}. Load average while "
        f"measuring: {details['load']:g}."
    )
    rows = [
        [
            _PARTS[gate.part],
            gate.meaning,
            f"{gate.sign} {gate.bound:g}",
            f"{_value(found, gate):g}",
            "met" if gate.is_met(_value(found, gate)) else "**not met**",
        ]
        for gate in GATES
    ]
    gates = _rows(["what", "figure", "wanted", "measured", ""], rows)
    times = _rows(["", "seconds"], _times(found))
    return "\n\n".join([measured_on, gates, times, *_remarks(details)])


def _rows(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _times(found: Figures) -> list[list[str]]:
    details = found["details"]
    first, large = details["first_10k"], details["first_100k"]
    times = {
        "10,000 offers, first sync": found["first_10k"]["seconds"],
        "its floor": first["floor_seconds"],
        "its lean floor": first["lean_floor_seconds"],
        "dlt, its REST source": first["dlt_seconds"],
        "dlt, mapped by hand to the same columns": first["dlt_mapped_seconds"],
        "10,000 offers, second sync": details["second_10k"]["seconds"],
        "100,000 offers, first sync": large["seconds"],
        "its floor ": large["floor_seconds"],
    }
    if million := details.get("first_1m"):
        times["1,000,000 offers, first sync, once"] = million["seconds"]
    return [[name.strip(), f"{seconds:g}"] for name, seconds in times.items()]


def _remarks(details: Figures) -> list[str]:
    first, limited = details["first_10k"], details["limited"]
    counted = first["statements"]
    remarks = [
        (
            f"The first sync takes {first['ratio_lean_floor']:g} times as long as the lean floor; "
            f"dlt with a source written and mapped by hand {first['ratio_dlt_mapped']:g} times as "
            "long as the sync. The gates above are about the floor and about dlt's REST source."
        ),
        (
            f"Statements of a first sync: {counted['reported']} by the product's count, "
            f"{counted['logged_without_transaction_control']} in the server's log, which also has "
            f"the progress bar's and the last one; {counted['logged']} with those that begin and "
            f"end transactions; {counted['transactions']} transactions by `pg_stat_database`."
        ),
        (
            f"Under the limit: at most {limited['busiest_second']} calls in any second, "
            f"{limited['refused']} refused."
        ),
    ]
    if million := details.get("first_1m"):
        remarks.append(
            f"The million ({million['measured_on']}): {million['added']} added, "
            f"{million['offers_per_second']} offers/s, "
            f"{million['api_calls']} calls, {million['rss_mb']:g} MB over an idle process. Its "
            "pages do not fit into the vendor sandbox's cache: it makes them while the sync waits."
        )
    return remarks
