"""What a promotion could save at most, whatever came before it: for the search only."""

from __future__ import annotations

from edge_grpc.client.quote.amounts import from_money, share
from edge_grpc.client.quote.bill import Bill
from edge_grpc.v1.promotion_pb2 import Promotion
from edge_grpc.v1.types_pb2 import Money

_CAPS = {"cashback": "max_cashback"}


def most_saved(promotion: Promotion, bill: Bill) -> int:
    """Return an upper bound; earlier promotions only lower what a share is taken of."""
    name = promotion.WhichOneof("rule")
    rule = getattr(promotion, name or "")
    cap = _CAPS.get(name or "", "max_discount")
    most = bill.subtotal
    if cap in rule.DESCRIPTOR.fields_by_name and rule.HasField(cap):
        capped: Money = getattr(rule, cap)
        most = min(most, from_money(capped))
    match name:
        case "percent_discount":
            return min(most, share(bill.subtotal, rule.basis_points))
        case "amount_discount":
            return min(most, from_money(rule.amount))
        case "payment_discount" | "cashback" if rule.WhichOneof("value") == "amount":
            return min(most, from_money(rule.amount))
        case "payment_discount" | "cashback":
            return min(most, share(bill.subtotal, rule.basis_points))
        case "upsell":
            return min(most, max(bill.prices))
        case _:
            return most
