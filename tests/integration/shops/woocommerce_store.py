"""A WooCommerce store of a test's own, and the login that opens it."""

from __future__ import annotations

from sandbox.vendors.control import DEFAULT_KEYS
from vendor_sync.ad_analytics.records import Credentials
from vendor_sync.ad_analytics.shops import woocommerce

STORE = "demo.example"
KEY, SECRET = DEFAULT_KEYS["woocommerce"], DEFAULT_KEYS["woocommerce.secret"]
CREDENTIALS = Credentials(access_token=KEY, extra={"consumer_secret": SECRET})


def make_shop(open_shop, vendors, **settings):
    url = f"{vendors.vendor_url('woocommerce')}/{STORE}"
    return open_shop(woocommerce, "woocommerce", STORE, CREDENTIALS, url, **settings)


def replace_secret(secret):
    return Credentials(access_token=KEY, extra={"consumer_secret": secret})
