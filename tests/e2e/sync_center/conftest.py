"""People in front of Sync Center: a Chromium a test, a window for each who logs in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from tests.e2e.users import token_of

PATIENCE_MS = 30_000
# What has the focus: a field by its label, anything else by what it says.
_FOCUS = """() => {
  const found = document.activeElement;
  const said = found.labels?.length ? found.labels[0].innerText : found.innerText;
  return [said.replace(/\\s+/g, " ").trim(), getComputedStyle(found).outlineStyle];
}"""
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture
def chromium():
    """The system's Chromium; without one these tests are skipped, unless REQUIRE_BROWSER is set.

    One a test: while Playwright is there its event loop counts as running, and no other test of
    the same process could run a loop of its own.
    """
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None and not os.environ.get("REQUIRE_BROWSER"):
        pytest.skip("no chromium on the PATH (Debian: apt-get install chromium)")
    # Chromium refuses its sandbox to root, who runs the tests in a bare container.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


@dataclass
class Person:
    """Somebody with a window of their own, which remembers what went wrong in it."""

    page: Page
    url: str
    name: str
    troubles: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Open a page of Sync Center by itself, without Airflow around it."""
        self.page.goto(f"{self.url}/sync-center{path}")
        return self.page

    def tab_to(self, words: str) -> None:
        """Go on with the Tab key until the focus, which has to be visible, is on these words."""
        for _ in range(60):
            self.page.keyboard.press("Tab")
            found, outline = self.page.evaluate(_FOCUS)
            if found == words:
                assert outline != "none"
                return
        pytest.fail(f"Tab never reaches {words!r}")

    def watch(self) -> None:
        """Note what the console says, and what fails to load."""
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("console", self._note)

    def _note(self, line: ConsoleMessage) -> None:
        if line.type == "error":
            self.troubles.append(f"{line.text} {line.location}")


@dataclass
class People:
    """Logs people in, each in a window of their own."""

    browser: Browser
    variables: dict[str, str]
    windows: list[BrowserContext] = field(default_factory=list)
    persons: list[Person] = field(default_factory=list)

    def log_in(self, name: str, *, width: int = 1280, theme: Any = "light") -> Person:
        """Return somebody who has logged in before they came here."""
        person = self.come(name, width=width, theme=theme)
        token = token_of(self.variables, name)
        person.page.context.add_cookies([{"name": "_token", "value": token, "url": person.url}])
        return person

    def come(self, name: str, *, width: int = 1280, theme: Any = "light") -> Person:
        """Return somebody who has not logged in."""
        window = self.browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme
        )
        window.set_default_timeout(PATIENCE_MS)
        self.windows.append(window)
        person = Person(window.new_page(), self.variables["AIRFLOW_URL"], name)
        person.watch()
        self.persons.append(person)
        return person


@pytest.fixture
def people(chromium, airflow):
    """People with windows; a test in which a console complained fails."""
    known = People(chromium, airflow.variables)
    yield known
    for window in known.windows:
        window.close()
    assert [trouble for person in known.persons for trouble in person.troubles] == []


@pytest.fixture
def refused(airflow):
    """A record that was refused, with what somebody might have written into it."""
    [(key,)] = airflow.rows(
        "INSERT INTO ops.sync_rejects"
        " (run_key, flow, entity, external_id, kind, reason, item, fingerprint, rejected_at)"
        " SELECT run_key, flow, 'offers', '4711', 'invalid', 'title is too long', %s, %s, now()"
        " FROM ops.sync_runs WHERE flow = %s LIMIT 1 RETURNING reject_key",
        '{"name": "<img src=x onerror=alert(1)>", "payout": 0.10}',
        datetime.now(UTC).isoformat(),
        "trackier_offer_sync",
    )
    yield key
    airflow.db.execute("DELETE FROM ops.sync_rejects WHERE reject_key = %s", [key])


@pytest.fixture
def alert(airflow):
    """An alert that nobody has looked after."""
    [(key,)] = airflow.rows(
        "INSERT INTO ops.alerts (fingerprint, kind, severity, flow, title, message, opened_at,"
        " last_seen_at) VALUES ('a', 'sla_missed', 'warning', %s, 'It is late', 'Since noon.',"
        " now(), now()) RETURNING alert_key",
        "trackier_offer_sync",
    )
    return key


# The day after, too: when it has begun, it is one of the last seven.
_DAYS = """
INSERT INTO analytics.workspace_daily
    (workspace_id, date, platform, currency, unconverted, spend, claimed_revenue,
     attributed_revenue)
SELECT %s, (now() AT TIME ZONE 'Asia/Riyadh')::date - n, 'tiktok', 'SAR', 0, 100, 500, 250
FROM generate_series(-1, 6) AS n
"""


@pytest.fixture
def workspace(airflow):
    """A workspace with a week of ads on one platform."""
    [(key,)] = airflow.rows(
        "INSERT INTO analytics.workspaces (name, timezone, reporting_currency)"
        " VALUES ('Palm Shop', 'Asia/Riyadh', 'SAR') RETURNING workspace_id"
    )
    airflow.db.execute(_DAYS, [key])
    yield key
    airflow.db.execute("DELETE FROM analytics.workspace_daily WHERE workspace_id = %s", [key])
    airflow.db.execute("DELETE FROM analytics.workspaces WHERE workspace_id = %s", [key])


@dataclass
class Company:
    key: str
    db: Any

    @property
    def path(self) -> str:
        return f"/edge/settings?company={self.key}"

    def version(self):
        return self._value("SELECT version FROM edge.versions WHERE company_id = %s")

    def future_days(self):
        query = "SELECT future_days FROM edge.promotion_sync_settings WHERE company_id = %s"
        return self._value(query)

    def _value(self, query):
        return self.db.execute(query, [self.key]).fetchone()[0]


@pytest.fixture
def company(airflow):
    """A company with a store, a promotion of today, and one that begins in ten days."""
    [(key,)] = airflow.rows(
        "INSERT INTO edge.companies (code, name, timezone, currency)"
        " VALUES ('PALM', 'Palm Coffee', 'Asia/Riyadh', 'SAR') RETURNING company_id::text"
    )
    airflow.db.execute(
        "WITH b AS (INSERT INTO edge.brands (company_id, code, name) VALUES (%(key)s, 'B', 'Beans')"
        " RETURNING brand_id), s AS (INSERT INTO edge.stores (company_id, code, name, timezone)"
        " VALUES (%(key)s, 'RUH1', 'Riyadh Gate', 'Asia/Riyadh') RETURNING store_id)"
        " INSERT INTO edge.store_brands (store_id, brand_id) SELECT store_id, brand_id FROM b, s",
        {"key": key},
    )
    for name, day in (("Breakfast", 0), ("Winter", 10)):
        airflow.db.execute(
            "INSERT INTO edge.promotions (company_id, code, name, promo_type, discount_percent,"
            " start_on, end_on) VALUES (%s, %s, %s, 'percent_discount', 10, current_date + %s - 1,"
            " current_date + %s + 1)",
            [key, name, name, day, day],
        )
    publish(airflow, key)
    yield Company(key, airflow.db)
    airflow.db.execute("DELETE FROM edge.companies WHERE company_id = %s", [key])


def publish(airflow, company):
    """Let the edge's own command make head office's rows servable, as its server does."""
    subprocess.run(
        [sys.executable, "-m", "edge_grpc", "companies", "settings", "preview", company],
        env=os.environ | {"EDGE_GRPC_ADMIN_DSN": airflow.variables["EDGE_GRPC_ADMIN_DSN"]},
        check=True,
        capture_output=True,
    )
