"""Stores that go on selling while they are read: two syncs later nothing is missing."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from sandbox.vendors.control import DEFAULT_KEYS
from vendor_sync.ad_analytics.records import Credentials
from vendor_sync.ad_analytics.shops import salla, shopify, woocommerce, zid

pytestmark = pytest.mark.integration

BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
FIRST, SECOND = datetime(2026, 6, 20, tzinfo=UTC), datetime(2026, 6, 21, tzinfo=UTC)


def open_store(open_shop, vendors, vendor):
    url, key = vendors.vendor_url(vendor), DEFAULT_KEYS[vendor]
    if vendor == "shopify":
        name = "demo.myshopify.com"
        credentials = Credentials(access_token=key)
        return open_shop(shopify, vendor, name, credentials, f"{url}/{name}", restore=9000)
    if vendor == "woocommerce":
        extra = {"consumer_secret": DEFAULT_KEYS["woocommerce.secret"]}
        credentials = Credentials(access_token=key, extra=extra)
        return open_shop(woocommerce, vendor, "demo.example", credentials, f"{url}/demo.example")
    if vendor == "salla":
        credentials = Credentials(access_token=key)
        return open_shop(salla, vendor, "demo", credentials, f"{url}/admin/v2", page_limit=5)
    extra = {"manager_token": DEFAULT_KEYS["zid.manager"]}
    return open_shop(
        zid, vendor, "demo", Credentials(access_token=key, extra=extra), url, page_limit=5
    )


class Busy:
    """A store in which things happen between the pages that somebody reads."""

    def __init__(self, shop, seed):
        self.shop = shop
        self.random = random.Random(seed)
        self.orders = {}
        for _ in range(self.random.randrange(20, 45)):
            self.sell(BEGIN + timedelta(minutes=self.random.randrange(18 * 1440)))

    def sell(self, moment):
        gross = f"{self.random.randrange(100, 90_000) / 100:.2f}"
        number = self.shop.place(created_at=moment.isoformat(), gross=gross)
        self.orders[str(number)] = [Decimal(gross), Decimal(0)]

    def happen(self, moment):
        """Sell, edit or refund something at an instant."""
        kind = self.random.choice(["sell", "edit", "refund", "refund", "none"])
        if kind == "sell":
            self.sell(moment)
            return
        number = self.random.choice(sorted(self.orders))
        order = self.orders[number]
        if kind == "edit" and not order[1]:
            order[0] = Decimal(self.random.randrange(100, 90_000)) / 100
            self.shop.amend(int(number), gross=str(order[0]), updated_at=moment.isoformat())
        elif kind == "refund" and not order[1]:
            order[1] = (order[0] / 3).quantize(Decimal("0.01"))
            refund = {"amount": str(order[1]), "at": moment.isoformat()}
            self.shop.amend(int(number), refunds=[refund], updated_at=moment.isoformat())


def read(shop, since, until, between, kept):
    """Sync a range as the flow does, and let things happen after every page."""
    client = shop.client()
    if shop.vendor == "woocommerce":
        client._size = 5
    for batch in client.iter_orders(since, until):
        assert list(batch.rejects) == []
        for record in batch.records:
            newer = kept.get(record.external_id)
            if newer is None or record.updated_at >= newer.updated_at:
                kept[record.external_id] = record
        between()


@pytest.mark.parametrize("vendor", ["shopify", "woocommerce", "salla", "zid"])
@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(2, 40))]
)
def test_two_syncs_of_a_busy_store_end_with_what_is_true(open_shop, vendors, vendor, seed):
    shop = open_store(open_shop, vendors, vendor)
    store = Busy(shop, seed)
    kept, moment = {}, [FIRST]

    def something_happens():
        moment[0] += timedelta(seconds=store.random.randrange(1, 90))
        store.happen(moment[0])

    read(shop, BEGIN, FIRST, something_happens, kept)
    read(shop, FIRST - timedelta(minutes=10), SECOND, lambda: None, kept)

    found = {number: [record.gross, record.refunded] for number, record in kept.items()}
    assert found == store.orders
