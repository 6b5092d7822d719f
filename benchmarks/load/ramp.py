"""As many edges as the machine takes: twice as many at each step, until a limit breaks."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import time

from benchmarks.load import edges, figures, server, world
from benchmarks.load.changes import HeadOffice
from benchmarks.load.edges import Edges, Habits
from benchmarks.load.samples import Sampler
from benchmarks.load.soak import Say, about, fresh_folder
from benchmarks.machine import load

P99_MS = 1000
_LIMITED = ("Sync delta", "UploadUsage ack")
_FIRST = 25


def run(dsn: str, options: argparse.Namespace, say: Say) -> figures.Figures:
    """Return a row of figures for each step; the last one is the one that broke, or the largest."""
    folder = fresh_folder(options.folder)
    say(f"making {world.OFFICES} head offices with {options.most_clients} stores")
    logins = asyncio.run(world.make(dsn, options.most_clients, options.seed))
    steps: list[figures.Figures] = []
    with server.running(folder) as (address, pid):
        habits = Habits(address, folder, upload_seconds=options.upload_seconds, seed=options.seed)
        with edges.running(habits) as fleet:
            office = HeadOffice(
                dsn, world.offices_of(logins), every=options.change_seconds, seed=options.seed
            )
            office.start()
            wanted = min(_FIRST, len(logins))
            while not (steps and (steps[-1]["limits"] or wanted > len(logins))):
                fleet.add(logins[len(fleet.logins) : wanted])
                steps.append(_step(dsn, fleet, pid, options.step_seconds))
                say(_line(steps[-1]))
                wanted *= 2
            office.stop()
    shutil.rmtree(folder)
    kept = [step["edges"] for step in steps if not step["limits"]]
    return about(options) | {"steps": steps, "most_edges": max(kept, default=0)}


def _step(dsn: str, fleet: Edges, server_pid: int, seconds: float) -> figures.Figures:
    """Let the edges work for a while; return how it went and which limits broke."""
    began_with = fleet.recorded()  # the logins and first syncs of those that came
    sampler = Sampler({"edge": [server_pid], "generator": [os.getpid(), *fleet.pids]}, dsn)
    sampler.start()
    time.sleep(seconds)
    recorded = fleet.recorded()
    sampler.stop()
    calls = figures.of_calls(recorded)
    errors = sum(recorded.failures.values()) + sum(began_with.failures.values())
    limits = [
        f"{kind}: p99 {calls[kind]['p99_ms']:.0f} ms > {P99_MS} ms"
        for kind in _LIMITED
        if kind in calls and calls[kind]["p99_ms"] > P99_MS
    ]
    limits += [f"{errors} errors"] if errors else []
    found = figures.of_samples(sampler, os.cpu_count() or 1)
    del found["series"]
    return {
        "edges": len(fleet.logins),
        "calls": calls,
        "errors": errors,
        "errors_by_kind": dict(recorded.failures + began_with.failures),
        "limits": limits,
        "load": load(),
        **found,
    }


def _line(step: figures.Figures) -> str:
    p99 = ", ".join(f"{kind} {step['calls'][kind]['p99_ms']:.0f} ms" for kind in _LIMITED)
    parts = step["parts"]
    cores = ", ".join(f"{name} {parts[name]['cpu_cores']:.2f} cores" for name in parts)
    return f"{step['edges']} edges: p99 {p99}; {cores}; {'; '.join(step['limits']) or 'holds'}"
