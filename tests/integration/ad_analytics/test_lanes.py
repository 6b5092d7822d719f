"""Two lanes in two processes: each place once, the first error for both, and no lane alone."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from tests.integration.ad_analytics.lane_process import AT_WORK, PLACES, REFUSED
from vendor_sync.ad_analytics.lanes import LANES, in_threads


def start(case):
    command = [sys.executable, "-m", "tests.integration.ad_analytics.lane_process", case]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def made_by(case):
    """Return what a process with two lanes printed, and its log."""
    with start(case) as process:
        out, log = process.communicate()
    assert process.returncode == 0, log
    return json.loads(out), log


def test_two_processes_take_each_place_once():
    made, _ = made_by("all")

    (one, places), (other, more) = made
    assert one != other
    assert places
    assert more
    assert sorted(places + more) == list(range(PLACES))


def test_an_error_in_the_fork_ends_both_and_says_what_it_was():
    (kind, text), log = made_by("error")

    assert (kind, text) == ("SyncError", f"InvalidRecordError: {REFUSED}")
    assert 0 < len(log.splitlines()) < PLACES - 1


def test_a_fork_that_is_killed_is_a_failure_that_another_try_heals():
    (kind, text), _ = made_by("killed")

    assert kind == "TemporaryError"
    assert "was killed" in text


def test_a_fork_ends_with_its_parent_however_that_ended():
    with start("orphan") as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(LANES)]
        process.send_signal(signal.SIGKILL)
        # The end of the file comes when the last of both has closed it.
        lines += process.stdout.readlines()

    assert lines == [f"{AT_WORK}\n"] * LANES


def test_beside_another_thread_nothing_is_forked():
    made, _ = made_by("thread")

    assert {pid for lane in made for pid, _ in lane} == {made[0][0][0]}
    assert sum(len(lane) for lane in made) == PLACES


@given(places=st.integers(0, 30), lanes=st.integers(0, 4))
def test_threads_take_each_place_once(places, lanes):
    made = in_threads(list, places=places, lanes=lanes)

    assert len(made) == lanes
    assert sorted(place for lane in made for place in lane) == list(range(places if lanes else 0))
