from __future__ import annotations

from dataclasses import replace

import pytest

from vendor_sync.broadstreet.entity_types import REFERENCES, EntityType
from vendor_sync.broadstreet.payloads import create_call

T = EntityType
ID = "68cae686c7b950fa63ed2486"
RECORD_KEEPING = {
    "_id": ID, "version": 3, "created_locally": True, "sync_errors": ["x"], "exporting": None,
}  # fmt: skip


def call(entity_type, name="Top", *, tag_notes=False, **fields):
    references = dict.fromkeys(REFERENCES[entity_type], 7)
    return create_call(
        entity_type,
        fields={**RECORD_KEEPING, **fields},
        references=references,
        name=name,
        local_id=ID,
        tag_notes=tag_notes,
    )


@pytest.mark.parametrize(
    ("entity_type", "fields", "query", "body"),
    [
        (T.NETWORKS, {"web_home_url": " "}, {}, {"name": "Top"}),
        (T.ADVERTISERS, {"notes": None}, {"network_id": 7}, {"name": "Top"}),
        (T.ZONES, {"alias": " left "}, {"network_id": 7}, {"name": "Top", "alias": "left"}),
        (
            T.ADVERTISEMENTS,
            {"type": "static", "destination": "https://x.test/", "active_url": ""},
            {"advertiser_id": 7},
            {"type": "static", "name": "Top", "destination": "https://x.test/"},
        ),
        (
            T.CAMPAIGNS,
            {"start_date": "2025-09-18", "end_date": "2025-09-20", "weight": "low",
             "paused": False, "notes": " call "},
            {"advertiser_id": 7},
            {"name": "Top", "start_date": "2025-09-18 00:00:00", "weight": 0.5, "paused": False,
             "end_date": "2025-09-20 23:59:59", "notes": "call"},
        ),
        (
            T.PLACEMENTS,
            {"restrictions": []},
            {},
            {"campaign_id": 7, "advertisement_id": 7, "zone_id": 7},
        ),
        (
            T.PLACEMENTS,
            {"restrictions": ["phone"]},
            {},
            {"campaign_id": 7, "advertisement_id": 7, "zone_id": 7, "restrictions": "phone"},
        ),
    ],
)  # fmt: skip
def test_call_holds_what_has_a_value_and_nothing_else(entity_type, fields, query, body):
    built = call(entity_type, **fields)

    assert (built.query, built.body) == (query, body)


def test_zone_without_an_alias_gets_one_to_be_found_by():
    built = call(T.ZONES, alias="  ")

    assert built.body == {"name": "Top", "alias": f"vs.{ID}"}
    assert built.mark == f"vs.{ID}"
    assert call(T.ZONES, alias="mine").mark is None


@pytest.mark.parametrize(
    ("notes", "sent"), [(None, f"[vs.{ID}]"), (" call first ", f"call first [vs.{ID}]")]
)
def test_advertiser_is_tagged_only_where_that_is_on(notes, sent):
    assert call(T.ADVERTISERS, notes=notes, tag_notes=True).body["notes"] == sent
    assert call(T.ADVERTISERS, notes=notes).mark is None
    assert f"vs.{ID}" not in str(call(T.ADVERTISERS, notes=notes).body)


def test_digest_covers_everything_that_is_sent_and_nothing_else():
    built = call(T.ZONES, alias="a")

    assert built.digest == call(T.ZONES, alias=" a ").digest
    assert built.digest != call(T.ZONES, alias="b").digest
    assert built.digest != replace(built, query={"network_id": 8}).digest
    assert replace(built, mark="other").digest == built.digest
