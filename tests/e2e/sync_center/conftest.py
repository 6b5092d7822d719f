"""People in front of Sync Center: a Chromium a test, a window for each who logs in."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

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
        prefix = "AIRFLOW" if name == "admin" else f"AIRFLOW_{name.upper()}"
        login = {
            what: self.variables[f"{prefix}_{what.upper()}"] for what in ("username", "password")
        }
        answer = requests.post(f"{person.url}/auth/token", json=login, timeout=30)
        token = answer.json()["access_token"]
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
