"""Runs flows through Airflow's REST API again and again, whatever becomes of Airflow meanwhile."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests

from sandbox.home import REPOSITORY
from tests.e2e.chaos.faults import summary

logger = logging.getLogger(__name__)
_ENDED = frozenset({"success", "failed"})
_TIMEOUT = 15
_BETWEEN = 1.0
COMMANDS = {
    "trackier_offer_sync": "trackier-offers",
    "broadstreet_import": "broadstreet-import",
    "edge_usage_rollup": "edge-usage-rollup",
    "edge_promotion_audit": "edge-promotion-audit",
}
_TAKE_UP_AGAIN = 75


class Client:
    """Airflow's REST API for somebody who asks again when it does not answer."""

    def __init__(self, variables: dict[str, str]) -> None:
        self.variables = variables
        self._session = requests.Session()
        self._session.trust_env = False

    def ask(self, method: str, path: str, body: object = None) -> requests.Response | None:
        """Return the answer to one call; None where there was none, or none that counts."""
        url = self.variables["AIRFLOW_URL"] + path
        try:
            if "Authorization" not in self._session.headers:
                self._log_in()
            answer = self._session.request(method, url, json=body, timeout=_TIMEOUT)
        except (requests.RequestException, KeyError, ValueError):
            return None
        if answer.status_code == requests.codes.unauthorized:
            self._session.headers.pop("Authorization")
        is_told = answer.status_code < requests.codes.server_error
        return answer if is_told and answer.status_code != requests.codes.unauthorized else None

    def insist(self, method: str, path: str, body: object = None, *, seconds: float = 300) -> Any:
        """Ask until there is an answer, and return it; raise RuntimeError if it refuses."""
        end = time.monotonic() + seconds
        while (answer := self.ask(method, path, body)) is None:
            if time.monotonic() > end:
                message = f"{method} {path}: no answer within {seconds:.0f} s"
                raise RuntimeError(message)
            time.sleep(_BETWEEN)
        if not answer.ok and answer.status_code != requests.codes.conflict:
            message = f"{method} {path}: {answer.status_code} {answer.text[:500]}"
            raise RuntimeError(message)
        return answer.json()

    def _log_in(self) -> None:
        login = {
            name: self.variables[f"AIRFLOW_{name.upper()}"] for name in ("username", "password")
        }
        url = f"{self.variables['AIRFLOW_URL']}/auth/token"
        answer = self._session.post(url, json=login, timeout=_TIMEOUT)
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


@dataclass
class Runs:
    """What became of a flow's runs, how long each took, and when (monotonic) good ones ended."""

    states: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    successes: list[float] = field(default_factory=list)

    def report(self) -> dict[str, Any]:
        return {"runs": dict(self.states), "seconds": summary(sorted(self.seconds))}


class Flow:
    """One DAG, run again and again; before each run `stir` changes something to be synced."""

    def __init__(
        self, client: Client, dag: str, stir: Callable[[], None], *, pause: float = 2.0
    ) -> None:
        self.dag = dag
        self.runs = Runs()
        self.errors: list[str] = []
        self._client = client
        self._stir = stir
        self._pause = pause

    def switch_on(self) -> None:
        """Let Airflow run it."""
        self._client.insist("PATCH", f"/api/v2/dags/{self.dag}", {"is_paused": False})

    def repeat(self, stop: threading.Event) -> None:
        """Run it until told to stop; the last run is seen to its end."""
        while not stop.is_set():
            try:
                self._stir()
                self.run()
            except Exception as error:  # the report says so
                logger.exception("%s", self.dag)
                self.errors.append(f"{self.dag}: {error!r}")
            stop.wait(self._pause)

    def run(self, *, seconds: float = 600) -> str:
        """Run it once and return how that ended."""
        began = time.monotonic()
        run_id = f"chaos-{uuid.uuid4().hex[:12]}"
        # Its id is ours: asked twice, because an answer was lost, it is still one run.
        body = {"dag_run_id": run_id, "logical_date": None, "conf": {}}
        self._client.insist("POST", f"/api/v2/dags/{self.dag}/dagRuns", body)
        state = self._wait(run_id, seconds)
        took = time.monotonic() - began
        self.runs.states[state] += 1
        self.runs.seconds.append(took)
        if state == "success":
            self.runs.successes.append(began + took)
        logger.info("        %s %s after %.0f s", self.dag, state, took)
        return state

    def _wait(self, run_id: str, seconds: float) -> str:
        end = time.monotonic() + seconds
        path = f"/api/v2/dags/{self.dag}/dagRuns/{run_id}"
        while time.monotonic() < end:
            state = self._client.insist("GET", path)["state"]
            if state in _ENDED:
                return state
            time.sleep(_BETWEEN)
        return "open"


class CommandFlow(Flow):
    """The same flow as a command, which is taken up again as long as it says that it may be."""

    def __init__(
        self, client: Client, dag: str, stir: Callable[[], None], *, pause: float = 2.0
    ) -> None:
        super().__init__(client, dag, stir, pause=pause)
        self._environment = client.variables

    def switch_on(self) -> None:
        """Do nothing: a command needs nobody's consent."""

    def run(self, *, seconds: float = 120) -> str:
        began = time.monotonic()
        run_id = f"chaos-{uuid.uuid4().hex[:12]}"
        words = [sys.executable, "-m", "vendor_sync", COMMANDS[self.dag], "--run-id", run_id]
        code = _TAKE_UP_AGAIN
        while code == _TAKE_UP_AGAIN and time.monotonic() - began < seconds:
            environment = {**os.environ, **self._environment}
            done = subprocess.run(
                words, env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False
            )
            code = done.returncode
            logger.info("        %s %d %s", self.dag, code, done.stderr[-200:] if code else "")
        took = time.monotonic() - began
        state = "failed" if code else "success"
        self.runs.states[state] += 1
        self.runs.seconds.append(took)
        if not code:
            self.runs.successes.append(began + took)
        return state
