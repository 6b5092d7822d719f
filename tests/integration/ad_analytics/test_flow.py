"""The whole flow against the vendor sandbox: what a run asks, what stops one connection alone."""

from __future__ import annotations

import json
from datetime import date

import pytest
from cryptography.fernet import Fernet

from sandbox.vendors.control import DEFAULT_KEYS
from tests.integration.ad_analytics.answers import check_metrics, check_orders
from tests.integration.ad_analytics.company import Company
from vendor_sync.ad_analytics.records import Credentials
from vendor_sync.ad_analytics.tokens import KEYS_VARIABLE

pytestmark = pytest.mark.integration
SIZE = {
    "workspaces": 1,
    "campaigns": 3,
    "orders": 1,
    "start": "2026-03-01",
    "now": "2026-03-20T10:00:00+00:00",
}


@pytest.fixture
def company(vendors, warehouse, connections, monkeypatch):
    """A workspace of the world: an ad account on each platform, a store of each kind."""
    monkeypatch.setenv(KEYS_VARIABLE, Fernet.generate_key().decode())
    return Company(vendors, warehouse, connections, seed=11, **SIZE)


def test_hourly_and_daily_syncs_follow_restatements(company):
    company.sync("r1")

    company.set_now("2026-03-20T11:00:00+00:00")
    hourly = company.sync("r2")
    company.set_now("2026-03-20T13:00:00+00:00")
    daily = company.sync("r3")

    assert hourly["days"] < daily["days"]
    check_metrics(company)
    check_orders(company)


def test_a_run_repeated_under_its_id_asks_nothing_twice(company):
    company.sync("r1")
    company.vendors.clear_requests()

    again = company.sync("r1")

    assert again["status"] == "completed"
    assert company.vendors.requests() == []


def test_a_token_that_only_a_person_can_renew_stops_its_connection_alone(company):
    account = next(a for a in company.accounts if a.platform == "meta")
    company.tokens.save(company.accounts[account], Credentials(access_token="wrong"))

    result = company.sync()

    assert result["status"] == "completed_with_errors"
    assert [item["connection"] for item in result["missing"]] == [company.accounts[account]]
    assert company.rows(
        "SELECT status FROM analytics.connections WHERE connection_id = %s",
        company.accounts[account],
    ) == [("needs_reauth",)]
    assert company.rows("SELECT count(*) FROM ops.alerts WHERE kind = 'needs_reauth'") == [(1,)]
    assert result["connections"]["tiktok"] == {"completed": 1}


def test_a_repull_of_one_accounts_week_asks_only_that(company):
    company.sync("r1")
    account = next(a for a in company.accounts if a.platform == "meta")
    company.conn.execute("UPDATE analytics.campaign_metrics SET spend = 1")
    company.vendors.clear_requests()

    company.sync(
        "r2", connections=company.accounts[account], since="2026-03-01", until="2026-03-07"
    )

    wrong = company.rows(
        "SELECT DISTINCT c.connection_id, m.date FROM analytics.campaign_metrics AS m"
        " INNER JOIN analytics.campaigns AS c USING (campaign_id) WHERE m.spend <> 1"
    )
    assert {row[0] for row in wrong} == {company.accounts[account]}
    assert {row[1] for row in wrong} <= {date(2026, 3, day) for day in range(1, 8)}


def test_no_token_is_in_the_archive_the_rows_or_the_result(company, bucket):
    result = company.sync()

    keys = bucket.keys()
    texts = [json.dumps(result, default=str)]
    texts += [bucket.read(key).decode("utf-8", "replace") for key in keys]
    texts += [
        str(row) for row in company.rows("SELECT to_jsonb(s)::text FROM analytics.sync_state AS s")
    ]
    assert keys
    secrets = [key for name, key in DEFAULT_KEYS.items() if not name.startswith("trackier")]
    assert not [secret for secret in secrets for text in texts if secret in text]
