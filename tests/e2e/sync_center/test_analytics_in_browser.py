"""ROAS in the browser: a workspace's figures and charts, for whoever may read the flow."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.e2e.ad_business import DAG

pytestmark = [pytest.mark.airflow, pytest.mark.browser]


def test_viewer_sees_roas_with_charts_and_can_start_nothing(people, workspace):
    page = people.log_in("viewer").open(f"/analytics?workspace={workspace}&days=7")

    row = page.get_by_role("row", name="TikTok")
    expect(row).to_contain_text("700.00")
    expect(row).to_contain_text("1,750.00")
    expect(row).to_contain_text("2.50")
    for chart in ("Spend by day and platform", "ROAS by day, attributed and claimed"):
        expect(page.get_by_role("img", name=chart)).to_be_visible()
    expect(page.get_by_role("link", name="Sync ads and orders")).to_have_count(0)


def test_operator_chooses_other_days_and_starts_a_sync_from_there(people, workspace):
    page = people.log_in("operator").open(f"/analytics?workspace={workspace}")

    page.get_by_label("Days").select_option("7")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("The last 7 days")).to_be_visible()
    page.get_by_role("link", name="Sync ads and orders").click()

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.url.endswith("/flows/ad_analytics_sync/start")


def test_operator_reads_one_accounts_week_again_from_the_form(people, business):
    airflow = business.airflow
    [account] = business.linked.of_vendor("meta")
    last = business.world.now.date() - timedelta(days=2)
    week = [last - timedelta(days=n) for n in range(7)]
    page = people.log_in("operator").open(f"/flows/{DAG}/start")

    page.get_by_label("Ad accounts and stores").fill(str(account))
    page.get_by_label("First day").fill(str(week[-1]))
    page.get_by_label("Last day").fill(str(week[0]))
    page.get_by_role("button", name="Start now").click()

    expect(page.get_by_role("status")).to_contain_text("Completed", timeout=120_000)
    expect(page.get_by_text(f"{week[0]}", exact=True)).to_be_visible()
    right = {place: spend for place, spend in business.days_of_world("meta").items()
             if place[1] in week}  # fmt: skip
    assert business.days("meta").items() >= right.items()
    assert {place[1] for place in right} == set(week)
    newest = "SELECT run_id FROM ops.sync_runs WHERE flow = %s AND run_id LIKE 'manual%%'"
    [(run_id,)] = airflow.rows(f"{newest} ORDER BY run_key DESC LIMIT 1", DAG)
    assert business.asked_by(run_id) == {"meta"}
