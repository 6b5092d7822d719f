"""Reads orders of one Salla store through the merchant API v2.

The list can be filtered by creation only, and its rows do not say when an order changed: orders of
the range are listed by day, changed ones are found by walking the list from the latest change until
several details in a row are older than the range, refunded ones by their credit notes. Every order
costs a call for its details.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

import msgspec

from vendor_sync.ad_analytics.ports import Batch, Wire
from vendor_sync.ad_analytics.records import (
    AccountRecord,
    Credentials,
    OrderRecord,
    SourceConnection,
    token_end,
)
from vendor_sync.ad_analytics.shops.reading import ENTITY, read_page
from vendor_sync.ad_analytics.shops.salla_orders import (
    Invoice,
    created_at,
    invoice,
    list_row,
    order_from_api,
)
from vendor_sync.errors import (
    AuthenticationError,
    InvalidRecordError,
    PermanentError,
    TemporaryError,
    TokenExpiredError,
    VendorError,
)
from vendor_sync.redaction import Redactor
from vendor_sync.rest_client import Answer, Page, RestClient, classify_by_status

T = TypeVar("T")
logger = logging.getLogger(__name__)

API_URL = "https://api.salla.dev/admin/v2"
ACCOUNTS_URL = "https://accounts.salla.sa"
DEFAULT_ZONE = "Asia/Riyadh"
# Around the range, since the zone under a date is not always the zone that it is in.
OVERLAP = timedelta(hours=6)
_PAGE_SIZE = 60
# Beyond, pages of one list are not reliable: the range is split.
_MOST_PAGES = 18
_DAY = timedelta(days=1)
_SHORTEST = timedelta(hours=1)
# So many details in a row that did not change in the range end the search for changes.
_UNCHANGED_IN_A_ROW = 5
_SHOWN = 200
_UNAUTHORIZED = 401
_NOT_FOUND = 404

_SENSITIVE = frozenset(
    {"customer", "receiver", "bank", "urls", "ip", "user-agent", "first_name", "last_name",
     "mobile", "email", "phone", "address", "shipping", "shipments", "pickup_branch", "avatar",
     "access_token", "refresh_token", "qr_code"}
)  # fmt: skip
REDACTORS = {
    name: Redactor(_SENSITIVE) for name in (ENTITY, "order_lists", "invoices", "accounts", "counts")
}


class _Pagination(msgspec.Struct, rename="camel"):
    current_page: int
    total_pages: int


class _Envelope(msgspec.Struct):
    success: bool
    data: msgspec.Raw = msgspec.Raw(b"null")
    error: Any = None
    pagination: _Pagination | None = None


class _Store(msgspec.Struct):
    id: int | str
    name: str
    currency: str


class _Token(msgspec.Struct):
    access_token: str
    refresh_token: str
    expires_in: float | None = None
    # Easy Mode tells the instant itself, in Unix seconds.
    expires: float | None = None


class SallaClient:
    """Reads one store; the token says which."""

    def __init__(self, rest: RestClient, *, store: str, timezone: str) -> None:
        self._rest = rest
        self._store = store
        self._timezone = timezone

    def close(self) -> None:
        """Close the HTTP session."""
        self._rest.close()

    def get_account(self) -> AccountRecord:
        """Return the store's name and currency; Salla does not say its zone but beside dates."""
        page = self._get("/store/info", [], "accounts", _store)
        zone = self._timezone
        listed = self._list("/orders", [("per_page", "1")], "accounts").content[0]
        if listed:
            zone = list_row(listed[0]).date.timezone
        store = page.content[0]
        return AccountRecord(
            external_id=str(store.id), name=store.name, currency=store.currency, timezone=zone
        )

    def iter_orders(self, since: datetime, until: datetime) -> Iterator[Batch[OrderRecord]]:
        """Yield every order created or changed in the range; all of it has been asked for by then.

        An order that changed after it was listed comes as it is now.
        """
        start = since - OVERLAP
        notes = self._credit_notes(since)
        seen: dict[str, datetime | None] = {}
        for page, rows in self._created(start, until):
            yield from self._details(page, rows, seen, notes, (start, until + OVERLAP))
        yield from self._changed(start, seen, notes)
        refunded = [order_id for order_id in notes if order_id not in seen]
        for order_id in refunded:
            yield self._order(order_id, seen, notes[order_id], complete=False)

    def iter_orders_by_id(self, external_ids: Sequence[str]) -> Iterator[Batch[OrderRecord]]:
        """Yield single orders again; one that is gone is left out."""
        for external_id in external_ids:
            yield self._order(external_id, {}, [], complete=False)

    def count_orders(self, since: datetime, until: datetime) -> int | None:
        """Return how many orders were created in the range, drafts left out: a walk of the list."""
        found: set[int] = set()
        for _, rows in self._created(since, until):
            for item in rows:
                try:
                    row = list_row(item)
                    inside = since <= created_at(row) < until
                except InvalidRecordError:
                    continue
                if inside and not row.draft:
                    found.add(row.id)
        return len(found)

    def _created(
        self, since: datetime, until: datetime
    ) -> Iterator[tuple[Page[Any], list[msgspec.Raw]]]:
        """Yield list pages of what was created in the range, a slot of whole days at a time.

        Ordered by id, so that new orders shift nothing; a slot of too many pages is split.
        """
        zone = ZoneInfo(self._timezone)
        slots = [(_midnight(since, zone) - _DAY, _midnight(until, zone) + _DAY)]
        while slots:
            first, last = slots.pop()
            params = [
                ("from_date", f"{first:%Y-%m-%dT%H:%M:%S}"),
                ("to_date", f"{last:%Y-%m-%dT%H:%M:%S}"),
                ("sort_by", "id-asc"),
            ]
            page = self._list("/orders", params, "order_lists")
            _, pagination = page.content
            if pagination.total_pages > _MOST_PAGES and last - first > _SHORTEST:
                middle = first + (last - first) / 2
                slots += [(middle, last), (first, middle)]
                continue
            yield page, page.content[0]
            while pagination.current_page < pagination.total_pages:
                following = [*params, ("page", str(pagination.current_page + 1))]
                page = self._list("/orders", following, "order_lists")
                asked, pagination = pagination.current_page, page.content[1]
                yield page, page.content[0]
                if pagination.current_page <= asked:  # it would go round for ever
                    return

    def _details(
        self,
        page: Page[Any],
        rows: Sequence[msgspec.Raw],
        seen: dict[str, datetime | None],
        notes: Mapping[str, list[Invoice]],
        between: tuple[datetime, datetime],
    ) -> Iterator[Batch[OrderRecord]]:
        """Yield the details of the listed orders of the range, and the refused rows."""
        wanted: list[str] = []

        def choose(item: msgspec.Raw) -> None:
            row = list_row(item)
            if not row.draft and between[0] <= created_at(row) < between[1]:
                wanted.append(str(row.id))

        refused = read_page(rows, page, choose, REDACTORS["order_lists"])
        if refused.rejects:
            yield refused
        for order_id in wanted:
            if order_id not in seen:
                yield self._order(order_id, seen, notes.get(order_id, []), complete=True)

    def _changed(
        self,
        since: datetime,
        seen: dict[str, datetime | None],
        notes: Mapping[str, list[Invoice]],
    ) -> Iterator[Batch[OrderRecord]]:
        """Yield orders from the latest change on, until several in a row are older."""
        older = 0
        for number in range(1, _MOST_PAGES + 1):
            params = [("sort_by", "updated_at-desc"), ("page", str(number))]
            rows, pagination = self._list("/orders", params, "order_lists").content
            for item in rows:
                try:
                    row = list_row(item)
                except InvalidRecordError:
                    continue  # refused where it was listed by creation, or too old to matter
                order_id = str(row.id)
                if order_id not in seen and not row.draft:
                    yield self._order(order_id, seen, notes.get(order_id, []), complete=False)
                changed_at = seen.get(order_id)
                older = older + 1 if changed_at is not None and changed_at < since else 0
                if older >= _UNCHANGED_IN_A_ROW:
                    return
            if pagination.current_page >= pagination.total_pages:
                return
        logger.warning(
            "%s: more orders changed since %s than Salla lists reliably", self._store, since
        )

    def _order(
        self,
        order_id: str,
        seen: dict[str, datetime | None],
        notes: Sequence[Invoice],
        *,
        complete: bool,
    ) -> Batch[OrderRecord]:
        """Return one order by its details, and all its credit notes unless `notes` has them."""
        try:
            page = self._get(f"/orders/{order_id}", [("format", "light")], ENTITY, _raw)
        except PermanentError as error:
            if error.status != _NOT_FOUND:
                raise
            seen[order_id] = None
            return Batch(records=[], rejects=[], audit_key=None, fetched_at=datetime.now(UTC))
        known = notes if complete else self._notes_of(order_id)

        def read(item: msgspec.Raw) -> OrderRecord | None:
            return order_from_api(item, store=self._store, timezone=self._timezone, notes=known)

        batch = read_page([page.content[0]], page, read, REDACTORS[ENTITY])
        seen[order_id] = batch.records[0].updated_at if batch.records else None
        return batch

    def _credit_notes(self, since: datetime) -> dict[str, list[Invoice]]:
        """Return the credit notes written since, by order id."""
        day = _midnight(since, ZoneInfo(self._timezone)) - _DAY
        found: dict[str, list[Invoice]] = defaultdict(list)
        for each in self._invoices([("from_date", f"{day:%Y-%m-%d}")]):
            found[str(each.order_id)].append(each)
        return found

    def _notes_of(self, order_id: str) -> list[Invoice]:
        return list(self._invoices([("order_id", order_id)]))

    def _invoices(self, params: list[tuple[str, str]]) -> Iterator[Invoice]:
        """Yield credit notes; one that cannot be read is an error: the amount would be wrong."""
        number, pages = 1, 1
        while number <= pages:
            asked = [*params, ("page", str(number))]
            rows, pagination = self._list("/orders/invoices", asked, "invoices").content
            for row in rows:
                try:
                    each = invoice(row)
                except InvalidRecordError as error:
                    raise PermanentError(str(error)) from None
                if each.gives_back:
                    yield each
            number, pages = number + 1, pagination.total_pages

    def _list(
        self, path: str, params: list[tuple[str, str]], entity: str
    ) -> Page[tuple[list[msgspec.Raw], _Pagination]]:
        asked = [*params, *([] if _asks_size(params) else [("per_page", str(_PAGE_SIZE))])]
        return self._get(path, asked, entity, _rows)

    def _get(
        self,
        path: str,
        params: list[tuple[str, str]],
        entity: str,
        read: Callable[[_Envelope], T],
    ) -> Page[T]:
        return self._rest.get_page(
            path, params, entity=entity, decode=lambda body: read(_opened(body))
        )


