"""Whether a connection works: the cheapest call that its key is needed for, and what it says.

The "Test" of Airflow's form and `connections test` of the command line ask here. An answer is one
sentence; whatever a vendor quotes, no secret of the connection is in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from vendor_sync import alert_channels
from vendor_sync.ad_analytics import fx
from vendor_sync.ad_analytics.ports import Wire
from vendor_sync.ad_analytics.records import Credentials, SourceConnection
from vendor_sync.ad_analytics.vendors import VENDORS
from vendor_sync.broadstreet.client import BroadstreetClient, broadstreet_client
from vendor_sync.broadstreet.settings import BroadstreetSettings
from vendor_sync.connections import Connection
from vendor_sync.errors import (
    AuthenticationError,
    ConfigurationError,
    RateLimitedError,
    SyncError,
    TemporaryError,
    TokenExpiredError,
    VendorError,
)
from vendor_sync.rate_limit import Unlimited
from vendor_sync.redaction import without_secrets
from vendor_sync.redis_client import redis_client
from vendor_sync.rest_client import HttpLimits, Usage
from vendor_sync.trackier.client import TrackierClient, trackier_client
from vendor_sync.trackier.settings import TrackierSettings

# A person waits for it, and the API server's thread too.
_LIMITS = HttpLimits(connect_seconds=4, read_seconds=10, total_seconds=15, attempts=1)
_ADDRESS = re.compile(r"(https?://)?[\w.-]+(:\d+)?(/\S*)?")
_PUBLIC_EXTRAS = ("client_id",)
Check = Callable[[Connection], str]


def check_connection(conn_type: str, connection: Connection) -> tuple[bool, str]:
    """Ask the vendor or service; return whether the connection works, and a sentence about it."""
    check, name = _CHECKS[conn_type], NAMES[conn_type]
    try:
        return True, _without_secrets(connection, check(connection))
    except (SyncError, alert_channels.DeliveryError) as error:
        return False, _without_secrets(connection, _sentence(name, connection, error))


def _sentence(name: str, connection: Connection, error: Exception) -> str:
    """Say what is wrong, and what to look at."""
    match error:
        case AuthenticationError() | TokenExpiredError():
            what = f"{name} answers, but refuses the login: "
        case RateLimitedError():
            what = f"{name} answers and asks to wait; test again later: "
        case TemporaryError(status=None) if isinstance(error.__cause__, ValueError):
            what = f"The address answers, but not as {name} does; is it the right one? "
        case TemporaryError(status=None):
            host = urlsplit(connection.host).hostname or connection.host or "its host"
            what = f"{name} cannot be reached at {host}: "
        case VendorError(status=404):
            what = f"The address answers, but does not know what {name} knows: "
        case VendorError():
            what = f"{name} answers, but not well: "
        case alert_channels.DeliveryError():
            what = f"{name} did not take the message: "
        case _:
            what = ""
    return f"{what}{str(error).rstrip('.')}."


def _without_secrets(connection: Connection, words: str) -> str:
    """Take out what a vendor, or an address, may have quoted."""
    extra = [value for name, value in connection.extra.items() if name not in _PUBLIC_EXTRAS]
    texts = (value for value in extra if isinstance(value, str))
    return without_secrets(words, [connection.password, *texts])


def _address(host: str, *, example: str) -> str:
    """Return the host as it was entered, or raise ConfigurationError saying how it looks."""
    if _ADDRESS.fullmatch(host):
        return host
    message = f"The API address is {host!r}: enter one like {example}"
    raise ConfigurationError(message)


def _url(host: str, *, example: str) -> str:
    """Return a whole address, with its scheme; raises as `_address`."""
    if "://" in host:
        return _address(host, example=example)
    message = f"The address {host!r} does not begin with https://: enter one like {example}"
    raise ConfigurationError(message)


def _trackier(connection: Connection) -> str:
    _address(_required(connection.host, "API address"), example="https://api.trackier.com")
    _required(connection.password, "API key")
    settings = TrackierSettings.from_connection(connection)
    rest = trackier_client(
        connection, settings, limiter=Unlimited(), usage=Usage(), archive=None, limits=_LIMITS
    )
    try:
        next(TrackierClient(rest).iter_advertisers(["1"]))
    finally:
        rest.close()
    return "Trackier accepts the key."


def _broadstreet(connection: Connection) -> str:
    host = _required(connection.host, "API address")
    _address(host, example="https://api.broadstreetads.com")
    _required(connection.password, "Access token")
    settings = BroadstreetSettings.from_connection(connection)
    rest = broadstreet_client(
        connection, settings, limiter=Unlimited(), usage=Usage(), limits=_LIMITS
    )
    try:
        networks = BroadstreetClient(rest).list_networks().records
    finally:
        rest.close()
    return f"Broadstreet accepts the token, which sees {len(networks)} networks."


def _exchange_rates(connection: Connection) -> str:
    base_url = _url(connection.host, example=fx.HOST) if connection.host else fx.HOST
    wire = Wire(limiter=Unlimited(), usage=Usage(), limits=_LIMITS)
    client = fx.open_client(wire, base_url)
    try:
        newest = client.newest_day()
    finally:
        client.close()
    return f"The bank's newest rates are those of {newest}."


def _account(vendor: str) -> Check:
    """Return the check of an ad account's or store's login: it asks the vendor who that is."""

    def check(connection: Connection) -> str:
        source, credentials = _account_login(vendor, connection)
        wire = Wire(limiter=Unlimited(), usage=Usage(), limits=_LIMITS)
        client = VENDORS[vendor].open_client(source, credentials, wire)
        try:
            account = client.get_account()
        finally:
            client.close()
        return (
            f"{NAMES[vendor]} knows it as {account.name} ({account.external_id}), "
            f"{account.currency}, {account.timezone}."
        )

    return check


def _account_login(vendor: str, connection: Connection) -> tuple[SourceConnection, Credentials]:
    """Read the form of an ad account or store as `account add` and `store add` read theirs."""
    extra = {
        name: str(value) for name, value in connection.extra.items() if value not in (None, "")
    }
    settings = {name: extra.pop(name) for name in SETTINGS_OF_ACCOUNTS if name in extra}
    if connection.host:
        settings["base_url"] = _url(connection.host, example="https://api.example.com")
    if vendor == "woocommerce":
        _required(connection.host, "Store address")
        extra["consumer_secret"] = _required(connection.password, "Consumer secret")
        external_id = urlsplit(connection.host).hostname or ""
        token = _required(connection.login, "Consumer key")
    else:
        external_id = _required(connection.login, LOGINS[vendor])
        token = _required(connection.password, "Access token")
    if vendor == "zid":
        _required(extra.get("manager_token"), "Manager token")
    credentials = Credentials(
        access_token=token, refresh_token=extra.pop("refresh_token", None), extra=extra
    )
    source = SourceConnection(
        connection_id=0,
        workspace_id=0,
        vendor=vendor,
        external_id=external_id,
        name=connection.conn_id,
        currency=None,
        timezone=None,
        settings=settings,
    )
    return source, credentials


def _webhook(connection: Connection) -> str:
    """Post a message: a webhook has nothing else that could be asked."""
    _required(connection.host, "Webhook address")
    message = alert_channels.Message(
        severity="test",
        title="This is how alerts arrive",
        message="Somebody tested the connection of the alerts.",
        facts={"connection": connection.conn_id},
        link=None,
        runbook=None,
        opened_at=datetime.now(UTC),
    )
    alert_channels.send(lambda _: connection, "webhook", message)
    return "The webhook took a test message; look whether it arrived."


def _redis(connection: Connection) -> str:
    _required(connection.host, "Host")
    client = redis_client(connection, timeout_seconds=3, retry=Retry(NoBackoff(), retries=0))
    try:
        client.ping()  # pyright: ignore[reportUnknownMemberType]
    except redis.AuthenticationError:
        message = "Redis answers, but refuses user or password"
        raise ConfigurationError(message) from None
    except redis.ResponseError as error:
        message = f"Redis answers: {error}"
        raise ConfigurationError(message) from None
    except redis.RedisError as error:
        message = f"Redis cannot be reached at {connection.host}: {type(error).__name__}"
        raise ConfigurationError(message) from None
    finally:
        client.close()
    return "Redis answers."


def _required(value: str | None, label: str) -> str:
    if not value:
        message = f"The field '{label}' is empty"
        raise ConfigurationError(message)
    return value


NAMES: Mapping[str, str] = {
    "trackier": "Trackier",
    "broadstreet": "Broadstreet",
    "fx": "The European Central Bank",
    "meta": "Meta",
    "tiktok": "TikTok",
    "snapchat": "Snapchat",
    "shopify": "Shopify",
    "woocommerce": "WooCommerce",
    "salla": "Salla",
    "zid": "Zid",
    "alerts_webhook": "The webhook",
    "analytics_redis": "Redis",
}
LOGINS: Mapping[str, str] = {
    "meta": "Ad account id",
    "tiktok": "Advertiser id",
    "snapchat": "Ad account id",
    "shopify": "Shop",
    "salla": "Store id",
    "zid": "Store id",
}
# What of a form is a setting of the account; everything else in `extra` belongs to the login.
SETTINGS_OF_ACCOUNTS = ("api_version", "attribution_window", "auth", "login_url", "accounts_url")
_CHECKS: Mapping[str, Check] = {
    "trackier": _trackier,
    "broadstreet": _broadstreet,
    "fx": _exchange_rates,
    "alerts_webhook": _webhook,
    "analytics_redis": _redis,
    **{vendor: _account(vendor) for vendor in VENDORS},
}
