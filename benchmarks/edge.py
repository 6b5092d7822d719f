"""Measures the edge service against its ceiling, against a JSON peer, and against plain SQL.

`make bench-edge` starts PostgreSQL for it. A database of the size is made once and kept.
"""

from __future__ import annotations

import argparse
import json

from benchmarks import edge_calls, edge_full
from benchmarks.edge_stage import Stage
from benchmarks.machine import load

PARTS = ("full", "calls")


def main() -> None:
    options = _parser().parse_args()
    stage = Stage(options.products)
    stage.prepare(_say)
    if "full" in options.parts:
        print(json.dumps(edge_full.run(stage, options.rounds, _say), indent=1))
    if "calls" in options.parts:
        print(json.dumps(edge_calls.run(stage, options.rounds, options.seconds, _say), indent=1))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.edge", description=__doc__)
    parser.add_argument("--products", type=int, default=1_000_000, help="(%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="medians of so many (%(default)s)")
    parser.add_argument("--seconds", type=float, default=5, help="of calls (%(default)s)")
    parser.add_argument("--parts", nargs="+", default=PARTS, choices=PARTS)
    parser.add_argument("--tenfold", action="store_true", help="the delta at ten times the size")
    parser.add_argument("--write-docs", action="store_true", help="write docs/benchmarks.md")
    return parser


def _say(text: str) -> None:
    print(f"load {load():5.2f}  {text}", flush=True)


if __name__ == "__main__":
    main()
