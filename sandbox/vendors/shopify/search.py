"""The search syntax of `orders(query:)`: `field:>='value'` terms, all of which have to hold."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

_TERM = re.compile(r"(?P<field>\w+):(?P<op>>=|<=|>|<)?\s*(?P<value>'[^']*'|\"[^\"]*\"|[^\s()]+)")
_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "": operator.eq,
}  # fmt: skip
_TIMES = {"created_at": "createdAt", "updated_at": "updatedAt", "processed_at": "processedAt"}
_TEXTS = {"name": "name", "source_name": "sourceName", "id": "legacyResourceId"}
_FLAGS = {"test": "test"}

Row = dict[str, Any]
Test = Callable[[Row], bool]


def parse(query: str, timezone: str) -> tuple[list[Test], list[str]]:
    """Return the tests of a query, and the fields that it names in vain (they change nothing)."""
    tests: list[Test] = []
    ignored: list[str] = []
    for term in _TERM.finditer(query):
        field, value = term["field"], term["value"].strip("'\"")
        compare = _TESTS[term["op"] or ""]
        if field in _TIMES:
            tests.append(_time_test(_TIMES[field], compare, _moment(value, timezone)))
        elif field in _TEXTS:
            tests.append(_text_test(_TEXTS[field], value))
        elif field in _FLAGS:
            tests.append(_text_test(_FLAGS[field], value.lower()))
        elif field == "status":
            tests.extend(_status_test(value))
        elif field == "financial_status":
            tests.append(_text_test("displayFinancialStatus", value.upper()))
        else:
            ignored.append(field)
    return tests, ignored


def _moment(value: str, timezone: str) -> datetime:
    """Read a time. Without zone it is the shop's; an offset other than Z is overlooked."""
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        return moment.replace(tzinfo=ZoneInfo(timezone))
    return moment.replace(tzinfo=UTC)


def _time_test(name: str, compare: Callable[[Any, Any], bool], wanted: datetime) -> Test:
    return lambda row: compare(datetime.fromisoformat(row[name]), wanted)


def _text_test(name: str, wanted: str) -> Test:
    return lambda row: str(row[name]).lower() == wanted.lower()


def _status_test(value: str) -> list[Test]:
    if value == "cancelled":
        return [lambda row: row["cancelledAt"] is not None]
    if value in {"open", "closed"}:
        return [lambda row: (row["closedAt"] is not None) == (value == "closed")]
    return []
