"""Reads orders of one Zid store through the merchant API v1.

Orders are filtered by their last change and sorted by creation, page by page until one is not full:
there is no pagination object. No upper bound is sent, since an order that changed while the list is
read would leave it and shift the others; too young ones are left out here. Orders are never deleted
at Zid, so nothing else shifts them either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from vendor_sync.ad_analytics.ports import Batch, Wire
from vendor_sync.ad_analytics.records import (
    AccountRecord,
    Credentials,
    OrderRecord,
    SourceConnection,
    token_end,
)
from vendor_sync.ad_analytics.shops.reading import ENTITY, external_id_of, read_page
from vendor_sync.ad_analytics.shops.zid_orders import (
    needs_notes,
    order_from_api,
    store_currency,
    times_of,
)
from vendor_sync.errors import (
    AuthenticationError,
    PermanentError,
    RateLimitedError,
    TemporaryError,
    TokenExpiredError,
    VendorError,
)
from vendor_sync.redaction import Redactor
from vendor_sync.rest_client import Answer, Page, RestClient, classify_by_status

T = TypeVar("T")

API_URL = "https://api.zid.sa"
ACCOUNTS_URL = "https://oauth.zid.sa"
DEFAULT_ZONE = "Asia/Riyadh"
# The zone of the filter is not documented: a day on both ends, and the rest is left out here.
OVERLAP = timedelta(days=1)
_PAGE_SIZE = 100
_ORDERS = "/v1/managers/store/orders"
_SHOWN = 200
_LOGIN_PAGE = 302
_UNAUTHORIZED = 401
_NOT_FOUND = 404
_ENVELOPE = frozenset({"status", "success", "code"})

_SENSITIVE = frozenset(
    {"customer", "consignee", "shipping", "address", "email", "mobile", "phone", "name_on_card",
     "gift_card_details", "customer_note", "order_url", "access_token", "authorization",
     "Authorization", "refresh_token", "inventory_address"}
)  # fmt: skip
REDACTORS = {name: Redactor(_SENSITIVE) for name in (ENTITY, "credit_notes", "accounts", "counts")}


class _List(msgspec.Struct):
    orders: list[msgspec.Raw]
    total_order_count: int | None = None


class _View(msgspec.Struct):
    order: msgspec.Raw


class _NotesPayload(msgspec.Struct):
    credit_notes: list[msgspec.Raw]


class _Notes(msgspec.Struct):
    payload: _NotesPayload


class _StoreFields(msgspec.Struct):
    id: int | str
    title: str
    timezone: str | None = None


class _User(msgspec.Struct):
    store: _StoreFields


class _Profile(msgspec.Struct):
    user: _User


class _Token(msgspec.Struct):
    # To be sent as X-Manager-Token; what goes behind "Bearer" is `authorization`.
    access_token: str
    authorization: str | None = None
    spelt: str | None = msgspec.field(name="Authorization", default=None)
    refresh_token: str | None = None
    expires_in: float | None = None


class ZidClient:
    """Reads one store; the manager token says which."""

    def __init__(
        self, rest: RestClient, *, store: str, timezone: str, currency: str | None
    ) -> None:
        self._rest = rest
        self._store = store
        self._timezone = timezone
        self._currency = currency

    def close(self) -> None:
        """Close the HTTP session."""
        self._rest.close()

    def get_account(self) -> AccountRecord:
        """Return the store's name and timezone, and the currency that its orders name."""
        profile = self._get("/v1/managers/account/profile", [], "accounts", _Profile).content
        newest = [("per_page", "1"), ("payload_type", "default"), ("sort_by", "desc")]
        orders = self._get(_ORDERS, newest, "accounts", _List).content.orders
        currency = (store_currency(orders[0]) if orders else None) or self._currency
        if currency is None:
            message = f"{self._store} has no orders to tell its currency by: set it by hand."
            raise PermanentError(message)
        store = profile.user.store
        return AccountRecord(
            external_id=str(store.id),
            name=store.title,
            currency=currency,
            timezone=_zone(store.timezone) or self._timezone,
        )

    def iter_orders(self, since: datetime, until: datetime) -> Iterator[Batch[OrderRecord]]:
        """Yield every order created or changed in the range, and some around it."""
        start = since - OVERLAP
        params = [("date_attribute", "updated_at"), ("date_from", _offset_form(start))]
        for page, rows in self._walk(params, "default", ENTITY):
            wanted = [row for row in rows if _before(row, until)]
            yield self._batch(page, wanted)

    def iter_orders_by_id(self, external_ids: Sequence[str]) -> Iterator[Batch[OrderRecord]]:
        """Yield single orders again; one that is gone is left out."""
        for external_id in external_ids:
            try:
                page = self._get(f"{_ORDERS}/{external_id}/view", [], ENTITY, _View)
            except PermanentError as error:
                if error.status == _NOT_FOUND:
                    continue
                raise
            yield self._batch(page, [page.content.order])

    def count_orders(self, since: datetime, until: datetime) -> int | None:
        """Return how many orders were created in the range: a walk of the list."""
        params = [
            ("date_attribute", "created_at"),
            ("date_from", _offset_form(since - OVERLAP)),
            ("date_to", _offset_form(until + OVERLAP)),
        ]
        found: set[str] = set()
        for _, rows in self._walk(params, "simple", "counts"):
            for row in rows:
                times, identity = times_of(row), external_id_of(row)
                if times is not None and identity is not None and since <= times[0] < until:
                    found.add(identity)
        return len(found)

    def _walk(
        self, params: list[tuple[str, str]], payload: str, entity: str
    ) -> Iterator[tuple[Page[_List], list[msgspec.Raw]]]:
        """Yield pages until one is not full, or as many orders came as the list counts."""
        number, size = 1, _PAGE_SIZE
        while True:
            page = self._page(params, payload, entity, number)
            rows, total = page.content.orders, page.content.total_order_count
            yield page, rows
            # A store may give smaller pages than it was asked for: the first one tells.
            size = len(rows) if number == 1 else size
            ended = len(rows) < _PAGE_SIZE if total is None else number * size >= total
            if ended or not rows:
                return
            number += 1

    def _page(
        self, params: list[tuple[str, str]], payload: str, entity: str, number: int
    ) -> Page[_List]:
        paging = [
            ("order_by", "created_at"),
            ("sort_by", "asc"),
            ("payload_type", payload),
            ("per_page", str(_PAGE_SIZE)),
            ("page", str(number)),
        ]
        return self._get(_ORDERS, [*params, *paging], entity, _List)

    def _batch(self, page: Page[Any], rows: Sequence[msgspec.Raw]) -> Batch[OrderRecord]:
        def read(row: msgspec.Raw) -> OrderRecord:
            order_id = needs_notes(row)
            notes = self._notes(order_id) if order_id is not None else ()
            return order_from_api(row, store=self._store, timezone=self._timezone, notes=notes)

        return read_page(rows, page, read, REDACTORS[ENTITY])

    def _notes(self, order_id: str) -> list[msgspec.Raw]:
        path = f"{_ORDERS}/{order_id}/credit-notes"
        return self._get(path, [], "credit_notes", _Notes).content.payload.credit_notes

    def _get(
        self, path: str, params: list[tuple[str, str]], entity: str, shape: type[T]
    ) -> Page[T]:
        return self._rest.get_page(path, params, entity=entity, decode=_decoder(shape))


