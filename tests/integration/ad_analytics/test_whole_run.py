"""All shards without Airflow: two at a time, over few sessions, none begun after an error."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from urllib.parse import parse_qsl

import pytest
from cryptography.fernet import Fernet

from tests.integration.ad_analytics.answers import check_metrics
from tests.integration.ad_analytics.company import Company
from vendor_sync.ad_analytics import flow
from vendor_sync.ad_analytics.lanes import LANES
from vendor_sync.ad_analytics.tokens import KEYS_VARIABLE
from vendor_sync.ad_analytics.whole_run import sync_shards
from vendor_sync.connections import Connection
from vendor_sync.errors import ConfigurationError

pytestmark = pytest.mark.integration
SIZE = {
    "workspaces": 1,
    "accounts": 6,
    "campaigns": 2,
    "orders": 0,
    "start": "2026-03-01",
    "now": "2026-03-20T10:00:00+00:00",
}


@pytest.fixture
def company(vendors, warehouse, connections, monkeypatch):
    """Six ad accounts, each of which is a shard."""
    monkeypatch.setenv(KEYS_VARIABLE, Fernet.generate_key().decode())
    company = Company(vendors, warehouse, connections, seed=43, **SIZE)
    company.world.accounts = company.world.accounts_of("tiktok")
    return company


def take_shards(company, run_id, source=None):
    """Plan a run of TikTok and take its shards; return how many there were."""
    work = {
        "run_id": run_id,
        "params": {"platforms": "tiktok"},
        "clock": lambda: company.world.now,
    }
    source = source or company.connections.get
    shards = flow.plan_run(source, trigger="test", **work)
    assert sync_shards(source, shards=shards, **work) == []
    return len(shards)


def test_shards_hand_on_two_sessions_and_end_as_the_world_says(company):
    company.sync("first", platforms="tiktok")  # which asks for currencies too
    company.set_now("2026-03-20T13:00:00+00:00")
    opened = Counter[str]()

    def source(conn_id: str) -> Connection | None:
        opened[conn_id] += 1
        return company.connections.get(conn_id)

    assert take_shards(company, "r1", source) == SIZE["accounts"]

    assert opened["warehouse_postgres"] == LANES + 1  # one to plan
    check_metrics(company)


def test_the_command_with_its_two_processes_reads_what_the_world_says(company):
    company.sync("first", platforms="tiktok")
    company.rows("DELETE FROM analytics.campaign_metrics RETURNING 1")
    since, until = SIZE["start"], company.world.now.date()
    command = [sys.executable, "-m", "vendor_sync", "ad-analytics", "--json", "--run-id", "r1"]
    words = ("platforms=tiktok", f"since={since}", f"until={until}")

    person, screen = pty.openpty()
    try:
        done = subprocess.run(
            [*command, *(word for pair in words for word in ("--param", pair))],
            env={**os.environ, **company.environment()},
            stdout=subprocess.PIPE,
            stderr=screen,
            check=True,
        )
        seen = os.read(person, 100_000).decode()
    finally:
        os.close(person)
        os.close(screen)

    accounts = SIZE["accounts"]
    assert "connections" in seen
    assert f"{accounts}/{accounts}" in seen
    assert json.loads(done.stdout)["connections"] == {"tiktok": {"completed": SIZE["accounts"]}}
    check_metrics(company)


def test_an_error_that_concerns_all_begins_no_other_shard(company):
    right = company.connections["audit_s3"]
    company.connections["audit_s3"] = replace(
        right, extra={**right.extra, "bucket": "there-is-none"}
    )
    company.vendors.clear_requests()

    with pytest.raises(ConfigurationError, match="does not exist"):
        take_shards(company, "r1")

    asked = {
        dict(parse_qsl(call["query"])).get("advertiser_id")
        for call in company.vendors.requests("tiktok", path="/campaign/get/")
    }
    assert 1 <= len(asked) <= LANES

    company.connections["audit_s3"] = right
    assert take_shards(company, "r1") == SIZE["accounts"]
    check_metrics(company)
