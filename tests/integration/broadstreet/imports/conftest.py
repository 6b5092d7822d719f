"""A small account at the vendor, and empty stores to import it into."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from bson import ObjectId

from sandbox.vendors import control
from sandbox.vendors.control import VendorSandbox
from tests import broadstreet_truth
from tests.environment import connection_variables
from vendor_sync.broadstreet.import_flow import ImportRun, run_import
from vendor_sync.broadstreet.import_settings import ImportParams
from vendor_sync.connections import Connection, connection_from_environment
from vendor_sync.mongo import Mongo

# Enough of each kind for every rule; each document costs the embedded server a write to disk.
SMALL = {"networks": 2, "advertisers": 5, "zones": 6, "advertisements": 12, "campaigns": 8,
         "placements": 30}  # fmt: skip


@dataclass
class BroadstreetWorld:
    """Everything an import or export touches; `run()` imports as the command line would."""

    vendors: VendorSandbox
    connections: dict[str, Connection]
    db: Mongo
    warehouse: psycopg.Connection[Any]

    def run(self, run_id: str | None = None, *, lock_wait: float = 5, **params: Any):
        return run_import(
            ImportRun(
                source=self.connections.get,
                run_id=run_id or f"test__{uuid.uuid4().hex}",
                params=ImportParams.parse(params),
                trigger="test",
                lock_wait_seconds=lock_wait,
            )
        )

    def settings(self, **extra: Any) -> None:
        """Change extras of the vendor's connection."""
        vendor = self.connections["broadstreet_default"]
        changed = replace(vendor, extra={**vendor.extra, **extra})
        self.connections["broadstreet_default"] = changed

    def environment(self) -> dict[str, str]:
        """The connections as environment variables, for a process of its own."""
        return connection_variables(self.connections)

    @property
    def small(self):
        """The account that a test begins with, for a reset with the same seed."""
        return SMALL

    def imported(self, kind: str) -> dict[Any, Any]:
        """Return {identity: the row as the vendor would list it} of the active documents."""
        return broadstreet_truth.imported(self.db, kind)

    def truth(self, kind: str) -> dict[Any, Any]:
        """Return {identity: the row as the vendor lists it}."""
        return broadstreet_truth.listed(self.vendors, kind)

    def add_local(self, kind: str, **fields: Any) -> ObjectId:
        """Put a local entity where the local endpoints would."""
        now = datetime.now(UTC)
        document = {
            "version": 1, "created_locally": True, "synced_with_api": False, "sync_errors": [],
            "last_sync_attempt": None, "created_at": now, "updated_at": now, "exporting": None,
            **fields,
        }  # fmt: skip
        return self.db[f"local_{kind}"].insert_one(document).inserted_id

    def rows(self, query: str, *params: Any) -> list[tuple[Any, ...]]:
        return self.warehouse.execute(query, params).fetchall()  # pyright: ignore[reportArgumentType]


@pytest.fixture
def broadstreet(  # noqa: PLR0913, PLR0917 - each is a server
    vendors, database, db, mongo_connection, mongo_db, worker
):
    """A small seeded account, and empty stores to import it into."""
    vendors.reset(7, broadstreet=SMALL)
    vendors.clear_requests()
    redis = connection_from_environment("analytics_redis")
    assert redis
    connections = {
        "warehouse_postgres": database,
        "broadstreet_mongo": mongo_connection,
        "analytics_redis": replace(redis, extra={"db": worker + 1}),
        "broadstreet_default": Connection(
            conn_id="broadstreet_default",
            conn_type="http",
            host=vendors.vendor_url("broadstreet"),
            password=control.DEFAULT_KEYS["broadstreet"],
            extra={"requests_per_second": 0, "backoff_seconds": 0.01},
        ),
    }
    return BroadstreetWorld(vendors, connections, mongo_db, db)
