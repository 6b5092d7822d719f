"""The query parameters that choose rows; unknown ones are ignored, as the vendor does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.vendors.trackier.brief import plain_id
from sandbox.vendors.trackier.ids import Ids
from sandbox.vendors.wire import Call

Item = dict[str, Any]
Test = Callable[[Item], bool]

_CONTAINS = {"name": "name", "company": "company"}
_ONE_OF = {
    "status": "status",
    "objective": "commModel",
    "visibility": "visibility",
    "category": "categories",
    "device": "device",
    "os": "os",
    "geo": "geo",
    "trafficChannels": "trafficChannels",
}


def tests(call: Call, entity: str, ids: Ids) -> list[Test]:
    """Return what a row has to pass; empty when the call does not choose."""
    if not call.raw_query or "filters" not in call.query_text:
        return []
    if entity == "campaigns":
        chosen = {name: call.values(f"filters[{name}]") for name in _ONE_OF}
        return [_one_of(_ONE_OF[name], values) for name, values in chosen.items() if values]
    named = {name: call.first(f"filters[{name}]") for name in _CONTAINS}
    found = [_contains(_CONTAINS[name], text) for name, text in named.items() if text]
    wanted = call.values("filters[ids]")
    return [*found, _is_any(ids, wanted)] if wanted else found


def _contains(name: str, text: str) -> Test:
    return lambda row: text.casefold() in str(row.get(name, "")).casefold()


def _one_of(name: str, values: list[str]) -> Test:
    wanted = set(values)

    def test(row: Item) -> bool:
        value = row.get(name)
        return not wanted.isdisjoint(value if isinstance(value, list) else [str(value)])

    return test


def _is_any(ids: Ids, wanted: list[str]) -> Test:
    indexes = {ids.index(plain_id(text)) for text in wanted}
    return lambda row: isinstance(row.get("hashId"), str) and ids.index(row["hashId"]) in indexes
