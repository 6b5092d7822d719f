from __future__ import annotations

import pytest
import requests
from playwright.sync_api import expect

pytestmark = [pytest.mark.airflow, pytest.mark.browser]
FLOW = "trackier_offer_sync"


def test_admin_logs_in_starts_a_sync_and_watches_it_to_its_result(airflow, people):
    admin = people.come("admin")
    page = admin.page
    page.goto(f"{admin.url}/auth/login")
    page.fill("[name=username]", airflow.variables["AIRFLOW_USERNAME"])
    page.fill("[name=password]", airflow.variables["AIRFLOW_PASSWORD"])
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Sync Center").click()
    center = page.frame_locator("iframe[title='Sync Center']")
    airflow.vendors.faults.add("latency", path="campaigns", seconds=4, times=1)

    center.get_by_role("link", name="Sync from Trackier", exact=True).click()
    center.get_by_label("Include publishers").check()
    center.get_by_role("button", name="Start now").click()

    bar = center.get_by_role("progressbar", name="Brands", exact=True)
    expect(bar).to_have_attribute("value", "100", timeout=60_000)
    expect(center.get_by_role("status")).to_contain_text("Completed", timeout=60_000)
    expect(center.get_by_role("row", name="Offers")).to_contain_text("60")
    expect(center.get_by_text("Include publishers")).to_be_visible()
    [(run_id, params)] = airflow.rows(
        "SELECT run_id, params FROM ops.sync_runs WHERE flow = %s AND run_id LIKE 'manual%%'"
        " ORDER BY started_at DESC LIMIT 1",
        FLOW,
    )
    assert params["include_publishers"] is True
    assert airflow.call("GET", f"/dags/{FLOW}/dagRuns/{run_id}")["note"] == (
        "Started by admin in Sync Center."
    )
    center.get_by_role("link", name="Log").click()
    page.wait_for_url(f"**/dags/{FLOW}/runs/**/tasks/sync_offers**")


def test_viewer_sees_the_flows_and_can_start_nothing(people):
    viewer = people.log_in("viewer")

    page = viewer.open("/flows")

    expect(page.get_by_role("heading", name="Sync from Trackier")).to_be_visible()
    expect(page.get_by_role("link", name="Sync from Trackier", exact=True)).to_have_count(0)
    token = page.context.cookies()[0]["value"]
    path = f"{viewer.url}/sync-center/flows/{FLOW}/start"
    same_site = {"Origin": viewer.url}
    answer = requests.post(path, cookies={"_token": token}, headers=same_site, timeout=30)
    assert answer.status_code == 403
    assert "does not allow" in answer.text


@pytest.mark.parametrize("origin", [None, "https://elsewhere.example", "null"])
def test_form_of_another_site_is_refused(airflow, people, origin):
    admin = people.log_in("admin")
    token = admin.page.context.cookies()[0]["value"]
    before = airflow.call("GET", f"/dags/{FLOW}/dagRuns")["total_entries"]

    answer = requests.post(
        f"{admin.url}/sync-center/flows/{FLOW}/start",
        cookies={"_token": token},
        headers={"Origin": origin} if origin else {},
        timeout=30,
    )

    assert answer.status_code == 403
    assert airflow.call("GET", f"/dags/{FLOW}/dagRuns")["total_entries"] == before


def test_without_login_every_page_says_where_to_log_in(airflow):
    url = airflow.variables["AIRFLOW_URL"]

    answer = requests.get(f"{url}/sync-center/flows", timeout=30)
    window = requests.get(
        f"{url}/sync-center/flows",
        headers={"Sec-Fetch-Dest": "document"},
        allow_redirects=False,
        timeout=30,
    )

    assert answer.status_code == 401
    assert "/auth/login" in answer.text
    assert window.headers["Location"].startswith("/auth/login?next=")
