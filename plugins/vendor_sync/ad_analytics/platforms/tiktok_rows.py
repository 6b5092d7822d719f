"""What TikTok's rows mean: three legs of purchases to be added, and a dash for "not available"."""

from __future__ import annotations

from collections.abc import Iterable
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

# Web, app and shop: (count, value). Each advertiser has some of them, the others are 0 or a dash.
# The web leg's value is called a rate and is money.
LEGS = (
    ("complete_payment", "total_complete_payment_rate"),
    ("total_purchase", "total_purchase_value"),
    ("onsite_shopping", "total_onsite_shopping_value"),
)


class Dimensions(msgspec.Struct):
    """What a row is about; ids come as text and as numbers, days without a zone."""

    stat_time_day: str
    campaign_id: str | int | None = None
    advertiser_id: str | int | None = None


class Metrics(msgspec.Struct, kw_only=True):
    """The metrics that are asked for; a file's cells are put into it too."""

    campaign_name: Cell = None
    spend: Cell = None
    impressions: Cell = None
    clicks: Cell = None
    reach: Cell = None
    frequency: Cell = None
    complete_payment: Cell = None
    total_complete_payment_rate: Cell = None
    total_purchase: Cell = None
    total_purchase_value: Cell = None
    onsite_shopping: Cell = None
    total_onsite_shopping_value: Cell = None
    video_play_actions: Cell = None
    video_watched_2s: Cell = None
    video_watched_6s: Cell = None


METRICS = Metrics.__struct_fields__


class ReportItem(msgspec.Struct):
    """A row of the integrated report."""

    dimensions: Dimensions
    metrics: Metrics


class CampaignItem(msgspec.Struct):
    """A campaign of the list."""

    campaign_id: str | int
    campaign_name: str
    operation_status: str = ""
    secondary_status: str = ""
    objective_type: str | None = None
    create_time: str | None = None


def day_from_metrics(  # noqa: PLR0913 - what a row cannot say itself, all keyword
    metrics: Metrics,
    *,
    campaign_id: str,
    day: date,
    currency: str,
    window: str,
    provisional: bool,
) -> CampaignDay:
    """Return what a row claims; raise InvalidRecordError naming the metric that is wrong."""
    name = metrics.campaign_name
    try:
        counts = {leg: number(getattr(metrics, leg), DAYS, leg) for leg, _ in LEGS}
        values = [number(getattr(metrics, leg), DAYS, leg) for _, leg in LEGS]
        known = [leg for leg, told in counts.items() if told is not None]
        return CampaignDay(
            campaign_id=campaign_id,
            campaign_name=None if name is None else str(name),
            day=day,
            currency=currency,
            spend=number(metrics.spend, DAYS, "spend"),
            impressions=whole(metrics.impressions, DAYS, "impressions"),
            clicks=whole(metrics.clicks, DAYS, "clicks"),
            reach=whole(metrics.reach, DAYS, "reach"),
            frequency=number(metrics.frequency, DAYS, "frequency"),
            conversions=_sum(counts.values()),
            conversion_value=_sum(values),
            conversion_type="+".join(known) or None,
            video_plays=whole(metrics.video_play_actions, DAYS, "video_play_actions"),
            video_views_2s=whole(metrics.video_watched_2s, DAYS, "video_watched_2s"),
            video_views_6s=whole(metrics.video_watched_6s, DAYS, "video_watched_6s"),
            attribution_window=window,
            provisional=provisional,
        )
    except InvalidRecordError as error:
        raise InvalidRecordError(DAYS, f"{campaign_id} {day}", error.reason) from None


def account_day_from_item(item: ReportItem, currency: str) -> AccountDay:
    """Return the advertiser's own total of a day."""
    spend = number(item.metrics.spend, ACCOUNT_DAYS, "spend")
    return AccountDay(day=local_day(item.dimensions.stat_time_day), currency=currency, spend=spend)


def local_day(text: str) -> date:
    """Return the account's day of `2026-03-01 00:00:00`: it has no zone and must not get one."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise InvalidRecordError(DAYS, None, f"stat_time_day {text!r} is no day") from None


def campaign_from_item(item: CampaignItem) -> CampaignRecord:
    """Return a campaign; its times are UTC although they do not say so."""
    campaign_id = str(item.campaign_id)
    created = item.create_time
    try:
        at = datetime.fromisoformat(f"{created}+00:00") if created else None
    except ValueError:
        reason = f"create_time {created!r} is no time"
        raise InvalidRecordError(CAMPAIGNS, campaign_id, reason) from None
    return CampaignRecord(
        external_id=campaign_id,
        name=item.campaign_name,
        status=_status(item),
        raw_status=item.secondary_status or item.operation_status,
        objective=item.objective_type,
        created_at=at,
    )


def _status(item: CampaignItem) -> CampaignStatus:
    known = {
        "DELETE": CampaignStatus.REMOVED,
        "TIME_DONE": CampaignStatus.ENDED,
        "DISABLE": CampaignStatus.PAUSED,
        "ENABLE": CampaignStatus.ACTIVE,
    }
    word = item.secondary_status.removeprefix("CAMPAIGN_STATUS_")
    return known.get(word) or known.get(item.operation_status) or CampaignStatus.UNKNOWN


def _sum(parts: Iterable[Decimal | None]) -> Decimal | None:
    """Add what is known; nothing known is unknown, not 0."""
    told = [part for part in parts if part is not None]
    return sum(told, Decimal(0)) if told else None
