"""Starts and stops a whole stack from the outside: what the commands do."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sandbox import airflow, edge, environment, plan, processes, state
from sandbox.home import REPOSITORY, Home, read_json, write_private
from sandbox.runner import READY
from sandbox.supervisor import SIGNALS

_POLL = 0.05
_STOP_SECONDS = 25.0  # the supervisor needs at most 20
_LEFTOVER_SECONDS = 8.0
Report = Callable[[str], None]


class StackError(Exception):
    """The stack could not be started; the message is for the person at the terminal."""


def variables(home: Home) -> dict[str, str]:
    """Return everything that a process needs to work with this stack."""
    known = state.load(home)
    if not known.ports:
        message = f"There is no stack in {home.root} yet: run `python -m sandbox up`."
        raise StackError(message)
    exports = airflow.settings(home, known) | environment.exports(known)
    return exports | edge.settings(home, known) | {"SMTP_MAILDIR": str(home.data("smtp"))}


def up(
    home: Home, groups: Iterable[str], *, ports_from: int | None = None, report: Report = print
) -> bool:
    """Start what is not running and wait until all is healthy; tell whether anything was started.

    Whatever interrupts it, a stack that this call started is stopped again.
    """
    home.create()
    with _one_at_a_time(home):
        supervisor = running(home)
        if supervisor and not _missing(home, groups):
            return False
        try:
            _start(home, supervisor, groups, ports_from)
            _wait_until_ready(home, groups, report)
        except BaseException:
            if not supervisor:
                stop_undisturbed(home)
            raise
        environment.write_env_file(home, variables(home))
        return True


def stop_undisturbed(home: Home) -> bool:
    """Stop as `down` does; a second Ctrl-C does not interrupt it."""
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return down(home)
    finally:
        signal.signal(signal.SIGINT, previous)


def down(home: Home) -> bool:
    """Stop the supervisor, which stops its parts, and leftovers; tell whether anything ran."""
    supervisor = running(home)
    if supervisor:
        supervisor.send(signal.SIGTERM)
        if processes.wait_gone([supervisor], _STOP_SECONDS):
            supervisor.kill_session()
    home.record("supervisor").unlink(missing_ok=True)
    return bool(_stop_leftovers(home)) or bool(supervisor)


def reset(home: Home) -> None:
    """Stop and forget everything but the virtual environments and the download cache."""
    down(home)
    for name in ("data", "run", "log", "airflow"):
        shutil.rmtree(home.root / name, ignore_errors=True)
    for file in (home.state_file, home.env_file, home.edge_keys_file):
        file.unlink(missing_ok=True)


def running(home: Home) -> processes.Process | None:
    supervisor = processes.load(home.record("supervisor"))
    return supervisor if supervisor and supervisor.is_alive() else None


def status(home: Home) -> dict[str, Any]:
    """Return what the running supervisor published; empty without one."""
    supervisor, published = running(home), read_json(home.status_file)
    ours = supervisor and published.get("supervisor", {}).get("born") == supervisor.born
    return published if ours else {}


def _missing(home: Home, groups: Iterable[str]) -> list[str]:
    """Name the parts of these groups that are not ready."""
    parts = status(home).get("parts", {})
    wanted = plan.build(home, state.load(home), groups)
    return [name for name in wanted if parts.get(name, {}).get("stage") not in READY]


@contextmanager
def _one_at_a_time(home: Home) -> Iterator[None]:
    with (home.run / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start(
    home: Home,
    supervisor: processes.Process | None,
    groups: Iterable[str],
    ports_from: int | None,
) -> None:
    wanted = plan.closure(groups)
    if supervisor:
        before = read_json(home.wanted_file)["groups"]
        _wait_for(lambda: bool(status(home)), 10, "The supervisor does not answer.")
        write_private(home.wanted_file, json.dumps({"groups": plan.closure([*before, *wanted])}))
        supervisor.send(signal.SIGHUP)
        return
    _stop_leftovers(home)
    state.prepare(home, ports_from=ports_from)
    home.status_file.unlink(missing_ok=True)
    write_private(home.wanted_file, json.dumps({"groups": wanted}))
    _start_supervisor(home)


def _start_supervisor(home: Home) -> None:
    # No signal may come between the start and the note of it, nor before its own are installed.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        with home.log("supervisor").open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "sandbox.supervisor", "--home", home.root],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=REPOSITORY,
                start_new_session=True,
            )
        process = processes.identify(child.pid)
        if process:
            processes.save(process, home.record("supervisor"))
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    # It lives on without us; its end is seen by its identity, a zombie counts as ended.
    child.returncode = 0


def _wait_until_ready(home: Home, groups: Iterable[str], report: Report) -> None:
    wanted = plan.build(home, state.load(home), groups)
    told: set[str] = set()
    while len(told) < len(wanted):
        alive, published = running(home), read_json(home.status_file)
        if published.get("failure"):
            raise StackError(_explain(home, **published["failure"]))
        if not alive:
            message = f"The supervisor ended. {_tail(home, 'supervisor')}"
            raise StackError(message)
        parts = published.get("parts", {})
        for name in wanted:
            part = parts.get(name, {})
            if name not in told and part.get("stage") in READY:
                told.add(name)
                if not part["is_step"]:
                    report(f"{name:24}{part['address']:32}{part['seconds']:6.2f} s")
        time.sleep(_POLL)


def _explain(home: Home, part: str, reason: str, advice: str) -> str:
    return f"{part}: {reason}.\n{_tail(home, part)}\n{advice}".rstrip()


def _tail(home: Home, part: str, lines: int = 15) -> str:
    log = home.log(part)
    with suppress(FileNotFoundError):
        end = "\n".join(
            f"  {line}" for line in log.read_text(errors="replace").splitlines()[-lines:]
        )
        return f"The end of {log}:\n{end}"
    return ""


def leftovers(home: Home) -> dict[str, processes.Process]:
    """Return what an earlier supervisor recorded and what of it, or of its session, still runs."""
    records = home.record("x").parent.glob("*.json")
    found = {record.stem: processes.load(record) for record in records}
    return {name: process for name, process in found.items() if process and not process.is_gone()}


def _stop_leftovers(home: Home) -> list[str]:
    found = leftovers(home)
    for name, process in found.items():
        process.send(signal.SIGINT if name == "postgres" else signal.SIGTERM)
    for process in processes.wait_gone(found.values(), _LEFTOVER_SECONDS):
        process.kill_session()
    processes.wait_gone(found.values(), _LEFTOVER_SECONDS)
    shutil.rmtree(home.record("x").parent, ignore_errors=True)
    return list(found)


def _wait_for(condition: Callable[[], bool], seconds: float, otherwise: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise StackError(otherwise)
        time.sleep(_POLL)


def run_command(command: list[str], environ: dict[str, str]) -> int:
    """Run a command in our terminal; return its exit code as a shell would."""
    child = subprocess.Popen(command, env={**os.environ, **environ})
    previous = {
        number: signal.signal(number, lambda got, _: _pass_on(child, got))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        code = child.wait()
    finally:
        for number, action in previous.items():
            signal.signal(number, action)
    return code if code >= 0 else 128 - code


def _pass_on(child: subprocess.Popen[bytes], number: int) -> None:
    # Ctrl-C at a terminal has reached the child as well: it shall not get it twice.
    if number == signal.SIGINT and _is_in_foreground():
        return
    child.send_signal(number)


def _is_in_foreground() -> bool:
    try:
        with open("/dev/tty", "rb") as terminal:  # noqa: PTH123 - a device
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False
