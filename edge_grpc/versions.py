"""The companies' data versions as this process knows them, and who waits for the next one.

Wake-up comes from one LISTEN connection a process; a slow poll is the backstop for whatever it
misses. Waiters share one event a company, and only ever see the newest version.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from edge_grpc import metrics
from edge_grpc.database import FOLLOWER_ERRORS, Database

logger = logging.getLogger(__name__)
CHANNEL = "edge_changes"
_RETRY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Version:
    """A company's data version."""

    epoch: UUID
    number: int
    changed_at: datetime | None
    sync_interval_hours: int | None  # None: the company's edges do not sync by themselves


class VersionFeed:
    """Knows the newest version of each company that somebody watches or has asked for.

    What is known is as good as the database while notifications come and none is unread.
    """

    def __init__(
        self,
        database: Database,
        leaving: asyncio.Event,
        *,
        poll_seconds: float,
        read_seconds: float,
    ) -> None:
        self._database = database
        self._leaving = leaving
        self._read_seconds = read_seconds
        self._poll_seconds = poll_seconds
        self._known: dict[UUID, Version] = {}
        self._watched: Counter[UUID] = Counter()
        self._changed: dict[UUID, asyncio.Event] = {}
        self._dirty: set[UUID] = set()
        self._wake = asyncio.Event()
        self._listening = False
        self._heard = 0
        self._fresh: set[UUID] = set()  # nothing was heard of them since they were read
        self._reading: dict[UUID, asyncio.Task[None]] = {}

    async def read(self, company_id: UUID) -> Version | None:
        """Return the newest version; the database is asked only when it may have another one."""
        if not (self._listening and company_id in self._fresh):
            reading = self._reading.get(company_id)
            if reading is None or reading.done():
                reading = asyncio.create_task(self._refresh([company_id]))
                self._reading[company_id] = reading
            async with asyncio.timeout(self._read_seconds):
                await asyncio.shield(reading)
            if self._reading.get(company_id) is reading:
                del self._reading[company_id]
        return self._known.get(company_id)

    @contextmanager
    def watching(self, company_id: UUID) -> Generator[None]:
        """Keep a company's version up to date for the time of a watch."""
        self._watched[company_id] += 1
        try:
            yield
        finally:
            self._watched[company_id] -= 1
            if not self._watched[company_id]:
                del self._watched[company_id]
                self._changed.pop(company_id, None)

    async def newer(self, company_id: UUID, than: Version | None, seconds: float) -> Version | None:
        """Return a version other than the given one; None after so long, or when all leave.

        Thousands wait here: each costs a future and a timer, no task.
        """
        deadline = asyncio.get_running_loop().time() + seconds
        while self._known.get(company_id) in {None, than} and not self._leaving.is_set():
            event = self._changed.setdefault(company_id, asyncio.Event())
            try:
                async with asyncio.timeout_at(deadline):
                    await event.wait()
            except TimeoutError:
                return None
        known = self._known.get(company_id)
        return None if known == than else known

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Listen and poll in the background."""
        parts = (self._listen(), self._follow(), self._wake_all())
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _hear(self, payload: str) -> None:
        with contextlib.suppress(ValueError):
            company = UUID(payload)
            self._heard += 1
            self._fresh.discard(company)
            self._reading.pop(company, None)
            if company in self._watched:
                self._dirty.add(company)
                self._wake.set()

    async def _wake_all(self) -> None:
        """Have nobody wait any more once the server leaves."""
        await self._leaving.wait()
        for event in self._changed.values():
            event.set()

    async def _listen(self) -> None:
        while True:
            try:
                lost = asyncio.Event()
                async with self._database.listening(CHANNEL, self._hear, lost.set):
                    self._fresh.clear()  # whatever was said while nobody listened
                    self._dirty.update(self._watched)
                    self._wake.set()
                    self._listening = True
                    await lost.wait()
                logger.warning("the LISTEN connection was lost")
            except FOLLOWER_ERRORS as error:
                logger.warning("cannot listen: %s", type(error).__name__)
            finally:
                self._listening = False
            await asyncio.sleep(_RETRY_SECONDS)

    async def _follow(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._poll_seconds):
                    await self._wake.wait()
                heard = True
            except TimeoutError:
                heard = False
                self._fresh.clear()  # in case that something was not heard
            self._wake.clear()
            companies = [c for c in (self._dirty if heard else self._watched) if c in self._watched]
            self._dirty.clear()
            try:
                await self._refresh(companies, pushed=heard)
            except FOLLOWER_ERRORS as error:
                logger.warning("cannot read versions: %s", type(error).__name__)
                self._dirty.update(companies)
                await asyncio.sleep(_RETRY_SECONDS)

    async def _refresh(self, companies: list[UUID], *, pushed: bool = False) -> None:
        if not companies:
            return
        heard = self._heard
        found = await self._database.rows("edge_service/list_versions.sql", company_ids=companies)
        for row in found:
            version = Version(
                row["epoch"], row["version"], row["changed_at"], row["sync_interval_hours"]
            )
            self._learn(row["company_id"], version, pushed=pushed)
        for gone in set(companies) - {row["company_id"] for row in found}:
            self._known.pop(gone, None)
        if heard == self._heard:
            self._fresh.update(companies)

    def _learn(self, company_id: UUID, version: Version, *, pushed: bool) -> None:
        known = self._known.get(company_id)
        stale = (
            known is not None and known.epoch == version.epoch and known.number >= version.number
        )
        if stale:
            return
        self._known[company_id] = version
        if pushed and version.changed_at:
            metrics.PUSH_LAG.observe((datetime.now(UTC) - version.changed_at).total_seconds())
        event = self._changed.pop(company_id, None)
        if event:
            event.set()
