"""What the warehouse and the cache hold, next to the world's own answers to the same questions.

Every answer is computed from the world's delivery, orders and rates with exact fractions; nothing
of it is taken from the product.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import zip_longest
from typing import Any
from zoneinfo import ZoneInfo

import redis

from sandbox.vendors.ad_world import truth
from tests.integration.ad_analytics.company import MODELS, Books

COUNTS = (
    "impressions", "clicks", "reach", "video_plays", "video_views_2s", "video_views_6s",
    "video_quartile_1", "video_quartile_2", "video_quartile_3", "video_completions",
)  # fmt: skip
METRICS = (*COUNTS, "spend", "conversions", "conversion_value", "frequency", "currency",
           "provisional")  # fmt: skip
# Rates are kept with 12 digits, totals with 6: sums of them are this near to the exact ones.
NEAR = Fraction(1, 10_000)
# Weights are billionths, of shares that are exact to 31 bits.
NEAR_WEIGHT = Fraction(1, 10**8)
RANGES = {"today": 1, "7_days": 7, "30_days": 30, "90_days": 90}
_WEEKS = 14
Key = tuple[Any, ...]


def check_all(company: Books) -> None:
    """Compare every figure of the flow with the world's, after a sync of all that may change."""
    check_metrics(company)
    check_orders(company)
    check_events(company)
    check_daily(company)
    check_dashboards(company)
    check_alerts(company)


def check_metrics(company: Books) -> None:
    rows = company.rows(
        f"SELECT c.external_id, m.date, {', '.join('m.' + name for name in METRICS)},"
        " m.ctr, m.cpc, m.cpm, m.roas FROM analytics.campaign_metrics AS m"
        " INNER JOIN analytics.campaigns AS c USING (campaign_id)"
    )
    same({row[:2]: row[2:] for row in rows}, _metrics(company))


def _metrics(company: Books) -> dict[Key, Key]:
    world = company.world
    found = {}
    for account in world.accounts:
        last = world.local_today(account.timezone)
        first = max(world.start, last - timedelta(days=200))
        for row in truth.campaign_metrics(world, first, last, [account]):
            spend, value = row["spend"], row["conversion_value"]
            ratios = (
                _ratio(100 * row["clicks"], row["impressions"]),
                _ratio(spend, row["clicks"]),
                _ratio(1000 * spend, row["impressions"]),
                None if value is None else _ratio(value, spend),
            )
            found[row["campaign_id"], row["date"]] = (*(row[name] for name in METRICS), *ratios)
    return found


def _ratio(above: Any, below: Any) -> Decimal | None:
    """Return a ratio rounded half up to 6 digits, as exactly as it can be said."""
    if not below:
        return None
    exact = Fraction(above) / Fraction(below)
    return Decimal(int(exact * 10**6 + Fraction(1, 2))).scaleb(-6)


def check_orders(company: Books) -> None:
    rows = company.rows(
        "SELECT o.connection_id, o.external_id, o.ordered_at, o.currency, o.gross, o.net"
        " FROM analytics.orders AS o"
    )
    expected = {
        (company.stores[order.store], order.order_id): (
            order.created_at, order.currency, truth.money(order.gross, order.currency),
            truth.money(order.net, order.currency),
        )
        for order in company.orders()
    }  # fmt: skip
    same({row[:2]: row[2:] for row in rows}, expected)


def check_events(company: Books) -> None:
    rows = company.rows(
        "SELECT o.connection_id, o.external_id, e.attribution_type, e.platform, c.external_id,"
        " e.weight, e.conversion_value"
        " FROM analytics.attribution_events AS e"
        " INNER JOIN analytics.orders AS o USING (order_id)"
        " LEFT JOIN analytics.campaigns AS c USING (campaign_id)"
        " WHERE NOT starts_with(e.evidence, 'not_attributable')"
        " ORDER BY e.order_id, e.attribution_type, e.ordinal"
    )
    stored: dict[Key, list[Key]] = defaultdict(list)
    for row in rows:
        stored[row[:3]].append(row[3:])
    expected: dict[Key, list[Key]] = defaultdict(list)
    for order in company.orders():
        if order.attributable:
            for model in MODELS:
                key = (company.stores[order.store], order.order_id, model)
                expected[key] = [_credited(credit) for credit in _credits(order, model)]
    for key, found in stored.items():
        stored[key] = [
            _with_exact_weight(mine, theirs)
            for mine, theirs in zip_longest(found, expected.get(key, ()))
            if mine is not None
        ]
    same(dict(stored), dict(expected))


def _credits(order: Any, model: str) -> list[truth.Credit]:
    return truth.credits_of(order, model, truth.WEEK)


