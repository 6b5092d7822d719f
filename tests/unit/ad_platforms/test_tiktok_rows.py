"""Bodies of the shapes that the vendor sends; the expected values are read off them by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from vendor_sync.ad_analytics.platforms import tiktok_rows
from vendor_sync.ad_analytics.platforms.tiktok_errors import error_of
from vendor_sync.ad_analytics.platforms.tiktok_rows import CampaignItem, Metrics, ReportItem
from vendor_sync.ad_analytics.ports import ReportNeededError
from vendor_sync.ad_analytics.records import CampaignStatus
from vendor_sync.errors import (
    AuthenticationError,
    InvalidRecordError,
    PermanentError,
    RateLimitedError,
    TemporaryError,
)

NOW = datetime(2026, 3, 1, 10, 20, 30, tzinfo=UTC)
ROW = {"spend": "234.56", "impressions": "45230", "clicks": "1876", "complete_payment": "9",
       "total_complete_payment_rate": "1830.00", "complete_payment_roas": "7.80",
       "conversion": "12", "cost_per_conversion": "19.55"}  # fmt: skip


def read(**changes):
    dimensions = {"campaign_id": "1680018437245954", "stat_time_day": "2026-03-01 00:00:00"}
    row = {"dimensions": dimensions, "metrics": {**ROW, **changes}}
    item = msgspec.json.decode(msgspec.json.encode(row), type=ReportItem)
    return tiktok_rows.day_from_metrics(
        item.metrics,
        campaign_id=str(item.dimensions.campaign_id),
        day=tiktok_rows.local_day(item.dimensions.stat_time_day),
        currency="SAR",
        window="7d_click_1d_view",
        provisional=False,
    )


def test_traps_1_to_3_revenue_is_what_is_called_a_rate_and_cost_per_conversion_is_a_cost():
    day = read(complete_payment_rate="1.2")

    assert (day.spend, day.impressions, day.clicks) == (Decimal("234.56"), 45230, 1876)
    assert (day.conversions, day.conversion_value) == (9, Decimal(1830))
    assert (day.campaign_id, day.day, day.currency) == (
        "1680018437245954",
        date(2026, 3, 1),
        "SAR",
    )


def test_trap_4_the_three_legs_are_added():
    day = read(
        total_purchase="4", total_purchase_value="99.50",
        onsite_shopping=2, total_onsite_shopping_value=10.25,
    )  # fmt: skip

    assert (day.conversions, day.conversion_value) == (15, Decimal("1939.75"))
    assert day.conversion_type == "complete_payment+total_purchase+onsite_shopping"


def test_trap_5_conversion_is_the_ad_groups_goal_and_not_read():
    day = read(complete_payment="-", total_complete_payment_rate="-")

    assert day.conversions is day.conversion_value is day.conversion_type is None


def test_mixed_text_and_numbers_of_one_row_are_both_read():
    """An hour of a real account has `reach` as text next to a number of views."""
    day = read(reach="3822", frequency="1.23", video_play_actions=4179,
               video_watched_2s=493, video_watched_6s=132)  # fmt: skip

    assert (day.reach, day.frequency) == (3822, Decimal("1.23"))
    assert (day.video_plays, day.video_views_2s, day.video_views_6s) == (4179, 493, 132)


@pytest.mark.parametrize("absent", ["-", "", None, " - "])
def test_trap_14_a_dash_is_unknown_and_no_number(absent):
    day = read(clicks=absent, spend="0.00")

    assert day.clicks is None
    assert day.spend == 0


def test_amounts_without_decimals_are_amounts():
    assert read(spend="1435").spend == 1435
    assert read(spend=1435).spend == 1435


def test_trap_15_ids_beyond_2_to_the_53_stay_exact_as_text_and_as_number():
    for written in (b"1836012345678901234", b'"1836012345678901234"'):
        raw = (
            b'{"dimensions":{"campaign_id":%s,"stat_time_day":"2026-03-01 00:00:00"},"metrics":{}}'
        )
        item = msgspec.json.decode(raw % written, type=ReportItem)
        assert str(item.dimensions.campaign_id) == "1836012345678901234"


def test_trap_16_the_day_is_the_accounts_and_gets_no_zone():
    assert tiktok_rows.local_day("2026-03-01 00:00:00") == date(2026, 3, 1)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"spend": "a lot"}, "spend is no number: 'a lot'"),
        ({"impressions": 1.5}, "impressions is no whole number: 1.5"),
        ({"spend": "Infinity"}, "spend is no usable number: Infinity"),
    ],
)
def test_a_row_that_cannot_be_right_is_refused_with_its_name(changes, reason):
    with pytest.raises(InvalidRecordError) as caught:
        read(**changes)

    assert caught.value.reason == reason
    assert caught.value.external_id == "1680018437245954 2026-03-01"


def test_every_metric_that_is_asked_for_is_read_into_a_field():
    legs = {metric for leg in tiktok_rows.LEGS for metric in leg}

    assert legs <= set(tiktok_rows.METRICS)
    assert set(tiktok_rows.METRICS) == set(Metrics.__struct_fields__)


@pytest.mark.parametrize(
    ("secondary", "operation", "status"),
    [
        ("CAMPAIGN_STATUS_ENABLE", "ENABLE", CampaignStatus.ACTIVE),
        ("CAMPAIGN_STATUS_DISABLE", "DISABLE", CampaignStatus.PAUSED),
        ("CAMPAIGN_STATUS_DELETE", "DISABLE", CampaignStatus.REMOVED),
        ("CAMPAIGN_STATUS_TIME_DONE", "ENABLE", CampaignStatus.ENDED),
        ("CAMPAIGN_STATUS_OF_TOMORROW", "ENABLE", CampaignStatus.ACTIVE),
        ("", "", CampaignStatus.UNKNOWN),
    ],
)
def test_a_campaign_has_two_statuses_of_which_the_second_knows_more(secondary, operation, status):
    record = tiktok_rows.campaign_from_item(
        CampaignItem(
            campaign_id=1680018437245954,
            campaign_name="x",
            secondary_status=secondary,
            operation_status=operation,
            create_time="2026-02-28 21:00:00",
        )
    )

    assert (record.external_id, record.status) == ("1680018437245954", status)
    assert record.created_at == datetime(2026, 2, 28, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (40000, PermanentError), (40002, PermanentError), (40011, PermanentError),
        (40007, PermanentError), (40107, PermanentError), (41000, PermanentError),
        (40001, AuthenticationError), (40102, AuthenticationError), (40104, AuthenticationError),
        (40105, AuthenticationError), (40106, AuthenticationError), (40125, AuthenticationError),
        (40067, ReportNeededError),
        (20001, TemporaryError), (40200, TemporaryError), (40201, TemporaryError),
        (40202, TemporaryError), (40700, TemporaryError), (50000, TemporaryError),
        (50002, TemporaryError), (51305, TemporaryError), (60001, TemporaryError),
        (40016, RateLimitedError), (40100, RateLimitedError), (40132, RateLimitedError),
        (40133, RateLimitedError),
    ],
)  # fmt: skip
def test_trap_6_the_code_of_the_body_decides(code, kind):
    assert type(error_of(code, "why", "report/")) is kind


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("App reaches the QPS limit.", NOW + timedelta(seconds=1)),
        ("Advertiser (7)'s QPS (21) reaches QPS limit 20", NOW + timedelta(seconds=1)),
        ("requests from App are temporarily restricted.", NOW + timedelta(minutes=5)),
        ("App reaches the QPM limit.", NOW + timedelta(minutes=5)),
        ("App reaches the QPD limit.", datetime(2026, 3, 2, tzinfo=UTC)),
    ],
)
def test_trap_7_the_message_tells_which_limit_it_was_and_so_how_long(text, at):
    error = error_of(40100, text, "report/", NOW)

    assert isinstance(error, RateLimitedError)
    assert error.retry_at == at
