"""A person at a running Airflow, for the tests that start one."""

from __future__ import annotations

import itertools
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import boto3
import psutil
import psycopg
import pytest
import requests

from sandbox.home import REPOSITORY, write_private
from sandbox.vendors.control import VendorSandbox

RETRY_SECONDS = 1
SLA_SECONDS = 40
# DAG files are read again within so long: until then a DAG's next time is the one that has passed.
_NOTICED = 40
DAG = "trackier_offer_sync"
T = TypeVar("T")


@contextmanager
def stack_of_its_own(
    home: Path, *, only: str = "", remembered: Mapping[str, object] | None = None, **choices: str
) -> Iterator[dict[str, str]]:
    """Start a stack in an empty home and yield its variables; it is stopped at the end.

    `only` names its groups, comma-separated; `remembered` is of what an earlier start would know.
    """
    _sandbox("reset", home, choices)
    if remembered:
        write_private(home / "state.json", json.dumps(remembered))
    try:
        _sandbox("up", home, choices, *(["--only", only] if only else []))
        lines = (home / "env").read_text().splitlines()
        pairs = (shlex.split(line.removeprefix("export "))[0].partition("=") for line in lines)
        yield {name: value for name, _, value in pairs}
    finally:
        _sandbox("down", home, choices)


def _sandbox(command: str, home: Path, choices: Mapping[str, str], *more: str) -> None:
    waits = {
        "VENDOR_SYNC_RETRY_SECONDS": str(RETRY_SECONDS),
        "VENDOR_SYNC_SLA_SECONDS": str(SLA_SECONDS),
        "VENDOR_SYNC_DEADLINE_SECONDS": str(SLA_SECONDS),
    }
    subprocess.run(
        [sys.executable, "-m", "sandbox", command, "--home", home, *more],
        cwd=REPOSITORY,
        env={**os.environ, **waits, **choices},
        check=True,
    )


