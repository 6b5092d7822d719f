"""Pacing of one process's threads."""

from __future__ import annotations

import threading
import time

from vendor_sync.rate_limit import LocalLimiter


def test_no_sliding_second_holds_more_than_the_rate():
    limiter = LocalLimiter(40)
    left: list[float] = []

    def work() -> None:
        for _ in range(15):
            limiter.acquire()
            left.append(time.monotonic())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    left.sort()
    assert max(sum(start <= other < start + 1 for other in left) for start in left) <= 40


def test_deferred_line_starts_later():
    limiter = LocalLimiter(1000)
    began = time.monotonic()

    limiter.defer(0.2)
    limiter.acquire()

    assert time.monotonic() - began >= 0.2
