"""Makes chunks out of records: framed as a batch holds them, and compressed once for everybody."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from edge_grpc import wire
from edge_grpc.queries import Row
from edge_grpc.v1 import sync_frames_pb2 as frames

_MAX_BYTES = 256 * 1024
_LEVEL = 6
_GROWTH = 1.5
_PRODUCTS = frames.Batch.PRODUCTS_FIELD_NUMBER


@dataclass(frozen=True, slots=True)
class Built:
    """A chunk to be kept: its range begins at `first_id`."""

    first_id: UUID
    records: int
    body: bytes
    packed: bytes


def pack(body: bytes) -> bytes:
    """Compress bytes as Batch.packed holds them; the same bytes for the same content."""
    return gzip.compress(body, _LEVEL, mtime=0)


def build(first_id: UUID, records: Sequence[Row], size: int) -> list[Built]:
    """Return the chunks, of about `size` records, of a range that begins at `first_id`.

    One even when there is no record; one too when it has grown to half as many more.
    """
    made: list[Built] = []
    parts = max(1, round(len(records) / size)) if len(records) > size * _GROWTH else 1
    for run in _runs(records, most=-(-len(records) // parts)):
        body = b"".join(framed for _, framed in run)
        start = run[0][0] if made else first_id
        made.append(Built(start, len(run), body, pack(body)))
    return made or [Built(first_id, 0, b"", b"")]


def _runs(records: Sequence[Row], *, most: int) -> Iterator[list[tuple[UUID, bytes]]]:
    """Cut records into runs that a batch can hold."""
    run: list[tuple[UUID, bytes]] = []
    size = 0
    for row in records:
        framed = wire.framed(_PRODUCTS, wire.versioned(row["body"], row["version"]))
        if run and (len(run) == most or size + len(framed) > _MAX_BYTES):
            yield run
            run, size = [], 0
        run.append((row["product_id"], framed))
        size += len(framed)
    if run:
        yield run
