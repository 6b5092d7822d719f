"""Measures an export of many local entities at a limit of calls a second.

What counts is what arrived at the vendor: the sandbox's own log says when each call began.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from datetime import UTC, datetime
from typing import Any

from benchmarks.machine import load
from sandbox.home import REPOSITORY
from sandbox.vendors.control import DEFAULT_KEYS, VendorSandbox, spawn
from vendor_sync import mongo
from vendor_sync.broadstreet import schema
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.local_store import LocalStore
from vendor_sync.connections import connection_from_environment, require_connection

_ACCOUNT = {"networks": 1, "advertisers": 1, "zones": 0, "advertisements": 0, "campaigns": 0,
            "placements": 0}  # fmt: skip


def measure_export(entities: int, per_second: int) -> dict[str, Any]:
    """Return {"export_rate": ...} of an export of zones and campaigns."""
    with spawn(keys=DEFAULT_KEYS) as vendor:
        vendor.reset(1, broadstreet=_ACCOUNT)
        database = f"bench_{uuid.uuid4().hex[:8]}"
        _fill(vendor, database, entities)
        started = load()
        vendor.clear_requests()
        result = _export(vendor, database, per_second)
        return {"export_rate": _figures(vendor, result, entities, per_second) | {
            "load": [started, load()],
        }}  # fmt: skip


def _fill(vendor: VendorSandbox, database: str, entities: int) -> None:
    """Put the account's parents into production, and the entities into local collections."""
    found = {row["kind"]: row for row in vendor.truth("broadstreet")}
    network = found["networks"]["item"]["id"]
    advertiser = found["advertisers"]["item"]["id"]
    connection = require_connection(connection_from_environment, "broadstreet_mongo")
    with mongo.connect(connection) as client:
        db = client.client[database]
        schema.apply(db)
        db.networks.insert_one({"broadstreet_id": network, "name": "North"})
        db.advertisers.insert_one(
            {"broadstreet_id": advertiser, "name": "Baker", "network_id": network}
        )
        store, now = LocalStore(db), datetime.now(UTC)
        for number in range(entities // 2):
            zone = {"name": f"Zone {number}", "network_id": network}
            store.create(EntityType.ZONES, zone, now)
            campaign = {"name": f"C {number}", "start_date": "2026-05-01"}
            store.create(EntityType.CAMPAIGNS, {**campaign, "advertiser_id": advertiser}, now)


def _export(vendor: VendorSandbox, database: str, per_second: int) -> dict[str, Any]:
    mongo_fields = json.loads(os.environ["AIRFLOW_CONN_BROADSTREET_MONGO"])
    account = {
        "conn_type": "http",
        "host": vendor.vendor_url("broadstreet"),
        "password": DEFAULT_KEYS["broadstreet"],
        "extra": {"requests_per_second": per_second},
    }
    done = subprocess.run(
        [sys.executable, "-m", "vendor_sync", "broadstreet-export", "--json"],
        cwd=REPOSITORY,
        env=os.environ
        | {
            "AIRFLOW_CONN_BROADSTREET_MONGO": json.dumps(mongo_fields | {"schema": database}),
            "AIRFLOW_CONN_BROADSTREET_DEFAULT": json.dumps(account),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        message = f"the export ended with {done.returncode}: {done.stderr}"
        raise RuntimeError(message)
    return json.loads(done.stdout)


def _figures(
    vendor: VendorSandbox, result: dict[str, Any], entities: int, per_second: int
) -> dict[str, Any]:
    starts = sorted(seen["start"] for seen in vendor.requests("broadstreet"))
    seconds = starts[-1] - starts[0]
    rate = (len(starts) - 1) / seconds
    return {
        "ratio": rate / per_second,
        "over_limit_seconds": _over(starts, per_second),
        "rate": rate,
        "seconds": seconds,
        "calls": len(starts),
        "exported": len(result["exported"]),
        "asked": entities // 2 * 2,
        "limit": per_second,
    }


def _over(starts: list[float], limit: int) -> int:
    """Return how many of the seconds that begin with a call hold more calls than allowed."""
    over = last = 0
    for first, start in enumerate(starts):
        while last < len(starts) and starts[last] < start + 1:
            last += 1
        over += last - first > limit
    return over
