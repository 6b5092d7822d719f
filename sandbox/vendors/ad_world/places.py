"""Who is in the world: workspaces, ad accounts with their campaigns, and stores."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from sandbox.vendors.seeding import digits, hexadecimal, key, surname

PLATFORMS = ("meta", "tiktok", "snapchat")
STORE_KINDS = ("shopify", "woocommerce", "salla", "zid")
MINOR_DIGITS = {"JPY": 0, "KWD": 3, "BHD": 3, "OMR": 3, "JOD": 3}
# New York and Athens change their clocks, Tokyo and Riyadh never do.
_TIMEZONES = ("Asia/Riyadh", "America/New_York", "Asia/Dubai", "Europe/Athens", "Asia/Tokyo")
_ACCOUNT_CURRENCIES = ("SAR", "USD", "AED", "EUR", "JPY", "KWD")
_STORE_CURRENCIES = ("SAR", "USD", "SAR", "AED", "KWD", "EUR")
_REPORTING = ("SAR", "USD", "AED")
_MARKETS = (
    "KSA",
    "UAE",
    "Sale",
    "Retargeting",
    "عروض رمضان",
    "Spring-Summer",
    "Brand_Lift",
    "New 2026",
)
# How a store is called in its vendor's addresses.
_HOSTS = {
    "shopify": "{name}.myshopify.com",
    "woocommerce": "{name}.example",
    "salla": "{id}",
    "zid": "{id}",
}
_TWIN = 7  # every seventh campaign has the name of the one before it
LEGS = ("web", "web", "app", "shop", "web+app")


@dataclass(frozen=True, slots=True)
class Workspace:
    index: int
    workspace_id: str
    name: str
    timezone: str
    currency: str


@dataclass(frozen=True, slots=True, eq=False)
class Campaign:
    """`names` are (valid from day, name), the oldest first; `leg` is where its sales happen."""

    index: int
    campaign_id: str
    account: Account = field(repr=False)
    names: tuple[tuple[date, str], ...]
    starts_on: date
    status: str
    leg: str
    tracks_purchases: bool
    sends_values: bool
    twin: bool

    @property
    def platform(self) -> str:
        return self.account.platform

    def name_on(self, day: date) -> str:
        known = [name for since, name in self.names if since <= day]
        return known[-1] if known else self.names[0][1]


@dataclass(frozen=True, slots=True, eq=False)
class Account:
    index: int
    platform: str
    account_id: str
    name: str
    workspace: Workspace
    currency: str
    timezone: str
    campaigns: list[Campaign] = field(repr=False)

    @property
    def minor_digits(self) -> int:
        return minor_digits(self.currency)


@dataclass(frozen=True, slots=True)
class Store:
    index: int
    kind: str
    store_id: str
    name: str
    workspace: Workspace
    currency: str
    timezone: str
    snippet: bool

    @property
    def host(self) -> str:
        return _HOSTS[self.kind].format(name=self.name.lower(), id=self.store_id)


def minor_digits(currency: str) -> int:
    """Return how many decimals an amount of the currency has (ISO 4217)."""
    return MINOR_DIGITS.get(currency, 2)


def make_workspace(seed: int, index: int) -> Workspace:
    name = surname(key(seed, "workspace"), index)
    zone = _TIMEZONES[(index * 2) % len(_TIMEZONES)]
    return Workspace(index, f"ws-{index + 1}", name, zone, _REPORTING[index % len(_REPORTING)])


def make_account(  # noqa: PLR0913 - what an account is made of
    seed: int, index: int, platform: str, workspace: Workspace, *, campaigns: int, start: date
) -> Account:
    place = key(seed, "place", index)
    account = Account(
        index=index,
        platform=platform,
        account_id=_platform_id(seed, platform, "account", index),
        name=f"{surname(key(seed, 'account'), index)} {platform.capitalize()}",
        workspace=workspace,
        currency=_ACCOUNT_CURRENCIES[place % len(_ACCOUNT_CURRENCIES)],
        timezone=_TIMEZONES[(place >> 8) % len(_TIMEZONES)],
        campaigns=[],
    )
    for number in range(campaigns):
        account.campaigns.append(
            _campaign(seed, account, number, index * campaigns + number, start)
        )
    return account


def make_store(seed: int, index: int, kind: str, workspace: Workspace) -> Store:
    place = key(seed, "store", index)
    local = kind in {"salla", "zid"}
    return Store(
        index=index,
        kind=kind,
        store_id=digits(key(seed, "store-id"), index, 9),
        name=surname(key(seed, "store-name"), index),
        workspace=workspace,
        currency="SAR" if local else _STORE_CURRENCIES[place % len(_STORE_CURRENCIES)],
        timezone="Asia/Riyadh" if local else _TIMEZONES[(place >> 8) % len(_TIMEZONES)],
        # Salla and Zid say nothing about visits; of the others every second has the snippet too.
        snippet=local or workspace.index % 2 == 0,
    )


def _campaign(seed: int, account: Account, number: int, index: int, start: date) -> Campaign:
    root = key(seed, "campaign", index)
    twin = number % _TWIN == _TWIN - 1
    market = _MARKETS[root % len(_MARKETS)]
    if twin:
        names = account.campaigns[number - 1].names
    else:
        names = ((start, f"{market} {surname(key(seed, 'campaign-name'), index)}"),)
        if number % 5 == 3:  # noqa: PLR2004 - one in five is renamed on its fortieth day
            names = (*names, (start + timedelta(days=40), f"{names[0][1]} v2"))
    has_twin = number % _TWIN == _TWIN - 2
    late = number % 6 == 4 and not twin and not has_twin  # noqa: PLR2004 - one in six starts late
    return Campaign(
        index=index,
        campaign_id=_platform_id(seed, account.platform, "campaign", index),
        account=account,
        names=names,
        starts_on=start + timedelta(days=20) if late else start,
        status=("active", "active", "paused", "active", "archived")[(root >> 8) % 5],
        leg=LEGS[(root >> 16) % len(LEGS)] if account.platform == "tiktok" else "web",
        tracks_purchases=(root >> 24) % 8 != 0,
        sends_values=(root >> 32) % 9 != 0,
        twin=twin or has_twin,
    )


def _platform_id(seed: int, platform: str, what: str, index: int) -> str:
    root = key(seed, platform, what)
    if platform == "snapchat":
        text = hexadecimal(root, index, 32)
        return "-".join((text[:8], text[8:12], "4" + text[13:16], "a" + text[17:20], text[20:]))
    length = {"meta": {"account": 15, "campaign": 17}}.get(platform, {}).get(what, 19)
    return digits(root, index, length)
