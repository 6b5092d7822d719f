"""Made-up promotions of all twelve types, in turn, with every condition somewhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

Rows = dict[str, list[dict[str, Any]]]


class Chooser(Protocol):
    """What is used of a seeded generator."""

    def new_id(self) -> UUID: ...
    def price(self, low: int = 5, high: int = 200) -> Decimal: ...
    def randint(self, a: int, b: int) -> int: ...
    def random(self) -> float: ...
    def choice(self, seq: Sequence[Any]) -> Any: ...  # noqa: ANN401 - an element


@dataclass(frozen=True, slots=True)
class Shelf:
    """What promotions can be about."""

    company_id: UUID
    brands: Sequence[UUID]
    stores: Sequence[UUID]
    categories: Sequence[UUID]
    products: Sequence[UUID]


def promotion_rows(chooser: Chooser, shelf: Shelf, count: int, today: dt.date) -> Rows:
    """Return rows per table, in the order in which they can be written."""
    rows: Rows = {
        "promotions": [],
        "promotion_targets": [],
        "promotion_tiers": [],
        "package_promotions": [],
        "promotion_items": [],
    }
    types = list(_TYPES)
    for number in range(count):
        promo_type = types[number % len(types)]
        row = _common(chooser, shelf, number, today) | {"promo_type": promo_type}
        row |= _TYPES[promo_type](chooser, shelf)
        rows["promotions"].append(row)
        _add_parts(chooser, shelf, rows, row)
        _add_targets(chooser, shelf, rows, row)
    return rows


def _common(chooser: Chooser, shelf: Shelf, number: int, today: dt.date) -> dict[str, Any]:
    start = today + dt.timedelta(days=chooser.randint(-40, 20))
    percent = number % 10
    return {
        "promotion_id": chooser.new_id(),
        "company_id": shelf.company_id,
        "code": f"PROMO{number:05}",
        "name": f"Promotion {number}",
        "promo_type": "",
        "apply_to": "all",
        "execution_stage": "item_level",
        "all_brands": percent != 1,
        "all_stores": percent != 2,  # noqa: PLR2004 - one in ten
        "execution_priority": chooser.randint(1, 999),
        "priority": chooser.randint(0, 5),
        "is_active": percent != 3,  # noqa: PLR2004 - one in ten
        "is_stackable": chooser.random() < 0.5,  # noqa: PLR2004 - half of them
        "start_on": start,
        "end_on": start + dt.timedelta(days=chooser.randint(0, 60)),
        "weekdays": [6, 7] if percent == 4 else [],  # noqa: PLR2004 - one in ten
        "starts_at_time": None,
        "ends_at_time": None,
        "exclude_holidays": percent == 5,  # noqa: PLR2004 - one in ten
        "sales_channels": ["dine_in", "takeaway"] if percent == 6 else [],  # noqa: PLR2004
        "min_purchase": chooser.price() if percent == 7 else None,  # noqa: PLR2004
        "max_uses_per_customer": 1 if percent == 8 else None,  # noqa: PLR2004
        **dict.fromkeys(_RULE_COLUMNS),
        "payment_methods": [],
    }


_RULE_COLUMNS = (
    "discount_percent",
    "discount_amount",
    "max_discount_amount",
    "special_price",
    "buy_quantity",
    "get_quantity",
    "trigger_product_id",
    "trigger_quantity",
    "benefit_product_id",
    "benefit_quantity",
    "mix_category_id",
    "required_quantity",
)


def _percent(chooser: Chooser, _: Shelf) -> dict[str, Any]:
    return {
        "discount_percent": Decimal(chooser.randint(5, 50)),
        "max_discount_amount": chooser.price(),
    }


def _amount(chooser: Chooser, _: Shelf) -> dict[str, Any]:
    return {"discount_amount": chooser.price(1, 20), "apply_to": "bill"}


def _buy_x_get_y(chooser: Chooser, _: Shelf) -> dict[str, Any]:
    return {"buy_quantity": chooser.randint(1, 3), "get_quantity": 1, "apply_to": "category"}


def _combo(chooser: Chooser, _: Shelf) -> dict[str, Any]:
    return {"special_price": chooser.price(20, 60)}


def _free_item(chooser: Chooser, shelf: Shelf) -> dict[str, Any]:
    return _triggered(chooser, shelf)


def _triggered(chooser: Chooser, shelf: Shelf) -> dict[str, Any]:
    return {
        "trigger_product_id": chooser.choice(shelf.products),
        "trigger_quantity": chooser.randint(1, 3),
        "benefit_product_id": chooser.choice(shelf.products),
        "benefit_quantity": 1,
    }


def _happy_hour(chooser: Chooser, _: Shelf) -> dict[str, Any]:
    hours = chooser.choice([(15, 17), (22, 2), (7, 10)])
    return {
        "discount_percent": Decimal(20),
        "starts_at_time": dt.time(hours[0]),
        "ends_at_time": dt.time(hours[1]),
    }


def _cashback(chooser: Chooser, _: Shelf) -> dict[str, Any]:
    return {
        "discount_percent": Decimal(chooser.randint(1, 10)),
        "execution_stage": "payment_level",
        "apply_to": "payment",
    }


def _payment_discount(chooser: Chooser, _: Shelf) -> dict[str, Any]:
    return _cashback(chooser, _) | {"payment_methods": ["card", "wallet"]}


def _mix_match(chooser: Chooser, shelf: Shelf) -> dict[str, Any]:
    return {
        "mix_category_id": chooser.choice(shelf.categories),
        "required_quantity": chooser.randint(2, 5),
        "special_price": chooser.price(),
    }


def _upsell(chooser: Chooser, shelf: Shelf) -> dict[str, Any]:
    return _triggered(chooser, shelf) | {"special_price": chooser.price(1, 10)}


def _parts_only(_chooser: Chooser, _shelf: Shelf) -> dict[str, Any]:
    return {}


_TYPES: dict[str, Callable[[Chooser, Shelf], dict[str, Any]]] = {
    "percent_discount": _percent,
    "amount_discount": _amount,
    "buy_x_get_y": _buy_x_get_y,
    "combo": _combo,
    "free_item": _free_item,
    "happy_hour": _happy_hour,
    "cashback": _cashback,
    "payment_discount": _payment_discount,
    "package": _parts_only,
    "mix_match": _mix_match,
    "upsell": _upsell,
    "threshold_tier": _parts_only,
}


def _add_parts(chooser: Chooser, shelf: Shelf, rows: Rows, row: dict[str, Any]) -> None:
    promotion = {"promotion_id": row["promotion_id"]}
    match row["promo_type"]:
        case "threshold_tier":
            rows["promotion_tiers"] += [
                promotion | tier
                for tier in (
                    {"tier_order": 1, "name": "One", "min_amount": Decimal(50),
                     "max_amount": Decimal(100), "discount_type": "percent",
                     "discount_value": Decimal(5)},
                    {"tier_order": 2, "name": "Two", "min_amount": Decimal(100),
                     "max_amount": None, "discount_type": "amount",
                     "discount_value": Decimal(15)},
                )
            ]  # fmt: skip
        case "package":
            rows["package_promotions"].append(
                promotion | {"name": "Set", "sku": row["code"], "price": chooser.price()}
            )
            rows["promotion_items"] += [promotion | part for part in _parts(chooser, shelf)]
        case "combo":
            rows["promotion_items"] += [promotion | part for part in _parts(chooser, shelf)[:2]]
        case _:
            pass


def _parts(chooser: Chooser, shelf: Shelf) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = [
        {
            "sort_order": number,
            "product_id": chooser.choice(shelf.products),
            "category_id": None,
            "is_choice": False,
        }
        for number in (1, 2)
    ]
    choice = {"product_id": None, "category_id": chooser.choice(shelf.categories)}
    return [*parts, {"sort_order": 3, **choice, "is_choice": True}]


def _add_targets(chooser: Chooser, shelf: Shelf, rows: Rows, row: dict[str, Any]) -> None:
    targets: list[tuple[str, Sequence[UUID]]] = []
    if not row["all_brands"]:
        targets.append(("brand_id", shelf.brands))
    if not row["all_stores"]:
        targets.append(("store_id", shelf.stores))
    if row["apply_to"] == "category":
        targets.append(("category_id", shelf.categories))
    rows["promotion_targets"] += [
        {
            "target_id": chooser.new_id(),
            "promotion_id": row["promotion_id"],
            "target_role": "include",
            **dict.fromkeys(("brand_id", "store_id", "category_id")),
            column: chooser.choice(choices),
        }
        for column, choices in targets
    ]
