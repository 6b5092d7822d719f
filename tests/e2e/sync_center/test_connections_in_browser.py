"""An ad account linked in the browser, by somebody with a wrong token first, and synced then."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from playwright.sync_api import expect

from sandbox.vendors.ad_world.world import Settings, World

pytestmark = [pytest.mark.airflow, pytest.mark.browser]
DAG, SEED = "ad_analytics_sync", 23
WRONG = "tt-wrong-0a1b2c3d4e5f"
NAME = "Palm Street"
# Everything that a sync writes about an account, children first.
_FORGET = """
WITH gone AS (SELECT connection_id FROM analytics.connections WHERE workspace_id = %(key)s)
DELETE FROM analytics.{table} WHERE {where}
"""
_OF_CAMPAIGNS = (
    "campaign_id IN (SELECT campaign_id FROM analytics.campaigns"
    " WHERE connection_id IN (SELECT connection_id FROM gone))"
)
_OF_ACCOUNT = "connection_id IN (SELECT connection_id FROM gone)"
_TABLES = {
    "campaign_metrics": _OF_CAMPAIGNS,
    "campaign_names": _OF_CAMPAIGNS,
    "performance_alerts": _OF_CAMPAIGNS,
    **dict.fromkeys(("account_days", "campaigns", "sync_parts", "sync_state"), _OF_ACCOUNT),
    **dict.fromkeys(
        ("workspace_daily", "consistency_issues", "stale_days", "connections", "workspaces"),
        "workspace_id = %(key)s",
    ),
}


@pytest.fixture
def advertiser(airflow):
    """A TikTok account of the vendor's world that nobody has linked."""
    # A run of the DAG's own schedule would still write about the account while it is forgotten.
    airflow.between_schedules(every=3600)
    now = datetime.now(UTC).replace(microsecond=0)
    size = {"workspaces": 1, "campaigns": 1, "orders": 0, "idle_visits": 1,
            "start": str((now - timedelta(days=5)).date()), "now": now.isoformat()}  # fmt: skip
    airflow.vendors.reset(SEED, ad_world=size)
    airflow.unpause(DAG)
    [found] = World(SEED, Settings(**size)).accounts_of("tiktok")
    yield found
    airflow.pause(DAG)
    query = "SELECT workspace_id FROM analytics.workspaces WHERE name = %s"
    for (key,) in airflow.rows(query, NAME):
        for table, where in _TABLES.items():
            airflow.db.execute(_FORGET.format(table=table, where=where), {"key": key})


@pytest.fixture
def keys(airflow):
    """The tokens that the stack's vendor sandbox takes."""
    return json.loads(airflow.variables["VENDOR_SANDBOX_KEYS"])


def everything_written(airflow):
    """Return what may not hold a secret, by place: logs, Airflow's audit log, archived pages."""
    known = airflow.variables
    files = [*Path(known["AIRFLOW_HOME"]).parent.rglob("*.log")]
    assert files
    texts = {str(file): file.read_text(errors="replace") for file in files}
    store = airflow.archive()
    for page in store.get_paginator("list_objects_v2").paginate(
        Bucket=known["AUDIT_BUCKET"], Prefix=f"{DAG}/tiktok/"
    ):
        for key in (str(found.get("Key")) for found in page.get("Contents", [])):
            body = store.get_object(Bucket=known["AUDIT_BUCKET"], Key=key)["Body"].read()
            texts[key] = gzip.decompress(body).decode(errors="replace")
    texts["warehouse"] = str(airflow.rows("SELECT * FROM analytics.connections"))
    texts["runs"] = str(airflow.rows("SELECT * FROM ops.sync_runs"))
    return texts


def test_admin_links_an_account_after_a_wrong_token_and_sees_its_figures(
    airflow, people, advertiser, keys
):
    admin = people.log_in("admin")
    page = admin.open("/connections")
    seen = []

    page.get_by_role("link", name="Add a workspace").click()
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Timezone").fill(advertiser.workspace.timezone)
    page.get_by_label("Reporting currency").fill(advertiser.currency)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name=f"Link an account or store to {NAME}").click()
    page.get_by_role("link", name="TikTok").click()
    page.get_by_label("Advertiser id").fill(advertiser.account_id)
    token = page.get_by_label("Access token")
    token.fill(WRONG)
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("alert")).to_contain_text("TikTok refuses this login")
    seen.append(page.content())
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("TikTok refuses this login")
    linked = "SELECT 1 FROM analytics.connections WHERE external_id = %s"
    assert airflow.rows(linked, advertiser.account_id) == []

    token.fill(keys["tiktok"])
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_text("This login opens")).to_contain_text(advertiser.name)
    assert token.input_value() == keys["tiktok"]  # what was typed is not to be typed again
    seen.append(page.content())
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(advertiser.name)
    expect(page.get_by_text("Linked. The next run")).to_be_visible()
    seen.append(page.content())
    token.fill(WRONG)  # as a new login of the same account
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("alert")).to_contain_text("TikTok refuses this login")
    link_id = page.url.split("?")[0].rsplit("/", 1)[1]

    page.goto(f"{admin.url}/sync-center/flows/{DAG}/start")
    page.get_by_label("Ad accounts and stores").fill(link_id)
    page.get_by_role("button", name="Start now").click()
    expect(page.get_by_role("status")).to_contain_text("Completed", timeout=90_000)
    page.goto(f"{admin.url}/sync-center/connections/{link_id}")
    expect(page.get_by_text("Works", exact=True)).to_be_visible()
    seen.append(page.content())
    page.get_by_role("link", name=NAME).click()
    expect(page.get_by_role("row", name="TikTok").first).to_be_visible()
    seen.append(page.content())

    written = everything_written(airflow) | {f"page {n}": text for n, text in enumerate(seen)}
    assert any("/tiktok/" in place for place in written)
    for secret in (WRONG, keys["tiktok"]):
        assert [place for place, text in written.items() if secret in text] == []


def test_viewer_and_user_may_look_and_link_nothing(airflow, people):
    viewer = people.log_in("viewer")

    page = viewer.open("/connections")

    expect(page.get_by_role("heading", name="Connections")).to_be_visible()
    expect(page.get_by_role("link", name="Add a workspace")).to_have_count(0)
    token = page.context.cookies()[0]["value"]
    for path in ("workspaces/new", "workspaces/1/link/meta", "1/login", "1/verify", "1/disable"):
        answer = requests.post(
            f"{viewer.url}/sync-center/connections/{path}",
            data={"name": "Mine", "access_token": WRONG},
            cookies={"_token": token},
            headers={"Origin": viewer.url},
            timeout=30,
        )
        assert answer.status_code == 403
        assert WRONG not in answer.text
    assert airflow.rows("SELECT 1 FROM analytics.workspaces WHERE name = 'Mine'") == []
