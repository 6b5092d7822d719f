"""Random histories of exports: entities, faults, kills, edits, second runs; each ends exactly once.

A history is made from its seed alone. Whatever happens in it, once the runs have settled every
local entity is in exactly one place, and no create was sent that was not needed.
"""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from bson import ObjectId

from vendor_sync.broadstreet import names
from vendor_sync.broadstreet.entity_types import REFERENCES, EntityType
from vendor_sync.broadstreet.local_models import InvalidEntityError
from vendor_sync.broadstreet.local_store import ConflictError, UnknownEntityError
from vendor_sync.errors import SyncError

pytestmark = pytest.mark.integration
T = EntityType
ACCOUNT = {"networks": 1, "advertisers": 2, "zones": 1, "advertisements": 1, "campaigns": 1}
NAMES = ("Top", "top ", "TOP\u00a0", "Side", " side\n", "New (1)", "new", "New")
KINDS = (T.ADVERTISERS, T.ZONES, T.ADVERTISEMENTS, T.CAMPAIGNS, T.PLACEMENTS)
FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("status", {"status": 500, "commit": True}),
    ("status", {"status": 503}),
    ("status", {"status": 422, "body": {"errors": {"name": "is reserved"}}}),
    ("close", {"commit": True}),
    ("close", {}),
    ("html", {"commit": True}),
    ("html", {}),
    ("empty", {"commit": True}),
    ("truncated_json", {}),
    ("reset", {}),
    ("too_many", {"style": "retry_after", "wait": 0.01}),
    ("commit_then_timeout", {"seconds": 0.02}),
    ("token_expired", {}),
)


class Killed(BaseException):
    """What kill -9 does to a run, at one of its steps: nothing of it goes on."""


@dataclass
class Killer:
    """Kills all threads of a run when the step with this number is reached."""

    at: int
    seen: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, _: str) -> None:
        with self._lock:
            self.seen += 1
            if self.seen >= self.at:
                raise Killed


