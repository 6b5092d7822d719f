"""Every request in the order of arrival: what tests assert calls, concurrency and rates with."""

from __future__ import annotations

import re
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from sandbox.vendors.wire import Call

MAX_RECORDS = 500_000
MAX_QUERY_CHARACTERS = 64 * 1024 * 1024
_KEY = re.compile(r"((?:^|&)[^=&]*(?:key|token|secret|password)[^=&]*=)[^&]*", re.IGNORECASE)


@dataclass(slots=True)
class Record:
    seq: int
    vendor: str
    method: str
    path: str
    query: str
    started_at: float
    start: float
    in_flight: int
    status: int | None = None
    size: int = 0
    end: float | None = None
    fault: dict[str, Any] | None = None
    refused: bool = False

    def as_json(self) -> dict[str, Any]:
        ended_at = None if self.end is None else self.started_at + self.end - self.start
        return {
            "seq": self.seq,
            "vendor": self.vendor,
            "method": self.method,
            "path": self.path,
            "query": unquote_plus(self.query),
            "status": self.status,
            "bytes": self.size,
            "started_at": self.started_at,
            "ended_at": ended_at,
            "start": self.start,
            "end": self.end,
            "in_flight": self.in_flight,
            "fault": self.fault,
            "refused": self.refused,
        }


class RequestLog:
    """A ring: the oldest records go when it is full, their sequence numbers are not used again."""

    def __init__(self) -> None:
        self._records: deque[Record] = deque()
        self._characters = 0
        self._seq = 0
        self._in_flight: Counter[str] = Counter()

    def begin(self, vendor: str, call: Call) -> Record:
        self._seq += 1
        self._in_flight[vendor] += 1
        record = Record(
            seq=self._seq,
            vendor=vendor,
            method=call.method,
            path=call.path,
            query=_KEY.sub(r"\1[redacted]", call.raw_query) if call.raw_query else "",
            started_at=time.time(),
            start=time.monotonic(),
            in_flight=self._in_flight[vendor],
        )
        self._records.append(record)
        self._characters += len(record.query)
        self._trim()
        return record

    def end(self, record: Record) -> None:
        record.end = time.monotonic()
        self._in_flight[record.vendor] -= 1

    def clear(self) -> None:
        """Forget the records; calls under way still count as in flight when they end."""
        self._records.clear()
        self._characters = 0

    def matching(self, vendor: str = "", since_seq: int = 0, path: str = "") -> Iterator[Record]:
        wanted = re.compile(path) if path else None
        for record in self._records:
            if record.seq <= since_seq or (vendor and record.vendor != vendor):
                continue
            if wanted is None or wanted.search(record.path):
                yield record

    @property
    def last_seq(self) -> int:
        return self._seq

    def _trim(self) -> None:
        while len(self._records) > MAX_RECORDS or self._characters > MAX_QUERY_CHARACTERS:
            self._characters -= len(self._records.popleft().query)


def summarise(records: Iterable[Record]) -> dict[str, Any]:
    """Count, exactly, what the records say."""
    kept = list(records)
    arrivals = [record.start for record in kept]
    return {
        "requests": len(kept),
        "bytes": sum(record.size for record in kept),
        "statuses": dict(Counter(str(record.status) for record in kept)),
        "paths": dict(Counter(record.path for record in kept).most_common(200)),
        "faults": sum(record.fault is not None for record in kept),
        "refused": sum(record.refused for record in kept),
        "max_concurrency": max((record.in_flight for record in kept), default=0),
        "max_calls_per_second": busiest_window(arrivals, seconds=1.0),
        "first_start": arrivals[0] if arrivals else None,
        "last_start": arrivals[-1] if arrivals else None,
    }


def busiest_window(arrivals: list[float], *, seconds: float) -> int:
    """Return the most arrivals in any half-open window of that length."""
    busiest = first = 0
    for last, arrival in enumerate(arrivals):
        while arrival - arrivals[first] >= seconds:
            first += 1
        busiest = max(busiest, last - first + 1)
    return busiest
