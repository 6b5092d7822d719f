"""A form a connection type: which of Airflow's fields it shows, under what names, and its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Field:
    """A field of our own; `kind` is string, secret, integer, number or boolean. May stay empty."""

    name: str
    label: str
    kind: str
    about: str

    def to_json(self) -> dict[str, Any]:
        """Return the field as a JSON schema, as Airflow's form reads it."""
        shape = "string" if self.kind == "secret" else self.kind
        schema: dict[str, Any] = {"type": [shape, "null"], "default": None}
        if self.kind == "secret":
            schema["format"] = "password"
        return {"label": self.label, "description": self.about, "schema": schema}


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A connection type. `labels` are those of Airflow's fields that are shown; the rest is not."""

    conn_type: str
    conn_id: str
    title: str
    hook: str
    labels: Mapping[str, str]
    placeholders: Mapping[str, str]
    fields: tuple[Field, ...] = ()


def _number(name: str, label: str, about: str) -> Field:
    return Field(name, label, "number", about)


def _count(name: str, label: str, about: str) -> Field:
    return Field(name, label, "integer", about)


def _secret(name: str, label: str, about: str) -> Field:
    return Field(name, label, "secret", about)


def _text(name: str, label: str, about: str) -> Field:
    return Field(name, label, "string", about)


