"""Rules of all tests: only this machine may be reached; tests of one Airflow share one worker.

What tests of alerts have counted is gathered here: `--alerts-table` prints it, or writes the page.
"""

from __future__ import annotations

import json
from pathlib import Path

import hypothesis
import pytest
import pytest_socket
from xdist.scheduler import LoadGroupScheduling

from tests import alerting

# Workers, servers and an Airflow share a few processors: how long an example takes says nothing.
hypothesis.settings.register_profile(
    "tests", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("tests")


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


def pytest_addoption(parser):
    parser.addoption(
        "--alerts-table",
        metavar="PAGE",
        help="write how each kind of alert was caused and told into PAGE; - prints it",
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Hold a test that says which alert it causes to having counted what became of it."""
    outcome = yield
    causes = alerting.claimed(item)
    if causes:
        told = {value["kind"] for name, value in item.user_properties if name == alerting.PROPERTY}
        assert causes.keys() <= told, f"not asked whether it was told: {causes.keys() - told}"
        item.user_properties.append((alerting.MARK, json.dumps(causes)))
    return outcome


def pytest_terminal_summary(terminalreporter, config):
    page = config.getoption("alerts_table")
    if not page:
        return
    passed = [each for each in terminalreporter.stats.get("passed", []) if each.when == "call"]
    lines = alerting.table(alerting.gathered(passed))
    terminalreporter.section("alerts, each caused and counted")
    terminalreporter.write_line(lines)
    if page != "-" and not terminalreporter.stats.get("failed"):
        file = Path(page)
        file.write_text(alerting.replaced(file.read_text(), lines))
