"""Credits and money: exact shares, refunds, edits; each order once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.integration.ad_analytics.world import ALL_MODELS, ORDERED_AT, order, refund, touch
from vendor_sync.ad_analytics.attribution import attribute_orders, mark_all_orders
from vendor_sync.ad_analytics.records import OrderState
from vendor_sync.postgres import connect

pytestmark = pytest.mark.integration
DAY = timedelta(days=1)


def visits(*days: float):
    return [
        touch(ORDERED_AT - DAY * ago, f"ttclid={number}", key=f"{number}")
        for number, ago in enumerate(days)
    ]


@pytest.fixture
def all_models(world):
    world.conn.execute("UPDATE analytics.workspaces SET attribution_models = %s", [ALL_MODELS])
    return world


def weights(world, model):
    return [row[0] for row in world.events("e.weight", model)]


def values(world, model, column="conversion_value"):
    return [row[0] for row in world.events(f"e.{column}", model)]


@pytest.mark.parametrize(
    ("model", "days", "expected"),
    [
        ("last_click", (3, 2, 1), ["1"]),
        ("first_click", (3, 2, 1), ["1"]),
        ("linear", (3, 2, 1), ["0.333333334", "0.333333333", "0.333333333"]),
        ("position_based", (1,), ["1"]),
        ("position_based", (2, 1), ["0.5", "0.5"]),
        ("position_based", (3, 2, 1), ["0.4", "0.2", "0.4"]),
        ("position_based", (4, 3, 2, 1), ["0.4", "0.1", "0.1", "0.4"]),
        ("time_decay", (7, 0), ["0.333333333", "0.666666667"]),
        ("time_decay", (0, 0), ["0.5", "0.5"]),
    ],
)
def test_the_weights_of_a_model(all_models, model, days, expected):
    all_models.take(order("o1", *visits(*days)))

    assert weights(all_models, model) == [Decimal(text) for text in expected]


def test_time_decay_of_a_long_window_does_not_underflow(all_models):
    all_models.conn.execute("UPDATE analytics.workspaces SET attribution_window_days = 30")

    all_models.take(order("o1", *visits(30, 30, 29)))

    assert sum(weights(all_models, "time_decay")) == 1
    assert min(weights(all_models, "time_decay")) > Decimal("0.3")


def test_money_is_shared_in_minor_units_by_largest_remainder(all_models):
    all_models.take(order("o1", *visits(3, 2, 1), gross=Decimal("100.00")))

    assert values(all_models, "linear") == [Decimal(t) for t in ("33.34", "33.33", "33.33")]


@pytest.mark.parametrize(
    ("currency", "gross", "first"), [("JPY", "100", "34"), ("KWD", "10.000", "3.334")]
)
def test_minor_units_are_the_currencys(all_models, currency, gross, first):
    all_models.take(order("o1", *visits(3, 2, 1), gross=Decimal(gross), currency=currency))

    shared = values(all_models, "linear")
    assert (shared[0], sum(shared)) == (Decimal(first), Decimal(gross))


def test_a_value_finer_than_the_minor_unit_is_still_shared_exactly(all_models):
    all_models.take(order("o1", *visits(3, 2, 1), gross=Decimal("10.0001")))

    assert sum(values(all_models, "linear")) == Decimal("10.0001")


def test_a_partial_refund_is_shared_like_the_order(all_models):
    all_models.take(
        order("o1", *visits(2, 1), gross=Decimal("100.00"), refunded=None,
              refunds=(refund("10.01"), refund("20.00", "r2")))
    )  # fmt: skip

    assert values(all_models, "linear", "gross_value") == [50, 50]
    assert values(all_models, "linear") == [Decimal("34.99"), Decimal("35.00")]


@pytest.mark.parametrize(
    ("changes", "net"),
    [
        ({"refunded": Decimal(100)}, 0),
        ({"refunded": Decimal(130)}, -30),  # given back more than paid: kept as it is
        ({"state": OrderState.CANCELLED}, 0),
        ({"state": OrderState.CANCELLED, "refunded": Decimal(40)}, 0),
        ({"state": OrderState.CANCELLED, "refunded": Decimal(130)}, -30),
        ({"gross": Decimal(0)}, 0),
    ],
)
def test_what_is_left_of_an_order(all_models, changes, net):
    all_models.take(order("o1", *visits(2, 1), **changes))

    for model in ALL_MODELS:
        assert sum(values(all_models, model)) == net
        assert sum(weights(all_models, model)) == 1


def test_a_refund_reduces_revenue_on_the_orders_day(world):
    world.take(order("o1", *visits(1)))
    later = ORDERED_AT + 20 * DAY

    world.take(order("o1", *visits(1), refunded=Decimal(25), updated_at=later))

    assert world.credit("conversion_value, gross_value, event_time") == (75, 100, ORDERED_AT)


def test_an_edited_order_keeps_its_credits_and_changes_its_value(all_models):
    all_models.take(order("o1", *visits(2, 1)))
    before = all_models.events("e.touch_key, e.weight", "linear")

    all_models.take(order("o1", *visits(2, 1), gross=Decimal("80.50"), updated_at=ORDERED_AT + DAY))

    assert all_models.events("e.touch_key, e.weight", "linear") == before
    assert values(all_models, "linear") == [Decimal("40.25"), Decimal("40.25")]


def test_an_older_version_that_arrives_late_is_ignored(world):
    world.take(order("o1", *visits(1), gross=Decimal(80), updated_at=ORDERED_AT + DAY))

    changes = world.take(order("o1", *visits(1), gross=Decimal(100)))

    assert (changes.inserted, changes.updated) == (0, 0)
    assert world.credit("conversion_value") == (80,)


def test_an_order_that_comes_twice_is_one_event(world):
    same = order("o1", *visits(1))

    first = world.take(same, same)
    again = world.take(same)

    assert (first.inserted, again.inserted, again.updated) == (1, 0, 0)
    assert len(world.everything()) == 1


def test_visits_that_become_ready_later_are_matched(world):
    """The shop's update time need not move when it has found the visits."""
    world.take(order("o1", touches_ready=False))
    assert world.credit("evidence") == ("no_visit",)

    world.take(order("o1", *visits(1)))

    assert world.credit("platform") == ("tiktok",)


