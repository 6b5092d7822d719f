"""Shopify's way of answering: envelopes, errors in HTTP 200, and points that a query costs."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar, cast

import msgspec

from vendor_sync.errors import (
    AuthenticationError,
    PermanentError,
    RateLimitedError,
    TemporaryError,
    TokenExpiredError,
    VendorError,
)
from vendor_sync.rate_limit import RateLimiter
from vendor_sync.rest_client import Answer, classify_by_status

T = TypeVar("T")
MAX_COST = 1_000
SPARE = 0.95
_SHOWN = 200
_UNAUTHORIZED = 401


class TooDearError(PermanentError):
    """The query reserves more points than one query may; `share` is how much of it would fit."""

    def __init__(self, message: str, *, share: float) -> None:
        super().__init__(message, status=200, code="MAX_COST_EXCEEDED")
        self.share = share


class _Throttle(msgspec.Struct, rename="camel"):
    maximum_available: float
    currently_available: float
    restore_rate: float


class Cost(msgspec.Struct, rename="camel"):
    requested_query_cost: float
    throttle_status: _Throttle


class _Extensions(msgspec.Struct):
    cost: Cost | None = None


class _Envelope(msgspec.Struct):
    data: msgspec.Raw = msgspec.Raw(b"null")
    errors: Any = None
    extensions: _Extensions | None = None


_envelope = msgspec.json.Decoder(_Envelope)


@dataclass(frozen=True, slots=True)
class Answered(Generic[T]):
    """The data of an answer, and what it cost."""

    data: T
    cost: Cost | None


class CostPacer:
    """Lets a query leave when the shop has the points that it will reserve.

    The bucket is followed from what each answer says of it; `inner` paces the calls themselves.
    """

    def __init__(self, inner: RateLimiter) -> None:
        self._inner = inner
        self._lock = threading.Lock()
        self._points: float | None = None
        self._restore = 0.0
        self._most = 0.0
        self._at = 0.0
        self._needed = 0.0

    def acquire(self) -> None:
        """Sleep until the points of the expected price are there."""
        with self._lock:
            pause = self._missing_seconds()
        time.sleep(pause)
        self._inner.acquire()

    def defer(self, seconds: float) -> None:
        """Let no request leave for so long: the vendor asked for it."""
        self._inner.defer(seconds)

    def expect(self, price: float) -> None:
        """Say what the next query will reserve, as far as that is known."""
        with self._lock:
            self._needed = price

    def learn(self, cost: Cost) -> None:
        """Take in what an answer says of the bucket."""
        with self._lock:
            status = cost.throttle_status
            self._points, self._restore = status.currently_available, status.restore_rate
            self._most = status.maximum_available
            self._at = time.monotonic()

    def _missing_seconds(self) -> float:
        if self._points is None or self._restore <= 0:
            return 0.0
        there = self._points + (time.monotonic() - self._at) * self._restore
        return max(0.0, (min(self._needed, self._most) - there) / self._restore)


def graphql_error(errors: object, cost: Cost | None) -> VendorError:
    """Return the error that the `errors` of a 200 mean: a list of objects, or a text."""
    listed = cast("list[Any]", errors) if isinstance(errors, list) else [errors]
    first = cast("dict[str, Any]", listed[0]) if isinstance(listed[0], dict) else {}
    extensions = cast("dict[str, Any]", first.get("extensions") or {})
    code = str(extensions.get("code", "")) or None
    text = str(first.get("message", listed[0]))[:_SHOWN]
    message = f"Shopify answered {code or 'no code'}: {text}"
    if code == "THROTTLED":
        return RateLimitedError(message, retry_at=_points_at(cost), status=200, code=code)
    if code == "MAX_COST_EXCEEDED":
        price = float(extensions.get("cost") or MAX_COST * 2)
        most = float(extensions.get("maxCost") or MAX_COST)
        return TooDearError(message, share=SPARE * most / price)
    if code == "ACCESS_DENIED":
        needed = extensions.get("requiredAccess", "read_orders")
        return AuthenticationError(f"{message} Needed: {needed}.", status=200, code=code)
    if code in {"INTERNAL_SERVER_ERROR", "TIMEOUT"} or extensions.get("requestId"):
        return TemporaryError(message, status=200, code=code)
    return PermanentError(message, status=200, code=code)


def _points_at(cost: Cost | None) -> datetime:
    """Return when the points for the refused query will be there, with jitter."""
    wait = 1.0
    if cost is not None and cost.throttle_status.restore_rate > 0:
        missing = cost.requested_query_cost - cost.throttle_status.currently_available
        wait = max(0.0, missing / cost.throttle_status.restore_rate)
    return datetime.now(UTC) + timedelta(seconds=wait * (1 + random.random() / 10) + 0.01)  # noqa: S311


def classify(answer: Answer, *, refreshable: bool) -> VendorError:
    """Return the error of an HTTP status; `errors` is a text here, or a list."""
    text = _error_text(answer.body)
    if answer.status == _UNAUTHORIZED and refreshable:
        message = f"{answer.request} answered {answer.status}: {text}"
        return TokenExpiredError(message, status=answer.status)
    return classify_by_status(answer, text=text)


def classify_refresh(answer: Answer) -> VendorError:
    """Return the error of the token endpoint: a refused refresh needs a person."""
    text = _error_text(answer.body)
    if answer.status in {400, 401, 403}:
        message = f"{answer.request} refused to renew the token: {text}"
        return AuthenticationError(message, status=answer.status)
    return classify_by_status(answer, text=text)


def _error_text(body: bytes) -> str:
    try:
        content = msgspec.json.decode(body)
    except msgspec.MsgspecError:
        return "(no JSON)"
    fields = cast("dict[str, Any]", content) if isinstance(content, dict) else {}
    return str(fields.get("errors") or fields.get("error") or "(no errors)")[:_SHOWN]


def decode(body: bytes, pacer: CostPacer, shape: type[T]) -> Answered[T]:
    """Return the data of an answer without errors; partial data is no success.

    Raises the VendorError that the errors mean, or ValueError for what is no answer.
    """
    envelope = _envelope.decode(body)
    cost = envelope.extensions.cost if envelope.extensions else None
    if cost is not None:
        pacer.learn(cost)
    if envelope.errors:
        raise graphql_error(envelope.errors, cost)
    if bytes(envelope.data) == b"null":
        message = "it holds neither data nor errors"
        raise ValueError(message)
    return Answered(msgspec.json.decode(envelope.data, type=shape), cost)
