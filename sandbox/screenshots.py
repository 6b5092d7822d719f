"""Takes the pictures of Sync Center for the documents; `make screenshots` runs it after the demo.

The demo's runs are real. The two weeks before it are written into the database here, because trends
need some; so are the alert and the local entities that nobody has taken care of yet.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pymongo
import requests
from playwright.sync_api import Page, sync_playwright

from sandbox.home import REPOSITORY

IMAGES = REPOSITORY / "docs" / "images"
LARGEST = 150_000
# File, path, width, theme, height; without a height, the page in Airflow's frame.
PICTURES: tuple[tuple[str, str, int, Any, int], ...] = (
    ("sync-center-flows", "/flows", 1280, "light", 0),
    ("sync-center-flows-dark", "/flows", 1280, "dark", 0),
    ("sync-center-flows-narrow", "/flows", 390, "light", 844),
    ("sync-center-start", "/flows/broadstreet_import/start", 1280, "light", 800),
    ("sync-center-analytics", "/analytics", 1280, "light", 1000),
    ("sync-center-broadstreet", "/broadstreet", 1280, "light", 860),
    ("sync-center-local", "/broadstreet/local-only", 1280, "light", 620),
    ("sync-center-local-form", "/broadstreet/local/campaigns/new", 1280, "light", 900),
    ("sync-center-edge", "/edge?company={company}", 1280, "light", 800),
    ("sync-center-edge-settings", "/edge/settings?company={company}", 1280, "light", 1000),
    ("sync-center-connections", "/connections", 1280, "light", 800),
    ("sync-center-link", "/connections/workspaces/{workspace}/link/meta", 1280, "light", 760),
    ("sync-center-operations", "/operations", 1280, "light", 1000),
    ("sync-center-types", "/operations/types?flow=broadstreet_import", 1280, "light", 620),
    ("sync-center-alerts", "/operations/alerts", 1280, "light", 560),
    ("sync-center-reject", "/operations/rejects/{reject}", 1280, "light", 760),
)
_HISTORY = """
INSERT INTO ops.sync_runs (flow, run_id, trigger, params, status, attempt, started_at, finished_at,
    counts, api_calls)
SELECT flow, 'history-' || n, 'scheduled', '{}',
    CASE WHEN (n * 7 + length(flow)) % 23 = 0 THEN 'failed'
        WHEN (n * 5 + length(flow)) % 13 = 0 THEN 'completed_with_errors' ELSE 'completed' END,
    1, now() - n * interval '7 hours' - interval '1 hour',
    now() - n * interval '7 hours' - interval '1 hour'
        + interval '1 second' * (length(flow) + 6 * abs(sin(n / 5.0)) + n % 4),
    jsonb_build_object('entities', jsonb_build_object(CASE flow WHEN 'broadstreet_import'
        THEN 'zones' ELSE 'records' END, jsonb_build_object('fetched', 1000 + n, 'rejected', n % 3,
        'duration_seconds', 2 + n % 4))), 40
FROM unnest('{trackier_offer_sync,broadstreet_import,ad_analytics_sync}'::text[]) AS flow,
    generate_series(1, 44) AS n
ON CONFLICT DO NOTHING
"""
_ALERT = """
INSERT INTO ops.alerts (fingerprint, kind, severity, flow, title, message, opened_at, last_seen_at,
    occurrences)
VALUES ('screenshots', 'sla_missed', 'warning', 'trackier_offer_sync',
    'trackier_offer_sync: sync_offers is late',
    'Not done 0:10:00 after the run was queued; it is: running.', now() - interval '25 minutes',
    now() - interval '9 minutes', 2)
ON CONFLICT DO NOTHING
"""
# The company whose store the demo plays: its edge has reported.
_COMPANY = (
    "SELECT company_id::text FROM edge.edge_clients ORDER BY reported_at DESC NULLS LAST LIMIT 1"
)
_LAST_REJECT = (
    "SELECT max(reject_key) FROM ops.sync_rejects"
    " WHERE flow = 'trackier_offer_sync' AND kind = 'invalid'"
)


def main() -> int:
    """Take the pictures; 1 if one is larger than a document should carry."""
    setting = os.environ
    with psycopg.connect(setting["WAREHOUSE_DSN"], autocommit=True) as conn:
        conn.execute(_HISTORY)
        conn.execute(_ALERT)
        keys = {"reject": _key(conn, _LAST_REJECT), "company": _key(conn, _COMPANY)}
        keys["workspace"] = _key(conn, "SELECT min(workspace_id) FROM analytics.workspaces")
    login = {name: setting[f"AIRFLOW_{name.upper()}"] for name in ("username", "password")}
    answer = requests.post(f"{setting['AIRFLOW_URL']}/auth/token", json=login, timeout=30)
    token = str(answer.json()["access_token"])
    _add_local_entities(setting["AIRFLOW_URL"], token)
    IMAGES.mkdir(parents=True, exist_ok=True)
    files = _take(setting["AIRFLOW_URL"], token, keys)
    for file in files:
        print(f"{file.relative_to(REPOSITORY)}  {file.stat().st_size / 1000:.0f} kB")
    return int(any(file.stat().st_size > LARGEST for file in files))


def _key(conn: psycopg.Connection[Any], query: LiteralString) -> str:
    row = conn.execute(query).fetchone()
    return str(row[0]) if row else ""


def _add_local_entities(url: str, token: str) -> None:
    with pymongo.MongoClient[dict[str, Any]](os.environ["MONGO_URI"]) as client:
        network = client["broadstreet"].networks.find_one({"removed_at": None})
    for name in ("Bakery Main Street", "Garden Centre Nord", "Bike Shop"):
        requests.post(
            f"{url}/api/local/advertisers",
            json={"name": name, "network_id": network["broadstreet_id"] if network else 0},
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        ).raise_for_status()


def _take(url: str, token: str, keys: Mapping[str, str]) -> list[Path]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    files: list[Path] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        for name, path, width, theme, height in PICTURES:
            window = browser.new_context(
                viewport={"width": width, "height": height or 800}, color_scheme=theme
            )
            window.add_cookies([{"name": "_token", "value": token, "url": url}])
            files.append(_picture(window.new_page(), url, name, path.format(**keys), height))
            window.close()
        browser.close()
    return files


def _wrong_campaign(page: Page) -> None:
    """Enter a campaign with a day that is none."""
    page.get_by_label("Advertiser").select_option(index=1)
    page.get_by_label("Name").fill("Spring sale")
    page.get_by_label("Start date").fill("in spring")
    page.get_by_role("button", name="Save").click()


def _preview(page: Page) -> None:
    """See what a month ahead would bring to the stores."""
    page.get_by_label("Days ahead").fill("30")
    page.get_by_role("button", name="Preview").click()


_STEPS: Mapping[str, Callable[[Page], None]] = {
    "sync-center-edge-settings": _preview,
    "sync-center-local-form": _wrong_campaign,
}


def _picture(page: Page, url: str, name: str, path: str, height: int) -> Path:
    if height:
        page.goto(f"{url}/sync-center{path}")
    else:
        page.goto(f"{url}/plugin/sync-center#{path}")
        page.frame_locator("iframe[title='Sync Center']").get_by_role("heading").first.wait_for()
    page.wait_for_load_state("networkidle")
    if name in _STEPS:
        _STEPS[name](page)
        page.wait_for_load_state("networkidle")
    file = IMAGES / f"{name}.png"
    page.screenshot(path=file)
    return file


if __name__ == "__main__":
    sys.exit(main())
