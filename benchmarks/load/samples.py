"""Memory and processor time of every process, read from /proc while the load runs."""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

_PROC = Path("/proc")
_TICK = os.sysconf("SC_CLK_TCK")
_GONE = (FileNotFoundError, ProcessLookupError)
_CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"


@dataclass
class Usage:
    """What a part of the system used: MiB at each sample, and CPU seconds in all."""

    mib: list[tuple[float, float]] = field(default_factory=list)  # (seconds since begin, MiB)
    cpu: float = 0.0


class Sampler(threading.Thread):
    """Samples the parts until it is stopped. A part is a process with its descendants."""

    def __init__(self, parts: Mapping[str, Sequence[int]], dsn: str, every: float = 5) -> None:
        super().__init__(name="sampler", daemon=True)
        self._parts = {pid: name for name, pids in parts.items() for pid in pids}
        self._dsn = dsn
        self._every = every
        self._ending = threading.Event()
        self.parts: dict[str, Usage] = {name: Usage() for name in parts}
        self.most_connections = 0
        self.machine_cpu = 0.0
        self.seconds = 0.0

    def run(self) -> None:
        began, machine = time.monotonic(), _machine_cpu()
        before = self._sample(0)
        with psycopg.connect(self._dsn, autocommit=True) as conn:
            while not self._ending.wait(self._every):
                self._sample(time.monotonic() - began)
                found = conn.execute(_CONNECTIONS).fetchall()[0][0]
                self.most_connections = max(self.most_connections, found)
        after = self._sample(time.monotonic() - began)
        self.seconds = time.monotonic() - began
        self.machine_cpu = _machine_cpu() - machine
        for name, usage in self.parts.items():
            usage.cpu = after.get(name, 0) - before.get(name, 0)

    def stop(self) -> Sampler:
        self._ending.set()
        self.join()
        return self

    def _part_of(self, pid: int, stats: Mapping[int, Sequence[str]]) -> str | None:
        """Return the part of the process or of the nearest ancestor that has one."""
        while pid in stats:
            if pid in self._parts:
                return self._parts[pid]
            pid = int(stats[pid][1])
        return None

    def _sample(self, at: float) -> dict[str, float]:
        """Note the memory of all parts; return the CPU seconds that each has used so far."""
        memory: dict[str, float] = defaultdict(float)
        cpu: dict[str, float] = defaultdict(float)
        stats = dict(_stats())
        for pid, fields in stats.items():
            if name := self._part_of(pid, stats):
                with suppress(*_GONE):
                    memory[name] += private_mib(pid)
                    cpu[name] += sum(map(int, fields[11:15])) / _TICK
        for name, mib in memory.items():
            self.parts[name].mib.append((at, mib))
        return cpu


def _stats() -> Iterator[tuple[int, list[str]]]:
    """Yield each process with its fields after the name: state, parent, ..."""
    for entry in os.listdir(_PROC):  # noqa: PTH208 - hundreds
        if entry.isdigit():
            with suppress(*_GONE):
                yield int(entry), (_PROC / entry / "stat").read_text().rpartition(")")[2].split()


def private_mib(pid: int) -> float:
    """Return a process's resident memory without what it shares with others by design."""
    sizes = {"VmRSS": 0, "RssShmem": 0}
    for line in (_PROC / str(pid) / "status").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in sizes:
            sizes[name] = int(rest.split()[0])
    return (sizes["VmRSS"] - sizes["RssShmem"]) / 1024


def slope(samples: Sequence[tuple[float, float]]) -> float:
    """Return by how much a second the values rise, by least squares."""
    if len(samples) < 2:  # noqa: PLR2004 - a line takes two points
        return 0.0
    mean_x = sum(x for x, _ in samples) / len(samples)
    mean_y = sum(y for _, y in samples) / len(samples)
    spread = sum((x - mean_x) ** 2 for x, _ in samples)
    return sum((x - mean_x) * (y - mean_y) for x, y in samples) / spread if spread else 0.0


def settled(samples: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the second half: caches are full by then, and what still rises is a leak."""
    return list(samples[len(samples) // 2 :])


def _machine_cpu() -> float:
    """Return the CPU seconds that all processes of the machine have used."""
    fields = [int(ticks) for ticks in (_PROC / "stat").read_text().splitlines()[0].split()[1:]]
    return (sum(fields[:3]) + sum(fields[5:8])) / _TICK
