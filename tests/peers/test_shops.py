"""Popular clients of shops read our sandbox as they would read the real ones, and what we read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from sandbox.vendors.ad_world.world import Settings, World
from sandbox.vendors.control import DEFAULT_KEYS
from vendor_sync.ad_analytics.ports import Wire
from vendor_sync.ad_analytics.records import Credentials, SourceConnection
from vendor_sync.ad_analytics.shops import shopify, woocommerce
from vendor_sync.rate_limit import Unlimited
from vendor_sync.rest_client import HttpLimits, Usage

WORLD = {"workspaces": 1, "orders": 4, "now": "2026-02-01T10:00:00+00:00"}
START = datetime(2026, 1, 1, tzinfo=UTC)

pytestmark = pytest.mark.peers


@pytest.fixture
def world(vendors):
    vendors.reset(5, ad_world=WORLD, shopify={"restore": 5000})
    return World(5, Settings(**WORLD))


def ours(module, store, url, credentials, world):
    connection = SourceConnection(
        connection_id=1, workspace_id=1, vendor="peer", external_id=store, name=store,
        currency=None, timezone=None, settings={"base_url": url},
    )  # fmt: skip
    wire = Wire(limiter=Unlimited(), usage=Usage(), limits=HttpLimits(backoff_seconds=0.05))
    client = module.open_client(connection, credentials, wire)
    batches = list(client.iter_orders(START, world.now))
    client.close()
    assert [reject for batch in batches for reject in batch.rejects] == []
    return {record.external_id: record for batch in batches for record in batch.records}


def test_shopify_api_reads_the_orders_that_we_read(vendors, world, run_peer):
    name = f"{world.stores_of('shopify')[0].name.lower()}.myshopify.com"
    url = f"{vendors.vendor_url('shopify')}/{name}"
    token = DEFAULT_KEYS["shopify"]

    theirs = json.loads(
        run_peer("shopify-api", "shopify_reads.py", f"{url}/admin/api/2026-07", token)
    )
    records = ours(shopify, name, url, Credentials(access_token=token), world)

    assert {each["legacyResourceId"] for each in theirs} == set(records)
    for each in theirs:
        record = records[each["legacyResourceId"]]
        assert datetime.fromisoformat(each["createdAt"]) == record.created_at
        assert datetime.fromisoformat(each["updatedAt"]) == record.updated_at
        assert each["currencyCode"] == record.currency
        assert Decimal(each["totalRefundedSet"]["shopMoney"]["amount"]) == record.refunded
        assert Decimal(each["totalPriceSet"]["shopMoney"]["amount"]) >= record.gross
        assert (each["cancelledAt"] is None) == (record.cancelled_at is None)
        visits = each["customerJourneySummary"]["moments"]["nodes"]
        assert [visit["landingPage"] for visit in visits] == [
            touch.landing_url for touch in record.touches
        ]


def test_woocommerce_package_reads_the_orders_that_we_read(vendors, world, run_peer):
    name = f"{world.stores_of('woocommerce')[0].name.lower()}.example"
    url = f"{vendors.vendor_url('woocommerce')}/{name}"
    key, secret = DEFAULT_KEYS["woocommerce"], DEFAULT_KEYS["woocommerce.secret"]
    credentials = Credentials(access_token=key, extra={"consumer_secret": secret})

    theirs = json.loads(run_peer("woocommerce", "woocommerce_reads.py", url, key, secret))
    records = ours(woocommerce, name, url, credentials, world)

    assert {str(each["id"]) for each in theirs} == set(records)
    for each in theirs:
        record = records[str(each["id"])]
        created = datetime.fromisoformat(each["date_created_gmt"]).replace(tzinfo=UTC)
        assert created == record.created_at
        assert (each["currency"], Decimal(each["total"])) == (record.currency, record.gross)
        rows = each.get("refund_rows", [])
        assert sum(Decimal(row["amount"]) for row in rows) == record.refunded
        assert {str(row["id"]) for row in rows} == {one.refund_id for one in record.refunds}
        meta = {entry["key"]: entry["value"] for entry in each["meta_data"]}
        entry = meta.get("_wc_order_attribution_session_entry")
        assert [touch.landing_url for touch in record.touches] == ([entry] if entry else [])
