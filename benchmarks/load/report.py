"""What the load says: tables to read, one JSON file, a section of the documentation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.load.figures import GATES, Figures

Rows = list[tuple[str, ...]]


def write_json(file: Path, name: str, found: Figures) -> None:
    """Write the figures under a name; those under other names stay."""
    file.parent.mkdir(parents=True, exist_ok=True)
    earlier = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps(earlier | {name: found}, indent=2) + "\n")


def show(found: Figures) -> None:
    """Print all tables."""
    console = Console(width=120)
    for title, rows in tables(found).items():
        table = Table(*rows[0], title=title, title_justify="left")
        for row in rows[1:]:
            table.add_row(*row)
        console.print(table)


def tables(found: Figures) -> dict[str, Rows]:
    """Return the figures as tables by title, each with its head first."""
    if "steps" in found:
        return {"As many edges as the machine takes": _steps(found["steps"])}
    made = {
        "Calls of the edges": _calls(found["edges"]["calls"]),
        "Memory and processor": _parts(found["memory"]["parts"]),
        "Gates": _gates(found),
    }
    if "flows" in found:
        made["Runs of the flows"] = _flows(found["flows"]["by_flow"])
    return made


def _calls(calls: Mapping[str, Mapping[str, float]]) -> Rows:
    head = ("call", "count", "p50, ms", "p99, ms", "longest, ms")
    return [
        head,
        *(
            (
                kind,
                f"{one['count']:,}",
                *(f"{one[name]:,.1f}" for name in ("p50_ms", "p99_ms", "most_ms")),
            )
            for kind, one in calls.items()
        ),
    ]


def _parts(parts: Mapping[str, Mapping[str, float]]) -> Rows:
    head = ("part", "first, MiB", "last", "most", "slope, MiB/min", "growth", "cores", "share")
    names = ("mib_first", "mib_last", "mib_most")
    return [
        head,
        *(
            (
                part,
                *(f"{one[name]:,.1f}" for name in names),
                f"{one['mib_per_minute']:+.2f}",
                f"{one['growth']:.3f}",
                f"{one['cpu_cores']:.2f}",
                f"{one['cpu_share']:.0%}",
            )
            for part, one in sorted(parts.items())
        ),
    ]


def _flows(flows: Mapping[str, Mapping[str, float]]) -> Rows:
    return [
        ("flow", "runs", "p50, s", "longest, s"),
        *(
            (flow, f"{one['runs']}", f"{one['p50_s']:.1f}", f"{one['most_s']:.1f}")
            for flow, one in flows.items()
        ),
    ]


def _gates(found: Mapping[str, Any]) -> Rows:
    rows: Rows = [("gate", "wanted", "measured", "")]
    for gate in GATES:
        value = found.get(gate.part, {}).get(gate.name)
        if value is not None:
            met = "met" if gate.is_met(value) else "NOT MET"
            rows.append((gate.meaning, f"{gate.sign} {gate.bound:g}", f"{value:g}", met))
    return rows


def _steps(steps: list[Figures]) -> Rows:
    head = ("edges", "Sync delta p50 / p99, ms", "upload ack p50 / p99, ms", "errors")
    head += ("server, cores", "generator, cores", "generator late p99, ms", "limit")
    return [head, *(_step(step) for step in steps)]


def _step(step: Figures) -> tuple[str, ...]:
    def times(kind: str) -> str:
        one = step["calls"].get(kind)
        return f"{one['p50_ms']:,.1f} / {one['p99_ms']:,.1f}" if one else "-"

    parts, late = step["parts"], step["calls"]["generator lateness"]["p99_ms"]
    return (
        str(step["edges"]),
        times("Sync delta"),
        times("UploadUsage ack"),
        str(step["errors"]),
        f"{parts['edge']['cpu_cores']:.2f}",
        f"{parts['generator']['cpu_cores']:.2f}",
        f"{late:,.1f}",
        "; ".join(step["limits"]) or "holds",
    )
