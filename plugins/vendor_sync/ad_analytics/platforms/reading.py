"""What reading the three platforms has in common: single rows are refused, never guessed at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from vendor_sync.ad_analytics.ports import Batch
from vendor_sync.ad_analytics.records import SourceConnection
from vendor_sync.errors import ConfigurationError, InvalidRecordError
from vendor_sync.redaction import Redactor
from vendor_sync.rest_client import Page
from vendor_sync.runs import Reject

Row = TypeVar("Row")
Record = TypeVar("Record")

# Platforms restate a day for so long after its end; it is provisional until then.
RESTATED_DAYS = 28
_LARGEST = 10**15
_LONGEST_COUNT = 15
_UNAVAILABLE = "-"
_SHOWN = 40

# A number as vendors write it: as text mostly, as a number in some answers, both in one row.
Cell = str | int | float | None


def read_batch(  # noqa: PLR0913 - what a page is read with, all keyword
    page: Page[Any],
    items: Sequence[msgspec.Raw],
    *,
    entity: str,
    decoder: msgspec.json.Decoder[Row],
    build: Callable[[Row], Record | None],
    redactor: Redactor,
) -> Batch[Record]:
    """Return a page's records; a row that is not as promised becomes a reject, with the reason.

    A row that `build` makes nothing of says nothing, and is neither.
    """
    records: list[Record] = []
    rejects: list[Reject] = []
    for item in items:
        try:
            record = build(decoder.decode(item))
        except (msgspec.MsgspecError, InvalidRecordError, ValueError) as error:
            rejects.append(_reject(item, entity, error, page.audit_key, redactor))
        else:
            if record is not None:
                records.append(record)
    return Batch(
        records=records, rejects=rejects, audit_key=page.audit_key, fetched_at=page.fetched_at
    )


def _reject(
    item: msgspec.Raw, entity: str, error: Exception, audit_key: str | None, redactor: Redactor
) -> Reject:
    known = error if isinstance(error, InvalidRecordError) else None
    content = msgspec.json.decode(redactor.redact_body(bytes(item)))
    external_id = known.external_id if known else None
    reason = known.reason if known else str(error)
    return Reject(
        entity=entity,
        external_id=external_id,
        reason=reason,
        item=content,
        audit_key=audit_key,
    )


def whole(cell: Cell, entity: str, field: str) -> int | None:
    """Return a count that the vendor wrote in whatever way: whole, or refused."""
    # Nearly all counts are digits: the way through a decimal is for the others.
    if isinstance(cell, int) and abs(cell) < _LARGEST:
        return cell
    if isinstance(cell, str) and len(cell) < _LONGEST_COUNT and cell.isascii() and cell.isdigit():
        return int(cell)
    value = number(cell, entity, field)
    if value is None:
        return None
    if value != value.to_integral_value():
        raise InvalidRecordError(entity, None, f"{field} is no whole number: {value}")
    return int(value)


def number(cell: Cell, entity: str, field: str) -> Decimal | None:
    """Return a number that may have decimals: finite and of a size that exists, or refused.

    A dash and an empty text say that there is none.
    """
    if cell is None:
        return None
    # The shortest text of a float is the number that was sent.
    text = (cell if isinstance(cell, str) else str(cell)).strip()
    if not text or text == _UNAVAILABLE:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        reason = f"{field} is no number: {text[:_SHOWN]!r}"
        raise InvalidRecordError(entity, None, reason) from None
    if not value.is_finite() or abs(value) >= _LARGEST:
        raise InvalidRecordError(entity, None, f"{field} is no usable number: {text[:_SHOWN]}")
    return value


def vendor_now(page: Page[Any]) -> datetime:
    """Return the vendor's clock from the `Date` header (RFC 9110 6.6.1), else ours."""
    try:
        instant = parsedate_to_datetime(page.headers["Date"])
    except (KeyError, ValueError, TypeError):
        return page.fetched_at
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def account_zone(connection: SourceConnection) -> ZoneInfo:
    """Return the account's timezone; raise ConfigurationError where it is not known yet."""
    try:
        return ZoneInfo(connection.timezone or "")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = (
            f"{connection.vendor} account {connection.external_id}: its timezone "
            f"{connection.timezone!r} is unknown here. Run `verify` on the connection first."
        )
        raise ConfigurationError(message) from None


def whole_setting(connection: SourceConnection, name: str, default: int) -> int:
    """Return a setting of the connection that is a whole number of at least 1."""
    text = connection.settings.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        message = (
            f"{connection.vendor} account {connection.external_id}: setting '{name}' must be a "
            f"whole number of at least 1, it is {text!r}."
        )
        raise ConfigurationError(message)
    return int(text)


def first_provisional(now: datetime, zone: ZoneInfo) -> date:
    """Return the first day of the account that the vendor may still restate."""
    return now.astimezone(zone).date() - timedelta(days=RESTATED_DAYS)


def split_days(since: date, until: date, most: int) -> list[tuple[date, date]]:
    """Split an inclusive range into inclusive ones of at most so many days."""
    spans: list[tuple[date, date]] = []
    while since <= until:
        end = min(until, since + timedelta(days=most - 1))
        spans.append((since, end))
        since = end + timedelta(days=1)
    return spans


def chunks(ids: Sequence[str], most: int) -> list[Sequence[str]]:
    """Split ids; none at all is one chunk that means all of them."""
    return [ids[at : at + most] for at in range(0, len(ids), most)] or [()]
