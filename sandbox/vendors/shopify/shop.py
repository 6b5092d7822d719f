"""One Shopify shop as its API shows it: root fields, pages, and what a token's scope leaves out."""
# pyright: reportMissingImports=false
# graphql-core is in the sandbox's own environment only.

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from graphql import GraphQLError

from sandbox.vendors.shopify.rows import order_row
from sandbox.vendors.shopify.search import parse
from sandbox.vendors.shops.ledger import Ledger, Store
from sandbox.vendors.wire import Secret

PAGE_LIMIT = 250
SCOPE_DAYS = 60
_SORT = {"UPDATED_AT": "updatedAt", "CREATED_AT": "createdAt", "PROCESSED_AT": "processedAt"}
_PERSONAL = frozenset({"email", "phone", "customer"})

Row = dict[str, Any]


class Roots:
    """Resolves the root fields of a request; `rows` are the orders that the token's scope shows.

    `reach` is how many objects one search can be paged through; then the pages end without a word.
    """

    def __init__(  # noqa: PLR0913 - what a token may see, all keyword
        self,
        ledger: Ledger,
        store: Store,
        *,
        all_orders: bool,
        orders: bool,
        personal: bool,
        reach: int,
    ) -> None:
        self._scopes = (
            "read_products",
            *(("read_orders",) if orders else ()),
            *(("read_all_orders",) if all_orders else ()),
        )
        self._ledger = ledger
        self._store = store
        self._personal = personal
        self._reach = reach
        self.rows: list[Row] = []

    def shop(self, _: Any) -> Row:  # noqa: ANN401
        zone = self._ledger.now.astimezone(ZoneInfo(self._store.timezone))
        offset = int((zone.utcoffset() or timedelta()).total_seconds()) // 60
        sign = "-" if offset < 0 else "+"
        return {
            "__typename": "Shop",
            "id": "gid://shopify/Shop/1",
            "name": self._store.name,
            "myshopifyDomain": self._store.name,
            "currencyCode": self._store.currency,
            "ianaTimezone": self._store.timezone,
            "timezoneOffset": f"{sign}{abs(offset) // 60:02d}{abs(offset) % 60:02d}",
            "timezoneOffsetMinutes": offset,
            "email": "owner@shop.example",
        }

    def currentAppInstallation(self, _: Any) -> Row:  # noqa: ANN401, N802
        return {
            "__typename": "AppInstallation",
            "id": "gid://shopify/AppInstallation/1",
            "accessScopes": [{"handle": scope} for scope in self._scopes],
        }

    def order(self, _: Any, id: str) -> Row | None:  # noqa: A002, ANN401
        return self._guard({row["id"]: row for row in self.rows}.get(id))

    def nodes(self, _: Any, ids: list[str]) -> list[Row | None]:  # noqa: ANN401
        known = {row["id"]: row for row in self.rows}
        return [self._guard(known.get(one)) for one in ids]

    def orders(self, _: Any, **how: Any) -> Row:  # noqa: ANN401
        first, last = how.get("first"), how.get("last")
        size = first or last
        if not size or size > PAGE_LIMIT or last:
            message = f"first is needed, from 1 to {PAGE_LIMIT}."
            raise GraphQLError(message, extensions={"code": "INVALID_FIELD_ARGUMENTS"})
        by = _SORT.get(how["sortKey"], "legacyResourceId")
        rows = self._matching(how.get("query"))
        rows.sort(key=lambda row: _place(row, by), reverse=how["reverse"])
        rows = rows[: self._reach]
        if how.get("after"):
            seen = _uncursored(how["after"])
            rows = [
                row
                for row in rows
                if (_place(row, by) < seen if how["reverse"] else _place(row, by) > seen)
            ]
        shown = [row for row in map(self._guard, rows[:size]) if row is not None]
        cursors = [_cursor(row, by) for row in shown]
        return {
            "nodes": shown,
            "edges": [
                {"cursor": cursor, "node": row} for cursor, row in zip(cursors, shown, strict=True)
            ],
            "pageInfo": {
                "hasNextPage": len(rows) > size,
                "hasPreviousPage": bool(how.get("after")),
                "startCursor": cursors[0] if cursors else None,
                "endCursor": cursors[-1] if cursors else None,
            },
        }

    def ordersCount(self, _: Any, **how: Any) -> Row:  # noqa: ANN401, N802
        found, most = len(self._matching(how.get("query"))), how.get("limit") or 10**9
        return {
            "count": min(found, most),
            "precision": "AT_LEAST" if found > most else "EXACT",
        }

    def _matching(self, query: str | None) -> list[Row]:
        tests, _ = parse(query or "", self._store.timezone)
        return [row for row in self.rows if all(test(row) for test in tests)]

    def _guard(self, row: Row | None) -> Row | None:
        """Put refusals where this token may not look, and where the shop itself fails."""
        if row is None:
            return None
        broken = row.get("fails") or ()
        failing: Mapping[str, Any] = dict.fromkeys(broken, _failing("Internal error", None))
        if self._personal:
            return {**row, **failing}
        denied = _failing("Access denied", "ACCESS_DENIED")
        return {**row, **dict.fromkeys(_PERSONAL, denied), **failing}


def visible(
    ledger: Ledger, store: Store, *, all_orders: bool
) -> tuple[list[Row], dict[str, tuple[Secret, ...]]]:
    """Return the rows that a scope shows (60 days without read_all_orders), and who is in them."""
    oldest = ledger.now - timedelta(days=SCOPE_DAYS)
    rows: list[Row] = []
    people: dict[str, tuple[Secret, ...]] = {}
    for sale in ledger.sales(store.name):
        if all_orders or sale.created_at >= oldest:
            row, people[str(sale.number)] = order_row(ledger.seed, sale)
            rows.append(row)
    return rows, people


def _failing(message: str, code: str | None) -> Any:  # noqa: ANN401
    def resolve(_: Any) -> None:  # noqa: ANN401
        raise GraphQLError(message, extensions={"code": code or "INTERNAL_SERVER_ERROR"})

    return resolve


def _place(row: Row, by: str) -> tuple[Any, int]:
    number = int(row["legacyResourceId"])
    return (number, number) if by == "legacyResourceId" else (row[by], number)


def _cursor(row: Row, by: str) -> str:
    value, number = _place(row, by)
    if isinstance(value, str):
        value = int(datetime.fromisoformat(value).timestamp() * 1000)
    packed = orjson.dumps({"last_id": number, "last_value": value})
    return base64.b64encode(packed).decode()


def _uncursored(cursor: str) -> tuple[Any, int]:
    try:
        seen = orjson.loads(base64.b64decode(cursor))
        number, value = seen["last_id"], seen["last_value"]
    except (ValueError, KeyError, TypeError):
        message = "Invalid cursor for current pagination sort."
        raise GraphQLError(message, extensions={"code": "INVALID_FIELD_ARGUMENTS"}) from None
    if value == number:
        return number, number
    moment = datetime.fromtimestamp(value / 1000, tz=UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}", number
