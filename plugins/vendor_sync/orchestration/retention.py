"""Runs retention as an Airflow task."""

from __future__ import annotations

from typing import Any

from vendor_sync.orchestration.turns import run_in_turn
from vendor_sync.retention.flow import FLOW, run_retention


def delete_what_is_old() -> dict[str, Any]:
    """Run retention under the DAG run's id, and return its counts."""
    return run_in_turn(FLOW, run_retention)
