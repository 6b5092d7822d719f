"""What Meta's rows mean: lists of actions, of which exactly one type counts as the purchase."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from vendor_sync.ad_analytics.platforms.reading import Cell, number, whole
from vendor_sync.ad_analytics.records import (
    AccountDay,
    CampaignDay,
    CampaignRecord,
    CampaignStatus,
)
from vendor_sync.errors import InvalidRecordError

# One sale stands under up to eight names; the first of these that is there counts, alone. Count and
# value are read from the same one.
PURCHASE_TYPES = ("omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase")
INSIGHT_FIELDS = (
    "campaign_id,campaign_name,account_currency,spend,impressions,clicks,reach,frequency,"
    "actions,action_values"
)
ACCOUNT_FIELDS = "account_currency,spend"
CAMPAIGN_FIELDS = "id,name,objective,status,effective_status,created_time,start_time"
DAYS, CAMPAIGNS, ACCOUNT_DAYS = "campaign_days", "campaigns", "account_days"

_STATUSES = {
    "ACTIVE": CampaignStatus.ACTIVE,
    "IN_PROCESS": CampaignStatus.ACTIVE,
    "WITH_ISSUES": CampaignStatus.ACTIVE,
    "PAUSED": CampaignStatus.PAUSED,
    "ARCHIVED": CampaignStatus.ENDED,
    "DELETED": CampaignStatus.REMOVED,
}


class Action(msgspec.Struct):
    """`value` is the setting's total; the window keys beside it nest and are not added to it."""

    action_type: str
    value: Cell = None


class InsightItem(msgspec.Struct):
    """A row of insights per campaign and day; every number is text."""

    campaign_id: str
    account_currency: str
    date_start: date
    date_stop: date
    campaign_name: str | None = None
    spend: Cell = None
    impressions: Cell = None
    clicks: Cell = None
    reach: Cell = None
    frequency: Cell = None
    actions: list[Action] | None = None
    action_values: list[Action] | None = None


class AccountDayItem(msgspec.Struct):
    """A row of insights per day of the whole account."""

    account_currency: str
    date_start: date
    date_stop: date
    spend: Cell = None


class CampaignItem(msgspec.Struct):
    """A campaign of the list; its budgets are minor units, and not read."""

    id: str
    name: str
    status: str = ""
    effective_status: str = ""
    objective: str | None = None
    created_time: str | None = None
    start_time: str | None = None


def day_from_insight(item: InsightItem, *, window: str, provisional: bool) -> CampaignDay:
    """Return what the row claims; raise InvalidRecordError naming the field that is wrong."""
    try:
        chosen, conversions, value = purchases(item.actions or [], item.action_values or [])
        _require_one_day(item.date_start, item.date_stop)
        return CampaignDay(
            campaign_id=item.campaign_id,
            campaign_name=item.campaign_name,
            day=item.date_start,
            currency=item.account_currency,
            spend=number(item.spend, DAYS, "spend"),
            impressions=whole(item.impressions, DAYS, "impressions"),
            clicks=whole(item.clicks, DAYS, "clicks"),
            reach=whole(item.reach, DAYS, "reach"),
            frequency=number(item.frequency, DAYS, "frequency"),
            conversions=number(conversions, DAYS, "actions"),
            conversion_value=number(value, DAYS, "action_values"),
            conversion_type=chosen,
            attribution_window=window,
            provisional=provisional,
        )
    except InvalidRecordError as error:
        where = f"{item.campaign_id} {item.date_start}"
        raise InvalidRecordError(DAYS, where, error.reason) from None


def purchases(actions: list[Action], values: list[Action]) -> tuple[str | None, Cell, Cell]:
    """Return (type, count, value) of the one purchase type that counts; absent is None, not 0."""
    for listed in (actions, values):
        kinds = {action.action_type for action in listed}
        chosen = next((kind for kind in PURCHASE_TYPES if kind in kinds), None)
        if chosen:
            return chosen, _only(actions, chosen), _only(values, chosen)
    return None, None, None


def _only(listed: list[Action], kind: str) -> Cell:
    found = [action.value for action in listed if action.action_type == kind]
    if len(found) > 1:
        raise InvalidRecordError(DAYS, None, f"{kind} stands {len(found)} times in one list")
    return found[0] if found else None


def account_day_from_insight(item: AccountDayItem) -> AccountDay:
    """Return the account's own total of a day."""
    _require_one_day(item.date_start, item.date_stop)
    spend = number(item.spend, ACCOUNT_DAYS, "spend")
    return AccountDay(day=item.date_start, currency=item.account_currency, spend=spend)


def campaign_from_item(item: CampaignItem) -> CampaignRecord:
    """Return a campaign; a status that nobody has told us of is `unknown`."""
    word = item.effective_status or item.status
    return CampaignRecord(
        external_id=item.id,
        name=item.name,
        status=_STATUSES.get(word, CampaignStatus.UNKNOWN),
        raw_status=word,
        objective=item.objective,
        created_at=_instant(item.created_time, item.id),
        starts_at=_instant(item.start_time, item.id),
    )


def _require_one_day(first: date, last: date) -> None:
    if first != last:
        raise InvalidRecordError(DAYS, None, f"the row spans {first} to {last}, not one day")


def _instant(text: str | None, campaign: str) -> datetime | None:
    """Parse `2024-03-12T15:02:47-0700`: the offset has no colon."""
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise InvalidRecordError(CAMPAIGNS, campaign, f"{text!r} is no time")
    return instant
