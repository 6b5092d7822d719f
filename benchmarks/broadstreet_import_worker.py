"""One measured process of the import benchmark: `prepare`, `import`, `reads` or `upserts`.

Settings come as one JSON object on standard input, the measurement goes as one to standard output.
The clock starts when everything is imported and, for the floors, prepared.
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from pymongo import ReplaceOne

from benchmarks.memory import peak_kib
from vendor_sync import mongo
from vendor_sync.broadstreet import schema
from vendor_sync.broadstreet.account import account_settings, open_client
from vendor_sync.broadstreet.client import BroadstreetClient, Listing
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.import_flow import ImportRun, run_import
from vendor_sync.broadstreet.import_settings import ImportParams
from vendor_sync.broadstreet.reading import Scope, read_all
from vendor_sync.connections import connection_from_environment, require_connection
from vendor_sync.rest_client import Usage

_BATCH = 500
_KEYS = {EntityType.PLACEMENTS: ("campaign_id", "advertisement_id", "zone_id")}
Measured = tuple[float, dict[str, Any]]


def prepare(settings: dict[str, Any]) -> Measured:
    """Create the collections, as an installation does once."""
    del settings
    connection = require_connection(connection_from_environment, "broadstreet_mongo")
    began = time.perf_counter()
    with mongo.connect(connection) as db:
        schema.apply(db)
    return time.perf_counter() - began, {}


def import_all(settings: dict[str, Any]) -> Measured:
    """Run the product's own import."""
    asked = ImportRun(
        source=connection_from_environment,
        run_id=f"bench__{uuid.uuid4().hex}",
        trigger="benchmark",
        params=ImportParams.parse(settings.get("params", {})),
    )
    began = time.perf_counter()
    result = run_import(asked)
    return time.perf_counter() - began, result


def read_only(settings: dict[str, Any]) -> Measured:
    """Read what the import reads, level by level and as many at once, and keep only ids."""
    del settings
    usage = Usage()
    concurrency = account_settings(connection_from_environment).concurrency
    with open_client(connection_from_environment, usage=usage, on_degraded=print) as client:
        began = time.perf_counter()
        scopes = [Scope(entity_type=EntityType.NETWORKS)]
        rows = 0
        while scopes:
            following: list[Scope] = []
            for reading in read_all(_fetching(client), scopes, concurrency=concurrency):
                assert reading.listing is not None, reading.error  # noqa: S101
                rows += len(reading.listing.records)
                following += _below(reading.listing)
            scopes = following
        return time.perf_counter() - began, {"rows": rows, "calls": usage.calls}


def upsert_only(settings: dict[str, Any]) -> Measured:
    """Write the documents of an imported database into an empty one by plain bulk upserts."""
    connection = require_connection(connection_from_environment, "broadstreet_mongo")
    with mongo.connect(connection) as db:
        source = db.client[settings["source"]]
        prepared = {part: list(source[part].find()) for part in EntityType}
        seconds, rows = 0.0, 0
        for part, documents in prepared.items():
            names = _KEYS.get(part, ("broadstreet_id",))
            for batch in _batched(documents):
                for document in batch:
                    document.pop("_id", None)
                writes = [
                    ReplaceOne({name: row[name] for name in names}, row, upsert=True)
                    for row in batch
                ]
                began = time.perf_counter()
                db[part].bulk_write(writes, ordered=False)
                seconds += time.perf_counter() - began
                rows += len(batch)
    return seconds, {"rows": rows}


def _fetching(client: BroadstreetClient) -> Callable[[Scope], Listing]:
    calls: dict[EntityType, Callable[..., Listing]] = {
        EntityType.NETWORKS: client.list_networks,
        EntityType.ADVERTISERS: client.list_advertisers,
        EntityType.ZONES: client.list_zones,
        EntityType.ADVERTISEMENTS: client.list_advertisements,
        EntityType.CAMPAIGNS: client.list_campaigns,
        EntityType.PLACEMENTS: client.list_placements,
    }
    return lambda scope: calls[scope.entity_type](**scope.parents)


def _below(listing: Listing) -> Iterator[Scope]:
    for record in listing.records:
        key: Any = record.key
        if listing.entity_type is EntityType.NETWORKS:
            yield Scope(entity_type=EntityType.ADVERTISERS, parents={"network_id": key})
            yield Scope(entity_type=EntityType.ZONES, parents={"network_id": key})
        elif listing.entity_type is EntityType.ADVERTISERS:
            yield Scope(
                entity_type=EntityType.ADVERTISEMENTS,
                parents={**listing.parents, "advertiser_id": key},
            )
            yield Scope(entity_type=EntityType.CAMPAIGNS, parents={"advertiser_id": key})
        elif listing.entity_type is EntityType.CAMPAIGNS:
            yield Scope(entity_type=EntityType.PLACEMENTS, parents={"campaign_id": key})


def _batched(documents: list[Any]) -> Iterator[list[Any]]:
    rows = iter(documents)
    while batch := list(islice(rows, _BATCH)):
        yield batch


WORK: dict[str, Callable[[dict[str, Any]], Measured]] = {
    "prepare": prepare,
    "import": import_all,
    "reads": read_only,
    "upserts": upsert_only,
}


def main() -> None:
    work = WORK[sys.argv[1]]
    seconds, result = work(json.load(sys.stdin))
    measured = {"seconds": seconds, "peak_kib": peak_kib(), "result": result}
    sys.stdout.write(json.dumps(measured) + "\n")


if __name__ == "__main__":
    main()
