"""Alerts against the real database, a webhook that can be broken, and a real mail server."""

from __future__ import annotations

import logging
import mailbox
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from vendor_sync.alerts import (
    SENT_PER_HOUR,
    Alert,
    AlertKind,
    deliver_alerts,
    raise_alert,
    resolve_failure,
)
from vendor_sync.connections import Connection, connection_from_environment
from vendor_sync.errors import ConfigurationError
from vendor_sync.postgres import connect

pytestmark = pytest.mark.integration
SECRET = "a-webhook-token"


@pytest.fixture
def connections(database, db, vendors):
    del db  # empties the warehouse
    vendors.reset(1, webhook={"token": SECRET})
    vendors.faults.clear()
    webhook = Connection(
        conn_id="alerts_webhook", host=vendors.vendor_url("webhook"), password=SECRET
    )
    return {"warehouse_postgres": database, "alerts_webhook": webhook}


def _alert(run_id="r1", **changes):
    fields = {
        "kind": AlertKind.TASK_FAILED,
        "flow": "trackier_offer_sync",
        "run_id": run_id,
        "task_id": "sync_offers",
        "title": "sync_offers failed",
        "message": "The vendor said <no> & hung up.",
        "link": "https://airflow.example.com/dags/x/runs/r1",
    }
    return Alert(**fields | changes)


def _make_due(db):
    """Let the wait of every delivery be over."""
    db.execute("UPDATE ops.alert_deliveries SET next_try_at = now() - interval '1 second'")


def _statuses(db):
    return db.execute(
        "SELECT channel, status, attempts FROM ops.alert_deliveries ORDER BY alert_key, channel"
    ).fetchall()


def test_alert_reaches_the_webhook_in_slacks_form(connections, db, vendors):
    assert raise_alert(connections.get, _alert())

    [delivery] = vendors.deliveries()
    assert delivery["body"]["text"] == "[critical] sync_offers failed"
    section, context = delivery["body"]["blocks"][1:]
    assert section["text"]["text"] == "The vendor said &lt;no&gt; &amp; hung up."
    assert "<https://airflow.example.com/dags/x/runs/r1|Run and log>" in str(context)
    assert _statuses(db) == [("webhook", "delivered", 1)]
    assert db.execute("SELECT notified_at IS NOT NULL FROM ops.alerts").fetchall() == [(True,)]


def test_webhook_is_asked_by_its_own_token_and_its_path_is_in_no_log(
    connections, vendors, tmp_path, monkeypatch, caplog
):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    hook = connections["alerts_webhook"]
    connections["alerts_webhook"] = replace(hook, host=f"{hook.host}/services/T0/its-password")

    with caplog.at_level(logging.DEBUG):
        raise_alert(connections.get, _alert())

    assert len(vendors.deliveries()) == 1
    assert "POST *** HTTP/1.1" in caplog.text
    assert "its-password" not in caplog.text


def test_same_cause_is_told_once_whoever_reports_it(connections, db, vendors):
    raise_alert(connections.get, _alert())
    again = raise_alert(connections.get, _alert())
    raise_alert(connections.get, _alert(kind=AlertKind.RUN_FAILED, task_id=None))

    assert not again
    assert len(vendors.deliveries()) == 1
    rows = db.execute("SELECT kind, occurrences FROM ops.alerts").fetchall()
    assert rows == [("task_failed", 2)]


def test_cause_that_comes_back_after_it_was_resolved_is_told_again(connections, db, vendors):
    raise_alert(connections.get, _alert())
    db.execute("UPDATE ops.alerts SET resolved_at = now()")

    assert raise_alert(connections.get, _alert())

    assert len(vendors.deliveries()) == 2


