"""The MongoDB side as code: collections, validators, indexes. `apply` may be repeated.

Production collections hold what Broadstreet has, `local_*` what was made here and is not there
yet. A production document carries `synced_with_api`, `synced_at` and `local_id` when it came from
here; whoever replaces a production collection keeps them (they are in `export_journal` too). The
validators say what every writer relies on, and no more: the vendor's own fields stay free.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import CollectionInvalid

from vendor_sync.broadstreet.entity_types import REFERENCES, EntityType
from vendor_sync.mongo import Document, Mongo

# An import and an export exclude each other: the one replaces what the other adds to.
EXCLUSIVE_LOCK = "broadstreet"

JOURNAL = "export_journal"
SNAPSHOTS = "export_snapshots"
GENERATION = "generation"
SYNC_LOGS = "sync_logs"
KEPT_ERRORS = 20

_INTEGER: Document = {"bsonType": ["int", "long"]}
_TEXT: Document = {"bsonType": "string", "minLength": 1}
_FLAG: Document = {"bsonType": "bool"}
_INSTANT: Document = {"bsonType": "date"}
_MAYBE_INSTANT: Document = {"bsonType": ["date", "null"]}
# A Broadstreet id, or the `_id` of a local entity as text.
_REFERENCE: Document = {"bsonType": ["int", "long", "string"]}
_MAYBE_OBJECT: Document = {"bsonType": ["object", "null"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """What one collection must look like."""

    name: str
    required: Sequence[str]
    properties: Mapping[str, Document]
    indexes: Sequence[IndexModel] = field(default_factory=tuple)

    @property
    def validator(self) -> Document:
        """Return the collection's JSON schema as MongoDB takes it."""
        schema = {
            "bsonType": "object",
            "required": list(self.required),
            "properties": dict(self.properties),
        }
        return {"$jsonSchema": schema}


def apply(db: Mongo) -> list[str]:
    """Bring every collection to this file's form; return the names of those that were created."""
    there = set(db.list_collection_names())
    for collection in COLLECTIONS.values():
        create(db, collection)
    return sorted(set(COLLECTIONS) - there)


def create(db: Mongo, collection: Collection, *, name: str | None = None) -> None:
    """Create a collection, or bring it to form; `name` builds a copy beside the one of that form.

    Call it after a renaming as well: not every server keeps the validator then.
    """
    chosen = name or collection.name
    rules: dict[str, Any] = {
        "validator": collection.validator,
        "validationLevel": "strict",
        "validationAction": "error",
    }
    try:
        db.create_collection(chosen, **rules)
    except CollectionInvalid:  # it exists
        db.command("collMod", chosen, **rules)
    if collection.indexes:
        db[chosen].create_indexes(list(collection.indexes))


def _unique(*names: str) -> IndexModel:
    return IndexModel([(name, ASCENDING) for name in names], unique=True, name="_".join(names))


def _index(*names: str) -> IndexModel:
    return IndexModel([(name, ASCENDING) for name in names], name="_".join(names))


_IN_PRODUCTION: dict[str, Document] = {
    "removed_at": _MAYBE_INSTANT,
    "synced_with_api": _FLAG,
    "synced_at": _MAYBE_INSTANT,
    "local_id": {"bsonType": "objectId"},
}


def _production(entity_type: EntityType, *parents: str) -> Collection:
    return Collection(
        name=entity_type,
        required=("broadstreet_id", "name"),
        properties={
            "broadstreet_id": _INTEGER,
            "name": {"bsonType": "string"},
            **dict.fromkeys(parents, _INTEGER),
            **_IN_PRODUCTION,
        },
        indexes=(_unique("broadstreet_id"), *(_index(parent, "name") for parent in parents)),
    )


_TRIPLE = ("campaign_id", "advertisement_id", "zone_id")
_PLACEMENTS = Collection(
    name=EntityType.PLACEMENTS,
    required=_TRIPLE,
    properties={**dict.fromkeys(_TRIPLE, _INTEGER), **_IN_PRODUCTION},
    indexes=(_unique(*_TRIPLE), _index("advertisement_id"), _index("zone_id")),
)

