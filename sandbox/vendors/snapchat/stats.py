"""Statistics of one entity: a series of days, in micro-currency, nested as deep as it is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.vendors.ad_world.delivery import Delivery, day_bounds, each_day
from sandbox.vendors.ad_world.places import Account, Campaign
from sandbox.vendors.ad_world.world import World
from sandbox.vendors.snapchat import errors
from sandbox.vendors.snapchat.errors import RefusedError, bad_parameter

Item = dict[str, Any]

_LONGEST = timedelta(days=31)
_FINAL_AFTER = timedelta(hours=48)
_MICRO_DIGITS = 6
_WINDOWS = ("1_DAY", "7_DAY", "28_DAY")
_VIEWS = ("none", "1_HOUR", "3_HOUR", "6_HOUR", "1_DAY", "7_DAY", "28_DAY")
_PLAIN = (
    "impressions", "swipes", "spend", "conversion_purchases", "conversion_purchases_value",
    "video_views", "quartile_1", "quartile_2", "quartile_3", "view_completion",
    "swipe_up_percent", "uniques",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Query:
    """A checked request; `sources` are the suffixes that purchases are split by as well."""

    account: Account
    campaign: Campaign | None
    breakdown: bool
    first: date
    last: date
    fields: tuple[str, ...]
    swipe_window: str
    view_window: str
    omit_empty: bool
    sources: tuple[str, ...]


def parse(account: Account, campaign: Campaign | None, given: Mapping[str, str]) -> Query:
    """Return the request, or refuse it in the vendor's words."""
    if given.get("async") == "true":
        raise RefusedError(errors.NO_ASYNC)
    if given.get("granularity") != "DAY":
        raise RefusedError(bad_parameter("granularity"))
    first, last = _span(account, given)
    fields = tuple(given.get("fields", "impressions").split(","))
    if not set(fields) <= set(_PLAIN):
        raise RefusedError(bad_parameter("fields"))
    breakdown = given.get("breakdown", "")
    if breakdown not in {"", "campaign"} or (breakdown and campaign):
        raise RefusedError(bad_parameter("breakdown"))
    if campaign is None and not breakdown and set(fields) != {"spend"}:
        raise RefusedError(errors.ONLY_SPEND)
    swipe = given.get("swipe_up_attribution_window", "28_DAY")
    view = given.get("view_attribution_window", "1_DAY")
    if swipe not in _WINDOWS or view not in _VIEWS:
        raise RefusedError(bad_parameter("attribution_window"))
    sources = given.get("conversion_source_types", "total").split(",")
    return Query(
        account=account,
        campaign=campaign,
        breakdown=bool(breakdown),
        first=first,
        last=last,
        fields=fields,
        swipe_window=swipe,
        view_window=view,
        omit_empty=given.get("omit_empty", "true") == "true",
        sources=tuple(source for source in sources if source != "total"),
    )


def stat(world: World, query: Query, rows: Sequence[tuple[Campaign | None, Item]]) -> Item:
    """Return the statistic of an entity with the given rows of its series."""
    start, end = _text(query.first, query), _text(query.last + timedelta(days=1), query)
    midnight = datetime.combine(world.local_today(query.account.timezone), datetime.min.time())
    final = midnight.replace(tzinfo=ZoneInfo(query.account.timezone)) - _FINAL_AFTER
    head: Item = {
        "id": query.campaign.campaign_id if query.campaign else query.account.account_id,
        "type": "CAMPAIGN" if query.campaign else "AD_ACCOUNT",
        "granularity": "DAY",
        "start_time": start,
        "end_time": end,
        "finalized_data_end_time": final.isoformat(timespec="milliseconds"),
        "conversion_data_processed_end_time": f"{world.now.astimezone(UTC):%Y-%m-%dT%H:00:00.000Z}",
        "swipe_up_attribution_window": query.swipe_window,
        "view_attribution_window": query.view_window,
    }
    if not query.breakdown:
        return {**head, "timeseries": [point for _, point in rows]}
    series: dict[str, list[Item]] = {}
    for campaign, point in rows:
        if campaign is not None:
            series.setdefault(campaign.campaign_id, []).append(point)
    listed = [
        {"id": campaign_id, "type": "CAMPAIGN", "granularity": "DAY", "start_time": start,
         "end_time": end, "timeseries": points}
        for campaign_id, points in series.items()
    ]  # fmt: skip
    return {**head, "breakdown_stats": {"campaign": listed}}


