"""The export against sandbox and MongoDB: the way of one entity, and every way it can go wrong."""

from __future__ import annotations

import pytest
from bson import ObjectId

from vendor_sync.broadstreet.entity_types import EntityType as T
from vendor_sync.broadstreet.export_store import ExportStore
from vendor_sync.errors import AuthenticationError, StorageError

pytestmark = pytest.mark.integration


def network(world):
    return world.held(T.NETWORKS)[0]["id"]


def advertiser(world, number=0):
    return world.held(T.ADVERTISERS)[number]["id"]


def family(world):
    """One local entity of each exportable type, each pointing at the local ones above it."""
    north = network(world)
    made = {T.ADVERTISERS: world.add(T.ADVERTISERS, name="Baker", network_id=north)}
    made[T.ZONES] = world.add(T.ZONES, name="Top", network_id=north)
    made[T.ADVERTISEMENTS] = world.add(
        T.ADVERTISEMENTS,
        name="Bread",
        type="static",
        destination="https://baker.test/",
        active_url="https://baker.test/a.png",
        advertiser_id=made[T.ADVERTISERS],
    )
    made[T.CAMPAIGNS] = world.add(
        T.CAMPAIGNS,
        name="May",
        start_date="2026-05-01",
        end_date="2026-05-31",
        weight="sponsorship",
        advertiser_id=made[T.ADVERTISERS],
    )
    made[T.PLACEMENTS] = world.add(
        T.PLACEMENTS,
        campaign_id=made[T.CAMPAIGNS],
        advertisement_id=made[T.ADVERTISEMENTS],
        zone_id=made[T.ZONES],
        restrictions=["phone"],
    )
    return made


def nothing_is_local(world):
    return all(world.db[kind.local].count_documents({}) == 0 for kind in T)


def production_is_the_account(world):
    """Every production document is what a list shows, and every row of a list has one."""
    for kind in T:
        held = world.held(kind)
        assert world.db[kind].count_documents({}) == len(held)
        for item in held:
            key = {name: item[name] for name in ("advertisement_id", "zone_id") if name in item}
            found = world.db[kind].find_one(key or {"broadstreet_id": item["id"]})
            assert found is not None
            assert {name: found[name] for name in item if name != "id"} == {
                name: value for name, value in item.items() if name != "id"
            }


def test_local_family_ends_in_broadstreet_and_production(world):
    made = family(world)

    report = world.export()

    assert report.to_json()["status"] == "completed"
    assert nothing_is_local(world)
    production_is_the_account(world)
    [campaign] = [item for item in world.held(T.CAMPAIGNS) if item["name"] == "May"]
    assert (campaign["start_date"], campaign["end_date"]) == ("2026-05-01", "2026-05-31")
    assert campaign["weight"] == "sponsorship"
    found = world.db.campaigns.find_one({"broadstreet_id": campaign["id"]})
    assert found["synced_with_api"] is True
    assert found["synced_at"] is not None
    assert found["local_id"] == ObjectId(made[T.CAMPAIGNS])
    assert report.to_json()["id_maps"]["campaigns"] == {made[T.CAMPAIGNS]: campaign["id"]}
    ids = report.to_json()["id_maps"]
    assert campaign["advertiser_id"] == ids["advertisers"][made[T.ADVERTISERS]]
    assert len(world.posts()) == 5


def test_second_export_sends_nothing(world):
    family(world)
    world.export()
    world.vendors.clear_requests()

    report = world.export()

    assert report.lines == {}
    assert world.vendors.requests("broadstreet") == []


def test_calls_respect_the_levels(world):
    for _ in range(3):
        family(world)

    world.export()

    kinds = [seen["path"].rpartition("/")[2] for seen in world.posts()]
    level = {"advertisers": 2, "zones": 2, "advertisements": 3, "campaigns": 4, "placements": 5}
    assert [level[kind] for kind in kinds] == sorted(level[kind] for kind in kinds)
    assert len(kinds) == 15


