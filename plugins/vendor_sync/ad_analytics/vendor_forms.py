"""What a person enters to link an account or a store of each vendor, and where it is found.

The command line reads the same names from JSON, Sync Center makes a form of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from vendor_sync.ad_analytics.records import Credentials
from vendor_sync.ad_analytics.vendors import SHOPS
from vendor_sync.errors import ConfigurationError


class Place(StrEnum):
    """Where a field's value is kept."""

    TOKEN = "access_token"  # noqa: S105 - a name
    REFRESH = "refresh_token"
    EXTRA = "extra"
    SETTING = "setting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing to enter; `hint` says where the vendor shows it."""

    name: str
    label: str
    hint: str
    place: Place = Place.EXTRA
    required: bool = False
    secret: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkForm:
    """What a vendor's accounts are linked by; `id_label` and `id_hint` are those of its id."""

    title: str
    id_label: str
    id_hint: str
    permission: str
    fields: tuple[Field, ...]


_REFRESH = Field(
    name="refresh_token",
    label="Refresh token",
    hint="Came with the access token. Without it a person has to log in again when that ends.",
    place=Place.REFRESH,
)
_CLIENT_ID = Field(
    name="client_id",
    label="App: client id",
    hint="Of the app that the tokens belong to. Empty: the one of the vendor's Airflow connection.",
    secret=False,
)
_CLIENT_SECRET = Field(
    name="client_secret", label="App: client secret", hint="Of the same app. Empty: as above."
)
_APP = (_CLIENT_ID, _CLIENT_SECRET)


def _token(label: str, hint: str) -> Field:
    return Field(name="access_token", label=label, hint=hint, place=Place.TOKEN, required=True)


LINK_FORMS: Mapping[str, LinkForm] = {
    "meta": LinkForm(
        title="Meta",
        id_label="Ad account id",
        id_hint="Ads Manager, account list: the number, such as 477177481147139.",
        permission="ads_read",
        fields=(
            _token(
                "Access token",
                "Business settings, System users, Generate token, with the permission ads_read.",
            ),
            Field(
                name="app_secret",
                label="App secret",
                hint="Only if the app demands proofs: app dashboard, Settings, Basic.",
            ),
        ),
    ),
    "tiktok": LinkForm(
        title="TikTok",
        id_label="Advertiser id",
        id_hint="TikTok Ads Manager, below the account's name: 19 digits.",
        permission="Ad Account Management and Reporting, read",
        fields=(
            _token(
                "Access token",
                "Given once, when the advertiser authorised the app. It has no end of its own.",
            ),
        ),
    ),
    "snapchat": LinkForm(
        title="Snapchat",
        id_label="Ad account id",
        id_hint="Ads Manager, Ad accounts: like 8adc3db7-8148-4fbf-999c-8d2266369d74.",
        permission="snapchat-marketing-api",
        fields=(_token("Access token", "Ends after half an hour to an hour."), _REFRESH, *_APP),
    ),
    "shopify": LinkForm(
        title="Shopify",
        id_label="Shop",
        id_hint="As the admin shows it: acme.myshopify.com, not the shop's own domain.",
        permission="read_orders (and read_all_orders for orders older than 60 days)",
        fields=(
            _token("Admin API token", "App's page, API credentials: begins with shpat_."),
            _REFRESH,
            *_APP,
        ),
    ),
    "woocommerce": LinkForm(
        title="WooCommerce",
        id_label="Store address",
        id_hint="As customers open it, with the folder if it is in one: acme.com, acme.com/shop.",
        permission="read",
        fields=(
            _token("Consumer key", "WooCommerce, Settings, Advanced, REST API: begins with ck_."),
            Field(
                name="consumer_secret",
                label="Consumer secret",
                hint="Shown once, beside the key: begins with cs_.",
                required=True,
            ),
            Field(
                name="auth",
                label="Login",
                hint="`query` for servers that strip the login header; else empty.",
                place=Place.SETTING,
                secret=False,
            ),
        ),
    ),
    "salla": LinkForm(
        title="Salla",
        id_label="Store id",
        id_hint="The merchant's number, as the app's page in the partner portal shows it.",
        permission="orders.read (and offline_access for the refresh token)",
        fields=(
            _token("Access token", "Of the event app.store.authorize, or of the token answer."),
            _REFRESH,
            *_APP,
        ),
    ),
    "zid": LinkForm(
        title="Zid",
        id_label="Store id",
        id_hint="The store's number in Zid's dashboard.",
        permission="orders.read",
        fields=(
            _token(
                "Authorization token",
                "`authorization` of the token answer, not its access_token: that is the next one.",
            ),
            Field(
                name="manager_token",
                label="Manager token",
                hint="`access_token` of the token answer.",
                required=True,
            ),
            _REFRESH,
            *_APP,
            Field(
                name="redirect_uri",
                label="App: redirect address",
                hint="As it is registered with the app.",
                secret=False,
            ),
        ),
    ),
}
_HOSTS = frozenset({"shopify", "woocommerce"})
_ID = re.compile(r"[\w.-]{1,100}", re.ASCII)
_HOST = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}")
_FOLDER = re.compile(r"[\w-]+(/[\w-]+)*", re.ASCII)


