"""One measured process of the Trackier benchmark: `sync`, `floor`, or `idle`.

Settings come as one JSON object on standard input, the measurement goes as one to standard output.
The clock starts when everything is imported.
"""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from collections.abc import Callable
from typing import Any

from benchmarks.memory import peak_kib
from benchmarks.trackier_floor import read_and_copy
from vendor_sync.connections import connection_from_environment
from vendor_sync.trackier.flow import run_offer_sync

Work = Callable[[dict[str, Any]], dict[str, Any]]


def sync(settings: dict[str, Any]) -> dict[str, Any]:
    """Run the product's own sync with the connections of the environment."""
    del settings
    return run_offer_sync(
        connection_from_environment,
        run_id=f"bench__{uuid.uuid4().hex}",
        trigger="benchmark",
        params={},
    )


def idle(settings: dict[str, Any]) -> dict[str, Any]:
    """Do nothing: what remains is the interpreter with the same modules."""
    return settings


WORK: dict[str, Work] = {"sync": sync, "floor": read_and_copy, "idle": idle}


def main() -> None:
    work = WORK[sys.argv[1]]
    settings = json.load(sys.stdin)
    began, used = time.perf_counter(), os.times()
    result = work(settings)
    seconds, spent = time.perf_counter() - began, os.times()
    measured = {
        "seconds": seconds,
        "cpu_seconds": spent.user + spent.system - used.user - used.system,
        "peak_kib": peak_kib(),
        "result": result,
    }
    sys.stdout.write(json.dumps(measured) + "\n")


if __name__ == "__main__":
    main()
