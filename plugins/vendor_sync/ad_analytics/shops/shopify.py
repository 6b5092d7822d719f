"""Reads orders of one Shopify shop through the Admin GraphQL API.

Orders are searched by `updated_at`, oldest change first, and paged by cursor. A query is paid for
in points which it reserves before it runs, so the page size follows the price of an order, and the
next query waits until the shop has the points for it. One search ends silently after 25,000
orders; the walk starts a new one from the last change before that.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from vendor_sync.ad_analytics.ports import Batch, Wire
from vendor_sync.ad_analytics.public_addresses import transport_to
from vendor_sync.ad_analytics.records import (
    AccountRecord,
    Credentials,
    OrderRecord,
    SourceConnection,
    token_end,
)
from vendor_sync.ad_analytics.shops.privacy import PairRedactor
from vendor_sync.ad_analytics.shops.reading import ENTITY, reached, read_page
from vendor_sync.ad_analytics.shops.shopify_orders import (
    MOMENTS,
    ORDER_FIELDS,
    moments_missing,
    order_from_api,
)
from vendor_sync.ad_analytics.shops.shopify_wire import (
    MAX_COST,
    SPARE,
    Answered,
    CostPacer,
    TooDearError,
    classify,
    classify_refresh,
    decode,
)
from vendor_sync.ad_analytics.shops.tracking import is_tracking
from vendor_sync.errors import AuthenticationError, PermanentError, TemporaryError
from vendor_sync.rest_client import HttpLimits, Page, RestClient

T = TypeVar("T")
logger = logging.getLogger(__name__)

API_VERSION = "2026-07"
SEARCH_REACH = 25_000
OVERLAP = timedelta(minutes=10)
_MAX_PAGE = 250
_ALL_ORDERS = "read_all_orders"
_READ_ORDERS, _WRITE_ORDERS = "read_orders", "write_orders"
_FIRST_PAGE = 40
# What an order without its moments costs, with room to spare.
_PRICE = 20
_ATTEMPTS = 6

# Nothing personal is asked for; this is for what a shop puts in all the same.
_SENSITIVE = frozenset(
    {"email", "phone", "firstName", "lastName", "displayName", "customer", "billingAddress",
     "shippingAddress", "access_token", "refresh_token"}
)  # fmt: skip
REDACTORS = {
    name: PairRedactor(_SENSITIVE, allowed=is_tracking) for name in (ENTITY, "accounts", "counts")
}

_ORDERS = f"""query Orders($first: Int!, $after: String, $filter: String!, $moments: Int!) {{
  orders(first: $first, after: $after, sortKey: UPDATED_AT, query: $filter) {{
    pageInfo {{ hasNextPage endCursor }}
    nodes {{ {ORDER_FIELDS} }}
  }}
}}"""
_BY_ID = f"""query OrdersById($ids: [ID!]!, $moments: Int!) {{
  nodes(ids: $ids) {{ ... on Order {{ {ORDER_FIELDS} }} }}
}}"""
_SHOP = """query Shop {
  shop { name myshopifyDomain currencyCode ianaTimezone }
  currentAppInstallation { accessScopes { handle } }
}"""
_COUNT = """query OrdersCount($filter: String!) {
  ordersCount(query: $filter, limit: null) { count precision }
}"""


class _PageInfo(msgspec.Struct, rename="camel"):
    has_next_page: bool
    end_cursor: str | None


class _Connection(msgspec.Struct, rename="camel"):
    page_info: _PageInfo
    nodes: list[msgspec.Raw]


class _OrdersAnswer(msgspec.Struct):
    orders: _Connection


class _Shop(msgspec.Struct, rename="camel"):
    name: str
    myshopify_domain: str
    currency_code: str
    iana_timezone: str


class _Scope(msgspec.Struct):
    handle: str


class _App(msgspec.Struct, rename="camel"):
    access_scopes: list[_Scope]


class _ShopAnswer(msgspec.Struct, rename="camel"):
    shop: _Shop
    current_app_installation: _App | None = None


class _OrdersCount(msgspec.Struct):
    count: int
    precision: str


class _CountAnswer(msgspec.Struct, rename="camel"):
    orders_count: _OrdersCount | None


class _NodesAnswer(msgspec.Struct):
    nodes: list[msgspec.Raw]


class ShopifyClient:
    """Reads one shop; keeps no state but the price of an order."""

    def __init__(
        self, rest: RestClient, pacer: CostPacer, *, api_version: str, reach: int = SEARCH_REACH
    ) -> None:
        self._rest = rest
        self._pacer = pacer
        self._version = api_version
        self._path = f"/admin/api/{api_version}/graphql.json"
        self._reach = reach
        self._size = _FIRST_PAGE
        self._price = 0.0

    def close(self) -> None:
        """Close the HTTP session."""
        self._rest.close()

    def get_account(self) -> AccountRecord:
        """Return the shop's name, currency and timezone; tell where its scope hides old orders.

        Raises AuthenticationError where the token may read no orders at all.
        """
        content = self._ask("accounts", _SHOP, {}, _ShopAnswer).content.data
        shop, app = content.shop, content.current_app_installation
        scopes = {scope.handle for scope in app.access_scopes} if app else set[str]()
        if app and not scopes & {_READ_ORDERS, _WRITE_ORDERS}:
            message = (
                f"the token has no scope {_READ_ORDERS}, only {', '.join(sorted(scopes)) or 'none'}"
            )
            raise AuthenticationError(message)
        notes: tuple[str, ...] = ()
        if _ALL_ORDERS not in scopes:
            notes = (f"the token has no scope {_ALL_ORDERS}, orders older than 60 days are hidden",)
            logger.warning("%s: %s", shop.myshopify_domain, notes[0])
        return AccountRecord(
            external_id=shop.myshopify_domain,
            name=shop.name,
            currency=shop.currency_code,
            timezone=shop.iana_timezone,
            notes=notes,
        )

    def iter_orders(self, since: datetime, until: datetime) -> Iterator[Batch[OrderRecord]]:
        """Yield every order created or updated in the range, and some around it.

        Asks for what changed since `since` and was created before `until`: an order created in a
        range long ago and changed later is among them, whenever it changed.
        """
        start = since - OVERLAP
        while True:
            last, more, seen = None, False, 0
            for page, connection in self._walk(start, until):
                yield from self._batches(page, connection.nodes)
                last = _last_change(connection.nodes) or last
                if last is not None:
                    yield reached(page, last)
                seen += len(connection.nodes)
                # A search at its end looks complete: it has no next page.
                more = connection.page_info.has_next_page or seen >= self._reach
            if not more:
                return
            if last is None or last <= start:
                message = (
                    f"More than {self._reach} orders changed at {start.isoformat()}: Shopify "
                    "shows no more of them in one search."
                )
                raise PermanentError(message)
            start = last

    def iter_orders_by_id(self, external_ids: Sequence[str]) -> Iterator[Batch[OrderRecord]]:
        """Yield single orders again; one that is gone is left out."""
        for ids in _chunks(external_ids, self._size):
            page, nodes = self._nodes(ids, MOMENTS)
            yield from self._batches(page, nodes)

    def count_orders(self, since: datetime, until: datetime) -> int | None:
        """Return how many orders were created in the range; None if Shopify gives up counting."""
        wanted = f"created_at:>='{_zulu(since)}' created_at:<'{_zulu(until)}'"
        answer = self._ask("counts", _COUNT, {"filter": wanted}, _CountAnswer)
        counted = answer.content.data.orders_count
        return counted.count if counted and counted.precision == "EXACT" else None

    def _walk(
        self, start: datetime, until: datetime
    ) -> Iterator[tuple[Page[Answered[_OrdersAnswer]], _Connection]]:
        """Yield the pages of one search, until its end or shortly before its reach."""
        wanted = f"updated_at:>='{_zulu(start)}' created_at:<'{_zulu(until)}'"
        cursor: str | None = None
        seen = 0
        while True:
            variables = {"after": cursor, "filter": wanted, "moments": MOMENTS}
            page = self._sized(lambda size, asked=variables: {**asked, "first": size})
            connection = page.content.data.orders
            yield page, connection
            seen += len(connection.nodes)
            following = connection.page_info.end_cursor
            # A repeated cursor would go round for ever.
            if not connection.page_info.has_next_page or following in (None, cursor):
                return
            if seen + self._size > self._reach:
                return
            cursor = following

    def _sized(
        self, variables: Callable[[int], Mapping[str, object]]
    ) -> Page[Answered[_OrdersAnswer]]:
        """Ask with the largest page that one query may cost; shrink it where it was too dear."""
        size = self._size
        while True:
            self._pacer.expect(size * self._price)
            try:
                page = self._ask(ENTITY, _ORDERS, variables(size), _OrdersAnswer)
            except TooDearError as error:
                if size == 1:
                    raise
                size = self._size = max(1, min(size - 1, int(size * error.share)))
                continue
            cost = page.content.cost
            if cost is not None and cost.requested_query_cost > 0:
                self._price = cost.requested_query_cost / size
                self._size = max(1, min(_MAX_PAGE, int(MAX_COST * SPARE / self._price)))
            return page

    def _batches(
        self, page: Page[Any], nodes: Sequence[msgspec.Raw]
    ) -> Iterator[Batch[OrderRecord]]:
        """Yield a page, and its orders with long journeys again with all their moments."""
        present = [node for node in nodes if bytes(node) != b"null"]
        long = dict(filter(None, map(moments_missing, present)))
        yield read_page(
            [node for node in present if moments_missing(node) is None],
            page,
            order_from_api,
            REDACTORS[ENTITY],
        )
        if long:
            most = max(long.values())
            for ids in _chunks(list(long), int(MAX_COST * SPARE / (_PRICE + 2 * most))):
                again, nodes_again = self._nodes(ids, most)
                yield read_page(nodes_again, again, order_from_api, REDACTORS[ENTITY])

    def _nodes(
        self, external_ids: Sequence[str], moments: int
    ) -> tuple[Page[Answered[_NodesAnswer]], list[msgspec.Raw]]:
        ids = [f"gid://shopify/Order/{each}" for each in external_ids]
        self._pacer.expect(len(ids) * (_PRICE + 2 * moments))
        page = self._ask(ENTITY, _BY_ID, {"ids": ids, "moments": moments}, _NodesAnswer)
        return page, [node for node in page.content.data.nodes if bytes(node) != b"null"]

    def _ask(
        self, entity: str, query: str, variables: Mapping[str, object], shape: type[T]
    ) -> Page[Answered[T]]:
        page = self._rest.post_page(
            self._path,
            {"query": query, "variables": variables},
            entity=entity,
            decode=lambda body: decode(body, self._pacer, shape),
        )
        served = page.headers.get("X-Shopify-API-Version", self._version)
        if served != self._version:
            logger.warning(
                "Shopify served API version %s instead of %s: pin a supported one "
                "(setting 'api_version')",
                served,
                self._version,
            )
        return page


def open_client(
    connection: SourceConnection, credentials: Credentials, wire: Wire
) -> ShopifyClient:
    """Return a client of the shop; makes no call yet."""
    version = connection.settings.get("api_version", API_VERSION)
    pacer = CostPacer(wire.limiter)
    limits = wire.limits or HttpLimits()
    # A query that has to wait for points is no failure: it needs more attempts than others.
    attempts = max(limits.attempts, _ATTEMPTS) if limits.attempts > 1 else 1
    refreshable = credentials.refresh_token is not None or "client_secret" in credentials.extra
    rest = RestClient(
        vendor="shopify",
        base_url=_base_url(connection),
        headers={"X-Shopify-Access-Token": credentials.access_token},
        limiter=pacer,
        classify=lambda answer: classify(answer, refreshable=refreshable),
        usage=wire.usage,
        transport=transport_to(_base_url(connection), connection.external_id, wire.transport),
        archive=wire.archive,
        limits=replace(limits, attempts=attempts),
        connections=2,
    )
    return ShopifyClient(rest, pacer, api_version=version)


def refresh_credentials(
    connection: SourceConnection, credentials: Credentials, wire: Wire
) -> Credentials:
    """Return a new token: by the refresh token, which rotates, or by client credentials.

    The refresh token used stays valid until the new one is used, so a crash before the new one is
    saved loses nothing.
    """
    form = {name: credentials.extra[name] for name in ("client_id", "client_secret")
            if name in credentials.extra}  # fmt: skip
    if credentials.refresh_token:
        form |= {"grant_type": "refresh_token", "refresh_token": credentials.refresh_token}
    elif "client_secret" in credentials.extra:
        form |= {"grant_type": "client_credentials"}
    else:
        message = f"{connection.name}: this token cannot be renewed, install the app again."
        raise AuthenticationError(message)
    rest = RestClient(
        vendor="shopify",
        base_url=_base_url(connection),
        headers={},
        limiter=wire.limiter,
        classify=classify_refresh,
        usage=wire.usage,
        limits=wire.limits,
        transport=transport_to(_base_url(connection), connection.external_id, None),
    )
    try:
        body = rest.post_form_once("/admin/oauth/access_token", form)
    finally:
        rest.close()
    return _credentials_from(body, credentials)


class _Token(msgspec.Struct):
    access_token: str
    expires_in: float | None = None
    refresh_token: str | None = None


def _credentials_from(body: bytes, before: Credentials) -> Credentials:
    try:
        token = msgspec.json.decode(body, type=_Token)
    except msgspec.MsgspecError as error:
        message = f"The token endpoint's answer cannot be read: {error}"
        raise TemporaryError(message) from None
    return Credentials(
        access_token=token.access_token,
        refresh_token=token.refresh_token or before.refresh_token,
        expires_at=token_end(life=token.expires_in),
        extra=before.extra,
    )


def _base_url(connection: SourceConnection) -> str:
    return connection.settings.get("base_url") or f"https://{connection.external_id}"


def _chunks(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    step = max(1, min(size, _MAX_PAGE))
    return (ids[first : first + step] for first in range(0, len(ids), step))


class _Change(msgspec.Struct, rename="camel"):
    updated_at: str | None = None


def _last_change(nodes: Sequence[msgspec.Raw]) -> datetime | None:
    """Return the newest `updatedAt` of a page's rows."""
    return max(filter(None, map(_changed_at, nodes)), default=None)


def _changed_at(node: msgspec.Raw) -> datetime | None:
    """Return when an order changed; None where it does not say so: that row is refused alone."""
    try:
        change = msgspec.json.decode(node, type=_Change | None)
        moment = datetime.fromisoformat(change.updated_at or "") if change else None
    except (msgspec.MsgspecError, ValueError):
        return None
    return moment if moment and moment.tzinfo else None


def _zulu(moment: datetime) -> str:
    """Write an instant as Shopify's search takes it beyond doubt: UTC with Z."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
