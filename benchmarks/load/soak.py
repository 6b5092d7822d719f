"""A fixed number of edges for a fixed time, beside all flows; then everything is counted."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from benchmarks.load import edges, figures, server, truth, world
from benchmarks.load.changes import Change, HeadOffice
from benchmarks.load.edges import Edges, Habits
from benchmarks.load.flows import Flows, of_runs
from benchmarks.load.samples import Sampler
from benchmarks.load.timed import Recorder
from benchmarks.machine import describe, versions
from sandbox import stack
from sandbox.demo.edge import home_of_stack

Say = Callable[[str], None]
_DISTRIBUTIONS = ("grpcio", "protobuf", "asyncpg", "psycopg")
_ASKED = ("minutes", "clients", "seed", "change_seconds", "upload_seconds", "lanes")
_PROGRESS_SECONDS = 15
_LAST_NEWS_SECONDS = 30


def run(dsn: str, options: argparse.Namespace, say: Say) -> figures.Figures:
    """Load, stop, compare; return all figures."""
    folder = fresh_folder(options.folder)
    say(f"making {world.OFFICES} head offices with {options.clients} stores")
    logins = asyncio.run(world.make(dsn, options.clients, options.seed))
    flows = None if options.no_flows else Flows(os.environ, options.lanes)
    if flows:
        say("preparing the vendors")
        flows.prepare()
    with server.running(folder) as (address, pid):
        habits = Habits(address, folder, upload_seconds=options.upload_seconds, seed=options.seed)
        with edges.running(habits) as fleet:
            say(f"{len(logins)} edges log in and sync everything")
            fleet.add(logins)
            parts = {"edge": [pid], "generator": [os.getpid(), *fleet.pids]}
            found = _Load(dsn, options, fleet, flows, say).run(parts)
            say("all edges upload and sync a last time")
            fleet.finish()
            found["last"] = figures.of_last(fleet.recorded())
        say("comparing with head office's tables, and with edges that begin anew")
        with psycopg.connect(dsn) as conn:
            found["truth"] = truth.check(conn, habits, logins)
    shutil.rmtree(folder)
    return about(options) | found


def about(options: argparse.Namespace) -> figures.Figures:
    """Return what was measured, and on what."""
    return {
        "machine": describe(),
        "versions": versions(*_DISTRIBUTIONS),
        "asked": {name: getattr(options, name) for name in _ASKED},
    }


def fresh_folder(folder: Path) -> Path:
    """Return the folder, empty: edges of another run hold what is not here."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder.resolve()


class _Load:
    """Everything that goes on at the same time."""

    def __init__(
        self,
        dsn: str,
        options: argparse.Namespace,
        fleet: Edges,
        flows: Flows | None,
        say: Say,
    ) -> None:
        self._dsn = dsn
        self._options = options
        self._fleet = fleet
        self._flows = flows
        self._say = say

    def run(self, parts: dict[str, list[int]]) -> figures.Figures:
        """Let everything go on for the time that was asked for; return what was measured."""
        options, logins = self._options, self._fleet.logins
        if self._flows:
            parts |= _parts_of_stack()
        seconds = options.minutes * 60
        sampler = Sampler(parts, self._dsn, every=min(5, seconds / 20))
        office = HeadOffice(
            self._dsn, world.offices_of(logins), every=options.change_seconds, seed=options.seed
        )
        for part in filter(None, (sampler, office, self._flows)):
            part.start()
        recorded = self._watch(seconds, office)
        changes = office.stop()
        self._await_last_news(recorded, changes)
        sampler.stop()
        return self._figures(recorded, changes, sampler)

    def _watch(self, seconds: float, office: HeadOffice) -> Recorder:
        """Say every now and then how it goes; what is recorded begins with the first syncs."""
        recorded = Recorder()
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, _PROGRESS_SECONDS))
            recorded.add(self._fleet.recorded())
            calls = sum(map(len, recorded.times.values()))
            runs = f", {len(self._flows.runs)} runs" if self._flows else ""
            self._say(
                f"{max(0, left - _PROGRESS_SECONDS):4.0f} s left: {len(office.changes)} changes,"
                f" {calls:,} calls, {sum(recorded.failures.values())} failed{runs}"
            )
        return recorded

    def _await_last_news(self, recorded: Recorder, changes: list[Change]) -> None:
        """Wait until all edges have heard of the last change, but not for ever."""
        deadline = time.monotonic() + _LAST_NEWS_SECONDS
        while time.monotonic() < deadline:
            recorded.add(self._fleet.recorded())
            if not figures.lags_of(recorded.heard, changes, self._fleet.logins)[1]:
                return
            time.sleep(0.2)

    def _figures(
        self, recorded: Recorder, changes: list[Change], sampler: Sampler
    ) -> figures.Figures:
        minutes = self._options.minutes
        runs = {"flows": of_runs(self._flows.stop())} if self._flows else {}
        memory = figures.of_samples(sampler, os.cpu_count() or 1)
        if minutes >= figures.MINUTES_FOR_MEMORY:
            memory["edge_growth"] = memory["parts"]["edge"]["growth"]
        of_edges = figures.of_edges(recorded, changes, self._fleet.logins, minutes=minutes)
        return {"edges": of_edges, "memory": memory, **runs}


def _parts_of_stack() -> dict[str, list[int]]:
    found = stack.status(home_of_stack())["parts"]
    return {
        name: [part["pid"]]
        for name, part in found.items()
        if part["stage"] in stack.READY and part["pid"] and not part["is_step"]
    }
