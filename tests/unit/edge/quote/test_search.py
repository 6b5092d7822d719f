"""What the vectors cannot show: searches that are too long, staff's hands, and the clock's days."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from edge_grpc.client.quote.cart import cart_from
from edge_grpc.client.quote.evaluation import Shelf, evaluate
from edge_grpc.client.quote.reasons import Reason
from edge_grpc.v1 import promotion_pb2 as pb
from edge_grpc.v1 import promotion_rules_pb2 as rules
from edge_grpc.v1.catalog_pb2 import Product
from edge_grpc.v1.types_pb2 import LocalDate, Money, Weekday

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
TEA = Product(
    id="tea", sku="tea", brand_id="blue", base_price=Money(currency_code="USD", units=100)
)


def promotion(name, *, share=1000, **fields):
    given = {
        "apply_to": pb.APPLY_TO_ALL,
        "execution_stage": pb.EXECUTION_STAGE_ITEM_LEVEL,
        "is_active": True,
        "is_auto_apply": True,
        "validity": pb.Validity(
            start_on=LocalDate(year=2026, month=1, day=1),
            end_on=LocalDate(year=2026, month=12, day=31),
            days=Weekday.keys()[1:],
        ),
        "conditions": pb.Conditions(customer_type=pb.CUSTOMER_TYPE_ALL),
        "combination": pb.Combination(is_stackable=True),
        "percent_discount": rules.PercentDiscount(basis_points=share),
        **fields,
    }
    return pb.Promotion(id=name, code=name.upper(), **given)


def quote(promotions, quantity=1, **cart):
    lines = [{"id": "1", "product_id": "tea", "quantity": quantity}]
    shelf = Shelf(products=[TEA], promotions=promotions, timezone="UTC", currency="USD")
    return evaluate(cart_from({"lines": lines, **cart}), shelf, now=NOW)


def reason_of(promotions, **cart):
    return quote(promotions, **cart).judgements[0].reason


def test_long_search_ends_in_time_and_says_that_it_was_cut():
    promotions = [promotion(f"p{place:03}", share=100 + place) for place in range(300)]
    began = time.process_time()

    found = quote(promotions, quantity=100)

    assert time.process_time() - began < 10
    assert not found.is_exact
    assert found.discount > 9000_00  # of 10,000.00: better than any few of them


def test_thousands_of_promotions_on_one_bill_are_no_call_stack():
    penny = rules.AmountDiscount(amount=Money(currency_code="USD", nanos=10_000_000))
    promotions = [promotion(f"p{place:04}", amount_discount=penny) for place in range(2000)]

    found = quote(promotions)

    assert found.discount == 2000
    assert {judgement.reason for judgement in found.judgements} == {Reason.APPLIED}


def test_manual_override_passes_conditions_but_not_its_role_or_cap():
    members = pb.Conditions(customer_type=pb.CUSTOMER_TYPE_ALL, member_only=True)
    manual = pb.ManualOverride(
        is_allowed=True, required_role="lead", max_amount=Money(currency_code="USD", units=4)
    )
    promotions = [promotion("p", conditions=members, manual_override=manual)]

    assert reason_of(promotions) is Reason.MEMBERS_ONLY
    wrong = [{"promotion": "P", "role": "cashier"}]
    assert reason_of(promotions, overrides=wrong) is Reason.MEMBERS_ONLY
    by_hand = quote(promotions, overrides=[{"promotion": "P", "role": "lead"}])
    assert by_hand.discount == 400


CUSTOMER_CASES = {
    "members only": ({"member_only": True}, {}, Reason.MEMBERS_ONLY),
    "member": ({"member_only": True}, {"is_member": True}, Reason.APPLIED),
    "other tier": ({"member_tiers": ["gold"]}, {"tier": "silver"}, Reason.MEMBER_TIER),
    "excluded": ({"excluded_member_ids": ["C"]}, {"id": "C"}, Reason.MEMBER_EXCLUDED),
    "first order unknown": ({"customer_type": 2}, {}, Reason.CUSTOMER_UNKNOWN),
    "first order": ({"customer_type": 2}, {"orders": 0}, Reason.APPLIED),
    "second order": ({"customer_type": 2}, {"orders": 1}, Reason.CUSTOMER_TYPE),
    "brand bought": ({"customer_type": 3}, {"brands_bought": ["blue"]}, Reason.NO_COUNTED_LINES),
    "brand new": ({"customer_type": 3}, {"brands_bought": []}, Reason.APPLIED),
    "back too soon": (
        {"customer_type": 4, "inactive_days_threshold": 30},
        {"days_since_last_order": 29},
        Reason.CUSTOMER_TYPE,
    ),
    "back": (
        {"customer_type": 4, "inactive_days_threshold": 30},
        {"days_since_last_order": 30},
        Reason.APPLIED,
    ),
}


@pytest.mark.parametrize("case", CUSTOMER_CASES)
def test_promotion_is_for_the_customers_that_it_names(case):
    conditions, customer, reason = CUSTOMER_CASES[case]
    given = pb.Conditions(**{"customer_type": pb.CUSTOMER_TYPE_ALL, **conditions})

    assert reason_of([promotion("p", conditions=given)], customer=customer) is reason


def test_choice_voucher_channel_employee_and_activity():
    assert reason_of([promotion("p", is_auto_apply=False)]) is Reason.NOT_CHOSEN
    assert reason_of([promotion("p", is_auto_apply=False)], chosen=["P"]) is Reason.APPLIED
    assert reason_of([promotion("p", require_voucher=True)]) is Reason.VOUCHER_NEEDED
    assert reason_of([promotion("p", require_voucher=True)], vouchers=["p"]) is Reason.APPLIED
    assert reason_of([promotion("p", is_active=False)]) is Reason.INACTIVE
    staff = promotion("p", manual_override=pb.ManualOverride(employee_only=True))
    assert reason_of([staff]) is Reason.EMPLOYEES_ONLY
    assert reason_of([staff], customer={"is_employee": True}) is Reason.APPLIED
    conditions = pb.Conditions(
        customer_type=pb.CUSTOMER_TYPE_ALL, sales_channels=[pb.SALES_CHANNEL_KIOSK]
    )
    kiosk = promotion("p", conditions=conditions)
    assert reason_of([kiosk]) is Reason.CHANNEL
    assert reason_of([kiosk], channel="takeaway") is Reason.CHANNEL
    assert reason_of([kiosk], channel="kiosk") is Reason.APPLIED


def test_enum_value_of_a_newer_contract_is_skipped_and_told():
    newer = pb.Promotion.FromString(promotion("p").SerializeToString() + b"\x30\x63")

    assert newer.apply_to == 99
    assert reason_of([newer]) is Reason.UNKNOWN_VALUE


def test_amount_below_zero_never_raises_a_price():
    below = Money(currency_code="USD", units=-5)

    found = quote([promotion("p", amount_discount=rules.AmountDiscount(amount=below))])

    assert found.discount == 0
    assert found.judgements[0].reason is Reason.NO_EFFECT
