"""The export's journal in MongoDB: what was meant before each create, and what came of it.

One document a local entity, under its `_id`. What each status proves:

intended   a create was about to leave; whether it arrived is not known
absent     nothing was created: it never left, or a look at the scope did not find it
refused    Broadstreet said no to this version of the entity
stopped    several new entities match: a person has to say which is ours (`broadstreet-resolve`)
created    it is in Broadstreet under `broadstreet_id`; the local copy may still be there
done       it is in production under that id, and the local copy is gone

A name, once chosen, stays with the document; a repeated create sends it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, cast

from bson import ObjectId
from pymongo import UpdateMany

from vendor_sync import mongo
from vendor_sync.broadstreet import schema
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.group_commit import GroupCommit
from vendor_sync.broadstreet.payloads import CreateCall
from vendor_sync.mongo import Document, Mongo

INTENDED, ABSENT, REFUSED = "intended", "absent", "refused"
STOPPED, CREATED, DONE = "stopped", "created", "done"
# The entity may be in Broadstreet, or is there and here: nobody may edit or send it.
UNSETTLED = (INTENDED, STOPPED, CREATED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A create that was meant: the whole call, and how to find out what came of it.

    `sent_at`: when it has left at the latest, if it ever left.
    """

    local_id: str
    entity_type: EntityType
    local_version: int
    attempt: int
    status: str
    run_id: str
    scope: str
    wanted: str | None
    name: str | None
    references: Mapping[str, int]
    call: CreateCall
    snapshot: ObjectId
    sent_at: datetime
    broadstreet_id: int | None = None
    item: str | None = None
    adopted: bool = False

    @classmethod
    def from_document(cls, found: Document) -> Self:
        """Read a journal document."""
        entity_type = EntityType(found["entity_type"])
        return cls(
            local_id=str(found["_id"]),
            entity_type=entity_type,
            call=CreateCall(entity_type=entity_type, **found["call"]),
            broadstreet_id=found.get("broadstreet_id"),
            item=found.get("item"),
            adopted=found.get("adopted", False),
            **{name: found[name] for name in _PLAIN},
        )

    def to_document(self) -> Document:
        """Return what is written before the create leaves."""
        return {
            "_id": ObjectId(self.local_id),
            "entity_type": str(self.entity_type),
            "call": self.call.to_json(),
            "payload_hash": self.call.digest,
            "broadstreet_id": self.broadstreet_id,
            "item": self.item,
            "updated_at": self.sent_at,
            **{name: getattr(self, name) for name in _PLAIN},
        }


_PLAIN = (
    "local_version", "attempt", "status", "run_id", "scope", "wanted", "name", "references",
    "snapshot", "sent_at",
)  # fmt: skip


