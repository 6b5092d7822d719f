"""Rules that lower what is paid for all counted lines: shares, amounts, tiers, cashback."""

from __future__ import annotations

from collections.abc import Sequence

from edge_grpc.client.quote.amounts import allocate_by_line, from_money, share
from edge_grpc.client.quote.reasons import Miss, Reason
from edge_grpc.client.quote.turn import Effect, Turn
from edge_grpc.v1 import promotion_rules_pb2 as pb
from edge_grpc.v1.types_pb2 import Money


def percent_discount(rule: pb.PercentDiscount, turn: Turn) -> Effect:
    """Take a share of the counted total, rounded once, spread over the lines by price."""
    wanted = share(turn.total(turn.counted), rule.basis_points)
    return _off(turn, wanted, cap=_cap(rule, "max_discount"))


def amount_discount(rule: pb.AmountDiscount, turn: Turn) -> Effect:
    """Take an amount once per bill, at most the counted total."""
    return _off(turn, from_money(rule.amount), cap=_cap(rule, "max_discount"))


def happy_hour(rule: pb.HappyHour, turn: Turn) -> Effect | Miss:
    """Take a share of the total, or an amount off each unit, or price each unit."""
    cap = _cap(rule, "max_discount")
    match rule.WhichOneof("price"):
        case "basis_points":
            return _off(turn, share(turn.total(turn.counted), rule.basis_points), cap=cap)
        case "amount":
            amount = from_money(rule.amount)
            taken = {unit: min(amount, turn.left[unit]) for unit in turn.counted}
        case "special_price":
            price = from_money(rule.special_price)
            taken = {unit: max(0, turn.left[unit] - price) for unit in turn.counted}
        case _:
            return Miss(Reason.UNKNOWN_RULE, "has a price that this edge does not know")
    return capped(turn, taken, cap)


def payment_discount(rule: pb.PaymentDiscount, turn: Turn) -> Effect | Miss:
    """Take a share or an amount off what is paid with certain means."""
    paid = turn.paid_with(rule.payment_methods)
    missed = _not_paid(rule.payment_methods, paid)
    if missed:
        return missed
    least = from_money(rule.min_payment)
    if paid < least:
        text = f"needs {turn.text(least)} paid with {', '.join(rule.payment_methods)}"
        return Miss(Reason.MIN_PAYMENT, text, offer=True)
    wanted = _share_or_amount(rule, min(paid, turn.total(turn.counted)))
    if wanted is None:
        return Miss(Reason.UNKNOWN_RULE, "has a value that this edge does not know")
    return _off(turn, min(wanted, paid), cap=_cap(rule, "max_discount"))


def cashback(rule: pb.Cashback, turn: Turn) -> Effect | Miss:
    """Give something back of what was paid for counted lines; never more than that."""
    if rule.method not in {*pb.CashbackMethod.values()} - {0}:
        return Miss(Reason.UNKNOWN_VALUE, f"method {rule.method} is not known to this edge")
    paid = turn.paid_with(rule.payment_methods)
    missed = _not_paid(rule.payment_methods, paid)
    if missed:
        return missed
    back = _share_or_amount(rule, min(paid, turn.total(turn.counted)))
    if back is None:
        return Miss(Reason.UNKNOWN_RULE, "has a value that this edge does not know")
    caps = [cap for cap in (_cap(rule, "max_cashback"), turn.hand_cap()) if cap is not None]
    return Effect(cashback=min([back, *caps]))


def threshold_tier(rule: pb.ThresholdTier, turn: Turn) -> Effect | Miss:
    """Give what the last of the tiers gives whose range holds the counted total."""
    total = turn.total(turn.counted)
    tier = next((tier for tier in reversed(rule.tiers) if _holds(tier, total)), None)
    if tier is None:
        text = f"no tier holds {turn.text(total)}"
        return Miss(Reason.NO_TIER, text, offer=True)
    match tier.WhichOneof("benefit"):
        case "basis_points":
            return _off(turn, share(total, tier.basis_points), cap=None)
        case "amount":
            return _off(turn, from_money(tier.amount), cap=None)
        case "free_product_id":
            return _one_free(tier.free_product_id, turn)
        case "points_multiplier_hundredths":
            return Effect(points_hundredths=tier.points_multiplier_hundredths)
        case _:
            return Miss(Reason.UNKNOWN_RULE, "has a benefit that this edge does not know")


def _one_free(product_id: str, turn: Turn) -> Effect | Miss:
    units = turn.bill.units_of_product(product_id, turn.allowed)
    if not units:
        text = f"one unit of {product_id} is free, but it is not on the bill"
        return Miss(Reason.NOT_ON_BILL, text, offer=True)
    return capped(turn, turn.amounts(dearest(turn, units)[:1]), None)


def _holds(tier: pb.Tier, total: int) -> bool:
    most = from_money(tier.max_amount) if tier.HasField("max_amount") else total
    return from_money(tier.min_amount) <= total <= most


def dearest(turn: Turn, units: list[int]) -> list[int]:
    """Return units by what is left of them, most first, ties to the earlier line."""
    return sorted(units, key=lambda unit: (-turn.left[unit], unit))


def capped(turn: Turn, taken: dict[int, int], cap: int | None) -> Effect:
    """Return the effect of taking so much per unit, cut down to a cap in proportion."""
    caps = [one for one in (cap, turn.hand_cap()) if one is not None]
    if caps and sum(taken.values()) > min(caps):
        taken = allocate_by_line(min(caps), taken, turn.bill.line_of)
    return Effect(taken={unit: amount for unit, amount in taken.items() if amount})


def _off(turn: Turn, amount: int, *, cap: int | None) -> Effect:
    """Return the effect of an amount off the counted lines together."""
    if cap is not None:
        amount = min(amount, cap)
    weights = turn.amounts(turn.counted)
    return capped(turn, allocate_by_line(amount, weights, turn.bill.line_of), None)


def _cap(
    rule: pb.PercentDiscount
    | pb.AmountDiscount
    | pb.HappyHour
    | pb.Cashback
    | pb.PaymentDiscount
    | pb.BuyXGetY,
    name: str,
) -> int | None:
    """Return a rule's cap; zero is a cap, absence is none."""
    money: Money = getattr(rule, name)
    return from_money(money) if rule.HasField(name) else None  # pyright: ignore[reportArgumentType]


def _share_or_amount(rule: pb.Cashback | pb.PaymentDiscount, of: int) -> int | None:
    match rule.WhichOneof("value"):
        case "basis_points":
            return share(of, rule.basis_points)
        case "amount":
            return min(of, from_money(rule.amount))
        case _:
            return None


def _not_paid(methods: Sequence[str], paid: int) -> Miss | None:
    if paid or not methods:
        return None
    text = f"holds when it is paid with {', '.join(methods)} (payments)"
    return Miss(Reason.PAYMENT_METHOD, text, offer=True)
