"""Disturb everything for a while, then compare everything; `make chaos`."""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
from pathlib import Path

from tests.e2e.chaos.report import publish
from tests.e2e.chaos.run import Plan, in_folder
from tests.e2e.chaos.stacks import started


def main() -> int:
    """Return 0 if nothing was lost, doubled or left open; 1 with the details otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, default=Path(".sandbox/bench/chaos.json"))
    parser.add_argument("--write-docs", action="store_true", help="write docs/chaos.md")
    options = parser.parse_args()
    # A CI that gives up ends it as Ctrl-C does: what was started is stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("edge_grpc").setLevel(logging.ERROR)
    with started("chaos", workers=2, heartbeat=30) as stacks:
        report = in_folder(stacks, Plan(seed=options.seed, seconds=60 * options.minutes))
    text = json.dumps(report, indent=1)
    options.report.parent.mkdir(parents=True, exist_ok=True)
    options.report.write_text(text + "\n")
    if options.write_docs:
        publish(report)
    print(text)  # noqa: T201 - a command's report
    print(f"Losses {report['losses']}, duplicates {report['duplicates']}; {options.report}")  # noqa: T201
    return 1 if report["errors"] else 0


if __name__ == "__main__":
    sys.exit(main())
