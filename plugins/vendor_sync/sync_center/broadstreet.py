"""The Broadstreet tab: what is here and there, local entities with their errors, name conflicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import ASCENDING

from vendor_sync.broadstreet.entity_types import REFERENCES, EntityType
from vendor_sync.broadstreet.local_store import LocalStore
from vendor_sync.connections import ConnectionSource
from vendor_sync.mongo import Document, Mongo
from vendor_sync.sync_center.queries import Ops
from vendor_sync.sync_center.wording import Status

IMPORT, EXPORT = "broadstreet_import", "broadstreet_export"
SHOWN = 100
LOCAL, SYNCED, API = Status("Local", "warn"), Status("Synced", "good"), Status("API", "quiet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """How many entities of a type are where."""

    entity_type: EntityType
    imported: int
    local: int
    with_errors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One entity of a list; `key` is its Broadstreet id, or the `_id` of a local one."""

    key: str
    name: str
    badge: Status
    parents: Sequence[tuple[str, str]]
    errors: Sequence[Mapping[str, Any]] = ()
    is_exporting: bool = False


def held(db: Mongo) -> list[Held]:
    """Return the numbers of each type; those gone from Broadstreet are not counted."""
    return [
        Held(
            entity_type=entity_type,
            imported=db[entity_type].count_documents({"removed_at": None}),
            local=db[entity_type.local].count_documents({}),
            with_errors=db[entity_type.local].count_documents({"sync_errors": {"$ne": []}}),
        )
        for entity_type in EntityType
    ]


def conflicts(source: ConnectionSource) -> list[Mapping[str, Any]]:
    """Return which imported entities had the name of a local one, as the last import saw it."""
    rows = Ops(source).rows("list_name_conflicts", flow=IMPORT)
    return [conflict for row in rows for conflict in row["name_conflicts"]]


def local_entities(db: Mongo, entity_type: EntityType, skip: int) -> tuple[list[Entity], int]:
    """Return a page of local entities, the newest first, and how many there are."""
    found, total = LocalStore(db).list(entity_type, limit=SHOWN, skip=skip)
    return [_entity(entity_type, document, str(document["_id"])) for document in found], total


def production_entities(db: Mongo, entity_type: EntityType, after: int | None) -> list[Entity]:
    """Return a page of what Broadstreet has, by its ids, from behind `after`."""
    wanted: Document = {"removed_at": None}
    if after is not None:
        wanted["broadstreet_id"] = {"$gt": after}
    found = db[entity_type].find(wanted).sort("broadstreet_id", ASCENDING).limit(SHOWN)
    return [_entity(entity_type, row, str(row.get("broadstreet_id") or "")) for row in found]


def _entity(entity_type: EntityType, document: Document, key: str) -> Entity:
    is_local = bool(document.get("created_locally")) and not document.get("synced_with_api")
    badge = LOCAL if is_local else SYNCED if document.get("synced_with_api") else API
    parents = [
        (target.singular, str(document[name]))
        for name, target in REFERENCES[entity_type].items()
        if document.get(name) is not None
    ]
    return Entity(
        key=key,
        name=str(document.get("name") or entity_type.singular),
        badge=badge,
        parents=parents,
        errors=document.get("sync_errors") or (),
        is_exporting=bool(document.get("exporting")),
    )
