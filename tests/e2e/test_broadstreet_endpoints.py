"""Local entities and exports through Airflow's API server, as its users may and may not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pymongo
import pytest
import requests

from tests.e2e.users import User

pytestmark = pytest.mark.airflow
DAG = "broadstreet_export"
ACCOUNT = {"networks": 1, "advertisers": 1, "zones": 1, "advertisements": 0, "campaigns": 0,
           "placements": 0}  # fmt: skip


@dataclass
class Account:
    """The account in the running stack, its documents, and a way to log in."""

    airflow: Any
    db: Any
    network: int

    def user(self, name: str | None) -> User:
        return User.log_in(self.airflow.variables, name)

    def finish(self, user: User, run_id: str) -> dict[str, Any]:
        def ended() -> dict[str, Any] | None:
            run = user.ask("GET", f"/api/sync/runs/{run_id}").json()
            return run if run.get("state") in {"success", "failed"} else None

        return self.airflow.eventually(ended, seconds=180)


@pytest.fixture
def account(airflow):
    airflow.vendors.reset(5, broadstreet=ACCOUNT)
    # A run of the schedule's would export what a test enters.
    airflow.between_schedules(60, every=1800)
    airflow.unpause(DAG)
    with pymongo.MongoClient(airflow.variables["MONGO_URI"]) as client:
        db = client["broadstreet"]
        for name in db.list_collection_names():
            db[name].delete_many({})
        for row in airflow.vendors.truth("broadstreet"):
            item = {name: value for name, value in row["item"].items() if name != "id"}
            parents = {f"{name}_id": number for name, number in row["parents"].items()}
            db[row["kind"]].insert_one({**item, **parents, "broadstreet_id": row["item"]["id"]})
        [network] = db.networks.distinct("broadstreet_id")
        yield Account(airflow, db, network)


def test_local_entities_are_exported_through_the_endpoints(account):
    operator = account.user("operator")
    taken = account.db.zones.find_one()["name"]
    zone = operator.add("zones", name=taken, network_id=account.network)
    advertiser = operator.add("advertisers", name="Bakery", network_id=account.network)
    campaign = operator.add(
        "campaigns", name="May", start_date="2026-05-01", advertiser_id=advertiser["_id"]
    )

    started = operator.ask("POST", "/api/sync/local-all")

    assert started.status_code == 202, started.text
    run_id = started.json()["run_id"]
    run = account.finish(operator, run_id)
    assert run["state"] == "success"
    assert run["progress"]["zones"] == {"completed": 1, "total": 1}
    assert run["result"]["id_maps"]["campaigns"].keys() == {campaign["_id"]}
    names = {line["local_id"]: line["sent_name"] for line in run["result"]["exported"]}
    assert names[zone["_id"]] == f"{taken.strip()} (1)"
    gone = operator.ask("GET", f"/api/local/zones/{zone['_id']}")
    assert gone.status_code == 404
    assert "edited there" in gone.json()["detail"]["message"]
    events = account.airflow.call("GET", "/assets/events", source_run_id=run_id)["asset_events"]
    assert events[-1]["extra"]["exported"] == 3


def test_chosen_dry_run_shows_the_plan_and_sends_nothing(account):
    admin = account.user("admin")
    zone = admin.add("zones", name="Top", network_id=account.network)
    body = {"local_ids": [zone["_id"]], "dry_run": True}

    started = admin.ask("POST", "/api/sync/local-all", body).json()

    run = account.finish(admin, started["run_id"])
    [line] = run["result"]["plan"]
    assert (line["local_id"], line["action"]) == (zone["_id"], "create")
    assert account.airflow.vendors.creates() == []
    admin.ask("DELETE", f"/api/local/zones/{zone['_id']}")
    assert admin.ask("GET", "/api/local/zones").json() == {"items": [], "total": 0}


@pytest.mark.parametrize(
    ("name", "reads", "writes"),
    [
        (None, 401, 401), ("viewer", 200, 403), ("user", 200, 201), ("operator", 200, 201),
        ("admin", 200, 201),
    ],
)  # fmt: skip
def test_access_is_what_airflow_gives_to_the_dag(account, name, reads, writes):
    user = account.user(name)
    fields = {"name": "Top", "network_id": account.network}

    assert user.ask("GET", "/api/local/zones").status_code == reads
    assert user.ask("POST", "/api/local/zones", fields).status_code == writes
    if writes != 201:
        assert user.ask("PATCH", "/api/local/zones/x", {}).status_code == writes
        assert user.ask("DELETE", "/api/local/zones/x").status_code == writes
        assert user.ask("POST", "/api/sync/all").status_code == writes
        assert user.ask("POST", "/api/sync/local-all").status_code == writes
        assert user.ask("GET", "/api/sync/runs/none").status_code == (401 if name is None else 404)


def test_every_mistake_is_answered_with_what_to_do(account):
    user = account.user("operator")
    zone = user.add("zones", name="Top", network_id=account.network)
    where = f"/api/local/zones/{zone['_id']}"
    mistakes = [
        ("POST", "/api/local/zones", {"name": " ", "network_id": 1, "width": 3}, 422, "dashboard"),
        ("POST", "/api/local/zones", {"name": "A", "network_id": 999}, 422, "import first"),
        ("POST", "/api/local/zones", [], 422, "JSON object"),
        ("PATCH", where, {"name": "B"}, 422, "version"),
        ("PATCH", where, {"name": "B", "version": 7}, 409, "Read it again"),
        ("GET", "/api/local/zones/123", None, 404, "no local zone"),
        ("GET", "/api/local/zones?limit=0", None, 422, "greater than or equal to 1"),
        ("GET", "/api/local/banners", None, 404, "/api/local/docs"),
        ("POST", "/api/sync/banners", None, 404, "/api/sync/docs"),
        ("POST", "/api/sync/zones", {"mode": "quick"}, 422, "incremental, fresh"),
        ("POST", "/api/sync/zones", {"colour": 1}, 422, "there are: network_ids"),
        ("POST", "/api/sync/local-all", {"local_ids": ["x"]}, 422, "no _id of a local entity"),
        ("GET", "/api/sync/runs/none", None, 404, "POST /api/sync/"),
    ]

    for method, path, body, status, words in mistakes:
        answer = user.ask(method, path, body)
        assert (answer.status_code, words in answer.text) == (status, True), answer.text
    assert user.ask("PATCH", where, {"name": "B", "version": 1}).json()["version"] == 2


def test_paused_dag_is_told_instead_of_a_run_that_never_starts(account):
    account.airflow.call("PATCH", f"/dags/{DAG}", {"is_paused": True})

    answer = account.user("operator").ask("POST", "/api/sync/local-all")

    assert answer.status_code == 409
    assert "switch it on" in answer.text


def test_endpoints_have_a_page_that_describes_them(account):
    url = account.airflow.variables["AIRFLOW_URL"]

    for prefix, path in (("sync", "/local-all"), ("local", "/campaigns/{local_id}")):
        assert requests.get(f"{url}/api/{prefix}/docs", timeout=30).status_code == 200
        described = requests.get(f"{url}/api/{prefix}/openapi.json", timeout=30).json()
        assert path in described["paths"]
