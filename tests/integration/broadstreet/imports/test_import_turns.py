"""One import at a time, whatever starts it, and one that is killed is taken up again."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.vendors.control import REPOSITORY
from vendor_sync.broadstreet import import_flow, lease, schema
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.import_flow import ImportRun
from vendor_sync.broadstreet.import_settings import ImportParams
from vendor_sync.errors import LockedError, PermanentError, StorageError
from vendor_sync.postgres import connect, lock_flow

pytestmark = pytest.mark.integration

KINDS = tuple(map(str, EntityType))
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def step(world, run_id, **params):
    return ImportRun(
        source=world.connections.get,
        run_id=run_id,
        params=ImportParams.parse(params),
        lock_wait_seconds=0.2,
    )


def test_two_imports_started_at_once_follow_each_other(broadstreet):
    """[12] Imports that start together do not interleave."""
    broadstreet.vendors.faults.add("latency", "broadstreet", seconds=0.01)
    results = []

    def run(name):
        results.append(broadstreet.run(name, lock_wait=30))

    threads = [threading.Thread(target=run, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    inserted = [sum(part["inserted"] for part in r["entities"].values()) for r in results]
    assert sorted(inserted) == [0, sum(len(broadstreet.truth(kind)) for kind in KINDS)]
    paths = [r["path"].rsplit("/", 1)[-1] for r in broadstreet.vendors.requests("broadstreet")]
    assert paths.count("networks") == 2
    assert paths[: len(paths) // 2].count("networks") == 1


def test_an_import_waits_for_an_export_and_gives_up_in_time(broadstreet):
    with connect(broadstreet.connections["warehouse_postgres"], application_name="t") as conn:
        lock_flow(conn, schema.EXCLUSIVE_LOCK, wait_seconds=1)

        with pytest.raises(LockedError):
            broadstreet.run(lock_wait=0.1)

    assert broadstreet.run()["status"] == "completed"


def test_the_steps_of_one_run_do_what_a_run_does(broadstreet):
    asked = step(broadstreet, "dag", mode="fresh")

    import_flow.begin(asked)
    for level in asked.params.levels:
        for entity_type in level:
            import_flow.import_types(asked, [entity_type])
    result = import_flow.finish(asked)

    for kind in KINDS:
        assert broadstreet.imported(kind) == broadstreet.truth(kind)
    assert (result["status"], result["generation"], result["attempt"]) == ("completed", 1, 1)
    assert broadstreet.rows("SELECT status, interruptions FROM ops.sync_runs") == [("completed", 0)]
    assert broadstreet.db["generation"].find_one({"_id": lease.LEASE_ID}) is None


def test_another_import_waits_between_the_steps_of_a_run(broadstreet):
    import_flow.begin(step(broadstreet, "first"))

    with pytest.raises(LockedError, match="Import 'first' is under way"):
        broadstreet.run("second", lock_wait=0.1)

    import_flow.import_types(step(broadstreet, "first"), [EntityType.NETWORKS])


def test_a_run_whose_step_failed_says_which_and_lets_others_in(broadstreet):
    asked = step(broadstreet, "first")
    import_flow.begin(asked)
    import_flow.import_types(asked, [EntityType.NETWORKS])

    with pytest.raises(PermanentError, match="Not imported: advertisers, zones"):
        import_flow.finish(asked)

    assert broadstreet.run("second")["status"] == "completed"


def test_a_lease_ends_by_itself_and_is_renewed_by_its_holder(broadstreet):
    lease.claim(broadstreet.db, "a", NOW)
    lease.claim(broadstreet.db, "a", NOW + timedelta(minutes=10))

    with pytest.raises(LockedError):
        lease.claim(broadstreet.db, "b", NOW + timedelta(minutes=20))
    lease.claim(broadstreet.db, "b", NOW + timedelta(minutes=26))

    lease.release(broadstreet.db, "a")
    with pytest.raises(LockedError):
        lease.claim(broadstreet.db, "a", NOW + timedelta(minutes=27))


def spawn(world, run_id, *arguments):
    environment = {**os.environ, **world.environment()}
    command = [sys.executable, "-m", "vendor_sync", "broadstreet-import", "--json"]
    return subprocess.Popen(
        [*command, "--run-id", run_id, *arguments], env=environment, cwd=REPOSITORY,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def kill_somewhere(world, run_id, dice, *arguments):
    """Start an import, and kill it with -9 once it has made some number of calls."""
    world.vendors.clear_requests()
    wanted = dice.randint(0, 20)  # of 23
    process = spawn(world, run_id, *arguments)
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if world.vendors.stats("broadstreet")["requests"] > wanted:
            break
        time.sleep(0.01)
    time.sleep(dice.random() * 0.05)
    process.kill()
    process.wait()


def wait_for_locks(world):
    """Return when PostgreSQL has noticed that the killed process is gone."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        held = world.rows(
            "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE locktype = 'advisory' AND pg_stat_activity.datname = current_database()"
        )
        if held == [(0,)]:
            return
        time.sleep(0.02)
    pytest.fail("the killed process still holds its locks")


def check_kills(world, seed, kills):
    dice = random.Random(seed)
    mode = dice.choice(["incremental", "incremental", "fresh"])
    for _ in range(kills):
        kill_somewhere(world, "killed", dice, "--mode", mode)
        wait_for_locks(world)
        if mode == "fresh":
            for kind in KINDS:
                assert world.imported(kind) in ({}, world.truth(kind))

    result = world.run("killed", mode=mode)

    for kind in KINDS:
        assert world.imported(kind) == world.truth(kind)
        assert world.db[kind].count_documents({}) == len(world.truth(kind))
        if mode == "incremental":
            assert result["entities"][kind]["inserted"] == len(world.truth(kind))
    assert not [name for name in world.db.list_collection_names() if "incoming" in name]


@pytest.mark.parametrize("seed", [1])
def test_an_import_that_is_killed_anywhere_ends_as_a_clean_one(broadstreet, seed):
    check_kills(broadstreet, seed, kills=2)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 140))
def test_an_import_that_is_killed_again_and_again_ends_as_a_clean_one(broadstreet, seed):
    check_kills(broadstreet, seed, kills=5)


def test_a_server_that_is_away_is_a_storage_error(broadstreet):
    connection = broadstreet.connections["broadstreet_mongo"]
    gone = replace(connection, port=9, extra={**connection.extra, "serverSelectionTimeoutMS": 200})
    broadstreet.connections["broadstreet_mongo"] = gone

    with pytest.raises(StorageError, match="MongoDB cannot be reached"):
        broadstreet.run()
