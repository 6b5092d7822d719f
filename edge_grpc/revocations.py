"""Learns which credentials are valid: at once by NOTIFY, and by a poll in case one was missed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from edge_grpc.auth import Generations
from edge_grpc.database import CONNECTION_ERRORS, FOLLOWER_ERRORS, Database

logger = logging.getLogger(__name__)
CHANNEL = "edge_clients"


class Revocations:
    """Keeps the generations of a process in step with the database."""

    def __init__(
        self, database: Database, generations: Generations, *, poll_seconds: float
    ) -> None:
        self._database = database
        self._generations = generations
        self._poll_seconds = poll_seconds
        self._wake = asyncio.Event()
        self._seen: tuple[int, int] | None = None

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Follow the database in the background; the first look comes before the first call."""
        with contextlib.suppress(*CONNECTION_ERRORS):
            await self._look()
        task = asyncio.create_task(self._follow())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _follow(self) -> None:
        while True:
            try:
                async with self._database.listening(CHANNEL, self._hear, self._wake.set):
                    await self._look_until_lost()
            except FOLLOWER_ERRORS as error:
                logger.warning("cannot follow revocations: %s", type(error).__name__)
            await asyncio.sleep(self._poll_seconds / 5)

    async def _look_until_lost(self) -> None:
        while True:
            self._wake.clear()
            await self._look()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._poll_seconds):
                    await self._wake.wait()

    def _hear(self, _payload: str) -> None:
        self._wake.set()

    async def _look(self) -> None:
        """Read all of them, if anything has changed: thousands of rows hold up every call."""
        [now] = await self._database.rows("edge_service/sum_up_generations.sql")
        summed_up = (now["clients"], now["checksum"])
        if summed_up == self._seen and not self._generations.is_ahead:
            return
        found = await self._database.rows("edge_service/list_generations.sql")
        self._generations.replace({row["client_id"]: row["generation"] for row in found})
        self._seen = summed_up
