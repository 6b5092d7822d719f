"""What was known when the database was restored: what Broadstreet has beside it may be ours.

A backup is older than the last export. Entities that were exported in between are local again, and
no line of the journal says that they were sent. For those that a backup held, whatever the account
has now and the backup did not know is looked at as after a create whose answer was lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from bson import ObjectId

from vendor_sync.broadstreet import schema
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.models import Key
from vendor_sync.mongo import Mongo

_MARK = "restored_"


@dataclass(frozen=True, slots=True)
class Restored:
    """When a backup was restored, and the Broadstreet ids that it knew."""

    at: datetime
    known: Mapping[EntityType, AbstractSet[Key]]

    @classmethod
    def load(cls, db: Mongo) -> Self | None:
        """Return what the last restore has noted; None if there never was one."""
        keys = {f"{_MARK}{entity_type}": entity_type for entity_type in EntityType}
        found = list(db[schema.GENERATION].find({"_id": {"$in": list(keys)}}))
        if not found:
            return None
        known = {keys[one["_id"]]: frozenset(one["ids"]) for one in found}
        return cls(at=max(one["at"] for one in found), known=known)

    def held(self, local_id: str) -> bool:
        """Tell whether the backup held a local entity: what was made since is nobody's double."""
        return ObjectId(local_id).generation_time <= self.at


def note_restore(db: Mongo, now: datetime) -> int:
    """Note what is known now, before anything is imported or exported; return how many ids.

    Placements need no note: their three ids are their key.
    """
    total = 0
    for entity_type in set(EntityType) - {EntityType.PLACEMENTS}:
        ids = set(db[entity_type].distinct("broadstreet_id"))
        mine = {"entity_type": str(entity_type), "broadstreet_id": {"$type": "number"}}
        ids |= set(db[schema.JOURNAL].distinct("broadstreet_id", mine))
        total += len(ids)
        db[schema.GENERATION].replace_one(
            {"_id": f"{_MARK}{entity_type}"},
            {"generation": 0, "at": now, "ids": sorted(ids)},
            upsert=True,
        )
    return total
