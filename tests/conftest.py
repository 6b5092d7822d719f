"""Rules of all tests: only this machine may be reached; tests of one Airflow share one worker."""

from __future__ import annotations

import pytest
import pytest_socket


@pytest.fixture(autouse=True)
def _loopback_only():
    pytest_socket.socket_allow_hosts(["127.0.0.1", "localhost", "::1"], allow_unix_socket=True)
    yield
    pytest_socket._remove_restrictions()


# First: xdist reads the groups in a hook of its own.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("airflow"):
            item.add_marker(pytest.mark.xdist_group("airflow"))