def test_alert_waits_for_a_webhook_that_is_down(connections, db, vendors):
    vendors.faults.add("close", vendor="webhook")
    raise_alert(connections.get, _alert("r1"))
    raise_alert(connections.get, _alert("r2"))
    waiting = _statuses(db)
    vendors.faults.clear()
    _make_due(db)

    outcome = deliver_alerts(connections.get)

    assert [status for _, status, _ in waiting] == ["pending", "pending"]
    assert outcome == {"delivered": 2, "undelivered": 0}
    assert len(vendors.deliveries()) == 2
    assert deliver_alerts(connections.get) == {"delivered": 0, "undelivered": 0}


@pytest.mark.parametrize(
    ("fault", "error"),
    [({"kind": "status", "status": 500}, "HTTP 500"), ({"kind": "close"}, "ConnectionError")],
)
def test_reason_of_a_failed_delivery_names_no_address(connections, db, vendors, fault, error):
    vendors.faults.add(vendor="webhook", **fault)

    raise_alert(connections.get, _alert())

    assert db.execute("SELECT last_error FROM ops.alert_deliveries").fetchall() == [(error,)]


def test_flood_of_one_kind_is_kept_and_not_sent(connections, db, vendors):
    for number in range(SENT_PER_HOUR + 3):
        raise_alert(connections.get, _alert(f"r{number}"))
    raise_alert(connections.get, _alert("r1", kind=AlertKind.MEMORY))

    assert len(vendors.deliveries()) == SENT_PER_HOUR + 1
    assert db.execute("SELECT count(*) FROM ops.alerts").fetchone() == (SENT_PER_HOUR + 4,)
    withheld = [status for _, status, _ in _statuses(db) if status == "withheld"]
    assert len(withheld) == 3


def test_sweeps_at_the_same_time_deliver_once(connections, db, vendors):
    down = vendors.faults.add("status", vendor="webhook", status=503)
    for number in range(5):
        raise_alert(connections.get, _alert(f"r{number}"))
    vendors.faults.remove(down)
    _make_due(db)

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda _: deliver_alerts(connections.get), range(4)))

    assert sum(outcome["delivered"] for outcome in outcomes) == 5
    assert len(vendors.deliveries()) == 5


def test_alert_is_sent_even_if_the_database_that_keeps_it_is_away(connections, vendors):
    away = replace(connections["warehouse_postgres"], host="127.0.0.1", port=1)

    raise_alert((connections | {"warehouse_postgres": away}).get, _alert())

    assert len(vendors.deliveries()) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"host": "hooks.example.com/x"}, {"password": "another"}, {"host": "http://127.0.0.1:1"}],
)
def test_wrong_webhook_never_raises(connections, db, wrong):
    connections["alerts_webhook"] = replace(connections["alerts_webhook"], **wrong)

    raise_alert(connections.get, _alert())

    assert [status for _, status, _ in _statuses(db)] == ["pending"]


def test_channel_that_nobody_can_read_keeps_no_alert_from_being_kept(connections, db):
    def unreadable(conn_id):
        if conn_id == "alerts_webhook":
            message = "AIRFLOW_CONN_ALERTS_WEBHOOK is no connection."
            raise ConfigurationError(message)
        return connections.get(conn_id)

    raise_alert(unreadable, _alert())

    assert _statuses(db) == [("webhook", "pending", 1)]
    [(kept,)] = db.execute("SELECT last_error FROM ops.alert_deliveries").fetchall()
    assert "is no connection" in kept


def test_mail_carries_the_alert(connections, db):
    smtp = connection_from_environment("alerts_smtp")
    assert smtp is not None
    title = f"failed {os.urandom(4).hex()}\nBcc: else@example.com"

    raise_alert((connections | {"alerts_smtp": smtp}).get, _alert(title=title))

    assert _statuses(db) == [("email", "delivered", 1), ("webhook", "delivered", 1)]
    inbox = mailbox.Maildir(os.environ["SMTP_MAILDIR"], create=False)
    subject = "[critical] " + " ".join(title.split())
    [mail] = [mail for mail in inbox if mail["Subject"] == subject]
    assert mail["Bcc"] is None
    assert "The vendor said <no> & hung up." in mail.as_string()


