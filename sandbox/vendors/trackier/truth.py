"""What a correct sync has in its tables after a complete walk, worked out from the world's rows.

This follows the specification and knows nothing of the product: the payout that counts has no goal
and no publisher list, the widest geography, then the lowest id; it is a percentage under the models
that pay a share of the sale, and an amount under all others.
"""

from __future__ import annotations

from typing import Any

Item = dict[str, Any]

_EVERYWHERE = 1_000_000


def expected_brand(row: Item) -> Item:
    return {
        "entity": "brand",
        "trackier_advertiser_id": row["hashId"],
        "display_id": row["id"],
        "name": row["name"],
        "status": row.get("status"),
        "is_active": row.get("status") == "active",
    }


def expected_publisher(row: Item) -> Item:
    return {
        "entity": "publisher",
        "trackier_pid": str(row["id"]),
        "hash_id": row["hashId"],
        "name": row["name"],
        "email": row["email"],
        "status": row.get("status"),
    }


def expected_offer(row: Item) -> Item:
    payout = counting_payout(row.get("payouts") or [])
    model = payout.get("model") or row.get("commModel")
    return {
        "entity": "offer",
        "trackier_campaign_id": row["hashId"],
        "display_id": row["id"],
        "trackier_advertiser_id": row["advertiserId"],
        "name": row["title"],
        "status": row.get("status"),
        "category": next(iter(row.get("categories") or []), None),
        "payout_amount": payout.get("payout"),
        "payout_currency": payout.get("currency") or row.get("currency"),
        "payout_model": model,
        "base_commission_pct": payout.get("payout") if _is_share(payout, model) else None,
        "is_active": row.get("status") == "active",
    }


def expected_brief_brand(row: Item) -> Item:
    return {"entity": "brand", "trackier_advertiser_id": row["id"], "name": row["name"]}


def expected_brief_offer(row: Item) -> Item:
    return {
        "entity": "offer",
        "trackier_campaign_id": row["id"],
        "trackier_advertiser_id": row["advertiser_id"],
        "name": row["name"],
        "category": row["category"],
        "payout_amount": row["payout"]["amount"],
        "payout_currency": row["payout"]["currency"],
    }


def counting_payout(payouts: list[Item]) -> Item:
    """Return the payout that counts, or an empty one where all have conditions."""
    free = [payout for payout in payouts if not payout.get("goalId") and not payout.get("pubIds")]
    return min(free, key=lambda payout: (-_width(payout), payout["_id"]), default={})


def _width(payout: Item) -> int:
    geo = payout.get("geo") or ["all"]
    return _EVERYWHERE if "all" in geo else len(geo)


def _is_share(payout: Item, model: str | None) -> bool:
    return bool(payout) and (model == "cps" or payout.get("payoutModel") == "revshare")
