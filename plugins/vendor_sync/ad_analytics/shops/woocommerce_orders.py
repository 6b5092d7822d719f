"""What a WooCommerce order means: only the _gmt times, totals as text, one touch in the meta."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from vendor_sync.ad_analytics.records import (
    NotAttributable,
    OrderRecord,
    OrderState,
    RefundRecord,
    TouchRecord,
)
from vendor_sync.ad_analytics.shops.reading import (
    Reading,
    decode_row,
    free_text,
    kept_parameters,
)
from vendor_sync.ad_analytics.shops.tracking import (
    CLICKS_ATTRIBUTE,
    VISITOR_ATTRIBUTE,
    is_tracking,
    own_click_ids,
    parameters_of,
)
from vendor_sync.errors import InvalidRecordError

# What is asked for: with nothing personal in it but what plugins write into the meta.
ORDER_FIELDS = (
    "id", "number", "status", "currency", "created_via", "date_created_gmt", "date_modified_gmt",
    "date_paid_gmt", "total", "customer_id", "refunds", "coupon_lines", "meta_data",
)  # fmt: skip
PREFIX = "_wc_order_attribution_"
# Of the meta that WooCommerce writes itself, the browser's name is the one personal value.
_PERSONAL_META = frozenset({f"{PREFIX}user_agent"})
_UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term", "utm_id")

_UNPAID = frozenset({"pending", "failed", "checkout-draft", "auto-draft", "draft"})
_NOT_ATTRIBUTABLE = {
    "admin": NotAttributable.ADMIN, "rest-api": NotAttributable.API,
    "subscription": NotAttributable.RENEWAL, "pos": NotAttributable.POS,
    "pos-rest-api": NotAttributable.POS, "import": NotAttributable.IMPORT,
    "csv_import": NotAttributable.IMPORT,
}  # fmt: skip
# Kinds of session that no visit to the storefront stands behind.
_NO_VISIT = {"admin": NotAttributable.ADMIN, "pos": NotAttributable.POS}


class _Meta(msgspec.Struct):
    key: str
    value: Any = None


class _RefundLine(msgspec.Struct):
    id: int
    total: str


class _Coupon(msgspec.Struct):
    code: str | None = None


class _Order(msgspec.Struct):
    id: int
    status: str
    currency: str
    total: str
    date_created_gmt: str
    date_modified_gmt: str
    number: str | int | None = None
    created_via: str | None = None
    date_paid_gmt: str | None = None
    customer_id: int = 0
    refunds: list[_RefundLine] = []
    coupon_lines: list[_Coupon] = []
    meta_data: list[_Meta] = []


class _Refund(msgspec.Struct):
    id: int
    amount: str
    date_created_gmt: str


_order = msgspec.json.Decoder(_Order)


def keeps_meta(name: str) -> bool:
    """Tell whether a meta value may be archived: attribution and click ids, nothing else."""
    return (name.startswith(PREFIX) and name not in _PERSONAL_META) or is_tracking(name)


def refunded_order(item: msgspec.Raw) -> int | None:
    """Return the id of an order whose refunds have to be asked for, or None."""
    try:
        order = _order.decode(item)
    except msgspec.MsgspecError:
        return None
    return order.id if order.refunds else None


def order_from_api(
    item: msgspec.Raw, *, store: str, refunds: Sequence[msgspec.Raw] = ()
) -> OrderRecord:
    """Parse one order and its refunds; raise InvalidRecordError saying which field is wrong."""
    order = decode_row(_order, item)
    reading = Reading(str(order.id))
    currency = reading.currency("currency", order.currency)
    meta = {each.key: each.value for each in order.meta_data}  # of twins the last one counts
    created_at = reading.utc_instant("date_created_gmt", order.date_created_gmt)
    refunded = sum(
        (abs(reading.money("refunds.total", each.total, currency)) for each in order.refunds),
        Decimal(0),
    )
    gross = reading.money("total", order.total, currency)
    if refunded > gross:
        reading.flag("refund_exceeds_total")
    return OrderRecord(
        external_id=str(order.id),
        number=free_text(str(order.number)) if order.number is not None else None,
        created_at=created_at,
        updated_at=reading.utc_instant("date_modified_gmt", order.date_modified_gmt),
        currency=currency,
        gross=gross,
        refunded=refunded,
        refunds=tuple(_refund(reading, each, currency) for each in refunds),
        state=_state(order),
        raw_status=order.status,
        not_attributable=_not_attributable(order, meta),
        source=free_text(order.created_via),
        coupons=tuple(
            code for code in (free_text(each.code) for each in order.coupon_lines) if code
        ),
        customer_key=_customer_key(store, order.customer_id),
        visitor_id=_text(meta.get(VISITOR_ATTRIBUTE)),
        own_click_ids=own_click_ids(_text(meta.get(CLICKS_ATTRIBUTE))),
        touches=_touches(meta, created_at, reading),
        flags=tuple(reading.flags),
    )


def _refund(reading: Reading, item: msgspec.Raw, currency: str) -> RefundRecord:
    try:
        refund = msgspec.json.decode(item, type=_Refund)
    except msgspec.MsgspecError as error:
        name = "refunds"
        raise reading.error(name, f"cannot be read: {error}") from None
    return RefundRecord(
        refund_id=str(refund.id),
        amount=abs(reading.money("refunds.amount", refund.amount, currency)),
        refunded_at=reading.utc_instant("refunds.date_created_gmt", refund.date_created_gmt),
    )


def _state(order: _Order) -> OrderState:
    """Return the state; `processing` is paid, or cash on delivery that nobody paid yet."""
    if order.status in _UNPAID:
        return OrderState.PENDING
    if order.status in {"cancelled", "trash"}:
        return OrderState.CANCELLED
    if order.status in {"completed", "refunded"} or order.date_paid_gmt:
        return OrderState.CONFIRMED
    return OrderState.PLACED


def _not_attributable(order: _Order, meta: Mapping[str, object]) -> NotAttributable | None:
    kind = _text(meta.get(f"{PREFIX}source_type"))
    return _NO_VISIT.get(kind or "") or _NOT_ATTRIBUTABLE.get(order.created_via or "")


def _touches(
    meta: Mapping[str, object], created_at: datetime, reading: Reading
) -> tuple[TouchRecord, ...]:
    """Return the one session that WooCommerce remembers.

    utm_* keys are tags of the address for the kind `utm` only; for the others they are words that
    WooCommerce made up. The address itself has lost its encoded characters, so it is good for
    click ids and the path.
    """
    kind = _text(meta.get(f"{PREFIX}source_type"))
    carried = parameters_of(
        (name, text)
        for name, text in ((name, _text(value)) for name, value in meta.items())
        if text and not name.startswith(PREFIX)
    )
    if (kind is None and not carried) or kind in _NO_VISIT:
        return ()
    tags = {name: _text(meta.get(PREFIX + name)) for name in _UTM} if kind == "utm" else {}
    return (
        TouchRecord(
            touch_key="session",
            occurred_at=_session_start(meta, created_at, reading),
            landing_url=_text(meta.get(f"{PREFIX}session_entry")),
            referrer=_text(meta.get(f"{PREFIX}referrer")),
            parameters=kept_parameters({**carried, **{k: v for k, v in tags.items() if v}}),
        ),
    )


def _session_start(meta: Mapping[str, object], created_at: datetime, reading: Reading) -> datetime:
    """Return when the session began: UTC of the browser's clock, in text without zone."""
    text = _text(meta.get(f"{PREFIX}session_start_time"))
    try:
        return reading.utc_instant("session_start_time", text)
    except InvalidRecordError:
        reading.flag("no_session_time")
        return created_at


def _customer_key(store: str, customer_id: int) -> str | None:
    """Tell a shop's customers apart without their names; a guest (0) is nobody we know."""
    if customer_id <= 0:
        return None
    return hashlib.blake2b(f"{store}:{customer_id}".encode(), digest_size=16).hexdigest()


def _text(value: object) -> str | None:
    """Return a meta value as text: it may be a number, and nothing else is of use."""
    if isinstance(value, str):
        return free_text(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None
