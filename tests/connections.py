"""Connections of each of our types to a vendor sandbox, as a person fills in the forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from sandbox.vendors.ad_world.world import Settings, World
from sandbox.vendors.control import DEFAULT_KEYS, VendorSandbox
from tests.integration.ad_analytics.company import first_credentials
from vendor_sync.connections import Connection

SEED = 11
SIZE = {
    "workspaces": 1,
    "campaigns": 1,
    "orders": 1,
    "start": "2026-03-17",
    "now": "2026-03-20T10:00:00+00:00",
}
_PATHS = {"salla": "/admin/v2"}
KEYS = {**DEFAULT_KEYS, "webhook": "hook-token"}


def filled_in(
    vendors: VendorSandbox, redis: Connection, keys: Mapping[str, str] = KEYS
) -> dict[str, Connection]:
    """Return a connection that works, by type."""
    world = World(SEED, Settings(**SIZE))
    places = {each.platform: each.account_id for each in world.accounts}
    places |= {each.kind: each.host for each in world.stores}
    found = {vendor: _account(vendors, vendor, place, keys) for vendor, place in places.items()}
    for conn_type, vendor in {"trackier": "trackier", "broadstreet": "broadstreet"}.items():
        found[conn_type] = Connection(
            conn_id=f"{conn_type}_default",
            host=vendors.vendor_url(vendor),
            password=keys[vendor],
            extra={"backoff_seconds": 0.01},
        )
    found["fx"] = Connection(conn_id="ecb_default", host=vendors.vendor_url("fx"))
    found["alerts_webhook"] = Connection(
        conn_id="alerts_webhook", host=vendors.vendor_url("webhook"), password=keys["webhook"]
    )
    found["analytics_redis"] = replace(redis, conn_id="analytics_redis", schema="")
    return {name: replace(each, conn_type=name) for name, each in found.items()}


def _account(
    vendors: VendorSandbox, vendor: str, place: str, keys: Mapping[str, str]
) -> Connection:
    credentials = first_credentials(vendor, place, keys)
    extra = dict(credentials.extra)
    if credentials.refresh_token:
        extra["refresh_token"] = credentials.refresh_token
    host = vendors.vendor_url(vendor) + _PATHS.get(vendor, "")
    login, password = place, credentials.access_token
    if vendor in {"shopify", "woocommerce"}:
        host = f"{vendors.vendor_url(vendor)}/{place}"
    if vendor == "woocommerce":
        login, password = credentials.access_token, extra.pop("consumer_secret")
    return Connection(
        conn_id=f"{vendor}_default", host=host, login=login, password=password, extra=extra
    )


def wrong_key(connection: Connection) -> Connection:
    """Return the same with another password."""
    return replace(connection, password=f"wrong-{'x' * 24}")


def elsewhere(connection: Connection) -> Connection:
    """Return the same where nobody listens."""
    if "://" not in connection.host:
        return replace(connection, port=1)
    parts = urlsplit(connection.host)
    return replace(connection, host=parts._replace(netloc="127.0.0.1:1").geturl())


def secrets_of(connection: Connection) -> list[str]:
    """Return what no message may hold."""
    extra = [
        str(value)
        for name, value in connection.extra.items()
        if "secret" in name or "token" in name
    ]
    return [text for text in [connection.password or "", *extra] if len(text) > 3]
