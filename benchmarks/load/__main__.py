"""Loads the edge service with hundreds of edges, beside all flows, and judges what comes of it.

`make load` starts the whole embedded stack for it, `make load-ramp` what the edge service needs:
then the edges are doubled until a limit breaks. The exit code is 1 when a gate is broken.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from benchmarks.load import ramp, report, soak
from benchmarks.load.figures import broken, unexpected
from benchmarks.load.flows import LANES
from benchmarks.machine import load


def main() -> int:
    options = _parser().parse_args()
    dsn = os.environ.get("WAREHOUSE_DSN")
    if not dsn:
        raise SystemExit("run it with `make load`")  # noqa: EM101, TRY003
    name = "ramp" if options.ramp else "load"
    found = (ramp if options.ramp else soak).run(dsn, options, _say)
    report.write_json(options.json, name, found)
    report.show(found)
    if options.write_docs:
        report.write_docs(name, found)
    problems = [] if options.ramp else broken(found)
    for problem in [*problems, *(unexpected(found) if problems else [])]:
        print(f"BROKEN GATE: {problem}")
    return 1 if problems else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="(%(default)s)")
    parser.add_argument("--clients", type=int, default=100, help="edges (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of everything drawn (%(default)s)")
    parser.add_argument("--change-seconds", type=float, default=3, metavar="S",
                        help="mean time between changes of head office (%(default)s)")  # fmt: skip
    parser.add_argument("--upload-seconds", type=float, default=10, metavar="S",
                        help="between uploads of an edge (%(default)s)")  # fmt: skip
    parser.add_argument("--lanes", type=int, default=LANES, help="flows at once (%(default)s)")
    parser.add_argument("--no-flows", action="store_true", help="the edges alone, without Airflow")
    parser.add_argument("--ramp", action="store_true", help="double the edges until a limit breaks")
    parser.add_argument("--most-clients", type=int, default=1600, help="of the ramp (%(default)s)")
    parser.add_argument("--step-seconds", type=float, default=40, help="of the ramp (%(default)s)")
    parser.add_argument("--folder", type=Path, default=Path(".sandbox/load"), help="(%(default)s)")
    default = Path(".sandbox/bench/load.json")
    parser.add_argument("--write-docs", action="store_true", help="write docs/benchmarks.md")
    parser.add_argument("--json", type=Path, default=default, help="(%(default)s)")
    return parser


def _say(text: str, *values: Any) -> None:  # noqa: ANN401 - what is printed
    print(f"load {load():5.2f}  {text}", *values, flush=True)


if __name__ == "__main__":
    sys.exit(main())