class History:
    """One account and what people, faults and kills do around its exports."""

    def __init__(self, world, seed: int) -> None:
        self.world = world
        self.chance = random.Random(seed)
        self.entered: dict[str, EntityType] = {}
        self.kills = 0
        self.runs = 0

    def play(self) -> None:
        """Let it happen, and settle it."""
        self.enter(self.chance.randint(2, 7))
        for _ in range(self.chance.randint(1, 3)):
            self.meet_faults()
            self.run_to_a_kill_or_the_end()
            self.act()
        self.settle()

    def enter(self, count: int) -> None:
        """People enter entities that point at what there is, here or there."""
        for _ in range(count):
            kind = self.chance.choice(KINDS)
            fields: dict[str, Any] = {
                name: self.target(wanted) for name, wanted in REFERENCES[kind].items()
            }
            if kind is not T.PLACEMENTS:
                fields["name"] = self.chance.choice(NAMES)
            if kind is T.ADVERTISEMENTS:
                fields |= {"type": "html", "destination": "https://x.test/"}
            if kind is T.CAMPAIGNS:
                fields["start_date"] = "2026-05-01"
            with suppress(InvalidEntityError, ConflictError):  # its parent has just been exported
                self.entered[self.world.add(kind, **fields)] = kind

    def target(self, wanted: EntityType) -> int | str:
        local = [local_id for local_id, kind in self.entered.items() if kind is wanted]
        if local and self.chance.random() < 0.7:
            return self.chance.choice(local)
        found = self.world.db[wanted].find_one({}, {"broadstreet_id": 1})
        return found["broadstreet_id"]

    def meet_faults(self) -> None:
        self.world.vendors.faults.clear()
        for _ in range(self.chance.choice((0, 1, 1, 2))):
            kind, rule = self.chance.choice(FAULTS)
            if kind == "commit_then_timeout" and self.chance.random() < 0.02:
                rule = {"seconds": 30}  # costs all of the client's patience
            where = {
                "method": "GET" if self.chance.random() < 0.2 else "POST",
                "times": self.chance.randint(1, 3),
                "after": self.chance.randint(0, 2),
            }
            if where["method"] == "GET":
                rule = {name: value for name, value in rule.items() if name != "commit"}
            self.world.vendors.faults.add(kind, "broadstreet", **where, **rule)

    def run_to_a_kill_or_the_end(self) -> None:
        self.runs += 1
        killer = Killer(self.chance.randint(1, 60))
        try:
            self.world.export(step=killer)
        except Killed:
            self.kills += 1
        except SyncError:
            pass  # a refused token, a limit: the run says so and ends

    def act(self) -> None:
        """Between runs people edit, delete, enter more, and others work in the dashboard."""
        if self.chance.random() < 0.3:
            self.enter(self.chance.randint(1, 2))
        for local_id, kind in list(self.entered.items()):
            with suppress(ConflictError, UnknownEntityError, InvalidEntityError):
                if self.chance.random() < 0.15 and kind is not T.PLACEMENTS:
                    self.world.edit(kind, local_id, name=self.chance.choice(NAMES))
                if self.chance.random() < 0.05:
                    self.world.local.delete(kind, local_id, version=None)
                    del self.entered[local_id]
        open_states = {"status": {"$in": ["intended", "absent"]}}
        if self.chance.random() < 0.2 and not self.world.db.export_journal.find_one(open_states):
            network = self.world.db.networks.find_one()["broadstreet_id"]
            fields = {"name": self.chance.choice(NAMES)}
            self.world.vendors.change(
                "broadstreet", "add", entity="zones", network=network, fields=fields
            )

    def settle(self) -> None:
        self.world.vendors.faults.clear()
        for _ in range(3):
            report = self.world.export(retry_refused=True)
            if not report.of_status("exported") and not report.of_status("skipped"):
                break
        self.check(report)

    def check(self, report) -> None:
        done = list(self.world.db.export_journal.find({"status": "done"}))
        creates = self.world.vendors.creates()
        self.check_creates(done, creates)
        for local_id, kind in self.entered.items():
            here = self.world.db[kind.local].find_one({"_id": ObjectId(local_id)})
            there = self.world.db[kind].count_documents({"local_id": ObjectId(local_id)})
            assert there + (here is not None) == 1, (kind, local_id, here, there)
            if here is not None:
                assert here["exporting"] is None
                # Nothing stays but a placement that another local one has become.
                assert kind is T.PLACEMENTS, (here, report.lines.get(local_id))
                assert "delete one of them" in here["sync_errors"][-1]["message"]
        for intent in done:
            self.check_place(intent)

    def check_creates(self, done, creates) -> None:
        """Every create that was committed is some entity's, and no entity has two."""
        committed = Counter(_key(made["kind"], made) for made in creates)
        owned = Counter(_owned(intent) for intent in done)
        assert max(committed.values(), default=1) == 1, committed
        assert committed == owned, (committed - owned, owned - committed)
        plain = [seen for seen in self.world.posts() if seen.get("fault") is None]
        assert all(seen["status"] == 201 for seen in plain), "a create without need was sent"

    def check_place(self, intent) -> None:
        """It lies under the parents that were meant, under the name that was wished for."""
        kind = EntityType(intent["entity_type"])
        for name, number in intent["references"].items():
            wanted = REFERENCES[kind][name]
            assert self.world.db[wanted].find_one({"broadstreet_id": number}), (name, number)
        if intent["wanted"] is not None:
            base = names.fold(intent["wanted"])
            assert names.fold(intent["name"]).startswith(base)
            found = self.world.db[kind].find_one({"local_id": intent["_id"]})
            assert found["name"] == intent["name"]


def _key(kind: str, made: dict[str, Any]) -> tuple[Any, ...]:
    if kind != "placements":
        return kind, made["key"]
    parents = made["parents"]
    return kind, parents["campaign"], parents["advertisement"], parents["zone"]


def _owned(intent: dict[str, Any]) -> tuple[Any, ...]:
    if intent["entity_type"] != "placements":
        return intent["entity_type"], intent["broadstreet_id"]
    body = intent["call"]["body"]
    return "placements", body["campaign_id"], body["advertisement_id"], body["zone_id"]


def play(world, seed: int) -> History:
    world.start_again(ACCOUNT)
    history = History(world, seed)
    try:
        history.play()
    except BaseException as error:
        error.add_note(f"history of seed {seed}")
        raise
    return history


@pytest.mark.parametrize("part", range(10))
def test_every_history_ends_with_each_entity_exactly_once(world, part):
    histories = [play(world, seed) for seed in range(part * 20, part * 20 + 20)]

    assert sum(history.kills for history in histories) > 0


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_thousands_of_histories_end_with_each_entity_exactly_once(world):
    """`make soak-broadstreet`: HISTORIES of them from FIRST_SEED on."""
    first = int(os.environ.get("FIRST_SEED", "1000"))
    count = int(os.environ.get("HISTORIES", "10000"))
    began, kills, runs = time.monotonic(), 0, 0
    for number in range(1, count + 1):
        history = play(world, first + number)
        kills, runs = kills + history.kills, runs + history.runs
        if number % 100 == 0 or number == count:
            seconds = time.monotonic() - began
            shown = {"histories": number, "kills": kills, "runs": runs, "seconds": round(seconds)}
            print(json.dumps(shown), flush=True)  # noqa: T201 - how far a long test is

    assert kills > count / 10
