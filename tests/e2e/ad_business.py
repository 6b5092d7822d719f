"""A business in a real Airflow: an account of every ad platform, a store of every kind, linked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from sandbox.ad_onboarding import Linked, Operator
from sandbox.vendors.ad_world import truth
from sandbox.vendors.ad_world.world import Settings, World

DAG, RATES = "ad_analytics_sync", "fx_rates_sync"
VENDORS = {"meta", "tiktok", "snapchat", "shopify", "woocommerce", "salla", "zid"}
SEED, DAYS = 5, 10


@dataclass
class Business:
    """A workspace with an account of every platform and a store of every kind, linked."""

    airflow: Any
    world: World
    linked: Linked
    size: dict[str, Any]

    def restart(self, **meta: object) -> None:
        self.airflow.vendors.reset(SEED, ad_world=self.size, meta=meta)

    def tasks(self, run_id: str) -> dict[tuple[str, int], dict[str, Any]]:
        path = f"/dags/{DAG}/dagRuns/{run_id}/taskInstances"
        found = self.airflow.call("GET", path)["task_instances"]
        return {(task["task_id"], task["map_index"]): task for task in found}

    def result(self, run_id: str) -> dict[str, Any]:
        query = "SELECT counts FROM ops.sync_runs WHERE flow = %s AND run_id = %s"
        [(counts,)] = self.airflow.rows(query, DAG, run_id)
        return counts

    def asked_by(self, run_id: str) -> set[str]:
        """Return whom a run asked: on the full hour the schedule's own asks all, beside it."""
        return {
            vendor
            for (vendor,) in self.airflow.rows(
                "SELECT c.vendor FROM analytics.sync_parts AS p"
                " JOIN analytics.connections AS c USING (connection_id)"
                " JOIN ops.sync_runs AS r USING (run_key) WHERE r.flow = %s AND r.run_id = %s",
                DAG,
                run_id,
            )
        }

    def days(self, platform: str) -> dict[tuple[str, Any], Any]:
        rows = self.airflow.rows(
            "SELECT c.external_id, m.date, m.spend FROM analytics.campaign_metrics AS m"
            " JOIN analytics.campaigns AS c USING (campaign_id)"
            " JOIN analytics.connections AS n USING (connection_id) WHERE n.vendor = %s",
            platform,
        )
        return {row[:2]: row[2] for row in rows}

    def days_of_world(self, platform: str) -> dict[tuple[str, Any], Any]:
        world = self.world
        accounts = world.accounts_of(platform)
        last = world.now.date() + timedelta(days=1)
        rows = truth.campaign_metrics(world, world.start, last, accounts)
        return {(row["campaign_id"], row["date"]): row["spend"] for row in rows}

    def written_by(self, run_id: str) -> dict[str, str]:
        """Return what Airflow kept of a run, by place: XCom values and log files."""
        known = self.airflow.variables
        dsn = known["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg2", "")
        with psycopg.connect(dsn) as conn:
            rows = conn.execute(
                "SELECT task_id || '/' || map_index || '/' || key, value::text FROM xcom"
                " WHERE dag_id = %s AND run_id = %s",
                [DAG, run_id],
            ).fetchall()
        logs = Path(known["AIRFLOW__LOGGING__BASE_LOG_FOLDER"]) / f"dag_id={DAG}"
        files = logs.glob(f"run_id={run_id}/**/*.log")
        return dict(rows) | {str(file): file.read_text() for file in files}


@pytest.fixture(scope="module")
def linked(running_airflow):
    """The world's accounts and stores, linked once with the operator's commands."""
    now = datetime.now(UTC).replace(microsecond=0)
    start = (now - timedelta(days=DAYS)).date()
    size = {"workspaces": 1, "campaigns": 2, "orders": 1, "idle_visits": 2,
            "start": str(start), "now": now.isoformat()}  # fmt: skip
    world = World(SEED, Settings(**size))
    running_airflow.vendors.reset(SEED, ad_world=size)
    settings = {"requests_per_second": "0", "backoff_seconds": "0.01"}
    operator = Operator(running_airflow.variables, settings=settings)
    return world, operator.link(world), size


@pytest.fixture
def business(airflow, linked):
    world, places, size = linked
    found = Business(airflow, world, places, size)
    found.restart()
    # A run of its own schedule would ask the same vendors in the middle of a test.
    airflow.between_schedules(every=3600)
    for dag in (DAG, RATES):
        airflow.unpause(dag)
    yield found
    for dag in (DAG, RATES):
        airflow.pause(dag)
