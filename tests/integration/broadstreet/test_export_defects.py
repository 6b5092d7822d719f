"""Fourteen defects of a comparable system, by their numbers: those of an export cannot happen here.

The import's (11, and 12's other half) are tested beside it.
"""

from __future__ import annotations

import itertools
import json

import pytest
from bson import ObjectId

from tests.integration.broadstreet.conftest import open_client
from vendor_sync.broadstreet.entity_types import EntityType as T
from vendor_sync.broadstreet.local_models import InvalidEntityError
from vendor_sync.rate_limit import LocalLimiter

pytestmark = pytest.mark.integration


@pytest.fixture
def north(world):
    return world.held(T.NETWORKS)[0]["id"]


@pytest.fixture
def baker(world):
    return world.held(T.ADVERTISERS)[0]["id"]


def campaign(world, advertiser_id, name="May"):
    return world.add(T.CAMPAIGNS, name=name, start_date="2026-05-01", advertiser_id=advertiser_id)


def test_01_outage_during_the_name_check_creates_nothing(world, north):
    world.add(T.ZONES, name=world.held(T.ZONES)[0]["name"], network_id=north)
    world.vendors.faults.add("status", "broadstreet", method="GET", status=503)

    world.export()

    assert world.vendors.creates() == []


def test_02_rename_of_a_zone_does_not_rename_a_campaign(world, north, baker):
    taken = world.held(T.ZONES)[0]["name"]
    world.add(T.ZONES, name=taken, network_id=north)
    mine = campaign(world, baker, taken)

    assert world.export().lines[mine].sent_name == taken.strip()


def test_03_two_of_one_name_get_two_names(world, north):
    ids = [world.add(T.ZONES, name="Twin", network_id=north) for _ in range(3)]

    lines = world.export().lines

    assert [lines[local_id].sent_name for local_id in ids] == ["Twin", "Twin (1)", "Twin (2)"]


def test_04_campaign_names_are_checked_under_the_advertiser_as_created(world, north):
    owner = world.add(T.ADVERTISERS, name="New", network_id=north)
    ids = [campaign(world, owner) for _ in range(2)]

    lines = world.export().lines

    assert [lines[local_id].sent_name for local_id in ids] == ["May", "May (1)"]
    number = lines[owner].broadstreet_id
    asked = [seen["query"] for seen in world.vendors.requests("broadstreet", path="/campaigns$")]
    assert all(f"advertiser_id={number}" in query for query in asked)


def test_05_local_on_local_resolves_to_the_id_that_was_given(world, north):
    owner = world.add(T.ADVERTISERS, name="New", network_id=north)
    mine = campaign(world, owner)

    lines = world.export().lines

    [made] = [item for item in world.held(T.CAMPAIGNS) if item["id"] == lines[mine].broadstreet_id]
    assert made["advertiser_id"] == lines[owner].broadstreet_id


@pytest.mark.parametrize("step", ["created", "noted", "before production", "produced", "removed"])
def test_06_crash_between_the_steps_neither_doubles_nor_leaves_two_copies(world, north, step):
    local_id = world.add(T.ZONES, name="Top", network_id=north)

    class KilledError(BaseException):
        pass

    def kill(reached):
        if reached == step:
            raise KilledError

    with pytest.raises(KilledError):
        world.export(step=kill)
    world.export()

    assert len(world.vendors.creates()) == 1
    assert world.db.local_zones.count_documents({}) == 0
    assert world.db.zones.count_documents({"local_id": ObjectId(local_id)}) == 1


def test_07_server_error_after_the_commit_is_not_posted_again(world, north):
    world.add(T.ZONES, name="Top", network_id=north)
    world.vendors.faults.add("status", "broadstreet", method="POST", status=500, commit=True)

    world.export()

    assert len(world.posts()) == len(world.vendors.creates()) == 1


def test_08_what_is_sent_again_keeps_to_the_limit_too(world, north):
    for number in range(6):
        world.add(T.ZONES, name=f"Zone {number}", network_id=north)
    world.vendors.faults.add("status", "broadstreet", method="POST", status=503, times=6)
    per_second = 20

    with open_client(world.vendors, LocalLimiter(per_second)) as world.client:
        world.export()

    starts = sorted(seen["start"] for seen in world.vendors.requests("broadstreet"))
    assert len(world.posts()) == 12
    # From the first to the last no faster than the limit; 5 % for a clock read in another process.
    gaps = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert sum(gaps) >= len(gaps) / per_second * 0.95


def test_09_what_was_not_sent_is_never_deleted(world, north, baker):
    kept = world.add(T.ZONES, name="Later", network_id=north)
    campaign(world, baker)

    world.export(entity_types=["campaigns"])

    assert world.local.get(T.ZONES, kept)["name"] == "Later"


def test_10_placement_of_a_local_zone_carries_the_ids_of_broadstreet(world, north, baker):
    zone = world.add(T.ZONES, name="Top", network_id=north)
    advertisement = world.held(T.ADVERTISEMENTS)[0]["id"]
    ids = {"campaign_id": campaign(world, baker), "advertisement_id": advertisement}
    mine = world.add(T.PLACEMENTS, zone_id=zone, **ids)

    lines = world.export().lines

    placed = world.db.placements.find_one({"local_id": ObjectId(mine)})
    assert placed["zone_id"] == lines[zone].broadstreet_id
    assert placed["campaign_id"] == lines[ids["campaign_id"]].broadstreet_id


def test_13_weight_is_never_invented(world, baker):
    with pytest.raises(InvalidEntityError, match="50 is no weight"):
        world.add(T.CAMPAIGNS, name="May", start_date="2026-05-01", weight=50, advertiser_id=baker)
    mine = world.add(
        T.CAMPAIGNS, name="May", start_date="2026-05-01", weight="remnant", advertiser_id=baker
    )

    world.export()

    [made] = world.vendors.creates()
    assert made["fields"]["weight"] == 0
    assert world.db.campaigns.find_one({"local_id": ObjectId(mine)})["weight"] == "remnant"


def test_14_ids_in_production_come_from_broadstreet_only(world, north):
    local_id = world.add(T.ZONES, name="Top", network_id=north)
    world.vendors.faults.add(
        "status", "broadstreet", method="POST", status=422, body=json.loads('{"errors": {}}')
    )

    world.export()

    assert world.db.zones.count_documents({"local_id": ObjectId(local_id)}) == 0
    assert world.db.zones.count_documents({}) == len(world.held(T.ZONES))
