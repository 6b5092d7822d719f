"""Bodies of the shapes that the vendor sends; the expected values are read off them by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest

from vendor_sync.ad_analytics.platforms import snapchat_rows
from vendor_sync.ad_analytics.platforms.snapchat_rows import CampaignItem, Point, Stats
from vendor_sync.ad_analytics.records import CampaignStatus
from vendor_sync.errors import InvalidRecordError

STATS = {"impressions": 45210, "swipes": 612, "spend": 151230000,
         "conversion_purchases": 12, "conversion_purchases_value": 500000000}  # fmt: skip


def read(start="2026-03-01T00:00:00.000+03:00", **changes):
    stats = {name: value for name, value in {**STATS, **changes}.items() if value is not None}
    point = {"start_time": start, "end_time": "2026-03-02T00:00:00.000+03:00", "stats": stats}
    return snapchat_rows.day_from_point(
        msgspec.json.decode(msgspec.json.encode(point), type=Point),
        campaign_id="c0ffee",
        currency="SAR",
        window="7d_click_1d_view",
        provisional=True,
    )


def test_traps_1_and_2_spend_and_value_are_both_micro():
    day = read()

    assert (day.impressions, day.clicks) == (45210, 612)
    assert (day.spend, day.conversion_value) == (Decimal("151.23"), Decimal(500))
    assert day.conversions == 12


def test_micro_is_micro_for_currencies_without_minor_units_too():
    assert read(spend=1_435_000_000).spend == 1435


@pytest.mark.parametrize(
    ("start", "day"),
    [
        ("2026-03-01T00:00:00.000+03:00", date(2026, 3, 1)),
        ("2026-03-01T00:00:00.000-0800", date(2026, 3, 1)),
        ("2026-03-01T00:00:00.000-07:00", date(2026, 3, 1)),
    ],
)
def test_trap_8_the_day_is_the_date_as_it_is_written(start, day):
    assert read(start).day == day


@pytest.mark.parametrize("text", ["2026-03-01T00:00:00.000-08:00", "2026-03-01T00:00:00.000-0800",
                                  "2026-03-01T08:00:00.000Z"])  # fmt: skip
def test_an_offset_is_read_in_every_spelling(text):
    assert snapchat_rows.instant(text) == datetime(2026, 3, 1, 8, tzinfo=UTC)


def test_trap_10_and_11_shares_and_parts_of_the_total_are_not_read():
    day = read(swipe_up_percent=0.0135, conversion_purchases_web=9, conversion_purchases_app=3)

    assert day.conversions == 12


def test_trap_12_a_value_of_0_beside_purchases_was_not_sent():
    assert read(conversion_purchases_value=0).conversion_value is None
    assert read(conversion_purchases_value=0).conversions == 12
    assert read(conversion_purchases=0, conversion_purchases_value=0).conversion_value == 0


def test_an_absent_figure_is_unknown_and_not_zero():
    day = read(conversion_purchases=None, conversion_purchases_value=None, swipes=None)

    assert day.conversions is day.conversion_value is day.conversion_type is day.clicks is None


def test_a_day_of_zeros_is_a_day_without_delivery():
    assert Stats(impressions=0, spend=0.0, swipes="0").empty
    assert not Stats(impressions=0, conversion_purchases=1).empty


@pytest.mark.parametrize(
    ("swipe", "view", "words"),
    [
        ("7_DAY", "1_DAY", "7d_click_1d_view"),
        ("28_DAY", "none", "28d_click"),
        ("1_DAY", "3_HOUR", "1d_click_3h_view"),
    ],
)
def test_trap_9_the_window_is_the_one_that_was_applied(swipe, view, words):
    assert snapchat_rows.window_words(swipe, view) == words


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"impressions": 4.5}, "impressions is no whole number: 4.5"),
        ({"start": "yesterday"}, "start_time 'yesterday' is no time"),
    ],
)
def test_a_point_that_cannot_be_right_is_refused_with_its_name(changes, reason):
    with pytest.raises(InvalidRecordError) as caught:
        read(**changes)

    assert caught.value.reason == reason
    assert (caught.value.external_id or "").startswith("c0ffee")


def test_a_campaign_is_read():
    record = snapchat_rows.campaign_from_item(
        CampaignItem(id="u-1", name="n", status="PAUSED", created_at="2024-01-15T10:00:00.000Z")
    )

    assert (record.status, record.raw_status) == (CampaignStatus.PAUSED, "PAUSED")
    assert record.created_at == datetime(2024, 1, 15, 10, tzinfo=UTC)
