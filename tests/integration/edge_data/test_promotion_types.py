"""Each of the twelve types becomes its own message, or is refused with a reason."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from edge_grpc.compile_store import publish
from edge_grpc.v1 import promotion_rules_pb2 as pb
from edge_grpc.v1.promotion_pb2 import Promotion
from edge_grpc.v1.types_pb2 import Money

pytestmark = pytest.mark.integration
DATES = {"start_on": dt.date(2026, 5, 10), "end_on": dt.date(2026, 5, 20)}
HOURS = {"starts_at_time": dt.time(15), "ends_at_time": dt.time(17)}
CAP = {"max_discount_amount": Decimal("7.5")}


@pytest.fixture
async def shop(make_shop):
    return await make_shop()


def _idr(units, nanos=0):
    return Money(currency_code="IDR", units=units, nanos=nanos)


SIMPLE = [
    (
        "percent_discount",
        {"discount_percent": Decimal("12.25")} | CAP,
        pb.PercentDiscount(basis_points=1225, max_discount=_idr(7, 500_000_000)),
    ),
    ("amount_discount", {"discount_amount": 5}, pb.AmountDiscount(amount=_idr(5))),
    (
        "buy_x_get_y",
        {"buy_quantity": 2, "get_quantity": 1, "discount_percent": 50, "same_product_only": True},
        pb.BuyXGetY(buy_quantity=2, get_quantity=1, get_basis_points=5000, same_product_only=True),
    ),
    ("happy_hour", {"special_price": 0} | HOURS, pb.HappyHour(special_price=_idr(0))),
    ("happy_hour", {"discount_percent": 0} | HOURS, pb.HappyHour(basis_points=0)),
    ("happy_hour", {"discount_amount": 3} | HOURS, pb.HappyHour(amount=_idr(3))),
    (
        "cashback",
        {"discount_amount": 0, "payment_methods": ["wallet", "card"]} | CAP,
        pb.Cashback(
            amount=_idr(0),
            max_cashback=_idr(7, 500_000_000),
            payment_methods=["card", "wallet"],
            method=pb.CASHBACK_METHOD_POINTS,
        ),
    ),
    (
        "payment_discount",
        {"discount_percent": 5, "payment_methods": ["card"], "payment_min_amount": 50},
        pb.PaymentDiscount(basis_points=500, payment_methods=["card"], min_payment=_idr(50)),
    ),
]


async def _compile(shop, promo_type, **columns):
    columns = {"discount_percent": None} | columns
    return await shop.add_promotion(**DATES, promo_type=promo_type, **columns)


async def _served(shop, promotion_id):
    await publish(shop.conn, shop.company_id)
    body = await shop.conn.fetchval(
        "SELECT body FROM edge.promotion_records WHERE promotion_id = $1", promotion_id
    )
    return Promotion.FromString(body)


async def _reason(shop, promotion_id):
    await publish(shop.conn, shop.company_id)
    return await shop.conn.fetchval(
        "SELECT reason FROM edge.promotion_compile_errors WHERE promotion_id = $1", promotion_id
    )


@pytest.mark.parametrize(("promo_type", "columns", "expected"), SIMPLE)
async def test_type_of_one_row_is_compiled(shop, promo_type, columns, expected):
    served = await _served(shop, await _compile(shop, promo_type, **columns))

    assert served.WhichOneof("rule") == promo_type
    assert getattr(served, promo_type) == expected


async def test_types_about_products_are_compiled(shop):
    tea, cake = await shop.add_product("tea"), await shop.add_product("cake")
    about = {
        "trigger_product_id": tea, "trigger_quantity": 2,
        "benefit_product_id": cake, "benefit_quantity": 1,
    }  # fmt: skip
    free = await _compile(shop, "free_item", **about)
    upsell = await _compile(shop, "upsell", **about, special_price=4, message="Cake?")
    combo = await _compile(shop, "combo", special_price=9)
    for number, product in enumerate((tea, cake)):
        await shop.add(
            "promotion_items",
            promotion_id=combo, sort_order=number, product_id=product, quantity=number + 1,
        )  # fmt: skip

    assert (await _served(shop, free)).free_item == pb.FreeItem(
        trigger_product_id=str(tea), trigger_quantity=2, free_product_id=str(cake), free_quantity=1
    )
    assert (await _served(shop, upsell)).upsell == pb.Upsell(
        message="Cake?",
        required_product_id=str(tea),
        required_quantity=2,
        upsell_product_id=str(cake),
        special_price=_idr(4),
    )
    assert (await _served(shop, combo)).combo == pb.Combo(
        price=_idr(9),
        items=[
            pb.ComboItem(product_id=str(tea), quantity=1),
            pb.ComboItem(product_id=str(cake), quantity=2),
        ],
    )


async def test_types_about_categories_hold_all_that_is_below(shop):
    drinks = await shop.add("categories", company_id=shop.company_id, code="D", name="Drinks")
    hot = await shop.add(
        "categories", company_id=shop.company_id, code="H", name="Hot", parent_id=drinks
    )
    below = sorted([str(drinks), str(hot)])
    mix = await _compile(
        shop, "mix_match", mix_category_id=drinks, required_quantity=3, special_price=20
    )
    package = await _compile(shop, "package")
    await shop.add("package_promotions", promotion_id=package, name="Set", sku="SET", price=30)
    await shop.add(
        "promotion_items",
        promotion_id=package, sort_order=1, category_id=drinks, is_choice=True,
        min_selection=1, max_selection=2, surcharge=0,
    )  # fmt: skip

    assert (await _served(shop, mix)).mix_match == pb.MixMatch(
        category_ids=below, required_quantity=3, special_price=_idr(20), allow_same_product=True
    )
    assert (await _served(shop, package)).package == pb.Package(
        name="Set",
        sku="SET",
        price=_idr(30),
        deduction_strategy=pb.DEDUCTION_STRATEGY_ALL_COMPONENTS,
        items=[
            pb.PackageItem(
                category_id=str(drinks), category_ids=below, quantity=1, is_required=True,
                is_choice=True, min_selection=1, max_selection=2, surcharge=_idr(0),
            )
        ],
    )  # fmt: skip


async def test_tiers_are_in_order_and_active(shop):
    cake = await shop.add_product("cake")
    promotion = await _compile(shop, "threshold_tier")
    tiers = [
        (4, "points_multiplier", Decimal("2.5"), None, True),
        (3, "free_product", None, cake, True),
        (2, "amount", 5, None, False),
        (1, "percent", 10, None, True),
    ]
    for order, kind, value, product, active in tiers:
        await shop.add(
            "promotion_tiers",
            promotion_id=promotion, tier_order=order, name=str(order), min_amount=order * 100,
            discount_type=kind, discount_value=value, free_product_id=product, is_active=active,
        )  # fmt: skip

    served = (await _served(shop, promotion)).threshold_tier

    assert [tier.name for tier in served.tiers] == ["1", "3", "4"]
    assert [tier.WhichOneof("benefit") for tier in served.tiers] == [
        "basis_points", "free_product_id", "points_multiplier_hundredths",
    ]  # fmt: skip
    assert served.tiers[2].points_multiplier_hundredths == 250


@pytest.mark.parametrize(
    ("promo_type", "columns", "reason"),
    [
        ("percent_discount", {}, "percent_discount needs discount_percent"),
        ("amount_discount", {}, "amount_discount needs discount_amount"),
        ("buy_x_get_y", {"buy_quantity": 0, "get_quantity": 1}, "buy_quantity is 0"),
        ("combo", {"special_price": 1}, "combo needs parts"),
        ("free_item", {"benefit_quantity": 1}, "free_item needs benefit_product_id"),
        ("free_item", {"trigger_quantity": 1}, "trigger_product_id is missing although"),
        ("happy_hour", {"discount_percent": 5}, "happy_hour needs start_second"),
        (
            "happy_hour",
            {"discount_percent": 5, "special_price": 5} | HOURS,
            "found discount_percent and special_price",
        ),
        ("cashback", {}, "found none"),
        ("cashback", {"cashback_method": "gold", "discount_amount": 1}, "'gold' is not a known"),
        ("payment_discount", {"discount_percent": 5}, "needs payment_methods"),
        ("package", {}, "package needs a row in package_promotions"),
        ("mix_match", {"required_quantity": 2, "special_price": 1}, "needs mix_category_id"),
        ("upsell", {}, "upsell needs trigger_product_id"),
        ("threshold_tier", {}, "threshold_tier needs an active tier"),
        ("percent_discount", {"discount_percent": 5, "apply_to": "moon"}, "'moon' is not a known"),
        ("percent_discount", {"discount_percent": 5, "apply_to": "product"}, "names no product_id"),
        ("percent_discount", {"discount_percent": 5, "all_stores": False}, "names no store_id"),
        ("percent_discount", {"discount_percent": 5, "max_uses": 2**40}, "out of range"),
        ("percent_discount", {"discount_percent": 5, "name": "n" * 300_000}, "bytes are more than"),
        (
            "percent_discount",
            {"discount_percent": 5, "cross_brand_type": "trigger_benefit"},
            "needs brands that trigger",
        ),
    ],
)
async def test_what_cannot_be_compiled_says_why(shop, promo_type, columns, reason):
    promotion = await _compile(shop, promo_type, **columns)

    assert reason.lower() in (await _reason(shop, promotion)).lower()


async def test_quantity_of_none_is_no_quantity_of_one(shop):
    tea = await shop.add_product("tea")
    wrong = await _compile(
        shop, "free_item", trigger_product_id=tea, trigger_quantity=0, benefit_product_id=tea
    )

    assert "trigger_quantity is 0" in await _reason(shop, wrong)