def _credited(credit: truth.Credit) -> Key:
    platform = credit.match.platform if credit.match.paid else None
    value = truth.money(credit.value, credit.order.currency)
    return (platform, _campaign(credit), credit.share, value)


def _with_exact_weight(mine: Key, theirs: Key | None) -> Key:
    """Return a stored credit with the weight that it stands for, if it is that one.

    To round both to fewer digits would compare what was rounded twice with what was rounded once.
    """
    near = theirs is not None and abs(Fraction(mine[2]) - theirs[2]) <= NEAR_WEIGHT
    return (*mine[:2], theirs[2], *mine[3:]) if theirs is not None and near else mine


def _campaign(credit: truth.Credit) -> str | None:
    """Return whose campaign it is, as far as the platform's own lists can tell.

    Snapchat never names a campaign that was deleted before the first look at the account: a link
    with its name fits none, or only the namesake that is still there.
    """
    touch = credit.touch
    if touch is None or touch.campaign is None or touch.evidence != "name":
        return credit.match.campaign_id
    clicked = touch.campaign
    if clicked.platform != "snapchat":
        return credit.match.campaign_id
    named = [
        campaign.campaign_id
        for campaign in clicked.account.campaigns
        if campaign.names == clicked.names and campaign.status != "archived"
    ]
    return named[0] if len(named) == 1 else None


Daily = dict[tuple[date, str], dict[str, Fraction]]


def check_daily(company: Books) -> None:
    rows = company.rows(
        "SELECT workspace_id, date, platform, spend, claimed_revenue, attributed_revenue,"
        " attributed_conversions, unconverted FROM analytics.workspace_daily"
    )
    stored = {row[:3]: row[3:] for row in rows}
    for workspace in company.world.workspaces:
        workspace_id = company.workspaces[workspace.index]
        for (day, platform), figures in daily(company, workspace).items():
            shown = stored.pop((workspace_id, day, platform), (None, None, None, None, 0))
            names = ("spend", "claimed", "attributed", "conversions")
            wrong = {
                name: (value, float(figures[name]))
                for name, value in zip(names, shown, strict=False)
                if abs(Fraction(value or 0) - figures[name]) > NEAR
            }
            assert not wrong, (workspace.name, day, platform, wrong)
            assert shown[-1] == 0
    assert not stored


def daily(company: Books, workspace: Any) -> Daily:
    """Return a workspace's days per platform; `none` is what no advertisement is credited with."""
    world = company.world
    first, last = world.start, world.now.date() + timedelta(days=1)
    zero = {"spend": Fraction(0), "claimed": Fraction(0), "attributed": Fraction(0)}
    sums: Daily = defaultdict(lambda: {**zero, "conversions": Fraction(0)})
    told = truth.workspace_daily(world, workspace, first, last)
    for (day, platform), figures in told.items():
        name = "none" if platform == "unattributed" else platform
        for figure, value in figures.items():
            assert value is not None, "the tests' world has every rate"
            sums[day, name][figure] += value
    for credit in truth.attribution(world, workspace, first, last):
        day = credit.order.created_at.astimezone(ZoneInfo(workspace.timezone)).date()
        sums[day, credit.match.platform or "none"]["conversions"] += credit.share
    for order, day, value in truth.order_values(world, workspace, first, last):
        if not order.attributable and not order.test:
            assert value is not None
            sums[day, "none"]["attributed"] += value
            sums[day, "none"]["conversions"] += 1
    return sums


def check_dashboards(company: Books) -> None:
    connection = company.connections["analytics_redis"]
    with redis.Redis(
        host=connection.host, port=connection.port or 6379, db=connection.extra["db"],
        password=connection.password,
    ) as client:  # fmt: skip
        for workspace in company.world.workspaces:
            workspace_id = company.workspaces[workspace.index]
            content = client.get(f"dashboard_metrics:{workspace_id}")
            assert isinstance(content, bytes)
            _check_board(company, workspace, json.loads(content))


def _check_board(company: Books, workspace: Any, board: dict[str, Any]) -> None:
    today = company.world.local_today(workspace.timezone)
    days = daily(company, workspace)
    counts = _counts(company, workspace)
    for name, length in RANGES.items():
        for shown, last in (
            (board[name], today),
            (board[name]["previous"], today - timedelta(days=length)),
        ):
            inside = [last - timedelta(days=n) for n in range(length)]
            wanted = _board_figures(inside, days, counts)
            wrong = {
                figure: (shown[figure], float(value))
                for figure, value in wanted.items()
                if abs(Fraction(shown[figure] or 0) - value) > NEAR
            }
            assert not wrong, (workspace.name, name, last, wrong)
    assert board["currency"] == workspace.currency


