"""A worker is killed -9 in the middle of each flow: the other takes over, all is there once."""

from __future__ import annotations

import logging

import pytest

from tests.trackier_truth import OFFERS, expected_offers

pytestmark = [pytest.mark.airflow, pytest.mark.celery]
logger = logging.getLogger(__name__)


@pytest.fixture
def outlived(airflow, told_once):
    """A function that kills the worker of a task, sees the other do it, and returns its counts."""

    def outlive(dag: str, run_id: str, task: str) -> dict:
        def running():
            attempts = airflow.attempts(dag, run_id, task)
            return attempts[-1].worker if attempts and attempts[-1].state == "running" else ""

        with airflow.killed(airflow.eventually(running)) as killed_at:
            assert airflow.finish(run_id, dag, seconds=120) == "success"
        first, second = airflow.attempts(dag, run_id, task)
        assert (first.state, second.state) == ("failed", "success")
        assert second.worker not in {"", first.worker}
        told_once("run_interrupted", run_id)
        waited = (second.began_at - killed_at).total_seconds()
        logger.warning("Tallies: %s: killed, then again at work after %.1f s", dag, waited)
        return airflow.counts(dag, run_id)

    return outlive


def test_trackier_sync_ends_like_the_vendors_list(airflow, outlived):
    dag, world = "trackier_offer_sync", {"offers": 300, "brands": 6, "page_size": {"campaigns": 40}}
    airflow.vendors.reset(11, trackier=world)
    stalled = airflow.vendors.faults.add("latency", path="campaigns", after=3, seconds=60, times=1)
    airflow.unpause(dag)

    run_id = airflow.trigger(dag)
    airflow.eventually(lambda: airflow.vendors.faults.fired(stalled))
    half = airflow.rows("SELECT count(*) FROM affiliate.offers")
    counts = outlived(dag, run_id, "sync_offers")

    assert (0,) < half[0] < (300,)
    assert set(airflow.rows(OFFERS)) == expected_offers(airflow.vendors)
    assert (counts["status"], counts["added"]) == ("completed", 300)
    [(events,)] = airflow.rows(
        "SELECT count(*) FROM ops.sync_events JOIN ops.sync_runs USING (run_key) WHERE run_id = %s",
        run_id,
    )
    assert events == 1
    assert len(airflow.call("GET", "/assets/events", source_run_id=run_id)["asset_events"]) == 1
