"""What goes in and out of a vendor: a call and a reply, without any web framework."""
# pyright: reportMissingImports=false
# orjson is in the sandbox's own environment only.

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

import orjson

JSON_HEADERS = {"Content-Type": "application/json; charset=utf-8"}

encode = orjson.dumps
decode = orjson.loads
RawJson = orjson.Fragment


class ControlError(Exception):
    """The control call asks for something that does not exist."""


@dataclass(slots=True, frozen=True)
class Secret:
    """A value that must never be found in logs or in the audit bucket."""

    kind: str
    value: str


@dataclass(slots=True)
class Reply:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: JSON_HEADERS)
    secrets: tuple[Secret, ...] = ()

    @classmethod
    def of(cls, status: int, item: object) -> Reply:
        return cls(status, encode(item))


@dataclass
class Call:
    """One request to a vendor; `path` is without the vendor's prefix."""

    method: str
    path: str
    raw_query: str
    headers: Mapping[str, str]
    body: bytes = b""

    @cached_property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(self.raw_query, keep_blank_values=True)

    @cached_property
    def query_text(self) -> str:
        return unquote_plus(self.raw_query)

    def values(self, name: str) -> list[str]:
        """Return every value of a parameter, however its brackets are written."""
        names = {name, f"{name}[]"}
        return [value for key, value in self.query if key in names or _is_indexed(key, name)]

    def first(self, name: str) -> str | None:
        return next(iter(self.values(name)), None)

    def form(self) -> list[tuple[str, str]]:
        """Return the fields of a form that was posted."""
        kind = self.headers.get("Content-Type", "")
        if not kind.startswith("application/x-www-form-urlencoded"):
            return []
        return parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True)

    def json(self) -> Any:  # noqa: ANN401
        """Return the decoded body, or None where it is not JSON."""
        try:
            return decode(self.body)
        except orjson.JSONDecodeError:
            return None


def _is_indexed(key: str, name: str) -> bool:
    return key.startswith(f"{name}[") and key.endswith("]") and key[len(name) + 1 : -1].isdigit()
