"""The process that owns the parts: starts them in order, keeps them alive, stops them all."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sandbox import plan, processes, state
from sandbox.home import Home, read_json, write_private
from sandbox.runner import Runner

logger = logging.getLogger(__name__)
SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})


class Supervisor:
    """Holds one runner for each part that was ever wanted; publishes what they do in a file."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._runners: dict[str, Runner] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._failure: dict[str, str] | None = None

    async def run(self) -> int:
        """Run until a signal asks to stop or a part cannot start; return the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        loop.add_signal_handler(signal.SIGHUP, self._start_missing)
        # Blocked by the command that started us, so that none is lost before this line.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        self._start_missing()
        await self._stopping.wait()
        await self._stop()
        return 1 if self._failure else 0

    def _start_missing(self) -> None:
        """Add the parts that `wanted.json` asks for and that are not there."""
        groups = read_json(self._home.wanted_file)["groups"]
        try:
            parts = plan.build(self._home, state.load(self._home), groups)
        except SystemExit as error:
            self._fail("plan", str(error), "")
            return
        new = {
            name: Runner(part=part, home=self._home, changed=self._publish)
            for name, part in parts.items()
            if name not in self._runners
        }
        self._runners |= new
        for runner in new.values():
            task = asyncio.create_task(self._run_part(runner))
            self._tasks.add(task)
        self._publish()

    async def _run_part(self, runner: Runner) -> None:
        for name in runner.part.after:
            await self._runners[name].ready.wait()
        try:
            await runner.run()
        except Exception as error:  # whatever it is, somebody waits to be told
            logger.exception("%s did not start", runner.part.name)
            self._fail(runner.part.name, str(error), runner.part.advice)

    def _fail(self, part: str, reason: str, advice: str) -> None:
        self._failure = self._failure or {"part": part, "reason": reason, "advice": advice}
        self._publish()
        self._stopping.set()

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(r.stop(self._dependents(r)) for r in self._runners.values()))

    def _dependents(self, runner: Runner) -> list[Runner]:
        name = runner.part.name
        return [other for other in self._runners.values() if name in other.part.after]

    def _publish(self) -> None:
        me = processes.identify(os.getpid())
        status: dict[str, Any] = {
            "supervisor": asdict(me) if me else None,
            "failure": self._failure,
            "parts": {name: _describe(runner) for name, runner in self._runners.items()},
        }
        write_private(self._home.status_file, json.dumps(status, indent=1))


def _describe(runner: Runner) -> dict[str, Any]:
    return {
        "stage": runner.stage,
        "pid": runner.process.pid if runner.process else None,
        "address": runner.part.address,
        "seconds": round(runner.seconds, 2),
        "restarts": runner.restarts,
        "is_step": runner.part.healthy is None,
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox.supervisor", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    return asyncio.run(Supervisor(Home(parser.parse_args().home)).run())


if __name__ == "__main__":
    sys.exit(main())
