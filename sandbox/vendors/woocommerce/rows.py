"""A sale as WooCommerce's order object: naive times, text totals, attribution in the meta."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

from sandbox.vendors.shops.ledger import Refund, Sale, Store, Visit, customer
from sandbox.vendors.wire import Secret

PREFIX = "_wc_order_attribution_"
_STATUSES = {
    "pending": "pending", "placed": "on-hold", "paid": "processing", "delivered": "completed",
}  # fmt: skip
_VIA = {"web": "checkout", "pos": "pos-rest-api"}
_OCTET = re.compile(r"%[0-9a-fA-F]{2}")
_TAG = re.compile(r"<[^>]*>")
_SEARCH = ("google.", "bing.")
_UTM = ("source", "medium", "campaign", "content", "term", "id")

Row = dict[str, Any]


def order_row(seed: int, store: Store, sale: Sale) -> tuple[Row, tuple[Secret, ...]]:
    """Return an order with billing and shipping, and the personal values in it."""
    person, secrets = customer(seed, sale)
    paid_at = sale.created_at if sale.state in {"paid", "delivered"} else None
    address = {
        "first_name": person["first_name"],
        "last_name": person["last_name"],
        "address_1": person["address"],
        "phone": person["phone"],
    }
    row = {
        "id": sale.number,
        "parent_id": 0,
        "number": str(sale.number),
        "status": _status(sale),
        "currency": sale.currency,
        "version": "9.8.0",
        "created_via": _VIA.get(sale.source, sale.source),
        "discount_total": "0.00",
        "shipping_total": "0.00",
        "total": sale.gross,
        "total_tax": "0.00",
        "prices_include_tax": True,
        "customer_id": 0,
        "customer_ip_address": person["ip"],
        "customer_user_agent": "Mozilla/5.0",
        "customer_note": f"Please ring {person['phone']}",
        "billing": {**address, "email": person["email"]},
        "shipping": address,
        **_times(store, "date_created", sale.created_at),
        **_times(store, "date_modified", sale.updated_at),
        **_times(store, "date_paid", paid_at),
        **_times(store, "date_completed", paid_at if sale.state == "delivered" else None),
        "refunds": [
            {"id": each.refund_id, "reason": "", "total": f"-{each.amount}"}
            for each in sale.refunds
        ],
        "coupon_lines": [{"id": 1, "code": sale.coupon}] if sale.coupon else [],
        "line_items": [{"id": 1, "name": "A thing", "quantity": 1, "price": float(sale.gross)}],
        "meta_data": _meta(sale, person),
    }
    return {**row, **sale.own}, secrets


def refund_row(store: Store, refund: Refund) -> Row:
    return {
        "id": refund.refund_id,
        **_times(store, "date_created", refund.at),
        "amount": refund.amount,
        "reason": "",
        "refunded_by": 1,
        "refunded_payment": False,
        "meta_data": [],
        "line_items": [],
    }


def naive(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


def _times(store: Store, name: str, moment: datetime | None) -> dict[str, str | None]:
    """Return the site's local text and its _gmt twin, both without any zone."""
    if moment is None:
        return {name: None, f"{name}_gmt": None}
    local = moment.astimezone(ZoneInfo(store.timezone))
    return {name: naive(local), f"{name}_gmt": naive(moment)}


def _status(sale: Sale) -> str:
    if sale.cancelled_at:
        return "cancelled"
    if sale.refunds and sale.refunded >= Decimal(sale.gross):
        return "refunded"
    return _STATUSES[sale.state]


def _meta(sale: Sale, person: dict[str, str]) -> list[Row]:
    """Return the order's meta: attribution among whatever plugins put there."""
    pairs: list[tuple[str, Any]] = [("is_vat_exempt", "no"), ("_delivery_phone", person["phone"])]
    pairs += [("_plugin_state", {"step": 2, "mail": person["email"]}), ("_score", 7), ("_x", None)]
    if sale.source == "web" and sale.visits:
        last = max(sale.visits, key=lambda visit: visit.at)
        pairs += [(PREFIX + name, value) for name, value in _attribution(last).items()]
    elif sale.source == "admin":
        pairs.append((f"{PREFIX}source_type", "admin"))
    pairs += list(sale.attributes.items())
    return [
        {"id": 30_000 + n, "key": name, "value": value} for n, (name, value) in enumerate(pairs)
    ]


def _attribution(visit: Visit) -> dict[str, str]:
    """Return what the browser script tells of the last session: "(none)" values are left out."""
    query = dict(parse_qsl(urlsplit(visit.landing or "").query))
    tags = {name: query[f"utm_{name}"] for name in _UTM if query.get(f"utm_{name}")}
    tags |= {name: value for name, value in visit.utm.items() if name in _UTM}
    host = (urlsplit(visit.referrer or "").hostname or "").removeprefix("www.")
    if tags:
        kind = "utm"
    elif query.get("gclid"):
        kind, tags = "utm", {"source": "google", "medium": "cpc", "campaign": "google_cpc"}
    elif any(name in host for name in _SEARCH):
        kind, tags = "organic", {"source": host.split(".")[0], "medium": "organic"}
    elif host:
        kind, tags = "referral", {"source": host, "medium": "referral", "content": "/"}
    else:
        kind, tags = "typein", {"source": "(direct)"}
    found = {
        "source_type": kind,
        **({"referrer": visit.referrer} if visit.referrer else {}),
        **{f"utm_{name}": _sanitised(value) for name, value in tags.items()},
        "session_entry": _sanitised(visit.landing or ""),
        "session_start_time": f"{visit.at:%Y-%m-%d %H:%M:%S}",
        "session_pages": "4",
        "session_count": "1",
        "user_agent": "Mozilla/5.0 (seen once)",
        "device_type": "Mobile",
    }
    return {name: value for name, value in found.items() if value}


def _sanitised(text: str) -> str:
    """Treat text as WordPress does: tags and encoded octets go, white space is collapsed."""
    while _OCTET.search(text):
        text = _OCTET.sub("", text)
    return " ".join(_TAG.sub("", text).split())