def test_names_that_are_taken_get_a_number_and_stored_names_stay_raw(world):
    north = network(world)
    taken = world.held(T.ZONES)[0]["name"]
    for name in (f" {taken.upper()}\u00a0", "New", "new\n"):
        world.add(T.ZONES, name=name, network_id=north)
    before = world.names(T.ZONES)

    world.export()

    assert set(world.names(T.ZONES)) - set(before) == {
        f"{taken.strip().upper()} (1)", "New", "new (1)",
    }  # fmt: skip
    lists = [seen for seen in world.vendors.requests("broadstreet") if seen["method"] == "GET"]
    assert len(lists) == 1


def test_names_are_taken_under_one_parent_and_in_one_type_only(world):
    first, second = advertiser(world), advertiser(world, 1)
    for owner in (first, second):
        world.add(T.CAMPAIGNS, name="Same", start_date="2026-05-01", advertiser_id=owner)
    world.add(T.ZONES, name="Same", network_id=network(world))

    world.export()

    assert [name for name in world.names(T.CAMPAIGNS) if "Same" in name] == ["Same", "Same"]
    assert "Same" in world.names(T.ZONES)


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        *((kind, {"commit": commit}) for kind in ("html", "empty", "close") for commit in (0, 1)),
        ("status", {"status": 500}),
        ("status", {"status": 502, "commit": True}),
        ("reset", {}),  # these two answer, and break the answer
        ("truncated_json", {}),
    ],
)
def test_create_without_an_answer_is_settled_by_looking(world, kind, fault):
    for what in ("advertisers", "zones", "advertisements", "campaigns", "placements"):
        where = {"method": "POST", "path": f"/{what}$", "times": 1}
        world.vendors.faults.add(kind, "broadstreet", **where, **fault)
    family(world)

    report = world.export()

    assert report.to_json()["status"] == "completed"
    assert nothing_is_local(world)
    production_is_the_account(world)
    assert len(world.vendors.creates()) == 5


def test_commit_then_timeout_is_adopted(world):
    world.vendors.faults.add(
        "commit_then_timeout", "broadstreet", method="POST", path="/campaigns$", times=1
    )
    family(world)

    report = world.export()

    [line] = [line for line in report.lines.values() if line.entity_type == T.CAMPAIGNS]
    assert line.adopted
    assert len(world.vendors.creates()) == 5
    production_is_the_account(world)


def test_failed_look_up_is_never_no_conflict(world):
    taken = world.held(T.ZONES)[0]["name"]
    local_id = world.add(T.ZONES, name=taken, network_id=network(world))
    world.vendors.faults.add("status", "broadstreet", method="GET", path="/zones$", status=503)

    report = world.export()

    assert world.posts() == []
    assert report.lines[local_id].kind == "network"
    world.vendors.faults.clear()
    world.export()
    assert f"{taken.strip()} (1)" in world.names(T.ZONES)


def test_refused_entity_is_told_skips_its_descendants_and_waits_for_an_edit(world):
    made = family(world)
    world.vendors.faults.add(
        "status",
        "broadstreet",
        method="POST",
        path="/advertisers$",
        times=1,
        status=422,
        body={"errors": {"name": "is reserved"}},
    )

    report = world.export()

    failed = report.lines[made[T.ADVERTISERS]]
    assert (failed.status, failed.kind) == ("failed", "validation")
    assert "name: is reserved" in failed.reason
    skipped = [line.local_id for line in report.of_status("skipped")]
    assert skipped == [made[kind] for kind in (T.ADVERTISEMENTS, T.CAMPAIGNS, T.PLACEMENTS)]
    assert report.lines[made[T.ZONES]].status == "exported"
    kept = world.local.get(T.ADVERTISERS, made[T.ADVERTISERS])
    assert kept["sync_errors"][-1]["message"] == failed.reason
    assert kept["exporting"] is None
    world.vendors.clear_requests()
    assert world.export().lines[made[T.ADVERTISERS]].status == "skipped"
    assert world.posts() == []
    world.edit(T.ADVERTISERS, made[T.ADVERTISERS], name="Bakery")
    assert world.export().to_json()["status"] == "completed"
    assert nothing_is_local(world)


