"""Checks what the stack needs of this machine, and says what to do about what is missing."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterator

from sandbox import postgres, stack, state
from sandbox.home import PRODUCT, SERVERS, Home

_LEAST_FREE = 2 * 1024**3
_OLDEST, _NEWEST = (3, 11), (3, 13)


def examine(home: Home, _: argparse.Namespace) -> int:
    """Print every finding; return 1 if one of them is a failure."""
    healthy = True
    for name, problem in findings(home):
        print(f"{'FAIL' if problem else 'ok':6}{name}{': ' + problem if problem else ''}")
        healthy = healthy and not problem
    return 0 if healthy else 1


def findings(home: Home) -> Iterator[tuple[str, str]]:
    """Yield what was checked and what is wrong with it; an empty text is a pass."""
    yield "Python 3.11 to 3.13", _python()
    for name, directory in (("product environment", PRODUCT), ("server environment", SERVERS)):
        yield f"{name} {directory}", _environment(directory / "bin/python")
    yield "two free gigabytes", _disk(home)
    if (SERVERS / "bin/python").exists():
        yield "a user for PostgreSQL", _postgres_user(home)
    yield from _ports(home)


def _python() -> str:
    version = sys.version_info[:2]
    found = ".".join(map(str, version))
    return (
        "" if _OLDEST <= version <= _NEWEST else f"this is {found}: run another, PYTHON=python3.12"
    )


def _environment(python: object) -> str:
    if not os.path.exists(str(python)):  # noqa: PTH110 - a link to an interpreter we may not see
        return "run `make setup`"
    return "" if os.access(str(python), os.X_OK) else "this user may not run it: `make setup` as it"


def _disk(home: Home) -> str:
    place = next(path for path in (home.root, *home.root.parents) if path.exists())
    free = shutil.disk_usage(place).free
    return "" if free >= _LEAST_FREE else f"{free // 1024**2} MB are free: make room or use --home"


def _postgres_user(home: Home) -> str:
    try:
        home.create()
        postgres.identity(postgres.directory(home))
    except (SystemExit, OSError) as error:
        return str(error)
    return ""


def _ports(home: Home) -> Iterator[tuple[str, str]]:
    if stack.running(home):
        return
    for name, port, free in state.survey_ports(home):
        note = "" if free else " (busy: `up` takes another)"
        yield f"port {port} for {name}{note}", ""
