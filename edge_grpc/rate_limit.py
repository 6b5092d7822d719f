"""Token buckets: how often one store, or one stranger, may call."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

from edge_grpc.errors import RateLimitedError

_KEPT = 50_000


class RateLimit:
    """A bucket per caller; the oldest idle ones are forgotten, which only fills them."""

    def __init__(
        self, *, per_minute: int, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second = per_minute / 60
        self._burst = float(burst)
        self._clock = clock
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, caller: Hashable, amount: float = 1) -> None:
        """Take from the caller's bucket, or raise RateLimitedError with the time to wait."""
        now = self._clock()
        level, filled_at = self._buckets.get(caller, (self._burst, now))
        level = min(self._burst, level + (now - filled_at) * self._per_second)
        enough = level >= amount
        self._buckets[caller] = (level - amount if enough else level, now)
        self._buckets.move_to_end(caller)
        if len(self._buckets) > _KEPT:
            self._buckets.popitem(last=False)
        if not enough:
            raise RateLimitedError((amount - level) / self._per_second)
