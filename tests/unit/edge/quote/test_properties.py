"""Random carts and promotions: the evaluator against every allowed combination."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_grpc.client.quote.amounts import allocate
from edge_grpc.client.quote.bill import make_bill
from edge_grpc.client.quote.cart import cart_from
from edge_grpc.client.quote.eligibility import Occasion
from edge_grpc.client.quote.evaluation import Shelf, evaluate
from edge_grpc.client.quote.reasons import Miss
from edge_grpc.client.quote.rules import RULES, take_turn
from edge_grpc.v1 import promotion_pb2 as pb
from edge_grpc.v1 import promotion_rules_pb2 as rules
from edge_grpc.v1.catalog_pb2 import Product
from edge_grpc.v1.types_pb2 import LocalDate, Money, Weekday

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
PRODUCTS = ("a", "b", "c", "d")
CATEGORIES = ("x", "y")
QUICK = settings(max_examples=60)


def money(cents):
    return Money(currency_code="USD", units=cents // 100, nanos=cents % 100 * 10**7)


amounts = st.integers(0, 900).map(money)
caps = st.one_of(st.none(), amounts)
shares = st.integers(0, 10_000)
few = st.integers(1, 3)
names = st.sampled_from(PRODUCTS)
categories = st.lists(st.sampled_from(CATEGORIES), min_size=1, unique=True)
methods = st.lists(st.sampled_from(("card", "cash")), min_size=1, unique=True)
one_value = st.one_of(
    st.fixed_dictionaries({"basis_points": shares}), st.fixed_dictionaries({"amount": amounts})
)


def built(message, **fields):
    return st.builds(message, **fields)


def with_value(message, **fields):
    return st.builds(lambda value, **given: message(**value, **given), one_value, **fields)


parts = st.lists(built(rules.ComboItem, product_id=names, quantity=few), min_size=1, max_size=2)
package_items = st.lists(
    st.one_of(
        built(rules.PackageItem, product_id=names, quantity=few, is_required=st.booleans()),
        built(
            rules.PackageItem,
            category_id=st.just("x"),
            category_ids=categories,
            quantity=st.just(1),
            is_choice=st.just(True),  # noqa: FBT003
            is_required=st.booleans(),
            max_selection=st.integers(0, 2),
            surcharge=caps,
        ),
    ),
    min_size=1,
    max_size=3,
)
tiers = st.lists(
    st.one_of(
        with_value(rules.Tier, min_amount=amounts, max_amount=caps),
        built(rules.Tier, min_amount=amounts, free_product_id=names),
        built(rules.Tier, min_amount=amounts, points_multiplier_hundredths=st.integers(0, 300)),
    ),
    min_size=1,
    max_size=3,
)
RULE_STRATEGIES = {
    "percent_discount": built(rules.PercentDiscount, basis_points=shares, max_discount=caps),
    "amount_discount": built(rules.AmountDiscount, amount=amounts, max_discount=caps),
    "buy_x_get_y": built(
        rules.BuyXGetY,
        buy_quantity=few,
        get_quantity=few,
        get_basis_points=shares,
        get_product_id=st.one_of(st.just(""), names),
        same_product_only=st.booleans(),
        max_discount=caps,
    ),
    "combo": built(rules.Combo, price=amounts, items=parts),
    "free_item": built(
        rules.FreeItem,
        trigger_product_id=st.one_of(st.just(""), names),
        trigger_quantity=few,
        free_product_id=names,
        free_quantity=few,
    ),
    "happy_hour": st.one_of(
        with_value(rules.HappyHour, max_discount=caps),
        built(rules.HappyHour, special_price=amounts, max_discount=caps),
    ),
    "cashback": with_value(
        rules.Cashback,
        max_cashback=caps,
        payment_methods=st.one_of(st.just([]), methods),
        method=st.just(rules.CASHBACK_METHOD_POINTS),
    ),
    "payment_discount": with_value(
        rules.PaymentDiscount, payment_methods=methods, max_discount=caps, min_payment=caps
    ),
    "package": built(
        rules.Package,
        price=amounts,
        allow_modification=st.booleans(),
        min_items=st.integers(0, 2),
        items=package_items,
    ),
    "mix_match": built(
        rules.MixMatch,
        category_ids=categories,
        required_quantity=st.integers(2, 3),
        special_price=amounts,
        allow_same_product=st.booleans(),
    ),
    "upsell": built(
        rules.Upsell,
        required_product_id=names,
        required_quantity=few,
        upsell_product_id=names,
        special_price=caps,
    ),
    "threshold_tier": built(rules.ThresholdTier, tiers=tiers),
}
assert RULE_STRATEGIES.keys() == RULES.keys()


@st.composite
def promotion(draw, name):
    kind = draw(st.sampled_from(sorted(RULE_STRATEGIES)))
    return pb.Promotion(
        id=name,
        code=name,
        apply_to=draw(st.sampled_from([pb.APPLY_TO_ALL, pb.APPLY_TO_CATEGORY, pb.APPLY_TO_BILL])),
        execution_stage=draw(st.sampled_from([1, 2, 3])),
        execution_priority=draw(few),
        priority=draw(few),
        is_active=True,
        is_auto_apply=True,
        validity=pb.Validity(
            start_on=LocalDate(year=2026, month=1, day=1),
            end_on=LocalDate(year=2026, month=12, day=31),
            days=Weekday.keys()[1:],
        ),
        scope=pb.Scope(
            category_ids=draw(categories), excluded_product_ids=draw(st.sets(names, max_size=1))
        ),
        conditions=pb.Conditions(
            customer_type=pb.CUSTOMER_TYPE_ALL, min_purchase=draw(caps), min_items=draw(few) - 1
        ),
        combination=pb.Combination(
            is_stackable=draw(st.sampled_from([True, True, True, False])),
            cannot_combine_with=draw(st.sets(st.sampled_from("01234"), max_size=1)),
        ),
        **{kind: draw(RULE_STRATEGIES[kind])},
    )


@st.composite
def situations(draw):
    """A cart of up to 8 units, and up to 5 promotions of any type."""
    products = [
        Product(
            id=name,
            sku=name,
            category_id=draw(st.sampled_from(CATEGORIES)),
            brand_id="brand",
            base_price=money(draw(st.integers(0, 700))),
        )
        for name in PRODUCTS
    ]
    quantities = draw(st.lists(st.tuples(names, st.integers(1, 2)), min_size=1, max_size=4))
    lines = [
        {"id": str(place), "product_id": name, "quantity": quantity}
        for place, (name, quantity) in enumerate(quantities)
    ]
    payments = draw(
        st.sampled_from(
            [[], [{"method": "card"}], [{"method": "cash", "amount": "4.00"}, {"method": "card"}]]
        )
    )
    cart = cart_from({"lines": lines, "payments": payments})
    count = draw(st.integers(0, 5))
    promotions = [draw(promotion(str(place))) for place in range(count)]
    shelf = Shelf(products=products, promotions=promotions, timezone="UTC", currency="USD")
    return cart, shelf


def allowed(chosen):
    return all(
        one.combination.is_stackable
        and other.combination.is_stackable
        and other.id not in one.combination.cannot_combine_with
        and one.id not in other.combination.cannot_combine_with
        for one, other in itertools.combinations(chosen, 2)
    )


def best_of_all(cart, shelf):
    """What the best of all allowed combinations is worth, each applied in the contract's order."""
    bill = make_bill(cart, shelf.products, "USD")
    occasion = Occasion(cart=cart, at=NOW, timezone=ZoneInfo("UTC"), currency="USD")
    order = sorted(
        shelf.promotions,
        key=lambda one: (
            one.HasField("cashback"),
            one.execution_stage,
            one.execution_priority,
            -one.priority,
            one.id,
        ),
    )
    worths = [0]
    for size in range(1, len(order) + 1):
        for chosen in filter(allowed, itertools.combinations(order, size)):
            left, worth = list(bill.prices), 0
            for one in chosen:
                effect = take_turn(one, bill, left, occasion)
                if not isinstance(effect, Miss):
                    worth += effect.discount + effect.cashback
                    for unit, amount in effect.taken.items():
                        left[unit] -= amount
            worths.append(worth)
    return max(worths)


