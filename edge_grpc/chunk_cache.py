"""Chunks that were sent lately, kept in memory. A chunk never changes: a new one has a new id."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple
from uuid import UUID


class ChunkKey(NamedTuple):
    """Which chunk, in which form. A restored database gives ids again, under another epoch."""

    epoch: UUID
    chunk_id: int
    is_packed: bool


class ChunkCache:
    """The bytes of chunks up to a total size; whichever was not asked for longest goes first."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[ChunkKey, bytes] = OrderedDict()
        self.size = 0

    def get(self, key: ChunkKey) -> bytes | None:
        body = self._kept.get(key)
        if body is not None:
            self._kept.move_to_end(key)
        return body

    def put(self, key: ChunkKey, body: bytes) -> None:
        if len(body) > self._capacity:
            return
        self.size += len(body) - len(self._kept.pop(key, b""))
        self._kept[key] = body
        while self.size > self._capacity:
            _, gone = self._kept.popitem(last=False)
            self.size -= len(gone)
