"""The right answer by brute force: one order at a time, in exact fractions, without SQL.

It works on what a visit *means* (source, medium, name, ids), which the tests render into addresses;
so reading addresses is tested too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction

MODELS = ("last_click", "first_click", "linear", "position_based", "time_decay")
WEEK = 604_800


@dataclass(frozen=True)
class Visit:
    key: str
    at: datetime
    logged: bool
    source: str | None = None  # the platform that utm_source names
    paid: bool = False
    name: str | None = None
    click_platform: str | None = None
    campaign_ref: str | None = None
    url_id: str | None = None


@dataclass(frozen=True)
class Campaign:
    ref: str
    platform: str
    name: str
    active: bool
    spent_on: frozenset[date]


@dataclass(frozen=True)
class Sale:
    key: str
    at: datetime
    gross: Decimal
    refunded: Decimal
    visits: tuple[Visit, ...] = ()
    coupon: str | None = None
    barred: str | None = None


@dataclass(frozen=True)
class Rules:
    window: int = WEEK
    models: tuple[str, ...] = MODELS
    counts_unproven: bool = False
    zone: timedelta = timedelta(hours=3)
    digits: int = 2
    coupons: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Match:
    evidence: str
    platform: str | None
    campaign: str | None
    candidates: tuple[str, ...] | None


def answer(sale: Sale, campaigns: list[Campaign], rules: Rules):
    """Return {(model, ordinal): (platform, campaign, candidates, evidence, weight, gross, net)}."""
    credited = _credited(sale, campaigns, rules)
    rows = {}
    for model in rules.models:
        shares = (
            _shares(model, [visit for visit, _ in credited], sale) if credited else [Fraction(1)]
        )
        matches = [match for _, match in credited] or [_rest(sale, rules)]
        weights = _split(Decimal(1), shares, 9)
        gross = _split(sale.gross, shares, rules.digits)
        back = _split(sale.refunded, shares, rules.digits)
        for number, (share, match) in enumerate(zip(shares, matches, strict=True)):
            if share:
                rows[model, number + 1] = (
                    match.platform, match.campaign, match.candidates, match.evidence,
                    weights[number], gross[number], gross[number] - back[number],
                )  # fmt: skip
    return rows


def _credited(sale: Sale, campaigns: list[Campaign], rules: Rules):
    if sale.barred:
        return []
    found = []
    for visit in sale.visits:
        seconds = (sale.at - visit.at).total_seconds()
        if -300 <= seconds <= rules.window:
            match = _match(visit, campaigns, rules)
            if match:
                found.append((visit, match))
    logged = [pair for pair in found if pair[0].logged]
    return sorted(logged or found, key=lambda pair: (pair[0].at, pair[0].key))


def _match(visit: Visit, campaigns: list[Campaign], rules: Rules) -> Match | None:
    proven = visit.click_platform is not None and (
        visit.click_platform != "meta" or rules.counts_unproven
    )
    paid = visit.source is not None and visit.paid
    platform = visit.click_platform or visit.source
    allowed = [c for c in campaigns if visit.click_platform in (None, c.platform)]
    for evidence, fitting in (
        ("click_log", [c for c in allowed if visit.campaign_ref == c.ref]),
        ("url_id", [c for c in allowed if visit.url_id == c.ref]),
        ("utm_name", [
            c for c in campaigns
            if (proven or paid) and c.platform == platform and visit.name == c.name
        ]),
    ):  # fmt: skip
        if fitting:
            return _narrow(evidence, fitting, visit, rules)
    if proven or paid:
        return Match("click_id" if proven else "utm_source", platform, None, None)
    return None


def _narrow(evidence: str, fitting: list[Campaign], visit: Visit, rules: Rules) -> Match:
    platform = fitting[0].platform
    if len(fitting) == 1:
        return Match(evidence, platform, fitting[0].ref, None)
    day = (visit.at + rules.zone).date()
    ran = [c for c in fitting if c.active or day in c.spent_on]
    if len(ran) == 1:
        return Match(evidence, platform, ran[0].ref, None)
    return Match(evidence, platform, None, tuple(sorted(c.ref for c in fitting)))


def _rest(sale: Sale, rules: Rules) -> Match:
    if sale.barred:
        return Match(f"not_attributable:{sale.barred}", None, None, None)
    if sale.coupon in rules.coupons:
        platform, ref = rules.coupons[sale.coupon]
        return Match("coupon", platform, ref, None)
    seen = [v for v in sale.visits if -300 <= (sale.at - v.at).total_seconds() <= rules.window]
    if not seen:
        return Match("no_visit", None, None, None)
    last = max(seen, key=lambda v: (v.at, v.key))
    evidence = "referral" if last.source else "direct"
    return Match("unproven_click_id" if last.click_platform else evidence, None, None, None)


def _shares(model: str, visits: list[Visit], sale: Sale) -> list[Fraction]:
    n = len(visits)
    one = Fraction(1)
    if model == "last_click":
        return [one * (i == n - 1) for i in range(n)]
    if model == "first_click":
        return [one * (i == 0) for i in range(n)]
    if model == "linear":
        return [one / n] * n
    if model == "position_based":
        if n <= 2:
            return [one / n] * n
        return [Fraction(2, 5), *[Fraction(1, 5) / (n - 2)] * (n - 2), Fraction(2, 5)]
    deltas = [max(0, int((sale.at - visit.at).total_seconds())) for visit in visits]
    with localcontext() as context:
        context.prec = 50
        powers = [
            int((2**31 * Decimal(2) ** (Decimal(min(deltas) - delta) / WEEK)).to_integral_value())
            for delta in deltas
        ]
    return [Fraction(power, sum(powers)) for power in powers]


def _split(amount: Decimal, shares: list[Fraction], digits: int) -> list[Decimal]:
    """Largest remainder in whole minor units, the earliest first among equals; mirrored below 0."""
    units = abs(int(amount * 10**digits))
    exact = [units * Fraction(share) / sum(map(Fraction, shares)) for share in shares]
    parts = [int(part) for part in exact]
    order = sorted(range(len(parts)), key=lambda i: (-(exact[i] - parts[i]), i))
    for i in order[: units - sum(parts)]:
        parts[i] += 1
    sign = -1 if amount < 0 else 1
    return [Decimal(sign * part).scaleb(-digits) for part in parts]
