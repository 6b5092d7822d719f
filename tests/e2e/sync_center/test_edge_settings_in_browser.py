"""A company's sync settings in the browser: previewed, saved, refused."""

from __future__ import annotations

import re

import pytest
import requests
from playwright.sync_api import expect

pytestmark = [pytest.mark.airflow, pytest.mark.browser]


def test_operator_previews_and_saves_settings_by_keyboard_alone(people, company):
    operator = people.log_in("operator")
    page = operator.open(f"/edge?company={company.key}")
    before = company.version()

    operator.tab_to("Change or preview settings")
    page.keyboard.press("Enter")
    page.wait_for_url("**/edge/settings**")
    operator.tab_to("Days ahead")
    page.keyboard.press("Control+A")
    page.keyboard.type("14")
    operator.tab_to("Preview")
    page.keyboard.press("Enter")

    row = page.get_by_role("row", name="Riyadh Gate")
    expect(row.get_by_role("cell")).to_have_text(["1", "2", "1", "0", "1", "1"])
    expect(page.get_by_role("region", name="Come to Riyadh Gate")).to_contain_text("Winter")
    expect(page.get_by_label("Days ahead")).to_have_value("14")
    assert (company.version(), company.future_days()) == (before, 7)
    operator.tab_to("Save these settings")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    expect(page.get_by_role("row", name="operator in Sync Center")).to_contain_text(
        "Days ahead: 7 → 14"
    )
    assert company.version() > before
    assert company.future_days() == 14


def test_settings_that_cannot_be_are_refused_beside_their_field(people, company):
    page = people.log_in("operator").open(company.path)

    page.get_by_label("Days ahead").fill("91")
    page.get_by_label("Days back").fill("3")
    page.locator("form").evaluate("form => form.noValidate = true")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_label("Days ahead")).to_have_accessible_description(
        re.compile("from 0 to 90")
    )
    expect(page.get_by_label("Days ahead")).to_have_value("91")
    expect(page.get_by_label("Days back")).to_have_value("3")
    assert company.future_days() == 7


def test_change_that_somebody_made_meanwhile_is_not_overwritten(airflow, people, company):
    page = people.log_in("operator").open(company.path)
    page.get_by_label("Days ahead").fill("20")
    airflow.db.execute(
        "UPDATE edge.promotion_sync_settings SET future_days = 3 WHERE company_id = %s",
        [company.key],
    )

    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("alert")).to_contain_text("Somebody else has changed")
    expect(page.get_by_text("Now: 3.")).to_be_visible()
    expect(page.get_by_label("Days ahead")).to_have_value("20")
    assert company.future_days() == 3
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    assert company.future_days() == 20


def test_viewer_reads_the_settings_and_has_no_form(people, company):
    viewer = people.log_in("viewer")
    page = viewer.open(company.path)
    token = page.context.cookies()[0]["value"]

    expect(page.get_by_text("Include future")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    answer = requests.post(
        f"{viewer.url}/sync-center{company.path}",
        data={"do": "save", "future_days": "20"},
        cookies={"_token": token},
        headers={"Origin": viewer.url},
        timeout=30,
    )
    assert answer.status_code == 403
    assert company.future_days() == 7