@pytest.mark.provokes("error_rate", by="30 of 200 offers come without a title")
def test_flow_on_the_command_line_raises_the_same_alerts(trackier, people):
    told = people(trackier.connections)
    for _ in range(30):
        trackier.vendors.malform("missing_title")

    trackier.sync("r1")

    assert trackier.rows("SELECT kind, run_id FROM ops.alerts") == [("error_rate", "r1")]
    told.told_once("error_rate")


@pytest.mark.provokes("limiter_degraded", by="Redis refuses connections during a Trackier sync")
def test_lost_rate_limiter_is_an_alert_and_the_run_goes_on(trackier, people):
    told = people(trackier.connections)
    redis = trackier.connections["analytics_redis"]
    trackier.connections["analytics_redis"] = replace(redis, port=1)
    trackier.settings(requests_per_second=1000, workers=1)

    result = trackier.sync("r1")

    assert result["status"] == "completed"
    assert trackier.rows("SELECT kind, run_id FROM ops.alerts") == [("limiter_degraded", "r1")]
    told.told_once("limiter_degraded")


_GREEDY = """
import sys
ballast = b"x" * (1100 << 20)
from vendor_sync.cli.app import app
app(sys.argv[1:])
"""


@pytest.mark.provokes("memory", by="the process of a Trackier sync holds 1.1 GB")
def test_process_that_needs_more_than_a_gigabyte_is_told(trackier, people):
    told = people(trackier.connections)

    subprocess.run(
        [sys.executable, "-c", _GREEDY, "trackier-offers", "--json", "--run-id", "greedy"],
        env={**os.environ, **trackier.environment()},
        stdout=subprocess.DEVNULL,
        check=True,
    )

    assert trackier.rows("SELECT kind, run_id FROM ops.alerts") == [("memory", "greedy")]
    told.told_once("memory")


RUN = (
    "INSERT INTO ops.sync_runs"
    " (flow, run_id, trigger, params, status, attempt, started_at, finished_at)"
    " VALUES ('trackier_offer_sync', %s, 'manual', %s, %s, 1, now(), now())"
)


@pytest.mark.parametrize(
    ("run", "closed"),
    [
        (("{}", "completed"), ["breaker_open", "memory", "run_interrupted"]),
        (('{"dry_run": false}', "completed"), ["breaker_open", "memory", "run_interrupted"]),
        (('{"dry_run": true}', "completed"), []),
        (("{}", "completed_with_errors"), []),
    ],
)
def test_run_that_went_well_closes_what_earlier_ones_told_and_nobody_took(
    connections, db, database, run, closed
):
    flow = "trackier_offer_sync"
    for kind in ("memory", "run_interrupted", "breaker_open", "task_failed", "needs_reauth"):
        raise_alert(connections.get, _alert(kind=AlertKind(kind)))
    raise_alert(connections.get, _alert("r0", kind=AlertKind.MEMORY))
    db.execute("UPDATE ops.alerts SET acknowledged_at = now() WHERE run_id = 'r0'")
    raise_alert(connections.get, _alert(kind=AlertKind.MEMORY, flow="fx_rates_sync"))
    db.execute(RUN, ["r2", *run])
    raise_alert(connections.get, _alert("r2", kind=AlertKind.MEMORY))

    with connect(database, application_name="test") as conn:
        resolve_failure(conn, flow, "r2")

    found = db.execute(
        "SELECT kind, run_id, resolved_by FROM ops.alerts WHERE resolved_at IS NOT NULL ORDER BY 1"
    ).fetchall()
    assert found == [(kind, "r1", "a later run went well: r2") for kind in closed]


def test_run_that_was_repeated_and_went_well_says_so_in_its_alert(connections, db, database):
    raise_alert(connections.get, _alert())

    with connect(database, application_name="test") as conn:
        resolve_failure(conn, "trackier_offer_sync", "r1")

    assert db.execute("SELECT resolved_by FROM ops.alerts").fetchall() == [
        ("the run was repeated and went well",)
    ]
