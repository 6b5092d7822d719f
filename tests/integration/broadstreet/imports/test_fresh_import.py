"""Fresh imports: built beside, verified, swapped in; a reader sees the old or the new."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from vendor_sync import mongo
from vendor_sync.broadstreet import generations, schema
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.production import key_of
from vendor_sync.broadstreet.rebuilding import carry_exported
from vendor_sync.errors import PermanentError, StorageError, TemporaryError

pytestmark = pytest.mark.integration

KINDS = tuple(map(str, EntityType))
SECOND = {"networks": 2, "advertisers": 4, "zones": 7, "advertisements": 10, "campaigns": 6,
          "placements": 20}  # fmt: skip


def contents(world):
    return {kind: list(world.db[kind].find().sort("_id")) for kind in KINDS}


def test_a_fresh_import_replaces_everything_and_keeps_what_is_ours(broadstreet):
    broadstreet.run()
    broadstreet.add_local("zones", name="Mine", network_id=1)
    zone = broadstreet.db["zones"].find_one()
    ours = {"synced_with_api": True, "local_id": zone["_id"]}
    broadstreet.db["zones"].update_one({"_id": zone["_id"]}, {"$set": ours})
    broadstreet.db["zones"].insert_one(
        {"broadstreet_id": 1, "name": "long gone", "network_id": 1, "content_hash": "x"}
    )

    result = broadstreet.run(mode="fresh")

    for kind in KINDS:
        assert broadstreet.imported(kind) == broadstreet.truth(kind)
        assert broadstreet.db[kind].count_documents({}) == len(broadstreet.truth(kind))
    again = broadstreet.db["zones"].find_one({"_id": zone["_id"]})
    assert {name: again[name] for name in ours} == ours
    assert (result["generation"], result["entities"]["zones"]["removed"]) == (1, 1)
    assert broadstreet.db["local_zones"].count_documents({}) == 1
    assert not [name for name in broadstreet.db.list_collection_names() if "incoming" in name]


def test_the_new_collections_have_the_indexes_and_rules_of_the_old(broadstreet):
    before = broadstreet.db["placements"].index_information()

    broadstreet.run(mode="fresh")

    assert broadstreet.db["placements"].index_information() == before
    for kind in KINDS:
        options = broadstreet.db[kind].options()
        assert options["validator"] == schema.COLLECTIONS[kind].validator


def test_a_reader_never_sees_empty_half_or_mixed(broadstreet):
    """[11] Nobody sees emptiness: the collection is the old one or the new one, whole."""
    broadstreet.run()
    old = {kind: frozenset(broadstreet.truth(kind)) for kind in KINDS}
    seen = {kind: Counter() for kind in KINDS}
    across = Counter()
    stop = threading.Event()

    def ids(db, kind):
        rows = db[kind].find({}, batch_size=7)
        return frozenset(key_of(EntityType(kind), row) for row in rows)

    def poll():
        with mongo.connect(broadstreet.connections["broadstreet_mongo"]) as db:
            while not stop.is_set():
                for kind in KINDS:
                    seen[kind][ids(db, kind)] += 1
                across[generations.read_consistently(
                    db, lambda db: (ids(db, "advertisers"), ids(db, "campaigns"))
                )] += 1  # fmt: skip

    reader = threading.Thread(target=poll)
    reader.start()
    try:
        while not across:  # it has seen everything once
            assert reader.is_alive()
            time.sleep(0.01)
        broadstreet.vendors.reset(8, broadstreet=SECOND)
        broadstreet.settings(max_removal_share=1)
        broadstreet.run(mode="fresh")
    finally:
        stop.set()
        reader.join()

    new = {kind: frozenset(broadstreet.truth(kind)) for kind in KINDS}
    for kind in KINDS:
        assert set(seen[kind]) <= {old[kind], new[kind]}
    whole = {(side["advertisers"], side["campaigns"]) for side in (old, new)}
    assert set(across) <= whole


@pytest.mark.parametrize("path", ["networks", "zones", "placements"])
def test_a_fresh_import_that_fails_changes_nothing(broadstreet, path):
    """[11] A failed list loses no data."""
    broadstreet.run()
    before = contents(broadstreet)
    broadstreet.vendors.reset(8, broadstreet=SECOND)
    broadstreet.vendors.faults.add("status", "broadstreet", status=503, path=path, after=1)
    if path == "networks":
        broadstreet.vendors.faults.clear()
        broadstreet.vendors.faults.add("html", "broadstreet", path=path)

    with pytest.raises(TemporaryError):
        broadstreet.run(mode="fresh")

    assert contents(broadstreet) == before
    assert generations.generation(broadstreet.db) == 0


def test_answers_that_lack_most_are_not_swapped_in(broadstreet):
    broadstreet.run()
    before = contents(broadstreet)
    broadstreet.vendors.faults.add("status", "broadstreet", path="placements", status=200, body=[])

    with pytest.raises(TemporaryError, match="too much to believe: nothing was changed"):
        broadstreet.run(mode="fresh")

    assert contents(broadstreet) == before


def test_one_type_alone_is_replaced_alone(broadstreet):
    broadstreet.run()
    before = contents(broadstreet)
    zone = next(iter(broadstreet.truth("zones")))
    broadstreet.vendors.change("broadstreet", "edit", entity="zones", which=zone,
                               fields={"name": "N"})  # fmt: skip

    result = broadstreet.run(mode="fresh", entity_types=["zones"])

    after = contents(broadstreet)
    assert {kind for kind in KINDS if after[kind] != before[kind]} == {"zones"}
    assert result["entities"]["zones"]["updated"] == 1


def test_a_swap_that_was_killed_is_finished_by_the_next_import(broadstreet):
    broadstreet.run()
    pending = []
    for kind in ("networks", "zones"):
        name = generations.incoming_name("9_1", EntityType(kind))
        schema.create(broadstreet.db, schema.COLLECTIONS[kind], name=name)
        rows = list(broadstreet.db[kind].find())
        broadstreet.db[name].insert_many([{**row, "name": "new"} for row in rows])
        pending.append({"name": kind, "incoming": name})
    broadstreet.db["generation"].replace_one(
        {"_id": generations.POINTER},
        {"generation": 4, "build": "9_1", "swapping": pending},
        upsert=True,
    )
    with pytest.raises(StorageError, match="Start broadstreet_import"):
        generations.read_consistently(broadstreet.db, lambda db: db["zones"], patience_seconds=0.1)

    assert generations.recover(broadstreet.db)

    names = generations.read_consistently(
        broadstreet.db, lambda db: db["networks"].distinct("name") + db["zones"].distinct("name")
    )
    assert names == ["new", "new"]
    assert generations.swap_in(broadstreet.db, "9_1", [EntityType.ZONES]) == 4


def test_a_swap_without_its_collections_is_refused(broadstreet):
    with pytest.raises(PermanentError, match="new zones are not there any more"):
        generations.swap_in(broadstreet.db, "7_1", [EntityType.ZONES])


def test_what_was_exported_meanwhile_is_taken_along(broadstreet):
    broadstreet.run()
    since = datetime.now(UTC) - timedelta(minutes=1)
    name = generations.incoming_name("9_1", EntityType.ZONES)
    schema.create(broadstreet.db, schema.COLLECTIONS["zones"], name=name)
    known = broadstreet.db["zones"].find_one()
    broadstreet.db[name].insert_one(known)
    exported = {"broadstreet_id": 5, "name": "Z", "network_id": 1, "synced_with_api": True,
                "synced_at": datetime.now(UTC)}  # fmt: skip
    broadstreet.db["zones"].insert_one(exported)

    carried = carry_exported(broadstreet.db, EntityType.ZONES, build="9_1", since=since)

    assert carried == 1
    assert set(broadstreet.db[name].distinct("broadstreet_id")) == {5, known["broadstreet_id"]}
    generations.drop_leftovers(broadstreet.db)
