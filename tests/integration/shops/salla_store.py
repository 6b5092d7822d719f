"""A Salla store of a test's own, and the login that opens it."""

from __future__ import annotations

from sandbox.vendors.control import DEFAULT_KEYS, SHOP_APP_ID
from vendor_sync.ad_analytics.records import Credentials
from vendor_sync.ad_analytics.shops import salla

STORE = "demo"
TOKEN = DEFAULT_KEYS["salla"]
SECRETS = {"client_id": SHOP_APP_ID, "client_secret": DEFAULT_KEYS["salla.secret"]}
CREDENTIALS = Credentials(access_token=TOKEN, refresh_token=f"ory_rt_{TOKEN}", extra=SECRETS)


def make_shop(open_shop, vendors, **settings):
    url = vendors.vendor_url("salla")
    opened = open_shop(salla, "salla", STORE, CREDENTIALS, f"{url}/admin/v2", **settings)
    opened.settings["accounts_url"] = url
    return opened