def test_refused_entity_is_tried_again_when_it_is_chosen(world):
    local_id = world.add(T.ZONES, name="Top", network_id=network(world))
    world.vendors.faults.add(
        "status", "broadstreet", method="POST", times=1, status=422, body={"errors": {}}
    )
    world.export()

    world.export(local_ids=[local_id])

    assert nothing_is_local(world)
    assert "Top" in world.names(T.ZONES)


@pytest.mark.parametrize(
    ("status", "body"), [(409, {}), (422, {"errors": {"name": "has already been taken"}})]
)
def test_conflict_that_broadstreet_reports_is_resolved_once_by_another_name(world, status, body):
    world.add(T.ZONES, name="Top", network_id=network(world))
    world.vendors.faults.add(
        "status", "broadstreet", method="POST", times=1, status=status, body=body
    )

    report = world.export()

    assert report.to_json()["status"] == "completed"
    assert {"Top", "Top (1)"} & set(world.names(T.ZONES)) == {"Top (1)"}
    assert len(world.posts()) == 2


def test_rate_limit_is_waited_for_and_creates_nothing_twice(world):
    family(world)
    world.vendors.faults.add(
        "too_many", "broadstreet", method="POST", times=2, style="retry_after", wait=1
    )

    report = world.export()

    assert report.to_json()["status"] == "completed"
    assert len(world.vendors.creates()) == 5


def test_refused_token_stops_the_run_and_claims_nothing(world):
    made = family(world)
    world.vendors.faults.add("status", "broadstreet", method="POST", status=403)

    with pytest.raises(AuthenticationError, match="access token"):
        world.export()

    assert world.vendors.creates() == []
    for kind, local_id in made.items():
        assert world.local.get(kind, local_id)["exporting"] is None


def test_lost_lock_stops_the_run_before_it_creates(world):
    family(world)

    def lock_is_gone():
        message = "The lock is gone."
        raise StorageError(message)

    with pytest.raises(StorageError, match="lock is gone"):
        world.export(guard=lock_is_gone)

    assert world.posts() == []
    assert world.export().to_json()["status"] == "completed"


def test_networks_are_import_only_unless_switched_on(world):
    local_id = world.add(T.NETWORKS, name="North")
    child = world.add(T.ZONES, name="Top", network_id=local_id)

    report = world.export()

    assert "export_networks" in report.lines[local_id].reason
    assert report.lines[child].status == "skipped"
    assert world.posts() == []
    world.switch(export_networks=True)
    assert world.export().to_json()["status"] == "completed"
    production_is_the_account(world)


def test_chosen_types_and_ids_are_all_that_goes(world):
    made = family(world)

    report = world.export(entity_types=["zones", "campaigns"])

    assert report.lines[made[T.ZONES]].status == "exported"
    assert "it is not part of this export" in report.lines[made[T.CAMPAIGNS]].reason
    assert set(report.lines) == {made[T.ZONES], made[T.CAMPAIGNS]}
    report = world.export(local_ids=[made[T.ADVERTISERS], str(ObjectId())])
    assert set(report.lines) == {made[T.ADVERTISERS]}
    assert len(report.unknown_ids) == 1


def test_document_that_somebody_wrote_around_the_endpoints_is_refused_alone(world):
    made = family(world)
    world.db.local_campaigns.update_one({}, {"$set": {"weight": "heavy"}})
    world.db.local_zones.update_one({}, {"$set": {"network_id": str(ObjectId())}})

    report = world.export()

    assert "weight" in report.lines[made[T.CAMPAIGNS]].reason
    assert "does not exist" in report.lines[made[T.ZONES]].reason
    assert report.lines[made[T.ADVERTISERS]].status == "exported"


def test_two_local_placements_that_become_the_same_are_one_in_broadstreet(world):
    made = family(world)
    world.export(entity_types=["advertisers", "zones", "advertisements", "campaigns"])
    fields = world.local.get(T.PLACEMENTS, made[T.PLACEMENTS])
    ids = {name: fields[name] for name in ("advertisement_id", "zone_id", "restrictions")}
    number = world.db.campaigns.find_one({"name": "May"})["broadstreet_id"]
    second = world.add(T.PLACEMENTS, campaign_id=number, **ids)

    report = world.export()

    assert sorted(line.status for line in report.lines.values()) == ["exported", "failed"]
    assert len(world.vendors.creates()) == 5
    [left] = world.db.local_placements.find()
    assert "delete one of them" in left["sync_errors"][-1]["message"]
    assert str(left["_id"]) in {second, made[T.PLACEMENTS]}


