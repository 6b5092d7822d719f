"""A worker is killed -9 in the middle of each flow: the other takes over, all is there once."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta

import psycopg
import pymongo
import pytest
import requests
from psycopg import sql

from sandbox.vendors.ad_world.world import Settings, World
from tests import broadstreet_truth
from tests.rates_truth import RATES, published_rates
from tests.statsd_mapping import exposed
from tests.trackier_truth import OFFERS, expected_offers

pytestmark = [pytest.mark.airflow, pytest.mark.celery]
logger = logging.getLogger(__name__)
REQUESTS_PER_SECOND = 5  # the flows' own default: no connection of the stack says otherwise


@pytest.fixture
def outlived(airflow, told_once):
    """A function that kills the worker of a task, sees the other do it, and returns the counts."""

    def outlive(dag: str, run_id: str, task: str, map_index: int = -1, *, then=lambda: None):
        def running():
            attempts = airflow.attempts(dag, run_id, task, map_index)
            return attempts[-1].worker if attempts and attempts[-1].state == "running" else ""

        with airflow.killed(airflow.eventually(running)) as killed_at:
            then()
            assert airflow.finish(run_id, dag, seconds=240) == "success"
        first, second = airflow.attempts(dag, run_id, task, map_index)
        assert (first.state, second.state) == ("failed", "success")
        assert second.worker not in {"", first.worker}
        told_once("run_interrupted", run_id)
        assert "airflow_task_instances_without_heartbeats_killed" in exposed(airflow.figures.lines)
        waited = (second.began_at - killed_at).total_seconds()
        logger.warning("Tallies: %s: killed, then again at work after %.1f s", dag, waited)
        return airflow.counts(dag, run_id)

    return outlive


@pytest.fixture
def broadstreet(airflow):
    with pymongo.MongoClient(airflow.variables["MONGO_URI"]) as client:
        db = client["broadstreet"]
        for name in db.list_collection_names():
            db[name].delete_many({})
        yield db


def held(airflow, rule: int) -> None:
    """Wait until a call to the vendor hangs."""
    airflow.eventually(lambda: airflow.vendors.faults.fired(rule))


def pace_is_kept(airflow, vendor: str) -> bool:
    """Tell whether the vendor saw no more calls in any second than all workers may make.

    One more, for the two ends of a second: calls that were paced evenly arrive unevenly.
    """
    seen = airflow.vendors.stats(vendor)
    return seen["refused"] == 0 and seen["max_calls_per_second"] <= REQUESTS_PER_SECOND + 1


def test_trackier_sync_ends_like_the_vendors_list(airflow, switched_on, outlived):
    dag, world = "trackier_offer_sync", {"offers": 300, "brands": 6, "page_size": {"campaigns": 40}}
    # Another test may have synced another world.
    airflow.db.execute("DELETE FROM affiliate.offers; DELETE FROM affiliate.brands")
    airflow.vendors.reset(11, trackier=world)
    airflow.vendors.clear_requests()
    stalled = airflow.vendors.faults.add("latency", path="campaigns", after=3, seconds=60, times=1)
    switched_on(dag)

    run_id = airflow.trigger(dag)
    held(airflow, stalled)
    [(half,)] = airflow.rows("SELECT count(*) FROM affiliate.offers")
    counts = outlived(dag, run_id, "sync_offers")

    assert 0 < half < 300
    assert set(airflow.rows(OFFERS)) == expected_offers(airflow.vendors)
    assert (counts["status"], counts["added"]) == ("completed", 300)
    events = "SELECT event_id FROM ops.sync_events JOIN ops.sync_runs USING (run_key)"
    assert len(airflow.rows(f"{events} WHERE run_id = %s", run_id)) == 1
    assert len(airflow.call("GET", "/assets/events", source_run_id=run_id)["asset_events"]) == 1
    assert pace_is_kept(airflow, "trackier")


def test_broadstreet_export_creates_everything_once(airflow, broadstreet, switched_on, outlived):
    dag = "broadstreet_export"
    empty = {"networks": 1, "advertisers": 0, "zones": 0, "advertisements": 0, "campaigns": 0,
             "placements": 0}  # fmt: skip
    airflow.vendors.reset(5, broadstreet=empty)
    [network] = airflow.vendors.truth("broadstreet")
    item = {name: value for name, value in network["item"].items() if name != "id"}
    number = network["item"]["id"]
    broadstreet.networks.insert_one({**item, "broadstreet_id": number})
    entered = [entered_locally(airflow, f"Zone {n}", number) for n in range(8)]
    switched_on(dag)
    # Created at the vendor, and nobody hears of it any more: the next attempt has to look.
    answers = {"method": "POST", "after": 3, "seconds": 60, "times": 1}
    lost = airflow.vendors.faults.add("commit_then_timeout", "broadstreet", **answers)

    run_id = airflow.trigger(dag)
    held(airflow, lost)
    made = len(airflow.vendors.creates())
    counts = outlived(dag, run_id, "export_entities")

    assert 0 < made < len(entered)
    zones = {zone["id"]: zone["name"] for zone in listed_zones(airflow)}
    assert sorted(zones.values()) == [f"Zone {n}" for n in range(8)]
    assert len(airflow.vendors.creates()) == len(entered)
    exported = {str(zone["local_id"]): zone["broadstreet_id"] for zone in broadstreet.zones.find()}
    assert exported.keys() == set(entered)
    assert set(exported.values()) == zones.keys()
    assert broadstreet.local_zones.count_documents({}) == 0
    assert counts["status"] == "completed"
    assert pace_is_kept(airflow, "broadstreet")


def listed_zones(airflow):
    truth = airflow.vendors.truth("broadstreet")
    return [row["item"] for row in truth if row["kind"] == "zones"]


def entered_locally(airflow, name: str, network: int) -> str:
    """Enter a zone as a person does; return its `_id`."""
    url = f"{airflow.variables['AIRFLOW_URL']}/api/local/zones"
    token = airflow._session.headers["Authorization"]
    body = {"name": name, "network_id": network}
    answer = requests.post(url, json=body, headers={"Authorization": token}, timeout=30)
    assert answer.status_code == 201, answer.text
    return answer.json()["_id"]


def test_task_whose_message_was_lost_is_queued_again_and_ends_well(airflow, switched_on):
    dag = "edge_usage_rollup"
    switched_on(dag)

    with airflow.broker() as broker, airflow.paused():
        # What a worker still waits for would be handed to it.
        airflow.eventually(lambda: broker.info("clients")["blocked_clients"] == 0)
        run_id = airflow.trigger(dag)
        airflow.eventually(lambda: broker.llen("default"))
        broker.delete("default")

    began = time.monotonic()
    assert airflow.finish(run_id, dag, seconds=60) == "success"
    logger.warning("Tallies: message lost, ended after %.1f s", time.monotonic() - began)


@pytest.mark.soak
def test_broadstreet_import_holds_what_the_account_lists(
    airflow, broadstreet, switched_on, outlived
):
    dag = "broadstreet_import"
    account = {"networks": 2, "advertisers": 5, "zones": 6, "advertisements": 12, "campaigns": 8,
               "placements": 30}  # fmt: skip
    airflow.vendors.reset(7, broadstreet=account)
    airflow.vendors.clear_requests()
    stalled = airflow.vendors.faults.add(
        "latency", "broadstreet", path="zones", after=1, seconds=60, times=1
    )
    switched_on(dag)

    run_id = airflow.trigger(dag)
    held(airflow, stalled)
    outlived(dag, run_id, "import_zones")

    for kind in account:
        imported = broadstreet_truth.imported(broadstreet, kind)
        assert imported == broadstreet_truth.listed(airflow.vendors, kind)
        assert broadstreet[kind].count_documents({}) == len(imported) > 0
    assert pace_is_kept(airflow, "broadstreet")


@pytest.mark.soak
def test_exchange_rates_are_those_that_the_bank_has_published(airflow, switched_on, outlived):
    dag, now = "fx_rates_sync", datetime.now(UTC).replace(microsecond=0)
    size = {"workspaces": 0, "start": str((now - timedelta(days=99)).date()),
            "now": now.isoformat()}  # fmt: skip
    airflow.vendors.reset(3, ad_world=size)
    stalled = airflow.vendors.faults.add("latency", "fx", seconds=60, times=1)
    switched_on(dag)

    run_id = airflow.trigger(dag)
    held(airflow, stalled)
    counts = outlived(dag, run_id, "sync_rates")

    world = World(3, Settings(**size))
    days = [now.date() - timedelta(days=n) for n in range(98)]
    assert set(airflow.rows(RATES)) == published_rates(world, days)
    assert counts["status"] == "completed"


@pytest.mark.soak
def test_ad_analytics_is_that_of_the_platforms_and_stores(airflow, business, outlived):
    dag = "ad_analytics_sync"
    assert airflow.finish(airflow.trigger("fx_rates_sync"), "fx_rates_sync") == "success"
    stalled = airflow.vendors.faults.add("latency", "meta", after=2, seconds=60, times=1)

    run_id = airflow.trigger(dag)
    held(airflow, stalled)
    counts = outlived(dag, run_id, "sync_meta", 0)

    assert counts["status"] == "completed"
    for platform in ("meta", "tiktok", "snapchat"):
        assert business.days(platform) == business.days_of_world(platform) != {}
    sold = airflow.rows("SELECT connection_id, external_id FROM analytics.orders")
    world = business.world
    assert sorted(sold) == sorted(
        (key, order.order_id)
        for store, key in business.linked.stores.items()
        for order in world.orders(store, world.start, world.now.date())
    )


USES = (
    "SELECT uses, discount_amount::text FROM edge.promotion_effectiveness WHERE promotion_id = %s"
)
FINDINGS = "SELECT finding, detail FROM edge.promotion_audits WHERE promotion_id = %s"


@pytest.mark.soak
@pytest.mark.parametrize(
    ("dag", "task", "table"),
    [
        ("edge_usage_rollup", "roll_up_usages", "promotion_effectiveness"),
        ("edge_promotion_audit", "audit_promotions", "promotion_audits"),
    ],
)
def test_edge_report_is_that_of_one_undisturbed_run(  # noqa: PLR0913, PLR0917 - each is used
    airflow, promotion, switched_on, outlived, dag, task, table
):
    if dag == "edge_promotion_audit":
        switched_on("edge_usage_rollup")
        rollup = airflow.trigger("edge_usage_rollup")
        assert airflow.finish(rollup, "edge_usage_rollup") == "success"
    switched_on(dag)
    waiting = (
        "SELECT pid FROM pg_stat_activity WHERE application_name = %s AND wait_event_type = 'Lock'"
    )
    gone = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE pid = %s)"

    with psycopg.connect(airflow.variables["WAREHOUSE_DSN"]) as other:
        lock = sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE")
        other.execute(lock.format(sql.Identifier("edge", table)))
        run_id = airflow.trigger(dag)
        [(session,)] = airflow.eventually(lambda: airflow.rows(waiting, dag))

        def release() -> None:
            # Though the session waits for a lock, the server sees that nobody is there any more.
            airflow.eventually(lambda: airflow.rows(gone, session), seconds=30)
            other.rollback()

        counts = outlived(dag, run_id, task, then=release)

    assert airflow.rows(USES, promotion) == [(2, "5.0000")]
    if dag == "edge_promotion_audit":
        assert airflow.rows(FINDINGS, promotion) == [("over_limit", "used 2 times of at most 1")]
    assert counts["status"] == "completed"
