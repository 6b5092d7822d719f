"""Retention as Airflow runs it: triggered through REST, with its form's parameters."""

from __future__ import annotations

import uuid

import pytest

pytestmark = pytest.mark.airflow
DAG = "retention"


@pytest.fixture
def run_key(airflow):
    """A run of half a year and a day ago, with one old refused record and one of last month."""
    [(key,)] = airflow.rows(
        "INSERT INTO ops.sync_runs (flow, run_id, trigger, params, status, attempt, started_at,"
        " finished_at) VALUES ('trackier_offer_sync', %s, 'test', '{}', 'completed', 1,"
        " now() - interval '181 days', now() - interval '181 days') RETURNING run_key",
        uuid.uuid4().hex,
    )
    for days in (181, 30):
        airflow.db.execute(
            "INSERT INTO ops.sync_rejects (run_key, flow, entity, kind, reason, item, fingerprint,"
            " rejected_at) VALUES (%s, 'trackier_offer_sync', 'offers', 'invalid', 'r', '{}', %s,"
            " now() - %s * interval '1 day')",
            (key, str(days), days),
        )
    return key


def test_retention_counts_then_deletes_and_says_how_large_everything_is(airflow, run_key):
    left = "SELECT count(*) FROM ops.sync_rejects WHERE run_key = %s"
    runs = "SELECT count(*) FROM ops.sync_runs WHERE run_key = %s"
    counted = "SELECT status, counts FROM ops.sync_runs WHERE run_id = %s"
    airflow.between_schedules(60, every=900)
    airflow.unpause(DAG)

    planned = airflow.trigger(DAG, dry_run=True)
    assert airflow.finish(planned, DAG) == "success"
    assert airflow.rows(left, run_key) == [(2,)]
    done = airflow.trigger(DAG)
    assert airflow.finish(done, DAG) == "success"
    assert airflow.rows(left, run_key) == [(1,)]
    assert airflow.rows(runs, run_key) == [(1,)]  # a refused record of it is young
    shorter = airflow.trigger(DAG, rejects_days=7)
    assert airflow.finish(shorter, DAG) == "success"

    assert airflow.rows(left, run_key) == [(0,)]
    assert airflow.rows(runs, run_key) == [(0,)]
    [(status, counts)] = airflow.rows(counted, done)
    parts = counts["entity_types"]
    assert status == "completed"
    assert (parts["sync_rejects"]["old"], parts["sync_rejects"]["deleted"]) == (1, 1)
    assert counts["bytes_before"] > 0
    assert parts["raw_pages"]["total"] > 0  # what the syncs before have archived, all of today
    assert parts["raw_pages"]["deleted"] == 0
    assert {"sync_logs", "export_journal"} <= parts.keys()
    assert airflow.rows(counted, planned)[0][1]["deleted"] == 0
    assert not airflow.alerts()
