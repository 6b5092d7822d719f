"""Lets two lanes work in a process of its own, whose other one can be killed or fail.

    python -m tests.integration.ad_analytics.lane_process CASE

It prints what the lanes made, or how they failed, as JSON.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator

from vendor_sync.ad_analytics.lanes import LANES, in_processes
from vendor_sync.errors import InvalidRecordError, SyncError

PLACES, SOON = 1_000, 0.01
AT_WORK = "at work"
REFUSED = InvalidRecordError("day", "7", "it has no date")
_here = os.getpid()
_both_at_work = multiprocessing.get_context("fork").Barrier(LANES)


def _places_of_both(places: Iterator[int]) -> Iterator[int]:
    """Yield places; nobody gets a second one before both have had one."""
    for number, place in enumerate(places):
        if not number:
            _both_at_work.wait()
        yield place


def take_all(places):
    return os.getpid(), list(_places_of_both(places))


def fail(places):
    """Fail in the fork; go on slowly here, so that there is something left."""
    taken = 0
    for _ in _places_of_both(places):
        if os.getpid() != _here:
            raise REFUSED
        taken += 1
        time.sleep(SOON)
        sys.stderr.write(f"{taken}\n")
    return taken


def die(places):
    for _ in _places_of_both(places):
        if os.getpid() != _here:
            os.kill(os.getpid(), signal.SIGKILL)


def never_end(places):
    for _ in _places_of_both(places):
        sys.stdout.write(f"{AT_WORK}\n")  # in one piece: both lanes write to the same pipe
        sys.stdout.flush()
        threading.Event().wait()


def tell(places):
    return [(os.getpid(), place) for place in places]


CASES = {"all": take_all, "error": fail, "killed": die, "orphan": never_end, "thread": tell}

if __name__ == "__main__":
    if sys.argv[1] == "thread":
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    try:
        made = in_processes(CASES[sys.argv[1]], places=PLACES, lanes=LANES)
    except SyncError as error:
        made = [type(error).__name__, str(error)]
    sys.stdout.write(json.dumps(made))