@pytest.mark.parametrize("examples", [60, pytest.param(5000, marks=pytest.mark.soak)])
def test_result_is_the_best_of_all_allowed_combinations(examples):
    settings(QUICK, max_examples=examples)(given(situations())(is_the_best))()


def is_the_best(situation):
    cart, shelf = situation

    quote = evaluate(cart, shelf, now=NOW)

    assert quote.is_exact
    assert quote.outcome.worth == best_of_all(cart, shelf)
    assert allowed([one for one, _ in quote.outcome.applied])


@given(situations())
@QUICK
def test_amounts_add_up_and_nothing_goes_below_zero(situation):
    cart, shelf = situation

    quote = evaluate(cart, shelf, now=NOW)

    left = list(quote.bill.prices)
    for _, effect in quote.outcome.applied:
        assert effect.cashback <= sum(left)
        for unit, amount in effect.taken.items():
            assert 0 < amount <= left[unit]
            left[unit] -= amount
    assert tuple(left) == quote.outcome.left
    assert quote.discount == sum(effect.discount for _, effect in quote.outcome.applied)
    assert quote.discount + sum(left) == quote.bill.subtotal


@given(situations(), st.randoms())
@QUICK
def test_order_of_the_records_does_not_matter_and_each_is_judged_once(situation, chance):
    cart, shelf = situation
    shuffled = list(shelf.promotions)
    chance.shuffle(shuffled)

    quote = evaluate(cart, shelf, now=NOW)
    again = evaluate(
        cart,
        Shelf(products=shelf.products, promotions=shuffled, timezone="UTC", currency="USD"),
        now=NOW,
    )

    assert again.judgements == quote.judgements
    assert sorted(one.promotion.id for one in quote.judgements) == sorted(
        one.id for one in shelf.promotions
    )
    assert all(one.detail for one in quote.judgements)


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=9), st.integers(0, 10_000))
def test_parts_sum_up_exactly_and_are_within_one_of_their_share(weights, per_mille):
    total = sum(weights)
    amount = total * per_mille // 10_000

    parts = allocate(amount, weights)

    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert 0 <= part <= weight
        assert total == 0 or abs(part * total - amount * weight) < total


