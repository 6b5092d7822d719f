"""Local and production documents as the export sees them: claimed, moved over, given back.

Every step may be repeated; what was done is not done twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from bson import ObjectId

from vendor_sync import mongo
from vendor_sync.broadstreet.dependencies import LocalEntity
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.local_store import entity_of
from vendor_sync.broadstreet.models import TRIPLE, Key, Record
from vendor_sync.broadstreet.schema import KEPT_ERRORS, SYNC_LOGS
from vendor_sync.mongo import Document, Mongo

K = TypeVar("K")
T = TypeVar("T")


class ExportStore:
    """Used by one export at a time."""

    def __init__(self, db: Mongo) -> None:
        self._db = db

    def waiting(self) -> tuple[dict[str, LocalEntity], set[str]]:
        """Return all local entities by local id, and which of them an export has claimed."""
        entities: dict[str, LocalEntity] = {}
        claimed: set[str] = set()
        for entity_type in EntityType:
            for found in self._db[entity_type.local].find():
                entity = entity_of(entity_type, found)
                entities[entity.local_id] = entity
                if found["exporting"]:
                    claimed.add(entity.local_id)
        return entities, claimed

    def anything_waits(self) -> bool:
        """Tell whether there is any local entity."""
        collections = (self._db[entity_type.local] for entity_type in EntityType)
        return any(collection.find_one({}, {"_id": 1}) for collection in collections)

    def waiting_one(self, entity_type: EntityType, local_id: str) -> LocalEntity | None:
        """Return one local entity, None if it is gone."""
        found = self._db[entity_type.local].find_one({"_id": ObjectId(local_id)})
        return entity_of(entity_type, found) if found else None

    def claim(self, entities: Iterable[LocalEntity], run_id: str, now: datetime) -> set[str]:
        """Take entities for export; return the local ids of those that are as they were read.

        From now on nobody edits them, until they are given back. The claim of a run that died is
        taken over: the caller holds the lock that only one run has.
        """
        held: set[str] = set()
        change = {"exporting": {"run_id": run_id, "since": now}, "last_sync_attempt": now}
        for (entity_type, version), local_ids in _grouped(
            ((one.entity_type, one.version), one.local_id) for one in entities
        ):
            local = self._db[entity_type.local]
            wanted = {"_id": {"$in": list(map(ObjectId, local_ids))}, "version": version}
            local.update_many(wanted, {"$set": change})
            # What is claimed in a version stays in it: nobody edits it until it is given back.
            mine = local.find({**wanted, "exporting.run_id": run_id}, {"_id": 1})
            held |= {str(found["_id"]) for found in mine}
        return held

    def give_back(self, entities: Iterable[LocalEntity]) -> None:
        """Let people edit again what was claimed and is not being sent."""
        ids: dict[EntityType, list[ObjectId]] = {}
        for entity in entities:
            ids.setdefault(entity.entity_type, []).append(ObjectId(entity.local_id))
        for entity_type, keys in ids.items():
            free = {"$set": {"exporting": None}}
            self._db[entity_type.local].update_many({"_id": {"$in": keys}}, free)

    def skip(self, entity: LocalEntity, *, reason: str, run_id: str) -> None:
        """Append why an entity was left alone, without touching a claim on it."""
        self.fail(entity, kind="skipped", reason=reason, run_id=run_id, release=False)

    def fail(
        self, entity: LocalEntity, *, kind: str, reason: str, run_id: str, release: bool
    ) -> None:
        """Append why an entity stays local; the same reason again is counted, not appended."""
        now = datetime.now(UTC)
        collection = self._db[entity.entity_type.local]
        key = {"_id": ObjectId(entity.local_id)}
        found = collection.find_one(key, {"sync_errors": 1})
        if found is None:
            return
        errors: list[Document] = found["sync_errors"]
        last = errors[-1] if errors else {}
        times = 1
        if (last.get("kind"), last.get("message")) == (kind, reason):
            times = last.get("times", 1) + (last.get("run_id") != run_id)
            errors = errors[:-1]
        error = {"at": now, "kind": kind, "message": reason, "run_id": run_id, "times": times}
        change: Document = {
            "sync_errors": [*errors, error][-KEPT_ERRORS:],
            "last_sync_attempt": now,
        }
        if release:
            change["exporting"] = None
        collection.update_one(key, {"$set": change})

    def produce(self, exported: Iterable[tuple[Record, str]], now: datetime) -> None:
        """Put entities, with their local ids, among the production ones, as imports leave them."""
        for entity_type, records in _grouped((one[0].entity_type, one) for one in exported):
            documents = [_produced(record, local_id) for record, local_id in records]
            names = _key_names(entity_type)
            mongo.insert_or_update(
                self._db[entity_type], documents, names, on_insert={"synced_at": now}
            )

    def remove(self, exported: Iterable[tuple[EntityType, str]]) -> None:
        """Delete the local copies of what is in production now."""
        for entity_type, local_ids in _grouped(exported):
            keys = list(map(ObjectId, local_ids))
            self._db[entity_type.local].delete_many({"_id": {"$in": keys}})

    def owner_of_placement(self, key: Key) -> str | None:
        """Return the local entity that a production placement came from, if it came from here."""
        wanted: Document = dict(zip(TRIPLE, key if isinstance(key, tuple) else (), strict=True))
        wanted["removed_at"] = None
        found = self._db[EntityType.PLACEMENTS].find_one(wanted, {"local_id": 1})
        return str(found["local_id"]) if found and "local_id" in found else None

    def network_of(self, advertiser_id: int) -> int | None:
        """Return the network of a production advertiser, None if it was never imported."""
        found = self._db[EntityType.ADVERTISERS].find_one({"broadstreet_id": advertiser_id})
        return found.get("network_id") if found else None

    def log(self, entity_type: str, run_id: str, entry: Mapping[str, Any]) -> None:
        """Write one line of `sync_logs`; a repeated run replaces its own."""
        key = {"run_id": run_id, "operation": "export", "entity_type": str(entity_type)}
        self._db[SYNC_LOGS].replace_one(key, {**key, **entry}, upsert=True)


def _produced(record: Record, local_id: str) -> Document:
    return {
        **record.document,
        "content_hash": record.content_hash,
        "removed_at": None,
        "synced_with_api": True,
        "local_id": ObjectId(local_id),
    }


def _grouped(pairs: Iterable[tuple[K, T]]) -> Iterable[tuple[K, list[T]]]:
    """Return what belongs to each key, in the order it came."""
    found: dict[K, list[T]] = {}
    for key, one in pairs:
        found.setdefault(key, []).append(one)
    return found.items()


def _key_names(entity_type: EntityType) -> tuple[str, ...]:
    return TRIPLE if entity_type is EntityType.PLACEMENTS else ("broadstreet_id",)
