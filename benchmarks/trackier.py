"""Measures the Trackier sync against the least work, against dlt, and against a vendor's limit.

`make bench-trackier` starts servers for it; `MILLION=1` adds a run over a million offers, `DOCS=1`
writes the figures into `docs/benchmarks.md`.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks import trackier_report as report
from benchmarks.machine import load
from benchmarks.trackier_stage import Measured, Stage
from sandbox.vendors.control import VendorSandbox, spawn

OFFERS_OF_A_BRAND = 100
CALLS_PER_SECOND = 20
LIMITED_PAGE = 30
LIMITED_GROUP = 5
_IDLE_OFFERS = "1"


def main() -> None:
    options = _parser().parse_args()
    stage = Stage()
    with _world(10_000) as small, _world(100_000) as large:
        _say("warming up")
        _warm_up(stage, small, large)
        counted = _count_statements(stage, small)
        rounds = [_round(stage, small, large) for _ in range(options.rounds)]
    with _world(10_000, page_size={"campaigns": LIMITED_PAGE}) as vendor:
        limited = [_limited(stage, vendor) for _ in range(options.rounds)]
    million = _million(stage) if options.million else None
    figures = report.figures(rounds, limited, counted, million)
    figures["versions"] |= {
        "postgresql": stage.server_version(),
        "dlt": rounds[0]["peer"]["version"],
    }
    report.write_json(figures)
    report.show(figures)
    if options.write_docs:
        report.write_docs(figures)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.trackier", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="medians of so many (%(default)s)")
    parser.add_argument("--million", action="store_true", help="once over 1,000,000 offers")
    parser.add_argument("--write-docs", action="store_true", help="write docs/benchmarks.md")
    return parser


@contextmanager
def _world(offers: int, **settings: object) -> Iterator[VendorSandbox]:
    """Start a vendor with so many offers, on a port of its own."""
    with spawn("--size", _IDLE_OFFERS) as vendor:
        vendor.reset(
            1, trackier={"offers": offers, "brands": offers // OFFERS_OF_A_BRAND, **settings}
        )
        yield vendor


def _warm_up(stage: Stage, small: VendorSandbox, large: VendorSandbox) -> None:
    """Have the vendors answer from their cache, and every program compiled and on its feet."""
    for vendor in (small, large):
        stage.empty()
        stage.sync(vendor)
        stage.floor(vendor)
    for declared in (False, True):
        stage.peer(small, declared=declared)


def _round(stage: Stage, small: VendorSandbox, large: VendorSandbox) -> dict[str, Any]:
    """Measure everything once, one after the other, so that noise meets all of them."""
    stage.empty()
    measured: dict[str, Any] = {"load": load(), "idle": stage.idle(), "first": stage.sync(small)}
    before = stage.tuples_written()
    measured["second"] = stage.sync(small)
    measured["tuples_written"] = stage.tuples_written() - before
    measured["floor"] = stage.floor(small)
    measured["lean_floor"] = stage.floor(small, lean=True)
    measured["peer"] = stage.peer(small)
    measured["declared_peer"] = stage.peer(small, declared=True)
    stage.empty()
    measured["large"] = stage.sync(large)
    measured["large_floor"] = stage.floor(large)
    _say("  ".join(f"{name} {run['seconds']:.2f} s" for name, run in _runs(measured)))
    return measured


def _runs(measured: dict[str, Any]) -> Iterator[tuple[str, Measured]]:
    for name, run in measured.items():
        if isinstance(run, dict) and run["seconds"] > 0.001:  # noqa: PLR2004 - idle
            yield name, run


def _count_statements(stage: Stage, vendor: VendorSandbox) -> dict[str, int]:
    """Compare the product's own count with the server's log and its count of transactions."""
    stage.empty()
    before = stage.transactions()
    with stage.statements_logged() as words:
        run = stage.sync(vendor)
    kinds = Counter(words)
    bounds = sum(kinds[word] for word in ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK"))
    counted = {
        "reported": run["result"]["queries"],
        "logged": sum(kinds.values()),
        "logged_without_transaction_control": sum(kinds.values()) - bounds,
        "transactions": stage.transactions() - before,
    }
    _say(f"statements: {counted}")
    return counted


def _limited(stage: Stage, vendor: VendorSandbox) -> dict[str, Any]:
    """Run against a vendor that refuses more than its limit, and read the vendor's own log."""
    stage.empty()
    vendor.clear_requests()
    vendor.set_rate_limit("trackier", CALLS_PER_SECOND)
    run = stage.sync(vendor, requests_per_second=CALLS_PER_SECOND, group_size=LIMITED_GROUP)
    requests = vendor.requests("trackier")
    arrivals = [request["start"] for request in requests]
    achieved = (len(arrivals) - 1) / (arrivals[-1] - arrivals[0])
    measured = {
        "seconds": run["seconds"],
        "calls": len(arrivals),
        "calls_reported": run["result"]["api_calls"],
        "calls_minimum": _calls_minimum(vendor),
        "rate_ratio": achieved / CALLS_PER_SECOND,
        "busiest_second": _busiest_second(arrivals),
        "over_limit_seconds": _seconds_over(arrivals),
        "refused": sum(request["refused"] for request in requests),
    }
    _say(f"limited: {measured}")
    return measured


def _calls_minimum(vendor: VendorSandbox) -> int:
    """Work out from the vendor's data how many calls there must be: pages of brands and groups."""
    offers: Counter[str] = Counter()
    brands: list[str] = []
    for row in vendor.truth():
        if row["entity"] == "brand":
            brands.append(row["trackier_advertiser_id"])
        elif row["entity"] == "offer":
            offers[row["trackier_advertiser_id"]] += 1
    groups = [brands[i : i + LIMITED_GROUP] for i in range(0, len(brands), LIMITED_GROUP)]
    sizes = [sum(offers[brand] for brand in group) for group in groups]
    return 1 + sum(max(1, math.ceil(size / LIMITED_PAGE)) for size in sizes)


def _busiest_second(arrivals: list[float]) -> int:
    return max(_calls_within(arrivals, start) for start in arrivals)


def _seconds_over(arrivals: list[float]) -> int:
    """Count the sliding seconds, one beginning with each call, that hold more than the limit."""
    return sum(_calls_within(arrivals, start) > CALLS_PER_SECOND for start in arrivals)


def _calls_within(arrivals: list[float], start: float) -> int:
    return sum(start <= arrival < start + 1 for arrival in arrivals)


def _million(stage: Stage) -> dict[str, Any]:
    """Run once over a million offers; the vendor makes most pages anew, its cache is smaller."""
    offers = 1_000_000
    stage.empty()
    with _world(offers) as vendor:
        run = stage.sync(vendor)
        _say(f"million: {run}")
        busy = sum(request["end"] - request["start"] for request in vendor.requests("trackier"))
    return {**run, "offers": offers, "vendor_seconds": busy, "idle": stage.idle()}


def _say(text: str) -> None:
    print(f"load {load():5.2f}  {text}", flush=True)


if __name__ == "__main__":
    main()
