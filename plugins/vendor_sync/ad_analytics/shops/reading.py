"""What reading an order takes in every shop: one row at a time, strict on money and instants.

A row that cannot be read is refused with its field and reason, the rest of its page goes on. Free
text (URLs, UTM values) is cleaned rather than refused: it is typed by strangers, and an order must
not be lost over it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Protocol, TypeVar

import iso4217
import msgspec

from vendor_sync.ad_analytics.ports import Batch
from vendor_sync.ad_analytics.records import OrderRecord
from vendor_sync.errors import InvalidRecordError
from vendor_sync.rest_client import Page
from vendor_sync.runs import Reject

ENTITY = "orders"
_LONGEST_ID = 64
_LONGEST_TEXT = 4_000
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_MOST = Decimal(10) ** 12
_DIGITS = {currency.code: currency.exponent for currency in iso4217.Currency}

_Row = TypeVar("_Row", bound=msgspec.Struct)


class Redacts(Protocol):
    """Takes secrets and personal values out of a body, even one that is cut off."""

    def redact_body(self, body: bytes) -> bytes:
        """Return the body without them."""
        ...


class Reading:
    """Reads the fields of one order, and words what is wrong with them."""

    def __init__(self, external_id: str | None) -> None:
        self._external_id = external_id
        self.flags: list[str] = []

    def error(self, name: str, problem: str) -> InvalidRecordError:
        """Return the error that refuses this order."""
        return InvalidRecordError(ENTITY, self._external_id, f"{name} {problem}")

    def identifier(self, name: str, value: str | int | None) -> str:
        """Return an id as text; it is never shortened, since it is a key."""
        text = "" if value is None or isinstance(value, bool) else str(value)
        if not text or len(text) > _LONGEST_ID or _UNSTORABLE.search(text):
            raise self.error(name, "is missing or no id")
        return text

    def currency(self, name: str, value: str | None) -> str:
        """Return an ISO 4217 code."""
        code = (value or "").strip().upper()
        if code not in _DIGITS:
            raise self.error(name, f"is not an ISO 4217 currency: {value!r}")
        return code

    def money(self, name: str, value: str | Decimal | int | None, currency: str) -> Decimal:
        """Return an amount in major units, rounded half up to the currency's minor unit."""
        try:
            amount = Decimal(value) if value is not None else None
        except InvalidOperation:
            amount = None
        if amount is None or not amount.is_finite() or abs(amount) >= _MOST:
            raise self.error(name, f"is no amount: {value!r}")
        digits = _DIGITS[currency] or 0
        return amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP) + Decimal(0)

    def instant(self, name: str, value: str | None) -> datetime:
        """Return an instant in UTC from text that carries its zone."""
        moment = self._parsed(name, value)
        if moment.tzinfo is None:
            raise self.error(name, f"has no zone: {value!r}")
        return moment

    def utc_instant(self, name: str, value: str | None) -> datetime:
        """Return an instant from text without zone that is known to mean UTC."""
        moment = self._parsed(name, value)
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)

    def _parsed(self, name: str, value: str | None) -> datetime:
        """Return a time of whole seconds: in UTC where it carries a zone, else without one."""
        try:
            moment = datetime.fromisoformat(value or "").replace(microsecond=0)
            return moment if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):  # in UTC it may be before the year 1
            raise self.error(name, f"is no time: {value!r}") from None

    def flag(self, name: str) -> None:
        """Remember a quirk for the consistency checks; it does not refuse the order."""
        if name not in self.flags:
            self.flags.append(name)


def free_text(value: str | None) -> str | None:
    """Return text of strangers, storable and bounded; None for nothing."""
    cleaned = _UNSTORABLE.sub("", value or "")[:_LONGEST_TEXT]
    return cleaned or None


def decode_row(decoder: msgspec.json.Decoder[_Row], item: msgspec.Raw) -> _Row:
    """Decode one row; raise InvalidRecordError saying where its shape is wrong."""
    try:
        return decoder.decode(item)
    except msgspec.MsgspecError as error:
        raise InvalidRecordError(ENTITY, external_id_of(item), str(error)) from None


class _AnyId(msgspec.Struct):
    id: Any = None


_any_id = msgspec.json.Decoder(_AnyId)


def external_id_of(item: msgspec.Raw) -> str | None:
    """Return the id of a row that may be wrong otherwise, or None."""
    try:
        value = _any_id.decode(item).id
    except msgspec.MsgspecError:
        return None
    return None if value is None else str(value)[:_LONGEST_ID]


def read_page(
    items: Sequence[msgspec.Raw],
    page: Page[Any],
    read: Callable[[msgspec.Raw], OrderRecord | None],
    redactor: Redacts,
) -> Batch[OrderRecord]:
    """Return a page's orders and its refused rows; `read` gives None for what is no order."""
    records: list[OrderRecord] = []
    rejects: list[Reject] = []
    for item in items:
        try:
            record = read(item)
        except InvalidRecordError as error:
            rejects.append(_reject(error, item, page.audit_key, redactor))
        else:
            if record is not None:
                records.append(record)
    return Batch(
        records=records,
        rejects=rejects,
        audit_key=page.audit_key,
        fetched_at=page.fetched_at,
    )


def reached(page: Page[Any], changed_before: datetime) -> Batch[OrderRecord]:
    """Return a batch without orders that says how far a walk by change is."""
    return Batch(
        records=(),
        rejects=(),
        audit_key=page.audit_key,
        fetched_at=page.fetched_at,
        changed_before=changed_before,
    )


def _reject(
    error: InvalidRecordError, item: msgspec.Raw, audit_key: str | None, redactor: Redacts
) -> Reject:
    redacted = redactor.redact_body(bytes(item))
    try:
        content = msgspec.json.decode(redacted)
    except msgspec.MsgspecError:
        content = redacted.decode("utf-8", "replace")
    return Reject(
        entity=error.entity,
        external_id=error.external_id,
        reason=error.reason,
        item=content,
        audit_key=audit_key,
    )


def kept_parameters(pairs: Mapping[str, str | None]) -> dict[str, str]:
    """Return the parameters that say something, cleaned."""
    cleaned = {name: free_text(value) for name, value in pairs.items()}
    return {name: value for name, value in cleaned.items() if value is not None}
