"""Which results of a run are a reason to alert."""

from __future__ import annotations

import pytest

from vendor_sync.alert_rules import broken_rules
from vendor_sync.alerts import Alert, AlertKind

CLEAN = {
    "run_id": "r1",
    "breaker_open": False,
    "rejected": 0,
    "brands_failed": 0,
    "campaigns_processed": 80,
    "brands_processed": 10,
    "api_calls": 10,
    "peak_memory_bytes": 200 << 20,
    "interruptions": 0,
    "offers": {"kept": 0},
    "brands": {"kept": 0},
}


def _kinds(**changes):
    return [alert.kind for alert in broken_rules("flow", CLEAN | changes, link=None)]


def test_clean_result_breaks_no_rule():
    assert _kinds() == []


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"breaker_open": True, "offers": {"kept": 12}}, AlertKind.BREAKER_OPEN),
        ({"rejected": 6}, AlertKind.ERROR_RATE),
        ({"rejected": 4, "brands_failed": 2}, AlertKind.ERROR_RATE),
        ({"peak_memory_bytes": (1 << 30) + 1}, AlertKind.MEMORY),
        ({"interruptions": 1}, AlertKind.RUN_INTERRUPTED),
    ],
)
def test_each_rule_has_its_alert(changes, kind):
    assert _kinds(**changes) == [kind]


@pytest.mark.parametrize("changes", [{"rejected": 5}, {"peak_memory_bytes": 1 << 30}])
def test_limit_itself_is_allowed(changes):
    assert _kinds(**changes) == []


def test_run_without_records_and_calls_has_no_error_rate():
    nothing = {"campaigns_processed": 0, "brands_processed": 0, "api_calls": 0, "rejected": 1}

    assert _kinds(**nothing) == []


def test_all_words_about_one_failed_run_have_one_fingerprint():
    kinds = (AlertKind.TASK_FAILED, AlertKind.RETRIES_EXHAUSTED, AlertKind.RUN_FAILED)

    fingerprints = {
        Alert(kind=kind, flow="f", run_id="r", task_id=task, title="", message="").fingerprint
        for kind in kinds
        for task in ("a", None)
    }

    assert fingerprints == {"failure/f/r"}


def test_late_run_is_told_once_whichever_task_is_late_first():
    first, second = (
        Alert(kind=AlertKind.SLA_MISSED, flow="f", run_id="r", task_id=task, title="", message="")
        for task in ("a", "b")
    )

    assert first.fingerprint == second.fingerprint
