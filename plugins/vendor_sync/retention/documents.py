"""Deletes old documents from MongoDB: lines of `sync_logs`, decided intents, failed builds.

An intent goes when it was decided long ago, its local entity is gone and no local entity needs it
to know a parent's Broadstreet id. What it created stays known by the production document. Intents
that are open stay for ever. Exports and imports are kept out meanwhile; while one is at work these
two are left for the next run.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from bson import ObjectId

from vendor_sync.broadstreet import generations, lease, schema
from vendor_sync.broadstreet.entity_types import REFERENCES, EntityType
from vendor_sync.broadstreet.import_flow import FLOW as IMPORT_FLOW
from vendor_sync.broadstreet.journal import ABSENT, DONE, REFUSED
from vendor_sync.errors import LockedError
from vendor_sync.mongo import Document, Mongo
from vendor_sync.postgres import Warehouse, lock_flow

_BATCH = 500
_LOCK_WAIT_SECONDS = 5
BUILDS = "unfinished_builds"
_Tell = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class DocumentSweep:
    """One run's deletions from MongoDB; `locks` is a connection that holds the flows' locks."""

    db: Mongo
    locks: Warehouse
    run_id: str
    before: datetime
    dry_run: bool
    tell: _Tell

    def sweep(self) -> dict[str, dict[str, int]]:
        """Delete what is old; return counts by collection."""
        found = {schema.SYNC_LOGS: self._sync_logs()}
        try:
            with self._alone():
                found[schema.JOURNAL] = self._journal()
                found[BUILDS] = self._builds()
        except LockedError:
            found[schema.JOURNAL] = {"total": self._size(schema.JOURNAL), "postponed": 1}
        return found

    def _sync_logs(self) -> dict[str, int]:
        query = {"timestamp": {"$lt": self.before}}
        return self._delete(schema.SYNC_LOGS, query, needed=frozenset())

    def _journal(self) -> dict[str, int]:
        decided = {
            "status": {"$in": [DONE, REFUSED, ABSENT]},
            "updated_at": {"$lt": self.before},
        }
        return self._delete(schema.JOURNAL, decided, needed=self._needed())

    def _delete(self, name: str, query: Document, *, needed: frozenset[ObjectId]) -> dict[str, int]:
        collection = self.db[name]
        total, old, deleted = self._size(name), 0, 0
        keys = (found["_id"] for found in collection.find(query, {"_id": 1}))
        unneeded = (key for key in keys if key not in needed)
        while batch := list(islice(unneeded, _BATCH)):
            old += len(batch)
            if not self.dry_run:
                gone = collection.delete_many({**query, "_id": {"$in": batch}}).deleted_count
                deleted += gone
                self.tell(name, gone)
        return {"total": total, "old": old, "deleted": deleted, "left": total - deleted}

    def _needed(self) -> frozenset[ObjectId]:
        """Return the local entities that are here, and those that these refer to."""
        held: set[ObjectId] = set()
        for entity_type in EntityType:
            for found in self.db[entity_type.local].find({}, dict.fromkeys(_names(entity_type), 1)):
                values = (found.get(name) for name in ("_id", *_names(entity_type)))
                held |= {ObjectId(value) for value in values if _is_local(value)}
        return frozenset(held)

    def _builds(self) -> dict[str, int]:
        """Drop what killed imports have built beside; an unfinished swap is the next import's."""
        names = generations.leftovers(self.db)
        dropped: list[str] = []
        if not self.dry_run and not generations.is_swapping(self.db):
            dropped = generations.drop_leftovers(self.db)
        return {"total": len(names), "old": len(names), "deleted": len(dropped)}

    def _size(self, name: str) -> int:
        return self.db[name].estimated_document_count()

    @contextmanager
    def _alone(self) -> Generator[None]:
        """Keep imports and exports out; raise LockedError while one is at work."""
        lock_flow(self.locks, IMPORT_FLOW, wait_seconds=_LOCK_WAIT_SECONDS)
        lock_flow(self.locks, schema.EXCLUSIVE_LOCK, wait_seconds=_LOCK_WAIT_SECONDS)
        lease.claim(self.db, self.run_id, datetime.now(UTC))
        try:
            yield
        finally:
            lease.release(self.db, self.run_id)


def _names(entity_type: EntityType) -> tuple[str, ...]:
    return tuple(REFERENCES[entity_type])


def _is_local(value: Any) -> bool:  # noqa: ANN401 - a number where it is Broadstreet's own
    return isinstance(value, ObjectId | str) and ObjectId.is_valid(value)
