"""What a Salla order means: local times with a zone beside them, money as number or text."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from vendor_sync.ad_analytics.records import (
    NotAttributable,
    OrderRecord,
    OrderState,
    RefundRecord,
    TouchRecord,
)
from vendor_sync.ad_analytics.shops.reading import Reading, decode_row, free_text

_CANCELLED = frozenset({"canceled", "cancelled"})  # the API writes one l, its events two
_DELIVERED = frozenset({"completed", "delivered", "restored", "restoring"})
# Nobody has paid yet when the order is placed: at the door, by a transfer, or not decided.
_PAID_LATER = frozenset({"cod", "bank", "waiting"})
_NOT_ATTRIBUTABLE = {
    "dashboard": NotAttributable.ADMIN,
    "pos": NotAttributable.POS,
    "api": NotAttributable.API,
}
# PHP's ways to write a zone: an offset, an abbreviation, a name.
_OFFSET = 1


class DateObject(msgspec.Struct):
    """PHP's date: naive text, and the zone that it is in."""

    date: str
    timezone: str
    timezone_type: int = 3


class _Money(msgspec.Struct):
    # A number, or the same as text: both are read exactly.
    amount: Decimal
    currency: str


class _Discount(msgspec.Struct):
    code: str | None = None


class _Amounts(msgspec.Struct):
    total: _Money
    # PHP writes an object without entries as an array, and leaves it out now and then.
    discounts: list[_Discount] | None = None


class _Customer(msgspec.Struct):
    id: int | None = None


class _SourceDetails(msgspec.Struct):
    type: str | None = None
    value: Any = None


class _Status(msgspec.Struct):
    slug: str


class _ExchangeRate(msgspec.Struct):
    base_currency: str | None = None
    exchange_currency: str | None = None
    rate: Decimal | None = None


class _Order(msgspec.Struct):
    id: int
    date: DateObject
    status: _Status
    currency: str
    amounts: _Amounts
    updated_at: DateObject | None = None
    reference_id: int | str | None = None
    source: str | None = None
    source_details: _SourceDetails | list[Any] | None = None
    payment_method: str | None = None
    is_pending_payment: bool = False
    draft: bool = False
    customer: _Customer | list[Any] | None = None
    exchange_rate: _ExchangeRate | list[Any] | None = None


class ListRow(msgspec.Struct):
    """What a row of the list says: enough to know whether the details are worth a call."""

    id: int
    date: DateObject
    draft: bool = False


class Invoice(msgspec.Struct):
    """An invoice, or a credit note: the only place that tells of a partial refund."""

    id: int
    order_id: int
    type: str
    total: _Money
    date: str | DateObject

    @property
    def gives_back(self) -> bool:
        """Tell whether it is a credit note, however the word is written."""
        return self.type.lower().replace("_", " ") == "credit note"


_order = msgspec.json.Decoder(_Order)
_row = msgspec.json.Decoder(ListRow)
_invoice = msgspec.json.Decoder(Invoice)


def instant(value: DateObject, name: str, reading: Reading) -> datetime:
    """Return the instant of a PHP date: its text read in the zone beside it."""
    try:
        naive = datetime.fromisoformat(value.date)
        zone = (
            datetime.fromisoformat(f"2000-01-01T00:00:00{value.timezone}").tzinfo
            if value.timezone_type == _OFFSET
            else ZoneInfo(value.timezone)
        )
        return naive.replace(tzinfo=zone).astimezone(UTC).replace(microsecond=0)
    except (ValueError, KeyError, OSError, OverflowError):  # in UTC it may be before the year 1
        raise reading.error(name, f"is no time: {value.date!r} in {value.timezone!r}") from None


def list_row(item: msgspec.Raw) -> ListRow:
    """Parse a row of the list; raise InvalidRecordError saying which field is wrong."""
    return decode_row(_row, item)


def created_at(row: ListRow) -> datetime:
    """Return when a listed order was created."""
    return instant(row.date, "date", Reading(str(row.id)))


def invoice(item: msgspec.Raw) -> Invoice:
    """Parse an invoice; raise InvalidRecordError saying which field is wrong."""
    return decode_row(_invoice, item)


