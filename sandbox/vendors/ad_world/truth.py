"""The right answers, by brute force over the world's own links; no line is shared with the product.

`campaign_metrics` is what the table of that name must hold for a range of account-local days, if
the platforms were read completely at `world.now`. Absent knowledge is None:
- Meta leaves out action types without events, so no purchase seen is "unknown", never zero;
- TikTok says "-" for the legs (web, app, shop) that a campaign does not have; the rest are summed;
- Snapchat says value 0 for advertisers who send none: unknown as long as there are purchases.

`attribution` gives every attributable order of a workspace, under one model, to its touches:
1. the touches that can be known: all visits where our click log runs on the store, else the visits
   that the store itself tells (`told_by`: Shopify all, WooCommerce the last, Salla and Zid none);
2. of those the ones with 0 <= order - visit <= window, in whole seconds;
3. of those the paid ones (`Match.paid`: campaign or platform level), by (occurred_at, touch_id);
   an unproven fbclid, organic, direct and e-mail get no credit;
4. credits as exact fractions per model, sums of 1; none left means all to `unattributed`.
Values are net minor units of the order's currency; the order, and what was given back of it, are
each split by the largest remainder (ties: the earliest touch). Orders that no advertisement can
have brought (till, test) are not in it, nor are orders that were cancelled taken out: their value
is 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.vendors.ad_world.delivery import Delivery
from sandbox.vendors.ad_world.journeys import WEEK, Match, Order, Touch
from sandbox.vendors.ad_world.places import Account, Campaign, Workspace, minor_digits
from sandbox.vendors.ad_world.world import World

MODELS = ("last_click", "first_click", "linear", "position_based", "time_decay")
UNATTRIBUTED = Match("unattributed")
_HALF_LIFE = 604_800
_MIDDLE_FROM = 3
Row = dict[str, Any]


def money(minor: int, currency: str) -> Decimal:
    """Return an amount of minor units as a decimal with the currency's digits."""
    return Decimal(minor).scaleb(-minor_digits(currency))


def campaign_metrics(
    world: World, first: date, last: date, accounts: Sequence[Account] | None = None
) -> Iterator[Row]:
    """Yield the expected rows of account-local days, account by account."""
    for account in world.accounts if accounts is None else accounts:
        for campaign in account.campaigns:
            day = first
            while day <= last:
                delivery = world.delivery(campaign, day)
                if delivery is not None:
                    yield _metrics_row(campaign, day, delivery)
                day += timedelta(days=1)


def _metrics_row(campaign: Campaign, day: date, delivery: Delivery) -> Row:
    currency = campaign.account.currency
    conversions, value = claimed(campaign, delivery)
    reach = delivery.reach if campaign.platform != "snapchat" else None
    plays, two, six, *quartiles, done = delivery.video
    video = campaign.platform != "meta"
    return {
        "platform": campaign.platform,
        "account_id": campaign.account.account_id,
        "campaign_id": campaign.campaign_id,
        "date": day,
        "currency": currency,
        "impressions": delivery.impressions,
        "clicks": delivery.clicks,
        "spend": money(delivery.spend, currency),
        "conversions": None if conversions is None else Decimal(conversions),
        "conversion_value": None if value is None else money(value, currency),
        "reach": reach,
        "frequency": round_ratio(delivery.impressions, reach) if reach else None,
        "video_plays": plays if video else None,
        "video_views_2s": two if campaign.platform == "tiktok" else None,
        "video_views_6s": six if campaign.platform == "tiktok" else None,
        **{
            f"video_quartile_{n + 1}": part if campaign.platform == "snapchat" else None
            for n, part in enumerate(quartiles)
        },
        "video_completions": done if campaign.platform == "snapchat" else None,
        "provisional": delivery.provisional,
    }


def claimed(campaign: Campaign, delivery: Delivery) -> tuple[int | None, int | None]:
    """Return (purchases, their value in minor units) as far as the platform tells them."""
    if campaign.platform == "meta":
        if not campaign.tracks_purchases or not delivery.claimed:
            return None, None
        return delivery.claimed, delivery.claimed_value if campaign.sends_values else None
    if not campaign.tracks_purchases:
        return None, None
    if campaign.platform == "snapchat" and not campaign.sends_values and delivery.claimed:
        return delivery.claimed, None
    return delivery.claimed, delivery.claimed_value


def round_ratio(above: int, below: int) -> Decimal:
    """Return a ratio with the six decimals that the platforms give."""
    return (Decimal(above) / Decimal(below)).quantize(Decimal("0.000001"))


# Orders.


def order_values(
    world: World, workspace: Workspace, first: date, last: date
) -> Iterator[tuple[Order, date, Fraction | None]]:
    """Yield orders of days of the workspace: the order, its day, its net in reporting currency.

    The value is exact (the product rounds as it likes), None where no rate is known; the rate is
    the one of the order's day in the workspace's timezone.
    """
    for order in workspace_orders(world, workspace, first, last):
        day = order.created_at.astimezone(ZoneInfo(workspace.timezone)).date()
        rate = world.rates.rate(day, order.currency, workspace.currency, world.now)
        net = Fraction(money(order.net, order.currency))
        yield order, day, None if rate is None else net * rate


def workspace_orders(
    world: World, workspace: Workspace, first: date, last: date
) -> Iterator[Order]:
    """Yield the orders whose day in the workspace's timezone lies in the range, test orders too."""
    zone = ZoneInfo(workspace.timezone)
    margin = timedelta(days=1)
    for store in world.stores:
        if store.workspace is workspace:
            for order in world.orders(store, first - margin, last + margin):
                if first <= order.created_at.astimezone(zone).date() <= last:
                    yield order


