"""What Trackier's records mean, on hand-written bodies."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vendor_sync.errors import InvalidRecordError
from vendor_sync.trackier.models import brand_from_api, external_id_of, offer_from_api

CAMPAIGN: dict[str, Any] = {
    "id": 18,
    "hashId": "607834aaf7f5b70b565a31a8",
    "advertiserId": "607833eaf7f5b70b565a3188",
    "title": "Shoes",
    "status": "active",
    "commModel": "cpa",
    "currency": "INR",
    "categories": ["Fashion", "Sport"],
    "payouts": [{"_id": "a", "payout": 10.0, "currency": "INR", "model": "cpa", "geo": ["IN"]}],
}


def raw(item: object) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(item).encode())


def campaign(**changes: object) -> msgspec.Raw:
    return raw({**CAMPAIGN, **changes})


def test_campaign_of_the_vendors_shape():
    offer = offer_from_api(campaign())

    assert (offer.external_id, offer.display_id) == ("607834aaf7f5b70b565a31a8", "18")
    assert offer.advertiser_id == "607833eaf7f5b70b565a3188"
    assert (offer.name, offer.category, offer.status) == ("Shoes", "Fashion", "active")
    assert (offer.payout_amount, offer.payout_currency) == (Decimal("10.0"), "INR")
    assert offer.commission_pct is None
    assert offer.is_active


def test_campaign_of_the_brief_shape():
    offer = offer_from_api(
        raw({
            "id": "camp_123", "advertiser_id": "adv_001", "name": "Shoes", "category": "Fashion",
            "payout": {"amount": 12.5, "currency": "usd"},
        })
    )  # fmt: skip

    assert (offer.external_id, offer.display_id) == ("camp_123", None)
    assert (offer.advertiser_id, offer.name, offer.category) == ("adv_001", "Shoes", "Fashion")
    assert (offer.payout_amount, offer.payout_currency) == (Decimal("12.5"), "USD")


@pytest.mark.parametrize("changes", [{"commModel": "cps"}, {"commModel": "cpa"}])
def test_percentage_only_where_the_payout_is_one(changes):
    payouts = [{"_id": "a", "payout": 7.25, "currency": "INR", "geo": []}]
    offer = offer_from_api(campaign(payouts=payouts, **changes))

    expected = Decimal("7.25") if changes["commModel"] == "cps" else None
    assert offer.commission_pct == expected


def test_revshare_payout_is_a_percentage_under_any_model():
    payouts = [{"_id": "a", "payout": 30, "currency": "INR", "payoutModel": "revshare"}]

    assert offer_from_api(campaign(payouts=payouts)).commission_pct == Decimal(30)


def test_base_payout_has_no_goal_no_publishers_and_the_widest_geography():
    def payout(name: str, amount: int, **more: object) -> dict[str, object]:
        return {"_id": name, "payout": amount, "revenue": 99, "currency": "USD", **more}

    payouts = [
        payout("a", 1, goalId="g"),
        payout("b", 2, pubIds=[31]),
        payout("c", 3, geo=["IN", "US"]),
        payout("e", 5, geo=["all"]),
        payout("d", 4, geo=[]),
        payout("f", 6, geo=["IN"]),
    ]

    assert offer_from_api(campaign(payouts=payouts)).payout_amount == Decimal(4)


def test_unknown_status_is_kept_and_inactive():
    offer = offer_from_api(campaign(status="brand-new-status"))

    assert (offer.status, offer.is_active) == ("brand-new-status", False)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": None}, "title is missing"),
        ({"title": "   "}, "title is missing"),
        ({"title": 5}, "Expected `str"),
        ({"advertiserId": None}, "advertiserId is missing"),
        ({"commModel": "cps", "payouts": [{"payout": 250, "currency": "INR"}]}, "250 %"),
        ({"payouts": [{"payout": -1, "currency": "INR"}]}, "at least 0"),
        ({"payouts": [{"payout": "NaN", "currency": "INR"}]}, "at least 0"),
        ({"currency": "XXZ", "payouts": [{"payout": 1}]}, "ISO 4217"),
        ({"title": "a\0b"}, "NUL"),
    ],
)
def test_invalid_campaign_says_which_field_and_why(changes, words):
    with pytest.raises(InvalidRecordError, match=words) as caught:
        offer_from_api(campaign(**changes))

    assert caught.value.external_id == CAMPAIGN["hashId"]


def test_checksum_ignores_spelling_order_and_noise():
    offer = offer_from_api(campaign())
    payouts = [{**CAMPAIGN["payouts"][0], "payout": 10, "modified": "2021-06-01"}]
    reordered = dict(reversed({**CAMPAIGN, "payouts": payouts, "login_attempts": 4}.items()))

    assert offer_from_api(raw(reordered)).checksum == offer.checksum


@given(
    st.fixed_dictionaries(
        {
            "title": st.text(min_size=1, max_size=5),
            "status": st.sampled_from(("active", "paused")),
            "categories": st.lists(st.sampled_from("ab"), max_size=2),
        }
    ),
    st.fixed_dictionaries(
        {
            "title": st.text(min_size=1, max_size=5),
            "status": st.sampled_from(("active", "paused")),
            "categories": st.lists(st.sampled_from("ab"), max_size=2),
        }
    ),
)
def test_checksums_are_equal_exactly_when_what_we_store_is(one, other):
    try:
        first, second = offer_from_api(campaign(**one)), offer_from_api(campaign(**other))
    except InvalidRecordError:
        return

    def stored(offer):
        return (offer.name, offer.status, offer.category)

    assert (first.checksum == second.checksum) == (stored(first) == stored(second))


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(("id", "hashId", "title", "payouts", "advertiserId", "geo", "payout")),
        inner, max_size=5),
    max_leaves=12,
))  # fmt: skip
def test_any_json_is_a_record_or_refused_with_a_reason(item):
    try:
        body = raw(item)
    except UnicodeEncodeError:
        return
    for parse in (brand_from_api, offer_from_api):
        try:
            record = parse(body)
        except InvalidRecordError as error:
            assert error.reason  # noqa: PT017
        else:
            assert record.external_id
    assert external_id_of(body) is None or isinstance(external_id_of(body), str)
