"""Runs ad analytics as Airflow tasks: plan, shards, join, completion, all under the run's id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk.exceptions import AirflowRescheduleException

from vendor_sync.ad_analytics import flow, fx_flow
from vendor_sync.ad_analytics.state import Outcome
from vendor_sync.orchestration import dag_runs
from vendor_sync.orchestration.connections import connection_from_airflow
from vendor_sync.orchestration.dag_runs import task_context, trigger_of

_REPORT_WAIT = timedelta(seconds=flow.REPORT_SECONDS)


def plan_shards(vendors: Sequence[str]) -> dict[str, list[flow.Shard]]:
    """Begin the run (or take it up) and return the shards of each vendor."""
    context = task_context()
    dag_run = context["dag_run"]
    shards = flow.plan_run(
        connection_from_airflow,
        run_id=dag_run.run_id,
        trigger=trigger_of(dag_run),
        params=_params(context),
    )
    return {vendor: [shard for shard in shards if shard["vendor"] == vendor] for vendor in vendors}


def sync_shard(shard: flow.Shard) -> dict[str, int]:
    """Sync one shard's connections, and return how many ended how.

    While a report is being made the wait releases the worker slot, without using up a retry.
    """
    context = task_context()
    results = flow.sync_shard(
        connection_from_airflow,
        run_id=context["dag_run"].run_id,
        params=_params(context),
        shard=shard,
        link=context["ti"].log_url,
    )
    ended = flow.count_ends(results)
    # Not by the clock: a task that is taken up again begins anew.
    if Outcome.WAITING in ended and context["task_reschedule_count"] < flow.REPORT_CHECKS - 1:
        raise AirflowRescheduleException(datetime.now(UTC) + _REPORT_WAIT)
    return ended


def join_run() -> dict[str, Any]:
    """Turn what arrived into events, totals, alerts and dashboards."""
    context = task_context()
    return flow.join_run(
        connection_from_airflow, run_id=context["dag_run"].run_id, link=context["ti"].log_url
    )


def complete_run(joined: Mapping[str, Any]) -> dict[str, Any]:
    """Write how the run ended; return its counts, and the ids of the connections that are missing.

    Why they are is in the run's row and its event: errors are no matter for XCom.
    """
    context = task_context()
    result = flow.complete_run(
        connection_from_airflow,
        run_id=context["dag_run"].run_id,
        joined=joined,
        link=context["ti"].log_url,
    )
    return result | {"missing": [part["connection"] for part in result["missing"]]}


def published_events() -> Iterator[dict[str, Any]]:
    """Publish the run's events, and yield each as the asset event's extra."""
    return dag_runs.published_events(flow.FLOW)


def sync_rates() -> dict[str, Any]:
    """Read the exchange rates under the DAG run's id."""
    context = task_context()
    dag_run = context["dag_run"]
    return fx_flow.sync_rates(
        connection_from_airflow,
        run_id=dag_run.run_id,
        trigger=trigger_of(dag_run),
        link=context["ti"].log_url,
    )


def _params(context: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in dict(context["params"]).items() if value is not None}
