"""Display ids and hash ids of one entity, both computed from the index of its row.

A hash id is the creation time, a constant of the entity and a counter, so the index can be read
back from it and no table of ids is needed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from sandbox.vendors.seeding import hexadecimal, key

_EPOCH = 1_546_300_800
_HASH_LENGTH = 24
_COUNTER_MASK = 0xFFFFFF


def timestamp(seconds: float) -> str:
    """Write a time as the vendor does: UTC with milliseconds."""
    day, rest = divmod(int(seconds * 1000), 86_400_000)
    minute, milliseconds = divmod(rest, 60_000)
    clock = f"{minute // 60:02d}:{minute % 60:02d}:{milliseconds // 1000:02d}"
    return f"{_date(day)}T{clock}.{milliseconds % 1000:03d}Z"


@lru_cache(maxsize=10_000)
def _date(day: int) -> str:
    return datetime.fromtimestamp(day * 86_400, UTC).date().isoformat()


class Ids:
    """Rows are `step` seconds apart; index 0 has display id 1."""

    def __init__(self, seed: int, entity: str, step: int) -> None:
        root = key(seed, entity, "ids")
        self._constant = hexadecimal(root, 0, 10)
        self._first = root & _COUNTER_MASK
        self._step = step

    def created(self, index: int) -> int:
        return _EPOCH + index * self._step

    def hash_id(self, index: int, *, later: int = 0) -> str:
        counter = (self._first + index) & _COUNTER_MASK
        return f"{self.created(index) + later:08x}{self._constant}{counter:06x}"

    def index(self, text: str) -> int | None:
        """Return the index behind a display id or a hash id, or None where it is neither."""
        if len(text) != _HASH_LENGTH:
            return int(text) - 1 if text.isascii() and text.isdigit() and text != "0" else None
        try:
            counter = int(text[-6:], 16)
        except ValueError:
            return None
        index = (counter - self._first) & _COUNTER_MASK
        return index if self.hash_id(index) == text.lower() else None
