"""Charts of entity types, run by run."""

from __future__ import annotations

import pytest

from vendor_sync.sync_center.type_trends import type_charts

pytestmark = pytest.mark.integration
RUNS = """
INSERT INTO ops.sync_runs
    (flow, run_id, trigger, params, status, attempt, started_at, finished_at, counts)
SELECT 'broadstreet_import', 'r' || n, 'scheduled', '{}', 'completed', 1,
    '2026-05-01 10:00+00'::timestamptz + n * interval '6 hours',
    '2026-05-01 10:01+00'::timestamptz + n * interval '6 hours',
    jsonb_build_object('entities', jsonb_build_object(
        'zones', jsonb_build_object('fetched', 200, 'rejected', n, 'duration_seconds', n + 0.5),
        'networks', jsonb_build_object('fetched', 3, 'duration_seconds', 1)))
FROM generate_series(1, 4) AS n
"""


@pytest.fixture
def charts(db, page_database):
    def draw():
        return type_charts(
            lambda conn_id: page_database if conn_id == "warehouse_postgres" else None,
            "broadstreet_import",
        )

    return db, draw


def test_each_run_is_a_point_with_its_instant_and_value(charts):
    db, draw = charts
    db.execute(RUNS)

    found = draw()

    assert (sorted(found.names), found.runs) == (["networks", "zones"], 4)
    for hour, share, seconds in (("1 May 16:00", "99.5", "1.5"), ("2 May 10:00", "98", "4.5")):
        assert f"<title>{share} %, {hour}</title>" in found.shares
        assert f"<title>{seconds} s, {hour}</title>" in found.durations
    assert found.shares.count("<title>100 %, ") == 4
    zones = next(trend for trend in found.types if trend.name == "zones")
    assert (zones.share, zones.share_before) == (0.9825, 0.9925)


def test_flow_that_has_counted_nothing_has_no_chart_to_show(charts):
    _, draw = charts

    found = draw()

    assert (found.names, found.runs, found.types) == ([], 0, [])
