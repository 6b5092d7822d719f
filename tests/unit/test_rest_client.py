"""When to try again, by what a vendor says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from vendor_sync.errors import (
    AuthenticationError,
    PermanentError,
    RateLimitedError,
    TemporaryError,
)
from vendor_sync.rest_client import Answer, classify_by_status, retry_at_from_headers
from vendor_sync.trackier.client import classify

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After": "-3"}, 0),
        ({"Retry-After": "Fri, 02 Jan 2026 03:05:05 GMT"}, 60),
        ({"X-RateLimit-Reset": str(NOW.timestamp() + 9)}, 9),
        ({"Retry-After": "soon", "X-RateLimit-Reset": str(NOW.timestamp() + 9)}, 9),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
def test_retry_instant_is_read_from_every_style(headers, seconds):
    expected = None if seconds is None else NOW + timedelta(seconds=seconds)

    assert retry_at_from_headers(headers, NOW) == expected


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, AuthenticationError),
        (403, AuthenticationError),
        (404, PermanentError),
        (408, TemporaryError),
        (429, RateLimitedError),
        (500, TemporaryError),
        (503, TemporaryError),
    ],
)
def test_status_decides_without_a_code(status, kind):
    error = classify_by_status(Answer(status, {}, b"", "GET https://api.test/x"))

    assert type(error) is kind
    assert "GET https://api.test/x" in str(error)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"errors":[{"statusCode":400,"code":"101","codeMsg":"API_KEY_MISSING"}]}',
         AuthenticationError),
        (b'{"success":false,"error":{"code":13,"message":"Invalid API Key"}}',
         AuthenticationError),
        (b'{"errors":{"code":"106","codeMsg":"NO_PERMISSION"}}', AuthenticationError),
        (b'{"success":false,"error":{"code":40,"message":"too many"}}', RateLimitedError),
        (b'{"errors":[{"code":"108","codeMsg":"INTERNAL"}]}', TemporaryError),
        (b'{"errors":[{"code":"20","codeMsg":"PARAMETER"}]}', PermanentError),
        (b"<html>", PermanentError),
        (b"[]", PermanentError),
    ],
)  # fmt: skip
def test_trackier_code_outranks_the_status(body, kind):
    error = classify(Answer(400, {}, body, "GET https://api.test/x"))

    assert type(error) is kind
