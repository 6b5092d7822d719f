"""Sync Center's forms of local entities: what they ask for, read, and refuse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from vendor_sync.broadstreet.entity_types import REFERENCES, EntityType
from vendor_sync.broadstreet.local_models import MODELS
from vendor_sync.broadstreet.local_store import ConflictError, LocalStore
from vendor_sync.sync_center import broadstreet, broadstreet_log, local_forms

pytestmark = pytest.mark.integration
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ENTERED = {
    EntityType.NETWORKS: {"name": ["Net"]},
    EntityType.ADVERTISERS: {"network_id": ["7"], "name": ["Bakery"], "notes": ["a\r\nb"]},
    EntityType.ZONES: {"network_id": ["7"], "name": ["Top"], "alias": [""]},
    EntityType.ADVERTISEMENTS: {
        "advertiser_id": ["8"], "type": ["html"], "name": ["Ad"], "html": ["<b>"],
        "destination": ["https://example.com"],
    },
    EntityType.CAMPAIGNS: {
        "advertiser_id": ["8"], "name": ["Spring"], "start_date": ["2026-03-01"],
        "weight": ["high"], "max_impression_count": ["10"], "paused": ["yes"], "pacing_type": [""],
    },
    EntityType.PLACEMENTS: {
        "campaign_id": ["11"], "advertisement_id": ["10"], "zone_id": ["9"],
        "restrictions": ["phone"],
    },
}  # fmt: skip
KEPT = {
    EntityType.NETWORKS: {"name": "Net"},
    EntityType.ADVERTISERS: {"network_id": 7, "name": "Bakery", "notes": "a\nb"},
    EntityType.ZONES: {"network_id": 7, "name": "Top"},
    EntityType.ADVERTISEMENTS: {
        "advertiser_id": 8, "type": "html", "name": "Ad", "html": "<b>",
        "destination": "https://example.com",
    },
    EntityType.CAMPAIGNS: {
        "advertiser_id": 8, "name": "Spring", "start_date": "2026-03-01", "weight": "high",
        "max_impression_count": 10, "paused": True,
    },
    EntityType.PLACEMENTS: {
        "campaign_id": 11, "advertisement_id": 10, "zone_id": 9, "restrictions": ["phone"],
    },
}  # fmt: skip


@pytest.fixture
def db(mongo_db):
    """A database with one entity of each type that Broadstreet has, ids 7 to 11."""
    for number, entity_type in enumerate(list(EntityType)[:-1], 7):
        parents = dict.fromkeys(REFERENCES[entity_type], 7)
        add_production(mongo_db, entity_type, number, f"{entity_type.singular} {number}", **parents)
    return mongo_db


def add_production(db, entity_type, number, name, **more):
    known = {"content_hash": "x", "removed_at": None, "synced_at": NOW, "fetched_at": NOW}
    db[entity_type].insert_one({"broadstreet_id": number, "name": name, **known, **more})


def entered_again(fields):
    """Return what a browser sends of a form that nobody has touched."""
    return {
        field.name: field.value
        if isinstance(field.value, list)
        else ([] if field.value in (None, False, "") else [str(field.value)])
        for field in fields
    }


@pytest.mark.parametrize("entity_type", list(EntityType))
def test_form_of_each_type_has_the_models_fields_and_keeps_what_is_entered(db, entity_type):
    found = local_forms.fields(db, entity_type, None)
    assert [field.name for field in found] == list(MODELS[entity_type].model_fields)

    wanted = local_forms.values(entity_type, ENTERED[entity_type])
    given = {name: value for name, value in wanted.items() if value not in (None, [])}
    kept = LocalStore(db).create(entity_type, given, NOW)

    expected = KEPT[entity_type]
    assert {name: kept[name] for name in expected} == expected
    again = entered_again(local_forms.fields(db, entity_type, kept))
    changes = local_forms.values(entity_type, again)
    after = LocalStore(db).update(entity_type, str(kept["_id"]), changes, version=1, now=NOW)
    assert after | {"version": 1} == kept


def test_long_lists_of_references_are_searched_by_name_and_keep_the_choice(db):
    for number in range(1000, 1000 + local_forms.SHOWN_OPTIONS):
        add_production(db, EntityType.ADVERTISERS, number, f"Shop {number}", network_id=7)
    add_production(db, EntityType.ADVERTISERS, 5000, "Café (Olaya)", network_id=7)
    local = LocalStore(db).create(
        EntityType.ADVERTISERS, {"name": "café at home", "network_id": 7}, NOW
    )

    def choice(**entered):
        fields = local_forms.fields(db, EntityType.CAMPAIGNS, None, entered)
        return next(field for field in fields if field.name == "advertiser_id")

    first = choice(advertiser_id=["5000"])
    assert first.find == ""
    assert first.labels["5000"] == "Café (Olaya)"
    entered = {"find_advertiser_id": ["café"], "was_find_advertiser_id": [""]}
    assert local_forms.searches(entered)
    found = choice(**entered)
    assert list(found.options) == ["", str(local["_id"]), "5000"]
    assert found.labels[str(local["_id"])] == "café at home (local)"
    assert not local_forms.searches(entered | {"was_find_advertiser_id": ["café"]})
    assert list(choice(find_advertiser_id=["(Olaya"]).options) == ["", "5000"]


def test_list_of_all_types_names_parents_and_pages(db):
    store = LocalStore(db)
    net = store.create(EntityType.NETWORKS, {"name": "Own net"}, NOW)
    for number in range(broadstreet.SHOWN + 5):
        parent = str(net["_id"]) if number else 7
        fields = {"name": f"A{number}", "network_id": parent}
        store.create(EntityType.ADVERTISERS, fields, NOW)

    first, total = broadstreet.local_entities(db, None, 0)
    rest, _ = broadstreet.local_entities(db, None, broadstreet.SHOWN)

    assert total == broadstreet.SHOWN + 6
    assert len({entity.key for entity in [*first, *rest]}) == total
    assert first[0].parents == [("network", "Own net")]
    assert [entity.name for entity in rest[-2:]] == ["A0", "Own net"]
    assert rest[-2].parents == [("network", "network 7")]


def test_change_beside_somebody_elses_says_what_stands_there_now(db):
    store = LocalStore(db)
    made = store.create(EntityType.ADVERTISERS, {"name": "Bakery", "network_id": 7}, NOW)
    store.update(EntityType.ADVERTISERS, str(made["_id"]), {"name": "B"}, version=1, now=NOW)
    entered = {"name": ["Baker"], "network_id": ["7"], "notes": ["n"]}

    with pytest.raises(ConflictError, match="version 1, it is at version 2"):
        store.update(
            EntityType.ADVERTISERS,
            str(made["_id"]),
            local_forms.values(EntityType.ADVERTISERS, entered),
            version=1,
            now=NOW,
        )
    document = store.get(EntityType.ADVERTISERS, str(made["_id"]))
    fields = local_forms.fields(db, EntityType.ADVERTISERS, document, entered)
    shown = {field.name: field.beside for field in local_forms.beside(fields, document)}

    assert shown == {
        "network_id": "",
        "name": "Now: B.",
        "web_home_url": "",
        "notes": "Now: empty.",
    }


def test_log_tells_of_each_type_and_undecided_creates_of_what_they_wait_for(db):
    for hours, success, errors in ((1, True, []), (2, True, [{"reason": "no name"}, "x"]),
                                   (3, False, ["GET /zones answered 503"])):  # fmt: skip
        db["sync_logs"].insert_one(
            {
                "timestamp": NOW - timedelta(hours=hours), "operation": "import",
                "entity_type": "zones", "success": success, "duration": 1.5, "run_id": str(hours),
                "entities_processed": 3, "errors": errors,
            }
        )  # fmt: skip

    lines, more = broadstreet_log.log(db, EntityType.ZONES, None)
    older, _ = broadstreet_log.log(db, None, lines[1].row["timestamp"])

    assert [(line.status.tone, line.problem, line.more) for line in lines] == [
        ("good", "", 0),
        ("warn", "no name", 1),
        ("bad", "GET /zones answered 503", 0),
    ]
    assert (more, [line.row["run_id"] for line in older]) == (False, ["3"])
    assert broadstreet_log.log(db, EntityType.CAMPAIGNS, None)[0] == []
    assert broadstreet_log.undecided(db) == []


@pytest.mark.parametrize("entity_type", [EntityType.PLACEMENTS, EntityType.ADVERTISERS])
def test_pages_of_what_broadstreet_has_lose_nothing(db, entity_type):
    db[entity_type].delete_many({})
    for number in range(100, 100 + broadstreet.SHOWN + 7):
        if entity_type is EntityType.ADVERTISERS:
            add_production(db, entity_type, number, f"Shop {number}", network_id=7)
            continue
        parents = {"campaign_id": 11, "advertisement_id": number, "zone_id": 9}
        db[entity_type].insert_one({**parents, "removed_at": None, "synced_at": NOW})

    first = broadstreet.production_entities(db, entity_type, None)
    rest = broadstreet.production_entities(db, entity_type, first[-1].key)

    assert len({entity.key for entity in [*first, *rest]}) == broadstreet.SHOWN + 7
    assert ("zone", "zone 9") in first[0].parents or entity_type is EntityType.ADVERTISERS


def test_what_broadstreet_has_is_counted_again_when_a_run_has_written_its_log(db):
    def advertisers():
        return next(row for row in broadstreet.held(db) if row.entity_type == "advertisers")

    line = {
        "timestamp": NOW, "operation": "import", "entity_type": "advertisers", "success": True,
        "duration": 1.0, "entities_processed": 1, "errors": [],
    }  # fmt: skip
    db["sync_logs"].insert_one({**line, "run_id": "1"})
    before = advertisers().imported
    add_production(db, EntityType.ADVERTISERS, 5000, "New", network_id=7)
    db["sync_logs"].insert_one({**line, "timestamp": NOW + timedelta(hours=1), "run_id": "2"})

    assert (before, advertisers().imported) == (1, 2)
    LocalStore(db).create(EntityType.ADVERTISERS, {"name": "L", "network_id": 7}, NOW)
    assert advertisers().local == 1
