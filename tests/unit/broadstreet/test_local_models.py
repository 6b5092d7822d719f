from __future__ import annotations

import pytest

from vendor_sync.broadstreet import local_models
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.local_models import InvalidEntityError
from vendor_sync.broadstreet.payloads import FIELDS

T = EntityType
LOCAL = "68cae686c7b950fa63ed2486"
VALID = {
    T.NETWORKS: {"name": "North"},
    T.ADVERTISERS: {"name": "Baker", "network_id": 7},
    T.ZONES: {"name": " Top\n", "network_id": LOCAL.upper()},
    T.ADVERTISEMENTS: {
        "name": "Spring", "advertiser_id": 7, "type": "image", "destination": "https://x.test/",
        "active_url": "https://x.test/a.png",
    },
    T.CAMPAIGNS: {"name": "May", "advertiser_id": LOCAL, "start_date": "2025-05-01T08:00"},
    T.PLACEMENTS: {"campaign_id": LOCAL, "advertisement_id": 2, "zone_id": 3},
}  # fmt: skip


def problems(entity_type, **changes):
    """What is said about a valid entity after these changes; None leaves a field out."""
    changed = {**VALID[entity_type], **changes}
    entered = {name: value for name, value in changed.items() if value is not None}
    with pytest.raises(InvalidEntityError) as caught:
        local_models.check(entity_type, entered)
    return {found["field"]: found["problem"] for found in caught.value.problems}


@pytest.mark.parametrize("entity_type", EntityType)
def test_what_the_api_takes_is_accepted(entity_type):
    assert local_models.check(entity_type, VALID[entity_type]).fields


@pytest.mark.parametrize("entity_type", EntityType)
def test_model_has_exactly_the_fields_that_can_be_sent(entity_type):
    known = set(local_models.MODELS[entity_type].model_fields)

    assert {name for name in known if not name.endswith("_id")} == set(FIELDS[entity_type])


def test_fields_are_stored_in_one_form_and_names_as_entered():
    zone = local_models.check(T.ZONES, VALID[T.ZONES]).fields
    campaign = local_models.check(T.CAMPAIGNS, {**VALID[T.CAMPAIGNS], "weight": 0.5}).fields

    assert zone == {"name": " Top\n", "network_id": LOCAL}
    assert (campaign["weight"], campaign["start_date"]) == ("low", "2025-05-01 08:00:00")
    assert local_models.check(T.ADVERTISEMENTS, VALID[T.ADVERTISEMENTS]).fields["type"] == "static"


@pytest.mark.parametrize(
    ("entity_type", "changes", "field", "words"),
    [
        (T.ZONES, {"name": None}, "name", "required"),
        (T.ZONES, {"name": " \u00a0"}, "name", "white space"),
        (T.ZONES, {"name": "x" * 250}, "name", "248 characters, it has 250"),
        (T.ZONES, {"name": 7}, "name", "string"),
        (T.ZONES, {"network_id": "seven"}, "network_id", "24 hexadecimal"),
        (T.ZONES, {"network_id": 7.5}, "network_id", "Broadstreet id"),
        (T.ZONES, {"network_id": True}, "network_id", "Broadstreet id"),
        (T.ZONES, {"network_id": 0}, "network_id", "Broadstreet id"),
        (T.ZONES, {"width": 300}, "width", "dashboard after the export"),
        (T.ZONES, {"colour": "red"}, "colour", "known are: network_id, name, alias"),
        (T.ADVERTISERS, {"admins": []}, "admins", "dashboard"),
        (T.ADVERTISEMENTS, {"type": "video"}, "type", "cannot create video"),
        (T.ADVERTISEMENTS, {"type": "banner"}, "type", "use static"),
        (T.ADVERTISEMENTS, {"destination": "x.test"}, "destination", "whole address"),
        (T.ADVERTISEMENTS, {"active_base64": "AAAA"}, "(all)", "not both"),
        (T.ADVERTISEMENTS, {"html": "<b>"}, "(all)", "type html"),
        (T.CAMPAIGNS, {"weight": 50}, "weight", "default (1)"),
        (T.CAMPAIGNS, {"start_date": "soon"}, "start_date", "2026-03-01"),
        (T.CAMPAIGNS, {"start_date": "2025-05-01T08:00Z"}, "start_date", "no time zone"),
        (T.CAMPAIGNS, {"end_date": "2025-04-30"}, "(all)", "before it starts"),
        (T.CAMPAIGNS, {"active": True}, "active", "paused"),
        (T.CAMPAIGNS, {"placements": []}, "placements", "/placements"),
        (T.CAMPAIGNS, {"max_impression_count": "5"}, "max_impression_count", "integer"),
        (T.CAMPAIGNS, {"display_type": "often"}, "display_type", "no_repeat"),
        (T.CAMPAIGNS, {"paused": "no"}, "paused", "boolean"),
        (T.PLACEMENTS, {"restrictions": ["phone", "tablet"]}, "restrictions", "for each"),
        (T.PLACEMENTS, {"restrictions": "desktop_only"}, "restrictions", "'desktop'"),
    ],
)
def test_what_has_no_home_in_the_api_is_refused_with_a_reason(entity_type, changes, field, words):
    assert words in problems(entity_type, **changes)[field]


def test_all_problems_are_told_at_once():
    assert set(problems(T.CAMPAIGNS, name="", weight=50, start_date="x", colour=1)) == {
        "name",
        "weight",
        "start_date",
        "colour",
    }
