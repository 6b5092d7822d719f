"""Old documents go; what an export or a person still needs stays."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from bson import ObjectId

from vendor_sync.broadstreet import lease, schema
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.postgres import connect, lock_flow
from vendor_sync.retention.documents import BUILDS
from vendor_sync.retention.flow import run_retention

pytestmark = pytest.mark.integration
NOW = datetime.now(UTC)
OLD, YOUNG = NOW - timedelta(days=181), NOW - timedelta(days=179)


@pytest.fixture
def retain(db, database, mongo_connection):  # noqa: ARG001 - `db` empties the warehouse
    """A function that runs retention and returns its counts."""
    connections = {"warehouse_postgres": database, "broadstreet_mongo": mongo_connection}

    def run(**params):
        found = run_retention(
            connections.get, run_id=uuid.uuid4().hex, trigger="test", params=params, now=NOW
        )
        return found["entity_types"]

    return run


def intent(db, status, at, key=None):
    """Put a line into the journal; return its local entity's id."""
    key = key or ObjectId()
    db[schema.JOURNAL].insert_one(
        {
            "_id": key,
            "entity_type": "advertisers",
            "status": status,
            "attempt": 1,
            "local_version": 1,
            "updated_at": at,
            "broadstreet_id": None,
        }
    )
    return key


def test_old_lines_and_decided_intents_go_and_open_ones_stay(world, retain):
    db = world.db
    line = {
        "operation": "import", "entity_type": "zones", "success": True, "duration": 1,
        "entities_processed": 1, "errors": [],
    }  # fmt: skip
    db[schema.SYNC_LOGS].insert_many([{**line, "timestamp": at} for at in (OLD, OLD, YOUNG)])
    network = world.held(EntityType.NETWORKS)[0]["id"]
    here = ObjectId(world.add(EntityType.ADVERTISERS, name="not sent", network_id=network))
    parent = intent(db, "done", OLD)
    world.db[EntityType.CAMPAIGNS.local].insert_one(
        {
            "name": "child",
            "advertiser_id": str(parent),
            "version": 1,
            "created_locally": True,
            "synced_with_api": False,
            "sync_errors": [],
            "last_sync_attempt": None,
            "created_at": OLD,
            "updated_at": OLD,
            "exporting": None,
        }
    )
    stay = {parent, intent(db, "absent", OLD, here), intent(db, "done", YOUNG)}
    stay |= {intent(db, status, OLD) for status in ("intended", "stopped", "created")}
    for status in ("done", "refused", "absent"):
        intent(db, status, OLD)

    planned = retain(dry_run=True)
    done = retain()

    assert {found["_id"] for found in db[schema.JOURNAL].find()} == stay
    assert db[schema.SYNC_LOGS].count_documents({}) == 1
    assert planned[schema.JOURNAL] == {"total": 9, "old": 3, "deleted": 0, "left": 9}
    assert done[schema.JOURNAL] == {"total": 9, "old": 3, "deleted": 3, "left": 6}
    assert done[schema.SYNC_LOGS] == {"total": 3, "old": 2, "deleted": 2, "left": 1}


def test_builds_of_killed_imports_go_but_not_beside_an_import(mongo_db, retain, database):
    left = "incoming_7_1_zones"
    mongo_db.create_collection(left)
    intent(mongo_db, "done", OLD)

    with connect(database, application_name="export") as export:
        lock_flow(export, schema.EXCLUSIVE_LOCK, wait_seconds=1)
        assert retain()[schema.JOURNAL] == {"total": 1, "postponed": 1}
    # Not NOW: that is when the tests began, and a lease ends after a while.
    lease.claim(mongo_db, "an import between its tasks", datetime.now(UTC))
    assert retain()[schema.JOURNAL] == {"total": 1, "postponed": 1}
    assert left in mongo_db.list_collection_names()
    lease.release(mongo_db, "an import between its tasks")
    mongo_db[schema.GENERATION].insert_one(
        {"_id": "current", "generation": 1, "swapping": [{"name": "zones", "incoming": left}]}
    )
    assert retain()[BUILDS] == {"total": 1, "old": 1, "deleted": 0}  # the next import's
    mongo_db[schema.GENERATION].delete_many({})

    assert retain()[BUILDS] == {"total": 1, "old": 1, "deleted": 1}

    assert left not in mongo_db.list_collection_names()
    assert mongo_db[schema.JOURNAL].count_documents({}) == 0
