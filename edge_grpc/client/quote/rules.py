"""Which function judges which rule, and what a promotion does when its turn comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from edge_grpc.client.quote import rules_amounts as amounts
from edge_grpc.client.quote import rules_products as products
from edge_grpc.client.quote.bill import Bill
from edge_grpc.client.quote.eligibility import Occasion
from edge_grpc.client.quote.reasons import Miss, Reason
from edge_grpc.client.quote.rule_package import package
from edge_grpc.client.quote.turn import Effect, Turn
from edge_grpc.v1.promotion_pb2 import Promotion

RULES: dict[str, Callable[[Any, Turn], Effect | Miss]] = {
    "percent_discount": amounts.percent_discount,
    "amount_discount": amounts.amount_discount,
    "buy_x_get_y": products.buy_x_get_y,
    "combo": products.combo,
    "free_item": products.free_item,
    "happy_hour": amounts.happy_hour,
    "cashback": amounts.cashback,
    "payment_discount": amounts.payment_discount,
    "package": package,
    "mix_match": products.mix_match,
    "upsell": products.upsell,
    "threshold_tier": amounts.threshold_tier,
}


def take_turn(
    promotion: Promotion, bill: Bill, left: Sequence[int], occasion: Occasion
) -> Effect | Miss:
    """Return what a promotion does to a bill of which `left` is to pay per unit, or why nothing."""
    turn = Turn(promotion, bill, left, occasion)
    missed = turn.unmet()
    if missed:
        return missed
    kind = promotion.WhichOneof("rule")
    if kind not in RULES:
        return Miss(Reason.UNKNOWN_RULE, "does something that this edge does not know; update it")
    effect = RULES[kind](getattr(promotion, kind), turn)
    if isinstance(effect, Effect) and effect.is_nothing:
        return Miss(Reason.NO_EFFECT, "would give nothing on this bill")
    return effect


def turn_order(promotion: Promotion) -> tuple[bool, int, int, int, str]:
    """Return the sort key of the evaluation; cashback comes after all that lowers the bill."""
    return (
        promotion.WhichOneof("rule") == "cashback",
        promotion.execution_stage,
        promotion.execution_priority,
        -promotion.priority,
        promotion.id,
    )
