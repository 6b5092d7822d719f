"""A quote as JSON: amounts as text, lines in the cart's order, promotions in evaluation order."""

from __future__ import annotations

from typing import Any

from edge_grpc.client.quote.amounts import to_text
from edge_grpc.client.quote.evaluation import Judgement, Quote
from edge_grpc.v1.promotion_rules_pb2 import CashbackMethod


def to_json(quote: Quote) -> dict[str, Any]:
    """Return the quote as docs/edge-integration.md describes it."""
    currency = quote.bill.currency
    return {
        "at": quote.at.isoformat(),
        "currency": currency,
        "subtotal": to_text(quote.bill.subtotal, currency),
        "discount": to_text(quote.discount, currency),
        "total": to_text(quote.bill.subtotal - quote.discount, currency),
        "cashback": to_text(sum(e.cashback for _, e in quote.outcome.applied), currency),
        "points_multiplier_hundredths": quote.outcome.points_hundredths,
        "is_exact": quote.is_exact,
        "lines": _lines(quote),
        "promotions": [_promotion(quote, one) for one in quote.judgements],
    }


def _lines(quote: Quote) -> list[dict[str, Any]]:
    bill, currency = quote.bill, quote.bill.currency
    left = bill.per_line(dict(enumerate(quote.outcome.left)))
    return [
        {
            "id": line.line_id,
            "product_id": line.product_id,
            "name": line.name,
            "quantity": line.quantity,
            "unit_price": to_text(line.unit_price, currency),
            "amount": to_text(line.unit_price * line.quantity, currency),
            "discount": to_text(line.unit_price * line.quantity - total, currency),
            "total": to_text(total, currency),
        }
        for line, total in zip(bill.lines, left, strict=True)
    ]


def _promotion(quote: Quote, judged: Judgement) -> dict[str, Any]:
    promotion, effect, currency = judged.promotion, judged.effect, quote.bill.currency
    told: dict[str, Any] = {
        "id": promotion.id,
        "code": promotion.code,
        "name": promotion.name,
        "version": promotion.version,
        "type": promotion.WhichOneof("rule") or "",
        "outcome": "applied" if effect else "offered" if judged.is_offer else "not_applied",
        "reason": judged.reason.value,
        "detail": judged.detail,
    }
    if effect is None:
        return told
    told["discount"] = to_text(effect.discount, currency)
    per_line = quote.bill.per_line(dict(effect.taken))
    told["lines"] = {
        line.line_id: to_text(amount, currency)
        for line, amount in zip(quote.bill.lines, per_line, strict=True)
        if amount
    }
    if effect.cashback:
        told["cashback"] = to_text(effect.cashback, currency)
        method = CashbackMethod.Name(promotion.cashback.method)
        told["cashback_method"] = method.removeprefix("CASHBACK_METHOD_").lower()
    return told
