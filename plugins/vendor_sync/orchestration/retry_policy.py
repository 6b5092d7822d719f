"""What Airflow does about an error of a flow: the one place where waits of minutes are decided.

Seconds are `rest_client`'s business. A policy can end a task early and choose the wait, but never
exceeds the task's `retries`; a killed process is retried by Airflow without asking it.
"""

from __future__ import annotations

import os
import random
from datetime import timedelta

from airflow.sdk import Context, RetryDecision, RetryPolicy

from vendor_sync.errors import (
    ConfigurationError,
    InvalidRecordError,
    PermanentError,
    RateLimitedError,
    StorageError,
    TemporaryError,
    TokenExpiredError,
)
from vendor_sync.orchestration.attempts import note_failed_attempt

FINAL_ERRORS = (ConfigurationError, PermanentError, InvalidRecordError)
_HEALING_ERRORS = (TemporaryError, StorageError)
_DEFAULT_SECONDS = 30.0
_LONGEST_IN_FIRST_WAITS = 20
_UNKNOWN_LIMIT_IN_FIRST_WAITS = 10


def first_wait() -> timedelta:
    """Return the wait before the second try; VENDOR_SYNC_RETRY_SECONDS scales all waits."""
    return timedelta(seconds=float(os.environ.get("VENDOR_SYNC_RETRY_SECONDS", _DEFAULT_SECONDS)))


class VendorRetryPolicy(RetryPolicy):
    """Retries what heals, when it is likely to have healed, and nothing else.

    With the default of 30 s: 30 s, 60 s, 120 s ... 10 min with up to a quarter of jitter; 5 min
    after a rate limit that does not say how long.
    """

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,
        max_tries: int,
        context: Context | None = None,
    ) -> RetryDecision:
        """Return what the error calls for, and note that the attempt has failed by itself."""
        del max_tries
        note_failed_attempt(context, try_number)
        reason = f"{type(exception).__name__}: {exception}"
        if isinstance(exception, FINAL_ERRORS):
            return RetryDecision.fail(f"does not heal by itself - {reason}")
        if isinstance(exception, RateLimitedError):
            return RetryDecision.retry(_jittered(_rate_limit_wait(exception), 0.1), reason)
        if isinstance(exception, TokenExpiredError):
            return RetryDecision.retry(timedelta(0), reason)
        if isinstance(exception, _HEALING_ERRORS):
            doublings = min(try_number - 1, _LONGEST_IN_FIRST_WAITS)
            wait = first_wait() * min(2**doublings, _LONGEST_IN_FIRST_WAITS)
            return RetryDecision.retry(_jittered(wait, 0.25), reason)
        return RetryDecision.default()


def _rate_limit_wait(error: RateLimitedError) -> timedelta:
    if error.retry_at is None:
        return first_wait() * _UNKNOWN_LIMIT_IN_FIRST_WAITS
    return timedelta(seconds=error.wait_seconds())


def _jittered(wait: timedelta, share: float) -> timedelta:
    """Lengthen a wait a little, so that tasks that failed together do not come back together."""
    return wait * random.uniform(1, 1 + share)  # noqa: S311 - spreading, not secrecy


RETRY_POLICY = VendorRetryPolicy()
