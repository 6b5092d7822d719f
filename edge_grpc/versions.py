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
from edge_grpc.database import CONNECTION_ERRORS, Database
from edge_grpc.queries import rows

logger = logging.getLogger(__name__)
CHANNEL = "edge_changes"
_RETRY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Version:
    """A company's data version."""

    epoch: UUID
    number: int
    changed_at: datetime | None


class VersionFeed:
    """Knows the newest version of each company that somebody watches."""

    def __init__(self, database: Database, *, poll_seconds: float) -> None:
        self._database = database
        self._poll_seconds = poll_seconds
        self._known: dict[UUID, Version] = {}
        self._watched: Counter[UUID] = Counter()
        self._changed: dict[UUID, asyncio.Event] = {}
        self._dirty: set[UUID] = set()
        self._wake = asyncio.Event()

    async def read(self, company_id: UUID) -> Version | None:
        """Return the version as the database has it now."""
        await self._refresh([company_id])
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
                self._known.pop(company_id, None)

    async def newer(self, company_id: UUID, than: Version | None, seconds: float) -> Version | None:
        """Return a version other than the given one, or None when there is none for so long."""
        deadline = asyncio.get_running_loop().time() + seconds
        while self._known.get(company_id) in {None, than}:
            event = self._changed.setdefault(company_id, asyncio.Event())
            try:
                async with asyncio.timeout_at(deadline):
                    await event.wait()
            except TimeoutError:
                return None
        return self._known[company_id]

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Listen and poll in the background."""
        tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._follow())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _hear(self, payload: str) -> None:
        with contextlib.suppress(ValueError):
            self._dirty.add(UUID(payload))
            self._wake.set()

    async def _listen(self) -> None:
        while True:
            try:
                lost = asyncio.Event()
                async with self._database.listening(CHANNEL, self._hear, lost.set):
                    self._dirty.update(self._watched)  # whatever was said while nobody listened
                    self._wake.set()
                    await lost.wait()
                logger.warning("the LISTEN connection was lost")
            except CONNECTION_ERRORS as error:
                logger.warning("cannot listen: %s", type(error).__name__)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _follow(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._poll_seconds):
                    await self._wake.wait()
                heard = True
            except TimeoutError:
                heard = False
            self._wake.clear()
            companies = [c for c in (self._dirty if heard else self._watched) if c in self._watched]
            self._dirty.clear()
            try:
                await self._refresh(companies, pushed=heard)
            except CONNECTION_ERRORS as error:
                logger.warning("cannot read versions: %s", type(error).__name__)
                self._dirty.update(companies)
                await asyncio.sleep(_RETRY_SECONDS)

    async def _refresh(self, companies: list[UUID], *, pushed: bool = False) -> None:
        if not companies:
            return
        async with self._database.transaction() as conn:
            found = await rows(conn, "edge_service/list_versions.sql", company_ids=companies)
        for row in found:
            version = Version(row["epoch"], row["version"], row["changed_at"])
            self._learn(row["company_id"], version, pushed=pushed)

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
