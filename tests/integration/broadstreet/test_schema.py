from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from bson import ObjectId
from pymongo.errors import DuplicateKeyError, WriteError

from tests.environment import connection_variables
from vendor_sync import mongo
from vendor_sync.broadstreet import schema
from vendor_sync.errors import StorageError

pytestmark = pytest.mark.integration
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LOCAL = {
    "version": 1,
    "created_locally": True,
    "synced_with_api": False,
    "sync_errors": [],
    "last_sync_attempt": None,
    "created_at": NOW,
    "updated_at": NOW,
    "exporting": None,
}
INTENT = {
    "entity_type": "zones",
    "status": "created",
    "attempt": 1,
    "local_version": 1,
    "updated_at": NOW,
}
TRIPLE = {"campaign_id": 1, "advertisement_id": 2, "zone_id": 3}


def form(db):
    """Everything that `apply` decides, as the server has it."""
    options = {found["name"]: found["options"] for found in db.list_collections()}
    indexes = {name: sorted(db[name].index_information()) for name in options}
    return options, indexes


def test_applying_twice_changes_nothing(mongo_db):
    before = form(mongo_db)

    assert schema.apply(mongo_db) == []

    assert form(mongo_db) == before
    assert set(before[0]) == set(schema.COLLECTIONS)
    assert all(options["validator"] for options in before[0].values())


def test_migrate_brings_a_new_database_to_form(mongo_connection):
    fresh = replace(mongo_connection, schema=f"{mongo_connection.schema}_fresh")

    done = subprocess.run(
        [sys.executable, "-m", "vendor_sync", "migrate", "--only", "mongo"],
        env=os.environ | connection_variables({"broadstreet_mongo": fresh}),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert done.stdout.split() == [
        word for name in sorted(schema.COLLECTIONS) for word in ("created", name)
    ]
    with mongo.connect(fresh) as db:
        assert schema.apply(db) == []
        db.client.drop_database(db.name)


def test_lost_validator_and_index_come_back(mongo_db):
    before = form(mongo_db)
    mongo_db.command("collMod", "zones", validator={}, validationLevel="off")
    mongo_db.zones.drop_index("broadstreet_id")
    assert form(mongo_db) != before

    schema.apply(mongo_db)

    assert form(mongo_db) == before


def test_copy_beside_has_the_form_of_the_original(mongo_db):
    schema.create(mongo_db, schema.COLLECTIONS["placements"], name="placements_next")

    options, indexes = form(mongo_db)
    mongo_db.drop_collection("placements_next")
    assert options["placements_next"] == options["placements"]
    assert indexes["placements_next"] == indexes["placements"]


@pytest.mark.parametrize(
    ("collection", "document"),
    [
        ("zones", {"name": "Top", "network_id": 1}),
        ("zones", {"broadstreet_id": "7", "name": "Top"}),
        ("zones", {"broadstreet_id": 7, "name": "Top", "removed_at": "yesterday"}),
        ("placements", {"campaign_id": 1, "advertisement_id": 2}),
        ("local_zones", LOCAL | {"name": "", "network_id": 1}),
        ("local_zones", LOCAL | {"name": "Top", "network_id": 1.5}),
        ("local_zones", LOCAL | {"name": "Top", "network_id": 1, "sync_errors": ["e"] * 21}),
        ("local_placements", LOCAL | TRIPLE | {"zone_id": None}),
        ("export_journal", INTENT | {"status": "maybe"}),
        ("export_journal", {**INTENT, "_id": "x"}),
        ("sync_logs", {"timestamp": NOW}),
    ],
)
def test_document_that_no_writer_means_is_refused(mongo_db, collection, document):
    with pytest.raises(WriteError):
        mongo_db[collection].insert_one(dict(document))


@pytest.mark.parametrize(
    ("collection", "document"),
    [
        ("zones", {"broadstreet_id": 2**40, "name": "  Top\n"}),
        ("placements", TRIPLE),
        ("local_placements", LOCAL | TRIPLE | {"zone_id": str(ObjectId())}),
        ("export_journal", INTENT | {"broadstreet_id": 7}),
    ],
)
def test_the_same_thing_twice_is_refused(mongo_db, collection, document):
    mongo_db[collection].insert_one(dict(document))

    with pytest.raises(DuplicateKeyError):
        mongo_db[collection].insert_one(dict(document))


def test_intents_without_an_id_do_not_collide(mongo_db):
    for _ in range(2):
        mongo_db.export_journal.insert_one(INTENT | {"broadstreet_id": None})

    assert mongo_db.export_journal.count_documents({}) == 2


def test_names_may_repeat_because_they_do_in_broadstreet(mongo_db):
    for number in (1, 2):
        mongo_db.zones.insert_one({"broadstreet_id": number, "name": "Top", "network_id": 1})

    assert mongo_db.zones.count_documents({"name": "Top"}) == 2


def test_server_that_is_away_is_named(mongo_connection):
    away = replace(mongo_connection, port=1, extra={"serverSelectionTimeoutMS": 100})

    with pytest.raises(StorageError, match=r"'broadstreet_mongo' .*:1\)"), mongo.connect(away):
        pass


def test_instants_come_back_aware(mongo_db):
    mongo_db.zones.insert_one({"broadstreet_id": 1, "name": "Top", "removed_at": NOW})

    assert mongo_db.zones.find_one()["removed_at"] == NOW
