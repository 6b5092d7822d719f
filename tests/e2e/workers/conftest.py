"""An Airflow of its own whose tasks run on two Celery workers, as in production."""

from __future__ import annotations

import psycopg
import pytest

from sandbox.home import DEFAULT_HOME, REPOSITORY, Home
from sandbox.state import TASK_HEARTBEAT, WORKERS
from sandbox.vendors.control import VendorSandbox
from tests.airflow_user import stack_of_its_own
from tests.e2e.workers.cluster import Cluster

HOME = DEFAULT_HOME / "test-workers"
DAGS = list((REPOSITORY / "dags").glob("*.py"))
HEARTBEAT_TIMEOUT = 10


@pytest.fixture(scope="session")
def stack():
    """The variables of a stack with two workers, started empty and stopped at the end."""
    choices = {WORKERS: "2", TASK_HEARTBEAT: str(HEARTBEAT_TIMEOUT)}
    with stack_of_its_own(HOME, **choices) as variables:
        yield variables


@pytest.fixture(scope="session")
def running_airflow(stack):
    """Airflow with its DAGs known, and nothing run."""
    with psycopg.connect(stack["WAREHOUSE_DSN"], autocommit=True) as db:
        vendors = VendorSandbox(stack["VENDOR_SANDBOX_URL"])
        cluster = Cluster(variables=stack, db=db, vendors=vendors, home=Home(HOME))
        cluster.log_in()
        cluster.eventually(lambda: len(cluster.call("GET", "/dags")["dags"]) == len(DAGS))
        yield cluster
