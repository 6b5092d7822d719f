"""Work at numbered places, taken by some lanes at a time: threads, or processes that are forked.

Decoding what vendors answer holds the interpreter, so two threads share one core: two processes are
faster where there is much to read. A fork has all modules, and costs milliseconds.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from vendor_sync.errors import SyncError, TemporaryError
from vendor_sync.telemetry import carried

LANES = 2
_FORK = multiprocessing.get_context("fork")
T = TypeVar("T")


class Places:
    """The places that are left, for all lanes together; iterating takes one after the other."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._next = _FORK.Value("q", 0)

    def __iter__(self) -> Iterator[int]:
        while (place := self._take()) < self._number:
            yield place

    def _take(self) -> int:
        with self._next.get_lock():
            place = self._next.value
            self._next.value += 1
        return place

    def stop(self) -> None:
        """Let nobody begin another place."""
        with self._next.get_lock():
            self._next.value = self._number


class Tally:
    """How many are done, of all lanes together."""

    def __init__(self) -> None:
        self._done = _FORK.Value("q", 0)

    @property
    def done(self) -> int:
        return self._done.value

    def add(self) -> int:
        """Count one more; return how many that are."""
        with self._done.get_lock():
            self._done.value += 1
            return self._done.value


Work = Callable[[Places], T]


def in_threads(work: Work[T], *, places: int, lanes: int) -> list[T]:
    """Let lanes work until no place is left; return what each made.

    The first error ends all: what is under way is finished, nothing else begun.
    """
    left = Places(places)
    with ThreadPoolExecutor(max(1, lanes)) as pool:
        begun = [pool.submit(carried(_take), work, left) for _ in range(lanes)]
        return [lane.result() for lane in begun]


def in_processes(work: Work[T], *, places: int, lanes: int) -> list[T]:
    """Do as `in_threads` does, the first lane here and the others in forks of this process.

    Only where this process has no other thread, such as one that sends spans: a fork would not
    have it, but the locks it holds. Then, and for one lane, it is `in_threads`.
    """
    if lanes < LANES or threading.active_count() > 1:
        return in_threads(work, places=places, lanes=lanes)
    left, forks = Places(places), lanes - 1
    try:
        with ProcessPoolExecutor(forks, _FORK, _begin_fork, (work, left)) as pool:
            begun = [pool.submit(_take_forked) for _ in range(forks)]
            return [_take(work, left), *(lane.result() for lane in begun)]
    except BrokenProcessPool:
        message = "A process of this run was killed: what it was at is asked again by the next one."
        raise TemporaryError(message) from None


def _take(work: Work[T], left: Places) -> T:
    try:
        return work(left)
    except BaseException:
        left.stop()
        raise


_work: list[Callable[[], Any]] = []


def _begin_fork(work: Work[Any], left: Places) -> None:
    """Prepare a fork: it has the work by being a copy, and ends when its parent does."""
    _work.append(lambda: _take(work, left))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    # As if it had been killed, too: its connections' turns end with its session.
    os._exit(1)


def _take_forked() -> Any:  # noqa: ANN401 - what the work makes
    try:
        return _work[0]()
    except Exception as error:  # noqa: BLE001 - passed on
        raise _portable(error) from None


def _portable(error: Exception) -> Exception:
    """Return the error, or, where it cannot be sent to the parent, one that says the same."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    except Exception:  # noqa: BLE001 - whatever its class does
        return SyncError(f"{type(error).__name__}: {error}")
    return error
