"""Incremental imports: every value, only what has changed, and nothing lost.

The numbers in brackets are the defects of a comparable system that a test shows to be impossible.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.export_store import ExportStore
from vendor_sync.broadstreet.models import record_from_api
from vendor_sync.errors import AuthenticationError, ConfigurationError, TemporaryError

pytestmark = pytest.mark.integration

KINDS = ("networks", "advertisers", "zones", "advertisements", "campaigns", "placements")
REAL = {"networks": 2, "advertisers": 48, "zones": 130, "advertisements": 102, "campaigns": 122,
        "placements": 220}  # fmt: skip


def assert_same(world, kinds=KINDS):
    for kind in kinds:
        assert world.imported(kind) == world.truth(kind)


def first(world, kind):
    return next(iter(world.truth(kind).values()))


def test_every_value_of_a_real_structure_arrives_as_it_is(broadstreet):
    broadstreet.vendors.reset(3, broadstreet=REAL)

    result = broadstreet.run()

    assert_same(broadstreet)
    assert result["status"] == "completed"
    assert {kind: result["entities"][kind]["inserted"] for kind in KINDS} == REAL


@pytest.mark.soak
@pytest.mark.parametrize("counts", [{"entities": None}, {"entities": 20_000}])
def test_every_value_of_a_whole_account_arrives_as_it_is(broadstreet, counts):
    broadstreet.vendors.reset(3, broadstreet=counts)

    broadstreet.run()
    again = broadstreet.run()

    assert_same(broadstreet)
    assert all(part["unchanged"] == part["fetched"] for part in again["entities"].values())


def test_a_second_import_writes_nothing(broadstreet):
    broadstreet.run()
    before = {kind: list(broadstreet.db[kind].find().sort("_id")) for kind in KINDS}

    result = broadstreet.run()

    for kind in KINDS:
        counts = result["entities"][kind]
        assert counts["unchanged"] == counts["fetched"] == len(before[kind])
        assert list(broadstreet.db[kind].find().sort("_id")) == before[kind]


def test_what_people_change_is_found_and_counted(broadstreet):
    broadstreet.run()
    zones, placed = list(broadstreet.truth("zones")), list(broadstreet.truth("placements"))
    change = broadstreet.vendors.change
    change("broadstreet", "edit", entity="zones", which=zones[0], fields={"name": " New\xa0"})
    change("broadstreet", "remove", entity="placements", which=list(placed[0]))
    added = change("broadstreet", "add", entity="advertisers",
                   network=first(broadstreet, "networks")["id"])  # fmt: skip
    change("broadstreet", "add", entity="campaigns", advertiser=added["key"])

    result = broadstreet.run()

    entities = result["entities"]
    assert (entities["zones"]["updated"], entities["zones"]["unchanged"]) == (1, len(zones) - 1)
    assert entities["placements"]["removed"] == 1
    assert entities["advertisers"]["inserted"] == entities["campaigns"]["inserted"] == 1
    assert_same(broadstreet)
    gone = broadstreet.db["placements"].find_one({"removed_at": {"$ne": None}})
    assert tuple(gone[f"{name}_id"] for name in ("campaign", "advertisement", "zone")) == placed[0]


def test_what_is_below_a_removed_parent_is_removed_and_may_come_back(broadstreet):
    broadstreet.run()
    owner = first(broadstreet, "advertisers")["id"]
    kept = dict(broadstreet.truth("campaigns"))
    broadstreet.vendors.change("broadstreet", "remove", entity="advertisers", which=owner)
    broadstreet.settings(max_removal_share=1)

    result = broadstreet.run()

    assert_same(broadstreet)
    assert result["entities"]["campaigns"]["removed"] == len(kept) - len(
        broadstreet.truth("campaigns")
    )
    assert broadstreet.db["campaigns"].count_documents({}) == len(kept)

    broadstreet.vendors.reset(7, broadstreet=broadstreet.small)
    result = broadstreet.run()

    assert_same(broadstreet)
    assert result["entities"]["advertisers"]["updated"] == 1


def test_an_entity_that_moves_to_another_parent_is_moved_not_doubled(broadstreet):
    broadstreet.run()
    rows = [row for row in broadstreet.vendors.truth("broadstreet") if row["kind"] == "campaigns"]
    moved = rows[0]["item"]
    owners = [key for key in broadstreet.truth("advertisers") if key != moved["advertiser_id"]]
    broadstreet.vendors.change("broadstreet", "remove", entity="campaigns", which=moved["id"])
    broadstreet.vendors.change(
        "broadstreet", "insert", entity="campaigns", advertiser=owners[-1],
        item={**moved, "advertiser_id": owners[-1]},
    )  # fmt: skip

    result = broadstreet.run(entity_types="campaigns")

    document = broadstreet.db["campaigns"].find_one({"broadstreet_id": moved["id"]})
    assert (document["advertiser_id"], document.get("removed_at")) == (owners[-1], None)
    assert result["entities"]["campaigns"]["updated"] == 1
    assert result["entities"]["campaigns"]["removed"] == 0


def test_what_says_that_a_document_came_from_here_stays(broadstreet):
    broadstreet.run()
    zone = first(broadstreet, "zones")["id"]
    ours = {"synced_with_api": True, "local_id": broadstreet.db["zones"].find_one()["_id"]}
    broadstreet.db["zones"].update_one({"broadstreet_id": zone}, {"$set": ours})
    broadstreet.vendors.change("broadstreet", "edit", entity="zones", which=zone,
                               fields={"alias": "x"})  # fmt: skip

    broadstreet.run()

    document = broadstreet.db["zones"].find_one({"broadstreet_id": zone})
    assert {name: document[name] for name in ours} == ours
    assert document["alias"] == "x"


def test_a_list_that_fails_is_told_and_leaves_its_documents(broadstreet):
    """[11] Errors of single parents are neither swallowed nor taken for emptiness."""
    broadstreet.run()
    owner = first(broadstreet, "campaigns")["advertiser_id"]
    before = broadstreet.imported("campaigns")
    broadstreet.vendors.faults.add(
        "status", "broadstreet", status=502, path="campaigns", query=f"advertiser_id={owner}"
    )

    result = broadstreet.run()

    counts = result["entities"]["campaigns"]
    assert (result["status"], counts["lists_failed"]) == ("completed_with_errors", 1)
    assert f"advertiser_id={owner}" in counts["errors"][0]
    assert broadstreet.imported("campaigns") == before
    log = broadstreet.db["sync_logs"].find_one(
        {"run_id": result["run_id"], "entity_type": "campaigns"}
    )
    assert (log["complete"], log["errors"]) == (False, counts["errors"])


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("status", {"status": 500}),
        ("html", {}),
        ("empty", {}),
        ("truncated_json", {}),
        ("close", {}),
    ],
)
def test_an_import_that_gets_nothing_changes_nothing(broadstreet, kind, how):
    """[11] A failed list loses no data."""
    broadstreet.run()
    broadstreet.vendors.faults.add(kind, "broadstreet", path="zones", **how)

    with pytest.raises(TemporaryError, match="/zones"):
        broadstreet.run()

    assert_same(broadstreet)
    assert broadstreet.rows("SELECT status FROM ops.sync_runs ORDER BY run_key")[-1] == ("failed",)


def test_a_refused_token_ends_the_run_at_once(broadstreet):
    broadstreet.run()
    broadstreet.vendors.clear_requests()
    broadstreet.vendors.faults.add("token_expired", "broadstreet", path="advertisements")

    with pytest.raises(AuthenticationError):
        broadstreet.run()

    asked = broadstreet.vendors.requests("broadstreet", path="advertisements")
    assert len(asked) <= 5
    assert_same(broadstreet)


def test_an_empty_answer_is_asked_for_again_and_then_not_believed(broadstreet):
    broadstreet.run()
    broadstreet.settings(max_removal_rows=2)
    answer = {"status": 200, "body": {"zones": []}}
    rule = broadstreet.vendors.faults.add("status", "broadstreet", path="zones", **answer)

    result = broadstreet.run()

    zones = result["entities"]["zones"]
    assert (zones["kept"], zones["removed"]) == (len(broadstreet.truth("zones")), 0)
    assert result["breaker_open"]
    assert broadstreet.vendors.faults.fired(rule) == 4
    assert_same(broadstreet)
    assert broadstreet.rows("SELECT kind FROM ops.alerts") == [("breaker_open",)]


@pytest.mark.parametrize("mode", ["incremental", "fresh"])
def test_an_account_without_any_network_is_not_believed(broadstreet, mode):
    broadstreet.run()
    answer = {"status": 200, "body": {"networks": []}}
    broadstreet.vendors.faults.add("status", "broadstreet", path="networks", **answer)

    if mode == "fresh":
        with pytest.raises(TemporaryError, match="too much to believe"):
            broadstreet.run(mode=mode)
    else:
        assert broadstreet.run()["entities"]["networks"]["kept"] == 2

    assert_same(broadstreet)


def test_a_weight_stays_the_word_that_the_vendor_has_for_it(broadstreet):
    """[13] No number is made up for a label."""
    broadstreet.run()

    words = {row["weight"] for row in broadstreet.truth("campaigns").values()}
    assert set(broadstreet.db["campaigns"].distinct("weight")) == words
    assert all(isinstance(word, str) for word in words)


def test_an_empty_answer_that_was_a_slip_changes_nothing(broadstreet):
    broadstreet.run()
    campaign = next(iter(broadstreet.truth("placements")))[0]
    broadstreet.vendors.faults.add(
        "status", "broadstreet", path="placements", query=f"campaign_id={campaign}", times=1,
        status=200, body=[],
    )  # fmt: skip

    result = broadstreet.run()

    assert result["entities"]["placements"]["removed"] == 0
    assert_same(broadstreet)


def test_a_broken_row_is_refused_kept_and_not_taken_for_gone(broadstreet):
    broadstreet.run()
    zone = first(broadstreet, "zones")
    change = broadstreet.vendors.change
    change("broadstreet", "edit", entity="zones", which=zone["id"], fields={"name": None})
    change("broadstreet", "insert", entity="zones", network=zone["network_id"], item="zone?")

    result = broadstreet.run()

    assert (result["rejected"], result["entities"]["zones"]["removed"]) == (2, 0)
    rejects = broadstreet.rows(
        "SELECT external_id, reason FROM ops.sync_rejects ORDER BY external_id"
    )
    assert rejects[0] == (str(zone["id"]), "Expected `str`, got `null` - at `$.name`")
    assert rejects[1][0] is None
    document = broadstreet.db["zones"].find_one({"broadstreet_id": zone["id"]})
    assert (document["name"], document.get("removed_at")) == (zone["name"], None)


def test_a_name_that_a_local_entity_has_is_reported_and_not_merged(broadstreet):
    rows = [row for row in broadstreet.vendors.truth("broadstreet") if row["kind"] == "advertisers"]
    same, network = rows[-1]["item"], rows[-1]["parents"]["network"]
    broadstreet.vendors.change("broadstreet", "edit", entity="advertisers", which=same["id"],
                               fields={"name": "\tÉté MédiA "})  # fmt: skip
    local = broadstreet.add_local("advertisers", name="été médiA\xa0", network_id=network)
    broadstreet.add_local("advertisers", name="été médiA", network_id=network + 1)

    result = broadstreet.run()

    counts = result["entities"]["advertisers"]
    assert counts["conflicts"] == result["conflicts"] == 1
    assert counts["name_conflicts"] == [
        {"entity_type": "advertisers", "broadstreet_id": same["id"], "name": "\tÉté MédiA ",
         "local_id": str(local)}
    ]  # fmt: skip
    assert_same(broadstreet)
    assert broadstreet.db["local_advertisers"].count_documents({}) == 2


def test_calls_go_level_by_level_and_never_more_than_five_at_once(broadstreet):
    broadstreet.vendors.faults.add("latency", "broadstreet", seconds=0.1)

    broadstreet.run()

    log = broadstreet.vendors.requests("broadstreet")
    levels = {"networks": 1, "advertisers": 2, "zones": 2, "advertisements": 3, "campaigns": 4,
              "placements": 5}  # fmt: skip
    order = [levels[request["path"].rsplit("/", 1)[-1]] for request in log]
    assert order == sorted(order)
    assert max(request["in_flight"] for request in log) == 5
    for level in (2, 3, 4, 5):
        start = min(r["start"] for r, place in zip(log, order, strict=True) if place == level)
        assert all(r["end"] <= start for r, place in zip(log, order, strict=True) if place < level)


def test_each_type_alone_and_only_what_is_chosen(broadstreet):
    broadstreet.run(entity_types="networks,advertisers,campaigns")
    assert broadstreet.db["zones"].count_documents({}) == 0
    campaign = next(iter(broadstreet.truth("placements")))[0]
    broadstreet.vendors.clear_requests()

    result = broadstreet.run(entity_types=["placements"], campaign_ids=[campaign])

    paths = [r["query"].split("&")[0] for r in broadstreet.vendors.requests("broadstreet")]
    assert paths == [f"campaign_id={campaign}"]
    assert set(result["entities"]) == {"placements"}
    assert broadstreet.imported("placements") == {
        key: row for key, row in broadstreet.truth("placements").items() if key[0] == campaign
    }


def test_a_network_filter_reads_what_is_in_it_and_removes_nothing_else(broadstreet):
    broadstreet.run()
    network = list(broadstreet.truth("networks"))[-1]
    broadstreet.vendors.clear_requests()

    broadstreet.run(network_ids=[network])

    inside = {key for key in broadstreet.truth("advertisers")
              if broadstreet.db["advertisers"].find_one({"broadstreet_id": key})["network_id"]
              == network}  # fmt: skip
    asked = broadstreet.vendors.requests("broadstreet", path="campaigns")
    assert {int(r["query"].split("&")[0].split("=")[1]) for r in asked} == inside
    assert_same(broadstreet)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"mode": "quick"}, "'mode' is one of incremental, fresh"),
        ({"entity_types": "ads"}, "there is no 'ads'"),
        ({"network_ids": "x"}, "takes Broadstreet ids"),
        ({"mode": "fresh", "network_ids": "1"}, "Leave them out, or use incremental"),
        ({"campaign_ids": "1"}, "Import campaigns first, or check the id"),
        ({"brand": 1}, "Unknown parameter 'brand'"),
    ],
)
def test_a_wrong_parameter_is_refused_with_what_to_do(broadstreet, params, words):
    with pytest.raises(ConfigurationError, match=words):
        broadstreet.run(**params)


def test_a_dry_run_tells_what_would_change_and_changes_nothing(broadstreet):
    result = broadstreet.run(dry_run=True)

    assert {kind: part["inserted"] for kind, part in result["entities"].items()} == {
        kind: len(broadstreet.truth(kind)) for kind in KINDS
    }
    assert sum(broadstreet.db[kind].count_documents({}) for kind in KINDS) == 0


def test_the_run_and_each_type_leave_their_records(broadstreet):
    result = broadstreet.run()

    (row,) = broadstreet.rows("SELECT status, counts, api_calls FROM ops.sync_runs")
    assert row == ("completed", result, result["api_calls"])
    assert result["api_calls"] == len(broadstreet.vendors.requests("broadstreet"))
    logs = list(broadstreet.db["sync_logs"].find())
    assert {log["entity_type"]: log["entities_processed"] for log in logs} == {
        kind: len(broadstreet.truth(kind)) for kind in KINDS
    }
    assert all(log["operation"] == "import" and log["success"] for log in logs)
    assert broadstreet.rows("SELECT name FROM ops.sync_events") == [("sync.broadstreet.imported",)]


@pytest.mark.parametrize("mode", ["incremental", "fresh"])
def test_what_an_export_has_put_into_production_is_found_unchanged(broadstreet, mode):
    broadstreet.run()
    network = first(broadstreet, "networks")["id"]
    made = broadstreet.vendors.change("broadstreet", "add", entity="zones", network=network)
    local = broadstreet.add_local("zones", name=made["item"]["name"], network_id=network)
    record = record_from_api(
        EntityType.ZONES, json.dumps(made["item"]).encode(), {"network_id": network}
    )
    ExportStore(broadstreet.db).produce([(record, str(local))], datetime.now(UTC))
    before = broadstreet.db["zones"].find_one({"broadstreet_id": made["key"]})

    result = broadstreet.run(mode=mode)

    zones = result["entities"]["zones"]
    assert zones["unchanged"] == zones["fetched"] == len(broadstreet.truth("zones"))
    after = broadstreet.db["zones"].find_one({"broadstreet_id": made["key"]})
    for name in ("_id", "local_id", "synced_at", "synced_with_api"):
        assert after[name] == before[name]
