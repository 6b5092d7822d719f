"""Windows and time: instants in UTC, whole seconds, both ends included."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.integration.ad_analytics.world import ALL_MODELS, ORDERED_AT, at, order, touch

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("summer")]
PAID = "utm_source=facebook&utm_medium=cpc&utm_campaign=Summer"


@pytest.fixture
def summer(world):
    return world.campaign("1201", "Summer")


@pytest.mark.parametrize(
    ("touched_at", "evidence", "flags"),
    [
        ("2026-03-03T12:00:00", "utm_name", []),  # exactly 604,800 s
        ("2026-03-03T11:59:59", "no_visit", []),
        ("2026-03-10T12:00:00", "utm_name", []),  # at once
        ("2026-03-10T12:00:21", "utm_name", ["clock_skew"]),
        ("2026-03-10T12:05:00", "utm_name", ["clock_skew"]),
        ("2026-03-10T12:05:01", "no_visit", ["touch_after_order"]),
        ("2026-03-10T12:06:00", "no_visit", ["touch_after_order"]),
        ("2026-03-10T15:00:00", "no_visit", ["zone_mixup"]),  # Riyadh's time read as UTC
    ],
)
def test_a_visit_is_in_the_window_up_to_both_ends(world, touched_at, evidence, flags):
    world.take(order("o1", touch(at(touched_at), PAID)))

    assert world.credit("evidence, flags") == (evidence, flags)


def test_fractions_of_seconds_are_cut_off_before_subtracting(world):
    late = ORDERED_AT + timedelta(microseconds=900_000)
    early = at("2026-03-03T12:00:00") + timedelta(microseconds=100_000)

    world.take(order("o1", touch(early, PAID), created_at=late))

    assert world.credit("evidence") == ("utm_name",)


def test_a_clock_change_does_not_move_the_window(world):
    """Athens goes forward on March 29: the wall clock says 7 days and 30 minutes."""
    ordered_at = at("2026-03-29T01:30:00")

    world.take(order("o1", touch(at("2026-03-22T02:00:00"), PAID), created_at=ordered_at))

    assert world.credit("evidence") == ("utm_name",)


def test_an_order_after_nine_in_the_evening_utc_is_of_the_next_day_in_riyadh(world):
    world.take(order("o1", created_at=at("2026-03-10T21:30:00")))

    assert world.credit("event_date, event_time") == (
        date(2026, 3, 11),
        at("2026-03-10T21:30:00"),
    )


@pytest.mark.parametrize(("days", "evidence"), [(1, "no_visit"), (14, "utm_name")])
def test_the_window_is_the_workspaces(world, days, evidence):
    world.conn.execute("UPDATE analytics.workspaces SET attribution_window_days = %s", [days])

    world.take(order("o1", touch(at("2026-03-01T12:00:00"), PAID)))

    assert world.credit("evidence") == (evidence,)


def test_a_logged_click_after_the_order_never_counts(world):
    world.take(order())
    world.link()

    world.log(world.click("c1", ORDERED_AT + timedelta(seconds=301), PAID))

    assert world.credit("evidence") == ("no_visit",)


def test_widening_the_window_never_loses_a_visit(world):
    visits = [touch(ORDERED_AT - timedelta(days=days), PAID) for days in (0, 1, 7, 8, 14, 28, 30)]
    world.conn.execute("UPDATE analytics.workspaces SET attribution_models = '{linear}'")
    counts = []

    for days in (1, 7, 14, 28, 30):
        world.conn.execute("UPDATE analytics.workspaces SET attribution_window_days = %s", [days])
        world.take(order("o1", *visits, source=str(days)))
        counts.append(len(world.events("e.ordinal", "linear")))

    assert counts == [2, 3, 5, 6, 7]


def test_an_ambiguous_local_time_stays_flagged(world):
    """The store's client says so; the flag reaches whoever looks at the credit."""
    flagged = order("o1", touch(ORDERED_AT, PAID), flags=("ambiguous_local_time",))

    world.take(flagged)

    assert world.credit("flags") == (["ambiguous_local_time"],)


def test_each_model_sees_the_same_visits(world):
    world.conn.execute("UPDATE analytics.workspaces SET attribution_models = %s", [ALL_MODELS])

    world.take(order("o1", touch(at("2026-03-03T11:59:59"), PAID), touch(ORDERED_AT, PAID)))

    assert [world.events("e.weight", model) for model in ALL_MODELS] == [[(1,)]] * 5
