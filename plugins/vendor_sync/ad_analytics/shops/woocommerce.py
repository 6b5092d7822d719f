"""Reads orders of one WooCommerce site through the REST API wc/v3.

Orders are walked by modification time, oldest first, always page 1: the next page is asked for by
the last time that was seen, without the orders already seen at that second. Page numbers would skip
orders that move to the end of the list while it is read. All times that are sent are UTC without
zone, beside dates_are_gmt: with a zone WordPress would convert them to the site's time.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import msgspec

from vendor_sync.ad_analytics.ports import Batch, Wire
from vendor_sync.ad_analytics.public_addresses import transport_to
from vendor_sync.ad_analytics.records import (
    AccountRecord,
    Credentials,
    OrderRecord,
    SourceConnection,
)
from vendor_sync.ad_analytics.shops.privacy import PairRedactor
from vendor_sync.ad_analytics.shops.reading import ENTITY, external_id_of, reached, read_page
from vendor_sync.ad_analytics.shops.woocommerce_orders import (
    ORDER_FIELDS,
    keeps_meta,
    order_from_api,
    refunded_order,
)
from vendor_sync.errors import (
    AuthenticationError,
    ConfigurationError,
    PermanentError,
    RateLimitedError,
    TemporaryError,
    VendorError,
)
from vendor_sync.rest_client import Answer, Page, RestClient, classify_by_status

T = TypeVar("T")
logger = logging.getLogger(__name__)

OVERLAP = timedelta(minutes=10)
_PAGE_SIZE = 100
_SMALLEST_PAGE = 10
# Ids that one address can leave out; behind them, the page number has to do.
_MOST_EXCLUDED = 1_000
_SHOWN = 200
_FORBIDDEN = 403
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_API = "/wp-json/wc/v3"
# Zones without summer time for the offsets that have no Etc zone.
_HALF_HOURS = {
    3.5: "Asia/Tehran", 4.5: "Asia/Kabul", 5.5: "Asia/Kolkata", 5.75: "Asia/Kathmandu",
    6.5: "Asia/Yangon", 9.5: "Australia/Darwin",
}  # fmt: skip

_SENSITIVE = frozenset(
    {"billing", "shipping", "customer_ip_address", "customer_user_agent", "customer_note", "email",
     "phone", "first_name", "last_name", "consumer_key", "consumer_secret", "reason", "order_key"}
)  # fmt: skip
REDACTORS = {
    name: PairRedactor(_SENSITIVE, allowed=keeps_meta)
    for name in (ENTITY, "refunds", "accounts", "counts")
}

Params = list[tuple[str, str]]


class _Site(msgspec.Struct):
    name: str
    home: str = ""
    url: str = ""
    timezone_string: str = ""
    gmt_offset: float | str = 0


class _StatusSettings(msgspec.Struct):
    currency: str


class _Status(msgspec.Struct):
    settings: _StatusSettings


class _Currency(msgspec.Struct):
    currency: str


class _Times(msgspec.Struct):
    date_modified_gmt: str | None = None


class WooCommerceClient:
    """Reads one site; `store` is its connection's external id."""

    def __init__(self, rest: RestClient, *, store: str, login: Params) -> None:
        self._rest = rest
        self._store = store
        self._login = login
        self._size = self._asked = _PAGE_SIZE

    def close(self) -> None:
        """Close the HTTP session."""
        self._rest.close()

    def get_account(self) -> AccountRecord:
        """Return the site's name, currency and timezone, and the host that it has for visitors."""
        site = self._get("/wp-json/", [], "accounts", _decoder(_Site)).content
        return AccountRecord(
            external_id=urlsplit(site.home or site.url).hostname or self._store,
            name=site.name,
            currency=self._currency(),
            timezone=site.timezone_string or _zone_of(float(site.gmt_offset or 0)),
        )

    def iter_orders(self, since: datetime, until: datetime) -> Iterator[Batch[OrderRecord]]:
        """Yield every order created or updated in the range, and some around it.

        Asks for what was modified since `since` and created before `until`: an order created in a
        range long ago and modified later is among them, whenever that was.
        """
        start = after = since - OVERLAP - timedelta(seconds=1)
        seen: list[str] = []  # the orders seen at the second behind `after`
        while True:
            page = self._page(after, until, seen)
            rows = page.content
            changes = [_modified(row) for row in rows]
            known = [change for change in changes if change is not None]
            if known and min(known) < start:
                message = (
                    f"{self._store} does not know the parameter modified_after: it needs "
                    "WooCommerce 5.8 or newer."
                )
                raise PermanentError(message)
            yield self._batch(page, rows)
            if len(rows) < self._asked or not known:
                return
            last = max(known)
            yield reached(page, last)
            if last - timedelta(seconds=1) > after:
                after, seen = last - timedelta(seconds=1), []
            seen += [
                identity
                for row, change in zip(rows, changes, strict=True)
                if change in (None, last) and (identity := external_id_of(row)) is not None
            ]

    def iter_orders_by_id(self, external_ids: Sequence[str]) -> Iterator[Batch[OrderRecord]]:
        """Yield single orders again; one that is gone is left out."""
        for first in range(0, len(external_ids), _PAGE_SIZE):
            ids = ",".join(external_ids[first : first + _PAGE_SIZE])
            params = [*_fields(ORDER_FIELDS), ("include", ids), ("per_page", str(_PAGE_SIZE))]
            page = self._get(f"{_API}/orders", params, ENTITY, _rows)
            yield self._batch(page, page.content)

    def count_orders(self, since: datetime, until: datetime) -> int | None:
        """Return how many orders were created in the range; None where a proxy hides the total."""
        params = [
            *_fields(("id",)),
            ("after", _naive(since - timedelta(seconds=1))),
            ("before", _naive(until)),
            ("dates_are_gmt", "true"),
            ("per_page", "1"),
        ]
        page = self._get(f"{_API}/orders", params, "counts", _rows)
        total = page.headers.get("X-WP-Total", "")
        return int(total) if total.isdigit() else None

    def _page(
        self, after: datetime, until: datetime, seen: Sequence[str]
    ) -> Page[list[msgspec.Raw]]:
        """Return the next rows; where the site is too slow for so many, ask for fewer."""
        while True:
            self._asked = self._size
            params = [
                ("orderby", "modified"),
                ("order", "asc"),
                ("dates_are_gmt", "true"),
                ("modified_after", _naive(after)),
                ("before", _naive(until)),
                ("per_page", str(self._size)),
                *_past(seen, self._size),
                *_fields(ORDER_FIELDS),
            ]
            try:
                return self._get(f"{_API}/orders", params, ENTITY, _rows)
            except RateLimitedError:
                raise
            except TemporaryError as error:
                if self._size <= _SMALLEST_PAGE:
                    raise
                self._size = max(_SMALLEST_PAGE, self._size // 2)
                logger.info("asking for %d orders a page: %s", self._size, error)

    def _batch(
        self, page: Page[list[msgspec.Raw]], rows: Sequence[msgspec.Raw]
    ) -> Batch[OrderRecord]:
        def read(row: msgspec.Raw) -> OrderRecord:
            order_id = refunded_order(row)
            refunds = self._refunds(order_id) if order_id is not None else ()
            return order_from_api(row, store=self._store, refunds=refunds)

        return read_page(rows, page, read, REDACTORS[ENTITY])

    def _refunds(self, order_id: int) -> list[msgspec.Raw]:
        """Return an order's refunds: the order itself has their amounts, but not when they were."""
        path = f"{_API}/orders/{order_id}/refunds"
        return self._get(path, [("per_page", str(_PAGE_SIZE))], "refunds", _rows).content

    def _currency(self) -> str:
        """Return the site's currency; a key without admin rights knows the newest order's only."""
        try:
            status = self._get(f"{_API}/system_status", [], "accounts", _decoder(_Status))
        except AuthenticationError:
            params = [*_fields(("currency",)), ("per_page", "1")]
            newest = self._get(f"{_API}/orders", params, "accounts", _decoder(list[_Currency]))
            if not newest.content:
                raise
            return newest.content[0].currency
        return status.content.settings.currency

    def _get(self, path: str, params: Params, entity: str, decode: Callable[[bytes], T]) -> Page[T]:
        return self._rest.get_page(path, [*params, *self._login], entity=entity, decode=decode)


def open_client(
    connection: SourceConnection, credentials: Credentials, wire: Wire
) -> WooCommerceClient:
    """Return a client of the site; makes no call yet.

    `access_token` is the consumer key, `extra['consumer_secret']` its secret. The setting `auth` is
    `header` (default), or `query` for servers that strip the login header.
    """
    url = connection.settings.get("base_url") or f"https://{connection.external_id}"
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        message = (
            f"{connection.name}: {parts.hostname} is asked without encryption, which would give "
            "the key to everybody on the way: use https."
        )
        raise ConfigurationError(message)
    key, secret = credentials.access_token, credentials.extra.get("consumer_secret", "")
    packed = base64.b64encode(f"{key}:{secret}".encode()).decode()
    in_query = connection.settings.get("auth", "header") == "query"
    rest = RestClient(
        vendor="woocommerce",
        base_url=url,
        headers={"Cache-Control": "no-cache"}
        | ({} if in_query else {"Authorization": f"Basic {packed}"}),
        limiter=wire.limiter,
        classify=classify,
        usage=wire.usage,
        transport=transport_to(url, connection.external_id, wire.transport),
        archive=wire.archive,
        limits=wire.limits,
        connections=2,
    )
    login = [("consumer_key", key), ("consumer_secret", secret)] if in_query else []
    return WooCommerceClient(rest, store=connection.external_id, login=login)


def classify(answer: Answer) -> VendorError:
    """Return the error of a status; a refusal that is no JSON comes from a firewall."""
    code, text = _code_and_text(answer.body)
    if code is None and answer.status == _FORBIDDEN:
        message = f"{answer.request} was stopped by a firewall: {answer.status} {text}"
        return TemporaryError(message, status=answer.status)
    if code in {"rest_no_route", None} and answer.status == 404:  # noqa: PLR2004 - HTTP
        text += " (permalinks are off, WooCommerce is not active, or the address is wrong)"
    return classify_by_status(answer, code=code, text=text)


def _code_and_text(body: bytes) -> tuple[str | None, str]:
    """Return the code and message of an error; the message is localised and decides nothing."""
    try:
        content = msgspec.json.decode(body)
    except msgspec.MsgspecError:
        return None, "(no JSON)"
    fields = cast("dict[str, Any]", content) if isinstance(content, dict) else {}
    code = fields.get("code")
    return (str(code) if code else None), str(fields.get("message", ""))[:_SHOWN]


def _rows(body: bytes) -> list[msgspec.Raw]:
    """Return the rows of a list; anything else (a notice, a login page) is no empty list."""
    return msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"), type=list[msgspec.Raw])


def _decoder(shape: type[T]) -> Callable[[bytes], T]:
    return lambda body: msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"), type=shape)


def _past(seen: Sequence[str], size: int) -> Params:
    """Return what leaves the orders out that were seen at the last second."""
    if not seen:
        return []
    if len(seen) <= _MOST_EXCLUDED:
        return [("exclude", ",".join(seen))]
    return [("offset", str(len(seen) // size * size))]


def _modified(row: msgspec.Raw) -> datetime | None:
    try:
        text = msgspec.json.decode(row, type=_Times).date_modified_gmt
        return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
    except (msgspec.MsgspecError, ValueError):
        return None


def _fields(names: Sequence[str]) -> Params:
    return [("_fields", ",".join(names))]


def _naive(moment: datetime) -> str:
    """Write an instant as UTC without zone: the one form that WordPress leaves alone."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"


def _zone_of(offset: float) -> str:
    """Return a zone of a fixed offset in hours, for a site that names none."""
    if offset in _HALF_HOURS:
        return _HALF_HOURS[offset]
    if offset != int(offset):
        message = f"The site's time offset {offset} has no zone: choose a city in its settings."
        raise PermanentError(message)
    # POSIX counts the other way round: Etc/GMT-3 is three hours ahead.
    return f"Etc/GMT{-int(offset):+d}" if offset else "Etc/UTC"
