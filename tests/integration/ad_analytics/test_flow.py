"""The whole flow against the vendor sandbox: what it stores is what the world says."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from cryptography.fernet import Fernet

from sandbox.vendors.ad_world import truth
from sandbox.vendors.ad_world.world import Settings, World
from sandbox.vendors.control import DEFAULT_KEYS
from vendor_sync.ad_analytics import flow
from vendor_sync.ad_analytics.attribution import attribute_orders
from vendor_sync.ad_analytics.click_store import ClickStore
from vendor_sync.ad_analytics.records import ClickRecord, Credentials, OrderLinkRecord
from vendor_sync.ad_analytics.tokens import KEYS_VARIABLE, TokenStore, fernet_from_environment
from vendor_sync.connections import connection_from_environment

pytestmark = pytest.mark.integration
SEED = 11
SIZE = {
    "workspaces": 2,
    "campaigns": 3,
    "orders": 2,
    "start": "2026-02-20",
    "now": "2026-03-20T10:00:00+00:00",
}
STORES = ("shopify", "woocommerce")


class Company:
    """The world's workspaces linked in the warehouse, and the flow as the command line runs it."""

    def __init__(self, vendors, conn, connections):
        vendors.reset(SEED, ad_world=SIZE, shopify={"restore": 4000})
        self.vendors = vendors
        self.conn = conn
        self.connections = connections
        self.world = World(SEED, Settings(**SIZE))
        self.workspaces = {w.index: self._workspace(w) for w in self.world.workspaces}
        self.tokens = TokenStore(conn, fernet_from_environment())
        self.accounts = {}
        for account in self.world.accounts:
            self.accounts[account] = self._link(
                account.workspace, account.platform, account.account_id,
                vendors.vendor_url(account.platform),
            )  # fmt: skip
        self.stores = {}
        for store in self.world.stores:
            if store.kind in STORES:
                host = f"{store.name.lower()}.{_DOMAIN[store.kind]}"
                url = f"{vendors.vendor_url(store.kind)}/{host}"
                self.stores[store] = self._link(store.workspace, store.kind, host, url)

    def _workspace(self, workspace) -> int:
        return self.conn.execute(
            "INSERT INTO analytics.workspaces (name, timezone, reporting_currency)"
            " VALUES (%s, %s, %s) RETURNING workspace_id",
            [workspace.name, workspace.timezone, workspace.currency],
        ).fetchone()[0]

    def _link(self, workspace, vendor: str, external_id: str, url: str) -> int:
        settings = {"base_url": url, "requests_per_second": "0", "backoff_seconds": "0.01"}
        key = self.conn.execute(
            "INSERT INTO analytics.connections (workspace_id, vendor, external_id, name, settings)"
            " VALUES (%s, %s, %s, %s, %s) RETURNING connection_id",
            [self.workspaces[workspace.index], vendor, external_id, external_id,
             json.dumps(settings)],
        ).fetchone()[0]  # fmt: skip
        extra = {}
        if vendor == "woocommerce":
            extra = {"consumer_secret": DEFAULT_KEYS["woocommerce.secret"]}
        credentials = Credentials(access_token=DEFAULT_KEYS[vendor], extra=extra)
        self.tokens.save(key, credentials)
        return key

    def sync(self, run_id: str = "r1", **params):
        return flow.run_sync(
            self.connections.get,
            run_id=run_id,
            trigger="test",
            params=params,
            clock=lambda: self.world.now,
        )

    def set_now(self, at: str) -> None:
        self.world.set_now(at)
        self.vendors.change("ad_world", "set_now", at=at)

    def log_visits(self, since: date) -> None:
        """Write down what our snippet would have, for the stores that have it."""
        clicks, links = [], []
        for store, key in self.stores.items():
            if not store.snippet:
                continue
            workspace_id = self.workspaces[store.workspace.index]
            host = self.rows(
                "SELECT external_id FROM analytics.connections WHERE connection_id = %s", key
            )[0][0]
            for order in self.world.orders(store, since, self.world.now.date()):
                visitor = f"visitor-of-{order.order_id}"
                links.append(
                    OrderLinkRecord(
                        workspace_id=workspace_id, store=host, order_id=order.order_id,
                        visitor_id=visitor, occurred_at=order.created_at,
                    )
                )  # fmt: skip
                clicks += [_click(touch, workspace_id, visitor) for touch in order.touches]
        store = ClickStore(self.conn)
        store.prepare()
        with self.conn.transaction():
            store.merge_clicks(clicks)
        with self.conn.transaction():
            store.merge_links(links)
        attribute_orders(self.conn)

    def rows(self, query: str, *params):
        return self.conn.execute(query, params).fetchall()

    def metrics(self):
        columns = "conversions, conversion_value, impressions, clicks, spend, currency, provisional"
        rows = self.rows(
            f"SELECT c.external_id, m.date, {columns} FROM analytics.campaign_metrics AS m"
            " INNER JOIN analytics.campaigns AS c USING (campaign_id)"
        )
        return {row[:2]: row[2:] for row in rows}

    def expected_metrics(self, days: int):
        found = {}
        for account in self.world.accounts:
            today = self.world.local_today(account.timezone)
            first = today - timedelta(days=days - 1)
            for row in truth.campaign_metrics(self.world, first, today, [account]):
                found[row["campaign_id"], row["date"]] = (
                    row["conversions"], row["conversion_value"], row["impressions"],
                    row["clicks"], row["spend"], row["currency"], row["provisional"],
                )  # fmt: skip
        return found

    def credits(self):
        rows = self.rows(
            "SELECT o.external_id, e.platform, c.external_id, e.conversion_value"
            " FROM analytics.attribution_events AS e"
            " INNER JOIN analytics.orders AS o USING (order_id)"
            " LEFT JOIN analytics.campaigns AS c USING (campaign_id)"
            " WHERE NOT starts_with(e.evidence, 'not_attributable')"
            " AND e.attribution_type = 'last_click'"
        )  # fmt: skip
        return {row[0]: row[1:] for row in rows}

    def expected_credits(self, orders):
        found = {}
        for order in orders:
            for credit in truth.credits_of(order, "last_click", truth.WEEK):
                found[order.order_id] = (
                    credit.match.platform if credit.match.paid else None,
                    None if _nameless(credit.touch) else credit.match.campaign_id,
                    truth.money(credit.value, order.currency),
                )
        return found

    def orders(self):
        """The world's attributable orders of the first sync's range."""
        for store in self.stores:
            today = self.world.local_today(store.timezone)
            first = today - timedelta(days=89)
            for order in self.world.orders(store, first - timedelta(days=1), today):
                local = order.created_at.astimezone(ZoneInfo(store.timezone)).date()
                if order.attributable and local >= first:
                    yield order