_PACE = (
    _number("requests_per_second", "Requests a second", "Over all workers; empty: 5; 0: no limit."),
    _count("workers", "Workers", "Processes that share the rate while Redis is away; empty: 4."),
    _count("concurrency", "Calls in flight", "Empty: 4 for Trackier, 5 for Broadstreet."),
    _count(
        "batch_size", "Records written at once", "Empty: 100 for Trackier, 500 for Broadstreet."
    ),
    _number("backoff_seconds", "First wait", "Seconds before a request is repeated; empty: 0.5."),
    _number("read_timeout_seconds", "Read timeout", "Seconds an answer may take; empty: 30."),
)
_REFRESH = (
    _secret("refresh_token", "Refresh token", "If the vendor gave one."),
    _text("client_id", "Client id", "Of the app that the tokens belong to."),
    _secret("client_secret", "Client secret", "Of the same app."),
)
_OWN_ADDRESS = "Empty: the vendor's own."
FORMS = (
    Form(
        conn_type="trackier",
        conn_id="trackier_default",
        title="Trackier",
        hook="TrackierHook",
        labels={"host": "API address", "password": "API key"},
        placeholders={"host": "https://api.trackier.com", "password": "the network's admin key"},
        fields=(
            *_PACE,
            _count("group_size", "Brands a call", "Empty: 25."),
            _number("max_deactivation_share", "Breaker: share", "Of a brand's offers; empty: 0.5."),
            _count("max_deactivation_rows", "Breaker: rows", "Fewer never open it; empty: 10."),
        ),
    ),
    Form(
        conn_type="broadstreet",
        conn_id="broadstreet_default",
        title="Broadstreet",
        hook="BroadstreetHook",
        labels={"host": "API address", "password": "Access token"},
        placeholders={
            "host": "https://api.broadstreetads.com",
            "password": "the access token of a dashboard user",
        },
        fields=(
            *_PACE,
            _number("max_removal_share", "Breaker: share", "Of a type's entities; empty: 0.5."),
            _count("max_removal_rows", "Breaker: rows", "Fewer never open it; empty: 10."),
            _number("settle_seconds", "Settling time", "Seconds after a lost create; empty: 30."),
            _number("max_failed_share", "Failed share", "An export above it fails; empty: 0.5."),
            _count("create_attempts", "Create attempts", "Of one entity in a run; empty: 3."),
            Field("export_networks", "Export networks", "boolean", "A commercial act; empty: no."),
            Field("export_tag_notes", "Tag notes", "boolean", "Mark advertisers; empty: no."),
        ),
    ),
    Form(
        conn_type="fx",
        conn_id="ecb_default",
        title="Exchange rates (ECB)",
        hook="ExchangeRatesHook",
        labels={"host": "Address"},
        placeholders={"host": "https://www.ecb.europa.eu (empty: the bank's own)"},
    ),
    Form(
        conn_type="meta",
        conn_id="meta_default",
        title="Meta ad account",
        hook="MetaHook",
        labels={"host": "API address", "login": "Ad account id", "password": "Access token"},
        placeholders={
            "host": "https://graph.facebook.com (empty: the vendor's own)",
            "login": "477177481147139, without act_",
            "password": "a system user's token",
        },
        fields=(
            _secret("app_secret", "App secret", "If the app demands proofs."),
            _text("api_version", "API version", "Empty: the one we are tested with."),
        ),
    ),
    Form(
        conn_type="tiktok",
        conn_id="tiktok_default",
        title="TikTok ad account",
        hook="TikTokHook",
        labels={"host": "API address", "login": "Advertiser id", "password": "Access token"},
        placeholders={
            "host": "https://business-api.tiktok.com (empty: the vendor's own)",
            "login": "7000000000000000000",
            "password": "a long-lived token",
        },
        fields=(_text("api_version", "API version", "Empty: the one we are tested with."),),
    ),
    Form(
        conn_type="snapchat",
        conn_id="snapchat_default",
        title="Snapchat ad account",
        hook="SnapchatHook",
        labels={"host": "API address", "login": "Ad account id", "password": "Access token"},
        placeholders={
            "host": "https://adsapi.snapchat.com (empty: the vendor's own)",
            "login": "an id like 8adc3db7-8148-4fbf-999c-8d2266369d74",
            "password": "an access token of the last half hour",
        },
        fields=(*_REFRESH, _text("login_url", "Login address", _OWN_ADDRESS)),
    ),
    Form(
        conn_type="shopify",
        conn_id="shopify_default",
        title="Shopify store",
        hook="ShopifyHook",
        labels={"host": "Store address", "login": "Shop", "password": "Access token"},
        placeholders={
            "host": "empty: https:// and the shop",
            "login": "acme.myshopify.com",
            "password": "shpat_...",
        },
        fields=(*_REFRESH, _text("api_version", "API version", "Empty: the one we ask for.")),
    ),
    Form(
        conn_type="woocommerce",
        conn_id="woocommerce_default",
        title="WooCommerce store",
        hook="WooCommerceHook",
        labels={"host": "Store address", "login": "Consumer key", "password": "Consumer secret"},
        placeholders={
            "host": "https://shop.example",
            "login": "ck_...",
            "password": "cs_...",
        },
        fields=(
            _text("auth", "Authentication", "`query` where a server drops the header; else empty."),
        ),
    ),
    Form(
        conn_type="salla",
        conn_id="salla_default",
        title="Salla store",
        hook="SallaHook",
        labels={"host": "API address", "login": "Store id", "password": "Access token"},
        placeholders={
            "host": "https://api.salla.dev/admin/v2 (empty: the vendor's own)",
            "login": "the merchant's number",
            "password": "an access token",
        },
        fields=(*_REFRESH, _text("accounts_url", "Accounts address", _OWN_ADDRESS)),
    ),
    Form(
        conn_type="zid",
        conn_id="zid_default",
        title="Zid store",
        hook="ZidHook",
        labels={"host": "API address", "login": "Store id", "password": "Access token"},
        placeholders={
            "host": "https://api.zid.sa (empty: the vendor's own)",
            "login": "the store's number",
            "password": "the token of the Authorization header",
        },
        fields=(
            _secret("manager_token", "Manager token", "The token of X-Manager-Token."),
            *_REFRESH,
            _text("redirect_uri", "Redirect address", "Of the same app."),
            _text("accounts_url", "Accounts address", _OWN_ADDRESS),
        ),
    ),
    Form(
        conn_type="alerts_webhook",
        conn_id="alerts_webhook",
        title="Alerts: webhook",
        hook="AlertsWebhookHook",
        labels={"host": "Webhook address", "password": "Bearer token"},
        placeholders={
            "host": "https://hooks.slack.com/services/...",
            "password": "empty, unless the webhook asks for one",
        },
    ),
    Form(
        conn_type="analytics_redis",
        conn_id="analytics_redis",
        title="Redis of the flows",
        hook="AnalyticsRedisHook",
        labels={"host": "Host", "port": "Port", "login": "User", "password": "Password"},
        placeholders={"host": "redis", "port": "6379"},
        fields=(
            _count("db", "Database", "Its number; empty: 0."),
            Field("ssl", "TLS", "boolean", "Encrypt the connection; empty: no."),
        ),
    ),
)
