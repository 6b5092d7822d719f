"""Local and production documents as the export sees them: claimed, moved over, given back.

Every step may be repeated; what was done is not done twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from bson import ObjectId
from pymongo import UpdateOne

from vendor_sync.broadstreet.dependencies import LocalEntity
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.group_commit import GroupCommit
from vendor_sync.broadstreet.local_store import entity_of
from vendor_sync.broadstreet.models import TRIPLE, Key, Record
from vendor_sync.broadstreet.schema import KEPT_ERRORS, SYNC_LOGS
from vendor_sync.mongo import Document, Mongo

T = TypeVar("T")


class ExportStore:
    """Used by one export at a time."""

    def __init__(self, db: Mongo) -> None:
        self._db = db
        self._claiming = GroupCommit(self._write_claims)
        self._producing = GroupCommit(self._write_records)
        self._removing = GroupCommit(self._write_removals)

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

    def claim(self, entity: LocalEntity, run_id: str, now: datetime) -> bool:
        """Take an entity for export, in the version that was read; False if it has changed since.

        From now on nobody edits it, until it is given back. The claim of a run that died is taken
        over: the caller holds the lock that only one run has.
        """
        return self._claiming((entity, run_id, now))

    def _write_claims(self, claims: Sequence[tuple[LocalEntity, str, datetime]]) -> Sequence[bool]:
        held: set[tuple[ObjectId, int]] = set()
        _, run_id, now = claims[0]
        change = {"exporting": {"run_id": run_id, "since": now}, "last_sync_attempt": now}
        for entity_type, entities in _by_type((one.entity_type, one) for one, _, _ in claims):
            local = self._db[entity_type.local]
            for version in {one.version for one in entities}:
                keys = [ObjectId(one.local_id) for one in entities if one.version == version]
                wanted = {"_id": {"$in": keys}, "version": version}
                local.update_many(wanted, {"$set": change})
                # What is claimed in a version stays in it: nobody edits it until it is given back.
                mine = local.find({**wanted, "exporting.run_id": run_id}, {"_id": 1})
                held |= {(found["_id"], version) for found in mine}
        return [(ObjectId(one.local_id), one.version) in held for one, _, _ in claims]

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

    def produce(self, record: Record, local_id: str, now: datetime) -> None:
        """Put the exported entity among the production ones, as an import would find it there."""
        document = {
            **record.document,
            "content_hash": record.content_hash,
            "removed_at": None,
            "synced_with_api": True,
            "local_id": ObjectId(local_id),
        }
        key = {name: record.document[name] for name in _key_names(record.entity_type)}
        change = {"$set": document, "$setOnInsert": {"synced_at": now}}
        self._producing((record.entity_type, UpdateOne(key, change, upsert=True)))

    def _write_records(self, records: Sequence[tuple[EntityType, UpdateOne]]) -> Sequence[None]:
        for entity_type, writes in _by_type(records):
            self._db[entity_type].bulk_write(writes, ordered=False)
        return [None] * len(records)

    def remove(self, entity_type: EntityType, local_id: str) -> None:
        """Delete the local copy of what is in production now."""
        self._removing((entity_type, ObjectId(local_id)))

    def _write_removals(self, removals: Sequence[tuple[EntityType, ObjectId]]) -> Sequence[None]:
        for entity_type, keys in _by_type(removals):
            self._db[entity_type.local].delete_many({"_id": {"$in": keys}})
        return [None] * len(removals)

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


def _by_type(
    pairs: Iterable[tuple[EntityType, T]],
) -> Iterable[tuple[EntityType, list[T]]]:
    """Return what belongs to each type, in the order it came."""
    found: dict[EntityType, list[T]] = {}
    for entity_type, one in pairs:
        found.setdefault(entity_type, []).append(one)
    return found.items()


def _key_names(entity_type: EntityType) -> tuple[str, ...]:
    return TRIPLE if entity_type is EntityType.PLACEMENTS else ("broadstreet_id",)
