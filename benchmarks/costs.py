"""Says where a benchmark's time goes: its Python by function, and PostgreSQL's by statement.

`make profile OF=edge` runs it: the benchmark under py-spy, which looks at all of its processes a
hundred times a second and counts what holds the interpreter, while PostgreSQL logs how long each
statement took. What a thread does without the interpreter is not seen: system calls, compression
and gRPC's own threads.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from sandbox.home import REPOSITORY

RATE = 100
_HOME = REPOSITORY / ".sandbox" / "bench"
_PY_SPY = _HOME / "profile-venv" / "bin" / "py-spy"
_FRAME = re.compile(r"(?P<function>.+) \((?P<file>[^()]+?)(:\d+)?\)")
_LOGGED = re.compile(r"LOG:  duration: (?P<ms>[\d.]+) ms  (?:statement|\w+ [^:]*): (?P<text>.*)")
# Parameters would be most of the log.
_SETTINGS = {"log_min_duration_statement": "0", "log_parameter_max_length": "0"}
# Being stopped for a look cuts a write short, and what is left of it is lost without a buffer.
_BUFFERED = {"PYTHONUNBUFFERED": ""}
_ENVIRONMENTS = {".venv", ".sandbox"}
_IMPORTING = "<frozen importlib"
Costs = Counter[str]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.costs", description=__doc__)
    parser.add_argument("benchmark", help="edge, trackier, broadstreet, sync_center, retention ...")
    parser.add_argument("--top", type=int, default=8, help="costs of a program (%(default)s)")
    options, arguments = parser.parse_known_args()
    samples = _HOME / f"profile-{options.benchmark}.txt"
    command = [str(_PY_SPY), "record", "--subprocesses", "--full-filenames", "--function"]
    command += ["--gil", "--format", "raw", "--rate", str(RATE), "--output", str(samples), "--"]
    command += [sys.executable, "-m", f"benchmarks.{options.benchmark}", *arguments]
    with _statements_timed() as lines:
        subprocess.run(command, check=True, cwd=REPOSITORY, env=os.environ | _BUFFERED)
    for program, found in by_program(samples.read_text().splitlines()).items():
        _print(program, Counter({name: n / RATE for name, n in found.items()}), options.top)
    _print("PostgreSQL", by_statement(lines), options.top)


def by_program(samples: Iterable[str]) -> dict[str, Costs]:
    """Return samples by program, and in it by our innermost function and what that called."""
    found: defaultdict[str, Costs] = defaultdict(Counter)
    for line in samples:
        stack, _, count = line.rpartition(" ")
        processes = [part for part in stack.split(";") if part.startswith("process ")]
        frames = [match for part in stack.split(";") if (match := _FRAME.fullmatch(part))]
        if processes and frames:
            found[_program(processes[-1])][_cost(frames)] += int(count)
    return found


def by_statement(lines: Iterable[str]) -> Costs:
    """Return seconds by statement, each named by its first line: in our files, what it is for."""
    found: Costs = Counter()
    for line in lines:
        if match := _LOGGED.search(line):
            found[match["text"][:90]] += float(match["ms"]) / 1000
    return found


def _program(process: str) -> str:
    """Return what runs: `process 12:"python -m benchmarks.edge_server"` is that module."""
    command = process.partition(":")[2].strip('"').split()
    return " ".join(Path(word).name if "/" in word else word for word in command[1:4])


def _cost(frames: list[re.Match[str]]) -> str:
    """Name our innermost function, and the library's that it called."""
    if any(frame["file"].startswith(_IMPORTING) for frame in frames):
        return "(imports)"
    own = next((n for n, frame in reversed(list(enumerate(frames))) if _is_ours(frame)), None)
    called = frames[own + 1 : own + 2] if own is not None else []
    if own is None or any("asyncio" in frame["file"] for frame in called):
        return f"(a library's thread or loop) > {_name(frames[-1])}"
    return " > ".join([_name(frames[own], REPOSITORY), *map(_name, called)])


def _is_ours(frame: re.Match[str]) -> bool:
    path = Path(frame["file"])
    return path.is_relative_to(REPOSITORY) and not _ENVIRONMENTS.intersection(path.parts)


def _name(frame: re.Match[str], root: Path | None = None) -> str:
    path = Path(frame["file"])
    short = path.relative_to(root) if root else Path(*path.parts[-2:])
    return f"{short}:{frame['function']}"


@contextmanager
def _statements_timed() -> Iterator[list[str]]:
    """Have the server log how long statements take; yield what it logged, at the end."""
    log = Path(os.environ["BENCH_HOME"]) / "log" / "postgres.log"
    start, lines = log.stat().st_size, list[str]()
    _configure([f"ALTER SYSTEM SET {name} = {value}" for name, value in _SETTINGS.items()])
    try:
        yield lines
    finally:
        _configure([f"ALTER SYSTEM RESET {name}" for name in _SETTINGS])
        with log.open("rb") as written:
            written.seek(start)
            lines += [line.decode(errors="replace").rstrip() for line in written]


def _configure(statements: Iterable[str]) -> None:
    with psycopg.connect(os.environ["WAREHOUSE_DSN"], autocommit=True) as conn:
        for statement in (*statements, "SELECT pg_reload_conf()"):
            conn.execute(statement.encode())


def _print(title: str, costs: Costs, top: int) -> None:
    total = costs.total()
    print(f"\n{title}: {total:.1f} s")
    for name, seconds in costs.most_common(top):
        print(f"  {seconds / total:6.1%} {seconds:8.2f} s  {name}")


if __name__ == "__main__":
    main()