def _board_figures(inside: list[date], days: Daily, counts: Any) -> dict[str, Fraction]:
    figures: dict[str, Fraction] = defaultdict(Fraction)
    for (day, platform), known in days.items():
        if day in inside and platform != "none":
            figures["total_spend"] += known["spend"]
            figures["total_revenue"] += known["attributed"]
            figures["conversions"] += known["conversions"]
    for day in inside:
        figures["impressions"] += counts[day][0]
        figures["clicks"] += counts[day][1]
    spend, clicks, impressions = (
        figures[name] for name in ("total_spend", "clicks", "impressions")
    )
    figures["roas"] = figures["total_revenue"] / spend if spend else Fraction(0)
    figures["cpc"] = spend / clicks if clicks else Fraction(0)
    figures["ctr"] = 100 * clicks / impressions if impressions else Fraction(0)
    return figures


def _counts(company: Books, workspace: Any) -> dict[date, list[int]]:
    found: dict[date, list[int]] = defaultdict(lambda: [0, 0])
    world = company.world
    accounts = [account for account in world.accounts if account.workspace is workspace]
    last = world.now.date() + timedelta(days=1)
    for row in truth.campaign_metrics(world, world.start, last, accounts):
        found[row["date"]][0] += row["impressions"]
        found[row["date"]][1] += row["clicks"]
    return found


def check_alerts(company: Books) -> None:
    rows = company.rows(
        "SELECT c.external_id, a.kind, a.date FROM analytics.performance_alerts AS a"
        " INNER JOIN analytics.campaigns AS c USING (campaign_id) WHERE a.resolved_at IS NULL"
    )
    assert {tuple(row) for row in rows} == set(_alerts(company))


def _alerts(company: Books) -> list[Key]:
    world = company.world
    found: list[Key] = []
    for account in world.accounts:
        judged = world.local_today(account.timezone) - timedelta(days=1)
        for campaign in account.campaigns:
            days = {}
            for back in range(_WEEKS + 1):
                day = judged - timedelta(days=back)
                figures = _campaign_day(company, account, campaign, day)
                if figures:
                    days[day] = figures
            if judged in days:
                last = days.pop(judged)
                found += [
                    (campaign.campaign_id, kind, judged) for kind in _kinds(last, [*days.values()])
                ]
    return found


def _campaign_day(company: Books, account: Any, campaign: Any, day: date) -> Any:
    world = company.world
    delivery = world.delivery(campaign, day)
    if delivery is None:
        return None
    rate = world.rates.rate(day, account.currency, account.workspace.currency, world.now)
    assert rate is not None
    conversions, value = truth.claimed(campaign, delivery)
    spend = Fraction(truth.money(delivery.spend, account.currency)) * rate
    revenue = None if value is None else Fraction(truth.money(value, account.currency)) * rate
    return spend, conversions, revenue, delivery.impressions, delivery.clicks


def _kinds(last: Key, history: list[Key]) -> list[str]:
    """Judge a day by the days before: ratios of sums, over days that have the figure."""
    if len(history) < 3:
        return []
    spend, conversions, revenue, impressions, clicks = last
    usual = Fraction(sum(day[0] for day in history), len(history))
    counted = [day[1] for day in history if day[1] is not None]
    priced = [(day[2], day[0]) for day in history if day[2] is not None]
    found = []
    paid = sum(cost for _, cost in priced)
    if revenue is not None and spend and paid and spend > 100:
        average = Fraction(sum(value for value, _ in priced)) / paid
        if revenue / spend < Fraction(7, 10) * average:
            found.append("roas_drop")
    if counted and conversions is not None and spend > Fraction(3, 2) * usual:
        average = Fraction(sum(counted), len(counted))
        found += ["high_spend_low_conversions"] if conversions < average / 2 else []
    seen = sum(day[3] for day in history)
    if impressions and seen:
        ctr = Fraction(sum(day[4] for day in history), seen)
        if Fraction(clicks, impressions) < ctr / 2:
            found.append("ctr_drop")
    return found


def same(stored: dict[Key, Any], expected: dict[Key, Any]) -> None:
    """Compare by key, so that a failure says which, not all."""
    wrong = {
        key: {"stored": stored.get(key), "world": expected.get(key)}
        for key in stored.keys() | expected.keys()
        if stored.get(key) != expected.get(key)
    }
    shown = dict(sorted(wrong.items(), key=str)[:5])
    assert not wrong, f"{len(wrong)} of {len(expected)} differ, such as {shown}"
