from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = [pytest.mark.airflow, pytest.mark.browser]
PAGES = (
    "/flows", "/flows/broadstreet_import/start", "/flows/trackier_offer_sync/runs", "/broadstreet",
    "/broadstreet/local-only", "/broadstreet/zones", "/analytics", "/edge", "/operations",
    "/operations/alerts", "/operations/alerts?state=resolved", "/operations/rejects",
    "/runbooks/breaker_open",
)  # fmt: skip


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_every_page_fits_and_can_be_used_by_everybody(people, width, theme):
    admin = people.log_in("admin", width=width, theme=theme)

    for path in PAGES:
        page = admin.open(path)
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        beyond = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(beyond) <= 0, path
        found = Axe().run(page).response["violations"]
        serious = [
            (rule["id"], [node["html"] for node in rule["nodes"]])
            for rule in found
            if rule["impact"] in {"serious", "critical"}
        ]
        assert serious == [], path