def points(world: World, query: Query) -> list[tuple[Campaign | None, Item]]:
    """Return the points of the series, campaign by campaign; deleted campaigns are among them."""
    if not query.breakdown and query.campaign is None:
        return [(None, point) for point in _account_points(world, query)]
    campaigns = [query.campaign] if query.campaign else query.account.campaigns
    return [
        (campaign, _point(day, query, _figures(campaign, delivery, query)))
        for campaign in campaigns
        for day in each_day(query.first, query.last)
        for delivery in [world.delivery(campaign, day)]
        if delivery or not query.omit_empty
    ]


def _account_points(world: World, query: Query) -> Iterator[Item]:
    for day in each_day(query.first, query.last):
        seen = [world.delivery(campaign, day) for campaign in query.account.campaigns]
        spend = sum(delivery.spend for delivery in seen if delivery)
        if spend or not query.omit_empty:
            yield _point(day, query, {"spend": _micro(spend, query.account)})


def _point(day: date, query: Query, figures: Item) -> Item:
    next_day = day + timedelta(days=1)
    times = {"start_time": _text(day, query), "end_time": _text(next_day, query)}
    return {**times, "stats": figures}


def _figures(campaign: Campaign, delivery: Delivery | None, query: Query) -> Item:
    nothing: Item = dict.fromkeys(_PLAIN, 0)
    known = _known(campaign, delivery) if delivery else nothing
    if not campaign.tracks_purchases:
        known = {name: value for name, value in known.items() if "purchases" not in name}
    chosen = {name: known[name] for name in query.fields if name in known}
    for name in ("conversion_purchases", "conversion_purchases_value"):
        for place, source in enumerate(query.sources):
            if name in chosen:
                # The plain figure is the total: these are parts of it.
                chosen[f"{name}_{source}"] = chosen[name] if place == 0 else 0
    return chosen


def _known(campaign: Campaign, delivery: Delivery) -> Item:
    account = campaign.account
    plays, _, _, *quartiles, done = delivery.video
    return {
        "impressions": delivery.impressions,
        "swipes": delivery.clicks,
        "spend": _micro(delivery.spend, account),
        "conversion_purchases": delivery.claimed,
        "conversion_purchases_value": _micro(delivery.claimed_value, account)
        if campaign.sends_values
        else 0,
        "video_views": plays,
        **{f"quartile_{number + 1}": part for number, part in enumerate(quartiles)},
        "view_completion": done,
        "swipe_up_percent": delivery.clicks / delivery.impressions if delivery.impressions else 0,
        "uniques": delivery.reach,
    }


def _micro(minor: int, account: Account) -> int:
    return minor * 10 ** (_MICRO_DIGITS - account.minor_digits)


def _text(day: date, query: Query) -> str:
    """Return the account's midnight; some accounts are told offsets without a colon."""
    text = day_bounds(day, query.account.timezone)[0].isoformat(timespec="milliseconds")
    return text if query.account.index % 2 else text[:-3] + text[-2:]


def _span(account: Account, given: Mapping[str, str]) -> tuple[date, date]:
    """Return the first and the last day; the end of a request is exclusive."""
    zone = ZoneInfo(account.timezone)
    bounds = [_instant(given.get(name, ""), zone) for name in ("start_time", "end_time")]
    for bound in bounds:
        if (bound.minute, bound.second, bound.microsecond) != (0, 0, 0):
            raise RefusedError(errors.NOT_AN_HOUR)
    if bounds[1] <= bounds[0]:
        raise RefusedError(errors.EMPTY_SPAN)
    local = [bound.astimezone(zone) for bound in bounds]
    if any(bound.hour for bound in local):
        raise RefusedError(errors.NOT_MIDNIGHT)
    if bounds[1].astimezone(UTC) - bounds[0].astimezone(UTC) > _LONGEST:
        raise RefusedError(errors.TOO_LONG)
    return local[0].date(), local[1].date() - timedelta(days=1)


def _instant(text: str, zone: ZoneInfo) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise RefusedError(bad_parameter("start_time or end_time")) from error
    return instant if instant.tzinfo else instant.replace(tzinfo=zone)
