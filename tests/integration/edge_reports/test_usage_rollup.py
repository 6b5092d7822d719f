"""Incremental is the same as making everything anew, whatever arrives, however late."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from datetime import date, timedelta
from decimal import Decimal

import psycopg
import pytest

from tests.environment import connection_variables
from vendor_sync.edge_reports.flow import USAGE_ROLLUP, run_usage_rollup
from vendor_sync.errors import ConfigurationError, LockedError
from vendor_sync.postgres import connect, lock_flow

pytestmark = pytest.mark.integration
DAY = date(2026, 3, 4)


def test_day_of_a_store_is_summed_up(office):
    promotion = office.promotion("P")
    office.use(promotion, bill="B1", customer="C1", amount="2.00")
    office.use(promotion, bill="B1", customer="C1", amount="0.50")
    void = office.use(promotion, bill="B2", customer="C2", amount="4.00")
    office.use(promotion, bill="B2", reverses=void, amount="4.00", on=DAY + timedelta(days=2))
    office.use(promotion, store=1, bill="B9")

    result = office.rollup()

    assert (result["usages_read"], result["rows_made"], result["rows_changed"]) == (5, 2, 2)
    [first] = office.rows(
        "SELECT business_on, uses, taken_back, discount_amount, bills, customers"
        " FROM edge.promotion_effectiveness WHERE store_id = %s",
        office.stores[0],
    )
    assert first == (DAY, 3, 1, Decimal("2.5000"), 1, 1)


def test_late_arrival_and_late_reversal_change_their_old_day_only(office):
    promotion = office.promotion("P")
    first = office.use(promotion)
    office.use(promotion, on=DAY + timedelta(days=1))
    office.rollup()

    office.use(promotion, bill="B2")  # of a day that was rolled up already
    late = office.rollup()
    office.use(promotion, reverses=first, on=DAY + timedelta(days=9))
    reversal = office.rollup()
    idle = office.rollup()

    # How many are read again depends on the oldest transaction that is open on the whole server.
    assert [one["rows_changed"] for one in (late, reversal, idle)] == [1, 1, 0]
    days = office.rows(
        "SELECT business_on, uses, taken_back FROM edge.promotion_effectiveness ORDER BY 1"
    )
    assert days == [(DAY, 2, 1), (DAY + timedelta(days=1), 1, 0)]


def test_currencies_are_not_added_up(office):
    promotion = office.promotion("P")
    office.use(promotion)
    office.use(promotion, currency="USD")

    office.rollup()

    rows = office.rows("SELECT currency, uses FROM edge.promotion_effectiveness ORDER BY 1")
    assert rows == [("IDR", 1), ("USD", 1)]


@pytest.mark.parametrize("rounds", [12, pytest.param(300, marks=pytest.mark.soak)])
def test_incremental_is_making_everything_anew(office, chance, rounds):
    promotions = [office.promotion(f"P{number}") for number in range(3)]
    made: list[tuple[uuid.UUID, uuid.UUID, int]] = []
    for number in range(rounds):
        for _ in range(chance.randint(0, 12)):
            if made and chance.random() < 0.2:
                usage, promotion, store = made.pop(chance.randrange(len(made)))
                office.use(promotion, store=store, reverses=usage)
                continue
            promotion, store = chance.choice(promotions), chance.randint(0, 1)
            usage = office.use(
                promotion,
                store=store,
                on=DAY + timedelta(days=chance.randint(-400, 3)),
                bill=f"B{chance.randint(1, 5)}",
                customer=chance.choice(["", "C1", "C2"]),
                amount=f"{chance.randint(0, 900)}.{chance.randint(0, 9999):04}",
            )
            made.append((usage, promotion, store))
        office.rollup()
        if number % 4 == 3:
            incremental = office.effectiveness()
            assert incremental == office.from_scratch()
    assert made


def test_use_that_commits_after_a_later_one_is_not_missed(office, owned_database):
    """Times and sequences are taken before the commit: only the open transaction tells."""
    promotion = office.promotion("P")
    with connect(owned_database, application_name="slow") as slow:
        with slow.transaction():
            office.use(promotion, bill="slow", conn=slow)
            office.use(promotion, bill="quick")
            first = office.rollup()
        second = office.rollup()
    third = office.rollup()

    assert first["usages_read"] == 1
    # It goes on from the oldest transaction that was open: read again, and nothing is lost.
    assert second["usages_read"] == 2
    assert third["rows_changed"] == 0
    assert office.effectiveness() == office.from_scratch()
    assert office.rows("SELECT sum(uses) FROM edge.promotion_effectiveness") == [(2,)]


def test_restored_database_is_read_from_the_beginning(office):
    """Transactions of another server have other numbers."""
    promotion = office.promotion("P")
    office.use(promotion)
    office.rollup()
    office.conn.execute("UPDATE edge.rollup_progress SET processed_before = '9000000000'")
    office.use(promotion, bill="B2")

    assert office.rollup()["usages_read"] == 2
    assert office.rollup()["rows_changed"] == 0
    assert office.effectiveness() == office.from_scratch()


def test_repeated_run_changes_nothing_and_is_recorded(office):
    office.use(office.promotion("P"))
    office.rollup()
    before = office.rows("SELECT xmin::text, * FROM edge.promotion_effectiveness")

    full = office.rollup(full_refresh=True)

    assert (full["rows_made"], full["rows_changed"]) == (1, 0)
    assert office.rows("SELECT xmin::text, * FROM edge.promotion_effectiveness") == before
    runs = office.rows("SELECT flow, status, counts ->> 'rows_made' FROM ops.sync_runs")
    assert runs == [(USAGE_ROLLUP, "completed", "1")] * 2


def environment(office):
    return os.environ | connection_variables(office.connections)


def command(*arguments):
    return [sys.executable, "-m", "vendor_sync", USAGE_ROLLUP.replace("_", "-"), *arguments]


def test_run_that_is_killed_leaves_nothing_half_done_and_is_taken_up(office, database):
    promotion = office.promotion("P")
    for number in range(20):
        office.use(promotion, bill=f"B{number}", on=DAY + timedelta(days=number))
    with connect(database, application_name="blocker") as blocker, blocker.transaction():
        blocker.execute("LOCK TABLE edge.promotion_effectiveness IN SHARE MODE")
        process = subprocess.Popen(
            command("--run-id", "killed"), env=environment(office), stderr=subprocess.DEVNULL
        )
        waiting = (
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE application_name = 'edge_usage_rollup' AND wait_event_type = 'Lock'"
            " AND datname = current_database()"
        )
        deadline = time.monotonic() + 60
        while office.rows(waiting) != [(1,)]:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        office.conn.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE application_name = 'edge_usage_rollup' AND datname = current_database()"
        )
    assert office.effectiveness() == []
    assert office.rows("SELECT count(*) FROM edge.rollup_progress") == [(0,)]

    done = subprocess.run(
        command("--run-id", "killed", "--json"),
        env=environment(office),
        capture_output=True,
        text=True,
        check=True,
    )

    result = json.loads(done.stdout)
    assert (result["status"], result["rows_changed"], result["attempt"]) == ("completed", 20, 2)
    assert office.effectiveness() == office.from_scratch()


def test_second_run_waits_its_turn_and_wrong_parameters_are_named(office, database):
    with connect(database, application_name="other") as other:
        lock_flow(other, USAGE_ROLLUP, wait_seconds=1)
        with pytest.raises(LockedError):
            run_usage_rollup(
                office.connections.get,
                run_id="late",
                trigger="test",
                params={},
                lock_wait_seconds=0.2,
            )
    with pytest.raises(ConfigurationError, match="full_refresh"):
        office.rollup(full_refresh="perhaps")
    with pytest.raises(ConfigurationError, match="known are: full_refresh"):
        office.rollup(refresh=True)


def test_failure_is_recorded(office):
    office.use(office.promotion("P"))
    office.conn.execute("ALTER TABLE edge.promotion_effectiveness RENAME TO away")
    try:
        with pytest.raises(psycopg.errors.UndefinedTable):
            office.rollup()
    finally:
        office.conn.execute("ALTER TABLE edge.away RENAME TO promotion_effectiveness")

    assert office.rows("SELECT status, error FROM ops.sync_runs") == [("failed", "UndefinedTable")]
