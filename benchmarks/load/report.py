"""What the load says: tables to read, one JSON file, a section of the documentation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.load.figures import CALLS, GATES, Figures
from benchmarks.published import publish, where

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
    }
    if "flows" in found:
        made["Runs of the flows"] = _flows(found["flows"]["by_flow"])
    return made | {"Counted": _counted(found), "Gates": _gates(found)}


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


def _counted(found: Figures) -> Rows:
    edges, memory = found["edges"], found["memory"]
    counted = {
        "edges": found["truth"]["edges"],
        "changes of head office": edges["changes"],
        "calls": sum(one["count"] for kind, one in edges["calls"].items() if kind in CALLS),
        "announced rate limits": sum(edges["rate_limited"].values()),
        "usages made": found["truth"]["usages_made"],
        "usages stored": found["truth"]["usages_stored"],
        "most connections to PostgreSQL": memory["most_connections"],
        "share of all processors that was busy": memory["machine_busy"],
        **({"runs of flows": found["flows"]["runs"]} if "flows" in found else {}),
    }
    return [("counted", "number"), *((name, f"{value:,}") for name, value in counted.items())]


def _gates(found: Mapping[str, Any]) -> Rows:
    rows: Rows = [("gate", "wanted", "measured", "kept")]
    for gate in GATES:
        value = found.get(gate.part, {}).get(gate.name)
        if value is not None:
            met = "met" if gate.is_met(value) else "NOT MET"
            rows.append((gate.meaning, f"{gate.sign} {gate.bound:g}", f"{value:g}", met))
    return rows


def _by_minute(series: Mapping[str, list[list[float]]]) -> Rows:
    """Return what each part had in memory at the sample next to each full minute."""
    minutes = range(int(max(samples[-1][0] for samples in series.values()) // 60) + 1)

    def at(samples: list[list[float]], minute: int) -> str:
        return f"{min(samples, key=lambda one: abs(one[0] - 60 * minute))[1]:.1f}"

    names = sorted(series)
    return [
        ("minute", *names),
        *((str(minute), *(at(series[name], minute) for name in names)) for minute in minutes),
    ]


def _steps(steps: list[Figures]) -> Rows:
    head = ("edges", "Sync delta p50, ms", "Sync delta p99, ms", "upload ack p50, ms")
    head += ("upload ack p99, ms", "calls that failed", "server, cores", "generator, cores")
    head += ("generator late p99, ms", "limit")
    return [head, *(_step(step) for step in steps)]


def _step(step: Figures) -> tuple[str, ...]:
    calls, parts = step["calls"], step["parts"]
    times = [
        f"{calls[kind][name]:,.1f}"
        for kind in ("Sync delta", "UploadUsage ack")
        for name in ("p50_ms", "p99_ms")
    ]
    cores = [f"{parts[name]['cpu_cores']:.2f}" for name in ("edge", "generator")]
    late = f"{calls['generator lateness']['p99_ms']:,.1f}"
    limits = "; ".join(step["limits"]) or "holds"
    return str(step["edges"]), *times, str(step["errors"]), *cores, late, limits


def write_docs(name: str, found: Figures) -> None:
    """Put the figures into docs/benchmarks.md."""
    shown = tables(found)
    if "memory" in found:
        shown["Memory by minute"] = _by_minute(found["memory"]["series"])
    asked = ", ".join(
        f"{name.replace('_', ' ')} {value:g}" for name, value in found["asked"].items()
    )
    on = f"On {where(found['machine'], found['versions'])}. Asked for: {asked}."
    publish(name, "\n\n".join([on, *map(_markdown, shown.values())]))


def _markdown(rows: Rows) -> str:
    lines = [rows[0], ("---",) * len(rows[0]), *rows[1:]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
