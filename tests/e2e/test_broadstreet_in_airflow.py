from __future__ import annotations

import pymongo
import pytest

pytestmark = pytest.mark.airflow
DAG = "broadstreet_import"
ACCOUNT = {"networks": 2, "advertisers": 2, "zones": 5, "advertisements": 6, "campaigns": 4,
           "placements": 8}  # fmt: skip


@pytest.fixture
def account(airflow):
    """A small account in the running stack, and its production collections; no run is at work."""
    airflow.eventually(lambda: not unfinished(airflow), seconds=240)
    airflow.between_schedules(every=6 * 3600)
    airflow.vendors.reset(5, broadstreet=ACCOUNT)
    airflow.unpause(DAG)
    with pymongo.MongoClient(airflow.variables["MONGO_URI"]) as client:
        for name in (*ACCOUNT, "generation"):
            client["broadstreet"][name].delete_many({})
        yield client["broadstreet"]


def unfinished(airflow):
    """Return the runs that other tests have started and left."""
    found = airflow.call("GET", f"/dags/{DAG}/dagRuns")["dag_runs"]
    return [run["dag_run_id"] for run in found if run["state"] in {"queued", "running"}]


def states(airflow, run_id):
    path = f"/dags/{DAG}/dagRuns/{run_id}/taskInstances"
    found = airflow.call("GET", path)["task_instances"]
    return {task["task_id"]: task["state"] for task in found}


def counts_of(airflow, run_id):
    return airflow.rows("SELECT counts FROM ops.sync_runs WHERE run_id = %s", run_id)[0][0]


def test_imports_triggered_through_rest_fill_and_replace_the_collections(airflow, account):
    earlier = len(airflow.vendors.requests("broadstreet"))
    run_id = airflow.trigger(DAG)

    assert airflow.finish(run_id, DAG, seconds=240) == "success"
    assert set(states(airflow, run_id).values()) == {"success"}
    assert {kind: account[kind].count_documents({}) for kind in ACCOUNT} == ACCOUNT
    log = airflow.vendors.requests("broadstreet")[earlier:]
    kinds = [request["path"].rsplit("/", 1)[-1] for request in log]
    assert kinds.index("campaigns") > max(i for i, k in enumerate(kinds) if k == "advertisements")
    [event] = airflow.call("GET", "/assets/events", source_run_id=run_id)["asset_events"]
    assert event["extra"]["entities"]["placements"]["inserted"] == ACCOUNT["placements"]

    run_id = airflow.trigger(DAG, mode="fresh", entity_types=["zones", "campaigns"])

    assert airflow.finish(run_id, DAG, seconds=240) == "success"
    skipped = {task for task, state in states(airflow, run_id).items() if state == "skipped"}
    assert skipped == {f"import_{kind}" for kind in ACCOUNT if kind not in {"zones", "campaigns"}}
    result = counts_of(airflow, run_id)
    assert (result["generation"], set(result["entities"])) == (1, {"zones", "campaigns"})
    assert {kind: account[kind].count_documents({}) for kind in ACCOUNT} == ACCOUNT
    assert airflow.troubles() == []


def test_a_type_that_fails_fails_the_run_once_and_changes_nothing_below(airflow, account):
    before = {kind: list(account[kind].find()) for kind in ("campaigns", "placements")}
    airflow.vendors.faults.add("token_expired", "broadstreet", path="advertisers")

    run_id = airflow.trigger(DAG)

    assert airflow.finish(run_id, DAG, seconds=240) == "failed"
    ended = states(airflow, run_id)
    assert (ended["import_advertisers"], ended["import_zones"]) == ("failed", "success")
    assert ended["import_campaigns"] == ended["import_placements"] == "upstream_failed"
    assert [run for _, run in airflow.troubles()] == [run_id]
    assert {kind: list(account[kind].find()) for kind in before} == before
    airflow.vendors.faults.clear()
    again = airflow.trigger(DAG)
    assert airflow.finish(again, DAG, seconds=240) == "success"
