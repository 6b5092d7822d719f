"""The Trackier sync while the vendor misbehaves; each fault is injected into a real HTTP server."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from vendor_sync.errors import (
    AuthenticationError,
    ConfigurationError,
    RateLimitedError,
    TemporaryError,
)

pytestmark = pytest.mark.integration

ONE_CAMPAIGN_PAGE = {"path": "/v2/campaigns", "after": 1, "times": 1}


def brand_hash(trackier, display_id):
    same = trackier.vendors.edit_advertiser(display_id)
    return same["hashId"]


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("status", {"status": 500}),
        ("status", {"status": 503}),
        ("reset", {}),
        ("close", {}),
        ("truncated_json", {}),
        ("malformed_json", {}),
        ("html", {}),
        ("empty", {}),
        ("too_many", {"style": "retry_after", "wait": 1}),
        ("too_many", {"style": "retry_after_date", "wait": 1}),
        ("too_many", {"style": "reset_epoch", "wait": 1}),
        ("too_many", {"style": "none"}),
        ("too_many", {"style": "v1_code_40"}),
        ("too_many", {"style": "v1_code_40_in_200"}),
    ],
)
def test_passing_fault_costs_a_retry_and_no_row(trackier, kind, how):
    trackier.vendors.faults.add(kind, **ONE_CAMPAIGN_PAGE, **how)

    result = trackier.sync()

    assert result["retries"] == 1
    assert result["status"] == "completed"
    assert result["added"] == 200
    assert trackier.value("SELECT count(*) FROM affiliate.offers") == 200


def test_slow_answer_times_out_and_is_asked_again(trackier):
    trackier.settings(read_timeout_seconds=1.5)
    trackier.vendors.faults.add("latency", seconds=6, **ONE_CAMPAIGN_PAGE)

    result = trackier.sync()

    assert result["retries"] == 1
    assert result["added"] == 200


def test_retry_after_is_waited_for_by_all_threads(trackier):
    trackier.vendors.faults.add("too_many", style="retry_after", wait=2, **ONE_CAMPAIGN_PAGE)

    result = trackier.sync()

    calls = trackier.vendors.requests("trackier", path="/v2/campaigns")
    refused = next(call for call in calls if call["status"] == 429)
    retried = [
        call for call in calls if call["query"] == refused["query"] and call["seq"] > refused["seq"]
    ]
    assert retried[0]["start"] - refused["end"] >= 1.9
    assert result["status"] == "completed"


def test_long_retry_after_ends_the_run_with_the_instant_to_try_again(trackier):
    trackier.vendors.faults.add("too_many", style="retry_after", wait=3600, **ONE_CAMPAIGN_PAGE)
    began = time.monotonic()

    with pytest.raises(RateLimitedError) as caught:
        trackier.sync("limited")

    assert time.monotonic() - began < 30
    assert caught.value.retry_at
    assert 3500 < (caught.value.retry_at - datetime.now(UTC)).total_seconds() <= 3600
    assert trackier.value("SELECT status FROM ops.sync_runs") == "failed"


def test_brand_that_always_fails_stands_alone(trackier):
    trackier.sync()
    failing = brand_hash(trackier, 4)
    trackier.vendors.edit_campaign(1, title="Changed meanwhile")
    trackier.vendors.faults.add("status", status=500, path="/v2/campaigns", query=failing)
    before = trackier.value(
        "SELECT count(*) FROM affiliate.offers o JOIN affiliate.brands b"
        " ON b.brand_id = o.advertiser_id WHERE trackier_advertiser_id = %s AND o.is_active",
        failing,
    )

    result = trackier.sync()

    assert result["status"] == "completed_with_errors"
    assert result["brands_failed"] == 1
    assert result["deactivated"] == 0
    after = trackier.value(
        "SELECT count(*) FROM affiliate.offers o JOIN affiliate.brands b"
        " ON b.brand_id = o.advertiser_id WHERE trackier_advertiser_id = %s AND o.is_active",
        failing,
    )
    walks = trackier.rows(
        "SELECT external_id FROM ops.sync_outcomes WHERE entity = 'walks' AND outcome = 'failed'"
    )
    assert after == before
    assert walks == [(failing,)]


def test_vendor_that_is_down_ends_the_run_instead_of_asking_for_each_brand(trackier):
    trackier.vendors.reset(7, trackier={"offers": 400, "brands": 100})
    trackier.vendors.faults.add("status", status=502, path="/v2/campaigns")

    with pytest.raises(TemporaryError):
        trackier.sync()

    assert len(trackier.vendors.requests("trackier")) < 60


@pytest.mark.parametrize("kind", ["html", "truncated_json", "empty", "malformed_json"])
def test_broken_brand_list_ends_the_run_and_deactivates_nothing(trackier, kind):
    trackier.sync()
    active = trackier.value("SELECT count(*) FROM affiliate.offers WHERE is_active")
    trackier.vendors.faults.add(kind, path="/v2/advertisers")

    with pytest.raises(TemporaryError):
        trackier.sync()

    assert trackier.value("SELECT count(*) FROM affiliate.offers WHERE is_active") == active


def test_wrong_key_fails_at_once_and_says_where_to_look(trackier, caplog):
    trackier.connections["trackier_default"] = _with_password(trackier, "not-the-key-9f2a")
    caplog.set_level(logging.DEBUG)

    with pytest.raises(AuthenticationError, match="trackier_default") as caught:
        trackier.sync()

    assert len(trackier.vendors.requests("trackier")) == 1
    assert "not-the-key-9f2a" not in str(caught.value) + caplog.text


def _with_password(trackier, password):
    return replace(trackier.connections["trackier_default"], password=password)


def test_absent_bucket_is_a_configuration_error_before_any_call(trackier):
    audit = trackier.connections["audit_s3"]
    extra = {**audit.extra, "bucket": "no-such-bucket-here"}
    trackier.connections["audit_s3"] = type(audit)(
        conn_id=audit.conn_id, login=audit.login, password=audit.password, extra=extra
    )

    with pytest.raises(ConfigurationError, match="no-such-bucket-here"):
        trackier.sync()

    assert trackier.vendors.requests("trackier") == []


def test_truncated_page_is_archived_without_its_secrets(trackier):
    trackier.vendors.faults.add("truncated_json", path="/v2/advertisers", times=2)

    trackier.sync()

    archived = b"".join(trackier.bucket.read(key) for key in trackier.bucket.keys())  # noqa: SIM118
    secrets = trackier.vendors.sensitive("trackier")
    assert len([key for key in trackier.bucket.keys() if "/advertisers/" in key]) == 3  # noqa: SIM118
    assert [value for value in secrets if str(value["value"]).encode() in archived] == []


def busiest_second(arrivals):
    """The most calls that a second saw; a busy machine notices one of them up to 50 ms late."""
    return max(sum(start <= other < start + 0.95 for other in arrivals) for start in arrivals)


def test_vendor_limit_is_never_exceeded(trackier):
    trackier.vendors.reset(
        7, trackier={"offers": 100, "brands": 100, "page_size": {"campaigns": 1000}}
    )
    trackier.settings(requests_per_second=20, group_size=1, concurrency=6)
    trackier.vendors.clear_requests()

    result = trackier.sync()

    calls = [call["start"] for call in trackier.vendors.requests("trackier")]
    assert len(calls) == result["api_calls"] == 101
    assert busiest_second(calls) <= 20


def test_without_redis_the_run_keeps_to_its_share_and_alerts(trackier):
    redis = trackier.connections["analytics_redis"]
    trackier.connections["analytics_redis"] = replace(redis, port=1)
    trackier.settings(requests_per_second=20, workers=2, group_size=1, concurrency=4)
    trackier.vendors.clear_requests()

    result = trackier.sync()

    calls = [call["start"] for call in trackier.vendors.requests("trackier")]
    assert result["status"] == "completed"
    assert busiest_second(calls) <= 10
    assert trackier.rows("SELECT kind FROM ops.alerts") == [("limiter_degraded",)]
