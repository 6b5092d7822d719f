"""Retention is killed at any instant, and started again."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from tests.environment import connection_variables
from vendor_sync.postgres import connect, lock_flow

pytestmark = pytest.mark.integration
OLD, YOUNG = 30_000, 500


@pytest.fixture
def heap(attic):
    """Many refused records of an old run, few of a run about which an alert is open, and new."""
    runs = attic.run(300), attic.run(290), attic.run(2)
    attic.alert(runs[1], None)
    for run, number, days in zip(runs, (OLD, YOUNG, YOUNG), (299, 289, 2), strict=True):
        attic.conn.execute(
            "INSERT INTO ops.sync_rejects (run_key, flow, entity, kind, reason, item,"
            " fingerprint, rejected_at)"
            " SELECT %s, 'old_flow', 'offers', 'invalid', 'r', '{}', n::text,"
            " now() - %s * interval '1 day' FROM generate_series(1, %s) AS n",
            (run, days, number),
        )
    return attic, runs


def environment(attic):
    for_us = {name: value for name, value in os.environ.items() if "AIRFLOW_CONN" not in name}
    return for_us | connection_variables(attic.connections)


def command(*arguments):
    return [sys.executable, "-m", "vendor_sync", "retention", *arguments]


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.soak)])
def test_killed_retention_has_deleted_nothing_that_is_needed_and_goes_on(heap, kills):
    attic, (old, held, young) = heap
    left = "SELECT count(*) FROM ops.sync_rejects WHERE run_key = %s"
    chance = random.Random(kills)
    amid = 0
    for _ in range(kills):
        before = attic.value(left, old)
        process = subprocess.Popen(
            command("--run-id", "killed"), env=environment(attic), stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 60
        fewer = before - chance.randint(1, 4000)
        while process.poll() is None and attic.value(left, old) > fewer:
            assert time.monotonic() < deadline
        process.send_signal(signal.SIGKILL)
        process.wait()
        attic.conn.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE application_name LIKE 'retention%' AND datname = current_database()"
        )
        amid += 0 < attic.value(left, old) < before
        assert attic.value(left, held) == attic.value(left, young) == YOUNG
    assert amid  # it was at work, and neither at its beginning nor at its end

    done = subprocess.run(
        command("--run-id", "killed", "--json"),
        env=environment(attic),
        capture_output=True,
        text=True,
        check=True,
    )

    assert attic.keys("ops.sync_rejects", "run_key") == {held, young}
    result = json.loads(done.stdout)
    assert (result["status"], result["attempt"]) == ("completed", kills + 1)
    assert attic.keys("ops.sync_runs", "run_key") >= {held, young}
    assert old not in attic.keys("ops.sync_runs", "run_key")


def test_rows_that_somebody_holds_are_passed_over_and_go_the_next_time(attic, database):
    run = attic.run(300)
    first, second = attic.reject(run, 299), attic.reject(run, 299)
    with connect(database, application_name="reader") as other, other.transaction():
        other.execute("SELECT FROM ops.sync_rejects WHERE reject_key = %s FOR SHARE", (first,))

        attic.retain()

        assert attic.keys("ops.sync_rejects", "reject_key") == {first}
    attic.retain()
    assert attic.keys("ops.sync_rejects", "reject_key") == set()
    assert second


def test_second_run_waits_its_turn_and_is_skipped(attic, database):
    with connect(database, application_name="other") as other:
        lock_flow(other, "retention", wait_seconds=1)
        skipped = subprocess.run(
            command("--lock-wait", "0", "--dry-run"),
            check=False,
            env=environment(attic),
            capture_output=True,
            text=True,
        )

    assert skipped.returncode == 3
    assert attic.rows("SELECT status FROM ops.sync_runs") == [("skipped",)]
