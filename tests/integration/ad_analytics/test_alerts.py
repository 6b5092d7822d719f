"""What a run of ad analytics alerts about, each caused at the vendor or in the figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from cryptography.fernet import Fernet

from tests.integration.ad_analytics.account import Account, campaign, day
from tests.integration.ad_analytics.company import Company
from vendor_sync.ad_analytics import flow
from vendor_sync.ad_analytics.records import Credentials
from vendor_sync.ad_analytics.tokens import KEYS_VARIABLE

pytestmark = pytest.mark.integration
NOW = datetime(2026, 3, 20, 10, tzinfo=UTC)
SIZE = {
    "workspaces": 1,
    "campaigns": 1,
    "orders": 0,
    "start": "2026-03-17",
    "now": NOW.isoformat(),
}


@pytest.fixture(autouse=True)
def keys(monkeypatch):
    monkeypatch.setenv(KEYS_VARIABLE, Fernet.generate_key().decode())


@pytest.fixture
def company(vendors, warehouse, connections):
    """A workspace with an ad account on each platform, and a store of each kind."""
    return Company(vendors, warehouse, connections, seed=11, **SIZE)


def meta_of(company):
    return next(key for account, key in company.accounts.items() if account.platform == "meta")


def status_of(company, connection):
    query = "SELECT status FROM analytics.connections WHERE connection_id = %s"
    return company.rows(query, connection)


def waits_for_the_alerts(company):
    """Tell whether somebody wants to write an alert and cannot."""
    return company.rows(
        "SELECT 1 FROM pg_locks WHERE relation = 'ops.alerts'::regclass AND NOT granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )


@pytest.mark.provokes(
    "needs_reauth", by="Meta refuses a token; the run is killed while it keeps that"
)
def test_login_that_is_needed_is_told_once_although_the_run_was_killed(company, people, db):
    told = people(company.connections)
    meta = meta_of(company)
    company.tokens.save(meta, Credentials(access_token="wrong"))

    # It is killed between the state of the connection and the word about it.
    with db.transaction():
        db.execute("LOCK TABLE ops.alerts IN ACCESS EXCLUSIVE MODE")
        with company.start_sync("r1", connections=[meta]) as running:
            try:
                company.until(lambda: waits_for_the_alerts(company), seconds=60)
            finally:
                running.kill()
    assert status_of(company, meta) == [("active",)]

    company.sync("r2", connections=[meta])
    company.sync("r3", connections=[meta])

    assert status_of(company, meta) == [("needs_reauth",)]
    told.told_once("needs_reauth")


@pytest.mark.provokes("connection_failed", by="TikTok answers that an advertiser is not ours")
def test_account_that_refuses_for_good_is_told_once(company, people):
    told = people(company.connections)
    tiktok = next(key for place, key in company.accounts.items() if place.platform == "tiktok")
    company.conn.execute(
        "UPDATE analytics.connections SET external_id = '999' WHERE connection_id = %s", [tiktok]
    )

    company.sync("r1", connections=[tiktok])
    company.sync("r2", connections=[tiktok])

    told.told_once("connection_failed")


def test_slow_pace_is_told_once_by_a_shard_of_many_limits(company, people):
    told = people(company.connections)
    redis = company.connections["analytics_redis"]
    company.connections["analytics_redis"] = replace(redis, port=1)
    company.conn.execute(
        "UPDATE analytics.connections SET settings = settings"
        """ || '{"requests_per_second": "500"}'"""
    )
    source, clock = company.connections.get, lambda: NOW
    arguments = {"run_id": "r1", "params": {"platforms": "meta,tiktok"}, "clock": clock}
    shards = flow.plan_run(source, trigger="test", **arguments)

    ended = [flow.sync_shard(source, shard=shard, **arguments) for shard in shards]

    assert [flow.count_ends(each) for each in ended] == [{"completed": 1}, {"completed": 1}]
    assert told.reached("limiter_degraded") == {"rows": 1, "webhook": 1, "email": 1}


def join(connections):
    """Begin a run that asks nobody, and let it look at what is here."""
    flow.plan_run(connections.get, run_id="r1", trigger="test", params={}, clock=lambda: NOW)
    return flow.join_run(connections.get, run_id="r1", clock=lambda: NOW)


@pytest.fixture
def account(world):
    account = Account(world)
    account.list(campaign())
    return account


@pytest.mark.provokes("campaign_performance", by="a campaign's ROAS falls to a fifth of its own")
def test_campaign_that_fell_is_told_once(account, connections, people):
    told = people(connections)
    usual: dict[str, Any] = {
        "spend": Decimal(200),
        "conversions": Decimal(10),
        "conversion_value": Decimal(1000),
    }
    yesterday = NOW.date() - timedelta(days=1)
    before = [day(on=yesterday - timedelta(days=n), **usual) for n in range(1, 8)]
    fallen = day(on=yesterday, **{**usual, "conversion_value": Decimal(200)})
    account.pull(*before, fallen, since=date(2026, 1, 1), until=NOW.date())

    join(connections)
    join(connections)

    told.told_once("campaign_performance")


@pytest.mark.provokes("consistency_issues", by="a campaign claims a ROAS above 1000")
def test_impossible_figures_are_told_once_and_closed_when_they_are_right(
    account, connections, people, db
):
    told = people(connections)
    on = NOW.date() - timedelta(days=1)
    account.pull(day(on=on, spend=Decimal(1), conversion_value=Decimal(1001)), until=NOW.date())

    found = join(connections)["issues"]
    join(connections)

    assert found == {"suspicious_roas": 1}
    told.told_once("consistency_issues")
    account.pull(day(on=on), until=NOW.date())
    join(connections)
    assert db.execute("SELECT resolved_at IS NOT NULL FROM ops.alerts").fetchall() == [(True,)]
