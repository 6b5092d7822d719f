"""What leaves the building: one create call a local entity, and nothing in it by accident."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vendor_sync.broadstreet import dates, weights
from vendor_sync.broadstreet.entity_types import EntityType

_MARK = "vs"
# The fields that Broadstreet's API takes when it creates one (required ones first). References are
# not among them: they go where `_IN_QUERY` or `_IN_BODY` says.
FIELDS: Mapping[EntityType, tuple[str, ...]] = {
    EntityType.NETWORKS: ("name", "web_home_url", "logo"),
    EntityType.ADVERTISERS: ("name", "web_home_url", "notes"),
    EntityType.ZONES: ("name", "alias"),
    EntityType.ADVERTISEMENTS: (
        "type", "name", "destination", "active_url", "active_base64", "html",
    ),
    EntityType.CAMPAIGNS: (
        "name", "start_date", "end_date", "max_impression_count", "display_type", "pacing_type",
        "impression_max_type", "weight", "paused", "archived", "notes",
    ),
    EntityType.PLACEMENTS: ("restrictions",),
}  # fmt: skip
_IN_QUERY: Mapping[EntityType, tuple[str, ...]] = {
    EntityType.ADVERTISERS: ("network_id",),
    EntityType.ZONES: ("network_id",),
    EntityType.ADVERTISEMENTS: ("advertiser_id",),
    EntityType.CAMPAIGNS: ("advertiser_id",),
}
_IN_BODY: Mapping[EntityType, tuple[str, ...]] = {
    EntityType.PLACEMENTS: ("campaign_id", "advertisement_id", "zone_id"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateCall:
    """One create as the client sends it; in a plan, words stand where an id is not known.

    `mark` is what of it finds the entity again, if any.
    """

    entity_type: EntityType
    query: Mapping[str, int | str]
    body: Mapping[str, Any]
    mark: str | None = None

    @property
    def digest(self) -> str:
        """Return a digest of all that is sent."""
        parts = [self.entity_type, dict(self.query), dict(self.body)]
        text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Return it as journal and plan keep it."""
        return {"query": dict(self.query), "body": dict(self.body), "mark": self.mark}


def create_call(  # noqa: PLR0913 - what a call is made of, all keyword
    entity_type: EntityType,
    *,
    fields: Mapping[str, Any],
    references: Mapping[str, int | str],
    name: str | None,
    local_id: str,
    tag_notes: bool = False,
) -> CreateCall:
    """Build the call for one entity under its chosen name; placements have none.

    The mark of rule 5 is a zone's alias where the user gave none, and a tag at the end of an
    advertiser's notes where `tag_notes` is on.
    """
    body: dict[str, Any] = {part: references[part] for part in _IN_BODY.get(entity_type, ())}
    for part in FIELDS[entity_type]:
        given = _as_sent(part, name if part == "name" else fields.get(part))
        if given not in (None, "", []):
            body[part] = given
    mark = None
    if entity_type is EntityType.ZONES and "alias" not in body:
        mark = body["alias"] = f"{_MARK}.{local_id}"
    if entity_type is EntityType.ADVERTISERS and tag_notes:
        mark = f"[{_MARK}.{local_id}]"
        body["notes"] = f"{body['notes']} {mark}" if "notes" in body else mark
    query = {part: references[part] for part in _IN_QUERY.get(entity_type, ())}
    return CreateCall(entity_type=entity_type, query=query, body=body, mark=mark)


def _as_sent(part: str, value: Any) -> Any:  # noqa: ANN401 - JSON
    value = value.strip() if isinstance(value, str) else value
    change = _CHANGES.get(part)
    return change(value) if change and value not in (None, "", []) else value


def _number(weight: Any) -> float:  # noqa: ANN401 - JSON
    return weights.NUMBERS[weights.label(weight)]


_CHANGES: Mapping[str, Callable[[Any], Any]] = {
    "weight": _number,
    "start_date": lambda text: dates.to_api(dates.normalise(text), ends=False),
    "end_date": lambda text: dates.to_api(dates.normalise(text), ends=True),
    # The API takes one value; local entities hold a list of at most one.
    "restrictions": lambda values: values if isinstance(values, str) else values[0],
}
