"""What a correct Trackier sync ends with, in the shape in which the database is asked."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.vendors.control import VendorSandbox

OFFERS = """
    SELECT o.trackier_campaign_id, o.trackier_display_id, b.trackier_advertiser_id, o.name,
           o.category, o.payout_amount, o.payout_currency, o.payout_model, o.base_commission_pct,
           o.status, o.is_active
    FROM affiliate.offers o JOIN affiliate.brands b ON b.brand_id = o.advertiser_id
"""


def expected_offers(vendors: VendorSandbox) -> set[tuple[Any, ...]]:
    """Return the rows that OFFERS has to find."""
    return {
        (
            row["trackier_campaign_id"],
            str(row["display_id"]),
            row["trackier_advertiser_id"],
            row["name"],
            row["category"],
            _decimal(row["payout_amount"]),
            row["payout_currency"],
            row["payout_model"],
            _decimal(row["base_commission_pct"]),
            row["status"],
            row["is_active"],
        )
        for row in vendors.truth()
        if row["entity"] == "offer"
    }


def _decimal(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))
