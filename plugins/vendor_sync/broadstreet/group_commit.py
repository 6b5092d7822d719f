"""Group commit: what several threads want written leaves in one command; each waits for its end.

A write that is waited for costs a flush of the server's journal, whether it carries one document or
twenty. Databases commit this way; DeWitt et al., "Implementation techniques for main memory
database systems", SIGMOD 1984, section 5.2.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


@dataclass(slots=True)
class _Ticket(Generic[T, R]):
    item: T
    result: R | None = None
    error: BaseException | None = None
    written: bool = False


class GroupCommit(Generic[T, R]):
    """Writes what has come while the write before was under way, in the order it came."""

    def __init__(self, write: Callable[[Sequence[T]], Sequence[R]]) -> None:
        """Take what writes many items, and returns a result for each in their order."""
        self._write = write
        self._turn = threading.Lock()
        self._waiting: list[_Ticket[T, R]] = []
        self._adding = threading.Lock()

    def __call__(self, item: T) -> R:
        """Return the item's result once it is written; raise what the write has raised."""
        mine: _Ticket[T, R] = _Ticket(item)
        with self._adding:
            self._waiting.append(mine)
        with self._turn:
            if not mine.written:
                self._write_waiting()
        if mine.error is not None:
            raise mine.error
        return mine.result  # pyright: ignore[reportReturnType] - written, and without an error

    def _write_waiting(self) -> None:
        with self._adding:
            batch, self._waiting = self._waiting, []
        try:
            results = self._write([ticket.item for ticket in batch])
            for ticket, result in zip(batch, results, strict=True):
                ticket.result = result
        except BaseException as error:  # noqa: BLE001 - each that waits raises it
            for ticket in batch:
                ticket.error = error
        finally:
            for ticket in batch:
                ticket.written = True
