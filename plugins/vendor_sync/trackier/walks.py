"""Fetches the offers of many brands at once: groups of brands, walked by a few threads.

A vendor call is what a sync is limited by, so brands are asked for in groups. A group that fails is
halved until the brand that fails stands alone; the others lose nothing.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import msgspec

from vendor_sync.errors import (
    AuthenticationError,
    InvalidRecordError,
    RateLimitedError,
    TemporaryError,
    VendorError,
)
from vendor_sync.runs import Reject
from vendor_sync.telemetry import carried
from vendor_sync.trackier.client import REDACTORS, ListPage
from vendor_sync.trackier.models import Brand, Offer, Publisher, offer_from_api

# So many failed walks in a row, with no good one between, are the vendor's failure, not a brand's.
_FAILURES_IN_A_ROW = 10
_JOIN_SECONDS = 5
_LIST_OF_ENTITY = {"brands": "advertisers", "offers": "campaigns", "publishers": "publishers"}

T = TypeVar("T", Brand, Offer, Publisher)


class CampaignSource(Protocol):
    """The part of the client that walks need."""

    def iter_campaigns(self, advertiser_ids: Sequence[str]) -> Iterator[ListPage]:
        """Yield the pages of some brands' campaigns."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedPage(Generic[T]):
    """A page's valid records beside the items they came from, and what was refused."""

    entity: str
    walk: int
    records: list[T]
    items: list[msgspec.Raw]
    rejects: list[Reject]
    audit_key: str | None
    fetched_at: datetime

    @property
    def anonymous(self) -> int:
        """How many refused records have no id: nobody can tell which record they are."""
        return sum(reject.external_id is None for reject in self.rejects)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedWalk:
    """A walk over a group's offers is over: `complete`, `partial`, or `failed` with its error."""

    walk: int
    brands: Sequence[str]
    outcome: str
    error: VendorError | None = None


def parse_page(
    page: ListPage, entity: str, walk: int, parse: Callable[[msgspec.Raw], T]
) -> ParsedPage[T]:
    """Parse each item by itself; an invalid one becomes a reject with its redacted content."""
    records: list[T] = []
    items: list[msgspec.Raw] = []
    rejects: list[Reject] = []
    for item in page.items:
        try:
            records.append(parse(item))
            items.append(item)
        except InvalidRecordError as error:
            rejects.append(
                reject_item(entity, error.external_id, error.reason, item, page.audit_key)
            )
    return ParsedPage(
        entity=entity,
        walk=walk,
        records=records,
        items=items,
        rejects=rejects,
        audit_key=page.audit_key,
        fetched_at=page.fetched_at,
    )


def reject_item(  # noqa: PLR0913, PLR0917 - the parts of a reject
    entity: str,
    external_id: str | None,
    reason: str,
    item: msgspec.Raw,
    audit_key: str | None,
    kind: str = "invalid",
) -> Reject:
    """Return a refused record with its content, redacted as in the archive."""
    redacted = REDACTORS[_LIST_OF_ENTITY[entity]].redact_body(bytes(item))
    try:
        content = msgspec.json.decode(redacted)
    except msgspec.MsgspecError:
        content = redacted.decode("utf-8", "replace")
    return Reject(
        entity=entity,
        external_id=external_id,
        reason=reason,
        item=content,
        audit_key=audit_key,
        kind=kind,
    )


class OfferWalks:
    """Iterates over parsed pages and ended walks of all groups, in the order they arrive."""

    def __init__(self, source: CampaignSource, *, concurrency: int, numbers: Iterator[int]) -> None:
        self._source = source
        self._concurrency = concurrency
        self._numbers = numbers
        self._groups: queue.SimpleQueue[Sequence[str] | None] = queue.SimpleQueue()
        # Bounded: pages wait in the network rather than in memory when merging is slower. Each walk
        # has one in its hands beside the one that waits here, which keeps the merge busy.
        self._events: queue.Queue[ParsedPage[Offer] | EndedWalk | BaseException] = queue.Queue(
            maxsize=1
        )
        self._stopped = threading.Event()

    def run(
        self, brands: Sequence[str], group_size: int
    ) -> Iterator[ParsedPage[Offer] | EndedWalk]:
        """Yield until every brand was walked, or stands alone as failed; raise what stops all."""
        groups = [brands[i : i + group_size] for i in range(0, len(brands), group_size)]
        for group in groups:
            self._groups.put(group)
        threads = [
            threading.Thread(target=carried(self._work), name=f"walk-{n}", daemon=True)
            for n in range(min(self._concurrency, max(1, len(brands))))
        ]
        for thread in threads:
            thread.start()
        try:
            yield from self._collect(len(groups))
        finally:
            self._stop(threads)

    def _collect(self, open_walks: int) -> Iterator[ParsedPage[Offer] | EndedWalk]:
        failures = 0
        while open_walks:
            event = self._events.get()
            if isinstance(event, BaseException):
                raise event
            if not isinstance(event, EndedWalk):
                yield event
                continue
            open_walks -= 1
            failures = failures + 1 if event.error else 0
            if event.error and failures >= _FAILURES_IN_A_ROW:
                message = f"{failures} calls in a row failed, the last so: {event.error}"
                raise TemporaryError(message) from event.error
            if event.error and len(event.brands) > 1:
                middle = len(event.brands) // 2
                self._groups.put(event.brands[:middle])
                self._groups.put(event.brands[middle:])
                open_walks += 2
            else:
                yield event

    def _work(self) -> None:
        while (group := self._groups.get()) is not None and not self._stopped.is_set():
            try:
                self._walk(group)
            except BaseException as error:  # noqa: BLE001 - handed to the thread that iterates
                self._put(error)
                return

    def _walk(self, group: Sequence[str]) -> None:
        walk = next(self._numbers)
        outcome = "partial"  # until a page says that the list ended
        anonymous = 0
        try:
            for page in self._source.iter_campaigns(group):
                parsed = parse_page(page, Offer.entity, walk, offer_from_api)
                anonymous += parsed.anonymous
                self._put(parsed)
                if self._stopped.is_set():
                    return
                outcome = "complete" if page.complete and not anonymous else "partial"
        except (AuthenticationError, RateLimitedError):
            raise  # the next group would be told the same
        except VendorError as error:
            self._put(EndedWalk(walk=walk, brands=group, outcome="failed", error=error))
        else:
            self._put(EndedWalk(walk=walk, brands=group, outcome=outcome))

    def _put(self, event: ParsedPage[Offer] | EndedWalk | BaseException) -> None:
        while not self._stopped.is_set():
            try:
                self._events.put(event, timeout=0.5)
            except queue.Full:
                continue
            return

    def _stop(self, threads: Sequence[threading.Thread]) -> None:
        self._stopped.set()
        for _ in threads:
            self._groups.put(None)
        for thread in threads:
            thread.join(timeout=_JOIN_SECONDS)
