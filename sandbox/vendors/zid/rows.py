"""A sale in Zid's words: decimals with noise, UTC without saying so, names by payload type."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.vendors.shops.ledger import Refund, Sale, Store, customer
from sandbox.vendors.wire import Secret

STATUSES = {
    "new": ("New", "جديد"),
    "preparing": ("Preparing", "جاري التجهيز"),
    "delivered": ("Delivered", "تم التوصيل"),
    "cancelled": ("Cancelled", "ملغي"),
    "partially_reversed": ("Partially reversed", "مسترجع جزئيا"),
    "reversed": ("Reversed", "مسترجع"),
    "initial": ("Initial", "مبدئي"),
}
_SOURCES = {
    "web": ("catalog", "Store"),
    "pos": ("pos", "ZidPOS"),
    "admin": ("md", "Merchant Admin"),
}
_CODES = {"pending": "initial", "placed": "new", "paid": "preparing", "delivered": "delivered"}
# What each payload type leaves out of the default one.
_NOT_SIMPLE = frozenset(
    {"currency", "coupon", "products", "edits_count", "is_reactivated", "is_marketplace_order"}
)

Row = dict[str, Any]


def order_row(
    seed: int, store: Store, sale: Sale, *, payload: str, arabic: bool
) -> tuple[Row, tuple[Secret, ...]]:
    """Return an order as the payload type shows it, and the personal values in it."""
    person, secrets = customer(seed, sale)
    status = status_of(sale)
    source_code, source = _SOURCES.get(sale.source, (sale.source, sale.source))
    row = {
        "id": sale.number,
        "invoice_number": sale.number,
        "code": f"z{sale.number:x}",
        "store_id": store.name,
        "order_url": f"https://{store.name}.example/o/z{sale.number:x}/inv",
        "order_status": {"name": STATUSES[status][arabic], "code": status},
        "display_status": {"id": 1, "code": status, "name": STATUSES[status][arabic]},
        "payment_status": _payment_status(sale),
        "currency_code": sale.currency,
        "customer": _customer(sale, person),
        "is_guest_customer": 0,
        "is_gift_order": 0,
        "order_total": f"{Decimal(sale.gross):.14f}",
        "order_total_string": f"{Decimal(sale.gross):,.2f} {'ر.س' if arabic else sale.currency}",
        "has_different_transaction_currency": False,
        "transaction_amount": float(sale.gross),
        "issue_date": _issue_date(store, sale.created_at),
        "is_potential_fraud": False,
        "source": "متجر" if arabic else source,
        "source_code": source_code,
        "created_at": naive(sale.created_at),
        "updated_at": naive(sale.updated_at),
        "tags": [],
        "shipping": {"address": {"street": person["address"], "lat": None}},
        "payment": {"method": {"code": _method(sale), "type": _method(sale)}},
        "cod_confirmed": False,
        "reverse_order_label_requests": [],
        "currency": _currencies(store, sale),
        "coupon": {"code": sale.coupon} if sale.coupon else None,
        "products": [],
        "edits_count": int(sale.placed_gross is not None and sale.placed_gross != sale.gross),
        "is_reactivated": False,
        "is_marketplace_order": False,
    }
    row |= sale.own
    return _as_payload(row, payload), secrets


def _customer(sale: Sale, person: Row) -> Row:
    return {
        "id": sale.number % 89_989 + 1,
        "name": person["last_name"],
        "email": person["email"],
        "mobile": person["phone"],
        "verified": 1,
    }


def _currencies(store: Store, sale: Sale) -> Row:
    return {
        "order_currency": {"id": 4, "code": sale.currency, "exchange_rate": 1},
        "order_store_currency": {"id": 4, "code": store.currency, "exchange_rate": None},
    }


def _as_payload(row: Row, payload: str) -> Row:
    if payload == "default":
        return row
    if payload == "tiny":
        kept = ("id", "code", "currency_code", "created_at", "updated_at", "customer")
        return {name: row[name] for name in kept} | {
            "total": row["order_total"],
            "status": row["order_status"]["code"],
            "source": row["source_code"],
        }
    return {name: value for name, value in row.items() if name not in _NOT_SIMPLE}


def note_row(store: Store, sale: Sale, refund: Refund) -> Row:
    """Return a credit note: the order's words around an amount that was given back."""
    return {
        "id": f"note-{refund.refund_id}",
        "order_id": sale.number,
        "store_id": store.name,
        "invoice_type": "credit_note",
        "invoice_number": refund.refund_id,
        "original_invoice_number": sale.number,
        "issue_reason": "issue_reason_return",
        "currency_code": sale.currency,
        "order_total": f"{Decimal(refund.amount):.4f}",
        "created_at": naive(refund.at),
    }


def update_note(store: Store, sale: Sale) -> Row:
    """Return the note that cancels an invoice before an edit: no money moves."""
    return {
        **note_row(store, sale, Refund(refund_id=sale.number, amount="0", at=sale.updated_at)),
        "issue_reason": "issue_reason_update",
        "order_total": f"{Decimal(sale.placed_gross or sale.gross):.4f}",
    }


def naive(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def status_of(sale: Sale) -> str:
    if sale.cancelled_at:
        return "cancelled"
    if sale.refunds:
        return "reversed" if sale.refunded >= Decimal(sale.gross) else "partially_reversed"
    return _CODES[sale.state]


def _payment_status(sale: Sale) -> str:
    if sale.cancelled_at:
        return "voided"
    if sale.refunds and sale.refunded >= Decimal(sale.gross):
        return "refunded"
    return "paid" if sale.state in {"paid", "delivered"} else "pending"


def _method(sale: Sale) -> str:
    return "zid_cod" if sale.state == "placed" else "zid_credit_card"


def _issue_date(store: Store, moment: datetime) -> str:
    local = moment.astimezone(ZoneInfo(store.timezone))
    return f"{local:%d-%m-%Y | %I:%M} {'ص' if local.hour < 12 else 'م'}"  # noqa: PLR2004 - noon
