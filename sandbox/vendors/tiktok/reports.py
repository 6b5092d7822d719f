"""Rows of the integrated report: text and numbers side by side, and a dash for "not available"."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sandbox.vendors.ad_world.delivery import Delivery, each_day
from sandbox.vendors.ad_world.places import Account, Campaign
from sandbox.vendors.ad_world.truth import money, round_ratio
from sandbox.vendors.ad_world.world import World
from sandbox.vendors.seeding import key
from sandbox.vendors.tiktok.errors import TOO_MANY_IDS, RefusedError, bad_parameter

Row = dict[str, Any]

MOST_DAYS = 30
_MOST_IDS = 100
_DASH = "-"
_LEVELS = {"AUCTION_CAMPAIGN": "campaign_id", "AUCTION_ADVERTISER": "advertiser_id"}
_LEG_METRICS = {
    "web": ("complete_payment", "total_complete_payment_rate"),
    "app": ("total_purchase", "total_purchase_value"),
    "shop": ("onsite_shopping", "total_onsite_shopping_value"),
}


@dataclass(frozen=True, slots=True)
class Query:
    """A checked report; `rounded` is how a call for several advertisers spoils their spend."""

    accounts: tuple[Account, ...]
    level: str
    since: date
    until: date
    metrics: tuple[str, ...]
    campaign_ids: frozenset[str] | None
    deleted_too: bool
    rounded: bool

    @property
    def size(self) -> int:
        campaigns = sum(len(account.campaigns) for account in self.accounts)
        chosen = campaigns if self.campaign_ids is None else len(self.campaign_ids)
        return chosen * ((self.until - self.since).days + 1)


def parse(
    accounts: tuple[Account, ...], given: Mapping[str, Any], *, rounded: bool, task: bool
) -> Query:
    """Return the report that is asked for, or refuse it with the vendor's code."""
    level = given.get("data_level", "")
    if given.get("report_type") != "BASIC" or level not in _LEVELS:
        raise RefusedError(bad_parameter("report_type is BASIC here, data_level AUCTION_*"))
    if _listed(given, "dimensions", []) != [_LEVELS[level], "stat_time_day"]:
        raise RefusedError(bad_parameter("dimensions: one id and stat_time_day here"))
    metrics = tuple(_listed(given, "metrics", ["spend", "impressions"]))
    wrong = [name for name in metrics if name not in METRICS]
    if wrong:
        raise RefusedError(bad_parameter(f"Invalid metric fields: {wrong}"))
    try:
        since, until = (date.fromisoformat(given[n]) for n in ("start_date", "end_date"))
    except (KeyError, TypeError, ValueError) as error:
        raise RefusedError(bad_parameter("start_date and end_date are dates")) from error
    if until < since or (not task and (until - since).days >= MOST_DAYS):
        raise RefusedError(bad_parameter("The time span of stat_time_day is 1 to 30 days"))
    ids, deleted_too = _filters(_listed(given, "filtering", []))
    # Totals of an account and tasks know no deleted campaigns: everything is in them.
    deleted_too = deleted_too or task or level == "AUCTION_ADVERTISER"
    return Query(accounts, level, since, until, metrics, ids, deleted_too, rounded)


def rows(world: World, query: Query) -> list[Row]:
    """Return the rows in an order that depends on nothing but the seed."""
    made = [row for account in query.accounts for row in _rows_of(world, account, query)]
    return sorted(made, key=lambda row: key(*row["dimensions"].values()))


def _rows_of(world: World, account: Account, query: Query) -> Iterator[Row]:
    for day in each_day(query.since, query.until):
        seen = [
            (campaign, delivery)
            for campaign in account.campaigns
            if (query.campaign_ids is None or campaign.campaign_id in query.campaign_ids)
            and (query.deleted_too or campaign.status != "archived")
            and (delivery := world.delivery(campaign, day))
        ]
        if query.level == "AUCTION_ADVERTISER":
            if seen:
                yield _account_row(account, day, [delivery for _, delivery in seen], query)
            continue
        for campaign, delivery in seen:
            yield _row(world, campaign, day, delivery, query)


def _row(world: World, campaign: Campaign, day: date, delivery: Delivery, query: Query) -> Row:
    metrics = {name: METRICS[name](campaign, delivery) for name in query.metrics}
    if "campaign_name" in metrics:
        metrics["campaign_name"] = campaign.name_on(world.local_today(campaign.account.timezone))
    if query.rounded and "spend" in metrics:
        metrics["spend"] = metrics["spend"].partition(".")[0]
    # Captures show the id as a number as well as text.
    shown = int(campaign.campaign_id) if campaign.account.index % 2 else campaign.campaign_id
    return {"dimensions": {"campaign_id": shown, "stat_time_day": f"{day} 00:00:00"},
            "metrics": metrics}  # fmt: skip


