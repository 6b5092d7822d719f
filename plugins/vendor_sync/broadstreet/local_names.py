"""Names that were given to local entities: an imported one that has the same is a conflict.

It is reported and nothing is merged: whether they are one thing, only a person knows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.models import Record
from vendor_sync.broadstreet.names import fold
from vendor_sync.mongo import Mongo

_PARENTS = {
    EntityType.ADVERTISERS: "network_id",
    EntityType.ZONES: "network_id",
    EntityType.ADVERTISEMENTS: "advertiser_id",
    EntityType.CAMPAIGNS: "advertiser_id",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """An imported entity and a local one of the same name under the same parent."""

    entity_type: str
    broadstreet_id: int
    name: str
    local_id: str

    def to_json(self) -> dict[str, Any]:
        """Return it as results and logs show it."""
        return asdict(self)


class LocalNames:
    """The local entities of one type, by parent and by their name as names are compared."""

    def __init__(self, db: Mongo, entity_type: EntityType) -> None:
        self._entity_type = entity_type
        self._parent = _PARENTS.get(entity_type)
        self._names: dict[tuple[object, str], str] = {}
        if entity_type is EntityType.PLACEMENTS:
            return
        shown = {"name": 1, **({self._parent: 1} if self._parent else {})}
        for row in db[entity_type.local].find({"synced_with_api": {"$ne": True}}, shown):
            place = row.get(self._parent) if self._parent else None
            self._names.setdefault((place, fold(row["name"])), str(row["_id"]))

    def conflicts(self, records: Iterable[Record]) -> list[Conflict]:
        """Return the records that have a local entity's name."""
        if not self._names:
            return []
        found: list[Conflict] = []
        for record in records:
            place = record.document.get(self._parent) if self._parent else None
            local_id = self._names.get((place, fold(record.name or "")))
            if local_id is not None:
                found.append(
                    Conflict(
                        entity_type=self._entity_type,
                        broadstreet_id=record.document["broadstreet_id"],
                        name=record.name or "",
                        local_id=local_id,
                    )
                )
        return found
