"""Swaps rebuilt collections in, and lets a reader of several collections see one generation.

A collection is exchanged by MongoDB's own rename, which readers of that collection never notice.
Between the renames of several collections the pointer says `swapping`: who reads across them
reads again. A swap that is killed is finished by whoever comes next: what it was to do is in the
pointer, and all of it was verified before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pymongo

from vendor_sync.broadstreet import schema
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.errors import PermanentError, StorageError
from vendor_sync.mongo import Document, Mongo

T = TypeVar("T")
POINTER = "current"
_PREFIX = "incoming_"
_RENAME_SECONDS = 900
_PAUSE_SECONDS = 0.02


def incoming_name(build: str, entity_type: EntityType) -> str:
    """Return the name of the collection that an attempt builds beside the production one."""
    return f"{_PREFIX}{build}_{entity_type}"


def read_consistently(db: Mongo, read: Callable[[Mongo], T], *, patience_seconds: float = 30) -> T:
    """Return what `read` returns for collections that belong together; it may be called again.

    Raises StorageError when a swap stays unfinished: the next import finishes it.
    """
    deadline = time.monotonic() + patience_seconds
    while time.monotonic() < deadline:
        before = _pointer(db)
        if not before.get("swapping"):
            found = read(db)
            if _pointer(db) == before:
                return found
        time.sleep(_PAUSE_SECONDS)
    message = (
        "Broadstreet's collections are half exchanged: an import was killed while it swapped them. "
        "Start broadstreet_import; it finishes that first."
    )
    raise StorageError(message)


def generation(db: Mongo) -> int:
    """Return the number of the generation that readers see; 0 before the first fresh import."""
    return int(_pointer(db).get("generation", 0))


def swap_in(db: Mongo, build: str, entity_types: Sequence[EntityType]) -> int:
    """Make the collections that an attempt has built the production ones; return their generation.

    Call it with the export locked out. Repeating it after a kill finishes what was begun.
    """
    pending = [
        {"name": str(entity_type), "incoming": incoming_name(build, entity_type)}
        for entity_type in entity_types
    ]
    current = _pointer(db)
    if current.get("build") == build:
        recover(db)
        return int(current["generation"])
    there = db.list_collection_names()
    if lost := [part["name"] for part in pending if part["incoming"] not in there]:
        message = f"The new {', '.join(lost)} are not there any more. Start the import again."
        raise PermanentError(message)
    number = int(current.get("generation", 0)) + 1
    db[schema.GENERATION].replace_one(
        {"_id": POINTER},
        {"generation": number, "build": build, "swapping": pending},
        upsert=True,
    )
    recover(db)
    return number


def recover(db: Mongo) -> bool:
    """Finish a swap that was begun; say whether there was one."""
    current = _pointer(db)
    pending: list[dict[str, Any]] = current.get("swapping") or []
    for part in pending:
        if part["incoming"] in db.list_collection_names():
            # MongoDB's is a matter of metadata; a server that moves the documents takes its time.
            with pymongo.timeout(_RENAME_SECONDS):
                db[part["incoming"]].rename(part["name"], dropTarget=True)
        # Not every server takes the validator along.
        schema.create(db, schema.COLLECTIONS[part["name"]])
    if pending:
        db[schema.GENERATION].update_one(
            {"_id": POINTER, "generation": current["generation"]}, {"$unset": {"swapping": ""}}
        )
    return bool(pending)


def drop_leftovers(db: Mongo) -> list[str]:
    """Drop what killed attempts have built and never swapped in; return the names.

    Call it when no import is at work, and no swap is unfinished.
    """
    names = leftovers(db)
    for name in names:
        db.drop_collection(name)
    return names


def leftovers(db: Mongo) -> list[str]:
    """Return the collections that attempts have built and not swapped in."""
    return [name for name in db.list_collection_names() if name.startswith(_PREFIX)]


def is_swapping(db: Mongo) -> bool:
    """Tell whether a swap was begun and not finished."""
    return bool(_pointer(db).get("swapping"))


def _pointer(db: Mongo) -> Document:
    return db[schema.GENERATION].find_one({"_id": POINTER}) or {}
