"""The short form of `make chaos`: half a minute of faults, and fewer flows.

Ad analytics and Broadstreet's import are left out: of many tasks each, on two cores they cost more
time than the rest together.
"""

from __future__ import annotations

import pytest

from tests.e2e.chaos.run import Plan, in_folder
from tests.e2e.chaos.stacks import started

pytestmark = [pytest.mark.airflow, pytest.mark.celery]
SECONDS = 30
FLOWS = ("trackier_offer_sync", "broadstreet_export", "edge_usage_rollup", "edge_promotion_audit")


@pytest.mark.timeout(600)
def test_what_is_disturbed_recovers_and_nothing_is_lost_or_doubled():
    with started("test-chaos", workers=2, heartbeat=15) as stacks:
        report = in_folder(stacks, Plan(seed=7, seconds=SECONDS, stores=2, flows=FLOWS))

    assert report["errors"] == [], report
    assert report["losses"] == report["duplicates"] == 0
    assert report["faults"]["injected"] == report["faults"]["recoveries"] > 0
    assert report["edges"]["usages"] > 0
