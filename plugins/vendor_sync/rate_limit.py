"""One rate for all workers of a vendor: requests are paced at reserved instants, kept in Redis.

A reservation is a slot on a time line: each caller moves the line on by one interval and sleeps
until its own slot. Nobody polls, no slot is lost to a race, and no sliding second holds more than
the vendor allows (docs/decisions/0005 says why no library does this for us).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import redis

logger = logging.getLogger(__name__)

# Requests leave a little late now and then; this much slack keeps a vendor's sliding second safe.
_SLACK = 1.03
_LATE_SECONDS = 0.01
_RETRY_REDIS_SECONDS = 5.0

# The line is moved by Redis's own clock, so that workers need not agree on the time.
_RESERVE = """
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local slot = math.max(now + ARGV[2], tonumber(redis.call('GET', KEYS[1]) or '0'))
redis.call('SET', KEYS[1], string.format('%.0f', slot + ARGV[1]), 'PX', 3600000)
return string.format('%.0f', slot - now)
"""
_SHIFT = """
local slot = tonumber(redis.call('GET', KEYS[1]) or '0')
redis.call('SET', KEYS[1], string.format('%.0f', slot + ARGV[1]), 'PX', 3600000)
return 1
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


class LocalLimiter:
    """Paces the threads of one process."""

    def __init__(self, per_second: float) -> None:
        self._interval = _SLACK / per_second
        self._lock = threading.Lock()
        self._next = 0.0

    def acquire(self) -> None:
        """Sleep until this caller's slot."""
        with self._lock:
            slot = max(time.monotonic(), self._next)
            self._next = slot + self._interval
        late = _sleep_until(slot)
        if late > _LATE_SECONDS:
            with self._lock:
                self._next += late

    def defer(self, seconds: float) -> None:
        """Move the line of slots to `seconds` from now."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)


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
        self._key = f"rate_limit:{name}"
        self._interval_us = round(1_000_000 * _SLACK / per_second)
        self._reserve = client.register_script(_RESERVE)
        self._shift = client.register_script(_SHIFT)
        self._share = LocalLimiter(per_second / workers)
        self._on_degraded = on_degraded
        self._redis_again_at = 0.0
        self._reported = False

    def acquire(self) -> None:
        """Sleep until this caller's slot."""
        wait = self._reserve_slot(earliest_us=0)
        if wait is None:
            self._share.acquire()
            return
        late = _sleep_until(time.monotonic() + wait)
        if late > _LATE_SECONDS:
            self._call(self._shift, round(late * 1_000_000))

    def defer(self, seconds: float) -> None:
        """Move the line of slots, for all workers, to `seconds` from now."""
        self._share.defer(seconds)
        self._reserve_slot(earliest_us=round(seconds * 1_000_000))

    def _reserve_slot(self, *, earliest_us: int) -> float | None:
        answer = self._call(self._reserve, self._interval_us, earliest_us)
        return None if answer is None else int(answer) / 1_000_000

    def _call(self, script: Callable[..., object], *arguments: int) -> str | None:
        """Run a script; None while Redis is away (it is asked again after a few seconds)."""
        if time.monotonic() < self._redis_again_at:
            return None
        try:
            answer = script(keys=[self._key], args=list(arguments))
        except redis.RedisError as error:
            self._redis_again_at = time.monotonic() + _RETRY_REDIS_SECONDS
            self._report(error)
            return None
        return answer.decode() if isinstance(answer, bytes) else str(answer)

    def _report(self, error: redis.RedisError) -> None:
        logger.warning("Redis is away, pacing by this process's share: %s", type(error).__name__)
        if not self._reported:
            self._reported = True
            self._on_degraded(f"Rate limiter {self._key} fell back to this process's share.")


def _sleep_until(slot: float) -> float:
    """Sleep until a monotonic instant and return how many seconds too late the caller woke up."""
    pause = slot - time.monotonic()
    if pause > 0:
        time.sleep(pause)
    return max(0.0, time.monotonic() - slot)
