"""Bodies of the shapes that the vendor sends; the expected values are read off them by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest

from vendor_sync.ad_analytics.platforms import meta_rows
from vendor_sync.ad_analytics.platforms.meta_rows import CampaignItem, InsightItem
from vendor_sync.ad_analytics.records import CampaignStatus
from vendor_sync.errors import InvalidRecordError

ROW = {
    "account_currency": "USD",
    "campaign_id": "120000000000000777",
    "campaign_name": "Riyadh | Sale",
    "date_start": "2026-03-01",
    "date_stop": "2026-03-01",
    "spend": "14.35",
    "impressions": "185",
    "clicks": "9",
    "reach": "170",
    "frequency": "1.088235",
}


def read(**changes):
    item = {name: value for name, value in {**ROW, **changes}.items() if value is not None}
    decoded = msgspec.json.decode(msgspec.json.encode(item), type=InsightItem)
    return meta_rows.day_from_insight(decoded, window="7d_click_1d_view", provisional=True)


def actions(**values):
    return [{"action_type": kind.replace("__", "."), "value": v} for kind, v in values.items()]


def test_a_row_is_read_as_it_stands():
    day = read()

    assert (day.campaign_id, day.campaign_name) == ("120000000000000777", "Riyadh | Sale")
    assert (day.day, day.currency) == (date(2026, 3, 1), "USD")
    assert (day.impressions, day.clicks, day.reach) == (185, 9, 170)
    assert (day.spend, day.frequency) == (Decimal("14.35"), Decimal("1.088235"))
    assert (day.attribution_window, day.provisional) == ("7d_click_1d_view", True)


def test_trap_1_conversions_is_a_list_that_purchases_are_not_in():
    day = read(
        conversions=actions(offsite_conversion__fb_pixel_subscribe="1.5"),
        actions=actions(omni_purchase="3"),
    )

    assert day.conversions == 3


def test_trap_2_revenue_is_in_action_values_and_not_in_conversion_values():
    day = read(
        conversion_values=actions(subscribe_mobile_app="900"),
        action_values=actions(omni_purchase="412.5"),
    )

    assert day.conversion_value == Decimal("412.5")


def test_trap_3_one_sale_under_many_names_counts_once():
    """A shop with 6 sales worth 18262, each told under three names, of which two have a value."""
    day = read(
        spend="1127.56",
        actions=actions(
            omni_search="400",
            view_content="123",
            initiate_checkout="28",
            purchase="6",
            omni_purchase="6",
            offsite_conversion__fb_pixel_purchase="6",
        ),
        action_values=actions(purchase="18262", omni_purchase="18262"),
    )

    assert (day.conversions, day.conversion_value) == (6, 18262)
    assert day.conversion_type == "omni_purchase"
    assert day.spend == Decimal("1127.56")


@pytest.mark.parametrize(
    ("kinds", "chosen", "count", "value"),
    [
        ({"omni_purchase": ("2", "10000"), "purchase": ("3", "12000")}, "omni_purchase", 2, 10000),
        ({"purchase": ("3", "12000")}, "purchase", 3, 12000),
        (
            {"offsite_conversion__fb_pixel_purchase": ("5", "77.10")},
            "offsite_conversion.fb_pixel_purchase",
            5,
            Decimal("77.10"),
        ),
        ({"onsite_web_purchase": ("9", "9")}, None, None, None),
    ],
)
def test_the_first_of_three_types_counts_for_both_count_and_value(kinds, chosen, count, value):
    day = read(
        actions=actions(**{kind: pair[0] for kind, pair in kinds.items()}),
        action_values=actions(**{kind: pair[1] for kind, pair in kinds.items()}),
    )

    assert (day.conversion_type, day.conversions, day.conversion_value) == (chosen, count, value)


def test_a_value_of_another_type_than_the_count_is_not_mixed_in():
    day = read(actions=actions(purchase="4"), action_values=actions(omni_purchase="100"))

    assert (day.conversion_type, day.conversions, day.conversion_value) == ("purchase", 4, None)


def test_trap_4_window_keys_nest_and_are_never_added():
    item = {"action_type": "omni_purchase", "value": "3", "1d_click": "1", "7d_click": "2",
            "28d_click": "2", "1d_view": "1", "9d_unheard_of": "7"}  # fmt: skip

    assert read(actions=[item]).conversions == 3


def test_trap_5_values_are_text_and_may_be_fractional():
    assert read(actions=actions(omni_purchase="1.5")).conversions == Decimal("1.5")


@pytest.mark.parametrize(
    "changes",
    [{}, {"actions": [], "action_values": []}, {"actions": actions(link_click="4")}],
)
def test_trap_6_an_absent_purchase_is_unknown_and_not_zero(changes):
    day = read(**changes)

    assert day.conversions is day.conversion_value is day.conversion_type is None


def test_an_absent_metric_is_unknown_and_not_zero():
    assert read(reach=None, frequency=None).reach is None
    assert read(clicks="0").clicks == 0


def test_trap_7_spend_is_in_major_units():
    assert read(spend="1500", account_currency="JPY").spend == 1500


def test_trap_16_results_have_another_shape_and_are_not_read():
    odd = [{"indicator": "actions:link_click", "values": [{"value": "9"}]}]

    assert read(results=odd, actions=actions(purchase="2")).conversions == 2


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"impressions": "12.5"}, "impressions is no whole number: 12.5"),
        ({"spend": "NaN"}, "spend is no usable number: NaN"),
        ({"spend": "1e30"}, "spend is no usable number: 1e30"),
        ({"actions": actions(purchase="1") * 2}, "purchase stands 2 times in one list"),
        ({"date_stop": "2026-03-02"}, "the row spans 2026-03-01 to 2026-03-02, not one day"),
    ],
)
def test_a_row_that_cannot_be_right_is_refused_with_its_name(changes, reason):
    with pytest.raises(InvalidRecordError) as caught:
        read(**changes)

    assert caught.value.reason == reason
    assert caught.value.external_id == "120000000000000777 2026-03-01"


def test_a_campaign_has_a_time_without_a_colon_in_its_offset():
    record = meta_rows.campaign_from_item(
        CampaignItem(
            id="120000000000000001",
            name="camp",
            status="ARCHIVED",
            effective_status="ACTIVE",
            created_time="2024-03-12T15:02:47-0700",
        )
    )

    assert record.created_at == datetime(2024, 3, 12, 22, 2, 47, tzinfo=UTC)
    assert (record.status, record.raw_status) == (CampaignStatus.ACTIVE, "ACTIVE")


def test_a_status_of_tomorrow_is_unknown():
    record = meta_rows.campaign_from_item(
        CampaignItem(id="1", name="x", effective_status="NAPPING")
    )

    assert (record.status, record.raw_status) == (CampaignStatus.UNKNOWN, "NAPPING")
