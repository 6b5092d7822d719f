"""What a promotion finds on the bill when its turn comes, and what all types demand of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from edge_grpc.client.quote.amounts import from_decimal, from_money, to_text
from edge_grpc.client.quote.bill import Bill, Line
from edge_grpc.client.quote.eligibility import Occasion
from edge_grpc.client.quote.reasons import Miss, Reason
from edge_grpc.v1 import promotion_pb2 as pb


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a promotion does: minor units taken per unit of the bill, or given back later."""

    taken: Mapping[int, int] = field(default_factory=dict[int, int])
    cashback: int = 0
    points_hundredths: int = 100

    @property
    def discount(self) -> int:
        return sum(self.taken.values())

    @property
    def is_nothing(self) -> bool:
        """Tell whether nothing is given; that is no use of the promotion."""
        return not self.discount and not self.cashback and self.points_hundredths <= 100  # noqa: PLR2004 - once


class Turn:
    """The bill as the promotions before have left it, seen by one promotion."""

    def __init__(
        self, promotion: pb.Promotion, bill: Bill, left: Sequence[int], occasion: Occasion
    ) -> None:
        self.bill = bill
        self.left = left
        self._promotion = promotion
        self._occasion = occasion
        # Never counted lines are out for every purpose; the rest may trigger or be rewarded.
        lines = [self._is_allowed(line) for line in bill.lines]
        self.allowed = [unit for unit, place in enumerate(bill.line_of) if lines[place]]
        counted = [
            ok and self._is_counted(line) for ok, line in zip(lines, bill.lines, strict=True)
        ]
        self.counted = [unit for unit, place in enumerate(bill.line_of) if counted[place]]

    def _is_allowed(self, line: Line) -> bool:
        scope, conditions = self._promotion.scope, self._promotion.conditions
        if scope.brand_ids and line.brand_id not in scope.brand_ids:
            return False
        if conditions.customer_type == pb.CUSTOMER_TYPE_FIRST_PER_BRAND and (
            line.brand_id in (self._occasion.cart.customer.brands_bought or ())
        ):
            return False
        return not self._is_excluded(line)

    def _is_excluded(self, line: Line) -> bool:
        scope = self._promotion.scope
        return (
            line.brand_id in scope.excluded_brand_ids
            or line.category_id in scope.excluded_category_ids
            or line.product_id in scope.excluded_product_ids
        )

    def _is_counted(self, line: Line) -> bool:
        promotion = self._promotion
        benefits = promotion.cross_brand.benefit_brand_ids
        if benefits and line.brand_id not in benefits:
            return False
        match promotion.apply_to:
            case pb.APPLY_TO_CATEGORY:
                return line.category_id in promotion.scope.category_ids
            case pb.APPLY_TO_PRODUCT:
                return line.product_id in promotion.scope.product_ids
            case _:
                return True

    def total(self, units: Iterable[int]) -> int:
        """Return what is left to pay for some units."""
        return sum(self.left[unit] for unit in units)

    def amounts(self, units: Iterable[int]) -> dict[int, int]:
        """Return what is left of each of some units."""
        return {unit: self.left[unit] for unit in units}

    def text(self, amount: int) -> str:
        return f"{to_text(amount, self.bill.currency)} {self.bill.currency}"

    def paid_with(self, methods: Sequence[str]) -> int:
        """Return how much of what is left is paid with some means; all of them without names."""
        left = sum(self.left)
        payments = self._occasion.cart.payments
        if not methods:
            return left
        fixed = [
            (one.method, from_decimal(one.amount, self.bill.currency))
            for one in payments
            if one.amount is not None
        ]
        paid = sum(amount for method, amount in fixed if method in methods)
        if any(one.amount is None and one.method in methods for one in payments):
            paid += max(0, left - sum(amount for _, amount in fixed))
        return min(paid, left)

    def hand_cap(self) -> int | None:
        """Return the most that staff may give when they apply it by hand."""
        manual = self._promotion.manual_override
        if self._occasion.override(self._promotion) and manual.HasField("max_amount"):
            return from_money(manual.max_amount)
        return None

    def unmet(self) -> Miss | None:
        """Return which condition on the bill fails, None if all hold."""
        if not self.counted:
            return Miss(Reason.NO_COUNTED_LINES, "nothing on the bill counts for it")
        if self._occasion.override(self._promotion):
            return None
        return self._too_little() or self._untriggered()

    def _too_little(self) -> Miss | None:
        conditions = self._promotion.conditions
        total = self.total(self.counted)
        if conditions.HasField("min_purchase") and total < from_money(conditions.min_purchase):
            least = from_money(conditions.min_purchase)
            text = f"needs {self.text(least)} on what counts; there are {self.text(total)}"
            return Miss(Reason.MIN_PURCHASE, text, offer=True)
        if len(self.counted) < conditions.min_quantity:
            text = f"needs {conditions.min_quantity} units; there are {len(self.counted)}"
            return Miss(Reason.MIN_QUANTITY, text, offer=True)
        products = len({self.bill.of_unit(unit).product_id for unit in self.counted})
        if products < conditions.min_items:
            text = f"needs {conditions.min_items} different products; there are {products}"
            return Miss(Reason.MIN_ITEMS, text, offer=True)
        return None

    def _untriggered(self) -> Miss | None:
        if not self._promotion.HasField("cross_brand"):
            return None
        cross = self._promotion.cross_brand
        lines = enumerate(map(self.bill.of_unit, range(len(self.left))))
        brands = {unit: line.brand_id for unit, line in lines if not self._is_excluded(line)}
        triggers = [
            unit
            for unit, brand in brands.items()
            if not cross.trigger_brand_ids or brand in cross.trigger_brand_ids
        ]
        every = {pb.CROSS_BRAND_TYPE_SAME_RECEIPT, pb.CROSS_BRAND_TYPE_CROSS_BRAND_BUNDLE}
        missing = set(cross.trigger_brand_ids) - set(brands.values())
        if not triggers or (cross.type in every and missing):
            text = "needs lines of other brands: "
            return Miss(Reason.TRIGGER_MISSING, text + ", ".join(sorted(missing)), offer=True)
        least = from_money(cross.trigger_min_amount)
        if self.total(triggers) < least:
            text = f"needs {self.text(least)} on lines of the brands that trigger it"
            return Miss(Reason.TRIGGER_MISSING, text, offer=True)
        return None