def _nameless(touch) -> bool:
    """Snapchat never names a campaign that was deleted before the first look at the account."""
    if touch is None or touch.campaign is None or touch.evidence != "name":
        return False
    return touch.campaign.platform == "snapchat" and touch.campaign.status == "archived"


_DOMAIN = {"shopify": "myshopify.com", "woocommerce": "example"}


def _click(touch, workspace_id, visitor):
    campaign = touch.campaign if touch.evidence == "redirect" else None
    return ClickRecord(
        click_id=touch.touch_id,
        workspace_id=workspace_id,
        occurred_at=touch.occurred_at,
        visitor_id=visitor,
        landing_url=touch.landing_url,
        referrer=touch.referrer,
        platform=campaign.platform if campaign else None,
        campaign_id=campaign.campaign_id if campaign else None,
    )


@pytest.fixture
def connections(database, db, bucket, worker):
    """Where the flow's servers are; `db` empties the runs of the test before."""
    del db
    audit = connection_from_environment("audit_s3")
    redis = connection_from_environment("analytics_redis")
    assert audit is not None
    assert redis is not None
    return {
        "warehouse_postgres": database,
        "audit_s3": replace(audit, extra={**audit.extra, "bucket": bucket.name}),
        "analytics_redis": replace(redis, extra={"db": worker + 1}),
    }


@pytest.fixture
def company(vendors, warehouse, connections, monkeypatch):
    """Two workspaces of the world: ad accounts on three platforms, two stores each."""
    monkeypatch.setenv(KEYS_VARIABLE, Fernet.generate_key().decode())
    return Company(vendors, warehouse, connections)


def test_a_first_sync_stores_what_the_platforms_claim_and_the_stores_sold(company):
    result = company.sync()

    assert (result["status"], result["missing"]) == ("completed", [])
    assert company.metrics() == company.expected_metrics(90)
    sold = {order.order_id for order in company.orders()}
    stored = {
        row[0]
        for row in company.rows(
            "SELECT external_id FROM analytics.orders"
            " WHERE NOT is_test AND not_attributable IS NULL"
        )
    }
    assert sold <= stored


def test_orders_are_credited_as_the_world_knows_them(company):
    company.sync()
    company.log_visits(company.world.start)

    told = company.credits()
    expected = company.expected_credits(company.orders())
    assert {key: told[key] for key in expected} == expected


def test_hourly_and_daily_syncs_follow_restatements(company):
    company.sync("r1")

    company.set_now("2026-03-20T11:00:00+00:00")
    hourly = company.sync("r2")
    company.set_now("2026-03-20T13:00:00+00:00")
    daily = company.sync("r3")

    assert hourly["days"] < daily["days"]
    recent = company.expected_metrics(30)
    stored = company.metrics()
    assert {key: stored.get(key) for key in recent} == recent


def test_a_run_repeated_under_its_id_asks_nothing_twice(company):
    company.sync("r1")
    company.vendors.clear_requests()

    again = company.sync("r1")

    assert again["status"] == "completed"
    assert sum(len(company.vendors.requests(name)) for name in ("meta", "tiktok", "shopify")) == 0


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
    assert result["connections"]["tiktok"] == {"completed": 2}


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
    secrets = [DEFAULT_KEYS[name] for name in ("meta", "tiktok", "snapchat", "shopify")]
    assert not [secret for secret in secrets for text in texts if secret in text]
