"""How values of head office's tables look on the wire, and how records are put into batches."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from uuid import UUID

from google.protobuf.message import Message

from edge_grpc.v1.types_pb2 import LocalDate, Money

_NANOS = 1_000_000_000
_VERSION_TAG = b"\x78"  # field 15, varint: `version` in every record
_LENGTH_DELIMITED = 2
_SEVEN_BITS = 0x7F
_FOURTEEN_BITS = 0x3FFF


def serialize(message: Message) -> bytes:
    """Return the bytes of a message, the same bytes for the same content."""
    return message.SerializeToString(deterministic=True)


def money(amount: Decimal, currency: str) -> Money:
    """Return the amount exactly, or raise ValueError where nine decimals do not hold it."""
    nanos = amount * _NANOS
    if nanos != nanos.to_integral_value():
        message = f"{amount} has more than nine decimals"
        raise ValueError(message)
    sign = -1 if amount < 0 else 1
    units, rest = divmod(abs(int(nanos)), _NANOS)
    return Money(currency_code=currency, units=sign * units, nanos=sign * rest)


def optional_money(amount: Decimal | None, currency: str) -> Money | None:
    """Return None for None only: zero is an amount."""
    return None if amount is None else money(amount, currency)


def basis_points(percent: Decimal) -> int:
    """Return hundredths of a percent, or raise ValueError where they do not hold it."""
    points = percent * 100
    if points != points.to_integral_value() or not 0 <= points <= 10_000:  # noqa: PLR2004
        message = f"{percent} % is not between 0 and 100 in steps of 0.01"
        raise ValueError(message)
    return int(points)


def local_date(day: dt.date) -> LocalDate:
    return LocalDate(year=day.year, month=day.month, day=day.day)


def ids(values: Iterable[UUID]) -> list[str]:
    """Return ids in the one order in which lists are sent."""
    return sorted({str(value) for value in values})


def optional_id(value: UUID | None) -> str:
    return "" if value is None else str(value)


def varint(number: int) -> bytes:
    """Encode a number that is not negative."""
    if number <= _SEVEN_BITS:  # most are short, and there are some in each record
        return bytes((number,))
    if number <= _FOURTEEN_BITS:
        return bytes((number & _SEVEN_BITS | 0x80, number >> 7))
    encoded = bytearray()
    while number > _SEVEN_BITS:
        encoded.append(number & _SEVEN_BITS | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def versioned(body: bytes, version: int) -> bytes:
    """Append the field `version` to a record; fields of a message concatenate."""
    return body + _VERSION_TAG + varint(version)


@cache
def tag(field_number: int) -> bytes:
    """Return what announces a message, text or bytes in a field."""
    return varint(field_number << 3 | _LENGTH_DELIMITED)


def framed(field_number: int, message: bytes) -> bytes:
    """Return a serialised message as one element of a repeated field, ready to be joined."""
    return tag(field_number) + varint(len(message)) + message
