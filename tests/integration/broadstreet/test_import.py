"""Imports into MongoDB: every value, only what has changed, and nothing lost."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.integration

KINDS = ("networks", "advertisers", "zones", "advertisements", "campaigns", "placements")
ADDED = {"advertisers": {"network_id"}, "placements": {"campaign_id"},
         "advertisements": {"network_id", "advertiser_id"}}  # fmt: skip
OWN = {"_id", "content_hash", "last_import", "removed_at"}


def as_listed(document, kind):
    """Turn a production document back into the vendor's row."""
    dropped = OWN | ADDED.get(kind, set())
    item = {name: value for name, value in document.items() if name not in dropped}
    return {"id": item.pop("broadstreet_id"), **item} if "broadstreet_id" in item else item


def identity(kind, document):
    if kind == "placements":
        return tuple(document[f"{name}_id"] for name in ("campaign", "advertisement", "zone"))
    return document["broadstreet_id"]


def imported(world, kind, query=None):
    """Return {identity: the row as the vendor would list it}."""
    found = world.db[kind].find({"removed_at": None} if query is None else query)
    return {identity(kind, document): as_listed(document, kind) for document in found}


def truth(world, kind):
    rows = [row for row in world.vendors.truth("broadstreet") if row["kind"] == kind]
    if kind == "placements":
        return {tuple(row["parents"].values()): row["item"] for row in rows}
    return {row["item"]["id"]: row["item"] for row in rows}


def test_every_value_of_a_real_structure_arrives_as_it_is(broadstreet):
    broadstreet.vendors.reset(3, broadstreet={"entities": None})

    result = broadstreet.run()

    for kind in KINDS:
        assert imported(broadstreet, kind) == truth(broadstreet, kind)
        assert list(map(list, imported(broadstreet, kind).values())) == list(
            map(list, imported(broadstreet, kind).values())
        )
    assert result["status"] == "completed"
    assert result["entities"]["placements"]["inserted"] == 4_358


def test_a_second_import_writes_nothing(broadstreet):
    broadstreet.run()
    before = {kind: list(broadstreet.db[kind].find().sort("_id")) for kind in KINDS}

    result = broadstreet.run()

    for kind in KINDS:
        counts = result["entities"][kind]
        assert counts["unchanged"] == counts["fetched"] == len(before[kind])
        assert list(broadstreet.db[kind].find().sort("_id")) == before[kind]
