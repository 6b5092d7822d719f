"""Measures the Broadstreet flows; `make bench-broadstreet` starts servers for it.

Prints a table, and writes `broadstreet.json` into the benchmark's home.
"""

from __future__ import annotations

import argparse
import json
import operator
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.broadstreet_export import measure_export
from benchmarks.broadstreet_import import Sizes, measure
from benchmarks.machine import describe, versions
from benchmarks.published import publish, where

_DISTRIBUTIONS = ("pymongo", "requests", "redis", "msgspec")
# What is measured, in words, and its bound.
GATES: dict[tuple[str, str], tuple[str, str, float]] = {
    ("import", "ratio_floor"): ("time / time of the slower floor", "<=", 1.3),
    ("import", "second_writes"): ("documents written by a second import", "<=", 0),
    ("import_latency", "ratio"): ("time / (calls x 280 ms / 5 at once)", "<=", 1.1),
    ("export_rate", "ratio"): ("calls a second / the limit of 100", ">=", 0.95),
    ("export_rate", "over_limit_seconds"): ("sliding seconds above the limit", "<=", 0),
}
_MET = {"<=": operator.le, ">=": operator.ge}


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
            _, sign, bound = GATES.get((part, name), ("", "", ""))
            print(f"{part:16} {name:18} {_text(value):>14}  {sign} {bound}".rstrip())


def _markdown(figures: Mapping[str, Any]) -> str:
    lines = [
        f"On {where(figures['machine'], figures['versions'])}.",
        "",
        "| part | figure | wanted | measured |  |",
        "| --- | --- | --- | --- | --- |",
    ]
    for (part, name), (meaning, sign, bound) in GATES.items():
        value = figures[part][name]
        met = "met" if _MET[sign](value, bound) else "not met"
        lines.append(f"| {part} | {meaning} | {sign} {bound:g} | {_text(value)} | {met} |")
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
