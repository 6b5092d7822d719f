"""Each route that we add to Airflow's API server, for each role: who may, and what others are told.

The routes are those of the applications themselves: a new one that nobody has entered in the table
fails.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pymongo
import pytest

from tests.e2e.sync_center.routes import ROLES, ROUTES, TYPES, Needs
from tests.e2e.users import User

pytestmark = pytest.mark.airflow
FLOWS = ("trackier_offer_sync", "broadstreet_import", "broadstreet_export")
ELSEWHERE = "https://elsewhere.example"
# What our plugins mount, as Airflow finds them. Static files are for everybody.
_LIST = """
from airflow import plugins_manager
for mounted in plugins_manager.get_fastapi_plugins()[0]:
    for route in mounted["app"].built().routes:
        for method in sorted(getattr(route, "methods", None) or ["MOUNT"]):
            print("ROUTE", method, mounted["url_prefix"] + route.path)
"""


@pytest.fixture(scope="module")
def registered(running_airflow):
    """The routes of our plugins, as `GET /path/{name}`."""
    done = subprocess.run(
        [sys.executable, "-c", _LIST],
        env=os.environ | running_airflow.variables,
        capture_output=True,
        text=True,
        check=True,
    )
    found = [line.split(" ", 1)[1] for line in done.stdout.splitlines() if line[:6] == "ROUTE "]
    return {route for route in found if not route.startswith("HEAD ")}


@pytest.fixture
def paths(airflow, workspace, company, alert, refused):
    """A function that fills a route's path with things that are there; the flows are paused."""
    for flow in FLOWS:
        airflow.pause(flow)
    runs = airflow.call("GET", f"/dags/{FLOWS[0]}/dagRuns", order_by="id")["dag_runs"]
    known = {"workspace": workspace, "company": company.key, "alert": alert, "reject": refused}
    known["run"] = runs[0]["dag_run_id"]

    def path_of(name):
        return (ROUTES[name].path or name.split(" ", 1)[1]).format(**known)

    yield path_of
    airflow.unpause(FLOWS[0])


def kept(airflow):
    """Return everything that somebody could have changed."""
    queries = (
        "SELECT * FROM ops.alerts ORDER BY alert_key",
        "SELECT * FROM analytics.workspaces ORDER BY workspace_id",
        "SELECT * FROM analytics.connections ORDER BY connection_id",
        "SELECT * FROM edge.promotion_sync_settings ORDER BY company_id",
    )
    runs = [airflow.call("GET", f"/dags/{flow}/dagRuns")["total_entries"] for flow in FLOWS]
    with pymongo.MongoClient(airflow.variables["MONGO_URI"]) as client:
        db = client["broadstreet"]
        local = [list(db[f"local_{name}"].find()) for name in TYPES]
    return [*map(airflow.rows, queries), runs, local]


def test_every_route_of_our_plugins_is_in_the_table(registered):
    assert registered - {"MOUNT /sync-center/static"} == set(ROUTES)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_do_what_it_is_for(airflow, paths, role):
    person = User.log_in(airflow.variables, role)

    found = {name: person.browse(*_asked(name, paths)).status_code for name in ROUTES}

    assert found == {name: route.expected(role) for name, route in ROUTES.items()}


@pytest.mark.parametrize("origin", [ELSEWHERE, "null", ""])
def test_no_page_of_another_site_changes_anything_with_our_cookie(airflow, paths, origin):
    admin = User.log_in(airflow.variables, "admin")
    before = kept(airflow)
    changing = [name for name in ROUTES if not name.startswith("GET ")]
    assert all(ROUTES[name].needs is not Needs.NOTHING for name in changing)

    found = {name: admin.browse(*_asked(name, paths, origin)).status_code for name in changing}

    assert found == dict.fromkeys(changing, 403)
    assert kept(airflow) == before


def _asked(name, paths, origin=None):
    return name.split(" ", 1)[0], paths(name), origin, ROUTES[name].body
