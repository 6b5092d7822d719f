"""A backup is older than the last export: restored, nothing is created a second time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from vendor_sync import mongo_archive
from vendor_sync.broadstreet import schema
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.restored import note_restore
from vendor_sync.errors import ConfigurationError

pytestmark = pytest.mark.integration
SENT = (EntityType.ADVERTISERS, EntityType.ZONES, EntityType.ADVERTISEMENTS, EntityType.CAMPAIGNS)


def _enter(world):
    """Local entities as people make them: a parent with children, namesakes, and a taken name."""
    network = world.held(EntityType.NETWORKS)[0]["id"]
    taken = world.held(EntityType.ADVERTISERS)[0]["name"]
    world.add(EntityType.ADVERTISERS, name=taken, network_id=network)
    world.add(EntityType.ADVERTISERS, name="Twin", network_id=network)
    parent = world.add(EntityType.ADVERTISERS, name="Twin", network_id=network)
    world.add(EntityType.ZONES, name="Zone", network_id=network)
    campaign = {"start_date": "2031-01-01T00:00:00", "weight": 1}
    world.add(EntityType.CAMPAIGNS, name="Child", advertiser_id=parent, **campaign)
    world.add(EntityType.CAMPAIGNS, name="Child", advertiser_id=parent, **campaign)


def _restore(world, file):
    """Bring the database back to what the file holds, as an operator would."""
    for name in world.db.list_collection_names():
        world.db.drop_collection(name)
    mongo_archive.load(world.db, file)
    schema.apply(world.db)
    note_restore(world.db, datetime.now(UTC) + timedelta(seconds=1))


@pytest.mark.parametrize("imported", [False, True], ids=["export first", "import first"])
@pytest.mark.parametrize("sent_before_the_backup", [0, 2])
def test_export_after_an_older_backup_creates_nothing_twice(
    world, tmp_path, imported, sent_before_the_backup
):
    _enter(world)
    if sent_before_the_backup:
        some = sorted(str(one["_id"]) for one in world.db[EntityType.ADVERTISERS.local].find())
        world.export(local_ids=",".join(some[:sent_before_the_backup]))
    counts = mongo_archive.dump(world.db, tmp_path / "backup")
    world.export()
    before = {kind: world.names(kind) for kind in SENT}
    world.vendors.clear_requests()

    _restore(world, tmp_path / "backup")
    assert counts[EntityType.CAMPAIGNS.local] == 2
    if imported:
        world.import_all()
    world.export()

    assert world.posts() == []
    assert {kind: world.names(kind) for kind in SENT} == before
    left = [kind for kind in EntityType if world.db[kind.local].find_one()]
    assert left == []
    mine = world.db[EntityType.CAMPAIGNS].count_documents({"local_id": {"$exists": True}})
    assert mine == 2


def test_what_was_not_sent_before_and_what_is_made_since_is_sent_once(world, tmp_path):
    network = world.held(EntityType.NETWORKS)[0]["id"]
    world.add(EntityType.ADVERTISERS, name="Waits", network_id=network)
    mongo_archive.dump(world.db, tmp_path / "backup")
    world.import_all()

    _restore(world, tmp_path / "backup")
    world.add(EntityType.ADVERTISERS, name="Since", network_id=network)
    world.export()
    world.export()

    names = world.names(EntityType.ADVERTISERS)
    assert (names.count("Waits"), names.count("Since")) == (1, 1)
    assert len(world.posts()) == 2


def test_archive_is_loaded_into_an_empty_database_only_and_a_broken_one_is_named(world, tmp_path):
    file = tmp_path / "backup"
    mongo_archive.dump(world.db, file)

    with pytest.raises(ConfigurationError, match="is not empty"):
        mongo_archive.load(world.db, file)
    for name in world.db.list_collection_names():
        world.db.drop_collection(name)
    whole = file.read_bytes()
    (tmp_path / "cut").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ConfigurationError, match="cannot be read"):
        mongo_archive.load(world.db, tmp_path / "cut")
    for name in world.db.list_collection_names():
        world.db.drop_collection(name)
    schema.apply(world.db)
