"""kill -9 at random instants, and a lost database: the rerun ends as one clean run would."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace

import psycopg
import pytest
from psycopg import sql

from tests.airflow_user import stack_of_its_own
from vendor_sync.connections import Connection, connection_from_fields
from vendor_sync.errors import StorageError
from vendor_sync.trackier.flow import FLOW, run_offer_sync

pytestmark = pytest.mark.integration

RUNNING = "SELECT count(*) FROM ops.sync_runs WHERE status = 'running'"
COUNTS = ("status", "added", "updated", "unchanged", "deactivated", "rejected", "offers", "brands")
END_STATE = {
    "brands": "SELECT trackier_advertiser_id, name, status, is_active, checksum"
    " FROM affiliate.brands ORDER BY 1",
    "offers": "SELECT trackier_campaign_id, b.trackier_advertiser_id, o.name, o.payout_amount,"
    " o.status, o.is_active, o.checksum FROM affiliate.offers o"
    " JOIN affiliate.brands b ON b.brand_id = o.advertiser_id ORDER BY 1",
    "rejects": "SELECT entity, external_id, reason FROM ops.sync_rejects r"
    " JOIN ops.sync_runs USING (run_key) WHERE run_id = 'killed' ORDER BY 1, 2, 3",
    "events": "SELECT event_id, payload FROM ops.sync_events e"
    " JOIN ops.sync_runs USING (run_key) WHERE run_id = 'killed'",
    "running": RUNNING,
}


def command(run_id):
    arguments = ["trackier-offers", "--json", "--run-id", run_id]
    return [sys.executable, "-m", "vendor_sync", *arguments]


def start(world, run_id):
    return subprocess.Popen(
        command(run_id),
        env={**os.environ, **world.environment()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def finish(world, run_id):
    done = subprocess.run(
        command(run_id),
        env={**os.environ, **world.environment()},
        capture_output=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


def end_state(world):
    return {name: world.rows(query) for name, query in END_STATE.items()}


@pytest.fixture
def changed_world(trackier, owned_database):
    """A synced network that has changed since: new, edited, vanished and broken records.

    Its warehouse is copied over and over, which only its owner may.
    """
    trackier.connections["warehouse_postgres"] = owned_database
    trackier.vendors.reset(
        11, trackier={"offers": 600, "brands": 12, "page_size": {"campaigns": 40}}
    )
    trackier.settings(group_size=4, concurrency=3, batch_size=10)
    trackier.sync("before")
    trackier.vendors.advance(3, new=0.05, vanished=0.05, changed=0.2)
    for kind in ("null_title", "commission_250", "bad_currency", "unknown_brand"):
        trackier.vendors.change("trackier", "malform", entity="campaigns", kind=kind, brand=2)
    # A little slower than at once, so that kills fall into every phase.
    trackier.vendors.faults.add("latency", seconds=0.01)
    return trackier


def copy_of_database(world, name):
    """Copy the warehouse as it is now; the copy is a connection of its own."""
    source = world.connections["warehouse_postgres"]
    login = {"host": source.host, "port": source.port, "user": source.login}
    secret = {"password": source.password, "dbname": "postgres"}
    with psycopg.connect(**login, **secret, autocommit=True) as conn:
        names = {"copy": sql.Identifier(name), "source": sql.Identifier(source.schema)}
        conn.execute(sql.SQL("DROP DATABASE IF EXISTS {copy} WITH (FORCE)").format(**names))
        end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        conn.execute(end, (source.schema,))
        conn.execute(sql.SQL("CREATE DATABASE {copy} TEMPLATE {source}").format(**names))
    return replace(source, schema=name)


def kills(count, seed, world, worker):
    """Kill `count` live processes, over as many histories as that takes.

    They are killed within the time that a whole one takes. Return how many had begun their run.
    """
    chance = random.Random(seed)
    base = world.connections["warehouse_postgres"]
    clean_copy = copy_of_database(world, f"clean_{worker}")
    clean = attach(world, clean_copy)
    began = time.monotonic()
    expected = finish(clean, "killed")
    whole = time.monotonic() - began
    expected_state = end_state(clean)
    clean.db.close()
    hits = amid = 0
    while hits < count:
        world.connections["warehouse_postgres"] = base
        history = attach(world, copy_of_database(world, f"killed_{worker}"))
        for _ in range(chance.randint(1, 3)):
            began = time.monotonic()
            process = start(history, "killed")
            try:
                process.wait(timeout=chance.uniform(0.2, 1) * whole)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                hits += 1
            else:
                # Faster than the clean one, which shared the machine with more.
                whole = min(whole, time.monotonic() - began)
            process.communicate()
            amid += history.value(RUNNING)
            if not process.returncode:
                break
        result = finish(history, "killed")
        assert {name: result[name] for name in COUNTS} == {name: expected[name] for name in COUNTS}
        assert end_state(history) == expected_state
        history.db.close()
    return amid


def attach(world, connection: Connection):
    db = psycopg.connect(
        host=connection.host,
        port=connection.port,
        user=connection.login,
        password=connection.password,
        dbname=connection.schema,
        autocommit=True,
    )
    connections = {**world.connections, "warehouse_postgres": connection}
    return replace(world, connections=connections, db=db)


def test_killed_runs_end_like_a_clean_one(changed_world, worker):
    assert kills(10, 1, changed_world, worker) > 0


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_hundred_kills_end_like_a_clean_run(changed_world, worker):
    assert kills(100, 2, changed_world, worker) >= 10


def test_killed_run_is_closed_by_the_next_one(changed_world):
    process = start(changed_world, "dies")
    deadline = time.monotonic() + 60
    while not changed_world.value(RUNNING):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    process.communicate()

    changed_world.sync("next")

    status, error = changed_world.rows(
        "SELECT status, error FROM ops.sync_runs WHERE run_id = 'dies'"
    )[0]
    assert status == "failed"
    assert "Interrupted" in error


def test_lost_database_connection_is_a_storage_error_and_the_rerun_completes(changed_world):
    killed = []

    def cut(entity_type, completed, _total):
        if entity_type == "offers" and completed > 100 and not killed:
            killed.append(completed)
            changed_world.db.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = %s AND datname = current_database()",
                (FLOW,),
            )

    with pytest.raises(StorageError):
        run_offer_sync(
            changed_world.connections.get,
            run_id="killed",
            trigger="test",
            params={},
            watch=cut,
        )
    result = changed_world.sync("killed")

    assert killed
    assert result["attempt"] == 2
    seen = changed_world.value(
        "SELECT count(*) FROM ops.sync_outcomes JOIN ops.sync_runs USING (run_key)"
        " WHERE run_id = 'killed' AND entity = 'offers' AND outcome NOT IN ('deactivated', 'kept')"
    )
    assert result["campaigns_processed"] == seen


@pytest.fixture
def own_stack(tmp_path):
    """Servers of this test alone, which it may kill: their home and their variables."""
    home = tmp_path / "stack"
    with stack_of_its_own(home, only="services") as variables:
        yield home, variables


def test_database_that_is_killed_during_a_run(changed_world, own_stack):
    home, variables = own_stack
    fields = json.loads(variables["AIRFLOW_CONN_WAREHOUSE_POSTGRES"])
    connection = connection_from_fields("warehouse_postgres", fields)
    world = replace(
        changed_world,
        connections={**changed_world.connections, "warehouse_postgres": connection},
    )
    pid_file = next((home / "data" / "postgres").glob("*/postmaster.pid"))
    pid = int(pid_file.read_text().split()[0])
    killed = []

    def kill_server(entity_type, completed, _total):
        if entity_type == "offers" and completed > 100 and not killed:
            killed.append(pid)
            os.kill(pid, signal.SIGKILL)

    with pytest.raises(StorageError):
        run_offer_sync(
            world.connections.get, run_id="killed", trigger="test", params={}, watch=kill_server
        )
    deadline = time.monotonic() + 60
    while True:
        try:
            result = world.sync("killed")
            break
        except StorageError:
            assert time.monotonic() < deadline

    fresh = attach(world, connection)
    listed = {row["trackier_campaign_id"] for row in _offers(world)}
    stored = fresh.rows("SELECT trackier_campaign_id FROM affiliate.offers")
    fresh.db.close()
    assert killed
    assert {row[0] for row in stored} == listed
    assert result["added"] == len(listed)


def _offers(world):
    return [row for row in world.vendors.truth() if row["entity"] == "offer"]