def test_an_order_whose_visits_are_worked_on_again_keeps_them(world):
    world.take(order("o1", *visits(1)))

    world.take(order("o1", touches_ready=False, updated_at=ORDERED_AT + DAY))

    assert world.credit("platform") == ("tiktok",)


def test_an_order_that_becomes_a_test_loses_its_event(world):
    world.take(order("o1", *visits(1)))

    world.take(order("o1", *visits(1), test=True, updated_at=ORDERED_AT + DAY))

    assert world.everything() == []


def test_computing_twice_writes_nothing(all_models):
    all_models.take(order("o1", *visits(2, 1)), order("o2"))
    before = all_models.everything()
    mark_all_orders(all_models.conn)

    done = attribute_orders(all_models.conn)

    assert (done.orders, done.changed, done.deleted) == (2, 0, 0)
    assert all_models.everything() == before


def test_a_change_of_models_adds_and_removes_events(world):
    world.take(order("o1", *visits(2, 1)))
    world.conn.execute("UPDATE analytics.workspaces SET attribution_models = '{linear}'")

    mark_all_orders(world.conn, world.workspace_id)
    attribute_orders(world.conn)

    assert (weights(world, "last_click"), len(weights(world, "linear"))) == ([], 2)


def test_rounds_of_one_order_end_where_one_round_ends(world):
    orders = [order(f"o{n}", *visits(n % 7)) for n in range(5)]
    world.take(*orders)
    at_once = world.everything()
    world.conn.execute("DELETE FROM analytics.attribution_events")
    mark_all_orders(world.conn)

    done = attribute_orders(world.conn, round_size=1)

    assert (done.orders, done.changed) == (5, 5)
    assert world.everything() == at_once


def test_a_killed_round_leaves_its_orders_stale(world, database):
    world.take(order("o1", *visits(1)), attribute=False)
    with connect(database, application_name="killed") as conn:
        pid = conn.info.backend_pid
        with pytest.raises(Exception, match="terminat"):  # noqa: SIM117, PT012
            with conn.transaction():
                conn.execute("DELETE FROM analytics.stale_orders")
                world.conn.execute("SELECT pg_terminate_backend(%s)", [pid])
                conn.execute("SELECT 1")

    assert attribute_orders(world.conn).orders == 1
