"""Rules of all tests: only this machine may be reached; tests of one Airflow share one worker."""

from __future__ import annotations

import pytest
import pytest_socket
from xdist.scheduler import LoadGroupScheduling


@pytest.fixture(autouse=True)
def _loopback_only():
    pytest_socket.socket_allow_hosts(["127.0.0.1", "localhost", "::1"], allow_unix_socket=True)
    yield
    pytest_socket._remove_restrictions()


class _OneWorkerForAirflow(LoadGroupScheduling):
    """Spreads tests over the workers one by one, those of the running Airflow as one group.

    By path: xdist 3.8 writes groups into a field that pytest 9.2 no longer reads, and then
    ignores `xdist_group` without a word.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "airflow" if nodeid.startswith("tests/e2e/") else nodeid


def pytest_xdist_make_scheduler(config, log):
    return _OneWorkerForAirflow(config, log)
