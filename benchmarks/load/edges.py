"""Edges by the hundred: the reference client as it is, many in each of a few processes."""

from __future__ import annotations

import asyncio
import itertools
import logging
import multiprocessing
import random
import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

from benchmarks.load.timed import Complaints, Recorder, TimedSession
from benchmarks.load.world import Login
from edge_grpc.client.agent import Agent
from edge_grpc.client.outbox import Outbox
from edge_grpc.client.session import Credentials
from edge_grpc.client.store import DriftError, EdgeStore, open_database
from edge_grpc.client.sync import Syncer
from edge_grpc.client.uploads import Uploader
from edge_grpc.v1 import usage_pb2 as usage

PROCESSES = 2
_LOGINS_PER_SECOND = 15  # argon2 takes a core 50 ms for each
_TICK = 0.25
LAST_PATIENCE = 2  # tries; an edge that is shut out need not be waited for


@dataclass(frozen=True, slots=True)
class Habits:
    """What every edge does, and where it keeps what it has."""

    target: str
    folder: Path
    bill_seconds: float = 2
    upload_seconds: float = 10
    seed: int = 1


class Edges:
    """All edges, in processes of their own."""

    def __init__(self, ends: Sequence[Any], pids: Sequence[int]) -> None:
        self._ends = ends
        self.pids = pids
        self.logins: list[Login] = []

    def add(self, logins: Sequence[Login]) -> None:
        """Start more edges; return when each has synced for the first time."""
        self.logins += logins
        parts = [logins[number :: len(self._ends)] for number in range(len(self._ends))]
        self._ask([("add", part) for part in parts])

    def recorded(self) -> Recorder:
        """Return what was recorded since this was last asked."""
        whole = Recorder()
        for part in self._ask([("recorded", None)] * len(self._ends)):
            whole.add(part)
        return whole

    def finish(self) -> None:
        """Have all edges stop selling, upload and sync a last time, and end."""
        self._ask([("finish", None)] * len(self._ends))

    def _ask(self, questions: Sequence[tuple[str, Any]]) -> list[Any]:
        for end, question in zip(self._ends, questions, strict=True):
            end.send(question)
        answers = [end.recv() for end in self._ends]
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers


@contextmanager
def running(habits: Habits, processes: int = PROCESSES) -> Iterator[Edges]:
    """Start the processes; kill them at the end."""
    spawn = multiprocessing.get_context("spawn")
    pairs = [spawn.Pipe() for _ in range(processes)]
    started = [spawn.Process(target=_serve, args=(there, habits)) for _, there in pairs]
    for process in started:
        process.start()
    try:
        yield Edges([here for here, _ in pairs], [process.pid or 0 for process in started])
    finally:
        for process in started:
            process.kill()
            process.join()


def _serve(pipe: Any, habits: Habits) -> None:  # noqa: ANN401 - a connection of either kind
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(_Fleet(pipe, habits).serve())


@dataclass
class _Edge:
    """A store's edge server, with a till that makes bills."""

    login: Login
    habits: Habits
    recorder: Recorder
    has_synced: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        credentials = Credentials(
            target=self.habits.target,
            client_id=self.login.client_id,
            client_secret=self.login.secret,
            insecure=True,
        )
        self._session = TimedSession(credentials, self.recorder)
        path = database_of(self.habits, self.login)
        self._store = EdgeStore(open_database(path))
        self._outbox = Outbox(open_database(path))
        self._agent = Agent(
            self._session,
            self._store,
            Syncer(self._session, self._store),
            Uploader(self._session, self._outbox),
            applied=lambda _: self.has_synced.set(),
        )

    async def run(self, wait: float) -> None:
        await asyncio.sleep(wait)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._agent.run(upload_seconds=self.habits.upload_seconds))
            tasks.create_task(self._sell())

    async def finish(self) -> None:
        """Bring home what is left to bring; the recorder notes what fails for good."""
        uploader = Uploader(self._session, self._outbox, patience=LAST_PATIENCE)
        syncer = Syncer(self._session, self._store, patience=LAST_PATIENCE)
        async with self._session:
            for last in (uploader.upload, syncer.sync):
                try:
                    await last()
                except (grpc.RpcError, DriftError, TimeoutError) as error:
                    self.recorder.complaints[f"the last {last.__name__}: {error!r}"] += 1

    async def _sell(self) -> None:
        """Make a bill every now and then, with one to three promotions on it."""
        await self.has_synced.wait()
        chance = random.Random(f"{self.habits.seed}/{self.login.client_id}")  # noqa: S311
        for bill in itertools.count():
            mean = self.habits.bill_seconds
            await asyncio.sleep(chance.uniform(0.5 * mean, 1.5 * mean))
            for _ in range(chance.randint(1, 3)):
                self._outbox.add(self._use(chance, f"L{bill}"))

    def _use(self, chance: random.Random, bill: str) -> usage.UsageRecord:
        office = self.login.office
        record = usage.UsageRecord(
            promotion_id=chance.choice(office.promotions),
            bill_id=bill,
            store_id=self.login.store_id,
            brand_id=chance.choice(office.brands),
        )
        record.discount_amount.currency_code = office.currency
        record.discount_amount.units = chance.randrange(1, 100)
        record.used_at.GetCurrentTime()
        return record


def database_of(habits: Habits, login: Login) -> Path:
    """Return where an edge keeps what it has."""
    return habits.folder / f"{login.client_id}.sqlite"


class _Fleet:
    """The edges of one process, steered from another."""

    def __init__(self, pipe: Any, habits: Habits) -> None:  # noqa: ANN401
        self._pipe = pipe
        self._habits = habits
        self._recorder = Recorder()
        self._edges: list[_Edge] = []
        self._running: list[asyncio.Task[None]] = []
        logging.getLogger("edge_grpc.client").addHandler(Complaints(self._recorder))

    async def serve(self) -> None:
        loop = asyncio.get_running_loop()
        late = asyncio.create_task(self._measure_lateness())
        answers = {"add": self._add, "recorded": self._recorded, "finish": self._finish}
        while True:
            question, about = await loop.run_in_executor(None, self._pipe.recv)
            try:
                answer = await answers[question](about)
            except Exception as error:  # noqa: BLE001 - raised again by who asked
                answer = RuntimeError(f"{question}: {error!r}")
            self._pipe.send(answer)
            if question == "finish":
                late.cancel()

    async def _add(self, logins: Sequence[Login]) -> None:
        added = [_Edge(login, self._habits, self._recorder) for login in logins]
        apart = PROCESSES / _LOGINS_PER_SECOND
        self._edges += added
        self._running += [
            asyncio.create_task(edge.run(number * apart)) for number, edge in enumerate(added)
        ]
        async with asyncio.timeout(60 + 4 * apart * len(added)):
            await asyncio.gather(*(edge.has_synced.wait() for edge in added))

    async def _recorded(self, _: object) -> Recorder:
        return self._recorder.take()

    async def _finish(self, _: object) -> None:
        self._recorder.is_on = False
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._recorder.is_on = True
        await asyncio.gather(*(edge.finish() for edge in self._edges))

    async def _measure_lateness(self) -> None:
        """Note by how much this process is late: what it measures is late by as much."""
        while True:
            due = time.perf_counter() + _TICK
            await asyncio.sleep(_TICK)
            self._recorder.took("generator lateness", due)
