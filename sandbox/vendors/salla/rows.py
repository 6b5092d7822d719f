"""A sale in Salla's words: list rows, details, invoices; money of mixed types, local times."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.vendors.shops.ledger import Sale, Store, customer
from sandbox.vendors.wire import Secret

STATUSES = {
    "payment_pending": (1473353380, "بإنتظار الدفع"),
    "under_review": (566146469, "بإنتظار المراجعة"),
    "in_progress": (1939592358, "قيد التنفيذ"),
    "completed": (1298199463, "تم التنفيذ"),
    "delivered": (1723506348, "تم التوصيل"),
    "canceled": (525144736, "ملغي"),
    "restored": (989286562, "مسترجع"),
    "restoring": (1548352431, "قيد الإسترجاع"),
}
_SLUGS = {
    "pending": "payment_pending", "placed": "under_review", "paid": "in_progress",
    "delivered": "delivered",
}  # fmt: skip
_SOURCES = {"web": "store", "pos": "pos", "admin": "dashboard"}

# Half a kilogramme in Arabic words, digits and decimal sign.
ARABIC_WEIGHT = "\u0660\u066b\u0665\u0661 كجم"

Row = dict[str, Any]


def list_row(seed: int, store: Store, sale: Sale) -> tuple[Row, tuple[Secret, ...]]:
    """Return the row of the list: it says neither when it changed nor where it came from."""
    person, secrets = customer(seed, sale)
    row = {
        "id": sale.number,
        "reference_id": sale.number % 1_000_000,
        "total": _money(sale),
        "date": date_object(store, sale.created_at),
        "status": _status(sale),
        "draft": False,
        "read": True,
        "can_cancel": False,
        "can_reorder": True,
        "payment_method": "cod" if sale.state == "placed" else "mada",
        "is_pending_payment": sale.state == "pending",
        "pending_payment_ends_at": 0,
        "features": {"digitalable": False, "shippable": True},
        "items": [{"name": "شيء", "quantity": 1}],
        "customer": _customer(sale, person),
    }
    own = {name: value for name, value in sale.own.items() if name in row}
    return {**row, **own}, secrets


def detail_row(
    seed: int, store: Store, sale: Sale, *, mislabelled: bool
) -> tuple[Row, tuple[Secret, ...]]:
    """Return the light details; `mislabelled` writes `date` in UTC under the store's zone."""
    row, secrets = list_row(seed, store, sale)
    person, _ = customer(seed, sale)
    written = ZoneInfo("UTC") if mislabelled else ZoneInfo(store.timezone)
    discounts = [
        {
            "title": "قسيمة", "type": "normal", "code": sale.coupon, "discount": "15.00",
            "currency": sale.currency, "discounted_shipping": "0.00", "hasMarketing": False,
        }
    ] if sale.coupon else []  # fmt: skip
    details = {
        **{name: value for name, value in row.items() if name not in {"total", "items"}},
        "checkout_id": sale.number % 10**9,
        "urls": {"customer": f"https://shop.example/order/{person['email']}", "admin": "/orders"},
        "date": {**date_object(store, sale.created_at), "date": _text(sale.created_at, written)},
        "updated_at": date_object(store, sale.updated_at),
        "source": _SOURCES.get(sale.source, sale.source),
        "source_details": {
            "type": "direct", "value": None, "device": "desktop",
            "user-agent": "Mozilla/5.0 (seen once)", "ip": person["ip"],
        },
        "currency": sale.currency,
        "amounts": {
            "sub_total": _money(sale),
            "shipping_cost": {"amount": 0, "currency": sale.currency},
            "tax": {"percent": "15.00", "amount": {"amount": 0, "currency": sale.currency}},
            "discounts": discounts,
            "total": _money(sale),
        },
        "total_weight": ARABIC_WEIGHT,
        "receiver": {
            "name": person["last_name"], "email": person["email"], "phone": person["phone"],
        },
        "bank": None,
        "tags": [],
    }  # fmt: skip
    return {**details, **sale.own}, secrets


def invoice_rows(store: Store, sale: Sale) -> list[Row]:
    """Return the order's tax invoice, and a credit note for each refund."""
    paid = sale.state in {"paid", "delivered"}
    local = ZoneInfo(store.timezone)
    rows = [_invoice(sale, sale.number * 10, "Tax Invoice", sale.gross, sale.created_at, local)]
    if sale.own.get("credit_notes", True):
        rows += [
            _invoice(sale, each.refund_id, "Credit Note", each.amount, each.at, local)
            for each in sale.refunds
        ]
    return rows if paid else rows[1:]


def date_object(store: Store, moment: datetime) -> Row:
    zone = ZoneInfo(store.timezone)
    return {"date": _text(moment, zone), "timezone_type": 3, "timezone": store.timezone}


def _text(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}.000000"


def _money(sale: Sale) -> Row:
    """Return an amount as a JSON number: whole ones without a fraction."""
    return {"amount": _number(sale.gross), "currency": sale.currency}


def _number(text: str) -> int | float:
    amount = Decimal(text)
    return int(amount) if amount == int(amount) else float(amount)


def _status(sale: Sale) -> Row:
    slug = _SLUGS[sale.state]
    if sale.cancelled_at:
        slug = "canceled"
    elif sale.refunds and sale.refunded >= Decimal(sale.gross):
        slug = "restored"
    number, name = STATUSES[slug]
    return {
        "id": number,
        "name": name,
        "slug": slug,
        "customized": {"id": 7, "name": "طلبك بيوصلك"},
    }


def _customer(sale: Sale, person: dict[str, str]) -> Row:
    return {
        "id": sale.number % 89_989 + 1,
        "first_name": person["first_name"],
        "last_name": person["last_name"],
        "mobile": person["phone"],
        "email": person["email"],
        "currency": "AED",
    }


def _invoice(  # noqa: PLR0913, PLR0917 - the columns of a row
    sale: Sale, number: int, kind: str, amount: str, at: datetime, zone: ZoneInfo
) -> Row:
    return {
        "id": number,
        "invoice_number": f"INV-{number}",
        "order_id": sale.number,
        "type": kind,
        "date": f"{at.astimezone(zone):%Y-%m-%d}",
        "sub_total": {"amount": f"{amount}", "currency": sale.currency},
        "total": {"amount": _number(amount), "currency": sale.currency},
    }
