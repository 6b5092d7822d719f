"""Ad analytics and exchange rates through a real Airflow: seven sources, one of them broken."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import psutil
import pytest
import requests

from tests.e2e.ad_business import DAG, RATES, VENDORS

pytestmark = pytest.mark.airflow


def test_six_sources_are_there_although_the_seventh_fails_and_that_is_told_once(business):
    airflow, linked = business.airflow, business.linked
    rates = airflow.trigger(RATES)
    airflow.vendors.faults.add("status", "snapchat", status=503)

    run_id = airflow.trigger(DAG)

    assert airflow.finish(run_id, DAG, seconds=240) == "success"
    [broken] = linked.of_vendor("snapchat")
    result = business.result(run_id)
    assert result["status"] == "completed_with_errors"
    assert result["connections"] == {
        vendor: {"retry" if vendor == "snapchat" else "completed": 1} for vendor in VENDORS
    }
    assert [(part["connection"], part["vendor"]) for part in result["missing"]] == [
        (broken, "snapchat")
    ]
    assert "503" in result["missing"][0]["error"]

    for platform in ("meta", "tiktok"):
        assert business.days(platform) == business.days_of_world(platform) != {}
    assert business.days("snapchat") == {}
    sold = airflow.rows("SELECT connection_id, external_id FROM analytics.orders")
    world = business.world
    assert sorted(sold) == sorted(
        (key, order.order_id)
        for store, key in linked.stores.items()
        for order in world.orders(store, world.start, world.now.date())
    )

    ended = business.tasks(run_id)
    assert (ended["sync_snapchat", 0]["state"], ended["sync_snapchat", 0]["try_number"]) == (
        "failed", 5,
    )  # fmt: skip
    assert {task["state"] for name, task in ended.items() if name[0] != "sync_snapchat"} == {
        "success"
    }
    failures = [alert for alert in airflow.troubles() if alert[0] not in _NOT_ABOUT_SOURCES]
    assert failures == [("retries_exhausted", run_id)]
    [(title, message)] = airflow.rows(
        "SELECT title, message FROM ops.alerts WHERE kind = 'retries_exhausted'"
    )
    assert title == f"{DAG}: sync_snapchat[0] failed after 5 tries"
    assert "503" in message

    [event] = airflow.call("GET", "/assets/events", source_run_id=run_id)["asset_events"]
    assert event["extra"]["missing"][0]["vendor"] == "snapchat"
    [(trigger,)] = airflow.rows("SELECT trigger FROM ops.sync_runs WHERE run_id = %s", run_id)
    assert trigger == "manual"
    assert airflow.finish(rates, RATES) == "success"
    assert airflow.rows("SELECT count(*) > 100 FROM analytics.fx_rates") == [(True,)]

    kept = business.written_by(run_id)
    secrets = {item["value"] for vendor in VENDORS for item in airflow.vendors.sensitive(vendor)}
    assert len(secrets) > len(VENDORS)
    assert [(place, secret) for place, text in kept.items() for secret in secrets
            if secret in text] == []  # fmt: skip
    assert sum(place.endswith(".log") for place in kept) >= len(ended)
    assert max(len(text) for place, text in kept.items() if not place.endswith(".log")) < 4_000


# Campaigns of a made-up world do fall behind, and a source that is left out leaves figures that do
# not agree.
_NOT_ABOUT_SOURCES = {"campaign_performance", "consistency_issues"}


def test_a_week_of_one_account_is_read_again_from_the_form_and_waits_for_its_report_outside(
    business,
):
    airflow = business.airflow
    [account] = business.linked.of_vendor("meta")
    business.restart(sync_days=1)
    until = business.world.now.date() - timedelta(days=2)
    since = until - timedelta(days=6)
    airflow.db.execute("UPDATE analytics.campaign_metrics SET spend = 1")
    form = {name: param["value"] for name, param in _form(airflow).items()}

    run_id = airflow.trigger(
        DAG,
        **form | {"connections": [str(account)], "since": str(since), "until": str(until)},
    )

    def waits() -> str:
        task = business.tasks(run_id).get(("sync_meta", 0), {})
        return task["id"] if task.get("state") == "up_for_reschedule" else ""

    task_id = airflow.eventually(waits)
    # It is said a moment before the process is back in its pool.
    airflow.eventually(lambda: not [line for line in _processes() if task_id in line], seconds=9)
    assert waits() == task_id
    _finish_report(airflow)
    assert airflow.finish(run_id, DAG, seconds=180) == "success"

    ended = business.tasks(run_id)
    assert (ended["sync_meta", 0]["try_number"], ended["sync_meta", 0]["state"]) == (1, "success")
    assert {name for (name, _), found in ended.items() if found["state"] == "skipped"} == {
        f"sync_{vendor}" for vendor in VENDORS - {"meta"}
    }
    result = business.result(run_id)
    assert (result["status"], result["connections"]) == ("completed", {"meta": {"completed": 1}})
    assert business.asked_by(run_id) == {"meta"}
    week = {since + timedelta(days=n) for n in range(7)}
    right = business.days_of_world("meta")
    read = business.days("meta")
    assert {place: spend for place, spend in read.items() if place[1] in week} == {
        place: spend for place, spend in right.items() if place[1] in week
    }
    assert {spend for place, spend in read.items() if place[1] not in week} <= {1}
    kept = "SELECT params FROM ops.sync_runs WHERE run_id = %s"
    assert airflow.rows(kept, run_id) == [
        ({"workspace": None, "platforms": [], "connections": [account],
          "since": str(since), "until": str(until)},)
    ]  # fmt: skip


def test_the_form_explains_itself_and_refuses_what_no_run_could_use(business):
    airflow = business.airflow
    form = _form(airflow)

    assert set(form) == {"workspace", "platforms", "connections", "since", "until"}
    assert all(param["schema"]["title"] and param["description"] for param in form.values())
    assert {name for name in form if form[name]["schema"].get("format") == "date"} == {
        "since", "until",
    }  # fmt: skip
    assert set(form["platforms"]["schema"]["examples"]) == VENDORS
    for wrong in (
        {"platforms": ["facebook"]},
        {"connections": ["Acme"]},
        {"since": "yesterday"},
        {"workspace": 0},
    ):
        body = {"logical_date": None, "conf": wrong}
        answer = _post(airflow, f"/dags/{DAG}/dagRuns", body)
        [name] = wrong
        assert (answer.status_code, name in answer.text) == (400, True), answer.text


def _form(airflow) -> dict[str, Any]:
    return airflow.call("GET", f"/dags/{DAG}/details")["params"]


def _post(airflow, path: str, body: object) -> requests.Response:
    url = f"{airflow.variables['AIRFLOW_URL']}/api/v2{path}"
    return airflow._session.post(url, json=body, timeout=30)


def _processes() -> list[str]:
    return [" ".join(found.info["cmdline"] or []) for found in psutil.process_iter(["cmdline"])]


def _finish_report(airflow) -> None:
    """Look at Meta's report until it is done: each look brings it on, so that nobody waits."""
    [asked] = airflow.rows(
        "SELECT report ->> 'report_id' FROM analytics.sync_state WHERE report IS NOT NULL"
    )
    url = f"{airflow.vendors.vendor_url('meta')}/v26.0/{asked[0]}"
    token = json.loads(airflow.variables["VENDOR_SANDBOX_KEYS"])["meta"]

    def done() -> bool:
        answer = requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=10)
        return answer.json().get("async_status") == "Job Completed"

    airflow.eventually(done)