def open_client(connection: SourceConnection, credentials: Credentials, wire: Wire) -> ZidClient:
    """Return a client of the store; makes no call yet.

    `access_token` is what Zid calls `authorization`, `extra['manager_token']` what it calls
    `access_token`: mixing the two up is the usual mistake.
    """
    refreshable = credentials.refresh_token is not None
    rest = RestClient(
        vendor="zid",
        base_url=connection.settings.get("base_url", API_URL),
        headers={
            "Authorization": f"Bearer {credentials.access_token}",
            "X-Manager-Token": credentials.extra.get("manager_token", ""),
            "Accept-Language": "en",
        },
        limiter=wire.limiter,
        classify=lambda answer: classify(answer, refreshable=refreshable),
        usage=wire.usage,
        transport=wire.transport,
        archive=wire.archive,
        limits=wire.limits,
        connections=2,
    )
    return ZidClient(
        rest,
        store=connection.external_id,
        timezone=connection.timezone or DEFAULT_ZONE,
        currency=connection.currency,
    )


def refresh_credentials(
    connection: SourceConnection, credentials: Credentials, wire: Wire
) -> Credentials:
    """Return both tokens anew."""
    if credentials.refresh_token is None:
        message = f"{connection.name}: there is no refresh token, connect the store again."
        raise AuthenticationError(message)
    rest = RestClient(
        vendor="zid",
        base_url=connection.settings.get("accounts_url", ACCOUNTS_URL),
        headers={},
        limiter=wire.limiter,
        classify=_classify_refresh,
        usage=wire.usage,
        limits=wire.limits,
    )
    names = ("client_id", "client_secret", "redirect_uri")
    form = {"grant_type": "refresh_token", "refresh_token": credentials.refresh_token} | {
        name: credentials.extra.get(name, "") for name in names
    }
    try:
        body = rest.post_form_once("/oauth/token", form)
    finally:
        rest.close()
    try:
        token = msgspec.json.decode(body, type=_Token)
    except msgspec.MsgspecError as error:
        message = f"Zid's new tokens cannot be read: {error}"
        raise TemporaryError(message) from None
    bearer = token.authorization or token.spelt
    if bearer is None:
        message = "Zid's answer has no authorization beside its access_token."
        raise TemporaryError(message)
    return Credentials(
        access_token=bearer,
        refresh_token=token.refresh_token or credentials.refresh_token,
        expires_at=token_end(life=token.expires_in),
        extra={**credentials.extra, "manager_token": token.access_token},
    )


