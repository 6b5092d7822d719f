"""What TikTok's codes mean: they come with HTTP 200, throttles too, and name no time to wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from vendor_sync.ad_analytics.ports import ReportNeededError
from vendor_sync.errors import (
    AuthenticationError,
    PermanentError,
    RateLimitedError,
    TemporaryError,
    VendorError,
)

OK = 0
TOO_LARGE = frozenset({"40067"})
_THROTTLE = frozenset({40016, 40100, 40132, 40133})
_TOKEN = frozenset({40101, 40102, 40104, 40105, 40106, 40109, 40110, 40113, 40115})
_PERMISSION = frozenset({40001, 40118, 40125})
_TEMPORARY = frozenset({20001, 40200, 40201, 40202, 40700})
_SERVER = range(50000, 70000)
_SECOND, _PAUSE = timedelta(seconds=1), timedelta(minutes=5)
_SHOWN = 200


def error_of(code: int, text: str, asked: str, now: datetime | None = None) -> VendorError:
    """Return the error that a code of the body means; `asked` says what was asked for."""
    message = f"{asked} answered {code}: {text[:_SHOWN]}"
    name = str(code)
    if code in _THROTTLE:
        retry_at = _again_at(text, now or datetime.now(UTC))
        return RateLimitedError(message, retry_at=retry_at, status=200, code=name)
    if code in _TOKEN:
        message += " Authorise the app again: this kind of token cannot be refreshed."
        return AuthenticationError(message, status=200, code=name)
    if code in _PERMISSION:
        message += " The app needs the reporting scope for this advertiser."
        return AuthenticationError(message, status=200, code=name)
    if name in TOO_LARGE:
        return ReportNeededError(message, status=200, code=name)
    if code in _TEMPORARY or code in _SERVER:
        return TemporaryError(message, status=200, code=name)
    return PermanentError(message, status=200, code=name)


def _again_at(text: str, now: datetime) -> datetime:
    """Return when calls are taken again: the message tells which limit it was."""
    words = text.upper()
    if "QPD" in words:
        return (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return now + (_SECOND if "QPS" in words else _PAUSE)
