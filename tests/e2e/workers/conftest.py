"""An Airflow of its own whose tasks run on two Celery workers, as in production."""

from __future__ import annotations

import psycopg
import pytest

from sandbox.home import DEFAULT_HOME, REPOSITORY, Home
from sandbox.state import COLLECTOR, STATSD_PORT, TASK_HEARTBEAT, WORKERS
from sandbox.vendors.control import VendorSandbox
from tests.airflow_user import stack_of_its_own
from tests.collector import figures_collected, spans_collected
from tests.e2e.workers.cluster import Cluster

HOME = DEFAULT_HOME / "test-workers"
DAGS = list((REPOSITORY / "dags").glob("*.py"))
HEARTBEAT_TIMEOUT = 10
_LONGEST_TEST = 120


@pytest.fixture(scope="session")
def spans():
    """Every span that Airflow and the flows send."""
    with spans_collected() as collected:
        yield collected


@pytest.fixture(scope="session")
def figures():
    """Every figure that Airflow and the flows send."""
    with figures_collected() as collected:
        yield collected


@pytest.fixture(scope="session")
def stack(spans, figures):
    """The variables of a stack with two workers, started empty and stopped at the end."""
    choices = {
        WORKERS: "2",
        TASK_HEARTBEAT: str(HEARTBEAT_TIMEOUT),
        STATSD_PORT: str(figures.port),
        COLLECTOR: spans.endpoint,
    }
    with stack_of_its_own(HOME, **choices) as variables:
        yield variables


@pytest.fixture(scope="session")
def running_airflow(stack, spans, figures):
    """Airflow with its DAGs known, and nothing run."""
    with psycopg.connect(stack["WAREHOUSE_DSN"], autocommit=True) as db:
        vendors = VendorSandbox(stack["VENDOR_SANDBOX_URL"])
        cluster = Cluster(
            variables=stack, db=db, vendors=vendors, home=Home(HOME), spans=spans, figures=figures
        )
        cluster.log_in()
        cluster.eventually(lambda: len(cluster.call("GET", "/dags")["dags"]) == len(DAGS))
        yield cluster


@pytest.fixture
def switched_on(airflow):
    """A function that switches a DAG on until the test ends, when no run of its own is due."""
    dags = []

    def switch(dag: str) -> None:
        # The schedules of those that are switched on here are of full half hours.
        airflow.between_schedules(_LONGEST_TEST, every=1800)
        airflow.unpause(dag)
        dags.append(dag)

    yield switch
    for dag in dags:
        airflow.pause(dag)
