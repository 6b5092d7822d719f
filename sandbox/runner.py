"""The life of one part: start it, see it healthy, start it again when it dies, stop it."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox import processes
from sandbox.home import REPOSITORY, Home
from sandbox.part import Part

logger = logging.getLogger(__name__)
READY = frozenset({"healthy", "done"})
_POLL = 0.05
_FIRST_RETRY = 0.25
_LONGEST_RETRY = 10.0
_STEADY = 60.0  # seconds of life after which a death counts as the first one again


class StartError(Exception):
    """A part did not start; the message says what was seen."""


@dataclass(slots=True)
class Runner:
    """Runs one part; `changed` is told of every change of `stage`."""

    part: Part
    home: Home
    changed: Callable[[], None]
    stage: str = "waiting"
    seconds: float = 0.0
    restarts: int = 0
    process: processes.Process | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    _child: asyncio.subprocess.Process | None = None

    async def run(self) -> None:
        """Run the part for good; a step returns when it is done. Raise StartError if it cannot."""
        began = time.monotonic()
        if self.part.is_done and self.part.is_done():
            self._enter("done")
            return
        while not await self._attempt(began):
            await self._clear_session()
        if self.part.healthy is None:
            self.part.finish()
            self._forget()
            self._enter("done")
            return
        await self._keep_alive()

    async def _attempt(self, began: float) -> bool:
        """Try a first start; a failure within `retry_for` may be the past's fault: try again."""
        try:
            await self._start()
        except StartError as error:
            if time.monotonic() - began > self.part.retry_for:
                raise
            logger.info("%s: %s; trying again", self.part.name, error)
            await asyncio.sleep(_FIRST_RETRY)
            return False
        self.seconds = time.monotonic() - began
        return True

    async def _keep_alive(self) -> None:
        pause = _FIRST_RETRY
        while True:
            self._enter("healthy")
            since = time.monotonic()
            await self._wait_for_exit()
            pause = _FIRST_RETRY if time.monotonic() - since > _STEADY else pause
            while True:
                self.restarts += 1
                logger.warning(
                    "%s ended with %s: starting it again in %.2f s",
                    self.part.name,
                    self._child and self._child.returncode,
                    pause,
                )
                self._enter("restarting")
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_RETRY)
                await self._clear_session()
                try:
                    await self._start()
                except StartError as error:
                    logger.warning("%s: %s", self.part.name, error)
                else:
                    break

    async def _start(self) -> None:
        """Start the process and wait until it is healthy, or for a step until it ends well."""
        await asyncio.to_thread(self.part.before)
        if self.stage != "restarting":
            self._enter("starting")
        started = time.time()
        await self._spawn()
        try:
            async with asyncio.timeout(self.part.patience):
                if self.part.healthy is None:
                    await self._finish_step()
                else:
                    await self._become_healthy(self.part.healthy, started)
        except TimeoutError:
            await self._clear_session()
            message = f"not ready after {self.part.patience:.0f} s"
            raise StartError(message) from None

    async def _spawn(self) -> None:
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.home.root),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "PYTHONUNBUFFERED": "1",
        }
        with self.home.log(self.part.name).open("ab") as log:
            self._child = await asyncio.create_subprocess_exec(
                *(str(word) for word in self.part.argv),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/" if self.part.run_as else REPOSITORY,
                env={**environment, **self.part.env},
                start_new_session=True,
                **self.part.run_as,
            )
        self.process = processes.identify(self._child.pid)
        if self.process:
            processes.save(self.process, self.home.record(self.part.name))

    async def _finish_step(self) -> None:
        code = await self._wait_for_exit()
        if code:
            message = f"ended with exit code {code}"
            raise StartError(message)

    async def _become_healthy(self, healthy: Callable[[float], bool], started: float) -> None:
        while not await asyncio.to_thread(healthy, started):
            if self._child and self._child.returncode is not None:
                message = f"ended with exit code {self._child.returncode} before it was healthy"
                raise StartError(message)
            await asyncio.sleep(_POLL)

    async def _wait_for_exit(self) -> int:
        return await self._child.wait() if self._child else 0

    async def _clear_session(self) -> None:
        """Kill what a dead part left behind, so that the next one finds its port and files free."""
        if self.process:
            self.process.kill_session()
            while not self.process.is_gone():
                await asyncio.sleep(_POLL)

    async def stop(self, dependents: list[Runner]) -> None:
        """Ask the part to end once those that need it have; kill its session if it does not."""
        for dependent in dependents:
            await dependent.stopped.wait()
        if self.process and not self.process.is_gone():
            self._enter("stopping")
            self.process.send(self.part.stop_signal)
            deadline = time.monotonic() + self.part.stop_within
            while not self.process.is_gone() and time.monotonic() < deadline:
                await asyncio.sleep(_POLL)
            if not self.process.is_gone():
                logger.warning("%s does not end: killing it", self.part.name)
            await self._clear_session()
        self._forget()
        self._enter("stopped")
        self.stopped.set()

    def _forget(self) -> None:
        self.home.record(self.part.name).unlink(missing_ok=True)
        self.process = None

    def _enter(self, stage: str) -> None:
        self.stage = stage
        logger.info("%s is %s", self.part.name, stage)
        if stage in READY:
            self.ready.set()
        self.changed()
