"""Amounts as whole minor units of one currency: what a till can charge, and nothing finer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

from edge_grpc.v1.types_pb2 import Money

WHOLE = 10_000
_NANO_DIGITS = 9
# ISO 4217, list one: currencies whose minor unit is not a hundredth.
_BY_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_DIGITS: dict[str, int] = {
    currency: digits for digits, names in _BY_DIGITS.items() for currency in names.split()
}


def minor_digits(currency: str) -> int:
    """Return how many decimals the currency's minor unit has (ISO 4217)."""
    return _DIGITS.get(currency, 2)


def from_money(money: Money) -> int:
    """Return minor units, rounded half up; an amount below zero counts as zero."""
    nanos = money.units * 10**_NANO_DIGITS + money.nanos
    step = 10 ** (_NANO_DIGITS - minor_digits(money.currency_code))
    return max(0, (nanos + step // 2) // step)


def from_decimal(amount: Decimal, currency: str) -> int:
    """Return minor units, rounded half up."""
    scaled = amount.scaleb(minor_digits(currency))
    return int(scaled.to_integral_value(rounding=ROUND_HALF_UP))


def to_text(amount: int, currency: str) -> str:
    """Return an amount with all decimals of its currency, such as `12.50`."""
    return f"{Decimal(amount).scaleb(-minor_digits(currency)):f}"


def share(amount: int, basis_points: int) -> int:
    """Return a share of an amount that is not negative, rounded half up."""
    return (amount * min(max(basis_points, 0), WHOLE) + WHOLE // 2) // WHOLE


def allocate(amount: int, weights: Sequence[int]) -> list[int]:
    """Split an amount in proportion to weights so that the parts sum up exactly.

    Largest remainder, ties to the earlier. No part exceeds its weight while the amount does not
    exceed their sum.
    """
    total = sum(weights)
    if not total:
        return [0] * len(weights)
    parts = [amount * weight // total for weight in weights]
    by_remainder = sorted(
        range(len(weights)), key=lambda place: (-(amount * weights[place] % total), place)
    )
    for place in by_remainder[: amount - sum(parts)]:
        parts[place] += 1
    return parts


def allocate_by_line(
    amount: int, weights: Mapping[int, int], lines: Sequence[int]
) -> dict[int, int]:
    """Split an amount over units: first over their lines, then over the units of each line.

    `weights` is per unit, `lines` says which line a unit is of. Weights in sum bound the amount.
    """
    units: dict[int, list[int]] = {}
    for unit in sorted(weights):
        units.setdefault(lines[unit], []).append(unit)
    amount = min(amount, sum(weights.values()))
    totals = [sum(weights[unit] for unit in units[line]) for line in units]
    parts: dict[int, int] = {}
    for line, part in zip(units, allocate(amount, totals), strict=True):
        shares = allocate(part, [weights[unit] for unit in units[line]])
        parts |= {unit: one for unit, one in zip(units[line], shares, strict=True) if one}
    return parts