def _account_row(account: Account, day: date, seen: Sequence[Delivery], query: Query) -> Row:
    figures = {
        "spend": str(money(sum(delivery.spend for delivery in seen), account.currency)),
        "impressions": str(sum(delivery.impressions for delivery in seen)),
        "clicks": str(sum(delivery.clicks for delivery in seen)),
    }
    return {
        "dimensions": {"advertiser_id": account.account_id, "stat_time_day": f"{day} 00:00:00"},
        "metrics": {name: figures.get(name, _DASH) for name in query.metrics},
    }


def _leg(campaign: Campaign, delivery: Delivery, leg: str) -> tuple[str, str]:
    """Return what a leg (web, app, shop) says: a dash, a silent zero, or its sales."""
    legs = campaign.leg.split("+")
    if not campaign.tracks_purchases:
        return _DASH, _DASH
    if leg not in legs:
        return (_DASH, _DASH) if campaign.index % 2 else ("0", "0.00")
    count, value = delivery.claimed, delivery.claimed_value
    if len(legs) > 1:
        first = leg == legs[0]
        count = count // 2 if first else count - count // 2
        value = value // 2 if first else value - value // 2
    return str(count), str(money(value, campaign.account.currency))


def _leg_count(leg: str) -> Callable[[Campaign, Delivery], Any]:
    return lambda campaign, delivery: _leg(campaign, delivery, leg)[0]


def _leg_value(leg: str) -> Callable[[Campaign, Delivery], Any]:
    return lambda campaign, delivery: _leg(campaign, delivery, leg)[1]


def _ratio(above: int, below: int) -> str:
    return str(round_ratio(above, below)) if below else "0.00"


def _cost_per_conversion(campaign: Campaign, delivery: Delivery) -> str:
    goals = _goals(delivery)
    digits = 10**campaign.account.minor_digits
    return str(round_ratio(delivery.spend, goals * digits)) if goals else "0.00"


def _goals(delivery: Delivery) -> int:
    """Return what this vendor calls conversions: the ad group's goal, not the sales."""
    return delivery.clicks // 4 + delivery.claimed


METRICS: Mapping[str, Callable[[Campaign, Delivery], Any]] = {
    "spend": lambda c, d: str(money(d.spend, c.account.currency)),
    "impressions": lambda _, d: str(d.impressions),
    "clicks": lambda _, d: str(d.clicks),
    "reach": lambda _, d: str(d.reach),
    "frequency": lambda _, d: _ratio(d.impressions, d.reach) if d.reach else _DASH,
    "campaign_name": lambda c, _: c.names[0][1],
    "ctr": lambda _, d: _ratio(100 * d.clicks, d.impressions),
    "conversion": lambda _, d: str(_goals(d)),
    "cost_per_conversion": _cost_per_conversion,
    # A percentage, whatever its name says; the next one is money.
    "complete_payment_rate": lambda _, d: _ratio(100 * d.claimed, d.clicks),
    **{names[0]: _leg_count(leg) for leg, names in _LEG_METRICS.items()},
    **{names[1]: _leg_value(leg) for leg, names in _LEG_METRICS.items()},
    "complete_payment_roas": lambda _, d: _ratio(d.claimed_value, d.spend),
    # Numbers among all the text.
    "video_play_actions": lambda _, d: d.video[0],
    "video_watched_2s": lambda _, d: d.video[1],
    "video_watched_6s": lambda _, d: d.video[2],
}


def _filters(rules: Sequence[Mapping[str, Any]]) -> tuple[frozenset[str] | None, bool]:
    ids, deleted_too = None, False
    for rule in rules:
        value = rule.get("filter_value")
        if not isinstance(value, str):
            raise RefusedError(bad_parameter("filtering: filter_value: Not a valid string."))
        try:
            listed = json.loads(value)
        except ValueError as error:
            raise RefusedError(bad_parameter("filtering: filter_value is no JSON")) from error
        if rule.get("field_name") == "campaign_status":
            deleted_too = "STATUS_ALL" in listed
        elif rule.get("field_name") == "campaign_ids":
            ids = frozenset(map(str, listed))
            if len(ids) > _MOST_IDS:
                raise RefusedError(TOO_MANY_IDS)
        else:
            raise RefusedError(bad_parameter(f"filtering: unknown {rule.get('field_name')}"))
    return ids, deleted_too


def _listed(given: Mapping[str, Any], name: str, default: Any) -> Any:  # noqa: ANN401
    """Return a list that stands in the query as JSON text, or in a body as itself."""
    value = given.get(name)
    if value is None or value == "":
        return default
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise RefusedError(bad_parameter(f"{name}: not JSON")) from error
