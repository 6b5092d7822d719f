"""MongoDB's collections in one file, and back: a backup without MongoDB's own tools.

A gzipped sequence of BSON documents: before each collection's documents one that names it. What is
written meanwhile may or may not be in it, as with `mongodump`; what was there before, is.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import bson

from vendor_sync.errors import ConfigurationError
from vendor_sync.mongo import Document, Mongo

_HEADER = "mongo_archive_collection"
_BATCH = 1000


def dump(db: Mongo, file: Path) -> dict[str, int]:
    """Write all collections into a file; return their numbers of documents."""
    counts: dict[str, int] = {}
    partly = file.with_name(f"{file.name}.part")
    with gzip.open(partly, "wb", compresslevel=1) as out:
        for name in sorted(db.list_collection_names()):
            out.write(bson.encode({_HEADER: name}))
            counts[name] = 0
            for found in db[name].find():
                out.write(bson.encode(found))
                counts[name] += 1
    partly.replace(file)
    return counts


def load(db: Mongo, file: Path) -> dict[str, int]:
    """Put a file's documents into an empty database; return their numbers by collection.

    Raises ConfigurationError where the database holds anything, or the file is no such archive.
    """
    if there := [name for name in db.list_collection_names() if db[name].find_one()]:
        held = ", ".join(sorted(there))
        message = f"The database {db.name} is not empty ({held}): drop it first."
        raise ConfigurationError(message)
    counts: dict[str, int] = {}
    try:
        with gzip.open(file, "rb") as source:
            for name, documents in _batches(bson.decode_file_iter(cast("BinaryIO", source))):
                counts[name] = counts.get(name, 0) + len(documents)
                if documents:
                    db[name].insert_many(documents, ordered=False)
    except (OSError, EOFError, zlib.error, bson.InvalidBSON) as error:
        message = f"{file} cannot be read as an archive of MongoDB: {error}"
        raise ConfigurationError(message) from None
    return counts


def _batches(documents: Iterator[Document]) -> Iterator[tuple[str, list[Document]]]:
    """Yield a collection's name and some of its documents, at least once a collection."""
    name, batch = "", list[Document]()
    for found in documents:
        if _HEADER in found:
            if name:
                yield name, batch
            name, batch = str(found[_HEADER]), []
            continue
        if not name:
            message = "it does not begin with the name of a collection"
            raise bson.InvalidBSON(message)
        batch.append(found)
        if len(batch) == _BATCH:
            yield name, batch
            batch = []
    if name:
        yield name, batch
