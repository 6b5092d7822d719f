"""What a Zid order means: UTC times without a zone, totals with binary noise, two spellings."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

import msgspec

from vendor_sync.ad_analytics.records import (
    NotAttributable,
    OrderRecord,
    OrderState,
    RefundRecord,
)
from vendor_sync.ad_analytics.shops.reading import Reading, decode_row, free_text

_CANCELLED = frozenset({"cancelled", "canceled"})
_REVERSED = ("reverse", "partially_reverse")
_NOT_ATTRIBUTABLE = {
    "md": NotAttributable.ADMIN,
    "pos": NotAttributable.POS,
    "zidpos": NotAttributable.POS,
    "order api": NotAttributable.API,
    "api": NotAttributable.API,
    "mazeed": NotAttributable.MARKETPLACE,
    "mazeed services": NotAttributable.MARKETPLACE,
}
# A note that takes an invoice back before a new one is written moves no money.
_NO_MONEY = ("update", "edit")
# 22-06-2026 | 01:34 and the Arabic letter for before or after noon.
_ISSUED = re.compile(r"(\d{2})-(\d{2})-(\d{4}) \| (\d{2}):(\d{2}) ([صم])")
_SAME = timedelta(seconds=60)


class _CurrencyPart(msgspec.Struct):
    code: str | None = None


class _Currency(msgspec.Struct):
    order_currency: _CurrencyPart | None = None
    order_store_currency: _CurrencyPart | None = None


class _Order(msgspec.Struct):
    id: int | str
    created_at: str
    currency_code: str
    order_total: Decimal
    updated_at: str | None = None
    code: str | None = None
    # An object, its code alone, or a number, by age and type of the payload.
    order_status: Any = None
    payment_status: str | None = None
    issue_date: str | None = None
    source_code: str | None = None
    # PHP writes what is empty as an array: `[]` is no coupon, no customer, no currency.
    coupon: Any = None
    customer: Any = None
    currency: Any = None
    edits_count: int | str | None = None
    reverse_order_label_requests: list[Any] = []
    is_potential_fraud: bool | int | None = None
    is_marketplace_order: bool | int | None = None


class _Note(msgspec.Struct):
    id: int | str
    order_total: Decimal
    created_at: str | None = None
    issue_reason: str | None = None


_order = msgspec.json.Decoder(_Order)


def needs_notes(item: msgspec.Raw) -> str | None:
    """Return the id of an order whose credit notes have to be asked for, or None.

    The order itself never says that a part was refunded: it keeps its total.
    """
    try:
        order = _order.decode(item)
    except msgspec.MsgspecError:
        return None
    gave_back = _status(order).startswith(_REVERSED) or order.payment_status == "refunded"
    return str(order.id) if gave_back or order.reverse_order_label_requests else None


def times_of(item: msgspec.Raw) -> tuple[datetime, datetime] | None:
    """Return when an order was created and changed, or None where it cannot be read."""
    try:
        order = _order.decode(item)
        placed_at = _utc(order.created_at)
        return placed_at, _utc(order.updated_at) if order.updated_at else placed_at
    except (msgspec.MsgspecError, ValueError):
        return None


def store_currency(item: msgspec.Raw) -> str | None:
    """Return the currency of the store that an order names beside its own."""
    try:
        order = _order.decode(item)
    except msgspec.MsgspecError:
        return None
    return _store_code(order) or order.currency_code


def order_from_api(
    item: msgspec.Raw, *, store: str, timezone: str, notes: Sequence[msgspec.Raw] = ()
) -> OrderRecord:
    """Parse an order and its credit notes; raise InvalidRecordError saying which field is wrong."""
    order = decode_row(_order, item)
    external_id = Reading(None).identifier("id", order.id)
    reading = Reading(external_id)
    currency = reading.currency("currency_code", order.currency_code)
    created_at = reading.utc_instant("created_at", order.created_at)
    updated_at = reading.utc_instant("updated_at", order.updated_at) if order.updated_at else None
    gross = reading.money("order_total", order.order_total, currency)
    refunds = _refunds(reading, order, notes, currency, gross, updated_at or created_at)
    refunded = sum((refund.amount for refund in refunds), Decimal(0))
    _check(reading, order, created_at, timezone)
    if refunded > gross:
        reading.flag("refund_exceeds_total")
    return OrderRecord(
        external_id=external_id,
        number=free_text(order.code),
        created_at=created_at,
        updated_at=updated_at,
        currency=currency,
        gross=gross,
        refunded=refunded,
        refunds=refunds,
        state=_state(order),
        raw_status=f"{_status(order) or 'none'}/{order.payment_status or 'none'}",
        not_attributable=_not_attributable(order),
        source=free_text(order.source_code),
        coupons=_coupons(order),
        customer_key=_customer_key(store, order),
        flags=tuple(reading.flags),
    )


def _check(reading: Reading, order: _Order, created_at: datetime, timezone: str) -> None:
    """Flag what a person should look at; nothing is guessed from it."""
    issued_at = _issued_at(order.issue_date or "")
    if issued_at is not None:
        # The one local time of an order: it is ahead of created_at by the store's offset, if
        # created_at is UTC as we take it.
        offset = created_at.astimezone(ZoneInfo(timezone)).utcoffset() or timedelta()
        if abs(issued_at - (created_at + offset)) > _SAME:
            reading.flag("zone_mixup")
    if order.is_potential_fraud:
        reading.flag("potential_fraud")
    other = _store_code(order)
    if other is not None and other != order.currency_code:
        reading.flag("foreign_currency")


def _issued_at(text: str) -> datetime | None:
    """Return the local time of an invoice as if it were UTC; None where it is none."""
    issued = _ISSUED.match(text)
    if issued is None:
        return None
    day, month, year, hour, minute = (int(part) for part in issued.groups()[:5])
    after_noon = issued.group(6) == "م"
    try:
        return datetime(year, month, day, hour % 12 + 12 * after_noon, minute, tzinfo=UTC)
    except ValueError:
        return None


def _status(order: _Order) -> str:
    """Return the code of the status in lower case: `inDelivery` and `indelivery` are one."""
    value = order.order_status
    if isinstance(value, dict):
        value = cast("dict[str, Any]", value).get("code")
    return str(value or "").lower()


def _state(order: _Order) -> OrderState:
    status, payment = _status(order), (order.payment_status or "").lower()
    if status in _CANCELLED:
        return OrderState.CANCELLED
    if status == "initial":
        return OrderState.PENDING
    if payment in {"paid", "refunded"} or status == "delivered" or status.startswith(_REVERSED):
        return OrderState.CONFIRMED
    return OrderState.CANCELLED if payment == "voided" else OrderState.PLACED


def _refunds(  # noqa: PLR0913, PLR0917 - all that a refund is told by
    reading: Reading,
    order: _Order,
    notes: Sequence[msgspec.Raw],
    currency: str,
    gross: Decimal,
    changed_at: datetime,
) -> tuple[RefundRecord, ...]:
    """Return what the credit notes gave back; a refunded payment without any gave back all."""
    found: list[RefundRecord] = []
    for item in notes:
        try:
            note = msgspec.json.decode(item, type=_Note)
        except msgspec.MsgspecError as error:
            name = "credit_notes"
            raise reading.error(name, f"cannot be read: {error}") from None
        if any(word in (note.issue_reason or "") for word in _NO_MONEY):
            continue
        at = reading.utc_instant("credit_notes.created_at", note.created_at) \
            if note.created_at else changed_at  # fmt: skip
        amount = abs(reading.money("credit_notes.order_total", note.order_total, currency))
        found.append(RefundRecord(refund_id=str(note.id), amount=amount, refunded_at=at))
    if not found and order.payment_status == "refunded" and gross:
        reading.flag("refund_without_note")
        refund_id = f"{order.id}-refunded"
        found.append(RefundRecord(refund_id=refund_id, amount=gross, refunded_at=changed_at))
    return tuple(found)


def _not_attributable(order: _Order) -> NotAttributable | None:
    if order.is_marketplace_order:
        return NotAttributable.MARKETPLACE
    return _NOT_ATTRIBUTABLE.get((order.source_code or "").lower())


def _coupons(order: _Order) -> tuple[str, ...]:
    coupon = cast("dict[str, Any]", order.coupon) if isinstance(order.coupon, dict) else {}
    code = coupon.get("code")
    text = free_text(code) if isinstance(code, str) else None
    return (text,) if text else ()


def _customer_key(store: str, order: _Order) -> str | None:
    """Tell a store's customers apart without their names."""
    customer = cast("dict[str, Any]", order.customer) if isinstance(order.customer, dict) else {}
    number = customer.get("id")
    if not isinstance(number, int | str) or not number:
        return None
    return hashlib.blake2b(f"{store}:{number}".encode(), digest_size=16).hexdigest()


def _store_code(order: _Order) -> str | None:
    try:
        currency = msgspec.convert(order.currency, _Currency)
    except msgspec.ValidationError:
        return None
    return currency.order_store_currency.code if currency.order_store_currency else None


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
