"""Runs the Trackier sync as an Airflow task: its run id, its turn, its events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vendor_sync.orchestration import dag_runs
from vendor_sync.orchestration.turns import run_in_turn
from vendor_sync.trackier import flow


def sync_offers() -> dict[str, Any]:
    """Run the sync under the DAG run's id, and return its counts."""
    return run_in_turn(flow.FLOW, flow.run_offer_sync)


def published_events() -> Iterator[dict[str, Any]]:
    """Publish the run's events, and yield each as the asset event's extra."""
    return dag_runs.published_events(flow.FLOW)
