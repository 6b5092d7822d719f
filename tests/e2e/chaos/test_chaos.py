"""The short form of `make chaos`: half a minute of faults, and every store compared."""

from __future__ import annotations

import pytest

from tests.e2e.chaos.run import Plan, in_folder
from tests.e2e.chaos.stacks import started

pytestmark = [pytest.mark.airflow, pytest.mark.celery]
SECONDS = 30


@pytest.mark.timeout(600)
def test_what_is_disturbed_recovers_and_nothing_is_lost_or_doubled():
    with started("test-chaos", workers=2, heartbeat=15) as stacks:
        report = in_folder(stacks, Plan(seed=7, seconds=SECONDS))

    assert report["errors"] == [], report
    assert report["losses"] == report["duplicates"] == 0
    assert report["faults"]["injected"] == report["faults"]["recoveries"] > 0
    assert report["edges"]["usages"] > 0
