"""Which module speaks to which vendor, and how fast it may be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vendor_sync.ad_analytics.platforms import meta, snapchat, tiktok
from vendor_sync.ad_analytics.ports import Opens, Refreshes
from vendor_sync.ad_analytics.shops import salla, shopify, woocommerce, zid
from vendor_sync.redaction import Redactor

PLATFORMS = ("meta", "tiktok", "snapchat")
SHOPS = ("shopify", "woocommerce", "salla", "zid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """How a vendor is spoken to.

    `requests_per_second` is what one account or store may be asked, `app_requests_per_second` what
    all of them together that our app speaks for (None: the vendor counts accounts or stores alone);
    `read_seconds` is how long an answer may take. A connection's settings of these names come
    first; 0 requests for an account means no limit of ours.
    """

    open_client: Opens
    refresh: Refreshes | None
    redactors: Mapping[str, Redactor]
    requests_per_second: float
    app_requests_per_second: float | None = None
    read_seconds: float = 30


VENDORS: Mapping[str, Vendor] = {
    "meta": Vendor(
        open_client=meta.open_client,
        refresh=None,
        redactors={**meta.REDACTORS},
        requests_per_second=5,
    ),
    "tiktok": Vendor(
        open_client=tiktok.open_client,
        refresh=None,
        redactors={**tiktok.REDACTORS},
        # Counted per developer app, over all advertisers; one advertiser may have twice the lowest
        # tier's 10.
        requests_per_second=20,
        app_requests_per_second=10,
    ),
    "snapchat": Vendor(
        open_client=snapchat.open_client,
        refresh=snapchat.refresh_credentials,
        redactors={**snapchat.REDACTORS},
        # 10 for an access token (every connection has its own), 20 for the app.
        requests_per_second=10,
        app_requests_per_second=20,
    ),
    "shopify": Vendor(
        open_client=shopify.open_client,
        refresh=shopify.refresh_credentials,
        redactors={**shopify.REDACTORS},
        requests_per_second=2,
    ),
    "woocommerce": Vendor(
        open_client=woocommerce.open_client,
        refresh=None,
        redactors={**woocommerce.REDACTORS},
        requests_per_second=5,
        # A shop on cheap hosting thinks long about a hundred orders.
        read_seconds=60,
    ),
    "salla": Vendor(
        open_client=salla.open_client,
        refresh=salla.refresh_credentials,
        redactors={**salla.REDACTORS},
        requests_per_second=2,
    ),
    "zid": Vendor(
        open_client=zid.open_client,
        refresh=zid.refresh_credentials,
        redactors={**zid.REDACTORS},
        requests_per_second=1,
    ),
}
