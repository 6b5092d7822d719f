"""Judges a cart: the best allowed promotions, what each line costs, and why each did or did not.

Pure: the clock, the uses and the records are handed in. The rules and where they come from are in
docs/decisions/0016-quote-rules.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from edge_grpc.client.quote.bill import Bill, make_bill
from edge_grpc.client.quote.cart import Cart
from edge_grpc.client.quote.combinations import Outcome, Search, excludes
from edge_grpc.client.quote.eligibility import Occasion, Uses, unusable
from edge_grpc.client.quote.reasons import Miss, Reason
from edge_grpc.client.quote.rules import take_turn, turn_order
from edge_grpc.client.quote.turn import Effect
from edge_grpc.v1.catalog_pb2 import Product
from edge_grpc.v1.promotion_pb2 import Promotion


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What an edge holds: records as they came, the store's zone and currency."""

    products: Sequence[Product]
    promotions: Sequence[Promotion]
    timezone: str
    currency: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of one promotion; `effect` only when it was applied."""

    promotion: Promotion
    reason: Reason
    detail: str
    effect: Effect | None = None
    is_offer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A judged cart. `is_exact`: no allowed combination is better."""

    bill: Bill
    at: datetime
    outcome: Outcome
    judgements: tuple[Judgement, ...]
    is_exact: bool

    @property
    def discount(self) -> int:
        """Return what is taken off the bill, in minor units."""
        return self.bill.subtotal - sum(self.outcome.left)


def evaluate(
    cart: Cart, shelf: Shelf, *, now: datetime, uses: Mapping[str, Uses] | None = None
) -> Quote:
    """Judge a cart at `cart.at`, or `now`; raise CartError if the cart and the shelf disagree.

    `uses` is per promotion id; a promotion without an entry was never used.
    """
    bill = make_bill(cart, shelf.products, shelf.currency)
    zone = ZoneInfo(shelf.timezone)
    occasion = Occasion(
        cart=cart, at=(cart.at or now).astimezone(zone), timezone=zone, currency=shelf.currency
    )
    ruled_out: dict[str, Miss] = {}
    for promotion in shelf.promotions:
        used = (uses or {}).get(promotion.id, Uses())
        missed = unusable(promotion, occasion, used)
        if missed:
            ruled_out[promotion.id] = missed
    search = Search(bill, occasion)
    outcome = search.run([one for one in shelf.promotions if one.id not in ruled_out])
    judgements = tuple(
        _judge(promotion, ruled_out, search, outcome)
        for promotion in sorted(shelf.promotions, key=turn_order)
    )
    return Quote(
        bill=bill,
        at=occasion.at,
        outcome=outcome,
        judgements=judgements,
        is_exact=search.is_exact,
    )


def _judge(
    promotion: Promotion, ruled_out: Mapping[str, Miss], search: Search, outcome: Outcome
) -> Judgement:
    for applied, effect in outcome.applied:
        if applied.id == promotion.id:
            return Judgement(promotion, Reason.APPLIED, "applied", effect)
    missed = ruled_out.get(promotion.id) or _why_left_out(promotion, search, outcome)
    return Judgement(promotion, missed.reason, missed.detail, is_offer=missed.offer)


def _why_left_out(promotion: Promotion, search: Search, outcome: Outcome) -> Miss:
    """Say why the best outcome is without a promotion that is not ruled out as such."""
    bill, occasion = search.bill, search.occasion
    alone = take_turn(promotion, bill, bill.prices, occasion)
    if isinstance(alone, Miss):
        return alone
    others = [one for one, _ in outcome.applied if excludes(promotion, one)]
    if others:
        codes = ", ".join(one.code for one in others)
        return Miss(Reason.NOT_COMBINABLE, f"cannot be combined with {codes}, which is worth more")
    at_its_turn = take_turn(promotion, bill, _left_before(promotion, bill, outcome), occasion)
    if isinstance(at_its_turn, Miss):
        return at_its_turn
    return Miss(Reason.BETTER_WITHOUT, "would spoil a promotion that is worth more")


def _left_before(promotion: Promotion, bill: Bill, outcome: Outcome) -> list[int]:
    left = list(bill.prices)
    for applied, effect in outcome.applied:
        if turn_order(applied) < turn_order(promotion):
            for unit, amount in effect.taken.items():
                left[unit] -= amount
    return left
