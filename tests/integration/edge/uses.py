"""Uses of promotions, as tills report them."""

from __future__ import annotations

from typing import Any

from edge_grpc.v1 import types_pb2 as types
from edge_grpc.v1 import usage_pb2 as usage


def rupiah(units: int) -> types.Money:
    return types.Money(currency_code="IDR", units=units)


def use_of(shop: Any, promotion: str, **fields: Any) -> usage.UsageRecord:
    """Return a use of a promotion in a store, of now unless it says when."""
    known: dict[str, Any] = {
        "promotion_id": promotion,
        "bill_id": "B001",
        "store_id": shop.store_id,
        "brand_id": shop.brand_id,
        "discount_amount": rupiah(1),
    }
    made = usage.UsageRecord(**{**known, **fields})
    if "used_at" not in fields:
        made.used_at.GetCurrentTime()
    return made
