"""What waits together is written together, and each is told what came of its own."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from vendor_sync.broadstreet.group_commit import GroupCommit

pytestmark = pytest.mark.timeout(10)


class Slow:
    """Doubles numbers; its first write ends when it is told to."""

    def __init__(self):
        self.batches = []
        self.begun, self.may_end = threading.Event(), threading.Event()

    def __call__(self, numbers):
        self.batches.append(list(numbers))
        self.begun.set()
        self.may_end.wait()
        if 13 in numbers:
            message = "thirteen cannot be written"
            raise OSError(message)
        return [2 * number for number in numbers]


def submitted(commit, slow, first, others):
    """Submit one, and the others while its write is under way; return all their futures."""
    pool = ThreadPoolExecutor(1 + len(others))
    futures = [pool.submit(commit, first)]
    slow.begun.wait()
    futures += [pool.submit(commit, number) for number in others]
    while len(commit._waiting) < len(others):
        threading.Event().wait(0.001)
    slow.may_end.set()
    pool.shutdown()
    return futures


def test_what_comes_during_a_write_leaves_together_in_its_order():
    slow = Slow()
    futures = submitted(GroupCommit(slow), slow, 1, [2, 3, 4])

    assert [future.result() for future in futures] == [2, 4, 6, 8]
    assert [len(batch) for batch in slow.batches] == [1, 3]
    assert sorted(slow.batches[1]) == [2, 3, 4]


def test_an_error_reaches_everyone_of_its_batch_and_nobody_else():
    slow = Slow()
    first, *rest = submitted(GroupCommit(slow), slow, 1, [2, 13])

    assert first.result() == 2
    for future in rest:
        with pytest.raises(OSError, match="thirteen"):
            future.result()


def test_after_an_error_the_next_one_is_written():
    slow = Slow()
    slow.may_end.set()
    commit = GroupCommit(slow)
    with pytest.raises(OSError, match="thirteen"):
        commit(13)

    assert commit(4) == 8


def test_nothing_is_lost_or_mixed_up_among_many_threads():
    batches = []

    def write(numbers):
        batches.append(len(numbers))
        return [-number for number in numbers]

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(GroupCommit(write), range(2_000)))

    assert results == [-number for number in range(2_000)]
    assert sum(batches) == 2_000
