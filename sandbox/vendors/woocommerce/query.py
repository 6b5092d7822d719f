"""What `GET /orders` understands, and how it compares times: WordPress's way, not the caller's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.vendors.wire import Call

Row = dict[str, Any]
PAGE_LIMIT = 100
_ORDER_KEYS = {
    "date": "date_created_gmt", "modified": "date_modified_gmt", "id": "id", "include": "id",
    "title": "id", "slug": "id",
}  # fmt: skip
_BOUNDS = {
    "after": ("date_created", True), "before": ("date_created", False),
    "modified_after": ("date_modified", True), "modified_before": ("date_modified", False),
}  # fmt: skip
STATUSES = frozenset(
    {"any", "pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed",
     "trash", "checkout-draft"}
)  # fmt: skip


class InvalidParameterError(Exception):
    """A parameter is refused with 400, as WordPress does."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(name)
        self.name = name
        self.problem = problem


class OrderQuery:
    """The parameters of one call, checked."""

    def __init__(self, call: Call, timezone: str, *, old: bool, strict_dates: bool) -> None:
        self._call = call
        self._zone = ZoneInfo(timezone)
        self._old = old
        self._strict = strict_dates
        self.size = self._number("per_page", 10, 1, PAGE_LIMIT)
        self.page = self._number("page", 1, 1, 10**9)
        self.offset = self._number("offset", (self.page - 1) * self.size, 0, 10**9)
        self.fields = [name for text in call.values("_fields") for name in text.split(",") if name]
        self.descending = self._choice("order", "desc", {"asc", "desc"}) == "desc"
        self.key = _ORDER_KEYS[self._choice("orderby", "date", set(_ORDER_KEYS))]
        self._gmt = (call.first("dates_are_gmt") or "false").lower() in {"true", "1"}
        self._bounds = self._read_bounds()
        self._statuses = self._list("status") or ["any"]
        for status in self._statuses:
            if status not in STATUSES:
                name = "status"
                raise InvalidParameterError(name, f"{status} is not one of the statuses")

    def matches(self, row: Row) -> bool:
        return self._status_fits(row) and self._ids_fit(row) and self._dates_fit(row)

    def shown(self, row: Row) -> Row:
        return {name: row[name] for name in self.fields if name in row} if self.fields else row

    def place(self, row: Row) -> tuple[Any, int]:
        return row[self.key], row["id"]

    def _status_fits(self, row: Row) -> bool:
        if "any" in self._statuses:
            return row["status"] != "trash"
        return row["status"] in self._statuses

    def _ids_fit(self, row: Row) -> bool:
        included, excluded = self._list("include"), self._list("exclude")
        if included and str(row["id"]) not in included:
            return False
        return str(row["id"]) not in excluded

    def _dates_fit(self, row: Row) -> bool:
        """Compare as text without any zone; both bounds are exclusive."""
        for column, above, bound in self._bounds:
            found = row[f"{column}_gmt" if self._gmt else column]
            if not (found > bound if above else found < bound):
                return False
        return True

    def _read_bounds(self) -> list[tuple[str, bool, str]]:
        bounds = []
        for name, (column, above) in _BOUNDS.items():
            text = self._call.first(name)
            if text and not (self._old and name.startswith("modified")):
                bound = self._bound(name, text)
                if bound is not None:
                    bounds.append((column, above, bound))
        return bounds

    def _bound(self, name: str, text: str) -> str | None:
        """Read a bound: one with a zone becomes site time, whatever column it is compared with."""
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            if self._strict:
                raise InvalidParameterError(name, "Invalid date.") from None
            return None
        if moment.tzinfo is not None:
            moment = moment.astimezone(UTC).astimezone(self._zone)
        return f"{moment:%Y-%m-%dT%H:%M:%S}"

    def _number(self, name: str, default: int, least: int, most: int) -> int:
        text = self._call.first(name)
        if text is None:
            return default
        if not text.isdigit() or not least <= int(text) <= most:
            problem = f"{name} must be between {least} (inclusive) and {most} (inclusive)"
            raise InvalidParameterError(name, problem)
        return int(text)

    def _choice(self, name: str, default: str, options: set[str]) -> str:
        chosen = self._call.first(name) or default
        if chosen not in options:
            raise InvalidParameterError(name, f"{name} is not one of {', '.join(sorted(options))}.")
        return chosen

    def _list(self, name: str) -> list[str]:
        return [each for text in self._call.values(name) for each in text.split(",") if each]


def page_headers(url: str, query: OrderQuery, found: int) -> Mapping[str, str]:
    """Return the totals, and the links to the pages beside this one."""
    pages = -(-found // query.size)
    links = []
    if query.page > 1:
        links.append(f'<{url}?page={min(query.page - 1, pages)}>; rel="prev"')
    if query.page < pages:
        links.append(f'<{url}?page={query.page + 1}>; rel="next"')
    headers = {"X-WP-Total": str(found), "X-WP-TotalPages": str(pages)}
    return {**headers, **({"Link": ", ".join(links)} if links else {})}
