from __future__ import annotations

import pymongo
import pytest
import requests
from playwright.sync_api import expect

pytestmark = [pytest.mark.airflow, pytest.mark.browser]
ACCOUNT = {"networks": 1, "advertisers": 1, "zones": 1, "advertisements": 0, "campaigns": 0,
           "placements": 0}  # fmt: skip


@pytest.fixture
def network(airflow):
    """The id of a network that Broadstreet and we have; nothing else is local."""
    airflow.vendors.reset(5, broadstreet=ACCOUNT)
    airflow.unpause("broadstreet_export")
    with pymongo.MongoClient(airflow.variables["MONGO_URI"]) as client:
        db = client["broadstreet"]
        for name in db.list_collection_names():
            db[name].delete_many({})
        [row] = [row for row in airflow.vendors.truth("broadstreet") if row["kind"] == "networks"]
        number = row["item"]["id"]
        db.networks.insert_one({"name": row["item"]["name"], "broadstreet_id": number})
        yield number


def test_operator_exports_a_chosen_local_entity(people, network):
    operator = people.log_in("operator")
    token = operator.page.context.cookies()[0]["value"]
    for name in ("Bakery", "Bike shop"):
        requests.post(
            f"{operator.url}/api/local/advertisers",
            json={"name": name, "network_id": network},
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        ).raise_for_status()
    page = operator.open("/broadstreet")

    page.get_by_role("link", name="Manage Local Entities").click()
    page.get_by_label("Export Bakery").check()
    page.get_by_role("button", name="Export the chosen ones").click()

    expect(page.get_by_test_id("sync-success")).to_be_visible(timeout=90_000)
    expect(page.get_by_role("row", name="Bakery")).to_contain_text("Exported")
    page.get_by_role("link", name="Broadstreet", exact=True).click()
    page.get_by_role("link", name="advertisers in Broadstreet").click()
    expect(page.get_by_test_id("synced-entity")).to_contain_text("Bakery")
    page.goto(f"{operator.url}/sync-center/broadstreet/local-only?type=advertisers")
    expect(page.get_by_role("row", name="Bike shop")).to_contain_text("Local")
    expect(page.get_by_text("Bakery")).to_have_count(0)
