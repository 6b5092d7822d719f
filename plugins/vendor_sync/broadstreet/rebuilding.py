"""Builds one collection anew beside the production one, from what the vendor lists now.

Nothing that readers see changes until the swap. What is ours in a production document (its `_id`,
and that it came from here) goes over into the new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from bson import ObjectId
from pymongo.errors import BulkWriteError

from vendor_sync.broadstreet import schema
from vendor_sync.broadstreet.counts import Counts
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.generations import incoming_name
from vendor_sync.broadstreet.models import TRIPLE, Key, Record
from vendor_sync.broadstreet.production import (
    KEPT_FIELDS,
    SCOPE_FIELD,
    Stored,
    WriteRefusal,
    by_keys,
    key_of,
)
from vendor_sync.errors import TemporaryError
from vendor_sync.mongo import Document, Mongo

_DUPLICATE = 11000
_KEY_FIELDS = ("broadstreet_id", *TRIPLE)
_ACTIVE: Document = {"removed_at": None}


class RebuiltCollection:
    """One entity type's new collection during one run."""

    def __init__(
        self, db: Mongo, entity_type: EntityType, *, build: str, run: int, now: datetime
    ) -> None:
        self._old = db[entity_type]
        self._entity_type = entity_type
        self._run = run
        self._now = now
        self._name = incoming_name(build, entity_type)
        # An attempt that was killed has left a part of it.
        db.drop_collection(self._name)
        schema.create(db, schema.COLLECTIONS[entity_type], name=self._name)
        self._new = db[self._name]
        self._written = 0
        self._found_again = 0

    def stored(self, scopes: Sequence[int]) -> dict[Key, Stored]:
        """Return the active documents that production has under some parents."""
        field = SCOPE_FIELD[self._entity_type]
        query: Document = {field: {"$in": list(scopes)}} if field else {}
        shown = dict.fromkeys((*_KEY_FIELDS, *([field] if field else []), "content_hash"), 1)
        found = self._old.find({**query, **_ACTIVE}, shown)
        return {
            key_of(self._entity_type, row): Stored(
                object_id=row["_id"],
                scope=row.get(field) if field else None,
                content_hash=row.get("content_hash"),
                removed=False,
                run=None,
                outcome=None,
            )
            for row in found
        }

    def write(
        self, records: Iterable[Record], stored: Mapping[Key, Stored], counts: Counts
    ) -> list[WriteRefusal]:
        """Put records into the new collection, and count against what production has."""
        del stored  # of their parents only: a record may have moved
        chosen = list(records)
        known = self._ours([record.key for record in chosen])
        documents = [self._document(record, known.get(record.key, {})) for record in chosen]
        errors = self._insert_many(documents)
        refusals: list[WriteRefusal] = []
        for index, record in enumerate(chosen):
            error = errors.get(index)
            if error is None:
                outcome = documents[index]["last_import"]["outcome"]
                counts.add(outcome)
                self._written += 1
                self._found_again += outcome != "inserted"
            elif error["code"] == _DUPLICATE:
                counts.duplicates += 1
            else:
                refusals.append(WriteRefusal(record, str(error.get("errmsg", "refused"))))
        return refusals

    def verify(self, counts: Counts, *, max_share: float, max_rows: int) -> None:
        """Raise TemporaryError where the new collection is not to replace the old one."""
        there = self._new.count_documents({})
        if there != self._written:
            message = (
                f"The new {self._entity_type} hold {there} documents, {self._written} were "
                "written. Nothing was changed."
            )
            raise TemporaryError(message)
        active = self._old.count_documents(_ACTIVE)
        missing = active - self._found_again
        nothing = self._entity_type is EntityType.NETWORKS and active and not self._written
        if nothing or (missing > max_rows and missing > max_share * active):
            message = (
                f"Broadstreet lists {self._written} {self._entity_type}; {missing} of the "
                f"{active} that are here are not among them. That is too much to believe: "
                "nothing was changed. If it is true, raise 'max_removal_share' in connection "
                "'broadstreet_default' for one run."
            )
            raise TemporaryError(message)
        counts.removed = max(0, missing)

    def _ours(self, keys: Sequence[Key]) -> dict[Key, Document]:
        if not keys:
            return {}
        shown = dict.fromkeys((*_KEY_FIELDS, *KEPT_FIELDS, "content_hash", "removed_at"), 1)
        found = self._old.find(by_keys(keys), shown)
        return {key_of(self._entity_type, row): row for row in found}

    def _document(self, record: Record, known: Document) -> Document:
        outcome = "inserted"
        if known and known.get("removed_at") is None:
            same = known.get("content_hash") == record.content_hash
            outcome = "unchanged" if same else "updated"
        kept = {name: known[name] for name in KEPT_FIELDS if name in known}
        return {
            "_id": known.get("_id") or ObjectId(),
            **record.document,
            **kept,
            "content_hash": record.content_hash,
            "last_import": {"run": self._run, "outcome": outcome, "at": self._now},
        }

    def _insert_many(self, documents: Sequence[Document]) -> dict[int, Document]:
        if not documents:
            return {}
        try:
            self._new.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            return {item["index"]: item for item in error.details["writeErrors"]}
        return {}


def carry_exported(db: Mongo, entity_type: EntityType, *, build: str, since: datetime) -> int:
    """Take over what an export has put into production since then; return how many.

    The vendor's list was read before it, so the new collection does not have it. Call it with the
    export locked out, before the swap.
    """
    new = db[incoming_name(build, entity_type)]
    exported = {
        key_of(entity_type, row): row
        for row in db[entity_type].find({"synced_at": {"$gte": since}})
    }
    if not exported:
        return 0
    found = new.find(by_keys(list(exported)), dict.fromkeys(_KEY_FIELDS, 1))
    there = {key_of(entity_type, row) for row in found}
    missing = [row for key, row in exported.items() if key not in there]
    if missing:
        new.insert_many(missing)
    return len(missing)
