"""What the ad server holds: six kinds of entity, each known by the parents it is listed under."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Item = dict[str, Any]

KINDS = ("networks", "advertisers", "zones", "advertisements", "campaigns", "placements")
# What goes with an entity when somebody deletes it in the dashboard.
_BELOW = {
    "networks": ("advertisers", "zones"),
    "advertisers": ("advertisements", "campaigns"),
    "zones": ("placements",),
    "advertisements": ("placements",),
    "campaigns": ("placements",),
}
PARENT = {
    "networks": "network", "advertisers": "advertiser", "zones": "zone",
    "advertisements": "advertisement", "campaigns": "campaign",
}  # fmt: skip


@dataclass(slots=True)
class Entity:
    """One entity: `item` as it is listed, `kept` what was written and is never shown again.

    `key` is the id; placements have none, theirs is a number that the API does not tell.
    """

    kind: str
    key: int
    item: Any
    parents: dict[str, int] = field(default_factory=dict)
    kept: Item = field(default_factory=dict)
    malformed: bool = False


class Entities:
    """All entities by kind and by parent, in the order in which they came."""

    def __init__(self) -> None:
        self._by_kind: dict[str, dict[int, Entity]] = {kind: {} for kind in KINDS}
        self._scopes: dict[tuple[str, str, int], dict[int, Entity]] = {}

    def add(self, entity: Entity) -> Entity:
        self._by_kind[entity.kind][entity.key] = entity
        for parent, key in entity.parents.items():
            self._scopes.setdefault((entity.kind, parent, key), {})[entity.key] = entity
        return entity

    def remove(self, entity: Entity) -> int:
        """Take an entity out with everything below it; return how many went."""
        self._by_kind[entity.kind].pop(entity.key, None)
        for parent, key in entity.parents.items():
            self._scopes.get((entity.kind, parent, key), {}).pop(entity.key, None)
        gone = 1
        for kind in _BELOW.get(entity.kind, ()):
            for child in self.under(kind, PARENT[entity.kind], entity.key):
                gone += self.remove(child)
        return gone

    def get(self, kind: str, key: object) -> Entity | None:
        return self._by_kind[kind].get(key) if isinstance(key, int) else None

    def all(self, kind: str) -> list[Entity]:
        return list(self._by_kind[kind].values())

    def count(self, kind: str) -> int:
        return len(self._by_kind[kind])

    def last_key(self, kind: str) -> int:
        return max(self._by_kind[kind], default=0)

    def under(self, kind: str, parent: str, key: int) -> list[Entity]:
        return list(self._scopes.get((kind, parent, key), {}).values())

    def placed(self, campaign: int, advertisement: int, zone: int) -> Iterator[Entity]:
        """Yield the placements of a triple; nothing keeps them from being several."""
        for entity in self.under("placements", "campaign", campaign):
            same = entity.parents["advertisement"], entity.parents["zone"]
            if same == (advertisement, zone):
                yield entity
