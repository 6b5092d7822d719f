"""What a run tells of itself from the command line: spans by OTLP, log lines as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.collector import spans_collected

pytestmark = pytest.mark.integration


def run(world, *arguments, **variables):
    return subprocess.run(
        [sys.executable, "-m", "vendor_sync", "-v", "--log-format", "json", *arguments],
        env={**os.environ, **world.environment(), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def attributes(span) -> dict[str, Any]:
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


def test_calls_and_merges_are_spans_under_the_run_and_hold_no_secret(trackier):
    trackier.vendors.reset(3, trackier={"offers": 90, "brands": 4, "page_size": {"campaigns": 20}})

    with spans_collected() as spans:
        done = run(
            trackier,
            "trackier-offers",
            "--run-id",
            "told",
            OTEL_EXPORTER_OTLP_ENDPOINT=spans.endpoint,
        )

    assert done.returncode == 0, done.stderr
    [root] = [span for span in spans.received if not span.parent_span_id]
    assert root.name == "trackier_offer_sync"
    assert attributes(root)["vendor_sync.run_id"] == "told"
    below = [span for span in spans.received if span.parent_span_id == root.span_id]
    assert len(below) == len(spans.received) - 1
    assert {span.trace_id for span in spans.received} == {root.trace_id}
    calls = [attributes(span) for span in below if span.name == "GET trackier"]
    merged = [attributes(span) for span in below if span.name == "merge"]
    log = trackier.vendors.requests("trackier")
    assert [call["vendor_sync.outcome"] for call in calls] == ["ok"] * len(log)
    assert sum(call["vendor_sync.bytes"] for call in calls) == sum(page["bytes"] for page in log)
    assert sum(one["vendor_sync.records"] for one in merged) == 94
    told = " ".join(map(str, spans.received)) + done.stderr
    secrets = [item["value"] for item in trackier.vendors.sensitive("trackier")]
    assert secrets
    assert [secret for secret in secrets if secret in told] == []


def test_an_error_leaves_its_kind_in_the_span_and_not_its_text(trackier):
    trackier.vendors.faults.add("status", path="advertisers", status=403)

    with spans_collected() as spans:
        done = run(trackier, "trackier-offers", OTEL_EXPORTER_OTLP_ENDPOINT=spans.endpoint)

    assert done.returncode == 1
    [call] = [span for span in spans.received if span.name == "GET trackier"]
    assert attributes(call)["vendor_sync.outcome"] == "refused"
    assert {span.status.message for span in spans.received} == {"AuthenticationError"}
    assert all(not span.events for span in spans.received)


def test_every_log_line_is_an_object_with_the_ids_of_its_run(trackier):
    trackier.vendors.faults.add("status", path="campaigns", times=1, status=503)

    done = run(trackier, "trackier-offers", "--run-id", "told")

    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert all({"timestamp", "level", "event", "logger"} <= line.keys() for line in lines)
    # The call is made in a thread of its own.
    [retried] = [line for line in lines if line["event"].startswith("retry 1")]
    assert (retried["flow"], retried["run_id"]) == ("trackier_offer_sync", "told")
