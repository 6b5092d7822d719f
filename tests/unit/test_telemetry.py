from __future__ import annotations

import contextvars
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import structlog

from vendor_sync import telemetry
from vendor_sync.errors import AuthenticationError, RateLimitedError, SyncError, TemporaryError


class Kept:
    """Figures of a test."""

    def __init__(self):
        self.told = []

    def count(self, name, number):
        self.told.append((name, number))

    def measure(self, name, value):
        self.told.append((name, value))

    def time(self, name, seconds):
        self.told.append((name, seconds >= 0))


@pytest.fixture
def kept():
    before, kept = telemetry.figures(), Kept()
    telemetry.send_figures_to(kept)
    yield kept
    telemetry.send_figures_to(before)


def test_totals_beside_their_parts_are_counted_once():
    trackier = {"added": 3, "rejected": 1, "offers": {"inserted": 2}, "brands": {"inserted": 1}}
    parts = {"entities": {"zones": {"inserted": 2, "kept": 1}, "networks": {"inserted": 1}}}
    export = {"exported": [{}, {}], "failed": [{}], "statistics": {"zones": {"exported": 2}}}

    assert telemetry.outcomes(trackier) == {"inserted": 3, "refused": 1}
    assert telemetry.outcomes(parts) == {"inserted": 3, "kept": 1}
    assert telemetry.outcomes(export) == {"exported": 2, "refused": 1}
    assert telemetry.outcomes({"status": "completed"}) == {}


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "ok"),
        (RateLimitedError("GET x", retry_at=None), "rate_limited"),
        (AuthenticationError("GET x"), "refused"),
        (TemporaryError("GET x"), "failed"),
        (KeyError("x"), "failed"),
    ],
)
def test_a_call_is_counted_by_how_it_ended(kept, error, outcome):
    with suppress(SyncError, KeyError), telemetry.vendor_call("meta", "GET") as call:
        call.received(7)
        if error:
            raise error

    counted = dict(kept.told)
    assert counted[f"vendor_sync.vendor.calls.meta.{outcome}"] == 1
    assert counted["vendor_sync.vendor.bytes.meta"] == 7
    assert ("vendor_sync.vendor.told_to_wait.meta" in counted) is (outcome == "rate_limited")


def test_ids_of_a_line_go_along_into_other_threads():
    def ids() -> dict[str, object]:
        return structlog.contextvars.get_contextvars()

    def in_threads() -> list[dict[str, object]]:
        with telemetry.about(vendor="meta"), ThreadPoolExecutor(2) as pool:
            return list(pool.map(telemetry.carried(lambda _: ids()), range(3)))

    # A context of its own: another test's run may have left its ids in this one.
    assert contextvars.Context().run(in_threads) == [{"vendor": "meta"}] * 3