class Journal:
    """Reads and writes intents; the caller holds the lock that exports and imports share."""

    def __init__(self, db: Mongo) -> None:
        self._intents = db[schema.JOURNAL]
        self._snapshots = db[schema.SNAPSHOTS]
        self._intending = GroupCommit(self._write_intents)
        self._noting = GroupCommit(self._write_notes)

    def snapshot(self, scope: str, ids: Iterable[Any], listed_at: datetime) -> ObjectId:
        """Keep which ids a scope held before anything was created in it; return the key."""
        document = {"scope": scope, "ids": list(ids), "listed_at": listed_at}
        return self._snapshots.insert_one(document).inserted_id

    def pre_image(self, intent: Intent) -> set[Any]:
        """Return the ids that were in the intent's scope before: none of them is ours."""
        found = self._snapshots.find_one({"_id": intent.snapshot})
        return {_hashable(key) for key in found["ids"]} if found else set()

    def forget_snapshots(self) -> None:
        """Drop the snapshots that no open intent needs any more."""
        needed = self._intents.distinct(
            "snapshot", {"status": {"$in": [INTENDED, ABSENT, STOPPED]}}
        )
        self._snapshots.delete_many({"_id": {"$nin": needed}})

    def intend(self, intent: Intent) -> None:
        """Write down what is about to be sent; only then may it leave."""
        self._intending(intent.to_document())

    def _write_intents(self, documents: Sequence[Document]) -> Sequence[None]:
        mongo.insert_or_update(self._intents, documents, ("_id",), on_insert={})
        return [None] * len(documents)

    def note(self, local_id: str, status: str, now: datetime, **fields: Any) -> None:  # noqa: ANN401
        """Write what became of an intent."""
        self._noting((ObjectId(local_id), now, {"status": status, **fields}))

    def _write_notes(self, notes: Sequence[tuple[ObjectId, datetime, Document]]) -> Sequence[None]:
        alike: list[tuple[list[ObjectId], datetime, Document]] = []
        for key, now, change in notes:
            same = next((group for group in alike if group[2] == change), None)
            if same:
                same[0].append(key)
            else:
                alike.append(([key], now, change))
        writes = [
            UpdateMany({"_id": {"$in": keys}}, {"$set": {**change, "updated_at": now}})
            for keys, now, change in alike
        ]
        self._intents.bulk_write(writes, ordered=False)
        return [None] * len(notes)

    def close(self, local_ids: Iterable[str], now: datetime, *, run_id: str, adopted: bool) -> None:
        """Note that entities are in production and their local copies gone."""
        keys = list(map(ObjectId, local_ids))
        if keys:
            change = {"status": DONE, "run_id": run_id, "adopted": adopted, "updated_at": now}
            self._intents.update_many({"_id": {"$in": keys}}, {"$set": change})

    def get(self, local_id: str) -> Intent | None:
        """Return the intent of a local entity, if there ever was one."""
        found = self._intents.find_one({"_id": ObjectId(local_id)})
        return Intent.from_document(found) if found else None

    def of_status(self, *statuses: str) -> list[Intent]:
        """Return the intents in one of these states, oldest entity first."""
        found = self._intents.find({"status": {"$in": list(statuses)}}).sort("_id", 1)
        return list(map(Intent.from_document, found))

    def anything_open(self) -> bool:
        """Tell whether a create waits for its outcome to be found out."""
        return self._intents.find_one({"status": {"$in": [INTENDED, CREATED]}}) is not None

    def known(self, local_ids: Iterable[str]) -> dict[str, Intent]:
        """Return the intents that these local entities have, by local id."""
        keys = [ObjectId(local_id) for local_id in local_ids]
        found = self._intents.find({"_id": {"$in": keys}})
        return {intent.local_id: intent for intent in map(Intent.from_document, found)}

    def ids_of(self, local_ids: Iterable[str]) -> dict[tuple[EntityType, str], int | None]:
        """Return {(type, local id): Broadstreet id} of those that are in Broadstreet."""
        keys = [ObjectId(local_id) for local_id in local_ids if ObjectId.is_valid(local_id)]
        query = {"_id": {"$in": keys}, "status": {"$in": [CREATED, DONE]}}
        return {
            (EntityType(found["entity_type"]), str(found["_id"])): found["broadstreet_id"]
            for found in self._intents.find(query, {"entity_type": 1, "broadstreet_id": 1})
        }

    def names_in(self, scope: str) -> dict[str, str]:
        """Return {local id: name} of unsettled intents in a scope: they keep their names."""
        query = {"scope": scope, "status": {"$in": [INTENDED, ABSENT, STOPPED]}}
        found = self._intents.find(query, {"name": 1})
        return {str(intent["_id"]): intent["name"] for intent in found if intent["name"]}

    def owned(self, entity_type: EntityType, ids: Iterable[int], besides: str) -> set[int]:
        """Return which of these Broadstreet ids are those of other local entities."""
        query = {
            "entity_type": str(entity_type),
            "broadstreet_id": {"$in": list(ids)},
            "_id": {"$ne": ObjectId(besides)},
        }
        return {found["broadstreet_id"] for found in self._intents.find(query)}

    def done_in(self, run_id: str) -> list[Intent]:
        """Return what a run brought to its end, over all its attempts."""
        found = self._intents.find({"run_id": run_id, "status": DONE}).sort("_id", 1)
        return list(map(Intent.from_document, found))


def _hashable(key: Any) -> Any:  # noqa: ANN401 - an id, or the three of a placement
    return tuple(cast("list[int]", key)) if isinstance(key, list) else key
