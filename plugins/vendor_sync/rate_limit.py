"""One rate for all workers of a vendor: requests leave at reserved instants, kept in Redis.

A reservation is a slot on a time line: each caller takes the next one and sleeps until then. Who
comes late after a stall finds slots that nobody took, and the line catches up, a little faster than
its pace; but as many slots as a second may hold are always more than a second apart, so that no
sliding second holds more than the vendor allows. Nobody polls, no slot is lost to a race
(docs/decisions/0005 says why no library does this for us).
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import redis

logger = logging.getLogger(__name__)

# Requests arrive a little sooner or later than they leave; so much slack keeps a vendor's sliding
# second safe.
_SLACK = 1.04
# How far the line may lag behind the clock and still catch up, and how fast it then is. Further
# behind there was nothing to do, and the line begins anew.
_BEHIND_SECONDS = 0.25
_HURRY = 0.7
_LATE_SECONDS = 0.01
_RETRY_REDIS_SECONDS = 5.0

# KEYS: the line's next slot, and a list of the last ones, as many as a second may hold. Both are in
# microseconds of Redis's own clock: workers need not agree on the time.
_RESERVE = """
local pace, least, window, most, behind, earliest = unpack(ARGV)
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local due = tonumber(redis.call('GET', KEYS[1]) or '0')
if due < now - behind then due = now end
if earliest ~= '0' then due = math.max(due, now + earliest) end
local slot = math.max(due, now)
local last = redis.call('LINDEX', KEYS[2], -1)
if last then slot = math.max(slot, last + least) end
local first = redis.call('LINDEX', KEYS[2], -most)
if first then slot = math.max(slot, first + window) end
slot = string.format('%.0f', slot)
redis.call('SET', KEYS[1], string.format('%.0f', due + pace), 'PX', 3600000)
redis.call('RPUSH', KEYS[2], slot)
redis.call('LTRIM', KEYS[2], -most, -1)
redis.call('PEXPIRE', KEYS[2], 3600000)
return {slot, string.format('%.0f', slot - now)}
"""
_CORRECT = """
local place = redis.call('LPOS', KEYS[2], ARGV[1])
if place then
    redis.call('LSET', KEYS[2], place, string.format('%.0f', ARGV[1] + ARGV[2]))
end
"""


class RateLimiter(Protocol):
    """Paces requests to one vendor."""

    def acquire(self) -> None:
        """Return when the next request may leave."""
        ...

    def defer(self, seconds: float) -> None:
        """Let no request leave for so long: the vendor asked for it."""
        ...


class Unlimited:
    """For a vendor without a limit, and for measurements."""

    def acquire(self) -> None:
        """Return at once."""

    def defer(self, seconds: float) -> None:
        """Do nothing: the caller waits by itself."""


class Combined:
    """Keeps to several rates at once, such as an account's and that of all accounts together."""

    def __init__(self, limiters: Sequence[RateLimiter]) -> None:
        self._limiters = tuple(limiters)

    def acquire(self) -> None:
        """Return when the next request may leave by all rates, the widest waited for last."""
        for limiter in self._limiters:
            limiter.acquire()

    def defer(self, seconds: float) -> None:
        """Let no request leave for so long by any rate: a refusal does not say which was passed."""
        for limiter in self._limiters:
            limiter.defer(seconds)


class _Distances:
    """Between slots, in seconds: the pace, the least, and that of as many as `most`."""

    def __init__(self, per_second: float) -> None:
        self.pace = _SLACK / per_second
        self.least = _HURRY * self.pace
        self.most = max(1, int(per_second))
        self.window = self.pace * self.most


class LocalLimiter:
    """Paces the threads of one process."""

    def __init__(self, per_second: float) -> None:
        self._distances = _Distances(per_second)
        self._lock = threading.Lock()
        self._due = 0.0
        self._slots: deque[float] = deque(maxlen=self._distances.most)

    def acquire(self) -> None:
        """Sleep until this caller's slot."""
        with self._lock:
            slot = self._next_slot(time.monotonic())
        late = _sleep_until(slot)
        if late > _LATE_SECONDS:
            with self._lock, contextlib.suppress(ValueError):  # when it is no longer kept
                self._slots[self._slots.index(slot)] += late

    def _next_slot(self, now: float) -> float:
        due = self._due if self._due >= now - _BEHIND_SECONDS else now
        slot = max(due, now)
        if self._slots:
            slot = max(slot, self._slots[-1] + self._distances.least)
        if len(self._slots) == self._distances.most:
            slot = max(slot, self._slots[0] + self._distances.window)
        self._due = due + self._distances.pace
        self._slots.append(slot)
        return slot

    def defer(self, seconds: float) -> None:
        """Let no slot that is still to be taken begin before `seconds` from now."""
        with self._lock:
            self._due = max(self._due, time.monotonic() + seconds)


class SharedLimiter:
    """Paces all workers through Redis; without it each process keeps to its share of the rate."""

    def __init__(
        self,
        client: redis.Redis,
        *,
        name: str,
        per_second: float,
        workers: int,
        on_degraded: Callable[[str], None],
    ) -> None:
        self._name = name
        self._keys = [f"rate:{{{name}}}:due", f"rate:{{{name}}}:slots"]
        apart = _Distances(per_second)
        self._distances = (
            *map(_microseconds, (apart.pace, apart.least, apart.window)),
            apart.most,
            _microseconds(_BEHIND_SECONDS),
        )
        self._reserve = client.register_script(_RESERVE)
        self._correct = client.register_script(_CORRECT)
        self._share = LocalLimiter(per_second / workers)
        self._on_degraded = on_degraded
        self._redis_again_at = 0.0
        self._reported = False

    def acquire(self) -> None:
        """Sleep until this caller's slot."""
        reserved = self._reserve_slot(earliest_us=0)
        if reserved is None:
            self._share.acquire()
            return
        slot, wait = reserved
        late = _sleep_until(time.monotonic() + wait / 1_000_000)
        if late > _LATE_SECONDS:
            self._call(self._correct, slot, _microseconds(late))

    def defer(self, seconds: float) -> None:
        """Move the line of slots, for all workers, to `seconds` from now."""
        self._share.defer(seconds)
        self._reserve_slot(earliest_us=_microseconds(seconds))

    def _reserve_slot(self, *, earliest_us: int) -> tuple[int, int] | None:
        """Return a slot and how long it is until then, in microseconds."""
        answer = self._call(self._reserve, *self._distances, earliest_us)
        return None if answer is None else (int(answer[0]), int(answer[1]))

    def _call(self, script: Callable[..., Any], *arguments: int) -> Any:  # noqa: ANN401
        """Run a script; None while Redis is away (it is asked again after a few seconds)."""
        if time.monotonic() < self._redis_again_at:
            return None
        try:
            return script(keys=self._keys, args=list(arguments))
        except redis.RedisError as error:
            self._redis_again_at = time.monotonic() + _RETRY_REDIS_SECONDS
            self._report(error)
            return None

    def _report(self, error: redis.RedisError) -> None:
        logger.warning("Redis is away, pacing by this process's share: %s", type(error).__name__)
        if not self._reported:
            self._reported = True
            self._on_degraded(f"Rate limiter {self._name} fell back to this process's share.")


def _microseconds(seconds: float) -> int:
    return round(seconds * 1_000_000)


def _sleep_until(slot: float) -> float:
    """Sleep until a monotonic instant and return how many seconds too late the caller woke up."""
    pause = slot - time.monotonic()
    if pause > 0:
        time.sleep(pause)
    return max(0.0, time.monotonic() - slot)
