"""Knows a process by its pid and its start time, so that a reused pid is never taken for ours."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from sandbox.home import read_json, write_private

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Process:
    """A process that was started here; it leads a session of its own."""

    pid: int
    born: str

    def is_alive(self) -> bool:
        return birth(self.pid) == self.born

    def send(self, number: signal.Signals) -> None:
        if self.is_alive():
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill_session(self) -> None:
        """Kill it and what it left in its session, unless the pid is another's by now."""
        if birth(self.pid) not in {None, self.born}:
            return
        for pid in (self.pid, *_session_members(self.pid)):
            with suppress(ProcessLookupError, PermissionError):
                if pid != self.pid or self.is_alive():
                    os.kill(pid, signal.SIGKILL)

    def send_session(self, number: signal.Signals) -> None:
        """Send a signal to it and to all of its session, as `kill_session` does."""
        if self.is_alive():
            for pid in (self.pid, *_session_members(self.pid)):
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)

    def is_gone(self) -> bool:
        """Tell whether neither it nor anything in its session is left."""
        now = birth(self.pid)
        return now != self.born and (now is not None or not any(_session_members(self.pid)))


def birth(pid: int) -> str | None:
    """Return what tells this process from a later one with its pid; None if there is none."""
    if not sys.platform.startswith("linux"):
        return _birth_by_ps(pid)
    fields = _stat(pid)
    if fields is None or fields[0] in "ZX":
        return None
    return f"{_boot_id()}/{fields[19]}"


def identify(pid: int) -> Process | None:
    born = birth(pid)
    return Process(pid, born) if born else None


def save(process: Process, file: Path) -> None:
    write_private(file, json.dumps(asdict(process)))


def load(file: Path) -> Process | None:
    fields = read_json(file)
    return Process(**fields) if fields else None


def wait_gone(processes: Iterable[Process], seconds: float) -> list[Process]:
    """Wait until all are gone; return those that are not by then."""
    left, deadline = list(processes), time.monotonic() + seconds
    while left and time.monotonic() < deadline:
        left = [process for process in left if not process.is_gone()]
        time.sleep(0.02 if left else 0)
    return left


def _stat(pid: int) -> list[str] | None:
    """Return the fields of /proc/PID/stat after the name: state, ppid, pgrp, session, ..."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def _boot_id() -> str:
    # Start times count from the boot: after a restart of the machine they may repeat.
    return (_PROC / "sys/kernel/random/boot_id").read_text().strip()


def _birth_by_ps(pid: int) -> str | None:
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    state, _, born = (
        subprocess.run(command, capture_output=True, text=True, check=False)
        .stdout.strip()
        .partition(" ")
    )
    return None if not born or state.startswith("Z") else born.strip()


def _session_members(leader: int) -> Iterator[int]:
    """Yield the living processes of a session; its number is not reused while one is left."""
    if not sys.platform.startswith("linux"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, 0)
            yield -leader  # the whole group, as os.kill understands it
        return
    for name in os.listdir(_PROC):  # noqa: PTH208 - a thousand entries, twenty times a second
        fields = _stat(int(name)) if name.isdigit() else None
        if fields and int(fields[3]) == leader and int(name) != leader and fields[0] not in "ZX":
            yield int(name)
