"""Airflow as its users reach it: the REST API, with a login."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import requests

Item = dict[str, Any]
_FINISHED = frozenset({"success", "failed"})


class DemoError(Exception):
    """The demo could not go on; the message says why and where to look."""


class Airflow:
    """A signed-in session."""

    def __init__(self, url: str, username: str, password: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False
        answer = self._call("POST", "/auth/token", {"username": username, "password": password})
        self._session.headers["Authorization"] = f"Bearer {answer['access_token']}"

    def unpause(self, dag_id: str, *, timeout: float = 60) -> None:
        """Switch a DAG on; a fresh Airflow needs some seconds until it has parsed it."""
        deadline = time.monotonic() + timeout
        while not self._known(dag_id):
            if time.monotonic() > deadline:
                errors = self._call("GET", "/api/v2/importErrors")["import_errors"]
                message = f"Airflow does not know the DAG {dag_id}; import errors: {errors}"
                raise DemoError(message)
            time.sleep(0.5)
        self._call("PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": False})

    def trigger(self, dag_id: str, conf: Mapping[str, Any]) -> str:
        """Start a run with parameters and return its id."""
        body = {"logical_date": None, "conf": dict(conf), "note": "Started by the demo."}
        return self._call("POST", f"/api/v2/dags/{dag_id}/dagRuns", body)["dag_run_id"]

    def wait(
        self, dag_id: str, run_id: str, *, watch: Callable[[], None], timeout: float = 180
    ) -> str:
        """Call `watch` until the run has ended; return its state."""
        deadline = time.monotonic() + timeout
        while True:
            watch()
            state = self._call("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")["state"]
            if state in _FINISHED:
                return state
            if time.monotonic() > deadline:
                message = f"{dag_id} {run_id} is still {state} after {timeout:.0f} s."
                raise DemoError(message)
            time.sleep(0.5)

    def asset_events(self, dag_id: str, run_id: str) -> list[Item]:
        """Return the asset events that a run has published."""
        query = urlencode({"source_dag_id": dag_id, "source_run_id": run_id})
        return self._call("GET", f"/api/v2/assets/events?{query}")["asset_events"]

    def run_link(self, dag_id: str, run_id: str) -> str:
        return f"{self.url}/dags/{dag_id}/runs/{run_id}"

    def ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """Call an endpoint that the flows have put onto the API server."""
        return self._call(method, path, body)

    def _known(self, dag_id: str) -> bool:
        response = self._session.get(f"{self.url}/api/v2/dags/{dag_id}", timeout=10)
        return response.status_code == requests.codes.ok

    def _call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        response = self._session.request(method, self.url + path, json=body, timeout=90)
        if not response.ok:
            what = f"{method} {path} with {response.status_code}"
            message = f"Airflow answered {what}: {response.text[:300]}"
            raise DemoError(message)
        return response.json()
