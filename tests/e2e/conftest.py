"""One running Airflow (scheduler, DAG processor, triggerer, API server) for all e2e tests."""

from __future__ import annotations

import uuid
from pathlib import Path

import psycopg
import pytest

from sandbox.home import DEFAULT_HOME, REPOSITORY
from sandbox.vendors.control import VendorSandbox
from tests.airflow_user import DAG, Airflow, stack_of_its_own
from tests.alerting import People, mails_with
from tests.e2e.ad_business import business, linked  # noqa: F401 - fixtures

HOME = DEFAULT_HOME / "test-airflow"
DAGS = list((REPOSITORY / "dags").glob("*.py"))
WORLD = {"offers": 60, "brands": 4, "publishers": 5}


@pytest.fixture(scope="session")
def stack():
    """The variables of a stack of our own, started empty and stopped at the end."""
    with stack_of_its_own(HOME) as variables:
        yield variables


@pytest.fixture(scope="session")
def running_airflow(stack):
    """Airflow with its DAGs on, and one run done."""
    with psycopg.connect(stack["WAREHOUSE_DSN"], autocommit=True) as db:
        airflow = Airflow(stack, db, VendorSandbox(stack["VENDOR_SANDBOX_URL"]))
        airflow.log_in()
        airflow.vendors.reset(1, trackier=WORLD)
        airflow.eventually(lambda: len(airflow.call("GET", "/dags")["dags"]) == len(DAGS))
        airflow.between_schedules(60, every=3600)
        airflow.unpause(DAG)
        assert airflow.finish(airflow.trigger()) == "success"
        # Switched on for the first time, it waits for its hour; nothing ran but what we asked for.
        assert airflow.call("GET", f"/dags/{DAG}/dagRuns")["total_entries"] == 1
        yield airflow


@pytest.fixture
def airflow(running_airflow):
    """The same, with its offers as they were, nothing wrong and no alerts."""
    vendors = running_airflow.vendors
    vendors.reset(1, trackier=WORLD)
    # Airflow reads them meanwhile: TRUNCATE, which locks one after the other, would deadlock.
    running_airflow.db.execute("DELETE FROM ops.alerts")
    yield running_airflow
    vendors.faults.clear()


@pytest.fixture
def told_once(airflow, record_property):
    """A function that asserts that an alert about a run was told everybody exactly once."""

    def told(kind: str, run_id: str) -> None:
        rows = "SELECT runbook FROM ops.alerts WHERE kind = %s AND run_id = %s"
        maildir = Path(airflow.variables["SMTP_MAILDIR"])
        people = People(
            rows=lambda kind: airflow.rows(rows, kind, run_id),
            posts=lambda: [each for each in airflow.vendors.deliveries() if run_id in str(each)],
            mails=lambda: mails_with(maildir, run_id),
            record=record_property,
        )
        # Who raises an alert delivers it at once, in a process of its own.
        airflow.eventually(lambda: all(people.reached(kind).values()), seconds=30)
        people.told_once(kind)

    return told


@pytest.fixture
def promotion(airflow):
    """A promotion that was used twice and may be used once."""
    [(company,)] = airflow.rows(
        "INSERT INTO edge.companies (code, name, timezone, currency)"
        " VALUES (%s, 'Company', 'Asia/Jakarta', 'IDR') RETURNING company_id",
        uuid.uuid4().hex,
    )
    [(promotion,)] = airflow.rows(
        "INSERT INTO edge.promotions (company_id, code, name, promo_type, max_uses, start_on,"
        " end_on) VALUES (%s, 'TWICE', 'Twice', 'amount_discount', 1, '2020-01-01', '2099-12-31')"
        " RETURNING promotion_id",
        company,
    )
    for bill in ("B1", "B2"):
        airflow.db.execute(
            "INSERT INTO edge.promotion_usages (store_id, usage_id, company_id, promotion_id,"
            " bill_id, brand_id, discount_amount, currency, used_at, business_on, content_hash)"
            " VALUES (%s, gen_random_uuid(), %s, %s, %s, %s, 2.5, 'IDR', now(), current_date, '')",
            (company, company, promotion, bill, company),
        )
    yield promotion
    airflow.db.execute("DELETE FROM edge.companies WHERE company_id = %s", (company,))
