"""One entity's rows in the order of their display ids: computed, except where they were changed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.vendors.trackier.ids import Ids
from sandbox.vendors.wire import ControlError

Item = dict[str, Any]


@dataclass(slots=True)
class Extra:
    """A row that the network never made: broken, or another row once more with changes."""

    kind: str
    item: Any = None
    copy_of: int | None = None
    changes: Item = field(default_factory=dict)


class Listing:
    """Rows by index. An index is never used twice, so that ids stay unique."""

    def __init__(self, size: int, ids: Ids, make: Callable[[int], Item]) -> None:
        self.end = size
        self.ids = ids
        self.make = make
        self.removed: set[int] = set()
        self.edits: dict[int, Item] = {}
        self.extras: dict[int, Extra] = {}
        self.echoes: dict[int, list[Extra]] = {}
        self.miscount = 0

    def add(self, extra: Extra | None = None) -> int:
        index = self.end
        self.end += 1
        if extra:
            self.extras[index] = extra
        return index

    def find(self, reference: object) -> int:
        """Return the index of a row that a control call names by display id or hash id."""
        index = self.ids.index(str(reference))
        if index is None or not 0 <= index < self.end:
            message = f"no row {reference!r}"
            raise ControlError(message)
        return index

    def row(self, index: int) -> Any:  # noqa: ANN401
        extra = self.extras.get(index)
        if extra is not None:
            return self._extra_row(extra)
        row = self.make(index)
        edit = self.edits.get(index)
        return {**row, **edit} if edit else row

    def rows(self, index: int) -> list[Any]:
        """Return the row and what is listed once more right behind it."""
        echoes = self.echoes.get(index, ())
        return [self.row(index), *map(self._extra_row, echoes)]

    def visible(self, reference: str) -> int | None:
        """Return the index of a row that a client may ask for by itself."""
        index = self.ids.index(reference)
        if index is None or not 0 <= index < self.end or index in self.removed:
            return None
        return None if index in self.extras else index

    def walk(
        self, members: Sequence[int], *, after: int | None = None, descending: bool = False
    ) -> Iterator[int]:
        """Yield the members that follow a display id, without the removed ones."""
        if descending:
            start = len(members) if after is None else bisect_left(members, after - 1)
            places = range(start - 1, -1, -1)
        else:
            places = range(0 if after is None else bisect_left(members, after), len(members))
        for place in places:
            if members[place] not in self.removed:
                yield members[place]

    def total(self) -> int:
        """Return what the vendor says it has: everything once."""
        copies = sum(1 for extra in self.extras.values() if extra.copy_of is not None)
        return self.end - len(self.removed) - copies + self.miscount

    def latest(self, index: int) -> Item:
        """Return a row as its last mention in a complete walk shows it."""
        row = self.row(index)
        copies = [*self.echoes.get(index, ()), *self._copies(index)]
        return self._extra_row(copies[-1]) if copies else row

    def _copies(self, index: int) -> Iterator[Extra]:
        for place, extra in self.extras.items():
            if extra.copy_of == index and place not in self.removed:
                yield extra

    def _extra_row(self, extra: Extra) -> Any:  # noqa: ANN401
        return extra.item if extra.copy_of is None else {**self.row(extra.copy_of), **extra.changes}