def read_id(vendor: str, text: str) -> tuple[str, dict[str, str]]:
    """Return an id as it is kept (Meta's without `act_`, a store's host), and settings it implies.

    A WooCommerce store in a folder has `base_url` as a setting. Raises ConfigurationError where the
    text cannot be an id: ids become parts of addresses.
    """
    form = LINK_FORMS[vendor]
    found, settings = text.strip(), dict[str, str]()
    if vendor == "meta":
        found = found.removeprefix("act_")
    if vendor in _HOSTS:
        found = found.removeprefix("https://").removeprefix("http://").rstrip("/").lower()
        host, _, folder = found.partition("/")
        if vendor == "woocommerce" and _FOLDER.fullmatch(folder):
            found, settings = host, {"base_url": f"https://{host}/{folder}"}
    pattern = _HOST if vendor in _HOSTS else _ID
    if not pattern.fullmatch(found):
        message = f"{form.title}: {form.id_label} {text!r} cannot be right. {form.id_hint}"
        raise ConfigurationError(message)
    return found, settings


def require_credentials(vendor: str, credentials: Credentials) -> None:
    """Raise ConfigurationError naming what is missing of a login, and where it is found."""
    form = LINK_FORMS[vendor]
    given = {**credentials.extra, "access_token": credentials.access_token}
    for field in form.fields:
        if field.required and not given.get(field.name, "").strip():
            where = f"extra.{field.name}" if field.place is Place.EXTRA else field.name
            message = f"{form.title}: {field.label} ({where}) is missing. {field.hint}"
            raise ConfigurationError(message)
    for name, value in given.items():
        if any(not character.isprintable() or not character.isascii() for character in value):
            message = f"{form.title}: {name} holds a character that no token has: copy it again."
            raise ConfigurationError(message)


def read_entries(vendor: str, entries: Mapping[str, str]) -> tuple[Credentials, dict[str, str]]:
    """Return the login and the settings that a person has entered, by the names of the fields."""
    kept: dict[Place, dict[str, str]] = {place: {} for place in Place}
    for field in LINK_FORMS[vendor].fields:
        value = entries.get(field.name, "").strip()
        if value:
            kept[field.place][field.name] = value
    credentials = Credentials(
        access_token=kept[Place.TOKEN].get("access_token", ""),
        refresh_token=kept[Place.REFRESH].get("refresh_token"),
        extra=kept[Place.EXTRA],
    )
    return credentials, kept[Place.SETTING]


def kind_of(vendor: str) -> str:
    """Return what the vendor's ids are called: `store` or `account`."""
    return "store" if vendor in SHOPS else "account"
