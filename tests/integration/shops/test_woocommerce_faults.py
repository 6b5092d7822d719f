"""What goes wrong at a WooCommerce site: broken answers, slow pages, limits, wrong rows."""

from __future__ import annotations

import pytest

from tests.integration.shops.woocommerce_store import make_shop, replace_secret
from vendor_sync.errors import (
    AuthenticationError,
    RateLimitedError,
    TemporaryError,
)
from vendor_sync.redaction import REDACTED

pytestmark = pytest.mark.integration


@pytest.fixture
def shop(open_shop, vendors):
    return make_shop(open_shop, vendors)


@pytest.mark.parametrize("fault", ["html", "empty", "truncated_json", "malformed_json", "reset"])
def test_an_answer_that_cannot_be_read_is_asked_for_again(shop, vendors, fault):
    shop.place()
    rule = vendors.faults.add(fault, "woocommerce", times=1)

    records, _ = shop.orders()

    assert len(records) == 1
    assert vendors.faults.fired(rule) == 1


def test_a_byte_order_mark_is_overlooked_and_a_notice_is_not(open_shop, vendors):
    shop = make_shop(open_shop, vendors, preamble="\ufeff")
    shop.place()
    assert len(shop.orders()[0]) == 1

    vendors.change("woocommerce", "settings", preamble="<b>Notice</b>: deprecated")
    with pytest.raises(TemporaryError, match="cannot be read"):
        shop.orders()


def test_a_site_too_slow_for_large_pages_is_asked_for_smaller_ones(shop, vendors):
    for _ in range(3):
        shop.place()
    vendors.faults.add("status", "woocommerce", status=500, query="per_page=100", body="")

    records, _ = shop.orders()

    assert len(records) == 3
    assert "per_page=50" in shop.requests()[-1]["query"]


def test_a_firewall_heals_and_a_refusal_of_the_site_does_not(shop, vendors):
    rule = vendors.faults.add("status", "woocommerce", status=403, body="<html>blocked</html>")
    with pytest.raises(TemporaryError, match="firewall"):
        shop.orders()
    vendors.faults.remove(rule)
    shop.credentials = replace_secret("wrong")
    with pytest.raises(AuthenticationError):
        shop.orders()


def test_a_limit_of_the_host_is_waited_for_or_told(shop, vendors):
    shop.place()
    vendors.faults.add("too_many", "woocommerce", times=1, wait=0.05)
    assert len(shop.orders()[0]) == 1

    vendors.faults.add("too_many", "woocommerce", wait=900)
    with pytest.raises(RateLimitedError) as caught:
        shop.orders()
    assert caught.value.wait_seconds() > 800


def test_a_row_that_cannot_be_read_is_refused_and_the_rest_goes_on(shop):
    good = shop.place()
    values = [{"key": "_billing_note", "value": "for Noor"}]
    bad = shop.place(own={"total": "12,50", "meta_data": values})

    records, rejects = shop.orders()

    assert set(records) == {str(good)}
    assert [(each.external_id, each.reason) for each in rejects] == [
        (str(bad), "total is no amount: '12,50'")
    ]
    assert rejects[0].item["meta_data"] == [{"key": "_billing_note", "value": REDACTED}]