def classify(answer: Answer, *, refreshable: bool) -> VendorError:
    """Return the error of a status; a redirect to the login page is an expired token too."""
    text = _error_text(answer.body)
    message = f"{answer.request} answered {answer.status} {text}{_trace(answer.headers)}".rstrip()
    if answer.status in {_UNAUTHORIZED, _LOGIN_PAGE}:
        if refreshable:
            return TokenExpiredError(message, status=answer.status)
        message += " The two tokens may be swapped, or expired."
        return AuthenticationError(message, status=answer.status)
    error = classify_by_status(answer, text=text + _trace(answer.headers))
    if isinstance(error, RateLimitedError) and error.retry_at is None:
        # Zid's own SDK waits a minute where the answer does not say.
        later = datetime.now(UTC) + timedelta(seconds=60)
        return RateLimitedError(str(error), retry_at=later, status=answer.status)
    return error


def _classify_refresh(answer: Answer) -> VendorError:
    if answer.status in {400, 401, 403}:
        message = (
            f"{answer.request} refused to renew the tokens: {_error_text(answer.body)} "
            "Connect the store again."
        )
        return AuthenticationError(message, status=answer.status)
    return classify_by_status(answer, text=_error_text(answer.body))


def _error_text(body: bytes) -> str:
    """Return the text of an error: it is in any of five places."""
    try:
        content = msgspec.json.decode(body)
    except msgspec.MsgspecError:
        return "(no JSON)"
    fields = cast("dict[str, Any]", content) if isinstance(content, dict) else {}
    for name in ("message", "error", "detail"):
        text = _words(fields.get(name))
        if text:
            return text[:_SHOWN]
    named = {name: _words(value) for name, value in fields.items() if name not in _ENVELOPE}
    return "; ".join(f"{name}: {text}" for name, text in named.items() if text)[:_SHOWN]


def _words(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "; ".join(filter(None, map(_words, cast("list[object]", value))))
    if isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        parts = (fields.get(name) for name in ("code", "message", "description", "msg"))
        return " ".join(part for part in parts if isinstance(part, str) and part)
    return ""


def _trace(headers: Mapping[str, str]) -> str:
    request_id = headers.get("X-Request-Id")
    return f" (request {request_id})" if request_id else ""


def _decoder(shape: type[T]) -> Callable[[bytes], T]:
    return lambda body: msgspec.json.decode(body, type=shape)


def _before(row: msgspec.Raw, until: datetime) -> bool:
    """Tell whether an order was created before the range ends; an unreadable one is looked at."""
    times = times_of(row)
    return times is None or times[0] < until


def _zone(name: str | None) -> str | None:
    try:
        return ZoneInfo(name).key if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _offset_form(moment: datetime) -> str:
    """Write an instant as the documentation does: with milliseconds and the offset of UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000+0000"
