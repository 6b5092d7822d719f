"""A Shopify store of a test's own, and the login that opens it."""

from __future__ import annotations

from sandbox.vendors.control import DEFAULT_KEYS, SHOP_APP_ID
from vendor_sync.ad_analytics.records import Credentials
from vendor_sync.ad_analytics.shops import shopify

STORE = "demo.myshopify.com"
SECRETS = {"client_id": SHOP_APP_ID, "client_secret": DEFAULT_KEYS["shopify.secret"]}
CREDENTIALS = Credentials(access_token=DEFAULT_KEYS["shopify"])


def make_shop(open_shop, vendors, **settings):
    url = f"{vendors.vendor_url('shopify')}/{STORE}"
    return open_shop(shopify, "shopify", STORE, CREDENTIALS, url, **{"restore": 2000, **settings})
