"""The click log as a part of the flow: loaded before orders are credited, and never required."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet

from sandbox.home import REPOSITORY
from sandbox.vendors.ad_world.click_log import click_log_files, write_click_log
from tests.environment import connection_variables
from tests.integration.ad_analytics.world import SHOP_URL, order
from vendor_sync.ad_analytics.tokens import KEYS_VARIABLE
from vendor_sync.ad_analytics.whole_run import run_sync

pytestmark = pytest.mark.integration
# The command line that is killed goes by the real clock.
NOW = datetime.now(UTC).replace(microsecond=0)
ORDERED_AT = NOW - timedelta(hours=1)
CLICKED_AT = ORDERED_AT - timedelta(minutes=30)


class Shop:
    """An order of a store that tells no visits, and a click log beside it."""

    def __init__(self, world, connections, bucket):
        self.world, self.connections, self.bucket = world, connections, bucket
        self.campaign = world.campaign("120", "Spring")
        world.take(order(created_at=ORDERED_AT), attribute=False)

    def click(self, number, **fields):
        return {
            "type": "click", "click_id": f"c{number}", "workspace_id": self.world.workspace_id,
            "visitor_id": "v1", "occurred_at": f"{CLICKED_AT:%Y-%m-%dT%H:%M:%SZ}",
            "landing_url": f"{SHOP_URL}utm_source=facebook&utm_medium=paid&utm_id=120",
            "referrer": None, **fields,
        }  # fmt: skip

    def purchase(self):
        return {
            "type": "order", "workspace_id": self.world.workspace_id,
            "store": self.world.store.external_id, "order_id": "o1", "visitor_id": "v1",
            "occurred_at": f"{ORDERED_AT:%Y-%m-%dT%H:%M:%SZ}",
        }  # fmt: skip

    def log(self, *lines, name="demo"):
        """Write the lines into files by the hour, and return how many that are."""
        files = click_log_files(iter(lines), name)
        write_click_log(self.bucket.client, self.bucket.name, files)
        return len(files)

    def sync(self, run_id="r1"):
        return run_sync(
            self.connections.get, run_id=run_id, trigger="test", params={}, clock=lambda: NOW
        )

    def rows(self, query, *params):
        return self.world.conn.execute(query, params).fetchall()

    def alerts(self):
        return self.rows("SELECT title, resolved_at IS NULL FROM ops.alerts ORDER BY alert_key")


@pytest.fixture
def connections(connections):
    """The flow's servers; the click log is in the bucket of the archive."""
    clicks = replace(connections["audit_s3"], conn_id="click_log_s3")
    return connections | {"click_log_s3": clicks}


@pytest.fixture
def shop(world, connections, bucket, monkeypatch):
    monkeypatch.setenv(KEYS_VARIABLE, Fernet.generate_key().decode())
    return Shop(world, connections, bucket)


def test_clicks_are_loaded_before_orders_are_credited(shop):
    files = shop.log(shop.click(1), shop.purchase())

    result = shop.sync()

    assert result["click_log"] == {
        "files": files, "lines": 2, "clicks": 1, "links": 1, "rejected": 0,
    }  # fmt: skip
    assert result["status"] == "completed"
    assert shop.world.credit() == ("meta", shop.campaign, "url_id")


def test_a_click_whose_source_names_no_medium_stops_nobody(shop):
    shop.log(shop.click(1, landing_url=f"{SHOP_URL}utm_source=facebook"), shop.purchase())

    assert shop.sync()["click_log"]["clicks"] == 1
    assert shop.world.credit("platform") == (None,)


def test_without_a_connection_the_log_is_skipped_and_the_result_says_so(shop):
    del shop.connections["click_log_s3"]

    result = shop.sync()

    assert result["status"] == "completed"
    assert result["click_log"] == {"skipped": "There is no connection 'click_log_s3'."}
    assert shop.world.credit("platform, campaign_id") == (None, None)


def test_a_log_that_cannot_be_read_stops_nobody_and_is_told_until_it_can(shop):
    shop.log(shop.click(1), shop.purchase())
    good = shop.connections["click_log_s3"]
    shop.connections["click_log_s3"] = replace(good, extra={**good.extra, "bucket": "nowhere"})

    broken = shop.sync("r1")
    shop.sync("r2")
    told = shop.alerts()
    shop.connections["click_log_s3"] = good
    healed = shop.sync("r3")

    assert broken["status"] == "completed_with_errors"
    assert "'nowhere'" in broken["click_log"]["error"]
    [(title, is_open)] = told
    assert ("click log" in title, is_open) == (True, True)
    assert healed["status"] == "completed"
    assert shop.alerts() == [(title, False)]
    assert shop.world.credit("platform") == ("meta",)


def test_lines_that_cannot_be_read_are_kept_with_the_run(shop):
    shop.log(shop.click(1), shop.click(2, workspace_id=999_999), shop.purchase())

    result = shop.sync()

    assert (result["status"], result["click_log"]["rejected"]) == ("completed_with_errors", 1)
    [(entity, reference, reason)] = shop.rows(
        "SELECT entity, external_id, reason FROM ops.sync_rejects"
    )
    assert (entity, reference.rsplit(":", 1)[-1]) == ("click_log", "2")
    assert "workspace 999999 does not exist" in reason
    assert shop.world.credit("platform") == ("meta",)


def test_a_run_killed_while_it_loads_is_repeated_without_doubles(shop):
    number = 20_000
    files = shop.log(*(shop.click(each) for each in range(number)), shop.purchase())
    count = "SELECT count(*) FROM analytics.click_events"
    command = [sys.executable, "-m", "vendor_sync", "ad-analytics", "--run-id", "killed"]
    environment = os.environ | connection_variables(shop.connections)
    running = subprocess.Popen(command, cwd=REPOSITORY, env=environment)
    try:
        deadline = time.monotonic() + 60
        while shop.rows(count) == [(0,)]:
            assert running.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.005)
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait()
    [(after_kill,)] = shop.rows(count)

    again = shop.sync("killed")

    assert 0 < after_kill < number
    assert again["click_log"]["clicks"] == number - after_kill
    assert shop.rows(count) == [(number,)]
    assert shop.rows("SELECT count(*) FROM analytics.order_visitors") == [(1,)]
    assert shop.rows("SELECT count(*) FROM analytics.click_files") == [(files,)]
    assert shop.world.credit("platform, weight") == ("meta", 1)
    everything = shop.world.everything()
    assert shop.sync("killed")["click_log"]["files"] == 0
    assert shop.world.everything() == everything