def order_from_api(
    item: msgspec.Raw, *, store: str, timezone: str, notes: Sequence[Invoice] = ()
) -> OrderRecord | None:
    """Parse an order's details with its credit notes; None for a draft.

    `timezone` is the store's, for the days of credit notes. Raises InvalidRecordError saying which
    field is wrong.
    """
    order = decode_row(_order, item)
    if order.draft:
        return None
    reading = Reading(str(order.id))
    currency = reading.currency("currency", order.currency)
    placed_at = instant(order.date, "date", reading)
    changed_at = instant(order.updated_at, "updated_at", reading) if order.updated_at else None
    _check_zone(reading, order, placed_at, changed_at)
    gross = reading.money("amounts.total", order.amounts.total.amount, currency)
    refunds = _refunds(reading, order, notes, gross, placed_at, changed_at, timezone)
    refunded = sum((refund.amount for refund in refunds), Decimal(0))
    if refunded > gross:
        reading.flag("refund_exceeds_total")
    rate, into = _exchange(order)
    return OrderRecord(
        external_id=str(order.id),
        number=free_text(str(order.reference_id)) if order.reference_id is not None else None,
        created_at=placed_at,
        updated_at=changed_at,
        currency=currency,
        gross=gross,
        refunded=refunded,
        refunds=refunds,
        state=_state(order),
        raw_status=order.status.slug,
        not_attributable=_NOT_ATTRIBUTABLE.get(order.source or ""),
        source=free_text(order.source),
        exchange_rate=rate,
        exchange_currency=into,
        coupons=_coupons(order),
        customer_key=_customer_key(store, order.customer),
        touches=_touches(order, placed_at),
        flags=tuple(reading.flags),
    )


def _check_zone(
    reading: Reading, order: _Order, placed_at: datetime, changed_at: datetime | None
) -> None:
    """Flag dates that look as if one of them were in UTC under the store's label.

    They differ by the store's offset to the second then, which an order that really changed just so
    long after it was placed does too: it is a hint for a person, and changes nothing.
    """
    if changed_at is None:
        return
    offset = placed_at.astimezone(_zone(order.date)).utcoffset() or timedelta()
    if offset and abs(changed_at - placed_at) == abs(offset):
        reading.flag("zone_mixup")


def _zone(value: DateObject) -> timezone | ZoneInfo:
    return timezone.utc if value.timezone_type == _OFFSET else ZoneInfo(value.timezone)  # noqa: UP017


def _state(order: _Order) -> OrderState:
    slug = order.status.slug.lower()
    if slug in _CANCELLED:
        return OrderState.CANCELLED
    if slug == "payment_pending" or order.is_pending_payment:
        return OrderState.PENDING
    if slug in _DELIVERED or (order.payment_method or "waiting") not in _PAID_LATER:
        return OrderState.CONFIRMED
    return OrderState.PLACED


def _refunds(  # noqa: PLR0913, PLR0917 - all that a refund is told by
    reading: Reading,
    order: _Order,
    notes: Sequence[Invoice],
    gross: Decimal,
    placed_at: datetime,
    changed_at: datetime | None,
    store_zone: str,
) -> tuple[RefundRecord, ...]:
    """Return what the credit notes gave back; a restored order without any gave back everything."""
    currency = reading.currency("currency", order.currency)
    found = [
        RefundRecord(
            refund_id=str(note.id),
            amount=abs(reading.money("invoice.total", note.total.amount, currency)),
            refunded_at=max(placed_at, _day(reading, note.date, store_zone)),
        )
        for note in notes
        if note.gives_back
    ]
    if not found and order.status.slug == "restored" and gross:
        reading.flag("refund_without_note")
        found = [
            RefundRecord(
                refund_id=f"{order.id}-restored", amount=gross, refunded_at=changed_at or placed_at
            )
        ]
    return tuple(found)


def _day(reading: Reading, value: str | DateObject, store_zone: str) -> datetime:
    """Return when a note was written: a bare day counts from its start at the store."""
    if isinstance(value, DateObject):
        return instant(value, "invoice.date", reading)
    return instant(DateObject(date=value, timezone=store_zone), "invoice.date", reading)


def _exchange(order: _Order) -> tuple[Decimal | None, str | None]:
    rate = order.exchange_rate
    if not isinstance(rate, _ExchangeRate) or rate.rate is None:
        return None, None
    if rate.base_currency != order.currency or rate.exchange_currency is None:
        return None, None
    return rate.rate, rate.exchange_currency


def _coupons(order: _Order) -> tuple[str, ...]:
    codes = (free_text(each.code) for each in order.amounts.discounts or [])
    return tuple(code for code in codes if code)


def _customer_key(store: str, customer: _Customer | list[Any] | None) -> str | None:
    """Tell a store's customers apart without their names."""
    if not isinstance(customer, _Customer) or customer.id is None:
        return None
    return hashlib.blake2b(f"{store}:{customer.id}".encode(), digest_size=16).hexdigest()


def _touches(order: _Order, placed_at: datetime) -> tuple[TouchRecord, ...]:
    """Return a visit where the source happens to hold an address or a query; it never has to."""
    details = order.source_details
    value = details.value if isinstance(details, _SourceDetails) else None
    if not isinstance(value, str) or not ("://" in value or "=" in value):
        return ()
    address = value if "://" in value else f"?{value.lstrip('?')}"
    return (
        TouchRecord(
            touch_key="source_details", occurred_at=placed_at, landing_url=free_text(address)
        ),
    )
