"""What the seven vendors tell us, in one vocabulary; clients build these, stores write them.

Everywhere: ids are text (18-digit ids do not survive a float), instants are aware and in UTC with
second precision (truncated), money is Decimal in the currency beside it and in major units, and
None means "unknown: the vendor did not say". None is never 0, and 0 is never None.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

import msgspec


class Platform(StrEnum):
    """Who sells the ads. Google and Microsoft are known as click sources only."""

    META = "meta"
    TIKTOK = "tiktok"
    SNAPCHAT = "snapchat"
    GOOGLE = "google"
    MICROSOFT = "microsoft"


class Shop(StrEnum):
    """Whose software the store runs on."""

    SHOPIFY = "shopify"
    WOOCOMMERCE = "woocommerce"
    SALLA = "salla"
    ZID = "zid"


class SourceConnection(msgspec.Struct, frozen=True, kw_only=True):
    """One ad account or store that a workspace has linked: row of `analytics.connections`.

    `vendor` is a Platform or Shop value. `external_id` is the vendor's account id as its paths want
    it without prefix (Meta: without `act_`), or the shop's host (`demo.myshopify.com`). `timezone`
    is the account's or store's IANA name, None until the vendor was asked. `settings` holds what is
    neither secret nor common: `base_url` (the API's address, where it is not the vendor's own),
    `api_version`, ...
    """

    connection_id: int
    workspace_id: int
    vendor: str
    external_id: str
    name: str
    currency: str | None
    timezone: str | None
    settings: Mapping[str, str]


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """A connection's secrets, decrypted; never logged, never in an error, never in XCom.

    `expires_at` None: the vendor names no end. `extra` holds the rest: client_id, client_secret,
    Zid's second token (`manager_token`), ... A refresher returns a whole new value: it keeps
    what the vendor's answer leaves out (Snapchat may not repeat the refresh token).
    """

    access_token: str
    refresh_token: str | None = None
    expires_at: datetime | None = None
    extra: Mapping[str, str] = {}

    def __repr__(self) -> str:
        return f"Credentials(expires_at={self.expires_at!r})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("expires_at", self.expires_at)]


def token_end(*, life: float | None = None, at: float | None = None) -> datetime | None:
    """Return when a token ends that lasts `life` seconds from now, or until the Unix second `at`.

    None where the vendor names neither, or what no calendar has: what the old token was given up
    for is not lost by its date, and one that has ended is told by the vendor.
    """
    try:
        if at is not None:
            return datetime.fromtimestamp(at, UTC)
        return None if life is None else datetime.now(UTC) + timedelta(seconds=life)
    except (ValueError, OverflowError, OSError):
        return None


class AccountRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An ad account or store as its vendor describes it; asked when it is linked or verified.

    `notes` tell a person what the login will not see, although it works.
    """

    external_id: str
    name: str
    currency: str
    timezone: str
    notes: tuple[str, ...] = ()


class CampaignStatus(StrEnum):
    """Whether a campaign may deliver now; `raw_status` keeps the vendor's own word."""

    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"
    REMOVED = "removed"
    UNKNOWN = "unknown"


class CampaignRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign; archived and deleted ones too, where the vendor lists them.

    `ends_at` None: no end is planned, or it is not told.
    """

    external_id: str
    name: str
    status: CampaignStatus
    raw_status: str
    objective: str | None = None
    created_at: datetime | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class CampaignDay(msgspec.Struct, frozen=True, kw_only=True):
    """What a platform claims for one campaign on one day of the *ad account's* timezone.

    A campaign-day that a complete pull does not contain had no delivery; it gets no record. The
    ratios ctr, cpc, cpm and roas are computed by us and are not here.
    """

    campaign_id: str
    # As of the pull: an insights row may name a campaign that no list contains any more.
    campaign_name: str | None
    day: date
    currency: str
    # Money of the account's currency, major units.
    spend: Decimal | None
    impressions: int | None
    # Meta: all clicks; TikTok: clicks (destination); Snapchat: swipes.
    clicks: int | None
    # People, not addable over days or campaigns.
    reach: int | None = None
    # Average impressions a person saw, as the vendor says it.
    frequency: Decimal | None = None
    # Purchases that the platform claims; may be fractional. `conversion_type` is the vendor's name
    # of the one event type that both count and value were read from.
    conversions: Decimal | None = None
    conversion_value: Decimal | None = None
    conversion_type: str | None = None
    video_plays: int | None = None
    video_views_2s: int | None = None
    video_views_6s: int | None = None
    video_quartile_1: int | None = None
    video_quartile_2: int | None = None
    video_quartile_3: int | None = None
    video_completions: int | None = None
    # What counts as caused by the ad: `7d_click_1d_view`, in the same words for all platforms.
    attribution_window: str
    # The vendor may still restate the day.
    provisional: bool


class AccountDay(msgspec.Struct, frozen=True, kw_only=True):
    """What an ad account spent on one of its days, in all: checked against its campaigns' sum."""

    day: date
    currency: str
    spend: Decimal | None


