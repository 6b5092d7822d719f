from __future__ import annotations

import pytest

from edge_grpc.errors import ConfigurationError, RateLimitedError
from edge_grpc.rate_limit import RateLimit
from edge_grpc.settings import from_environment
from edge_grpc.status import to_status

REQUIRED = {"EDGE_GRPC_DSN": "postgresql://u:hush@h/d", "EDGE_GRPC_KEYS_FILE": "/k"}


def test_all_errors_are_reported_together():
    with pytest.raises(ConfigurationError) as caught:
        from_environment({"EDGE_GRPC_WORKERS": "none", "EDGE_GRPC_TLSCERT": "x", "PATH": "/bin"})

    for part in ("DSN", "KEYS_FILE", "WORKERS", "TLSCERT", "TLS_CERT_FILE", "TLS_KEY_FILE"):
        assert f"EDGE_GRPC_{part}:" in str(caught.value)


def test_tls_is_on_unless_it_is_switched_off():
    with pytest.raises(ConfigurationError):
        from_environment(REQUIRED)

    assert from_environment({**REQUIRED, "EDGE_GRPC_INSECURE": "1"}).insecure


def test_settings_show_no_secret():
    settings = from_environment({**REQUIRED, "EDGE_GRPC_INSECURE": "1"})

    assert "hush" not in repr(settings)
    with pytest.raises(ConfigurationError) as caught:
        from_environment({"EDGE_GRPC_DSN": "hush", "EDGE_GRPC_POOL_SIZE": "hush"})
    assert "hush" not in str(caught.value)


def test_rate_limit_says_when_to_come_back():
    now = 0.0
    limit = RateLimit(per_minute=60, burst=2, clock=lambda: now)
    limit.take("a")
    limit.take("a")
    limit.take("b")

    with pytest.raises(RateLimitedError) as caught:
        limit.take("a")

    assert caught.value.retry_seconds == 1
    now = 1.0
    limit.take("a")


def test_status_carries_reason_and_retry():
    status = to_status(RateLimitedError(1.5))

    text = str(status)
    assert status.code == 8
    assert [detail.type_url.rpartition(".")[2] for detail in status.details] == [
        "ErrorInfo",
        "RetryInfo",
    ]
    assert "RATE_LIMITED" in text