_LOCAL: dict[str, Document] = {
    "version": _INTEGER,
    "created_locally": {"enum": [True]},
    "synced_with_api": _FLAG,
    "sync_errors": {"bsonType": "array", "maxItems": KEPT_ERRORS},
    "last_sync_attempt": _MAYBE_INSTANT,
    "created_at": _INSTANT,
    "updated_at": _INSTANT,
    # While an export has it: who, and since when. Nobody edits it then.
    "exporting": _MAYBE_OBJECT,
}


def _local(entity_type: EntityType) -> Collection:
    references = REFERENCES[entity_type]
    named = () if entity_type is EntityType.PLACEMENTS else ("name",)
    unique = (_unique(*references),) if entity_type is EntityType.PLACEMENTS else ()
    return Collection(
        name=entity_type.local,
        required=(*_LOCAL, *named, *references),
        properties={
            **dict.fromkeys(named, _TEXT),
            **dict.fromkeys(references, _REFERENCE),
            **_LOCAL,
        },
        indexes=(*unique, *(_index(reference) for reference in references)),
    )


_JOURNAL = Collection(
    # `_id` is the local entity's: one line each, whatever happens to it.
    name=JOURNAL,
    required=("entity_type", "status", "attempt", "local_version", "updated_at"),
    properties={
        "_id": {"bsonType": "objectId"},
        "entity_type": {"enum": [str(entity_type) for entity_type in EntityType]},
        "status": {"enum": ["intended", "absent", "refused", "stopped", "created", "done"]},
        "attempt": _INTEGER,
        "local_version": _INTEGER,
        "broadstreet_id": {"bsonType": ["int", "long", "null"]},
        "updated_at": _INSTANT,
    },
    indexes=(
        _index("status", "entity_type"),
        _index("scope", "status"),
        # Nothing in Broadstreet belongs to two local entities.
        IndexModel(
            [("entity_type", ASCENDING), ("broadstreet_id", ASCENDING)],
            unique=True,
            name="entity_type_broadstreet_id",
            partialFilterExpression={"broadstreet_id": {"$type": "number"}},
        ),
    ),
)

_SNAPSHOTS = Collection(
    name=SNAPSHOTS,
    required=("scope", "ids", "listed_at"),
    properties={"ids": {"bsonType": "array"}, "listed_at": _INSTANT},
    indexes=(_index("scope"),),
)

_SYNC_LOGS = Collection(
    name=SYNC_LOGS,
    required=(
        "timestamp",
        "operation",
        "entity_type",
        "success",
        "duration",
        "entities_processed",
        "errors",
    ),
    properties={
        "timestamp": _INSTANT,
        "operation": {"enum": ["import", "export"]},
        "entity_type": {"enum": [str(entity_type) for entity_type in EntityType]},
        "success": _FLAG,
        "duration": {"bsonType": ["int", "long", "double"]},
        "entities_processed": _INTEGER,
        "errors": {"bsonType": "array"},
    },
    indexes=(
        IndexModel(
            [("entity_type", ASCENDING), ("timestamp", DESCENDING)], name="entity_type_time"
        ),
        IndexModel([("timestamp", DESCENDING)], name="time"),
    ),
)

# One document, `_id` "current": which generation of the production collections belongs together.
_GENERATION = Collection(
    name=GENERATION,
    required=("generation",),
    properties={"generation": _INTEGER},
)

COLLECTIONS: Mapping[str, Collection] = {
    collection.name: collection
    for collection in (
        _production(EntityType.NETWORKS),
        _production(EntityType.ADVERTISERS, "network_id"),
        _production(EntityType.ZONES, "network_id"),
        _production(EntityType.ADVERTISEMENTS, "advertiser_id"),
        _production(EntityType.CAMPAIGNS, "advertiser_id"),
        _PLACEMENTS,
        *(_local(entity_type) for entity_type in EntityType),
        _JOURNAL,
        _SNAPSHOTS,
        _SYNC_LOGS,
        _GENERATION,
    )
}
