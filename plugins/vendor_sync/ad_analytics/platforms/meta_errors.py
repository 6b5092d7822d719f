"""What Meta's error numbers mean: the body's code decides, the HTTP status does not.

A throttle is an HTTP 400, an expired token too. The time to wait is in usage headers: minutes in
one of them, seconds in the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import msgspec

from vendor_sync.ad_analytics.ports import ReportNeededError
from vendor_sync.errors import (
    AuthenticationError,
    PermanentError,
    RateLimitedError,
    TemporaryError,
    VendorError,
)
from vendor_sync.rest_client import Answer, classify_by_status

OBJECT_MISSING = "100/33"
PAUSE_PERCENT = 95

_TOKEN = frozenset({102, 190, 458, 459, 460, 463, 464, 467})
_PERMISSION = frozenset({3, 10, 200, 2500})
_THROTTLE = frozenset({4, 17, 32, 341, 613, *range(80000, 80007), 80008, 80009, 80014})
_TEMPORARY = frozenset({1, 2})
_TOO_MUCH = frozenset({(100, 1487534), (100, 1504018), (2, 1504038)})
_WRONG_REQUEST = frozenset({(2, 1504041), (2, 1504042)})
_REDUCE = "reduce the amount of data"
_FLAKY = "in summary param"
_SHOWN = 200
_SAYS_NOTHING = (200, 400)
_TOKENS = re.compile(r"EAA[A-Za-z0-9]{8,}")
_PERCENTAGES = ("call_count", "total_cputime", "total_time", "acc_id_util_pct", "app_id_util_pct")


class _Error(msgspec.Struct):
    message: str = ""
    code: int = 0
    error_subcode: int = 0
    is_transient: bool = False


class _Envelope(msgspec.Struct):
    error: _Error | None = None


_envelope = msgspec.json.Decoder(_Envelope, strict=False)


def classify(answer: Answer) -> VendorError:
    """Return the error that an answer means."""
    try:
        error = _envelope.decode(answer.body).error
    except msgspec.MsgspecError:
        error = None
    if error is None or not error.code:
        return _without_code(answer)
    code = f"{error.code}/{error.error_subcode}" if error.error_subcode else str(error.code)
    text = _TOKENS.sub("[redacted]", error.message)[:_SHOWN]
    message = f"{answer.request} answered {answer.status}: {code} {text}"
    if error.code in _THROTTLE:
        return _throttled(answer, message, code)
    if error.code in _TOKEN:
        message += " Log in again: there is no refresh token here."
        return AuthenticationError(message, status=answer.status, code=code)
    return _refused(error, message, answer.status, code)


def _without_code(answer: Answer) -> VendorError:
    """Return the error of an answer that cannot be read: a 400 alone says nothing here."""
    if answer.status in _SAYS_NOTHING:
        message = f"{answer.request} answered {answer.status} without a code"
        return TemporaryError(message, status=answer.status)
    return classify_by_status(answer)


def _refused(error: _Error, message: str, status: int, code: str) -> VendorError:
    text = error.message.lower()
    pair = (error.code, error.error_subcode)
    if pair in _TOO_MUCH or (error.code == 1 and _REDUCE in text):
        return ReportNeededError(message, status=status, code=code)
    if error.code in _PERMISSION or (error.code == 100 and "missing permission" in text):  # noqa: PLR2004
        message += " The token needs ads_read on this account."
        return AuthenticationError(message, status=status, code=code)
    flaky = error.is_transient or _FLAKY in text
    if pair not in _WRONG_REQUEST and (error.code in _TEMPORARY or flaky):
        return TemporaryError(message, status=status, code=code)
    return PermanentError(message, status=status, code=code)


def _throttled(answer: Answer, message: str, code: str) -> RateLimitedError:
    wait = regain_after(answer.headers)
    retry_at = datetime.now(UTC) + wait if wait else None
    return RateLimitedError(message, retry_at=retry_at, status=answer.status, code=code)


def regain_after(headers: Mapping[str, str]) -> timedelta:
    """Return how long the usage headers say to stay away: the longest of all their objects."""
    waits = [timedelta()]
    for usage in usages(headers):
        waits.append(timedelta(minutes=_number(usage.get("estimated_time_to_regain_access"))))
        waits.append(timedelta(seconds=_number(usage.get("reset_time_duration"))))
    return max(waits)


def highest_usage(headers: Mapping[str, str]) -> float:
    """Return the highest percentage of any limit that the headers name."""
    return max(
        (_number(usage.get(name)) for usage in usages(headers) for name in _PERCENTAGES),
        default=0.0,
    )


def usages(headers: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Yield every usage object of every usage header; what cannot be read says nothing."""
    for name in ("x-business-use-case-usage", "x-ad-account-usage", "x-fb-ads-insights-throttle"):
        try:
            item: Any = msgspec.json.decode(headers.get(name, "{}"))
        except msgspec.MsgspecError:
            continue
        if not isinstance(item, dict):
            continue
        fields = cast("dict[str, Any]", item)
        yield fields
        for listed in fields.values():
            if isinstance(listed, list):
                for usage in cast("list[Any]", listed):
                    if isinstance(usage, dict):
                        yield cast("dict[str, Any]", usage)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(value)
