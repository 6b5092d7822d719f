from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from airflow.sdk.definitions.retry_policy import RetryAction

from vendor_sync.errors import (
    AuthenticationError,
    ConfigurationError,
    InvalidRecordError,
    PermanentError,
    RateLimitedError,
    StorageError,
    TemporaryError,
    TokenExpiredError,
)
from vendor_sync.orchestration.retry_policy import RETRY_POLICY

pytestmark = pytest.mark.airflow


def _decide(error, try_number=1):
    return RETRY_POLICY.evaluate(error, try_number, 2)


def _seconds(error, try_number=1):
    decision = _decide(error, try_number)
    assert decision.action is RetryAction.RETRY
    assert decision.retry_delay is not None
    return decision.retry_delay.total_seconds()


def test_rate_limit_is_retried_when_the_vendor_says():
    error = RateLimitedError("429", retry_at=datetime.now(UTC) + timedelta(seconds=90))

    assert 60 < _seconds(error) <= 99


def test_rate_limit_that_has_passed_is_retried_at_once():
    error = RateLimitedError("429", retry_at=datetime.now(UTC) - timedelta(seconds=5))

    assert _seconds(error) == 0


def test_rate_limit_of_unknown_length_waits_five_minutes():
    assert 300 <= _seconds(RateLimitedError("429", retry_at=None)) <= 330


def test_expired_token_is_retried_at_once():
    assert _seconds(TokenExpiredError("401")) == 0


@pytest.mark.parametrize("error", [TemporaryError("503"), StorageError("gone")])
@pytest.mark.parametrize(("try_number", "wait"), [(1, 30), (2, 60), (3, 120), (6, 600), (50, 600)])
def test_what_heals_by_itself_is_retried_after_a_growing_wait(error, try_number, wait):
    assert wait <= _seconds(error, try_number) <= wait * 1.25


@pytest.mark.parametrize(
    "error",
    [
        ConfigurationError("host"),
        PermanentError("422"),
        AuthenticationError("403"),
        InvalidRecordError("campaign", "7", "no title"),
    ],
)
def test_what_does_not_heal_fails_at_once_and_says_why(error):
    decision = _decide(error)

    assert decision.action is RetryAction.FAIL
    assert str(error) in str(decision.reason)


def test_anything_else_is_left_to_airflow():
    assert _decide(ValueError("a bug")).action is RetryAction.DEFAULT


def test_waits_are_scaled_by_one_setting(monkeypatch):
    monkeypatch.setenv("VENDOR_SYNC_RETRY_SECONDS", "0.1")

    assert 0.2 <= _seconds(TemporaryError("503"), 2) <= 0.25
    assert 1.0 <= _seconds(RateLimitedError("429", retry_at=None)) <= 1.1
