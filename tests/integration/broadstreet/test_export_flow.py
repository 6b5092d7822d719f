"""Whole exports with their records in PostgreSQL: results, plans, locks, kills, commands."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest

from sandbox.vendors.control import DEFAULT_KEYS
from tests.environment import connection_variables
from vendor_sync.broadstreet import export_flow
from vendor_sync.broadstreet.entity_types import EntityType as T
from vendor_sync.broadstreet.export_settings import ExportParams
from vendor_sync.broadstreet.local_store import ConflictError, UnknownEntityError
from vendor_sync.connections import Connection, connection_from_environment
from vendor_sync.errors import (
    AuthenticationError,
    ConfigurationError,
    LockedError,
    PermanentError,
    TemporaryError,
)

pytestmark = pytest.mark.integration


@dataclass
class Flow:
    """An account with its stores; `run` exports as the command line would."""

    world: Any
    db: psycopg.Connection[Any]
    connections: dict[str, Connection]

    def run(
        self,
        run_id: str | None = None,
        *,
        lock_wait: float = 5,
        step: Callable[[str], None] = export_flow.no_step,
        **params: Any,
    ):
        asked = export_flow.ExportRun(
            source=self.connections.get,
            run_id=run_id or f"test__{uuid.uuid4().hex}",
            params=ExportParams.parse(params),
            trigger="test",
            lock_wait_seconds=lock_wait,
            step=step,
        )
        return export_flow.run_export(asked)

    def settings(self, **extra: Any) -> None:
        vendor = self.connections["broadstreet_default"]
        changed = replace(vendor, extra={**vendor.extra, **extra})
        self.connections["broadstreet_default"] = changed

    def environment(self) -> dict[str, str]:
        return os.environ | connection_variables(self.connections)

    def command(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "vendor_sync", *arguments],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=check,
        )

    def add_family(self, name: str) -> dict[T, str]:
        """One local entity of each exportable type, on top of each other."""
        world, north = self.world, self.world.held(T.NETWORKS)[0]["id"]
        made = {T.ADVERTISERS: world.add(T.ADVERTISERS, name=name, network_id=north)}
        made[T.ZONES] = world.add(T.ZONES, name=name, network_id=north)
        owner = {"advertiser_id": made[T.ADVERTISERS], "name": name}
        made[T.ADVERTISEMENTS] = world.add(
            T.ADVERTISEMENTS, type="html", destination="https://x.test/", **owner
        )
        made[T.CAMPAIGNS] = world.add(T.CAMPAIGNS, start_date="2026-05-01", **owner)
        made[T.PLACEMENTS] = world.add(
            T.PLACEMENTS,
            campaign_id=made[T.CAMPAIGNS],
            advertisement_id=made[T.ADVERTISEMENTS],
            zone_id=made[T.ZONES],
        )
        return made

    def nothing_is_local(self) -> bool:
        return all(self.world.db[kind.local].count_documents({}) == 0 for kind in T)

    def row(self, run_id: str, columns: str) -> tuple[Any, ...]:
        query = f"SELECT {columns} FROM ops.sync_runs WHERE run_id = %s"
        found = self.db.execute(query, [run_id]).fetchone()  # pyright: ignore[reportArgumentType]
        assert found is not None
        return found


@pytest.fixture
def flow(world, database, db, mongo_connection, worker):
    redis = connection_from_environment("analytics_redis")
    assert redis
    vendor = Connection(
        conn_id="broadstreet_default",
        conn_type="http",
        host=world.vendors.vendor_url("broadstreet"),
        password=DEFAULT_KEYS["broadstreet"],
        extra={"requests_per_second": 0, "backoff_seconds": 0.001, "settle_seconds": 0},
    )
    connections = {
        "warehouse_postgres": database,
        "broadstreet_mongo": mongo_connection,
        "analytics_redis": replace(redis, extra={"db": worker + 1}),
        "broadstreet_default": vendor,
    }
    return Flow(world, db, connections)


def test_run_leaves_counts_progress_log_and_event(flow):
    made = flow.add_family("Baker")

    result = flow.run("one")

    assert result["status"] == "completed"
    assert result["id_maps"]["campaigns"].keys() == {made[T.CAMPAIGNS]}
    assert flow.row("one", "status, counts -> 'id_maps', api_calls") == (
        "completed",
        result["id_maps"],
        result["api_calls"],
    )
    progress = flow.db.execute(
        "SELECT entity_type, completed, total FROM ops.sync_progress ORDER BY 1"
    ).fetchall()
    kinds = ["advertisements", "advertisers", "campaigns", "placements", "zones"]
    assert progress == [(kind, 1, 1) for kind in kinds]
    logs = list(flow.world.db.sync_logs.find({"operation": "export"}))
    assert sorted(log["entity_type"] for log in logs) == kinds
    assert all(log["success"] and log["entities_processed"] == 1 for log in logs)
    [(name, payload)] = flow.db.execute("SELECT name, payload FROM ops.sync_events").fetchall()
    assert (name, payload["exported"]) == ("sync.broadstreet.exported", 5)


def test_refused_entity_is_kept_with_its_reason_where_people_look(flow):
    made = flow.add_family("Baker")
    flow.world.db.local_zones.update_one({}, {"$set": {"alias": 7}})

    result = flow.run("one")

    assert result["status"] == "completed_with_errors"
    assert [line["local_id"] for line in result["failed"]] == [made[T.ZONES]]
    [(external_id, reason)] = flow.db.execute(
        "SELECT external_id, reason FROM ops.sync_rejects"
    ).fetchall()
    assert external_id == made[T.ZONES]
    assert "alias" in reason
    [log] = flow.world.db.sync_logs.find({"entity_type": "zones"})
    assert not log["success"]
    assert log["errors"][0]["local_id"] == made[T.ZONES]
    assert flow.db.execute("SELECT kind FROM ops.alerts").fetchall() == [("error_rate",)]


def test_dry_run_shows_order_names_and_payloads_and_changes_nothing(flow):
    taken = flow.world.held(T.ZONES)[0]["name"]
    made = flow.add_family(taken)
    before = [list(flow.world.db[name].find()) for name in flow.world.db.list_collection_names()]
    flow.world.vendors.clear_requests()

    plan = flow.run("dry", dry_run=True)["plan"]

    after = [list(flow.world.db[name].find()) for name in flow.world.db.list_collection_names()]
    assert after == before
    assert flow.world.posts() == []
    assert [line["entity_type"] for line in plan] == [
        "advertisers", "zones", "advertisements", "campaigns", "placements",
    ]  # fmt: skip
    zone = plan[1]
    assert (zone["renamed"], zone["sent_name"]) == (True, f"{taken.strip()} (1)")
    assert plan[4]["body"]["zone_id"] == f"(id of zone {made[T.ZONES]})"
    real = flow.run("real")
    assert {line["local_id"]: line["sent_name"] for line in real["exported"]} == {
        line["local_id"]: line["sent_name"] for line in plan
    }


def test_failed_look_up_of_a_dry_run_is_not_no_conflict(flow):
    flow.add_family("Baker")
    flow.world.vendors.faults.add("status", "broadstreet", path="/zones$", status=503)

    plan = flow.run("dry", dry_run=True)["plan"]

    [zone] = [line for line in plan if line["entity_type"] == "zones"]
    assert zone["action"] == "skip"
    assert "cannot be looked up" in zone["reason"]
    [placement] = [line for line in plan if line["entity_type"] == "placements"]
    assert placement["action"] == "skip"


def test_run_fails_when_nothing_could_be_done_and_heals_where_that_can_help(flow):
    flow.add_family("Baker")
    flow.world.vendors.faults.add("status", "broadstreet", status=503)

    with pytest.raises(TemporaryError, match="could not be exported"):
        flow.run("away")

    assert flow.row("away", "status")[0] == "failed"
    flow.world.vendors.faults.clear()
    flow.world.vendors.faults.add(
        "status", "broadstreet", method="POST", status=422, body={"errors": {"name": "no"}}
    )
    with pytest.raises(PermanentError, match="name: no"):
        flow.run("refused")
    flow.world.vendors.faults.clear()
    assert flow.run(retry_refused=True)["status"] == "completed"


def test_share_of_failures_that_is_too_large_fails_the_run_after_it_did_what_it_could(flow):
    flow.add_family("Baker")
    flow.settings(max_failed_share=0.1)
    flow.world.db.local_zones.update_one({}, {"$set": {"alias": 7}})

    with pytest.raises(PermanentError, match="1 of 4 entities"):
        flow.run("one")

    assert flow.row("one", "status, (counts -> 'exported') IS NOT NULL") == ("failed", True)
    assert flow.world.db.local_campaigns.count_documents({}) == 0


def test_refused_token_fails_the_run_and_says_where_it_is_kept(flow):
    flow.add_family("Baker")
    vendor = flow.connections["broadstreet_default"]
    flow.connections["broadstreet_default"] = replace(vendor, password="wrong")

    with pytest.raises(AuthenticationError, match="'broadstreet_default'"):
        flow.run("one")

    assert "wrong" not in flow.row("one", "error")[0]


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"max_failed_share": 2}, "max_failed_share"),
        ({"export_networks": "maybe"}, "true or false"),
    ],
)
def test_wrong_setting_is_named(flow, extra, words):
    flow.settings(**extra)

    with pytest.raises(ConfigurationError, match=words):
        flow.run()


def test_exports_exclude_each_other_and_the_second_finds_nothing_left(flow):
    for number in range(3):
        flow.add_family(f"Baker {number}")
    flow.world.vendors.faults.add("latency", "broadstreet", seconds=0.05)
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(flow.run(lock_wait=60))) for _ in range(3)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(len(result["exported"]) for result in results) == [0, 0, 15]
    assert len(flow.world.vendors.creates()) == 15


def test_export_waits_for_its_turn_only_so_long(flow):
    lock = "SELECT pg_advisory_lock(hashtextextended('vendor_sync.flow:broadstreet', 0))"
    flow.db.execute(lock)

    with pytest.raises(LockedError, match="Another run"):
        flow.run("one", lock_wait=0.2)

    assert flow.row("one", "status")[0] == "waiting"


class Person(threading.Thread):
    """Edits zones again and again while they are there; remembers what was accepted last."""

    def __init__(self, world, word: str, ids: list[str], accepted: dict[str, str]) -> None:
        super().__init__()
        self.world, self.word, self.ids, self.accepted = world, word, ids, accepted

    def run(self) -> None:
        left = list(self.ids)
        for _ in range(6):
            for local_id in list(left):
                text = f"{self.word} {uuid.uuid4().hex[:6]}"
                try:
                    with suppress(ConflictError):  # the other person, or the export, was faster
                        self.world.edit(T.ZONES, local_id, name=text, alias=text)
                        self.accepted[local_id] = text
                except UnknownEntityError:
                    left.remove(local_id)


def test_edit_during_an_export_is_refused_or_sent_whole(flow):
    """Two people edit while it is exported: no update is lost, and half of one is never sent."""
    north = flow.world.held(T.NETWORKS)[0]["id"]
    ids = [flow.world.add(T.ZONES, name=f"Z{n}", alias=f"Z{n}", network_id=north) for n in range(6)]
    accepted: dict[str, str] = {}
    people = [Person(flow.world, word, ids, accepted) for word in ("one", "two")]
    for person in people:
        person.start()

    while not flow.nothing_is_local():
        flow.run()
    for person in people:
        person.join()

    zones = {
        str(zone["local_id"]): zone for zone in flow.world.db.zones.find() if "local_id" in zone
    }
    assert set(zones) == set(ids)
    for local_id, zone in zones.items():
        assert zone["alias"] == zone["name"] == accepted.get(local_id, zone["name"])
    assert len(flow.world.vendors.creates()) == len(ids)


def kills(flow, count: int, seed: int) -> None:
    """Kill -9 real processes at random instants; then let one finish."""
    chance = random.Random(seed)
    for number in range(count):
        flow.add_family(f"Baker {number % 3}")
        process = subprocess.Popen(
            [sys.executable, "-m", "vendor_sync", "broadstreet-export", "--json"],
            env=flow.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wanted = chance.randint(1, 6)
        before = len(flow.world.posts())
        while process.poll() is None and len(flow.world.posts()) - before < wanted:
            pass  # killed in the middle of its creates, wherever it is by then
        process.send_signal(signal.SIGKILL)
        process.wait()
    flow.command("broadstreet-export", "--json")
    assert flow.nothing_is_local()
    creates = flow.world.vendors.creates()
    assert len(creates) == count * 5
    done = flow.world.db.export_journal.count_documents({"status": "done"})
    assert done == len(creates)


def test_killed_processes_leave_nothing_twice_and_lose_nothing(flow):
    flow.settings(concurrency=2)
    flow.world.vendors.faults.add("latency", "broadstreet", seconds=0.02)

    kills(flow, 3, 1)

    assert flow.run()["exported"] == []


@pytest.mark.soak
def test_hundred_killed_processes_leave_nothing_twice(flow):
    flow.settings(concurrency=2)
    flow.world.vendors.faults.add("latency", "broadstreet", seconds=0.02)

    kills(flow, 100, 2)


def test_command_prints_the_plan_and_the_result(flow):
    flow.add_family("Baker")

    plan = flow.command("broadstreet-export", "--dry-run")
    result = flow.command("broadstreet-export", "--json", "--entity-types", "advertisers,zones")
    wrong = flow.command("broadstreet-export", "--entity-types", "banners", check=False)

    assert "   1  create  advertisers" in plan.stdout
    assert '"name": "Baker"' in plan.stdout
    assert plan.stdout.endswith("5 local entities; nothing was sent.\n")
    assert set(json.loads(result.stdout)["id_maps"]) == {"advertisers", "zones"}
    assert wrong.returncode == 78
    assert "banners" in wrong.stderr


@pytest.mark.provokes(
    "export_undecided", by="a create gets no answer while somebody makes a namesake"
)
def test_entity_that_waits_for_a_person_is_told_until_somebody_decides(flow, people):
    told = people(flow.connections)
    world, owner = flow.world, flow.world.held(T.ADVERTISERS)[0]["id"]
    fields = {"name": "May", "start_date": "2026-05-01", "advertiser_id": owner}
    local_id = world.add(T.CAMPAIGNS, **fields)

    def somebody_makes_a_namesake(step):
        if step == "intended":
            made = {"advertiser": owner, "fields": {"name": "May"}}
            world.vendors.change("broadstreet", "add", entity="campaigns", **made)

    world.vendors.faults.add("status", "broadstreet", method="POST", status=500, commit=True)
    with pytest.raises(PermanentError, match="broadstreet-resolve"):
        flow.run("first", step=somebody_makes_a_namesake)
    world.vendors.faults.clear()
    flow.run("again")
    told.told_once("export_undecided")

    last = max(item["id"] for item in world.held(T.CAMPAIGNS) if item["name"] == "May")
    flow.command("broadstreet-resolve", local_id, "--adopt", str(last))

    closed = "SELECT run_id, resolved_at IS NOT NULL FROM ops.alerts WHERE kind LIKE 'export%'"
    assert flow.db.execute(closed).fetchall() == [("first", True)]


def test_person_decides_which_of_several_is_ours(flow):
    owner = flow.world.held(T.ADVERTISERS)[0]["id"]
    fields = {"name": "May", "start_date": "2026-05-01", "advertiser_id": owner}
    ids = [flow.world.add(T.CAMPAIGNS, **fields | {"name": name}) for name in ("May", "June")]

    def somebody_makes_namesakes(step):
        if step == "intended":
            for name in ("May", "June"):
                flow.world.vendors.change(
                    "broadstreet",
                    "add",
                    entity="campaigns",
                    advertiser=owner,
                    fields={"name": name},
                )

    flow.world.vendors.faults.add("status", "broadstreet", method="POST", status=500, commit=True)
    flow.world.export(step=somebody_makes_namesakes)
    flow.world.vendors.faults.clear()
    last = max(item["id"] for item in flow.world.held(T.CAMPAIGNS) if item["name"] == "May")

    wrong = flow.command("broadstreet-resolve", ids[0], "--adopt", "1", check=False)
    unsaid = flow.command("broadstreet-resolve", ids[0], check=False)
    flow.command("broadstreet-resolve", ids[0], "--adopt", str(last))
    flow.command("broadstreet-resolve", ids[1], "--create-again")
    result = flow.run()

    assert (wrong.returncode, unsaid.returncode) == (78, 78)
    assert "lists no campaign 1" in wrong.stderr
    assert result["id_maps"]["campaigns"][ids[0]] == last
    [line] = [line for line in result["exported"] if line["local_id"] == ids[1]]
    assert line["sent_name"] == "June (1)"
    assert flow.nothing_is_local()
