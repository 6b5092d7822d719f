from __future__ import annotations

import json
from datetime import timedelta

import pytest

from vendor_sync.ad_analytics.platforms.meta_errors import classify, highest_usage, regain_after
from vendor_sync.ad_analytics.ports import ReportNeededError
from vendor_sync.errors import (
    AuthenticationError,
    PermanentError,
    RateLimitedError,
    TemporaryError,
)
from vendor_sync.rest_client import Answer


def answer(status, code, subcode=0, message="no", headers=None, **more):
    error = {"message": message, "type": "OAuthException", "code": code, **more}
    if subcode:
        error["error_subcode"] = subcode
    body = json.dumps({"error": error}).encode()
    return Answer(status, headers or {}, body, "GET /act_1/insights")


REDUCE = "Please reduce the amount of data you're asking for, then retry your request"


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (answer(400, 190, 463), AuthenticationError),
        (answer(400, 190, 460), AuthenticationError),
        (answer(400, 190, 458), AuthenticationError),
        (answer(401, 102), AuthenticationError),
        (answer(403, 200), AuthenticationError),
        (answer(403, 10), AuthenticationError),
        (answer(400, 100, message="(#100) Missing permissions"), AuthenticationError),
        (answer(400, 100, 33), PermanentError),
        (answer(400, 100, message="Invalid parameter"), PermanentError),
        (answer(400, 100, message="Cannot include x in summary param"), TemporaryError),
        (answer(500, 1, 99), TemporaryError),
        (answer(500, 1, message=REDUCE), ReportNeededError),
        (answer(400, 100, 1487534), ReportNeededError),
        (answer(400, 100, 1504018), ReportNeededError),
        (answer(500, 2, 1504038), ReportNeededError),
        (answer(400, 2, is_transient=True), TemporaryError),
        (answer(400, 77, is_transient=True), TemporaryError),
        (answer(500, 2, 1504043), TemporaryError),
        (answer(400, 2, 1504041), PermanentError),
        (answer(400, 2, 1504042), PermanentError),
        (answer(400, 3018), PermanentError),
        (Answer(503, {}, b"Service Unavailable", "GET /x"), TemporaryError),
        (Answer(500, {}, b'"oops"', "GET /x"), TemporaryError),
        (Answer(400, {}, b'{"error": {"mess', "GET /x"), TemporaryError),
        (Answer(403, {}, b"<html>", "GET /x"), AuthenticationError),
    ],
)
def test_the_code_decides_what_an_error_is(given, kind):
    assert type(classify(given)) is kind


@pytest.mark.parametrize("code", [4, 17, 32, 341, 613, 80000, 80004, 80006, 80008, 80009, 80014])
def test_trap_13_a_throttle_is_a_400_without_retry_after(code):
    error = classify(answer(400, code, 2446079))

    assert isinstance(error, RateLimitedError)
    assert error.retry_at is None


def test_trap_13_the_wait_is_in_minutes_in_one_header_and_in_seconds_in_the_other():
    usage = {"estimated_time_to_regain_access": 9, "call_count": 97}
    minutes = {"x-business-use-case-usage": json.dumps({"1": [{"call_count": 1}], "2": [usage]})}
    seconds = {"x-ad-account-usage": json.dumps({"reset_time_duration": 90})}

    assert regain_after(minutes) == timedelta(minutes=9)
    assert regain_after(seconds) == timedelta(seconds=90)
    error = classify(answer(400, 80000, 2446079, headers=minutes))
    assert isinstance(error, RateLimitedError)
    assert 8.5 * 60 < error.wait_seconds() <= 9 * 60


def test_usage_is_the_highest_of_all_objects_and_not_of_the_first():
    headers = {
        "x-business-use-case-usage": json.dumps(
            {"1": [{"call_count": 5}, {"total_time": 96}], "2": [{"call_count": 20}]}
        ),
        "x-fb-ads-insights-throttle": json.dumps({"app_id_util_pct": 40, "acc_id_util_pct": 10}),
    }

    assert highest_usage(headers) == 96


@pytest.mark.parametrize("text", ["", "no json", "[]", '{"1": 5}', '{"1": ["x"]}', "null"])
def test_a_header_that_cannot_be_read_says_nothing(text):
    headers = {"x-business-use-case-usage": text}

    assert (highest_usage(headers), regain_after(headers)) == (0, timedelta())


def test_a_token_in_a_message_is_not_shown():
    error = classify(answer(400, 190, message="Token EAAGm0PX4ZCpsBAKZCq2 is bad"))

    assert "EAAG" not in str(error)
    assert "[redacted]" in str(error)
