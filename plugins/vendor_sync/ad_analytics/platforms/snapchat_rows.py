"""What Snapchat's points mean: micro-currency, swipes, and a zero that says "not sent"."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

import msgspec

from vendor_sync.ad_analytics.platforms.reading import Cell, number, whole
from vendor_sync.ad_analytics.records import (
    AccountDay,
    CampaignDay,
    CampaignRecord,
    CampaignStatus,
)
from vendor_sync.errors import InvalidRecordError

DAYS, CAMPAIGNS, ACCOUNT_DAYS = "campaign_days", "campaigns", "account_days"
PURCHASES = "conversion_purchases"
FIELDS = (
    "impressions", "swipes", "spend", PURCHASES, "conversion_purchases_value",
    "video_views", "quartile_1", "quartile_2", "quartile_3", "view_completion",
)  # fmt: skip
_MICRO = Decimal(1_000_000)
_WINDOW = re.compile(r"(\d+)_(DAY|HOUR)")
_STATUSES = {
    "ACTIVE": CampaignStatus.ACTIVE,
    "PAUSED": CampaignStatus.PAUSED,
    "ARCHIVED": CampaignStatus.ENDED,
    "DELETED": CampaignStatus.REMOVED,
}


class Stats(msgspec.Struct, kw_only=True):
    """The figures of a day; `conversion_purchases` is the total of its sources."""

    impressions: Cell = None
    swipes: Cell = None
    spend: Cell = None
    conversion_purchases: Cell = None
    conversion_purchases_value: Cell = None
    video_views: Cell = None
    quartile_1: Cell = None
    quartile_2: Cell = None
    quartile_3: Cell = None
    view_completion: Cell = None

    @property
    def empty(self) -> bool:
        """Tell whether nothing was delivered: the vendor fills days without delivery with zeros."""
        return not any(cell and cell != "0" for cell in msgspec.structs.astuple(self))


class Point(msgspec.Struct):
    """A day of a series, from the account's midnight to the next one."""

    start_time: str
    end_time: str
    stats: Stats


class CampaignItem(msgspec.Struct):
    """A campaign of the list; its budgets are micro-currency, and not read."""

    id: str
    name: str
    status: str = ""
    objective: str | None = None
    created_at: str | None = None
    start_time: str | None = None
    end_time: str | None = None


def day_from_point(
    point: Point, *, campaign_id: str, currency: str, window: str, provisional: bool
) -> CampaignDay:
    """Return what a campaign's day claims; raise InvalidRecordError naming the wrong field."""
    stats = point.stats
    try:
        purchases = number(stats.conversion_purchases, DAYS, PURCHASES)
        value = _money(stats.conversion_purchases_value, "conversion_purchases_value")
        return CampaignDay(
            campaign_id=campaign_id,
            campaign_name=None,
            day=local_day(point.start_time),
            currency=currency,
            spend=_money(stats.spend, "spend"),
            impressions=whole(stats.impressions, DAYS, "impressions"),
            clicks=whole(stats.swipes, DAYS, "swipes"),
            conversions=purchases,
            # An advertiser that sends no value has 0 beside its purchases: unknown revenue.
            conversion_value=None if purchases and not value else value,
            conversion_type=None if purchases is None else PURCHASES,
            video_plays=whole(stats.video_views, DAYS, "video_views"),
            video_quartile_1=whole(stats.quartile_1, DAYS, "quartile_1"),
            video_quartile_2=whole(stats.quartile_2, DAYS, "quartile_2"),
            video_quartile_3=whole(stats.quartile_3, DAYS, "quartile_3"),
            video_completions=whole(stats.view_completion, DAYS, "view_completion"),
            attribution_window=window,
            provisional=provisional,
        )
    except InvalidRecordError as error:
        where = f"{campaign_id} {point.start_time[:10]}"
        raise InvalidRecordError(DAYS, where, error.reason) from None


def account_day_from_point(point: Point, currency: str) -> AccountDay:
    """Return the account's own total of a day."""
    spend = _money(point.stats.spend, "spend")
    return AccountDay(day=local_day(point.start_time), currency=currency, spend=spend)


def local_day(text: str) -> date:
    """Return the account's day: the date as it is written, before any conversion to UTC."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise InvalidRecordError(DAYS, None, f"start_time {text!r} is no time") from None


def instant(text: str) -> datetime:
    """Return a time with its offset, which is written `-07:00`, `-0700` or `Z`."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRecordError(DAYS, None, f"{text!r} is no time") from None
    if parsed.tzinfo is None:
        raise InvalidRecordError(DAYS, None, f"{text!r} has no offset")
    return parsed


def window_words(swipe: str, view: str) -> str:
    """Return `7d_click_1d_view` for the windows that the answer says it applied."""
    parts = [_window(swipe, "click"), _window(view, "view")]
    return "_".join(part for part in parts if part)


def _window(text: str, kind: str) -> str:
    match = _WINDOW.fullmatch(text)
    if match is None:
        return "" if text.lower() == "none" else f"{text.lower()}_{kind}"
    return f"{match[1]}{'d' if match[2] == 'DAY' else 'h'}_{kind}"


def campaign_from_item(item: CampaignItem) -> CampaignRecord:
    """Return a campaign; a status that nobody has told us of is `unknown`."""
    return CampaignRecord(
        external_id=item.id,
        name=item.name,
        status=_STATUSES.get(item.status, CampaignStatus.UNKNOWN),
        raw_status=item.status,
        objective=item.objective,
        created_at=instant(item.created_at) if item.created_at else None,
        starts_at=instant(item.start_time) if item.start_time else None,
        ends_at=instant(item.end_time) if item.end_time else None,
    )


def _money(micro: Cell, field: str) -> Decimal | None:
    """Return major units of micro-currency, which is micro for every currency."""
    value = number(micro, DAYS, field)
    return None if value is None else value / _MICRO
