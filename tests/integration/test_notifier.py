"""Airflow's callbacks, called as Airflow calls them, against the real database and webhook."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from vendor_sync.alerts import resolve_failure
from vendor_sync.errors import (
    AuthenticationError,
    ConfigurationError,
    RateLimitedError,
    StorageError,
    TemporaryError,
)

pytestmark = [pytest.mark.integration, pytest.mark.airflow]
SECRET = "hunter2-in-a-library-message"


@pytest.fixture
def notifier(trackier, monkeypatch):
    """The module under test, with Airflow's connections in the environment."""
    webhook = {
        "conn_type": "http",
        "host": trackier.vendors.vendor_url("webhook"),
    }
    monkeypatch.setenv("AIRFLOW_CONN_ALERTS_WEBHOOK", json.dumps(webhook))
    monkeypatch.delenv("AIRFLOW_CONN_ALERTS_SMTP", raising=False)
    for name, value in trackier.environment().items():
        monkeypatch.setenv(name, value)
    from vendor_sync.orchestration import notifier  # noqa: PLC0415 - Airflow takes seconds to load

    return notifier


def _context(error: BaseException | None, *, try_number: int = 1) -> Any:
    task_instance = SimpleNamespace(
        dag_id="trackier_offer_sync",
        task_id="sync_offers",
        run_id="r1",
        try_number=try_number,
        max_tries=2,
        log_url="https://airflow.example.com/log",
    )
    dag_run = SimpleNamespace(dag_id="trackier_offer_sync", run_id="r1")
    return {"ti": task_instance, "dag_run": dag_run, "exception": error, "reason": "task_failure"}


@pytest.mark.parametrize(
    ("error", "try_number", "kind"),
    [
        (TemporaryError("503"), 3, "retries_exhausted"),
        (RateLimitedError("429", retry_at=None), 3, "retries_exhausted"),
        (ValueError("a bug"), 3, "retries_exhausted"),
        (AuthenticationError("403"), 3, "task_failed"),
        (ConfigurationError("host"), 1, "task_failed"),
        (StorageError("PostgreSQL was lost"), 3, "storage_unreachable"),
        (None, 1, "run_failed"),
    ],
)
def test_failed_task_is_one_alert_that_says_why(notifier, trackier, error, try_number, kind):
    notifier.alert_task_failed(_context(error, try_number=try_number))
    notifier.alert_run_failed(_context(error))

    assert trackier.rows("SELECT kind, link FROM ops.alerts") == [
        (kind, "https://airflow.example.com/log")
    ]
    assert len(trackier.vendors.deliveries()) == 1
    if error is not None and not isinstance(error, ValueError):
        assert str(error) in str(trackier.vendors.deliveries()[0])


def test_of_several_tasks_alike_each_tells_of_its_own_failure(notifier, trackier, db):
    for number, reason in enumerate(("meta 4: 503", "meta 7: 500")):
        context = _context(TemporaryError(reason), try_number=3)
        context["ti"].map_index = number
        notifier.alert_task_failed(context)

    rows = "SELECT title, message FROM ops.alerts WHERE resolved_at IS NULL ORDER BY alert_key"
    assert trackier.rows(rows) == [
        ("trackier_offer_sync: sync_offers[0] failed after 3 tries", "TemporaryError: meta 4: 503"),
        ("trackier_offer_sync: sync_offers[1] failed after 3 tries", "TemporaryError: meta 7: 500"),
    ]
    assert len(trackier.vendors.deliveries()) == 2
    resolve_failure(db, "trackier_offer_sync", "r1")
    assert trackier.rows(rows) == []


def test_words_of_a_foreign_error_stay_in_the_log(notifier, trackier):
    notifier.alert_task_failed(_context(ValueError(f"password {SECRET} refused")))

    assert SECRET not in str(trackier.vendors.deliveries())
    assert trackier.rows("SELECT message FROM ops.alerts") == [
        ("ValueError. The log has the details.",)
    ]


def test_run_whose_task_could_say_nothing_is_alerted_and_closed(notifier, trackier):
    trackier.sync("r1")
    trackier.db.execute("UPDATE ops.sync_runs SET status = 'running', finished_at = NULL")

    notifier.alert_run_failed(_context(None))

    assert trackier.rows("SELECT kind FROM ops.alerts") == [("run_failed",)]
    assert trackier.rows("SELECT status FROM ops.sync_runs") == [("failed",)]


def test_failed_run_that_is_repeated_well_resolves_its_alert(notifier, trackier):
    notifier.alert_task_failed(_context(TemporaryError("503"), try_number=3))

    trackier.sync("r1")

    assert trackier.rows("SELECT resolved_at IS NOT NULL FROM ops.alerts") == [(True,)]


class _Store(dict[str, Any]):
    """What Airflow keeps of a task from one attempt to the next."""

    def set(self, key, value):
        self[key] = value


@pytest.mark.parametrize(
    ("failed", "try_number", "max_tries", "killed"),
    [
        ([], 1, 2, 0),
        ([1, 2], 3, 2, 0),
        ([1], 3, 2, 1),
        ([], 3, 2, 2),
        ([], 4, 5, 0),  # cleared after three failures: a first attempt again
        ([], 5, 5, 1),
    ],
)
def test_attempts_that_could_not_say_that_they_failed_were_killed(  # noqa: PLR0913, PLR0917
    notifier, trackier, failed, try_number, max_tries, killed
):
    del notifier
    from vendor_sync.orchestration import attempts  # noqa: PLC0415 - Airflow takes seconds to load
    from vendor_sync.orchestration.retry_policy import RETRY_POLICY  # noqa: PLC0415

    context: Any = _context(None, try_number=try_number) | {"task_state_store": _Store()}
    context["ti"].id, context["ti"].max_tries = "attempt", max_tries
    context["ti"].task = SimpleNamespace(retries=2)
    for attempt in failed:
        RETRY_POLICY.evaluate(TemporaryError("503"), attempt, max_tries, context)

    attempts.count_killed_attempts(context)
    attempts.alert_killed_attempts(context)

    found = trackier.rows("SELECT kind, message FROM ops.alerts")
    assert [kind for kind, _ in found] == ["run_interrupted"] * bool(killed)
    assert all(f"cut off): {killed}." in message for _, message in found)
