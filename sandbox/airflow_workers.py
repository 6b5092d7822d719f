"""Airflow's tasks on Celery workers, as in production: SANDBOX_AIRFLOW_WORKERS says how many.

Airflow then runs from what the production image holds (`make setup-image`), not from `.venv`.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from sandbox import health
from sandbox.environment import exports
from sandbox.home import IMAGE, PRODUCT, REPOSITORY
from sandbox.part import Part
from sandbox.state import TASK_HEARTBEAT, WORKERS, State

ADVICE = "Run `make setup-image`: Celery workers need the packages of the production image."
_TASKS_EACH = 2


def program(state: State) -> Path:
    """Return the `airflow` that this stack runs."""
    return (IMAGE if state.chosen(WORKERS) else PRODUCT) / "bin/airflow"


def settings(state: State, database: str) -> dict[str, str]:
    """Return the variables that hand tasks to Celery workers; none without workers."""
    if not state.chosen(WORKERS):
        return {}
    return {
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__CELERY__BROKER_URL": _broker(state),
        "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{database}",
        "AIRFLOW__CELERY__WORKER_CONCURRENCY": str(_TASKS_EACH),
        "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": "86400",
        **_queueing(2 * state.chosen(TASK_HEARTBEAT)),
    }


def _queueing(timeout: int) -> dict[str, str]:
    """Return after how long a task whose message nobody has any more is queued again.

    Airflow's own defaults are ten minutes, and to give the task up after the second time.
    """
    return {
        "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": str(timeout),
        "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": str(timeout / 4),
        "AIRFLOW__SCHEDULER__NUM_STUCK_IN_QUEUED_RETRIES": "20",
    }


def search_path(state: State) -> dict[str, str]:
    """Return where that Airflow finds the flows, as in the production image."""
    return {"PYTHONPATH": str(REPOSITORY / "plugins")} if state.chosen(WORKERS) else {}


def parts(state: State, env: dict[str, str]) -> list[Part]:
    return [_worker(state, f"airflow-worker-{n + 1}", env) for n in range(state.chosen(WORKERS))]


def _worker(state: State, name: str, env: dict[str, str]) -> Part:
    # Workers that tell each other nothing: a killed one leaves no neighbour that waits for it.
    quiet = ("--skip-serve-logs", "--without-mingle", "--without-gossip")
    address = f"{name}@localhost"
    return Part(
        name=name,
        argv=(program(state), "celery", "worker", "--celery-hostname", address, *quiet),
        env=env,
        after=("airflow-schema", *(() if state.replaced("redis") else ("redis",))),
        healthy=health.celery_worker(IMAGE / "bin/celery", _broker(state), address),
        patience=180,
        advice=ADVICE if not program(state).exists() else Part.advice,
    )


def _broker(state: State) -> str:
    """Return the Redis of the stack, but not the database that the rate limits are in."""
    return urlsplit(exports(state)["REDIS_URL"])._replace(path="/1").geturl()
