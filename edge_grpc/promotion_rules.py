"""The twelve types of promotion: each has a function that makes its message.

NULL and zero are different things everywhere: a cap of zero gives nothing, no cap is no cap.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.protobuf.message import Message

from edge_grpc import wire
from edge_grpc.promotion_source import NotCompilableError, PromotionSource, Row, percent_points
from edge_grpc.v1 import promotion_rules_pb2 as pb

_FREE = 10_000


def enum_value(enum: Any, prefix: str, word: str) -> int:  # noqa: ANN401 - generated
    """Return the number of a word such as `cart_level`."""
    name = f"{prefix}_{word.upper()}"
    if name not in enum.keys() or word == "unspecified":  # noqa: SIM118 - not a mapping
        message = f"'{word}' is not a known {prefix.lower()}"
        raise NotCompilableError(message)
    return enum.Value(name)


def _percent_discount(source: PromotionSource) -> pb.PercentDiscount:
    return pb.PercentDiscount(
        basis_points=percent_points(source.required("discount_percent")),
        max_discount=source.optional_money("max_discount_amount"),
    )


def _amount_discount(source: PromotionSource) -> pb.AmountDiscount:
    return pb.AmountDiscount(
        amount=source.money("discount_amount"),
        max_discount=source.optional_money("max_discount_amount"),
    )


def _buy_x_get_y(source: PromotionSource) -> pb.BuyXGetY:
    percent = source.row["discount_percent"]
    product, _ = source.product_with_quantity("benefit_product_id", "benefit_quantity")
    return pb.BuyXGetY(
        buy_quantity=source.count("buy_quantity"),
        get_quantity=source.count("get_quantity"),
        get_basis_points=_FREE if percent is None else percent_points(percent),
        get_product_id=product,
        same_product_only=source.row["same_product_only"],
        max_discount=source.optional_money("max_discount_amount"),
    )


def _combo(source: PromotionSource) -> pb.Combo:
    if not source.items:
        message = "combo needs parts"
        raise NotCompilableError(message)
    return pb.Combo(
        price=source.money("special_price"),
        items=[
            pb.ComboItem(product_id=_part(item, "product_id"), quantity=item["quantity"])
            for item in source.items
        ],
    )


def _part(item: Row, column: str) -> str:
    if item[column] is None:
        message = f"part {item['sort_order']} has no {column}: was it deleted?"
        raise NotCompilableError(message)
    return str(item[column])


def _free_item(source: PromotionSource) -> pb.FreeItem:
    trigger, quantity = source.product_with_quantity("trigger_product_id", "trigger_quantity")
    return pb.FreeItem(
        trigger_product_id=trigger,
        trigger_quantity=quantity,
        free_product_id=str(source.required("benefit_product_id")),
        free_quantity=source.count("benefit_quantity"),
    )


def _happy_hour(source: PromotionSource) -> pb.HappyHour:
    source.required("start_second")
    rule = pb.HappyHour(max_discount=source.optional_money("max_discount_amount"))
    match source.only_one_of("discount_percent", "discount_amount", "special_price"):
        case "discount_percent":
            rule.basis_points = percent_points(source.row["discount_percent"])
        case "discount_amount":
            rule.amount.CopyFrom(source.money("discount_amount"))
        case _:
            rule.special_price.CopyFrom(source.money("special_price"))
    return rule


def _cashback(source: PromotionSource) -> pb.Cashback:
    word = source.row["cashback_method"]
    rule = pb.Cashback(
        max_cashback=source.optional_money("max_discount_amount"),
        payment_methods=sorted(set(source.row["payment_methods"])),
        method=enum_value(pb.CashbackMethod, "CASHBACK_METHOD", word),  # pyright: ignore[reportArgumentType]
    )
    if source.only_one_of("discount_percent", "discount_amount") == "discount_percent":
        rule.basis_points = percent_points(source.row["discount_percent"])
    else:
        rule.amount.CopyFrom(source.money("discount_amount"))
    return rule


def _payment_discount(source: PromotionSource) -> pb.PaymentDiscount:
    methods = sorted(set(source.row["payment_methods"]))
    if not methods:
        message = "payment_discount needs payment_methods"
        raise NotCompilableError(message)
    rule = pb.PaymentDiscount(
        payment_methods=methods,
        max_discount=source.optional_money("max_discount_amount"),
        min_payment=source.optional_money("payment_min_amount"),
    )
    if source.only_one_of("discount_percent", "discount_amount") == "discount_percent":
        rule.basis_points = percent_points(source.row["discount_percent"])
    else:
        rule.amount.CopyFrom(source.money("discount_amount"))
    return rule


def _package(source: PromotionSource) -> pb.Package:
    package = source.package
    if package is None or not source.items:
        message = "package needs a row in package_promotions and parts"
        raise NotCompilableError(message)
    strategy = package["deduction_strategy"]
    return pb.Package(
        name=package["name"],
        sku=package["sku"],
        price=wire.money(package["price"], source.currency),
        allow_modification=package["allow_modification"],
        min_items=package["min_items"],
        max_items=package["max_items"],
        deduction_strategy=enum_value(pb.DeductionStrategy, "DEDUCTION_STRATEGY", strategy),  # pyright: ignore[reportArgumentType]
        items=[_package_item(source, item) for item in source.items],
    )


def _package_item(source: PromotionSource, item: Row) -> pb.PackageItem:
    part = pb.PackageItem(
        quantity=item["quantity"],
        is_required=item["is_required"],
        is_choice=item["is_choice"],
        min_selection=item["min_selection"],
        max_selection=item["max_selection"],
        surcharge=wire.optional_money(item["surcharge"], source.currency),
    )
    if item["category_id"] is not None:
        part.category_id = str(item["category_id"])
        part.category_ids.extend(wire.ids(source.tree.closure([item["category_id"]])))
    else:
        part.product_id = _part(item, "product_id")
    return part


def _mix_match(source: PromotionSource) -> pb.MixMatch:
    category = source.required("mix_category_id")
    return pb.MixMatch(
        category_ids=wire.ids(source.tree.closure([category])),
        required_quantity=source.count("required_quantity", least=2),
        special_price=source.money("special_price"),
        allow_same_product=source.row["allow_same_product"],
    )


def _upsell(source: PromotionSource) -> pb.Upsell:
    return pb.Upsell(
        message=source.row["message"],
        required_product_id=str(source.required("trigger_product_id")),
        required_quantity=source.count("trigger_quantity"),
        upsell_product_id=str(source.required("benefit_product_id")),
        special_price=source.optional_money("special_price"),
    )


def _threshold_tier(source: PromotionSource) -> pb.ThresholdTier:
    tiers = [_tier(source, tier) for tier in source.tiers if tier["is_active"]]
    if not tiers:
        message = "threshold_tier needs an active tier"
        raise NotCompilableError(message)
    return pb.ThresholdTier(tiers=tiers)


def _tier(source: PromotionSource, row: Row) -> pb.Tier:
    tier = pb.Tier(
        name=row["name"],
        min_amount=wire.money(row["min_amount"], source.currency),
        max_amount=wire.optional_money(row["max_amount"], source.currency),
    )
    kind, value = row["discount_type"], row["discount_value"]
    needed = row["free_product_id"] if kind == "free_product" else value
    if needed is None:
        message = f"tier {row['tier_order']} has no value for {kind}: was its product deleted?"
        raise NotCompilableError(message)
    match kind:
        case "percent":
            tier.basis_points = percent_points(value)
        case "amount":
            tier.amount.CopyFrom(wire.money(value, source.currency))
        case "free_product":
            tier.free_product_id = str(needed)
        case "points_multiplier":
            tier.points_multiplier_hundredths = _hundredths(value)
        case _:
            message = f"tier {row['tier_order']} has the unknown discount_type '{kind}'"
            raise NotCompilableError(message)
    return tier


def _hundredths(value: Any) -> int:  # noqa: ANN401 - a Decimal of the database
    if value < 0 or value * 100 != int(value * 100):
        message = f"points multiplier {value} is not a number of hundredths"
        raise NotCompilableError(message)
    return int(value * 100)


RULES: dict[str, Callable[[PromotionSource], Message]] = {
    "percent_discount": _percent_discount,
    "amount_discount": _amount_discount,
    "buy_x_get_y": _buy_x_get_y,
    "combo": _combo,
    "free_item": _free_item,
    "happy_hour": _happy_hour,
    "cashback": _cashback,
    "payment_discount": _payment_discount,
    "package": _package,
    "mix_match": _mix_match,
    "upsell": _upsell,
    "threshold_tier": _threshold_tier,
}
