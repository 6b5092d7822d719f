"""Measures the Broadstreet flows; `make bench-broadstreet` starts servers for it.

Prints a table, and writes `broadstreet.json` into the benchmark's home.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from benchmarks.broadstreet_export import measure_export
from benchmarks.broadstreet_import import Sizes, measure

LIMITS = {("import", "ratio_floor"): 1.3, ("import", "second_writes"): 0,
          ("import_latency", "ratio"): 1.1, ("export_rate", "ratio"): 1,
          ("export_rate", "over_limit_seconds"): 0}  # fmt: skip


def main() -> None:
    options = _parser().parse_args()
    sizes = Sizes(entities=options.entities, fresh=options.fresh, latency=options.latency)
    figures = measure(sizes) if options.part != "export" else {}
    if options.part != "import":
        figures |= measure_export(options.exports, options.per_second)
    target = Path(os.environ.get("BENCH_HOME", ".")) / "broadstreet.json"
    known: dict[str, Any] = json.loads(target.read_text()) if target.exists() else {}
    target.write_text(json.dumps(known | figures, indent=2) + "\n")
    show(figures)


def show(figures: dict[str, Any]) -> None:
    """Print every figure, with the limit where there is one."""
    for part, numbers in figures.items():
        for name, value in numbers.items():
            limit = LIMITS.get((part, name))
            shown = f"{value:.3f}" if isinstance(value, float) else str(value)
            print(f"{part:16} {name:18} {shown:>14}  {'' if limit is None else f'<= {limit}'}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.broadstreet", description=__doc__)
    sizes = Sizes()
    parser.add_argument("--entities", type=int, default=sizes.entities)
    parser.add_argument("--fresh", type=int, default=sizes.fresh, help="of the fresh import")
    parser.add_argument("--latency", type=int, default=sizes.latency, help="at 280 ms a call")
    parser.add_argument("--part", choices=("all", "import", "export"), default="all")
    parser.add_argument("--exports", type=int, default=5_000, help="entities of the export")
    parser.add_argument("--per-second", type=int, default=100, help="the export's rate limit")
    return parser


if __name__ == "__main__":
    main()
