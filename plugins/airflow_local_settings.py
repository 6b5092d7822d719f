"""Cluster policy: Airflow calls it for every DAG that it loads."""

from __future__ import annotations

from airflow.sdk import DAG


def dag_policy(dag: DAG) -> None:
    """Turn the declared SLAs of tasks into deadlines."""
    from vendor_sync.orchestration.sla import add_deadlines  # noqa: PLC0415 - loaded with Airflow

    add_deadlines(dag)
