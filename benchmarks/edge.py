"""Measures the edge service against its ceiling, against a JSON peer, and against plain SQL.

`make bench-edge` starts PostgreSQL for it. A database of the size is made once and kept.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks import (
    edge_apply,
    edge_asked,
    edge_calls,
    edge_delta,
    edge_full,
    edge_report,
    edge_usage,
    edge_watch,
)
from benchmarks.edge_stage import Stage
from benchmarks.machine import load

PARTS = ("asked", "delta", "full", "apply", "calls", "watch", "usage")
_loads: list[float] = []


def main() -> None:
    options = _parser().parse_args()
    stage = Stage(options.products)
    stage.prepare(_say)
    found = {name: _runs(stage, options)[name]() for name in PARTS if name in options.parts}
    figures = edge_report.write_json(edge_report.figures(found, _loads, options.products))
    edge_report.show(figures)
    if options.write_docs:
        edge_report.write_docs(figures)


def _runs(stage: Stage, options: argparse.Namespace) -> Mapping[str, Callable[[], Any]]:
    rounds = options.rounds
    return {
        "asked": lambda: edge_asked.run(stage, _say),
        "delta": lambda: edge_delta.run(_sizes(stage, tenfold=options.tenfold), rounds, _say),
        "usage": lambda: edge_usage.run(stage, rounds, options.usages, _say),
        "full": lambda: edge_full.run(stage, rounds, _say),
        "apply": lambda: edge_apply.run(stage, rounds, _say),
        "calls": lambda: edge_calls.run(stage, rounds, options.seconds, _say),
        "watch": lambda: edge_watch.run(stage, options.streams, _say),
    }


def _sizes(stage: Stage, *, tenfold: bool) -> list[Stage]:
    if not tenfold:
        return [stage]
    larger = Stage(stage.products, times=10)
    larger.prepare(_say)
    return [stage, larger]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.edge", description=__doc__)
    parser.add_argument("--products", type=int, default=1_000_000, help="(%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="medians of so many (%(default)s)")
    parser.add_argument("--seconds", type=float, default=5, help="of calls (%(default)s)")
    parser.add_argument("--streams", type=int, default=5000, help="of watches (%(default)s)")
    parser.add_argument("--usages", type=int, default=20_000, help="uploaded (%(default)s)")
    parser.add_argument("--parts", nargs="+", default=PARTS, choices=PARTS)
    parser.add_argument("--tenfold", action="store_true", help="the delta at ten times the size")
    parser.add_argument("--write-docs", action="store_true", help="write docs/benchmarks.md")
    return parser


def _say(text: str) -> None:
    _loads.append(load())
    print(f"load {_loads[-1]:5.2f}  {text}", flush=True)


if __name__ == "__main__":
    main()
