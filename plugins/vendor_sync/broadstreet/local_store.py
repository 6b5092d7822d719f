"""Local entities as people keep them: created, listed, edited and deleted, each checked on entry.

Every write names the version it was made for, so of two people who edit the same entity the second
is told, not overwritten. An entity that an export is sending cannot be changed until its outcome is
known: what is in Broadstreet is then exactly one version of it, whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import DESCENDING, ReturnDocument
from pymongo.errors import DuplicateKeyError

from vendor_sync.broadstreet.dependencies import LocalEntity
from vendor_sync.broadstreet.entity_types import REFERENCES, EntityType
from vendor_sync.broadstreet.journal import Journal
from vendor_sync.broadstreet.local_models import MODELS, InvalidEntityError, check
from vendor_sync.errors import SyncError
from vendor_sync.mongo import Document, Mongo


class UnknownEntityError(SyncError):
    """There is no such local entity."""


class ConflictError(SyncError):
    """Somebody or something else was faster; the message says what to do."""


def entity_of(entity_type: EntityType, found: Document) -> LocalEntity:
    """Return what of a local document is the entity itself, as one version of it."""
    names = MODELS[entity_type].model_fields
    fields = {name: found[name] for name in names if found.get(name) is not None}
    return LocalEntity(
        entity_type=entity_type,
        local_id=str(found["_id"]),
        version=found["version"],
        fields=fields,
    )


class LocalStore:
    """What the endpoints do to local entities."""

    def __init__(self, db: Mongo) -> None:
        self._db = db
        self._journal = Journal(db)

    def create(
        self, entity_type: EntityType, entered: Mapping[str, Any], now: datetime
    ) -> Document:
        """Check and keep a new entity; return its document."""
        fields = check(entity_type, entered).fields
        self._check_references(entity_type, fields)
        document: Document = {
            "_id": ObjectId(),
            **fields,
            "version": 1,
            "created_locally": True,
            "synced_with_api": False,
            "sync_errors": [],
            "last_sync_attempt": None,
            "created_at": now,
            "updated_at": now,
            "exporting": None,
        }
        try:
            self._db[entity_type.local].insert_one(document)
        except DuplicateKeyError:
            raise _same_placement(entity_type) from None
        return document

    def list(
        self, entity_type: EntityType, *, limit: int, skip: int = 0, with_errors: bool = False
    ) -> tuple[list[Document], int]:
        """Return a page of the entities, newest first, and how many there are in all."""
        wanted: Document = {"sync_errors": {"$ne": []}} if with_errors else {}
        found = self._db[entity_type.local].find(wanted).sort("_id", DESCENDING)
        total = self._db[entity_type.local].count_documents(wanted)
        return list(found.skip(skip).limit(limit)), total

    def get(self, entity_type: EntityType, local_id: str) -> Document:
        """Return one entity; UnknownEntityError says where it went, if it was exported."""
        key = ObjectId(local_id) if ObjectId.is_valid(local_id) else None
        found = self._db[entity_type.local].find_one({"_id": key}) if key else None
        if found is None:
            raise self._unknown(entity_type, local_id)
        return found

    def update(
        self,
        entity_type: EntityType,
        local_id: str,
        changes: Mapping[str, Any],
        *,
        version: int,
        now: datetime,
    ) -> Document:
        """Change fields of the given version (None takes a field out); return the new document."""
        before = self.get(entity_type, local_id)
        merged = {**entity_of(entity_type, before).fields, **changes}
        entered = {name: value for name, value in merged.items() if value is not None}
        fields = check(entity_type, entered).fields
        self._check_references(entity_type, fields)
        gone = {name: "" for name in MODELS[entity_type].model_fields if name not in fields}
        change: Document = {"$set": {**fields, "updated_at": now}, "$inc": {"version": 1}}
        if gone:
            change["$unset"] = gone
        try:
            after = self._db[entity_type.local].find_one_and_update(
                _free(local_id, version), change, return_document=ReturnDocument.AFTER
            )
        except DuplicateKeyError:
            raise _same_placement(entity_type) from None
        if after is None:
            raise self._conflict(entity_type, local_id, version)
        return after

    def delete(self, entity_type: EntityType, local_id: str, *, version: int | None) -> None:
        """Delete an entity that nothing refers to and no export is sending."""
        found = self.get(entity_type, local_id)
        if children := self._children(entity_type, local_id):
            message = f"It is referred to by {', '.join(children)}: delete or change that first."
            raise ConflictError(message)
        wanted = found["version"] if version is None else version
        if self._db[entity_type.local].delete_one(_free(local_id, wanted)).deleted_count == 0:
            raise self._conflict(entity_type, local_id, wanted)

    def _check_references(self, entity_type: EntityType, fields: Mapping[str, Any]) -> None:
        problems: list[dict[str, str]] = []
        for name, wanted in REFERENCES[entity_type].items():
            target = fields[name]
            if isinstance(target, int):
                held = self._db[wanted].find_one({"broadstreet_id": target, "removed_at": None})
                lost = f"there is no {wanted.singular} {target}; if it is new, import first"
            else:
                held = self._db[wanted.local].find_one({"_id": ObjectId(target)})
                held = held or self._journal.ids_of([target]).get((wanted, target))
                lost = f"there is no local {wanted.singular} {target}; create it first"
            if not held:
                problems.append({"field": name, "problem": lost})
        if problems:
            raise InvalidEntityError(entity_type, problems)

    def _children(self, entity_type: EntityType, local_id: str) -> list[str]:
        found: list[str] = []
        for child, references in REFERENCES.items():
            for name, wanted in references.items():
                if wanted is entity_type:
                    held = self._db[child.local].find({name: local_id}, {"_id": 1}).limit(5)
                    found += (f"{child.singular} {document['_id']}" for document in held)
        return found

    def _unknown(self, entity_type: EntityType, local_id: str) -> UnknownEntityError:
        key = (entity_type, local_id)
        number = self._journal.ids_of([local_id]).get(key)
        if number is None:
            message = f"There is no local {entity_type.singular} {local_id}."
        else:
            message = (
                f"The local {entity_type.singular} {local_id} was exported; it is {number} in "
                "Broadstreet now and is edited there."
            )
        return UnknownEntityError(message)

    def _conflict(self, entity_type: EntityType, local_id: str, version: int) -> ConflictError:
        found = self.get(entity_type, local_id)
        if found["exporting"]:
            run = found["exporting"].get("run_id")
            message = f"It is being exported (run {run}): try again when that run has ended."
        else:
            message = (
                f"It was changed meanwhile: you edited version {version}, it is at version "
                f"{found['version']}. Read it again and repeat your change."
            )
        return ConflictError(message)


def _free(local_id: str, version: int) -> Document:
    """Match one version of an entity that no export has."""
    return {"_id": ObjectId(local_id), "version": version, "exporting": None}


def _same_placement(entity_type: EntityType) -> ConflictError:
    message = (
        f"The same {entity_type.singular} (campaign, advertisement and zone) waits here already: "
        "edit that one."
    )
    return ConflictError(message)