# Attribution.


@dataclass(frozen=True, slots=True)
class Credit:
    """`value` is in minor units of the order's currency."""

    order: Order
    touch: Touch | None
    match: Match
    share: Fraction
    value: int


def attribution(  # noqa: PLR0913 - what decides an attribution
    world: World,
    workspace: Workspace,
    first: date,
    last: date,
    *,
    model: str = "last_click",
    window: int = WEEK,
) -> Iterator[Credit]:
    """Yield the credits of the orders of the workspace's days."""
    for order in workspace_orders(world, workspace, first, last):
        if order.attributable:
            yield from credits_of(order, model, window)


def credits_of(order: Order, model: str, window: int) -> list[Credit]:
    """Return an order's credits; their shares sum to 1, their values to the order's net."""
    eligible = [
        (touch, match)
        for touch in told_by(order)
        for match in [touch.match_in(order.store)]
        if match.paid and 0 <= _seconds_before(order, touch) <= window
    ]
    eligible.sort(key=lambda pair: (pair[0].occurred_at, pair[0].touch_id))
    if not eligible:
        return [Credit(order, None, UNATTRIBUTED, Fraction(1), order.net)]
    weights = _weights(model, [_seconds_before(order, touch) for touch, _ in eligible])
    # What was sold and what went back are split each for itself: a refund mirrors the order.
    sold, given_back = (
        allocate(amount, weights) for amount in (order.gross, order.gross - order.net)
    )
    parts = [gained - lost for gained, lost in zip(sold, given_back, strict=True)]
    return [
        Credit(order, touch, match, share, part)
        for (touch, match), share, part in zip(eligible, weights, parts, strict=True)
        if share
    ]


def told_by(order: Order) -> tuple[Touch, ...]:
    """Return the visits that somebody tells of: our click log, or the store."""
    if order.store.snippet or order.store.kind == "shopify":
        return order.touches
    return order.touches[-1:] if order.store.kind == "woocommerce" else ()


def allocate(amount: int, weights: Sequence[Fraction]) -> list[int]:
    """Split an amount by weights that sum to 1, with the largest remainder; a refund mirrors it."""
    if amount < 0:
        return [-part for part in allocate(-amount, weights)]
    exact = [amount * weight for weight in weights]
    parts = [int(part) for part in exact]
    order = sorted(range(len(exact)), key=lambda i: (parts[i] - exact[i], i))
    for i in order[: amount - sum(parts)]:
        parts[i] += 1
    return parts


def _weights(model: str, distances: list[int]) -> list[Fraction]:
    """Return the shares of touches, the earliest first."""
    n = len(distances)
    if model == "last_click":
        return [Fraction(i == n - 1) for i in range(n)]
    if model == "first_click":
        return [Fraction(i == 0) for i in range(n)]
    if model == "linear" or n == 1:
        return [Fraction(1, n)] * n
    if model == "position_based":
        if n < _MIDDLE_FROM:
            return [Fraction(1, 2)] * n
        middle = [Fraction(1, 5 * (n - 2))] * (n - 2)
        return [Fraction(2, 5), *middle, Fraction(2, 5)]
    newest = min(distances)
    raw = [Fraction(2 ** (-(distance - newest) / _HALF_LIFE)) for distance in distances]
    return [part / sum(raw) for part in raw]


def _seconds_before(order: Order, touch: Touch) -> int:
    return int(order.created_at.timestamp()) - int(touch.occurred_at.timestamp())


# Both sides.


def workspace_daily(
    world: World, workspace: Workspace, first: date, last: date, *, model: str = "last_click"
) -> dict[tuple[date, str], dict[str, Fraction | None]]:
    """Return, per day and platform, spend and claimed and attributed revenue, exactly.

    Everything is in the reporting currency; None where a rate is missing. The platform of what
    nobody gets is `unattributed`. Spend and claims are of account days, revenue of workspace days.
    """
    sums: dict[tuple[date, str], dict[str, Fraction | None]] = {}

    def add(day: date, platform: str, figure: str, value: Fraction | None) -> None:
        figures = sums.setdefault(
            (day, platform),
            {"spend": Fraction(0), "claimed": Fraction(0), "attributed": Fraction(0)},
        )
        before = figures[figure]
        figures[figure] = None if before is None or value is None else before + value

    def converted(amount: Decimal, currency: str, day: date) -> Fraction | None:
        rate = world.rates.rate(day, currency, workspace.currency, world.now)
        return None if rate is None else Fraction(amount) * rate

    accounts = [account for account in world.accounts if account.workspace is workspace]
    for row in campaign_metrics(world, first, last, accounts):
        for figure, column in (("spend", "spend"), ("claimed", "conversion_value")):
            if row[column] is not None:
                value = converted(row[column], row["currency"], row["date"])
                add(row["date"], row["platform"], figure, value)
    for credit in attribution(world, workspace, first, last, model=model):
        day = _local_date(credit.order.created_at, workspace)
        amount = money(credit.value, credit.order.currency)
        platform = credit.match.platform or "unattributed"
        add(day, platform, "attributed", converted(amount, credit.order.currency, day))
    return sums


def _local_date(instant: datetime, workspace: Workspace) -> date:
    return instant.astimezone(ZoneInfo(workspace.timezone)).date()
