from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = [pytest.mark.airflow, pytest.mark.browser]
PAGES = (
    "/flows", "/flows/broadstreet_import/start", "/flows/trackier_offer_sync/runs", "/broadstreet",
    "/broadstreet/local-only", "/broadstreet/zones", "/broadstreet/log",
    "/broadstreet/local/campaigns/new", "/analytics", "/edge", "/operations",
    "/operations/types",
    "/operations/alerts", "/operations/alerts?state=resolved", "/operations/rejects",
    "/runbooks/breaker_open", "/connections", "/connections/workspaces/new",
)  # fmt: skip


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_every_page_fits_and_can_be_used_by_everybody(people, workspace, company, width, theme):
    admin = people.log_in("admin", width=width, theme=theme)

    for path in (*PAGES, f"/analytics?workspace={workspace}", f"/edge?company={company.key}"):
        check(admin.open(path), theme)
    page = admin.open(company.path)
    page.get_by_label("Days ahead").fill("91")
    page.locator("form").evaluate("form => form.noValidate = true")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("alert").wait_for()
    check(page, theme)
    page.get_by_label("Days ahead").fill("14")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("region", name="Preview by store").wait_for()
    check(page, theme)


def check(page, theme):
    """See that a page is in its theme, as wide as the window, and without serious obstacles."""
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    beyond = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(beyond) <= 0, page.url
    found = Axe().run(page).response["violations"]
    serious = [
        (rule["id"], [node["html"] for node in rule["nodes"]])
        for rule in found
        if rule["impact"] in {"serious", "critical"}
    ]
    assert serious == [], page.url
