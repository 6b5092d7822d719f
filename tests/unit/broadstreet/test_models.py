"""Rows as they are listed, and the documents that they become."""

from __future__ import annotations

import json

import msgspec
import pytest

from vendor_sync.broadstreet.client import listing_of
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.models import record_from_api
from vendor_sync.errors import InvalidRecordError

ZONE = {"id": 7, "name": "\n Z\N{NO-BREAK SPACE}", "network_id": 3, "alias": None}


def read(entity_type, item, **parents):
    text = item if isinstance(item, bytes) else json.dumps(item).encode()
    return record_from_api(EntityType(entity_type), text, parents)


def test_every_value_is_kept_under_the_vendors_name():
    item = {**ZONE, "self_serve": False, "later": {"a": [1, 2.5, None, "x"]}}

    record = read("zones", item, network_id=3)

    del item["id"]
    assert record.document == {"broadstreet_id": 7, **item}
    assert (record.key, record.name) == (7, ZONE["name"])


def test_what_only_the_request_knew_is_added():
    placement = {"advertisement_id": 5, "zone_id": 6, "restrictions": []}

    advertiser = read("advertisers", {"id": 1, "name": "A"}, network_id=3)
    placed = read("placements", placement, campaign_id=4)

    assert advertiser.document["network_id"] == 3
    assert placed.document == {"campaign_id": 4, **placement}
    assert placed.key == (4, 5, 6)


@pytest.mark.parametrize(
    "field",
    [{"_id": 1}, {"removed_at": "x"}, {"$set": 1}, {"a.b": 1}, {"big": 1 << 70}, {"d": {"$x": 1}}],
)
def test_what_a_document_cannot_hold_is_kept_as_text(field):
    text = json.dumps({**ZONE, **field}).encode()

    document = read("zones", text, network_id=3).document

    assert document["vendor_json"] == text.decode()
    assert set(field) & set(document) == set()
    assert document["name"] == ZONE["name"]


def test_the_hash_sees_a_change_but_no_order_and_no_new_signature():
    ad = {"id": 9, "name": "A", "type": "StaticAdvertisement", "preview_url": "https://p.test?s=1"}
    again = {**dict(reversed(ad.items())), "preview_url": "https://p.test?s=2"}
    hashes = [
        read("advertisements", item, network_id=3, advertiser_id=2).content_hash
        for item in (ad, again, {**ad, "name": "a"})
    ]

    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"name": "A"}, "missing required field `id`"),
        ({"id": "7", "name": "A"}, r"Expected `int`, got `str` - at `\$.id`"),
        ({"id": 7, "name": None}, r"Expected `str`, got `null` - at `\$.name`"),
        ({"id": 0, "name": "A"}, "0 is no id"),
        ({"id": 7, "name": "A", "alias": 5}, r"\$.alias"),
        ({"id": 7, "name": "A", "network_id": 4}, "network_id is 4, but it was listed under 3"),
        (b'["x"]', "Expected `object`, got `array`"),
    ],
)
def test_a_row_is_refused_by_field_and_reason(item, reason):
    with pytest.raises(InvalidRecordError, match=reason):
        read("zones", item, network_id=3)


def test_a_broken_row_does_not_take_the_others_with_it():
    rows = [msgspec.Raw(json.dumps(row).encode()) for row in (ZONE, {"id": "x"}, {**ZONE, "id": 8})]

    listing = listing_of(EntityType.ZONES, {"network_id": 3}, rows)

    assert [record.key for record in listing.records] == [7, 8]
    assert [(row.external_id, row.item) for row in listing.refused] == [("x", {"id": "x"})]
