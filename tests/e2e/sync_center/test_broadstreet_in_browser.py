from __future__ import annotations

import re

import pymongo
import pytest
import requests
from playwright.sync_api import expect

pytestmark = [pytest.mark.airflow, pytest.mark.browser]
ACCOUNT = {"networks": 1, "advertisers": 1, "zones": 1, "advertisements": 0, "campaigns": 0,
           "placements": 0}  # fmt: skip


@pytest.fixture
def network(airflow):
    """The id of a network that Broadstreet and we have, with an advertiser; nothing is local."""
    airflow.vendors.reset(5, broadstreet=ACCOUNT)
    # A run of the schedule's would export what a test leaves local.
    airflow.between_schedules(60, every=1800)
    airflow.unpause("broadstreet_export")
    with pymongo.MongoClient(airflow.variables["MONGO_URI"]) as client:
        db = client["broadstreet"]
        for name in db.list_collection_names():
            db[name].delete_many({})
        there = list(airflow.vendors.truth("broadstreet"))
        for kind in ("networks", "advertisers"):
            [row] = [row for row in there if row["kind"] == kind]
            parents = {f"{name}_id": key for name, key in row["parents"].items()}
            known = {"name": row["item"]["name"], "broadstreet_id": row["item"]["id"]}
            db[kind].insert_one(known | parents)
        yield next(row["item"]["id"] for row in there if row["kind"] == "networks")


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


@pytest.mark.usefixtures("network")
def test_operator_makes_an_entity_sees_what_is_wrong_mends_it_and_exports_it(people):
    operator = people.log_in("operator")
    page = operator.open("/broadstreet/local-only")

    page.get_by_role("link", name="Campaign", exact=True).click()
    page.get_by_label("Advertiser").select_option(index=1)
    page.get_by_label("Name").fill("Spring sale")
    page.get_by_label("Start date").fill("in spring")
    page.get_by_role("button", name="Save").click()

    day = page.get_by_label("Start date")
    expect(day).to_have_accessible_description(re.compile("'in spring' is not a date"))
    expect(page.get_by_label("Name")).to_have_value("Spring sale")
    day.fill("2027-03-01")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    expect(page.get_by_role("row", name="Spring sale")).to_contain_text("Local")

    page.get_by_role("link", name="Spring sale").click()
    page.get_by_label("Name").fill("Spring sale 2027")
    page.get_by_role("button", name="Save").click()
    page.get_by_label("Export Spring sale 2027").check()
    page.get_by_role("button", name="Zones (0)").click()
    expect(page.get_by_text("1 chosen elsewhere, too.")).to_be_visible()
    page.get_by_role("button", name="Export the chosen ones").click()

    expect(page.get_by_test_id("sync-success")).to_be_visible(timeout=90_000)
    expect(page.get_by_role("row", name="Spring sale 2027")).to_contain_text("Exported")
    page.goto(f"{operator.url}/sync-center/broadstreet/campaigns")
    expect(page.get_by_test_id("synced-entity")).to_contain_text("Spring sale 2027")
    expect(page.get_by_test_id("synced-entity")).to_contain_text("Synced")
    page.goto(f"{operator.url}/sync-center/broadstreet/log")
    expect(page.get_by_role("row", name="Export of campaigns")).to_contain_text("Completed")


@pytest.mark.usefixtures("network")
def test_operator_deletes_a_local_entity_and_a_viewer_has_no_form(people):
    operator = people.log_in("operator")
    page = operator.open("/broadstreet/local/advertisers/new")
    page.get_by_label("Network").select_option(index=1)
    page.get_by_label("Name").fill("Bakery")
    page.get_by_role("button", name="Save").click()
    viewer = people.log_in("viewer")

    seen = viewer.open("/broadstreet/local-only")
    expect(seen.get_by_role("row", name="Bakery")).to_contain_text("Network")
    expect(seen.get_by_role("link", name="Bakery")).to_have_count(0)
    expect(seen.get_by_role("button")).to_have_count(0)
    page.get_by_role("link", name="Bakery").click()
    page.get_by_text("Delete this advertiser").click()
    page.get_by_role("button", name="Delete for good").click()

    expect(page.get_by_role("status")).to_have_text("Deleted.")
    expect(page.get_by_text("No local advertisers.")).to_be_visible()
    answer = requests.get(
        f"{viewer.url}/sync-center/broadstreet/local/advertisers/new",
        cookies={"_token": seen.context.cookies()[0]["value"]},
        timeout=30,
    )
    assert answer.status_code == 403
