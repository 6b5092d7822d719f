"""Runs the edge's reports as Airflow tasks."""

from __future__ import annotations

from typing import Any, Protocol, cast

from airflow.sdk import get_current_context

from vendor_sync.connections import ConnectionSource
from vendor_sync.edge_reports import flow
from vendor_sync.errors import LockedError
from vendor_sync.orchestration.connections import connection_from_airflow
from vendor_sync.orchestration.dag_runs import trigger_of
from vendor_sync.orchestration.turns import WAIT_IN_PROCESS_SECONDS, wait_or_skip


class _Report(Protocol):
    def __call__(  # noqa: PLR0913 - as the flows take them
        self,
        source: ConnectionSource,
        *,
        run_id: str,
        trigger: str,
        params: Any,  # noqa: ANN401 - Airflow's own mapping
        lock_wait_seconds: float,
        link: str | None,
    ) -> dict[str, Any]: ...


def roll_up_usages() -> dict[str, Any]:
    """Run the usage rollup under the DAG run's id, and return its counts."""
    return _run(flow.USAGE_ROLLUP, flow.run_usage_rollup)


def audit_promotions() -> dict[str, Any]:
    """Run the promotion audit under the DAG run's id, and return its counts."""
    return _run(flow.PROMOTION_AUDIT, flow.run_promotion_audit)


def _run(name: str, report: _Report) -> dict[str, Any]:
    context = cast("dict[str, Any]", get_current_context())
    dag_run = context["dag_run"]
    try:
        return report(
            connection_from_airflow,
            run_id=dag_run.run_id,
            trigger=trigger_of(dag_run),
            params=context["params"],
            lock_wait_seconds=WAIT_IN_PROCESS_SECONDS,
            link=context["ti"].log_url,
        )
    except LockedError as error:
        wait_or_skip(name, dag_run.run_id, error)
