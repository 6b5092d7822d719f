"""A MongoDB database of this worker's own, in the form that the flows need."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import ObjectId

from sandbox.vendors.control import DEFAULT_KEYS, VendorSandbox
from vendor_sync import mongo
from vendor_sync.broadstreet import schema
from vendor_sync.broadstreet.client import BroadstreetClient, broadstreet_client
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.export_result import ExportReport
from vendor_sync.broadstreet.export_settings import ExportParams, ExportSettings
from vendor_sync.broadstreet.export_store import ExportStore
from vendor_sync.broadstreet.exporter import Exporter
from vendor_sync.broadstreet.journal import Journal
from vendor_sync.broadstreet.local_store import LocalStore
from vendor_sync.broadstreet.models import record_from_api
from vendor_sync.broadstreet.scopes import Scopes
from vendor_sync.broadstreet.sending import Sender
from vendor_sync.broadstreet.settings import BroadstreetSettings
from vendor_sync.connections import Connection, connection_from_environment
from vendor_sync.mongo import Mongo
from vendor_sync.rate_limit import Unlimited
from vendor_sync.rest_client import Usage


@pytest.fixture(scope="session")
def mongo_connection(worker):
    """The connection `broadstreet_mongo`, with a database that goes away at the end."""
    found = connection_from_environment("broadstreet_mongo")
    assert found, "broadstreet_mongo is not set: run the tests with `make test ARGS='...'`"
    connection = replace(found, schema=f"test_{os.getpid()}_{worker}")
    with mongo.connect(connection) as db:
        schema.apply(db)
        yield connection
        db.client.drop_database(db.name)


@pytest.fixture
def mongo_db(mongo_connection):
    """The same, opened and empty."""
    with mongo.connect(mongo_connection) as db:
        for name in schema.COLLECTIONS:
            db[name].delete_many({})
        yield db


@dataclass
class ExportWorld:
    """An account, its production documents here, and exports over both."""

    vendors: VendorSandbox
    db: Mongo
    client: BroadstreetClient
    settings: ExportSettings = field(
        default_factory=lambda: ExportSettings(settle_seconds=0, max_failed_share=1)
    )
    concurrency: int = 5
    _runs: Iterator[int] = field(default_factory=itertools.count)

    @property
    def local(self) -> LocalStore:
        """What people do to local entities."""
        return LocalStore(self.db)

    def add(self, entity_type: EntityType, **fields: Any) -> str:
        """Enter a local entity; return its `_id`."""
        return str(self.local.create(entity_type, fields, datetime.now(UTC))["_id"])

    def edit(self, entity_type: EntityType, local_id: str, **changes: Any) -> None:
        """Change a local entity as a person would who has just read it."""
        version = self.local.get(entity_type, local_id)["version"]
        self.local.update(entity_type, local_id, changes, version=version, now=datetime.now(UTC))

    def switch(self, **settings: Any) -> None:
        """Change settings of the exports to come."""
        self.settings = replace(self.settings, **settings)

    def import_all(self) -> None:
        """Put everything that the account has into production, as an import would."""
        store = ExportStore(self.db)
        now = datetime.now(UTC)
        for row in self.vendors.truth("broadstreet"):
            kind = EntityType(row["kind"])
            parents = {f"{name}_id": number for name, number in row["parents"].items()}
            record = record_from_api(kind, json.dumps(row["item"]).encode(), parents)
            store.produce(record, str(ObjectId()), now)
        for kind in EntityType:
            unset = {"local_id": "", "synced_with_api": "", "synced_at": ""}
            self.db[kind].update_many({}, {"$unset": unset})

    def export(
        self,
        run_id: str | None = None,
        *,
        step: Callable[[str], None] = lambda _: None,
        guard: Callable[[], None] = lambda: None,
        **params: Any,
    ) -> ExportReport:
        """Run one export in this process; `step` is told of each step that it takes."""
        name = run_id or f"run-{next(self._runs)}"
        store, journal = ExportStore(self.db), Journal(self.db)
        sender = Sender(
            client=self.client,
            scopes=Scopes(self.client, journal, store.network_of),
            store=store,
            journal=journal,
            settings=self.settings,
            run_id=name,
            backoff_seconds=0.001,
            guard=guard,
            step=step,
        )
        exporter = Exporter(
            sender=sender,
            store=store,
            journal=journal,
            settings=self.settings,
            params=ExportParams.parse(params),
            run_id=name,
            concurrency=self.concurrency,
            expect=lambda *_: None,
            add=lambda *_: None,
        )
        return exporter.run()

    def held(self, kind: EntityType) -> list[dict[str, Any]]:
        """What the account holds of a kind, as listed."""
        return [row["item"] for row in self.vendors.truth("broadstreet") if row["kind"] == kind]

    def names(self, kind: EntityType) -> list[str]:
        """The names that the account holds, sorted."""
        return sorted(item["name"] for item in self.held(kind))

    def posts(self) -> list[dict[str, Any]]:
        """The creates that arrived, in order."""
        return [seen for seen in self.vendors.requests("broadstreet") if seen["method"] == "POST"]


ACCOUNT = {"networks": 1, "advertisers": 2, "zones": 2, "advertisements": 2, "campaigns": 2}


@pytest.fixture(scope="session")
def broadstreet_client_of(vendors):
    """A client of the worker's vendor sandbox, as fast as it goes."""
    connection = Connection(
        conn_id="broadstreet_default",
        host=vendors.vendor_url("broadstreet"),
        password=DEFAULT_KEYS["broadstreet"],
        extra={"backoff_seconds": 0.001, "read_timeout_seconds": 0.3},
    )
    settings = BroadstreetSettings.from_connection(connection)
    rest = broadstreet_client(connection, settings, limiter=Unlimited(), usage=Usage())
    yield BroadstreetClient(rest)
    rest.close()


@pytest.fixture
def world(vendors, mongo_db, broadstreet_client_of):
    """A small account, imported, with nothing local."""
    vendors.reset(1, broadstreet={**ACCOUNT, "placements": 1})
    vendors.faults.clear()
    vendors.clear_requests()
    made = ExportWorld(vendors, mongo_db, broadstreet_client_of)
    made.import_all()
    return made
