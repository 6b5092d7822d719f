"""A vendor sandbox, and how a popular client is run in an environment of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from sandbox.vendors import control

HERE = Path(__file__).resolve().parent
ENVIRONMENTS = HERE.parents[1] / ".sandbox" / "peers"


@pytest.fixture(scope="session")
def vendors():
    """A vendor sandbox of this session's own."""
    with control.spawn(keys=control.DEFAULT_KEYS) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def run_peer():
    """Run a script of this directory with a peer's Python and return what it prints."""

    def run(environment, script, *arguments):
        python = ENVIRONMENTS / environment / "bin" / "python"
        if not python.exists():
            pytest.fail(f"{environment} is not installed: run `make test-peers`")
        done = subprocess.run(
            [python, HERE / script, *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
