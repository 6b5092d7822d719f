"""A sale in the words of Shopify's Order type."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sandbox.vendors.shops.ledger import Sale, Visit, customer, zulu
from sandbox.vendors.wire import Secret

_JOURNEY = timedelta(days=30)
_UTM = ("source", "medium", "campaign", "content", "term")
_LABELS = {"facebook.com": "Facebook", "google.com": "Google", "tiktok.com": "TikTok"}


def order_row(seed: int, sale: Sale) -> tuple[dict[str, Any], tuple[Secret, ...]]:
    """Return an Order with all fields of the schema, and the personal values in it."""
    person, secrets = customer(seed, sale)
    own = dict(sale.own)
    presentment = own.pop("presentment", None) or {"currency": sale.currency, "rate": "1"}
    money = _Money(sale.currency, presentment["currency"], Decimal(presentment["rate"]))
    gross, placed = Decimal(sale.gross), Decimal(sale.placed_gross or sale.gross)
    left = Decimal(0) if sale.cancelled_at else gross - sale.refunded
    row = {
        "__typename": "Order",
        "id": f"gid://shopify/Order/{sale.number}",
        "legacyResourceId": str(sale.number),
        "name": f"#{1000 + sale.number % 9000}",
        "test": sale.test,
        "edited": placed != gross,
        "createdAt": zulu(sale.created_at),
        "processedAt": zulu(sale.created_at),
        "updatedAt": zulu(sale.updated_at),
        "cancelledAt": zulu(sale.cancelled_at) if sale.cancelled_at else None,
        "cancelReason": "OTHER" if sale.cancelled_at else None,
        "closedAt": zulu(sale.cancelled_at) if sale.cancelled_at else None,
        "displayFinancialStatus": _financial_status(sale),
        "returnStatus": "NO_RETURN",
        "currencyCode": sale.currency,
        "presentmentCurrencyCode": presentment["currency"],
        "sourceName": sale.source,
        "customAttributes": [
            {"key": key, "value": sale.attributes[key]} for key in sale.attributes
        ],
        "discountCodes": [sale.coupon] if sale.coupon else [],
        "totalPriceSet": money.bag(max(placed, gross)),
        "currentTotalPriceSet": money.bag(left),
        "totalRefundedSet": money.bag(sale.refunded),
        "netPaymentSet": money.bag(
            gross - sale.refunded if sale.state != "pending" else Decimal(0)
        ),
        "refunds": [_refund(money, each) for each in sale.refunds],
        "customerJourneySummary": _journey(sale),
        "cartToken": f"cart-{sale.number}",
        "checkoutToken": f"checkout-{sale.number}",
        "attribution": {"displayName": "Online Store", "handle": "online_store"},
        "landingPageUrl": sale.visits[0].landing if sale.visits else None,
        "referrerUrl": None,
        "email": person["email"],
        "phone": person["phone"],
        "customer": {
            "id": f"gid://shopify/Customer/{sale.number}",
            "firstName": person["first_name"],
            "lastName": person["last_name"],
            "email": person["email"],
            "phone": person["phone"],
        },
    }
    return {**row, **own}, secrets


def plain(amount: Decimal) -> str:
    """Write an amount as Shopify does: trailing zeros go, one decimal stays."""
    text = f"{amount.normalize():f}"
    return text if "." in text else f"{text}.0"


class _Money:
    """Writes both sides of a MoneyBag; the two need not keep one rate over an order's life."""

    def __init__(self, shop: str, presentment: str, rate: Decimal) -> None:
        self._shop = shop
        self._presentment = presentment
        self._rate = rate

    def bag(self, amount: Decimal) -> dict[str, Any]:
        shown = (amount * self._rate).quantize(Decimal("0.01"))
        return {
            "shopMoney": {"amount": plain(amount), "currencyCode": self._shop},
            "presentmentMoney": {"amount": plain(shown), "currencyCode": self._presentment},
        }


def _financial_status(sale: Sale) -> str | None:
    if sale.refunded:
        return "REFUNDED" if sale.refunded >= Decimal(sale.gross) else "PARTIALLY_REFUNDED"
    if sale.cancelled_at:
        return None if sale.state in {"pending", "placed"} else "VOIDED"
    return "PENDING" if sale.state in {"pending", "placed"} else "PAID"


def _refund(money: _Money, refund: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "__typename": "Refund",
        "id": f"gid://shopify/Refund/{refund.refund_id}",
        "createdAt": zulu(refund.at),
        "processedAt": zulu(refund.at),
        "updatedAt": zulu(refund.at),
        "totalRefundedSet": money.bag(Decimal(refund.amount)),
    }


def _journey(sale: Sale) -> dict[str, Any]:
    if not sale.ready:
        empty = ("momentsCount", "daysToConversion", "customerOrderIndex", "firstVisit")
        return {"ready": False, **dict.fromkeys((*empty, "lastVisit", "moments"))}
    known = [visit for visit in sale.visits if sale.created_at - visit.at <= _JOURNEY]
    visits = [_visit(sale, visit) for visit in sorted(known, key=lambda visit: visit.at)]
    return {
        "ready": True,
        "momentsCount": {"count": len(visits), "precision": "EXACT"},
        # A day count with a rounding of its own: 1 for a visit seconds before the order.
        "daysToConversion": _days(sale, known[0].at) if known else None,
        "customerOrderIndex": 0,
        "firstVisit": visits[0] if visits else None,
        "lastVisit": visits[-1] if visits else None,
        "moments": lambda _, first=None, after=None: _moments(visits, first, after),
    }


def _moments(visits: list[dict[str, Any]], first: int | None, after: str | None) -> dict[str, Any]:
    """Return a page of a journey, the earliest visit first; the cursor is a visit's id."""
    start = next((n for n, visit in enumerate(visits, start=1) if visit["id"] == after), 0)
    shown = visits[start : start + (first or len(visits))]
    return {
        "nodes": shown,
        "pageInfo": {
            "hasNextPage": start + len(shown) < len(visits),
            "hasPreviousPage": start > 0,
            "endCursor": shown[-1]["id"] if shown else None,
        },
    }


def _days(sale: Sale, first: datetime) -> int:
    return (sale.created_at - first).days + 1


def _visit(sale: Sale, visit: Visit) -> dict[str, Any]:
    utm = {**_utm_of(visit.landing or ""), **visit.utm}
    utm.pop("id", None)  # known from the landing page only
    return {
        "__typename": "CustomerVisit",
        "id": f"gid://shopify/CustomerVisit/{sale.number}{visit.visit_id:03d}",
        "occurredAt": zulu(visit.at),
        "source": _label(visit.referrer),
        "sourceType": "AD" if utm else None,
        "sourceDescription": None,
        "landingPage": visit.landing,
        "referrerUrl": visit.referrer,
        "referralCode": None,
        "utmParameters": {name: utm.get(name) for name in _UTM} if utm else None,
    }


def _utm_of(landing: str) -> dict[str, str]:
    try:
        query = parse_qsl(urlsplit(landing).query)
    except ValueError:
        return {}
    found = {name.removeprefix("utm_"): value for name, value in query if name.startswith("utm_")}
    return {name: value for name, value in found.items() if name in _UTM}


def _label(referrer: str | None) -> str:
    host = urlsplit(referrer or "").hostname or ""
    return next((label for end, label in _LABELS.items() if host.endswith(end)), host or "direct")
