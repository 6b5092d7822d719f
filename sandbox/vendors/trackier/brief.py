"""The simpler shape that the product's own brief describes: `adv_001`, `camp_123`, one payout."""

from __future__ import annotations

import re
from typing import Any

from sandbox.vendors.trackier.truth import counting_payout

Item = dict[str, Any]

_PREFIX = re.compile(r"^(?:adv|camp|pub)_0*(\d+)$")


def plain_id(text: str) -> str:
    """Return the display id inside a brief one; any other text stays as it is."""
    found = _PREFIX.match(text)
    return found.group(1) if found else text


def brief_row(entity: str, row: Any, brand_hash: str, brand_id: int) -> Any:  # noqa: ANN401
    """Return a row in the simpler shape; one that is broken too far stays as it is."""
    if not isinstance(row, dict) or not isinstance(row.get("id"), int):
        return row
    if entity == "advertisers":
        return {"id": f"adv_{row['id']:03d}", "name": row.get("name")}
    if entity == "publishers":
        return {"id": f"pub_{row['id']:03d}", "name": row.get("name"), "email": row.get("email")}
    payout = counting_payout(row["payouts"] if isinstance(row.get("payouts"), list) else [])
    currency = payout.get("currency") or row.get("currency")
    brand = f"adv_{brand_id:03d}" if row.get("advertiserId") == brand_hash else "adv_unknown"
    return {
        "id": f"camp_{row['id']:03d}",
        "advertiser_id": brand,
        "name": row.get("title"),
        "category": next(iter(row.get("categories") or []), None),
        "payout": {"amount": payout.get("payout", 0), "currency": currency},
    }