def open_client(connection: SourceConnection, credentials: Credentials, wire: Wire) -> SallaClient:
    """Return a client of the store; makes no call yet."""
    refreshable = credentials.refresh_token is not None
    rest = RestClient(
        vendor="salla",
        base_url=connection.settings.get("base_url", API_URL),
        headers={
            "Authorization": f"Bearer {credentials.access_token}",
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
    return SallaClient(
        rest, store=connection.external_id, timezone=connection.timezone or DEFAULT_ZONE
    )


def refresh_credentials(
    connection: SourceConnection, credentials: Credentials, wire: Wire
) -> Credentials:
    """Return new tokens; the refresh token is used up by this, whether or not the answer arrives.

    Callers hold the connection's lock and save what this returns before anything else: a second use
    of the same refresh token makes Salla revoke all of them, and the merchant has to install the
    app again.
    """
    if credentials.refresh_token is None:
        message = f"{connection.name}: there is no refresh token (scope offline_access is missing)."
        raise AuthenticationError(message)
    rest = RestClient(
        vendor="salla",
        base_url=connection.settings.get("accounts_url", ACCOUNTS_URL),
        headers={},
        limiter=wire.limiter,
        classify=_classify_refresh,
        usage=wire.usage,
        limits=wire.limits,
    )
    form = {"grant_type": "refresh_token", "refresh_token": credentials.refresh_token} | {
        name: credentials.extra.get(name, "") for name in ("client_id", "client_secret")
    }
    try:
        body = rest.post_form_once("/oauth2/token", form)
    except TemporaryError as error:
        if error.status is None:
            message = (
                f"{error} Salla may have used up the refresh token of {connection.name} all the "
                "same: if the next renewal is refused, the merchant has to install the app again."
            )
            raise TemporaryError(message) from None
        raise
    finally:
        rest.close()
    return _credentials_from(body, credentials)


def _credentials_from(body: bytes, before: Credentials) -> Credentials:
    try:
        token = msgspec.json.decode(body, type=_Token)
    except msgspec.MsgspecError as error:
        message = f"Salla's new tokens cannot be read, and the old ones are used up: {error}"
        raise AuthenticationError(message) from None
    return Credentials(
        access_token=token.access_token,
        refresh_token=token.refresh_token,
        expires_at=token_end(life=token.expires_in, at=token.expires),
        extra=before.extra,
    )


def classify(answer: Answer, *, refreshable: bool) -> VendorError:
    """Return the error of a status: a 401 that names scopes is none that a fresh token heals."""
    code, text = _code_and_text(answer.body)
    if answer.status == _UNAUTHORIZED and refreshable and "scope" not in text:
        message = f"{answer.request} answered {answer.status} {code or ''} {text}"
        return TokenExpiredError(message, status=answer.status, code=code)
    return classify_by_status(answer, code=code, text=text)


def _classify_refresh(answer: Answer) -> VendorError:
    code, text = _code_and_text(answer.body)
    if code == "invalid_grant":
        message = (
            "Salla refuses the refresh token: it works once, and was used before (by a run that "
            "was killed before it could save the new one, or by somebody else), or it is older "
            "than a month. The merchant has to install the app again."
        )
        return AuthenticationError(message, status=answer.status, code=code)
    if answer.status in {400, 401, 403}:
        message = f"{answer.request} refused to renew the token: {code} {text}"
        return AuthenticationError(message, status=answer.status, code=code)
    return classify_by_status(answer, code=code, text=text)


def _code_and_text(body: bytes) -> tuple[str | None, str]:
    """Return the code and text of an error: an object of the API's, or a word of OAuth's."""
    try:
        content = msgspec.json.decode(body)
    except msgspec.MsgspecError:
        return None, "(no JSON)"
    fields = cast("dict[str, Any]", content) if isinstance(content, dict) else {}
    error = fields.get("error")
    if not isinstance(error, dict):
        return (str(error) if error else None), str(fields.get("error_description", ""))[:_SHOWN]
    detail = cast("dict[str, Any]", error)
    listed = detail.get("fields")
    named = cast("dict[str, Any]", listed) if isinstance(listed, dict) else {}
    where = f" ({', '.join(named)})" if named else ""
    return str(detail.get("code") or "") or None, f"{detail.get('message', '')}{where}"[:_SHOWN]


def _opened(body: bytes) -> _Envelope:
    """Return the envelope; a body that says it is no success is none, whatever the HTTP status."""
    envelope = msgspec.json.decode(body, type=_Envelope)
    if not envelope.success:
        code, text = _code_and_text(body)
        message = f"Salla answered that it failed: {code or 'no code'} {text}"
        raise TemporaryError(message, status=200, code=code)
    return envelope


def _rows(envelope: _Envelope) -> tuple[list[msgspec.Raw], _Pagination]:
    if envelope.pagination is None:
        message = "it has no pagination"
        raise ValueError(message)
    return msgspec.json.decode(envelope.data, type=list[msgspec.Raw]), envelope.pagination


def _raw(envelope: _Envelope) -> tuple[msgspec.Raw]:
    return (envelope.data,)


def _store(envelope: _Envelope) -> tuple[_Store]:
    return (msgspec.json.decode(envelope.data, type=_Store),)


def _asks_size(params: Sequence[tuple[str, str]]) -> bool:
    return any(name == "per_page" for name, _ in params)


def _midnight(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the start of the store's day, without zone: as the API takes dates."""
    return moment.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