class OrderState(StrEnum):
    """What an order is worth counting as.

    PENDING (checkout or payment not finished) is no revenue and is not attributed. PLACED is an
    order; CONFIRMED one that is paid or delivered. CANCELLED orders count as orders with net 0.
    """

    PENDING = "pending"
    PLACED = "placed"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


class NotAttributable(StrEnum):
    """Why an order never came from a click: it stays outside the match rate's denominator."""

    ADMIN = "admin"
    POS = "pos"
    DRAFT = "draft"
    API = "api"
    MARKETPLACE = "marketplace"
    RENEWAL = "renewal"
    IMPORT = "import"


class TouchRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One visit that a shop remembers of the buyer, raw: normalising is done in one place for all.

    `touch_key` tells the touches of an order apart and does not change between pulls (the vendor's
    visit id, else `first`, `last`, `session`). `parameters` are UTM values and click ids which the
    shop delivers apart from the URL, decoded, by their usual names (`utm_source`, `utm_medium`,
    `utm_campaign`, `utm_content`, `utm_term`, `utm_id`, `fbclid`, `ttclid`, `ScCid`, `gclid`, ...).
    """

    touch_key: str
    occurred_at: datetime
    landing_url: str | None = None
    referrer: str | None = None
    parameters: Mapping[str, str] = {}


class RefundRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Money given back, positive, in the order's currency; returned goods alone are no refund."""

    refund_id: str
    amount: Decimal
    refunded_at: datetime


class OrderRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it stands now: the newest version replaces the one before, touches included.

    `gross` is what the order costs after edits, tax and shipping included, before refunds and
    cancellation, in the *store's* currency (Shopify: shopMoney). `refunded` is the vendor's total,
    None where it tells none; then the sum of `refunds` counts. Both may exceed `gross`.
    `updated_at` None: the vendor has no such time (Salla's list); then a changed record is a newer
    one. `exchange_rate` is the order's own: 1 `currency` = so many `exchange_currency`.
    `touches_ready` False: the shop still works on them (Shopify): `iter_orders_by_id` asks again.
    `visitor_id` and `own_click_ids` come from our snippet through order attributes, where a shop
    has those. `customer_key` tells customers apart without saying who they are (a hash).
    """

    external_id: str
    # What the buyer sees, for people to find the order by; need not be unique.
    number: str | None
    created_at: datetime
    updated_at: datetime | None
    currency: str
    gross: Decimal
    refunded: Decimal | None
    refunds: tuple[RefundRecord, ...] = ()
    state: OrderState
    raw_status: str
    cancelled_at: datetime | None = None
    test: bool = False
    not_attributable: NotAttributable | None = None
    # The shop's own word for where the order was made: `web`, `catalog`, `dashboard`.
    source: str | None = None
    exchange_rate: Decimal | None = None
    exchange_currency: str | None = None
    coupons: tuple[str, ...] = ()
    customer_key: str | None = None
    visitor_id: str | None = None
    own_click_ids: tuple[str, ...] = ()
    touches: tuple[TouchRecord, ...] = ()
    touches_ready: bool = True
    # Vendor quirks found while reading, for the checks: `ambiguous_local_time`, `zone_mixup`, ...
    flags: tuple[str, ...] = ()


class ClickRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One line of our click log: somebody landed on a storefront, or passed our redirect.

    `click_id` is ours, unique within the workspace: the same line twice is one click. `platform`
    and `campaign_id` (the vendor's id) are set where the redirect knew them at click time.
    """

    click_id: str
    workspace_id: int
    occurred_at: datetime
    visitor_id: str
    landing_url: str | None = None
    referrer: str | None = None
    platform: str | None = None
    campaign_id: str | None = None


class OrderLinkRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One line of our click log: this visitor's order. The only bridge for Salla and Zid.

    `store` is the connection's `external_id`; `order_id` the vendor's order id.
    """

    workspace_id: int
    store: str
    order_id: str
    visitor_id: str
    occurred_at: datetime


class FxRateRecord(msgspec.Struct, frozen=True, kw_only=True):
    """On that day 1 `base_currency` cost `rate` `quote_currency`, says `source`."""

    day: date
    base_currency: str
    quote_currency: str
    rate: Decimal
    # `ecb`, `peg`, `manual` or `order`.
    source: str
