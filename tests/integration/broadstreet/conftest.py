"""A MongoDB database of this worker's own, in the form that the flows need."""

from __future__ import annotations

import itertools
import json
import os
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId

from sandbox.home import SERVERS
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
from vendor_sync.broadstreet.restored import Restored
from vendor_sync.broadstreet.scopes import Scopes
from vendor_sync.broadstreet.sending import Sender
from vendor_sync.broadstreet.settings import BroadstreetSettings
from vendor_sync.connections import Connection, connection_from_environment
from vendor_sync.mongo import Mongo
from vendor_sync.rate_limit import RateLimiter, Unlimited
from vendor_sync.rest_client import Usage

_MEMORY = Path("/dev/shm")  # noqa: S108 - a file system, where there is one


@contextmanager
def _mongo_in_memory() -> Iterator[Connection]:
    """The embedded server once more, with its files in memory.

    What these tests kill are our own processes, so nothing has to outlive the server; waiting for
    a shared disk would take most of their time.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    where = _MEMORY if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="mongo-", dir=where) as folder:
        address = ("--host", "127.0.0.1", "--port", str(port), "--storage-path", folder)
        server = subprocess.Popen(
            [SERVERS / "bin/secantusd-py", *address, "--cache-size", "64M", "--log-level", "ERROR"]
        )
        try:
            yield Connection(
                conn_id="broadstreet_mongo",
                conn_type="mongo",
                host="127.0.0.1",
                port=port,
                extra={"directConnection": "true"},
            )
        finally:
            server.terminate()
            server.wait(timeout=20)


@pytest.fixture(scope="session")
def mongo_connection(worker):
    """A database of this worker's own; on the server of SANDBOX_MONGO_URI, where that is set."""
    with ExitStack() as stack:
        if os.environ.get("SANDBOX_MONGO_URI"):
            found = connection_from_environment("broadstreet_mongo")
            assert found, "run the tests with `make test ARGS='...'`"
        else:
            found = stack.enter_context(_mongo_in_memory())
        connection = replace(found, schema=f"test_{os.getpid()}_{worker}")
        db = stack.enter_context(mongo.connect(connection))
        schema.apply(db)
        yield connection
        db.client.drop_database(db.name)


@pytest.fixture
def mongo_db(mongo_connection):
    """The same, opened and empty."""
    with mongo.connect(mongo_connection) as db:
        found, known = set(db.list_collection_names()), set(schema.COLLECTIONS)
        if known - found:  # a test that failed had dropped them
            schema.apply(db)
        for name in known:
            db[name].delete_many({})
        # What a fresh import of another test was killed over.
        for name in found - known:
            db.drop_collection(name)
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
    _known_account: Mapping[str, int] | None = None

    @property
    def local(self) -> LocalStore:
        """What people do to local entities."""
        return LocalStore(self.db)

    def add(self, entity_type: EntityType, **fields: Any) -> str:
        """Enter a local entity; return its `_id`."""
        return str(self.local.create(entity_type, fields, datetime.now(UTC))["_id"])

    def start_over(self, seed: int, account: Mapping[str, int]) -> None:
        """Begin with a new account, imported, and nothing local."""
        self.vendors.reset(seed, broadstreet={"placements": 0, **account})
        self.vendors.faults.clear()
        self.vendors.clear_requests()
        for name in schema.COLLECTIONS:
            self.db[name].delete_many({})
        self.import_all()

    def start_again(self, account: Mapping[str, int]) -> None:
        """The same, quicker: the account of the first time, without what has come since."""
        self.vendors.reset(1, broadstreet={"placements": 0, **account})
        self.vendors.faults.clear()
        self.vendors.clear_requests()
        if self._known_account != account:
            self.start_over(1, account)
            self._known_account = account
            return
        for kind in EntityType:
            self.db[kind.local].delete_many({})
            self.db[kind].delete_many({"local_id": {"$exists": True}})
        self.db[schema.JOURNAL].delete_many({})
        self.db[schema.SNAPSHOTS].delete_many({})

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
            store.produce([(record, str(ObjectId()))], now)
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
            concurrency=self.concurrency,
            guard=guard,
            step=step,
            restored=Restored.load(self.db),
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


@contextmanager
def open_client(vendors: VendorSandbox, limiter: RateLimiter) -> Iterator[BroadstreetClient]:
    """A client of the worker's vendor sandbox."""
    connection = Connection(
        conn_id="broadstreet_default",
        host=vendors.vendor_url("broadstreet"),
        password=DEFAULT_KEYS["broadstreet"],
        extra={"backoff_seconds": 0.001, "read_timeout_seconds": 2},
    )
    settings = BroadstreetSettings.from_connection(connection)
    rest = broadstreet_client(connection, settings, limiter=limiter, usage=Usage())
    try:
        yield BroadstreetClient(rest)
    finally:
        rest.close()


@pytest.fixture(scope="session")
def broadstreet_client_of(vendors):
    """The same, as fast as it goes."""
    with open_client(vendors, Unlimited()) as client:
        yield client


@pytest.fixture
def world(vendors, mongo_db, broadstreet_client_of):
    """A small account, imported, with nothing local."""
    made = ExportWorld(vendors, mongo_db, broadstreet_client_of)
    made.start_over(1, {**ACCOUNT, "placements": 1})
    return made
