"""Runs the edge's reports as Airflow tasks."""

from __future__ import annotations

from typing import Any

from vendor_sync.edge_reports import flow
from vendor_sync.orchestration.turns import run_in_turn


def roll_up_usages() -> dict[str, Any]:
    """Run the usage rollup under the DAG run's id, and return its counts."""
    return run_in_turn(flow.USAGE_ROLLUP, flow.run_usage_rollup)


def audit_promotions() -> dict[str, Any]:
    """Run the promotion audit under the DAG run's id, and return its counts."""
    return run_in_turn(flow.PROMOTION_AUDIT, flow.run_promotion_audit)
