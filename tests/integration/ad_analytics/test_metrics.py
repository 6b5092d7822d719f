"""Campaign-days, conversions and daily totals."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.integration.ad_analytics.account import DAY, NOW, Account, campaign, day
from tests.integration.ad_analytics.world import ORDERED_AT, order, touch
from vendor_sync.ad_analytics.attribution import attribute_orders
from vendor_sync.ad_analytics.metric_store import DayChanges
from vendor_sync.ad_analytics.records import (
    CampaignStatus,
    FxRateRecord,
)
from vendor_sync.ad_analytics.roas import store_rates, total_days

pytestmark = pytest.mark.integration


@pytest.fixture
def account(world):
    return Account(world)


def test_ratios_are_computed(account):
    account.pull(day(conversions=Decimal(2), conversion_value=Decimal(200)))

    assert account.metric("ctr, cpc, cpm, roas, revenue") == (
        2, Decimal("2.5"), 50, 4, 200,
    )  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"spend": Decimal(0), "impressions": 0, "clicks": 0, "conversion_value": Decimal(5)},
        {"spend": None, "impressions": None, "clicks": None, "conversion_value": None},
    ],
)
def test_a_ratio_without_a_denominator_is_unknown(account, changes):
    account.pull(day(**changes))

    assert account.metric("ctr, cpc, cpm, roas") == (None,) * 4


def test_the_same_pull_again_writes_nothing(account):
    days = [day(), day(on=DAY - timedelta(days=1))]
    first = account.pull(*days, since=DAY - timedelta(days=1))

    again = account.pull(*days, since=DAY - timedelta(days=1))

    assert (first, again) == (DayChanges(2, 0, 0), DayChanges(0, 0, 0))


def test_a_restated_day_and_a_changed_window_are_rewritten(account):
    account.pull(day())

    restated = account.pull(day(spend=Decimal(60)))
    rewindowed = account.pull(day(spend=Decimal(60), attribution_window="28d_click_1d_view"))

    assert (restated.written, rewindowed.written) == (1, 1)
    assert account.metric("spend, attribution_window") == (60, "28d_click_1d_view")


def test_a_day_that_a_complete_pull_lacks_had_no_delivery(account):
    account.pull(day())

    assert account.pull(complete=False) == DayChanges(0, 0, 0)
    assert account.pull() == DayChanges(0, 1, 0)
    assert account.metric("*") is None


def test_an_empty_answer_does_not_wipe_an_account(account):
    since = DAY - timedelta(days=29)
    account.pull(*[day(on=DAY - timedelta(days=n)) for n in range(30)], since=since)

    assert account.pull(since=since) == DayChanges(0, 0, 30)


def test_a_campaign_that_no_list_has_keeps_its_spend(account):
    account.pull(day("999", campaign_name="Deleted long ago"))

    rows = account.conn.execute("SELECT name, status FROM analytics.campaigns").fetchall()
    assert rows == [("Deleted long ago", "unknown")]


def test_a_rename_is_valid_since_the_old_name_was_last_seen(account):
    first, second = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
    account.list(campaign(name="Old"), seen_at=first)

    account.list(campaign(name="New"), seen_at=NOW, known_at=second)

    rows = account.conn.execute(
        "SELECT name, valid_from::text = '-infinity', valid_from = %s, valid_until = %s"
        " FROM analytics.campaign_names ORDER BY valid_from",
        [second, NOW],
    ).fetchall()
    assert rows == [("Old", True, False, True), ("New", False, True, False)]
    assert account.list(campaign(name="New")) == 0


def test_a_campaign_that_appears_later_is_credited_with_its_orders(world, account):
    query = "utm_source=fb&utm_medium=cpc&utm_campaign=Summer"
    world.take(order("o1", touch(ORDERED_AT, query)), order("o2", own_click_ids=("c1",)))
    world.log(world.click("c1", ORDERED_AT, query))

    account.list(campaign())
    attribute_orders(world.conn)

    assert [row[0] for row in world.events("e.evidence")] == ["utm_name", "utm_name"]


def test_a_day_that_arrives_later_decides_between_namesakes(world, account):
    account.list(
        campaign("1201", status=CampaignStatus.PAUSED),
        campaign("1202", status=CampaignStatus.PAUSED),
    )
    query = "utm_source=fb&utm_medium=cpc&utm_campaign=Summer"
    world.take(order("o1", touch(ORDERED_AT, query)))
    assert world.credit("campaign_id") == (None,)

    account.pull(day("1202"))
    attribute_orders(world.conn)

    chosen = world.conn.execute(
        "SELECT campaign_id FROM analytics.campaigns WHERE external_id = '1202'"
    ).fetchone()
    assert world.credit("campaign_id") == chosen


def rate(on: date, base: str, quote: str, value: str, source: str = "ecb") -> FxRateRecord:
    return FxRateRecord(
        day=on, base_currency=base, quote_currency=quote, rate=Decimal(value), source=source
    )


@pytest.mark.parametrize(
    ("source", "target", "on", "expected"),
    [
        ("SAR", "SAR", "2020-01-01", "1"),
        ("USD", "SAR", "2020-01-01", "3.75"),  # a peg holds on any day
        ("SAR", "AED", "2020-01-01", "0.979333333333"),
        ("EUR", "SAR", "2026-03-06", "4.05"),
        ("EUR", "SAR", "2026-03-08", "4.05"),  # a weekend uses the day before it
        ("EUR", "SAR", "2026-03-13", "4.05"),  # seven days old
        ("EUR", "SAR", "2026-03-14", None),  # eight
        ("EUR", "SAR", "2026-03-05", None),  # a later rate never counts
        ("GBP", "SAR", "2026-03-06", "4.764705882353"),
        ("EGP", "SAR", "2026-03-06", "0.075"),
        ("SAR", "EGP", "2026-03-06", "13.333333333333"),
        ("KWD", "SAR", "2026-03-06", None),
    ],
)
def test_the_rate_of_a_day(warehouse, source, target, on, expected):
    friday = date(2026, 3, 6)
    store_rates(
        warehouse,
        [
            rate(friday, "EUR", "USD", "1.08"),
            rate(friday, "EUR", "GBP", "0.85"),
            rate(friday, "USD", "EGP", "50", "manual"),
        ],
    )

    row = warehouse.execute("SELECT analytics.convert_rate(%s, %s, %s)", [source, target, on])

    assert row.fetchone()[0] == (None if expected is None else Decimal(expected))


def test_claimed_stands_next_to_attributed(world, account):
    account.pull(day(conversions=Decimal(3), conversion_value=Decimal(300)))
    query = "utm_source=fb&utm_medium=cpc&utm_campaign=Summer"
    world.take(order("o1", touch(ORDERED_AT, query), refunded=Decimal(25)), order("o2"))

    assert account.daily("spend, claimed_revenue, claimed_roas, attributed_revenue,"
                         " attributed_gross, attributed_roas, attributed_conversions") == [
        (50, 300, 6, 75, 100, Decimal("1.5"), 1),
    ]  # fmt: skip
    assert account.daily("spend, attributed_revenue", "none") == [(None, 100)]


def test_a_missing_rate_makes_the_sum_unknown_until_it_arrives(world, account):
    account.pull(day(), day("1202", currency="EUR", conversion_value=Decimal(10)))
    assert account.daily("spend, claimed_revenue, attributed_roas, unconverted") == [
        (None, None, None, 1),
    ]

    store_rates(world.conn, [rate(DAY, "EUR", "USD", "1.2")])

    assert account.daily("spend, claimed_revenue, unconverted") == [
        (50 + 50 * Decimal("4.5"), 45, 0),
    ]


def test_an_orders_own_rate_is_used_for_it(world, account):
    world.take(
        order("o1", currency="KWD", exchange_rate=Decimal("12.2"), exchange_currency="SAR"),
        order("o2", currency="KWD", exchange_rate=Decimal(3), exchange_currency="USD"),
    )

    assert account.daily("attributed_revenue, unconverted", "none") == [(None, 1)]

    world.take(order("o2", currency="KWD", exchange_rate=Decimal(12), exchange_currency="SAR"))
    assert account.daily("attributed_revenue", "none") == [(1220 + 1200,)]


def test_totals_of_untouched_days_are_not_written(world, account):
    account.pull(day())
    world.take(order())

    assert total_days(world.conn).written == 2
    assert total_days(world.conn).days == 0
    account.pull(day())
    assert total_days(world.conn).days == 0


def test_a_day_without_any_figures_left_disappears(account):
    account.pull(day())
    assert account.daily("spend") == [(50,)]

    account.pull()

    assert account.daily("spend") == []
