"""Exchange rates: the European Central Bank's reference rates, and what an operator loads by hand.

The bank publishes on working days around 16:00 Central European Time, and for about thirty
currencies; a day without rates is no error. Pegs need no source (they are a table), and a pair that
nobody covers stays unknown.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from xml.etree import ElementTree as ET

from vendor_sync.ad_analytics.platforms.reading import vendor_now
from vendor_sync.ad_analytics.ports import Batch, Wire
from vendor_sync.ad_analytics.records import FxRateRecord
from vendor_sync.errors import InvalidRecordError
from vendor_sync.redaction import Redactor
from vendor_sync.rest_client import Page, RestClient, classify_by_status
from vendor_sync.runs import Reject

HOST = "https://www.ecb.europa.eu"
BASE = "EUR"
RATES = "fx_rates"
CSV_COLUMNS = ("day", "base_currency", "quote_currency", "rate")
# Public figures: nothing is redacted.
REDACTORS = {"rates": Redactor(())}

_PATH = "/stats/eurofxref/"
_NINETY = timedelta(days=90)
_DAILY = timedelta(days=1)
_CURRENCY = re.compile(r"[A-Z]{3}")
# A file of rates declares nothing; what does could expand without end.
_DECLARATION = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
Days = list[tuple[date, ET.Element]]
_SMALLEST, _LARGEST = Decimal("1e-9"), Decimal("1e12")


class RatesClient:
    """Reads the bank's files."""

    def __init__(self, rest: RestClient) -> None:
        self._rest = rest

    def close(self) -> None:
        """Close the HTTP session."""
        self._rest.close()

    def read_rates(self, since: date) -> Batch[FxRateRecord]:
        """Return the rates of `since` and later, from the smallest file that reaches back so far.

        The smallest is asked first: it also says, by its newest day, how far that is.
        """
        page = self._page("eurofxref-daily.xml")
        days = page.content
        newest = max((day for day, _ in days), default=vendor_now(page).date())
        if newest - since >= _DAILY:
            # The ninety days are counted from today; the newest day may be some days old.
            reach = vendor_now(page).date() - _NINETY
            page = self._page("eurofxref-hist-90d.xml" if since >= reach else "eurofxref-hist.xml")
            days = page.content
        return _batch(page, [(day, cube) for day, cube in days if day >= since])

    def newest_day(self) -> date | None:
        """Return the day of the newest rates, by the smallest file."""
        return max((day for day, _ in self._page("eurofxref-daily.xml").content), default=None)

    def _page(self, name: str) -> Page[Days]:
        return self._rest.get_page(_PATH + name, [], entity="rates", decode=_decode)


def open_client(wire: Wire, base_url: str = HOST) -> RatesClient:
    """Return the client of the reference rates; they need no key."""
    rest = RestClient(
        vendor="fx",
        base_url=base_url,
        headers={"Accept": "application/xml"},
        limiter=wire.limiter,
        classify=classify_by_status,
        usage=wire.usage,
        archive=wire.archive,
        limits=wire.limits,
    )
    return RatesClient(rest)


def rates_from_csv(lines: Iterable[str]) -> tuple[list[FxRateRecord], list[Reject]]:
    """Return an operator's rates and the refused lines; `lines` is a file with a header.

    Columns: day (YYYY-MM-DD), base_currency, quote_currency, rate: 1 base costs `rate` quote.
    Raises InvalidRecordError where a column is missing altogether.
    """
    reader = csv.DictReader(lines)
    missing = [name for name in CSV_COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        reason = (
            f"the file has no column {missing[0]!r}; its header must be {','.join(CSV_COLUMNS)}"
        )
        raise InvalidRecordError(RATES, None, reason)
    records: list[FxRateRecord] = []
    rejects: list[Reject] = []
    for number, row in enumerate(reader, start=2):
        try:
            records.append(_manual(row))
        except InvalidRecordError as error:
            rejects.append(_reject(f"line {number}", error.reason, dict(row), None))
    return records, rejects


def _manual(row: Mapping[str, str | None]) -> FxRateRecord:
    day, base, quote, rate = ((row.get(name) or "").strip() for name in CSV_COLUMNS)
    return _record(_date(day), base.upper(), quote.upper(), rate, "manual")


def _decode(body: bytes) -> Days:
    """Return the file's days; ValueError for what is no file of rates."""
    if _DECLARATION.search(body):
        message = "it declares a document type or entities"
        raise ValueError(message)
    try:
        root = ET.fromstring(body)  # noqa: S314 - declarations are refused above
    except ET.ParseError as error:
        message = f"it is no XML: {error}"
        raise ValueError(message) from error
    if _local(root) != "Envelope":
        message = f"its root is {_local(root)}, not Envelope"
        raise ValueError(message)
    # A namespace stands before every name.
    return [
        (date.fromisoformat(element.attrib["time"]), element)
        for element in root.iter()
        if _local(element) == "Cube" and "time" in element.attrib
    ]


def _batch(page: Page[Any], days: Days) -> Batch[FxRateRecord]:
    records: list[FxRateRecord] = []
    rejects: list[Reject] = []
    for day, cube in days:
        for currency, rate in _pairs(cube):
            try:
                records.append(_record(day, BASE, currency, rate, "ecb"))
            except InvalidRecordError as error:
                item = {"day": day.isoformat(), "currency": currency, "rate": rate}
                name = f"{day} {currency}"
                rejects.append(_reject(name, error.reason, item, page.audit_key))
    return Batch(
        records=records, rejects=rejects, audit_key=page.audit_key, fetched_at=page.fetched_at
    )


def _pairs(cube: ET.Element) -> Iterator[tuple[str, str]]:
    for element in cube:
        yield element.attrib.get("currency", ""), element.attrib.get("rate", "")


def _record(day: date, base: str, quote: str, rate: str, source: str) -> FxRateRecord:
    for currency in (base, quote):
        if not _CURRENCY.fullmatch(currency):
            raise InvalidRecordError(RATES, None, f"{currency!r} is no currency code")
    if base == quote:
        raise InvalidRecordError(RATES, None, f"{base} against itself needs no rate")
    try:
        value = Decimal(rate)
    except InvalidOperation:
        raise InvalidRecordError(RATES, None, f"rate {rate!r} is no number") from None
    if not value.is_finite() or not _SMALLEST <= value <= _LARGEST:
        raise InvalidRecordError(RATES, None, f"rate {rate} cannot be one")
    return FxRateRecord(
        day=day, base_currency=base, quote_currency=quote, rate=value, source=source
    )


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidRecordError(RATES, None, f"{text!r} is no day (YYYY-MM-DD)") from None


def _reject(name: str, reason: str, item: Any, audit_key: str | None) -> Reject:  # noqa: ANN401
    return Reject(entity=RATES, external_id=name, reason=reason, item=item, audit_key=audit_key)


def _local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
