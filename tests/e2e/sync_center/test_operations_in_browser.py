from __future__ import annotations

import pytest
import requests
from playwright.sync_api import expect

pytestmark = [pytest.mark.airflow, pytest.mark.browser]
FLOW = "trackier_offer_sync"
NAME = "<img src=x onerror=alert(1)>"


def state_of(airflow, alert):
    query = "SELECT acknowledged_by, resolved_at IS NOT NULL FROM ops.alerts WHERE alert_key = %s"
    return airflow.rows(query, alert)[0]


def test_payload_of_a_refused_record_is_read_as_it_came(people, refused):
    viewer = people.log_in("viewer")
    page = viewer.open(f"/operations/rejects?flow={FLOW}")

    page.get_by_role("link", name="Offers 4711").click()

    payload = page.get_by_label("The record as it came")
    expect(payload).to_have_text(f'{{\n  "name": "{NAME}",\n  "payout": 0.10\n}}')
    expect(page.get_by_text("title is too long")).to_be_visible()
    assert page.url.endswith(f"/operations/rejects/{refused}")


def test_operator_acknowledges_and_resolves_an_alert_by_keyboard_alone(airflow, people, alert):
    operator = people.log_in("operator")
    page = operator.open("/operations/alerts")

    operator.tab_to("Acknowledge It is late")
    page.keyboard.press("Enter")

    expect(page.get_by_text("Nobody has to do anything.")).to_be_visible()
    assert state_of(airflow, alert) == ("operator", False)
    operator.tab_to("Acknowledged (1)")
    page.keyboard.press("Enter")
    expect(page.get_by_text("operator took it")).to_be_visible()
    operator.tab_to("Resolve It is late")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nobody has to do anything.")).to_be_visible()
    assert state_of(airflow, alert) == ("operator", True)


def test_viewer_can_read_an_alert_and_change_nothing(airflow, people, alert):
    viewer = people.log_in("viewer")
    page = viewer.open("/operations/alerts")
    token = page.context.cookies()[0]["value"]

    expect(page.get_by_role("heading", name="It is late")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    answer = requests.post(
        f"{viewer.url}/sync-center/operations/alerts/{alert}/resolve",
        cookies={"_token": token},
        headers={"Origin": viewer.url},
        timeout=30,
    )

    assert answer.status_code == 403
    assert state_of(airflow, alert) == (None, False)
    page.get_by_role("link", name="What to do").click()
    expect(page.get_by_role("heading", name="What it means")).to_be_visible()
