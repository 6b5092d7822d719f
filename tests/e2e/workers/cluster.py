"""Two Celery workers, and what it takes to kill one of them in the middle of a task."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import redis

from sandbox import processes
from sandbox.home import Home
from tests.airflow_user import Airflow
from tests.collector import Figures, Spans

WORKERS = ("airflow-worker-1", "airflow-worker-2")


@dataclass(frozen=True)
class Attempt:
    """One attempt of a task: its state and when it began, the worker that had it."""

    state: str
    began_at: datetime
    worker: str


@dataclass(kw_only=True)
class Cluster(Airflow):
    """A person at an Airflow whose tasks run on two workers."""

    home: Home
    spans: Spans
    figures: Figures

    def attempts(self, dag: str, run_id: str, task: str, map_index: int = -1) -> list[Attempt]:
        """Return every attempt of a task so far, the running one last."""
        columns = "state, start_date, external_executor_id, try_number"
        where = "dag_id = %s AND run_id = %s AND task_id = %s AND map_index = %s"
        query = f"SELECT {columns} FROM task_instance_history WHERE {where}"
        query += f" UNION ALL SELECT {columns} FROM task_instance WHERE {where} ORDER BY 4"
        dsn = self.variables["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg2", "")
        place = [dag, run_id, task, map_index]
        with psycopg.connect(dsn) as conn:
            found = conn.execute(query, place * 2).fetchall()  # pyright: ignore[reportArgumentType]
        return [
            Attempt(state, began, self._taker(celery_id)) for state, began, celery_id, _ in found
        ]

    def _taker(self, celery_id: str | None) -> str:
        """Return the worker whose log says that it took a Celery task; empty if none has yet."""
        takers = [name for name in WORKERS if celery_id and celery_id in self._log(name)]
        return takers[0] if takers else ""

    def _log(self, name: str) -> str:
        return self.home.log(name).read_text(errors="replace")

    @contextmanager
    def killed(self, worker: str) -> Iterator[datetime]:
        """Kill -9 a worker with all that it runs, and keep it away; yields when it was killed.

        The stack starts it again at once, as an operator's would; stopped before it is up, it
        leaves the task to the other one.
        """
        record = self.home.record(worker)
        victim = processes.load(record)
        assert victim is not None
        victim.kill_session()
        killed_at = datetime.now(UTC)
        assert not processes.wait_gone([victim], 10)
        successor = self.eventually(lambda: _other_than(victim, record))
        successor.send(signal.SIGSTOP)
        try:
            yield killed_at
        finally:
            successor.send(signal.SIGCONT)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stop both workers with all that they run, and let them go on in the end."""
        found = [processes.load(self.home.record(worker)) for worker in WORKERS]
        workers = [worker for worker in found if worker is not None]
        assert len(workers) == len(WORKERS)
        for worker in workers:
            worker.send_session(signal.SIGSTOP)
        try:
            yield
        finally:
            for worker in workers:
                worker.send_session(signal.SIGCONT)

    def broker(self) -> redis.Redis:
        """Return a client of the Redis through which workers are told of tasks."""
        return redis.Redis.from_url(self.variables["AIRFLOW__CELERY__BROKER_URL"])

    def counts(self, dag: str, run_id: str) -> dict[str, Any]:
        """Return the counts that a run has ended with."""
        query = "SELECT counts FROM ops.sync_runs WHERE flow = %s AND run_id = %s"
        [(found,)] = self.rows(query, dag, run_id)
        return found


def _other_than(victim: processes.Process, record: Path) -> processes.Process | None:
    now = processes.load(record)
    return now if now and now != victim else None
