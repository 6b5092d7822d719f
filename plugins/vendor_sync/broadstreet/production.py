"""What an import changes in one production collection: new, changed and vanished documents.

A document is written only when what the vendor shows of it has changed. Each write notes run and
outcome in the document, so that a run that was killed and taken up again counts like a clean one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import InsertOne, ReplaceOne
from pymongo.errors import BulkWriteError

from vendor_sync.broadstreet.counts import Counts
from vendor_sync.broadstreet.entity_types import REFERENCES, EntityType
from vendor_sync.broadstreet.models import TRIPLE, Key, Record
from vendor_sync.mongo import Document, Mongo

# Ours, and nobody may lose them: they say that a document came from here, and which it was.
KEPT_FIELDS = ("synced_with_api", "synced_at", "local_id")
SCOPE_FIELD: Mapping[EntityType, str | None] = {
    entity_type: next(iter(references), None) for entity_type, references in REFERENCES.items()
}
_DUPLICATE = 11000
_CHUNK = 5_000
_ACTIVE: Document = {"removed_at": None}


@dataclass(frozen=True, slots=True)
class Stored:
    """What is known of a document that is there already."""

    object_id: ObjectId
    scope: int | None
    content_hash: str | None
    removed: bool
    run: int | None
    outcome: str | None


@dataclass(frozen=True, slots=True)
class WriteRefusal:
    """A record that the server itself refused, with its reason."""

    record: Record
    reason: str


class ProductionCollection:
    """One entity type's collection during one run."""

    def __init__(
        self, db: Mongo, entity_type: EntityType, *, run: int, now: datetime, dry_run: bool = False
    ) -> None:
        self._collection = db[entity_type]
        self._entity_type = entity_type
        self._scope_field = SCOPE_FIELD[entity_type]
        self._run = run
        self._now = now
        self._dry_run = dry_run
        self._missing: set[ObjectId] = set()

    def stored(self, scopes: Sequence[int]) -> dict[Key, Stored]:
        """Return what is there under some parents; for networks, everything."""
        query: Document = {self._scope_field: {"$in": list(scopes)}} if self._scope_field else {}
        return self._find(query)

    def write(
        self, records: Iterable[Record], stored: Mapping[Key, Stored], counts: Counts
    ) -> list[WriteRefusal]:
        """Insert what is new, replace what has changed, and count; return what was refused."""
        inserts: list[Record] = []
        changed: list[tuple[Record, Stored]] = []
        for record in records:
            known = stored.get(record.key)
            if known is None:
                inserts.append(record)
            elif known.content_hash != record.content_hash or known.removed:
                changed.append((record, known))
            else:
                mine = known.run == self._run and known.outcome in {"inserted", "updated"}
                counts.add(known.outcome if mine and known.outcome else "unchanged")
        if self._dry_run:
            counts.add("inserted", len(inserts))
            counts.add("updated", len(changed))
            return []
        refusals, met = self._insert(inserts, counts)
        changed += met
        return refusals + self._replace(changed, counts)

    def miss(self, documents: Iterable[Stored]) -> None:
        """Note documents that their parent's list no longer has."""
        self._missing.update(document.object_id for document in documents)

    def miss_children_of(self, parents: Sequence[int]) -> None:
        """Note the documents of parents that were not asked about, because they are gone."""
        if self._scope_field is None:
            return
        there: list[int] = self._collection.distinct(self._scope_field, _ACTIVE)
        gone = sorted(set(there) - set(parents))
        for start in range(0, len(gone), _CHUNK):
            chunk = {"$in": gone[start : start + _CHUNK]}
            self.miss(self._find({self._scope_field: chunk, **_ACTIVE}).values())

    def remove_missing(self, counts: Counts, *, max_share: float, max_rows: int) -> None:
        """Mark what is missing as removed, unless it is too much to believe: then it is kept."""
        missing = sorted(self._missing)
        active = self._collection.count_documents(_ACTIVE) - counts.inserted
        # An account without a single network has not lost everything: its token has.
        nothing = self._entity_type is EntityType.NETWORKS and not counts.fetched
        if nothing or (len(missing) > max_rows and len(missing) > max_share * active):
            counts.kept += len(missing)
            return
        if self._dry_run:
            counts.removed += len(missing)
            return
        for start in range(0, len(missing), _CHUNK):
            self._collection.update_many(
                {"_id": {"$in": missing[start : start + _CHUNK]}, **_ACTIVE},
                {"$set": {"removed_at": self._now, "last_import": self._note("removed")}},
            )
        # Counted in the collection: a run taken up again has marked some of them before.
        mine: Document = {"last_import.run": self._run, "last_import.outcome": "removed"}
        counts.removed = self._collection.count_documents(mine) if missing or counts.rerun else 0

    def _insert(
        self, records: Sequence[Record], counts: Counts
    ) -> tuple[list[WriteRefusal], list[tuple[Record, Stored]]]:
        """Insert; return what the server refused, and what turned out to be there already."""
        documents = [self._document(record, "inserted") for record in records]
        errors = self._bulk([InsertOne(document) for document in documents])
        counts.add("inserted", len(records) - len(errors))
        twice = [records[index] for index, error in errors.items() if error["code"] == _DUPLICATE]
        refusals = [
            WriteRefusal(records[index], str(error.get("errmsg", "refused by MongoDB")))
            for index, error in errors.items()
            if error["code"] != _DUPLICATE
        ]
        return refusals, self._met(twice)

    def _met(self, records: Sequence[Record]) -> list[tuple[Record, Stored]]:
        """Find records that are there under another parent: they have moved."""
        if not records:
            return []
        by_key = {record.key: record for record in records}
        found = self._find(by_keys(list(by_key)))
        met = [(by_key[key], document) for key, document in found.items() if key in by_key]
        self._missing -= {document.object_id for _, document in met}
        return met

    def _replace(
        self, changed: Sequence[tuple[Record, Stored]], counts: Counts
    ) -> list[WriteRefusal]:
        kept = self._kept_fields([document.object_id for _, document in changed])
        writes = [
            ReplaceOne(
                {"_id": document.object_id},
                {
                    **kept.get(document.object_id, {}),
                    **self._document(record, self._outcome(document)),
                },
            )
            for record, document in changed
        ]
        errors = self._bulk(writes)
        for index, (_, document) in enumerate(changed):
            if index not in errors:
                counts.add(self._outcome(document))
        return [
            WriteRefusal(changed[index][0], str(error.get("errmsg", "refused by MongoDB")))
            for index, error in errors.items()
        ]

    def _outcome(self, document: Stored) -> str:
        """Return what to note: what this run inserted stays inserted, also if it changes again."""
        mine = document.run == self._run and document.outcome == "inserted"
        return "inserted" if mine else "updated"

    def _kept_fields(self, ids: Sequence[ObjectId]) -> dict[ObjectId, Document]:
        if not ids:
            return {}
        found = self._collection.find({"_id": {"$in": list(ids)}}, dict.fromkeys(KEPT_FIELDS, 1))
        return {document["_id"]: document for document in found}

    def _document(self, record: Record, outcome: str) -> Document:
        return {
            **record.document,
            "content_hash": record.content_hash,
            "last_import": self._note(outcome),
        }

    def _note(self, outcome: str) -> Document:
        return {"run": self._run, "outcome": outcome, "at": self._now}

    def _bulk(self, writes: Sequence[Any]) -> dict[int, Document]:
        """Write in any order; return {index: error} of what was refused."""
        if not writes:
            return {}
        try:
            self._collection.bulk_write(list(writes), ordered=False)
        except BulkWriteError as error:
            return {item["index"]: item for item in error.details["writeErrors"]}
        return {}

    def _find(self, query: Document) -> dict[Key, Stored]:
        names = ("broadstreet_id", *TRIPLE, "content_hash", "removed_at", "last_import")
        shown = dict.fromkeys((*names, *([self._scope_field] if self._scope_field else [])), 1)
        found = self._collection.find(query, shown, batch_size=_CHUNK)
        return {key_of(self._entity_type, row): self._read(row) for row in found}

    def _read(self, row: Document) -> Stored:
        note: Document = row.get("last_import") or {}
        return Stored(
            object_id=row["_id"],
            scope=row.get(self._scope_field) if self._scope_field else None,
            content_hash=row.get("content_hash"),
            removed=row.get("removed_at") is not None,
            run=note.get("run"),
            outcome=note.get("outcome"),
        )


def key_of(entity_type: EntityType, document: Mapping[str, Any]) -> Key:
    """Return what a production document is known by."""
    if entity_type is EntityType.PLACEMENTS:
        campaign, advertisement, zone = (document[name] for name in TRIPLE)
        return campaign, advertisement, zone
    return document["broadstreet_id"]


def by_keys(keys: Sequence[Key]) -> Document:
    """Return a query that finds at least the documents of these keys; placements, also others."""
    if isinstance(keys[0], tuple):
        return {"campaign_id": {"$in": sorted({key[0] for key in keys if isinstance(key, tuple)})}}
    return {"broadstreet_id": {"$in": list(keys)}}
