from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from sandbox.vendors.ad_world import truth
from sandbox.vendors.ad_world.delivery import SETTLED_DAYS, day_bounds
from sandbox.vendors.ad_world.world import Settings, World

FIRST, LAST = date(2026, 3, 20), date(2026, 4, 3)


@pytest.fixture
def world():
    return World(5, Settings(workspaces=1, campaigns=8, orders=2))


def metrics(world, first=FIRST, last=LAST):
    rows = truth.campaign_metrics(world, first, last)
    return {(row["campaign_id"], row["date"]): row for row in rows}


def test_the_same_seed_makes_the_same_world_and_another_seed_another(world):
    again, other = World(5, world.settings), World(6, world.settings)

    assert metrics(world) == metrics(again)
    assert metrics(world).keys().isdisjoint(metrics(other))


def test_asking_for_something_else_first_changes_nothing(world):
    again = World(5, world.settings)
    list(again.visits(again.stores[2], LAST, LAST))
    again.set_now("2026-02-01T00:00:00+00:00")
    metrics(again)
    again.set_now("2026-04-15T10:00:00+00:00")

    assert metrics(again) == metrics(world)


def test_a_day_settles_28_days_after_it_ended(world):
    seen = []
    for days in (0, 3, SETTLED_DAYS + 2, 60):
        world.set_now((datetime(2026, 3, 21, 12, tzinfo=UTC) + timedelta(days=days)).isoformat())
        seen.append(metrics(world, FIRST, FIRST))

    assert seen[0] != seen[1] != seen[2]
    assert seen[2] == seen[3]
    assert all(row["provisional"] for row in seen[1].values())
    assert not any(row["provisional"] for row in seen[2].values())


def test_a_day_in_progress_only_grows(world):
    world.set_now("2026-04-15T08:00:00+00:00")
    before = metrics(world, date(2026, 4, 15), date(2026, 4, 15))
    world.advance(3)
    after = metrics(world, date(2026, 4, 15), date(2026, 4, 15))

    assert before.keys() <= after.keys()
    assert all(before[key]["impressions"] <= after[key]["impressions"] for key in before)
    assert before != after


def test_nothing_of_the_future_is_seen(world):
    tomorrow = world.now.date() + timedelta(days=2)

    assert not metrics(world, tomorrow, tomorrow)
    assert not list(world.orders(world.stores[0], tomorrow, tomorrow))
    orders = [o for store in world.stores for o in world.orders(store, FIRST, world.now.date())]
    assert all(order.updated_at <= world.now for order in orders)


def test_every_model_gives_away_exactly_what_was_sold(world):
    workspace = world.workspaces[0]
    orders = truth.workspace_orders(world, workspace, FIRST, LAST)
    sold = sum(order.net for order in orders if order.attributable)
    for model in truth.MODELS:
        given = list(truth.attribution(world, workspace, FIRST, LAST, model=model))

        assert sum(credit.value for credit in given) == sold, model
        shares = {}
        for credit in given:
            shares[credit.order.order_id] = shares.get(credit.order.order_id, 0) + credit.share
        assert set(shares.values()) == {Fraction(1)}, model


def test_orders_have_every_fate_and_visits_every_kind_of_evidence():
    world = World(5, Settings(workspaces=2, orders=12))
    orders = [o for store in world.stores for o in world.orders(store, FIRST, LAST)]

    assert any(order.cancelled_at for order in orders)
    assert any(0 < order.refunded < order.gross for order in orders)
    assert any(order.refunded and order.refunded == order.gross for order in orders)
    assert any(order.gross != order.placed for order in orders)
    assert all(order.refunded <= order.gross for order in orders)
    evidence = {touch.evidence for order in orders for touch in order.touches}
    assert evidence == {
        "utm_id", "digits", "name", "redirect", "click_id", "macro", "organic", "direct", "email",
    }  # fmt: skip
    distances = {
        (order.created_at - touch.occurred_at).total_seconds()
        for order in orders
        for touch in order.touches
    }
    assert {0, 604_800, 604_801} <= distances


def test_a_platform_claims_only_sales_that_it_can_have_seen(world):
    account = world.accounts_of("meta")[0]
    claims = [
        (delivery.claimed, delivery.viewed)
        for campaign in account.campaigns
        for day in range(20)
        if (delivery := world.delivery(campaign, FIRST + timedelta(days=day)))
    ]

    assert any(claimed > viewed for claimed, viewed in claims)
    assert all(claimed >= viewed for claimed, viewed in claims)


def test_a_local_day_has_23_or_25_hours_when_the_clocks_change():
    def hours(day):
        start, end = day_bounds(day, "America/New_York")
        return (end.timestamp() - start.timestamp()) / 3600

    assert [hours(date(2026, 3, 8)), hours(date(2026, 11, 1)), hours(date(2026, 3, 9))] == [
        23,
        25,
        24,
    ]


@pytest.mark.parametrize(
    ("amount", "weights", "parts"),
    [
        (100, [Fraction(1, 3)] * 3, [34, 33, 33]),
        (-100, [Fraction(1, 3)] * 3, [-34, -33, -33]),
        (1, [Fraction(2, 5), Fraction(1, 5), Fraction(2, 5)], [1, 0, 0]),
        (0, [Fraction(1)], [0]),
    ],
)
def test_allocation_keeps_the_sum(amount, weights, parts):
    assert truth.allocate(amount, weights) == parts


def test_rates_of_a_weekend_are_those_of_friday_and_none_is_older_than_a_week(world):
    friday, sunday, now = date(2026, 4, 10), date(2026, 4, 12), world.now
    published = world.rates.published(friday, now)

    assert published is not None
    assert world.rates.published(sunday, now) is None
    assert world.rates.rate(sunday, "EUR", "USD", now) == Fraction(published["USD"])
    assert world.rates.rate(sunday, "USD", "SAR", now) == Fraction(Decimal("3.75"))
    assert world.rates.rate(sunday, "EUR", "EGP", now) is None
    assert world.rates.rate(date(2026, 4, 30), "EUR", "USD", now) is None


def test_rates_come_out_in_the_afternoon(world):
    day = date(2026, 4, 15)

    assert world.rates.published(day, datetime(2026, 4, 15, 13, 59, tzinfo=UTC)) is None
    assert world.rates.published(day, datetime(2026, 4, 15, 14, 0, tzinfo=UTC)) is not None
