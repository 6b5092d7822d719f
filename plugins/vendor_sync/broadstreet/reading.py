"""Reads many lists at once, as many as the account allows, and never more than are asked for.

A list that cannot be had is that scope's failure; the others go on. A refused token, or failure
after failure, ends the reading: the vendor is away, and asking on would only take hours.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from queue import SimpleQueue

from vendor_sync.broadstreet.client import Listing
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.errors import AuthenticationError, VendorError
from vendor_sync.telemetry import carried

# Lists that may wait for the writer, by reader: enough to read on while batches are written.
_AHEAD = 40
_FAILURES_IN_A_ROW = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One list to ask for: what is under `parents`."""

    entity_type: EntityType
    parents: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What became of one list: the listing, or the error that it ended with."""

    scope: Scope
    listing: Listing | None = None
    error: VendorError | None = None


def read_all(
    fetch: Callable[[Scope], Listing], scopes: Iterable[Scope], *, concurrency: int
) -> Generator[Reading]:
    """Yield a reading for every scope, as they come in; `concurrency` calls are under way.

    Raises AuthenticationError at once, and the last error after too many in a row.
    """
    waiting = iter(scopes)
    read = carried(read_one)
    failures = 0
    # They tell us when they end: to look through two hundred at each end costs more than the call.
    ended: SimpleQueue[Future[Reading]] = SimpleQueue()
    under_way = 0
    with ThreadPoolExecutor(concurrency, thread_name_prefix="broadstreet-read") as pool:
        try:
            while True:
                for scope in islice(waiting, concurrency * _AHEAD - under_way):
                    pool.submit(read, fetch, scope).add_done_callback(ended.put)
                    under_way += 1
                if not under_way:
                    return
                reading = ended.get().result()
                under_way -= 1
                failures = failures + 1 if reading.error else 0
                if reading.error and failures >= _FAILURES_IN_A_ROW:
                    raise reading.error
                yield reading
        finally:
            # Whoever stops reading waits for the calls under way only.
            pool.shutdown(wait=False, cancel_futures=True)


def read_one(fetch: Callable[[Scope], Listing], scope: Scope) -> Reading:
    """Return what became of one list; raise AuthenticationError, which is not about that list."""
    try:
        return Reading(scope=scope, listing=fetch(scope))
    except AuthenticationError:
        raise
    except VendorError as error:
        return Reading(scope=scope, error=error)
