"""Rules about certain products: what is bought with what, and at which price together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edge_grpc.client.quote.amounts import allocate_by_line, from_money, share
from edge_grpc.client.quote.reasons import Miss, Reason
from edge_grpc.client.quote.rules_amounts import capped, dearest
from edge_grpc.client.quote.turn import Effect, Turn
from edge_grpc.v1 import promotion_rules_pb2 as pb


def buy_x_get_y(rule: pb.BuyXGetY, turn: Turn) -> Effect | Miss:
    """Lower the cheapest further units; a unit is bought or rewarded, never both.

    Repeats. A started reward counts: with "buy 2, get 2" the third unit is cheaper.
    """
    if min(rule.buy_quantity, rule.get_quantity) < 1:
        return Miss(Reason.INVALID_RULE, "buys or gets less than one unit")
    rewarded = [
        unit for bought, rewards in _groups(rule, turn) for unit in _earned(rule, bought, rewards)
    ]
    if not rewarded:
        text = f"needs {rule.buy_quantity} units and further ones that get cheaper"
        return Miss(Reason.PARTS_MISSING, text, offer=True)
    taken = {unit: share(turn.left[unit], rule.get_basis_points) for unit in rewarded}
    cap = from_money(rule.max_discount) if rule.HasField("max_discount") else None
    return capped(turn, taken, cap)


def _groups(rule: pb.BuyXGetY, turn: Turn) -> list[tuple[list[int], list[int]]]:
    """Return sets of units to buy, each with the units to reward, cheapest first."""
    target = rule.get_product_id
    cheapest = sorted(turn.counted, key=lambda unit: (turn.left[unit], unit))
    if not rule.same_product_only:
        if not target:
            return [(turn.counted, cheapest)]
        rewards = turn.bill.units_of_product(target, turn.allowed)
        return [(turn.counted, sorted(rewards, key=lambda unit: (turn.left[unit], unit)))]
    by_product: dict[str, list[int]] = {}
    for unit in cheapest:
        by_product.setdefault(turn.bill.of_unit(unit).product_id, []).append(unit)
    return [(units, units) for name, units in by_product.items() if target in {"", name}]


def _earned(rule: pb.BuyXGetY, bought: Sequence[int], rewards: Sequence[int]) -> Sequence[int]:
    """Return the first rewards, as many as the units that stay bought pay for."""
    counted = set(bought)
    stay_bought = len(bought)
    for count, unit in enumerate(rewards):
        stay_bought -= unit in counted
        if count >= stay_bought // rule.buy_quantity * rule.get_quantity:
            return rewards[:count]
    return rewards


def combo(rule: pb.Combo, turn: Turn) -> Effect | Miss:
    """Price all parts together, as often as that is cheaper; the dearest units go first."""
    needed: dict[str, int] = {}
    for item in rule.items:
        needed[item.product_id] = needed.get(item.product_id, 0) + item.quantity
    if not needed or min(needed.values()) < 1:
        return Miss(Reason.INVALID_RULE, "names no parts, or less than one unit of a part")
    stock = {
        product: dearest(turn, turn.bill.units_of_product(product, turn.counted))
        for product in needed
    }
    missing = [product for product, count in needed.items() if len(stock[product]) < count]
    if missing:
        text = f"needs all its parts on the bill; missing: {', '.join(missing)}"
        return Miss(Reason.PARTS_MISSING, text, offer=True)
    repeats = min(len(stock[product]) // count for product, count in needed.items())
    sets = [
        [
            unit
            for product, count in needed.items()
            for unit in stock[product][number * count : (number + 1) * count]
        ]
        for number in range(repeats)
    ]
    return _sets_at(turn, sets, from_money(rule.price))


def _sets_at(turn: Turn, sets: Iterable[Sequence[int]], price: int) -> Effect:
    """Return the effect of one price for each set; a set that is cheaper without it is left."""
    taken: dict[int, int] = {}
    for units in sets:
        saved = turn.total(units) - price
        if saved > 0:
            taken |= allocate_by_line(saved, turn.amounts(units), turn.bill.line_of)
    return capped(turn, taken, None)


def mix_match(rule: pb.MixMatch, turn: Turn) -> Effect | Miss:
    """Price any so many units of the categories together, as often as that saves most."""
    size = rule.required_quantity
    if size < 1:
        return Miss(Reason.INVALID_RULE, "takes less than one unit")
    lines = turn.bill.lines
    fits = {place for place, line in enumerate(lines) if line.category_id in rule.category_ids}
    units = dearest(turn, [unit for unit in turn.counted if turn.bill.line_of[unit] in fits])
    price = from_money(rule.special_price)
    best: list[int] = []
    saved = 0
    for repeats in range(1, len(units) // size + 1):
        most = len(units) if rule.allow_same_product else repeats
        chosen = _at_most(turn, units, most)[: repeats * size]
        if len(chosen) == repeats * size and turn.total(chosen) - repeats * price > saved:
            best, saved = chosen, turn.total(chosen) - repeats * price
    if not best and len(_at_most(turn, units, size if rule.allow_same_product else 1)) < size:
        text = f"needs {size} units of its categories"
        return Miss(Reason.PARTS_MISSING, text, offer=True)
    return capped(turn, allocate_by_line(saved, turn.amounts(best), turn.bill.line_of), None)


def _at_most(turn: Turn, units: Sequence[int], most: int) -> list[int]:
    """Return the units without those that are a product's later than `most`-th.

    With at most n units of each product, n sets of different products can be dealt from them.
    """
    seen: dict[str, int] = {}
    kept: list[int] = []
    for unit in units:
        product = turn.bill.of_unit(unit).product_id
        seen[product] = seen.get(product, 0) + 1
        if seen[product] <= most:
            kept.append(unit)
    return kept


def free_item(rule: pb.FreeItem, turn: Turn) -> Effect | Miss:
    """Give units that are on the bill for nothing, next to those that trigger it."""
    triggering = max(1, rule.trigger_quantity) if rule.trigger_product_id else 0
    on_bill = turn.bill.units_of_product(rule.trigger_product_id, turn.allowed)
    if len(on_bill) < triggering:
        text = f"needs {triggering} x {rule.trigger_product_id}"
        return Miss(Reason.TRIGGER_MISSING, text, offer=True)
    free = dearest(turn, turn.bill.units_of_product(rule.free_product_id, turn.allowed))
    if rule.free_product_id == rule.trigger_product_id:
        free = free[: len(free) - triggering]
    if not free:
        text = f"{rule.free_quantity} x {rule.free_product_id} free, but not on the bill"
        return Miss(Reason.NOT_ON_BILL, text, offer=True)
    return capped(turn, turn.amounts(free[: max(0, rule.free_quantity)]), None)


def upsell(rule: pb.Upsell, turn: Turn) -> Effect | Miss:
    """Price one unit of the offered product specially."""
    required = max(1, rule.required_quantity)
    if len(turn.bill.units_of_product(rule.required_product_id, turn.allowed)) < required:
        text = f"needs {required} x {rule.required_product_id}"
        return Miss(Reason.TRIGGER_MISSING, text, offer=True)
    offered = dearest(turn, turn.bill.units_of_product(rule.upsell_product_id, turn.allowed))
    if rule.upsell_product_id == rule.required_product_id:
        offered = offered[: len(offered) - required]
    if not offered:
        text = f"{rule.message or 'offer'}: {rule.upsell_product_id} is not on the bill"
        return Miss(Reason.NOT_ON_BILL, text, offer=True)
    if not rule.HasField("special_price"):
        return Effect()
    saved = max(0, turn.left[offered[0]] - from_money(rule.special_price))
    return capped(turn, {offered[0]: saved}, None)
