from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from vendor_sync.ad_analytics.flow import task_size
from vendor_sync.ad_analytics.scope import Scope, SyncParams, decide_scope
from vendor_sync.errors import ConfigurationError

NIGHT = datetime(2026, 3, 20, 22, tzinfo=UTC)  # the 21st in Riyadh
NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
MORNING = datetime(2026, 3, 20, 11, tzinfo=UTC)


def scope(now=NIGHT, **changes):
    known = {
        "timezone": "Asia/Riyadh",
        "first_synced_at": datetime(2026, 1, 1, tzinfo=UTC),
        "last_wide_at": datetime(2026, 3, 20, 12, tzinfo=UTC),
    }
    return decide_scope(SyncParams(), now=now, **{**known, **changes})


def test_the_first_sync_goes_back_90_days_of_the_account():
    found = scope(first_synced_at=None)

    assert (found.since, found.until) == (date(2025, 12, 22), date(2026, 3, 21))
    assert (found.first, found.wide) == (True, True)


def test_a_first_sync_that_was_cut_off_goes_on_the_day_before():
    found = scope(first_synced_at=None, orders_until=datetime(2026, 2, 1, 12, tzinfo=UTC))

    assert (found.since, found.first, found.wide) == (date(2026, 1, 31), True, True)


def test_hourly_the_last_three_days_are_asked():
    assert scope() == Scope(since=date(2026, 3, 19), until=date(2026, 3, 21))


@pytest.mark.parametrize(
    ("now", "last_wide", "days"),
    [
        (MORNING, datetime(2026, 3, 19, 12, tzinfo=UTC), 3),
        (NOON, datetime(2026, 3, 19, 12, tzinfo=UTC), 30),
        (NIGHT, datetime(2026, 3, 20, 11, 59, tzinfo=UTC), 30),
        (NIGHT, datetime(2026, 3, 20, 12, tzinfo=UTC), 3),
        (NIGHT, None, 30),
    ],
)
def test_once_a_day_after_noon_thirty_days_are_asked(now, last_wide, days):
    found = scope(now, last_wide_at=last_wide)

    assert found.wide is (days == 30)
    assert (found.until - found.since).days + 1 == days


def test_after_days_without_a_daily_pull_what_it_left_unsettled_is_asked_again():
    found = scope(last_wide_at=datetime(2026, 3, 10, 12, tzinfo=UTC))

    # The 10th of February was 27 days over on the 10th of March: it could still move.
    assert (found.since, found.wide) == (date(2026, 2, 10), True)


def test_after_an_outage_the_range_begins_where_the_last_success_ended():
    found = scope(orders_until=datetime(2026, 3, 10, tzinfo=UTC))

    assert found.since == date(2026, 3, 9)


def test_a_long_range_is_asked_in_months_the_newest_first():
    pieces = list(Scope(since=date(2026, 1, 1), until=date(2026, 3, 1)).chunks())

    assert pieces == [
        (date(2026, 1, 31), date(2026, 3, 1)),
        (date(2026, 1, 1), date(2026, 1, 30)),
    ]


def test_a_day_of_23_hours_ends_where_the_next_begins():
    begin, end = Scope(since=date(2026, 3, 29), until=date(2026, 3, 29)).instants("Europe/Athens")

    assert (end - begin).total_seconds() == 23 * 3600


def test_a_date_range_is_asked_as_it_is():
    params = SyncParams.parse({"since": "2026-03-01", "until": "2026-03-07", "connections": "4,5"})

    found = decide_scope(params, timezone="UTC", now=NIGHT, first_synced_at=None, last_wide_at=None)
    assert (found.since, found.until, found.first) == (date(2026, 3, 1), date(2026, 3, 7), False)
    assert params.connection_ids == (4, 5)


@pytest.mark.parametrize(
    "values",
    [
        {"since": "2026-03-01"},
        {"since": "2026-03-02", "until": "2026-03-01"},
        {"since": "yesterday", "until": "2026-03-01"},
        {"connections": "four"},
        {"colour": "red"},
    ],
)
def test_wrong_parameters_are_refused_by_name(values):
    with pytest.raises(ConfigurationError, match=r"since|connections|colour"):
        SyncParams.parse(values)


@pytest.mark.parametrize(("connections", "size"), [(1, 1), (8, 1), (9, 2), (200, 25), (1000, 25)])
def test_a_task_takes_one_connection_while_there_are_few(connections, size):
    assert task_size(connections) == size


def test_a_platform_that_there_is_not_is_named_with_those_that_there_are():
    with pytest.raises(ConfigurationError, match="'facebook'; known are: meta, tiktok"):
        SyncParams.parse({"platforms": ["meta", "facebook"]})
