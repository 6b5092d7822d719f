"""Clients that others wrote against the real vendors read our sandbox, and read what we read."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from sandbox.vendors.ad_world.world import Settings, World
from sandbox.vendors.control import DEFAULT_KEYS
from vendor_sync.ad_analytics.platforms import meta, tiktok
from vendor_sync.ad_analytics.ports import Wire
from vendor_sync.ad_analytics.records import CampaignStatus, Credentials, SourceConnection
from vendor_sync.rate_limit import Unlimited
from vendor_sync.rest_client import Usage

pytestmark = pytest.mark.peers

SEED = 11
SMALL = {"workspaces": 1, "campaigns": 8, "orders": 2}
SINCE, UNTIL = date(2026, 3, 17), date(2026, 4, 15)


@pytest.fixture
def world(vendors):
    vendors.reset(SEED, ad_world=SMALL, meta={"early_polls": 0})
    return World(SEED, Settings(**SMALL))  # pyright: ignore[reportArgumentType]


@pytest.fixture
def open_ours(vendors):
    def make(module, account):
        connection = SourceConnection(
            connection_id=1,
            workspace_id=1,
            vendor=account.platform,
            external_id=account.account_id,
            name=account.name,
            currency=account.currency,
            timezone=account.timezone,
            settings={"base_url": vendors.vendor_url(account.platform)},
        )
        credentials = Credentials(access_token=DEFAULT_KEYS[account.platform])
        return module.open_client(connection, credentials, Wire(limiter=Unlimited(), usage=Usage()))

    return make


def purchases(row, name):
    """Return the one purchase type that counts, by a rule of this test's own."""
    listed = {item["action_type"]: Decimal(item["value"]) for item in row.get(name, [])}
    for kind in ("omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase"):
        if kind in listed:
            return listed[kind]
    return None


def test_the_sdk_of_meta_reads_what_we_read(vendors, world, open_ours, run_peer):
    account = world.accounts_of("meta")[0]
    printed = run_peer(
        "facebook-business", "facebook_business_reads.py",
        vendors.vendor_url("meta"), DEFAULT_KEYS["meta"], account.account_id,
        str(SINCE), str(UNTIL),
    )  # fmt: skip
    theirs = json.loads(printed)
    client = open_ours(meta, account)
    ours = {
        (day.campaign_id, str(day.day)): (
            day.campaign_name, day.currency, day.spend, day.impressions, day.clicks, day.reach,
            day.frequency, day.conversions, day.conversion_value,
        )
        for batch in client.iter_days(SINCE, UNTIL)
        for day in batch.records
    }  # fmt: skip

    for listed in (theirs["days"], theirs["report"]):
        assert {
            (row["campaign_id"], row["date_start"]): (
                row["campaign_name"], row["account_currency"], Decimal(row["spend"]),
                int(row["impressions"]), int(row["clicks"]), int(row["reach"]),
                Decimal(row["frequency"]),
                purchases(row, "actions"), purchases(row, "action_values"),
            )
            for row in listed
        } == ours  # fmt: skip
    record = client.get_account()
    assert (record.name, record.currency, record.timezone) == tuple(
        theirs["account"][name] for name in ("name", "currency", "timezone_name")
    )
    campaigns = [record for batch in client.iter_campaigns() for record in batch.records]
    assert {item["id"]: item["name"] for item in theirs["campaigns"]} == {
        record.external_id: record.name for record in campaigns
    }


def test_a_singer_tap_of_tiktok_reads_what_we_read(vendors, world, open_ours, run_peer):
    account = world.accounts_of("tiktok")[0]
    printed = run_peer(
        "tap-tiktok-ads", "tap_tiktok_reads.py",
        vendors.vendor_url("tiktok"), DEFAULT_KEYS["tiktok"], account.account_id,
        "2025-12-01T00:00:00Z",
    )  # fmt: skip
    messages = [json.loads(line) for line in printed.splitlines()]
    theirs = {
        message["record"]["campaign_id"]: (
            message["record"]["campaign_name"],
            message["record"]["secondary_status"],
            datetime.fromisoformat(message["record"]["create_time"]).astimezone(UTC),
        )
        for message in messages
        if message["type"] == "RECORD"
    }
    records = [r for b in open_ours(tiktok, account).iter_campaigns() for r in b.records]

    # The tap does not ask for deleted campaigns; we do.
    assert theirs == {
        record.external_id: (record.name, record.raw_status, record.created_at)
        for record in records
        if record.status != CampaignStatus.REMOVED
    }
    assert theirs