def dealt(prices, size, price, *, same):
    """Save the most by trying every way to make sets out of units, given as (product, price)."""
    best = 0
    for units in itertools.combinations(range(len(prices)), size):
        if not same and len({prices[unit][0] for unit in units}) < size:
            continue
        saved = sum(prices[unit][1] for unit in units) - price
        rest = [one for place, one in enumerate(prices) if place not in units]
        best = max(best, saved + dealt(rest, size, price, same=same))
    return best


@given(
    st.lists(st.tuples(names, st.integers(0, 500)), min_size=1, max_size=7),
    st.integers(2, 3),
    st.integers(0, 900),
    st.booleans(),
)
@QUICK
def test_mix_and_match_saves_as_much_as_any_way_to_make_sets(units, size, price, same):
    fixed = dict(units)
    units = [(name, fixed[name]) for name, _ in units]
    products = [
        Product(id=name, sku=name, category_id="x", base_price=money(cents))
        for name, cents in fixed.items()
    ]
    lines = [
        {"id": str(place), "product_id": name, "quantity": 1}
        for place, (name, _) in enumerate(units)
    ]
    rule = rules.MixMatch(
        category_ids=["x"],
        required_quantity=size,
        special_price=money(price),
        allow_same_product=same,
    )
    cart = cart_from({"lines": lines})
    bill = make_bill(cart, products, "USD")
    occasion = Occasion(cart=cart, at=NOW, timezone=ZoneInfo("UTC"), currency="USD")

    effect = take_turn(
        pb.Promotion(id="1", apply_to=pb.APPLY_TO_ALL, mix_match=rule), bill, bill.prices, occasion
    )

    saved = 0 if isinstance(effect, Miss) else effect.discount
    assert saved == dealt(units, size, price, same=same)
