"""Packages: fixed and chosen parts under one price, found among what is on the bill.

Fixed parts take their units first, then choices in the package's order, each the dearest units
that are left. That is a rule which every client can follow, not a search for the best deal.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge_grpc.client.quote.amounts import allocate_by_line, from_money
from edge_grpc.client.quote.reasons import Miss, Reason
from edge_grpc.client.quote.rules_amounts import capped, dearest
from edge_grpc.client.quote.turn import Effect, Turn
from edge_grpc.v1 import promotion_rules_pb2 as pb


@dataclass(frozen=True, slots=True)
class _Part:
    """How often a part is taken, and what that adds to the price."""

    item: pb.PackageItem
    least: int
    most: int
    surcharge: int

    def fits(self, turn: Turn, unit: int) -> bool:
        line = turn.bill.of_unit(unit)
        if self.item.WhichOneof("part") == "product_id":
            return line.product_id == self.item.product_id
        return line.category_id in self.item.category_ids


def package(rule: pb.Package, turn: Turn) -> Effect | Miss:
    """Price each package that can be made and is cheaper that way, with its surcharges."""
    parts = sorted((_part(rule, item) for item in rule.items), key=_is_choice)
    if not parts or any(part.item.quantity < 1 for part in parts):
        return Miss(Reason.INVALID_RULE, "has no parts, or less than one unit of a part")
    free = list(turn.counted)
    taken: dict[int, int] = {}
    made = 0
    while True:
        found = _make(rule, parts, turn, free)
        if found is None:
            break
        units, surcharges = found
        made += 1
        saved = turn.total(units) - from_money(rule.price) - surcharges
        if saved <= 0:
            break
        taken |= allocate_by_line(saved, turn.amounts(units), turn.bill.line_of)
        free = [unit for unit in free if unit not in set(units)]
    if not made:
        return Miss(Reason.PARTS_MISSING, "needs all its parts on the bill", offer=True)
    return capped(turn, taken, None)


def _is_choice(part: _Part) -> bool:
    return part.item.is_choice or part.item.WhichOneof("part") == "category_id"


def _part(rule: pb.Package, item: pb.PackageItem) -> _Part:
    surcharge = from_money(item.surcharge)
    if item.is_choice or item.WhichOneof("part") == "category_id":
        least = max(1, item.min_selection) if item.is_required else item.min_selection
        return _Part(item, least, max(least, item.max_selection or 1), surcharge)
    may_go = rule.allow_modification and not item.is_required
    return _Part(item, 0 if may_go else 1, 1, surcharge)


def _make(
    rule: pb.Package, parts: list[_Part], turn: Turn, free: list[int]
) -> tuple[list[int], int] | None:
    """Return the units of one package and its surcharges, None if a part is missing."""
    left = dearest(turn, free)
    units: list[int] = []
    count = surcharges = 0
    # What has to be there comes first, so that an optional choice never takes its units.
    for part, times, is_needed in _takings(parts):
        for _ in range(times):
            room = not rule.max_items or count < rule.max_items
            selection = _select(part, turn, left) if room else None
            if selection is None or (
                not is_needed
                and count >= rule.min_items
                and turn.total(selection) <= part.surcharge
            ):
                if is_needed:
                    return None
                break
            units += selection
            left = [unit for unit in left if unit not in selection]
            count += 1
            surcharges += part.surcharge
    return (units, surcharges) if units and count >= rule.min_items else None


def _takings(parts: list[_Part]) -> list[tuple[_Part, int, bool]]:
    needed = [(part, part.least, True) for part in parts]
    return needed + [(part, part.most - part.least, False) for part in parts]


def _select(part: _Part, turn: Turn, left: list[int]) -> list[int] | None:
    """Return the units of one selection: one product's, the dearest that there are enough of."""
    by_product: dict[str, list[int]] = {}
    for unit in left:
        if part.fits(turn, unit):
            by_product.setdefault(turn.bill.of_unit(unit).product_id, []).append(unit)
    enough = [units[: part.item.quantity] for units in by_product.values()]
    enough = [units for units in enough if len(units) == part.item.quantity]
    return max(enough, key=turn.total, default=None)
