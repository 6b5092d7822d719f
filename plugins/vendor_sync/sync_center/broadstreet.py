"""The Broadstreet tab: what is here and there, local entities with their errors, name conflicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING

from vendor_sync.broadstreet import generations
from vendor_sync.broadstreet.entity_types import REFERENCES, EntityType
from vendor_sync.broadstreet.local_store import LocalStore
from vendor_sync.broadstreet.schema import SYNC_LOGS
from vendor_sync.connections import ConnectionSource
from vendor_sync.mongo import Document, Mongo
from vendor_sync.sync_center import local_forms
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

    entity_type: EntityType
    key: str
    name: str
    badge: Status
    parents: Sequence[tuple[str, str]]
    errors: Sequence[Mapping[str, Any]] = ()
    is_exporting: bool = False


# What was counted, by database, and how far log and production collections were at that time.
_counted: dict[tuple[object, str], tuple[object, Mapping[EntityType, int]]] = {}


def _imported(db: Mongo) -> Mapping[EntityType, int]:
    """Count what Broadstreet has; again only when imports or exports have changed it.

    They write their log after a type's documents, and a repeated run writes into its old line: the
    newest line is asked for by its making and by its time. A fresh import swaps after its log.
    """
    logs = [
        db[SYNC_LOGS].find_one({}, {"timestamp": 1}, sort=[(name, DESCENDING)])
        for name in ("_id", "timestamp")
    ]
    swap = generations.generation(db), generations.is_swapping(db)
    place, mark = (db.client.address, db.name), (logs, swap)
    known = _counted.get(place)
    if None in logs or known is None or known[0] != mark:
        known = (mark, {one: db[one].count_documents({"removed_at": None}) for one in EntityType})
        _counted[place] = known
    return known[1]


def held(db: Mongo) -> list[Held]:
    """Return the numbers of each type; those gone from Broadstreet are not counted."""
    imported = _imported(db)
    return [
        Held(
            entity_type=entity_type,
            imported=imported[entity_type],
            local=db[entity_type.local].count_documents({}),
            with_errors=db[entity_type.local].count_documents({"sync_errors": {"$ne": []}}),
        )
        for entity_type in EntityType
    ]


def conflicts(source: ConnectionSource) -> list[Mapping[str, Any]]:
    """Return which imported entities had the name of a local one, as the last import saw it."""
    rows = Ops(source).rows("list_name_conflicts", flow=IMPORT)
    return [conflict for row in rows for conflict in row["name_conflicts"]]


def local_entities(
    db: Mongo, entity_type: EntityType | None, skip: int
) -> tuple[list[Entity], int]:
    """Return a page of local entities, newest first, and how many there are; None: of all types."""
    store = LocalStore(db)
    if entity_type:
        found, total = store.list(entity_type, limit=SHOWN, skip=skip)
        return _entities(db, [(entity_type, document) for document in found], "_id"), total
    everything: list[tuple[EntityType, Document]] = []
    total = 0
    for one in EntityType:
        found, number = store.list(one, limit=skip + SHOWN)
        everything += ((one, document) for document in found)
        total += number
    everything.sort(key=lambda pair: pair[1]["_id"], reverse=True)
    return _entities(db, everything[skip : skip + SHOWN], "_id"), total


def production_entities(db: Mongo, entity_type: EntityType, after: str | None) -> list[Entity]:
    """Return a page of what Broadstreet has, by its ids, from behind `after`.

    A placement has no id there: it goes by ours.
    """
    key = "_id" if entity_type is EntityType.PLACEMENTS else "broadstreet_id"
    wanted: Document = {"removed_at": None}
    if after is not None:
        wanted[key] = {"$gt": ObjectId(after) if key == "_id" else int(after)}
    found = db[entity_type].find(wanted).sort(key, ASCENDING).limit(SHOWN)
    return _entities(db, [(entity_type, row) for row in found], key)


def _entities(
    db: Mongo, documents: Sequence[tuple[EntityType, Document]], key: str
) -> list[Entity]:
    """Return entities with their parents by name, for all of them in a query a collection."""
    wanted = {
        (target, document[name])
        for entity_type, document in documents
        for name, target in REFERENCES[entity_type].items()
        if document.get(name) is not None
    }
    names = local_forms.names(db, wanted)
    return [
        _entity(entity_type, document, str(document.get(key) or ""), names)
        for entity_type, document in documents
    ]


def _entity(
    entity_type: EntityType,
    document: Document,
    key: str,
    names: Mapping[tuple[EntityType, local_forms.Key], str],
) -> Entity:
    is_local = bool(document.get("created_locally")) and not document.get("synced_with_api")
    badge = LOCAL if is_local else SYNCED if document.get("synced_with_api") else API
    parents = [
        (target.singular, names.get((target, document[name]), str(document[name])))
        for name, target in REFERENCES[entity_type].items()
        if document.get(name) is not None
    ]
    return Entity(
        entity_type=entity_type,
        key=key,
        name=str(document.get("name") or entity_type.singular),
        badge=badge,
        parents=parents,
        errors=document.get("sync_errors") or (),
        is_exporting=bool(document.get("exporting")),
    )