def test_the_same_error_again_is_counted_not_appended(world):
    local_id = world.add(T.NETWORKS, name="North")

    for _ in range(3):
        world.export()

    [error] = world.local.get(T.NETWORKS, local_id)["sync_errors"]
    assert error["times"] == 3


def test_at_most_twenty_errors_are_kept_newest_last(world):
    local_id = world.add(T.NETWORKS, name="North")
    entity = ExportStore(world.db).waiting()[0][local_id]

    for number in range(25):
        ExportStore(world.db).skip(entity, reason=f"reason {number}", run_id="x")

    kept = [error["message"] for error in world.local.get(T.NETWORKS, local_id)["sync_errors"]]
    assert kept == [f"reason {number}" for number in range(5, 25)]


def test_tag_in_the_notes_finds_an_advertiser_among_namesakes(world):
    world.switch(export_tag_notes=True)
    north = network(world)
    world.add(T.ADVERTISERS, name="Baker", network_id=north, notes="call first")

    def somebody_makes_a_namesake(step):
        if step == "intended":
            world.vendors.change(
                "broadstreet", "add", entity="advertisers", network=north, fields={"name": "Baker"}
            )

    world.vendors.faults.add("status", "broadstreet", method="POST", status=500, commit=True)
    report = world.export(step=somebody_makes_a_namesake)

    assert report.to_json()["status"] == "completed"
    ours = [item for item in world.held(T.ADVERTISERS) if (item["notes"] or "").startswith("call")]
    assert [item["id"] for item in ours] == [line.broadstreet_id for line in report.lines.values()]


def test_several_new_matches_stop_the_entity_for_a_person(world):
    owner = advertiser(world)
    local_id = world.add(T.CAMPAIGNS, name="May", start_date="2026-05-01", advertiser_id=owner)

    def somebody_makes_a_namesake(step):
        if step == "intended":
            world.vendors.change(
                "broadstreet", "add", entity="campaigns", advertiser=owner, fields={"name": "May"}
            )

    world.vendors.faults.add("status", "broadstreet", method="POST", status=500, commit=True)
    report = world.export(step=somebody_makes_a_namesake)
    world.vendors.faults.clear()

    assert "broadstreet-resolve" in report.lines[local_id].reason
    world.vendors.clear_requests()
    assert world.export().lines[local_id].status == "skipped"
    assert world.posts() == []


def test_namesake_of_the_pre_image_is_never_adopted(world):
    owner = advertiser(world)
    theirs = world.vendors.change(
        "broadstreet", "add", entity="campaigns", advertiser=owner, fields={"name": "May"}
    )
    world.add(T.CAMPAIGNS, name="May", start_date="2026-05-01", advertiser_id=owner)
    world.vendors.faults.add("status", "broadstreet", method="POST", times=1, status=500)

    report = world.export()

    [line] = report.lines.values()
    assert line.sent_name == "May (1)"
    assert line.broadstreet_id != theirs["key"]
    assert not line.adopted


def test_open_create_whose_scope_cannot_be_listed_is_neither_sent_again_nor_given_back(world):
    owner = advertiser(world)
    local_id = world.add(T.CAMPAIGNS, name="May", start_date="2026-05-01", advertiser_id=owner)
    world.vendors.faults.add("close", "broadstreet", method="POST", times=1, commit=True)
    blind = {"method": "GET", "path": "/campaigns$", "after": 1}
    world.vendors.faults.add(
        "status", "broadstreet", **blind, status=422, body={"errors": {"x": "y"}}
    )

    for _ in range(2):
        report = world.export(local_ids=[local_id])

        assert report.lines[local_id].status == "failed"
        assert world.local.get(T.CAMPAIGNS, local_id)["exporting"] is not None
    assert len(world.posts()) == 1
    world.vendors.faults.clear()
    assert world.export().lines[local_id].adopted
    assert len(world.posts()) == 1
