"""Measures the Broadstreet flows; `make bench-broadstreet` starts servers for it.

Prints a table, and writes `broadstreet.json` into the benchmark's home.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.broadstreet_export import measure_export
from benchmarks.broadstreet_import import Sizes, measure
from benchmarks.gates import Gate
from benchmarks.machine import describe, versions
from benchmarks.published import publish, where

_DISTRIBUTIONS = ("pymongo", "requests", "redis", "msgspec")
GATES = (
    Gate("import", "ratio_floor", "<=", 1.3, "time / time of the slower floor"),
    Gate("import", "second_writes", "=", 0, "documents written by a second import"),
    Gate("import_latency", "ratio", "<=", 1.1, "time / (calls x 280 ms / 5 at once)"),
    Gate("export_rate", "ratio", ">=", 0.95, "calls a second / the limit of 100"),
    Gate("export_rate", "over_limit_seconds", "=", 0, "sliding seconds above the limit"),
)


def main() -> None:
    options = _parser().parse_args()
    sizes = Sizes(entities=options.entities, fresh=options.fresh, latency=options.latency)
    figures = measure(sizes) if options.part != "export" else {}
    if options.part != "import":
        figures |= measure_export(options.exports, options.per_second)
    target = Path(os.environ.get("BENCH_HOME", ".")) / "broadstreet.json"
    known: dict[str, Any] = json.loads(target.read_text()) if target.exists() else {}
    whole = known | figures | {"machine": describe(), "versions": versions(*_DISTRIBUTIONS)}
    target.write_text(json.dumps(whole, indent=2) + "\n")
    show(figures)
    if options.write_docs:
        publish("broadstreet", _markdown(whole))


def show(figures: Mapping[str, Any]) -> None:
    """Print every figure, with its bound where there is one."""
    for part, numbers in figures.items():
        for name, value in numbers.items():
            gates = [gate for gate in GATES if (gate.part, gate.name) == (part, name)]
            wanted = "".join(f"{gate.sign} {gate.bound:g}" for gate in gates)
            print(f"{part:16} {name:18} {_text(value):>14}  {wanted}".rstrip())


def _markdown(figures: Mapping[str, Any]) -> str:
    lines = [
        f"On {where(figures['machine'], figures['versions'])}.",
        "",
        "| part | figure | wanted | measured |  |",
        "| --- | --- | --- | --- | --- |",
    ]
    for gate in GATES:
        value = figures[gate.part][gate.name]
        wanted, met = f"{gate.sign} {gate.bound:g}", "met" if gate.is_met(value) else "not met"
        lines.append(f"| {gate.part} | {gate.meaning} | {wanted} | {_text(value)} | {met} |")
    lines += ["", "| all figures |  |", "| --- | --- |"]
    for part in ("import", "import_latency", "export_rate"):
        lines += [f"| {part}.{name} | {_text(value)} |" for name, value in figures[part].items()]
    return "\n".join(lines)


def _text(value: object) -> str:
    return f"{value:,.3f}" if isinstance(value, float) else str(value)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.broadstreet", description=__doc__)
    sizes = Sizes()
    parser.add_argument("--entities", type=int, default=sizes.entities)
    parser.add_argument("--fresh", type=int, default=sizes.fresh, help="of the fresh import")
    parser.add_argument("--latency", type=int, default=sizes.latency, help="at 280 ms a call")
    parser.add_argument("--part", choices=("all", "import", "export"), default="all")
    parser.add_argument("--exports", type=int, default=5_000, help="entities of the export")
    parser.add_argument("--per-second", type=int, default=100, help="the export's rate limit")
    parser.add_argument("--write-docs", action="store_true", help="write docs/benchmarks.md")
    return parser


if __name__ == "__main__":
    main()
