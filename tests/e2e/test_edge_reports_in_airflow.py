"""The edge's reports as Airflow runs them: triggered through REST, recorded, alerted about."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.airflow
ROLLUP, AUDIT = "edge_usage_rollup", "edge_promotion_audit"


def test_rollup_and_audit_run_through_rest(airflow, promotion):
    airflow.between_schedules(60, every=1800)
    for dag in (ROLLUP, AUDIT):
        airflow.unpause(dag)

    rolled_up = airflow.trigger(ROLLUP)
    assert airflow.finish(rolled_up, ROLLUP) == "success"
    audited = airflow.trigger(AUDIT, unused_days=30)
    assert airflow.finish(audited, AUDIT) == "success"

    [found] = airflow.rows(
        "SELECT uses, discount_amount::text FROM edge.promotion_effectiveness"
        " WHERE promotion_id = %s",
        promotion,
    )
    assert found == (2, "5.0000")
    findings = "SELECT finding, detail FROM edge.promotion_audits WHERE promotion_id = %s"
    assert airflow.rows(findings, promotion) == [("over_limit", "used 2 times of at most 1")]
    assert ("promotion_over_limit", audited) in airflow.alerts()
    assert any("promotion TWICE was used too often" in post for post in airflow.posts())
    runs = dict(
        airflow.rows(
            "SELECT run_id, status FROM ops.sync_runs WHERE flow IN (%s, %s)", ROLLUP, AUDIT
        )
    )
    assert runs[rolled_up] == runs[audited] == "completed"
    params = "SELECT params -> 'unused_days' FROM ops.sync_runs WHERE run_id = %s"
    assert airflow.rows(params, audited) == [(30,)]
