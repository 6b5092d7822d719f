"""The best allowed set of promotions: depth first over the evaluation's order, with a bound.

Exact while the search ends within its budget; what is found first is "everything that may be
applied, in order", so that a search which is cut short still has a sensible answer. The bound is
what the promotions that are left could save at most, each on the untouched bill.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from edge_grpc.client.quote.bill import Bill
from edge_grpc.client.quote.bounds import most_saved
from edge_grpc.client.quote.eligibility import Occasion
from edge_grpc.client.quote.reasons import Miss
from edge_grpc.client.quote.rules import take_turn, turn_order
from edge_grpc.client.quote.turn import Effect
from edge_grpc.v1.promotion_pb2 import Promotion

Applied = tuple[tuple[Promotion, Effect], ...]
_UNIT_STEPS = 300_000
_LEAST_TURNS = 300


@dataclass(frozen=True, slots=True)
class Outcome:
    """Promotions that are applied together, in order, and what each does.

    `left` is to pay per unit; `worth` is what the customer saves now and gets back later.
    """

    left: tuple[int, ...]
    applied: Applied = ()
    worth: int = 0
    points_hundredths: int = 100

    @property
    def rank(self) -> tuple[int, int, int]:
        """Return what is compared: worth, then points, then as few promotions as possible."""
        return (self.worth, self.points_hundredths, -len(self.applied))


def excludes(one: Promotion, other: Promotion) -> bool:
    """Tell whether two promotions are never on one bill together."""
    return (
        not (one.combination.is_stackable and other.combination.is_stackable)
        or other.id in one.combination.cannot_combine_with
        or one.id in other.combination.cannot_combine_with
    )


@dataclass(slots=True)
class Search:
    """Looks for the best outcome on one bill."""

    bill: Bill
    occasion: Occasion
    best: Outcome = field(init=False)
    is_exact: bool = field(init=False, default=True)
    _turns: int = field(init=False)
    _most: dict[str, int] = field(init=False)
    _apart: dict[str, set[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.best = Outcome(self.bill.prices)
        self._turns = max(_LEAST_TURNS, _UNIT_STEPS // len(self.bill.prices))

    def run(self, promotions: Sequence[Promotion]) -> Outcome:
        """Return the best outcome of these promotions, none of which is ruled out beforehand."""
        ordered = sorted(promotions, key=turn_order)
        for promotion in ordered:
            if not promotion.combination.is_stackable:
                self._consider(self.after(Outcome(self.bill.prices), promotion))
        stackable = [one for one in ordered if one.combination.is_stackable]
        self._apart = {one.id: set(one.combination.cannot_combine_with) for one in stackable}
        for one in stackable:
            for other in one.combination.cannot_combine_with:
                self._apart.setdefault(other, set()).add(one.id)
        self._most = {one.id: most_saved(one, self.bill) for one in stackable}
        self._descend(Outcome(self.bill.prices), stackable)
        return self.best

    def after(self, before: Outcome, promotion: Promotion) -> Outcome:
        """Return the outcome with one promotion more; the same one if it does nothing."""
        effect = take_turn(promotion, self.bill, before.left, self.occasion)
        if isinstance(effect, Miss):
            return before
        taken = effect.taken
        left = tuple(amount - taken.get(unit, 0) for unit, amount in enumerate(before.left))
        return Outcome(
            left,
            (*before.applied, (promotion, effect)),
            before.worth + sum(before.left) - sum(left) + effect.cashback,
            max(before.points_hundredths, effect.points_hundredths),
        )

    def _consider(self, outcome: Outcome) -> None:
        if outcome.rank > self.best.rank:
            self.best = outcome

    def _descend(self, outcome: Outcome, rest: Sequence[Promotion]) -> None:
        """Look at everything below an outcome, without a call each: it may be thousands deep."""
        below = [self._branches(outcome, rest)]
        while below:
            branch = next(below[-1], None)
            if branch is None:
                below.pop()
            else:
                below.append(self._branches(*branch))

    def _branches(
        self, outcome: Outcome, rest: Sequence[Promotion]
    ) -> Iterator[tuple[Outcome, Sequence[Promotion]]]:
        """Try with and without each of the rest, in order; nothing else is ever possible."""
        self._consider(outcome)
        reach = outcome.worth + sum(self._most[one.id] for one in rest)
        for place, promotion in enumerate(rest):
            if reach < self.best.worth:
                return
            reach -= self._most[promotion.id]
            if self._turns <= 0:
                self.is_exact = False
                return
            self._turns -= 1
            taken = self.after(outcome, promotion)
            if taken is not outcome:
                apart = self._apart[promotion.id]
                fitting = [one for one in rest[place + 1 :] if one.id not in apart]
                yield taken, fitting
