"""The vendors that the server answers as: a new one is added here."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.vendors.ad_world.routes import AdWorld
from sandbox.vendors.broadstreet.routes import Broadstreet
from sandbox.vendors.fx.routes import Fx
from sandbox.vendors.meta.routes import Meta
from sandbox.vendors.salla.routes import Salla
from sandbox.vendors.shopify.routes import Shopify
from sandbox.vendors.snapchat.routes import Snapchat
from sandbox.vendors.tiktok.routes import Tiktok
from sandbox.vendors.trackier.routes import Trackier
from sandbox.vendors.vendor import Vendor
from sandbox.vendors.webhook import Webhook
from sandbox.vendors.woocommerce.routes import WooCommerce
from sandbox.vendors.zid.routes import Zid


def vendors(keys: Mapping[str, str]) -> tuple[Vendor, ...]:
    """Make every vendor; those of the ad world answer from the one that `ad_world` holds."""
    ad_world = AdWorld()
    return (
        Trackier(keys),
        Broadstreet(keys),
        Webhook(keys),
        ad_world,
        Meta(keys, ad_world),
        Tiktok(keys, ad_world),
        Snapchat(keys, ad_world),
        Fx(ad_world),
        Shopify(keys, lambda: ad_world.world),
        WooCommerce(keys, lambda: ad_world.world),
        Salla(keys, lambda: ad_world.world),
        Zid(keys, lambda: ad_world.world),
    )
