"""Measures the import against the least work: the reads alone, and the writes alone.

Databases are new for every run and never dropped: the embedded server deletes row by row.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.machine import load
from sandbox.home import REPOSITORY
from sandbox.vendors.control import DEFAULT_KEYS, VendorSandbox, spawn

LATENCY_SECONDS = 0.28
CONCURRENCY = 5
Measured = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How many entities each part is measured with."""

    entities: int = 50_000
    fresh: int = 50_000
    latency: int = 6_000


def measure(sizes: Sizes) -> dict[str, Any]:
    """Return {"import": ..., "import_latency": ...}, from one go in one place."""
    with _account(sizes.entities) as vendor:
        imported = _throughput(vendor)
    with _account(sizes.fresh) as vendor:
        fresh = _run("import", vendor, _database(vendor), params={"mode": "fresh"})
    imported |= {"fresh_seconds": fresh["seconds"], "fresh_entities": sizes.fresh}
    with _account(sizes.latency) as vendor:
        latency = _latency(vendor)
    return {"import": imported, "import_latency": latency}


def _throughput(vendor: VendorSandbox) -> Measured:
    database = _database(vendor)
    _run("reads", vendor, database)  # the vendor answers from its cache from now on
    started = load()
    first = _run("import", vendor, database)
    reads = _run("reads", vendor, database)
    upserts = _run("upserts", vendor, _database(vendor), source=database)
    second = _run("import", vendor, database)
    written = ("inserted", "updated", "removed")
    entities = second["result"]["entities"].values()
    slower = max(reads["seconds"], upserts["seconds"])
    return {
        "ratio_floor": first["seconds"] / slower,
        "seconds": first["seconds"],
        "reads_seconds": reads["seconds"],
        "upserts_seconds": upserts["seconds"],
        "second_seconds": second["seconds"],
        "second_writes": sum(part[name] for part in entities for name in written),
        "rss_mb": first["peak_kib"] / 1024,
        "reads_rss_mb": reads["peak_kib"] / 1024,
        "entities": first["result"]["fetched"],
        "calls": first["result"]["api_calls"],
        "load": [started, load()],
    }


def _latency(vendor: VendorSandbox) -> Measured:
    database = _database(vendor)
    vendor.faults.add("latency", "broadstreet", seconds=LATENCY_SECONDS)
    vendor.clear_requests()
    run = _run("import", vendor, database)
    calls = len(vendor.requests("broadstreet"))
    least = calls * LATENCY_SECONDS / CONCURRENCY
    return {
        "ratio": run["seconds"] / least,
        "seconds": run["seconds"],
        "calls": calls,
        "most_at_once": vendor.stats("broadstreet")["max_concurrency"],
    }


@contextmanager
def _account(entities: int) -> Iterator[VendorSandbox]:
    """Start a vendor with so many entities, on a port of its own."""
    with spawn("--size", "1", keys=DEFAULT_KEYS) as vendor:
        vendor.reset(1, broadstreet={"entities": entities})
        yield vendor


def _database(vendor: VendorSandbox) -> str:
    """Return a new database with its collections."""
    name = f"bench_{uuid.uuid4().hex}"
    _run("prepare", vendor, name)
    return name


def _run(work: str, vendor: VendorSandbox, database: str, **settings: object) -> Measured:
    account = {
        "conn_type": "http",
        "host": vendor.vendor_url("broadstreet"),
        "password": DEFAULT_KEYS["broadstreet"],
        "extra": {"requests_per_second": 0, "concurrency": CONCURRENCY},
    }
    store = json.loads(os.environ["AIRFLOW_CONN_BROADSTREET_MONGO"]) | {"schema": database}
    connections = {"BROADSTREET_DEFAULT": account, "BROADSTREET_MONGO": store}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.broadstreet_import_worker", work],
        input=json.dumps(settings),
        env={
            **os.environ,
            **{f"AIRFLOW_CONN_{name}": json.dumps(value) for name, value in connections.items()},
        },
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    measured = json.loads(done.stdout.splitlines()[-1])
    print(f"load {load():5.2f}  {work:8} {measured['seconds']:7.2f} s", flush=True)
    return measured