@dataclass
class Airflow:
    """A person at Airflow's REST API, who can also look into what the flows fill."""

    retry_seconds = RETRY_SECONDS
    sla_seconds = SLA_SECONDS
    variables: dict[str, str]
    db: psycopg.Connection[Any]
    vendors: VendorSandbox
    _session: requests.Session = field(default_factory=requests.Session)

    def eventually(self, look: Callable[[], T | None], *, seconds: float = 60) -> T:
        """Look until what is seen is truthy, and return it."""
        deadline = time.monotonic() + seconds
        while not (seen := look()):
            if time.monotonic() > deadline:
                pytest.fail(f"not within {seconds} s; last seen: {seen!r}")
            time.sleep(0.2)
        return seen

    def between_schedules(self, seconds: float = 90, *, every: int) -> None:
        """Wait until nothing is due for so long that is due every so many seconds after midnight.

        A DAG that is switched on, or is on already, would otherwise run beside the test's own run.
        """
        self.eventually(
            lambda: _NOTICED < time.time() % every < every - seconds,
            seconds=seconds + _NOTICED + 9,
        )

    def log_in(self) -> None:
        login = {
            name: self.variables[f"AIRFLOW_{name.upper()}"] for name in ("username", "password")
        }
        answer = self._session.post(f"{self.variables['AIRFLOW_URL']}/auth/token", json=login)
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def call(self, method: str, path: str, json: object = None, **params: str) -> Any:
        url = f"{self.variables['AIRFLOW_URL']}/api/v2{path}"
        answer = self._session.request(method, url, json=json, params=params, timeout=90)
        assert answer.ok, answer.text
        return answer.json()

    def forms(self) -> list[dict[str, Any]]:
        """Return what the UI makes the forms of connections of."""
        url = f"{self.variables['AIRFLOW_URL']}/ui/connections/hook_meta"
        return self._session.get(url, timeout=60).json()

    def unpause(self, dag: str) -> None:
        self.call("PATCH", f"/dags/{dag}", {"is_paused": False})

    def pause(self, dag: str) -> None:
        self.call("PATCH", f"/dags/{dag}", {"is_paused": True})

    def trigger(self, dag: str = DAG, **conf: object) -> str:
        body = {"logical_date": None, "conf": conf}
        return self.call("POST", f"/dags/{dag}/dagRuns", body)["dag_run_id"]

    def finish(self, run_id: str, dag: str = DAG, *, seconds: float = 90) -> str:
        """Wait for the end of a run and return its state."""

        def state() -> str:
            found = self.call("GET", f"/dags/{dag}/dagRuns/{run_id}")["state"]
            return found if found in {"success", "failed"} else ""

        return self.eventually(state, seconds=seconds)

    def task(self, run_id: str, task: str = "sync_offers") -> dict[str, Any]:
        return self.call("GET", f"/dags/{DAG}/dagRuns/{run_id}/taskInstances/{task}")

    def waits(self, run_id: str) -> list[float]:
        """Return the seconds between the tries of `sync_offers`."""
        path = f"/dags/{DAG}/dagRuns/{run_id}/taskInstances/sync_offers/tries"
        tries = sorted(
            self.call("GET", path)["task_instances"], key=lambda found: found["try_number"]
        )
        return [
            (_instant(later["start_date"]) - _instant(earlier["end_date"])).total_seconds()
            for earlier, later in itertools.pairwise(tries)
        ]

    def decisions(self, run_id: str) -> list[tuple[float, str]]:
        """Return what the retry policy said after each try: seconds to wait, and why."""
        dsn = self.variables["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg2", "")
        with psycopg.connect(dsn) as conn:
            return conn.execute(
                "SELECT retry_delay_override, retry_reason FROM task_instance_history"
                " WHERE run_id = %s AND task_id = 'sync_offers' ORDER BY try_number",
                [run_id],
            ).fetchall()

    def kill(self, run_id: str, stalled: int, times: int = 1) -> None:
        """Kill -9 the process of `sync_offers` once it hangs, for the nth time, in a fault."""
        self.eventually(lambda: self.vendors.faults.fired(stalled) >= times)
        title = f"airflow worker -- {self.task(run_id)['id']}"
        [process] = [
            process
            for process in psutil.process_iter(["cmdline"])
            if title in " ".join(process.info["cmdline"] or [])
        ]
        process.kill()
        process.wait(timeout=10)

    def rows(self, query: str, *params: object) -> list[tuple[Any, ...]]:
        return self.db.execute(query, params).fetchall()  # pyright: ignore[reportArgumentType]

    def alerts(self) -> list[tuple[Any, ...]]:
        """Return kind and run of each row."""
        return self.rows("SELECT kind, run_id FROM ops.alerts ORDER BY alert_key")

    def troubles(self) -> list[tuple[Any, ...]]:
        """Return `alerts` but those of lateness: many tasks or attempts take more than seconds."""
        return [each for each in self.alerts() if each[0] not in {"sla_missed", "deadline_missed"}]

    def backstop_has_spoken(self) -> bool:
        """Tell whether the run's own callback came, after the task's, and found the alert there."""
        return bool(self.rows("SELECT 1 FROM ops.alerts WHERE last_seen_at > opened_at"))

    def posts(self) -> list[str]:
        """Return what the webhook got, as text."""
        return [str(delivery["body"]) for delivery in self.vendors.deliveries()]

    def archive(self) -> Any:
        """Return a client of the store that holds archived pages."""
        return storage(self.variables)

    def pages(self, run_id: str) -> list[str]:
        """Return the keys of what a run has archived."""
        listed = self.archive().get_paginator("list_objects_v2")
        pages = listed.paginate(Bucket=self.variables["AUDIT_BUCKET"])
        keys = (str(item.get("Key")) for page in pages for item in page.get("Contents", []))
        wanted = run_id.replace(":", "_").replace("+", "_")
        return [key for key in keys if wanted in key]


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def storage(variables: Mapping[str, str]) -> Any:
    """Return a client of the S3 server that a stack's variables name."""
    return boto3.client(
        "s3",
        endpoint_url=variables["S3_ENDPOINT_URL"],
        region_name=variables["AWS_DEFAULT_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )
