"""Rows of insights, with all that makes them hard to read.

Every metric is text. A sale stands under several action types; what did not happen is left out, and
so is what a pixel does not send. Attribution windows appear when asked for, but for those that the
vendor has stopped to answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sandbox.vendors.ad_world.delivery import Delivery, each_day
from sandbox.vendors.ad_world.places import Account, Campaign
from sandbox.vendors.ad_world.truth import money, round_ratio
from sandbox.vendors.ad_world.world import World
from sandbox.vendors.meta.errors import (
    TOO_MUCH,
    TOO_MUCH_CODED,
    TOO_OLD,
    RefusedError,
    bad_parameter,
)
from sandbox.vendors.seeding import key

Row = dict[str, Any]

HISTORY_MONTHS = 37
_LEVELS = ("account", "campaign")
_SILENT_WINDOWS = {"7d_view", "28d_view"}
_WINDOWS = {"1d_click", "7d_click", "28d_click", "1d_view", "1d_ev", "dda", "default"}
_ALL_WINDOWS = _WINDOWS | _SILENT_WINDOWS
# The names that one sale stands under, by kind of advertiser.
_PURCHASE_NAMES = (
    ("omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase", "onsite_web_purchase",
     "onsite_web_app_purchase", "web_in_store_purchase"),
    ("purchase", "offsite_conversion.fb_pixel_purchase"),
    ("offsite_conversion.fb_pixel_purchase",),
    ("offsite_conversion.fb_pixel_purchase", "purchase", "omni_purchase"),
)  # fmt: skip
_OTHER_THAN_OMNI = 3


@dataclass(frozen=True, slots=True)
class Query:
    """A checked request for insights of one account."""

    account: Account
    level: str
    since: date
    until: date
    daily: bool
    fields: tuple[str, ...]
    campaign_ids: frozenset[str] | None
    windows: tuple[str, ...]

    @property
    def size(self) -> int:
        """Return how many campaign-days have to be looked at."""
        campaigns = len(self.account.campaigns if self.campaign_ids is None else self.campaign_ids)
        return campaigns * ((self.until - self.since).days + 1)


def parse(world: World, account: Account, given: Mapping[str, str]) -> Query:
    """Return the request, or refuse it as the vendor does."""
    level = given.get("level", "account")
    if level not in _LEVELS:
        raise RefusedError(bad_parameter("level", f"must be one of {{{', '.join(_LEVELS)}}}"))
    increment = given.get("time_increment", "all_days")
    if increment not in {"1", "all_days"}:
        raise RefusedError(bad_parameter("time_increment", "is not served by this sandbox"))
    since, until = _range(world, account, given)
    fields = tuple(field_names(given.get("fields", "impressions,spend")))
    unknown = [name for name in fields if name not in _FIELDS]
    if unknown:
        raise RefusedError(bad_parameter("fields", f"has an unknown field: {unknown[0]}"))
    windows = tuple(_json(given, "action_attribution_windows", []))
    if not set(windows) <= _ALL_WINDOWS:
        raise RefusedError(bad_parameter("action_attribution_windows", "has an unknown window"))
    ids = _campaign_ids(_json(given, "filtering", []))
    return Query(account, level, since, until, increment == "1", fields, ids, windows)


def field_names(text: str) -> list[str]:
    """Return names that are written with commas, or as the vendor's own SDK posts them: a list."""
    if text.startswith("["):
        return [str(name) for name in _json({"fields": text}, "fields", [])]
    return [name for name in text.split(",") if name]


def refuse_if_too_much(query: Query, most: int) -> None:
    """Tell, in one of the vendor's two ways, that this must be asked as a report."""
    if query.size > most:
        raise RefusedError(TOO_MUCH if query.account.index % 2 else TOO_MUCH_CODED)


def rows(world: World, query: Query) -> list[Row]:
    """Return the rows, in an order that nobody promised."""
    made = _account_rows(world, query) if query.level == "account" else _campaign_rows(world, query)
    return sorted(made, key=lambda row: key(row.get("campaign_id", ""), row["date_start"]))


def _campaign_rows(world: World, query: Query) -> Iterator[Row]:
    if not query.daily:
        raise RefusedError(bad_parameter("time_increment", "of campaigns is 1 in this sandbox"))
    for campaign in query.account.campaigns:
        if query.campaign_ids is None or campaign.campaign_id in query.campaign_ids:
            for day in each_day(query.since, query.until):
                delivery = world.delivery(campaign, day)
                if delivery is not None:
                    yield _row(world, campaign, day, delivery, query)


def _account_rows(world: World, query: Query) -> Iterator[Row]:
    since, until = query.since, query.until
    spans = [(day, day) for day in each_day(since, until)] if query.daily else [(since, until)]
    for first, last in spans:
        seen = [
            delivery
            for campaign in query.account.campaigns
            for day in each_day(first, last)
            if (delivery := world.delivery(campaign, day))
        ]
        if seen:
            yield _total(query, first, last, seen)


def _total(query: Query, first: date, last: date, seen: Sequence[Delivery]) -> Row:
    currency = query.account.currency
    figures = {
        "account_id": query.account.account_id,
        "account_currency": currency,
        "spend": str(money(sum(delivery.spend for delivery in seen), currency)),
        "impressions": str(sum(delivery.impressions for delivery in seen)),
        "clicks": str(sum(delivery.clicks for delivery in seen)),
    }
    chosen = {name: figures[name] for name in query.fields if name in figures}
    return {**chosen, "date_start": first.isoformat(), "date_stop": last.isoformat()}


def _row(world: World, campaign: Campaign, day: date, delivery: Delivery, query: Query) -> Row:
    made = {name: _FIELDS[name](campaign, delivery, query.windows) for name in query.fields}
    if "campaign_name" in made:
        made["campaign_name"] = campaign.name_on(world.local_today(campaign.account.timezone))
    filled = {name: value for name, value in made.items() if value is not None}
    return {**filled, "date_start": day.isoformat(), "date_stop": day.isoformat()}


# Single fields: None is left out.


def _ratio(above: int, below: int) -> str | None:
    return str(round_ratio(above, below)) if below else None


def _money_ratio(campaign: Campaign, minor: int, below: int) -> str | None:
    digits = 10**campaign.account.minor_digits
    return str(round_ratio(minor, below * digits)) if below else None


def _actions(campaign: Campaign, delivery: Delivery, windows: Sequence[str]) -> list[Row] | None:
    counts = {"link_click": delivery.clicks, "landing_page_view": delivery.clicks * 7 // 10}
    counts["a_type_of_tomorrow"] = delivery.clicks // 3
    items = [_item(name, str(n), n, windows) for name, n in counts.items() if n]
    if campaign.tracks_purchases and delivery.claimed:
        for name in _purchase_names(campaign):
            count = delivery.claimed + _difference(campaign, name)
            items.append(_item(name, str(count), count - delivery.viewed, windows, delivery.viewed))
    return items or None


def _action_values(
    campaign: Campaign, delivery: Delivery, windows: Sequence[str]
) -> list[Row] | None:
    if not (campaign.tracks_purchases and campaign.sends_values and delivery.claimed):
        # Catalogue campaigns have been seen with an empty list instead of none.
        return [] if campaign.index % 4 == 1 else None
    currency = campaign.account.currency
    items: list[Row] = []
    for name in _purchase_names(campaign):
        value = delivery.claimed_value + 700 * _difference(campaign, name)
        text = format(money(value, currency).normalize(), "f")
        items.append(_item(name, text, money(value, currency), windows))
    return items


def _purchase_names(campaign: Campaign) -> tuple[str, ...]:
    return _PURCHASE_NAMES[campaign.index % len(_PURCHASE_NAMES)]


def _difference(campaign: Campaign, name: str) -> int:
    """Let `purchase` be another number than `omni_purchase` for one kind of advertiser."""
    other = campaign.index % len(_PURCHASE_NAMES) == _OTHER_THAN_OMNI
    return 1 if other and name != "omni_purchase" else 0


def _item(name: str, value: str, clicked: Any, windows: Sequence[str], viewed: int = 0) -> Row:  # noqa: ANN401
    """Return one item; windows nest, a key that would be zero is left out."""
    item: Row = {"action_type": name, "value": value}
    for window in windows:
        if window in _SILENT_WINDOWS:
            continue
        part = viewed if window.endswith("view") else clicked
        if part and window != "default":
            item[window] = str(part)
    if windows:
        item["3d_dream"] = value
    return item


def _conversions(campaign: Campaign, delivery: Delivery, _: Sequence[str]) -> list[Row] | None:
    """Return what this vendor calls conversions: not the sales, and not whole numbers."""
    if campaign.index % 3 or not delivery.clicks:
        return None
    name = "offsite_conversion.fb_pixel_subscribe"
    return [{"action_type": name, "value": f"{delivery.clicks // 5}.5"}]


def _roas(campaign: Campaign, delivery: Delivery, windows: Sequence[str]) -> list[Row] | None:
    values = _action_values(campaign, delivery, windows)
    if not values or not delivery.spend:
        return values
    ratio = round_ratio(delivery.claimed_value, delivery.spend)
    return [{"action_type": values[0]["action_type"], "value": str(ratio)}]


def _results(campaign: Campaign, delivery: Delivery, _: Sequence[str]) -> list[Row] | None:
    del campaign
    return [{"indicator": "actions:link_click", "values": [{"value": str(delivery.clicks)}]}]


_FIELDS: Mapping[str, Callable[[Campaign, Delivery, Sequence[str]], Any]] = {
    "account_id": lambda c, _d, _w: c.account.account_id,
    "account_currency": lambda c, _d, _w: c.account.currency,
    "account_name": lambda c, _d, _w: c.account.name,
    "campaign_id": lambda c, _d, _w: c.campaign_id,
    "campaign_name": lambda c, _d, _w: c.names[0][1],
    "date_start": lambda _c, _d, _w: None,
    "date_stop": lambda _c, _d, _w: None,
    "spend": lambda c, d, _w: str(money(d.spend, c.account.currency)),
    "impressions": lambda _c, d, _w: str(d.impressions),
    "clicks": lambda _c, d, _w: str(d.clicks),
    "inline_link_clicks": lambda _c, d, _w: str(d.clicks) if d.clicks else None,
    "reach": lambda _c, d, _w: str(d.reach),
    "frequency": lambda _c, d, _w: _ratio(d.impressions, d.reach),
    "ctr": lambda _c, d, _w: _ratio(100 * d.clicks, d.impressions),
    "cpc": lambda c, d, _w: _money_ratio(c, d.spend, d.clicks),
    "cpm": lambda c, d, _w: _money_ratio(c, 1000 * d.spend, d.impressions),
    "actions": _actions,
    "action_values": _action_values,
    "conversions": _conversions,
    "conversion_values": _conversions,
    "purchase_roas": _roas,
    "results": _results,
}


# The request.


def _range(world: World, account: Account, given: Mapping[str, str]) -> tuple[date, date]:
    today = world.local_today(account.timezone)
    if "time_range" not in given:
        return today - timedelta(days=30), today - timedelta(days=1)
    span = _json(given, "time_range", {})
    try:
        since, until = (date.fromisoformat(span[name]) for name in ("since", "until"))
    except (KeyError, TypeError, ValueError) as error:
        raise RefusedError(
            bad_parameter("time_range", "must be {since, until} of dates")
        ) from error
    if until < since:
        raise RefusedError(bad_parameter("time_range", "ends before it starts"))
    months = (today.year - since.year) * 12 + today.month - since.month
    if months > HISTORY_MONTHS or (months == HISTORY_MONTHS and since.day < today.day):
        raise RefusedError(TOO_OLD)
    return since, until


def _campaign_ids(filters: Sequence[Mapping[str, Any]]) -> frozenset[str] | None:
    ids = None
    for rule in filters:
        if rule.get("field") != "campaign.id" or rule.get("operator") != "IN":
            raise RefusedError(bad_parameter("filtering", "is campaign.id IN here"))
        ids = frozenset(map(str, rule.get("value", [])))
    return ids


def _json(given: Mapping[str, str], name: str, default: Any) -> Any:  # noqa: ANN401
    try:
        return json.loads(given[name]) if given.get(name) else default
    except ValueError as error:
        raise RefusedError(bad_parameter(name, "must be JSON")) from error
