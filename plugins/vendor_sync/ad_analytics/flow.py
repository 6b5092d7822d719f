"""The whole sync in four steps that any process may take: plan, shards, join, completion.

Under Airflow each is a task (shards are mapped); the command line takes them in one process
(whole_run.py). What a step needs to know of the one before is in the database, so each can be
repeated alone.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from vendor_sync.ad_analytics.alerting import FLOW, keep_campaigns, tell_of_issues
from vendor_sync.ad_analytics.attribution import attribute_orders
from vendor_sync.ad_analytics.click_part import load_clicks
from vendor_sync.ad_analytics.consistency import check_consistency
from vendor_sync.ad_analytics.dashboard_cache import refresh_dashboards
from vendor_sync.ad_analytics.performance import find_performance_alerts
from vendor_sync.ad_analytics.roas import total_days
from vendor_sync.ad_analytics.scope import SyncParams
from vendor_sync.ad_analytics.shard import ShardSync, open_warehouse
from vendor_sync.ad_analytics.state import Outcome, PartResult, StateStore
from vendor_sync.alert_rules import error_rate, interrupted, memory
from vendor_sync.alerts import Alert, deliver_alerts, raise_alert, resolve_failure
from vendor_sync.connections import ConnectionSource, require_connection
from vendor_sync.errors import TemporaryError
from vendor_sync.postgres import Warehouse, lock_flow
from vendor_sync.runs import RunStore, peak_memory_bytes
from vendor_sync.telemetry import span

logger = logging.getLogger(__name__)
EVENT = "sync.analytics.completed"
# An Airflow task costs half a second: one connection a task while there are few, 25 when many.
LARGEST_SHARD = 25
_TASKS_OF_A_VENDOR = 8
_LOCK_WAIT_SECONDS = 300
# How long it is known how each connection's part of a run ended: the run's own row keeps the sum.
PARTS_KEPT = timedelta(days=90)
# A report is looked at every 10 s, 30 times at most.
REPORT_SECONDS = 10
REPORT_CHECKS = 30
# All of them are in `analytics.sync_parts`.
_SHOWN_MISSING = 50
# What an error rate is made of: parts that broke, and what was read and asked.
_BROKEN = (Outcome.RETRY.value, Outcome.FAILED.value)
_READ = ("api_calls", "campaigns", "days", "orders")
Shard = dict[str, Any]
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the time by which scopes and waits are decided; tests have their own."""
    return datetime.now(UTC)


def task_size(connections: int) -> int:
    """Return how many of a vendor's connections one task takes."""
    return max(1, min(LARGEST_SHARD, -(-connections // _TASKS_OF_A_VENDOR)))


def plan_run(  # noqa: PLR0913 - all keyword but one
    source: ConnectionSource,
    *,
    run_id: str,
    trigger: str,
    params: Mapping[str, Any],
    clock: Clock = utc_now,
    shard_size: Callable[[int], int] = task_size,
) -> list[Shard]:
    """Begin (or take up) the run and return what is to be asked: [{vendor, connections}].

    `shard_size` tells how many of a vendor's connections one shard takes. Repeated after a kill it
    leaves out what this run has completed. Raises ConfigurationError for a connection that is asked
    for and not there.
    """
    parsed = SyncParams.parse(params)
    with open_warehouse(source, FLOW) as conn:
        runs, state = RunStore(conn, FLOW), StateStore(conn)
        for connection_id in parsed.connection_ids:
            state.get(connection_id)
        runs.announce(run_id, trigger, parsed.to_json())
        lock_flow(conn, FLOW, wait_seconds=_LOCK_WAIT_SECONDS)
        run = runs.begin(run_id)
        state.purge_parts(run.started_at - PARTS_KEPT)
        due = state.due(parsed, now=clock(), run_key=run.run_key)
    by_vendor: dict[str, list[int]] = {}
    for item in due:
        by_vendor.setdefault(item.vendor, []).append(item.connection_id)
    return [
        {"vendor": vendor, "connections": ids[start : start + size]}
        for vendor, ids in sorted(by_vendor.items())
        for size in [shard_size(len(ids))]
        for start in range(0, len(ids), size)
    ]


@span("ad_analytics_sync.shard")
def sync_shard(  # noqa: PLR0913 - all keyword
    source: ConnectionSource,
    *,
    run_id: str,
    params: Mapping[str, Any],
    shard: Shard,
    link: str | None = None,
    clock: Clock = utc_now,
    conn: Warehouse | None = None,
    ended: Callable[[], object] = lambda: None,
) -> list[PartResult]:
    """Sync a shard's connections, some at a time; return how each ended.

    `conn` is lent for the time of the shard; else one is opened. `ended` is called for each
    connection. After an error a lent `conn` may hold connections' turns: close it.
    """
    parsed = replace(SyncParams.parse(params), connection_ids=tuple(shard["connections"]))
    with nullcontext(conn) if conn else open_warehouse(source, FLOW) as warehouse:
        run = RunStore(warehouse, FLOW).get(run_id)
        with ShardSync(source, warehouse, run, parsed, clock, link=link, ended=ended) as sync:
            results = sync.run()
        deliver_alerts(source, warehouse)
    _tell(source, memory(FLOW, run_id, peak_memory_bytes(), link=link))
    return results


def count_ends(results: Sequence[PartResult]) -> dict[str, int]:
    """Return how many of a shard's connections ended how.

    Raises TemporaryError when some are worth another try: the retry asks only those, for a
    completed one is not asked again by the same run.
    """
    again = [result for result in results if result.outcome is Outcome.RETRY]
    if again:
        message = f"{len(again)} of {len(results)} connections failed for now: {_named(again)}"
        raise TemporaryError(message)
    return dict(Counter(result.outcome.value for result in results))


def _named(results: Sequence[PartResult]) -> str:
    """Name connections with what went wrong, each: a person has to know them apart."""
    shown = [f"{each.vendor} {each.connection_id}: {each.error}" for each in results]
    return "; ".join(shown[:LARGEST_SHARD])


@span("ad_analytics_sync.join")
def join_run(
    source: ConnectionSource, *, run_id: str, link: str | None = None, clock: Clock = utc_now
) -> dict[str, Any]:
    """Load the clicks, and turn what arrived into events, totals, findings and dashboards.

    Safe to repeat: a click counts once, and everything else is computed from what is there.
    """
    with open_warehouse(source, FLOW) as conn:
        runs = RunStore(conn, FLOW)
        run = runs.get(run_id)
        clicks = load_clicks(source, conn, runs, run, clock(), link=link)
        attributed = attribute_orders(conn)
        totals = total_days(conn)
        with conn.transaction():
            found = find_performance_alerts(conn, clock())
            keep_campaigns(source, conn, run, found, link=link)
        issues = check_consistency(conn, clock())
        tell_of_issues(source, conn, run, link=link)
        cache = require_connection(source, "analytics_redis")
        dashboards = refresh_dashboards(conn, cache, clock())
        deliver_alerts(source, conn)
    _tell(source, memory(FLOW, run_id, peak_memory_bytes(), link=link))
    logger.info("%s: %d orders attributed", run.run_id, attributed.orders)
    return {
        "click_log": clicks,
        "orders_attributed": attributed.orders,
        "events_changed": attributed.changed,
        "events_deleted": attributed.deleted,
        "days_totalled": totals.days,
        "totals_written": totals.written,
        "alerts_opened": sum(len(messages) for messages in found.values()),
        "issues": issues,
        "dashboards": dashboards,
    }


def complete_run(
    source: ConnectionSource, *, run_id: str, joined: Mapping[str, Any], link: str | None = None
) -> dict[str, Any]:
    """Write how the run ended, with its event; return its result, which says what is missing."""
    with open_warehouse(source, FLOW) as conn:
        runs = RunStore(conn, FLOW)
        run = runs.get(run_id)
        result: dict[str, Any] = _result(StateStore(conn).parts(run.run_key)) | dict(joined)
        if joined["click_log"].get("error") or joined["click_log"].get("rejected"):
            result["status"] = "completed_with_errors"
        with conn.transaction():
            runs.emit(run, EVENT, result)
            runs.finish(run_id, result["status"], counts=result)
            if not result["missing"]:
                resolve_failure(conn, FLOW, run_id)
    _tell(source, _error_rate(run_id, result, link))
    _tell(source, interrupted(FLOW, run_id, run.interruptions, link=link))
    return result | {"run_id": run_id, "attempt": run.attempt}


def _error_rate(run_id: str, result: Mapping[str, Any], link: str | None) -> Alert | None:
    """Compare what was refused with all that was read and asked."""
    failed = sum(ended.get(name, 0) for ended in result["connections"].values() for name in _BROKEN)
    rejected: int = result.get("rejected", 0)
    operations = rejected + failed + sum(result.get(name, 0) for name in _READ)
    return error_rate(
        FLOW,
        run_id,
        errors=rejected + failed,
        operations=operations,
        says=f"{rejected} records were rejected and {failed} connections failed, out of "
        f"{operations} records and calls. Reasons are in ops.sync_rejects and in the run's row.",
        link=link,
    )


def _tell(source: ConnectionSource, alert: Alert | None) -> None:
    if alert:
        raise_alert(source, alert)


def _result(
    parts: Sequence[tuple[int, str, str, str, str | None, dict[str, int]]],
) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    by_vendor: dict[str, Counter[str]] = {}
    missing: list[dict[str, Any]] = []
    for connection_id, vendor, name, outcome, error, numbers in parts:
        counts.update(numbers)
        by_vendor.setdefault(vendor, Counter())[outcome] += 1
        if outcome != Outcome.COMPLETED:
            missing.append(
                {"connection": connection_id, "name": name, "vendor": vendor, "outcome": outcome,
                 "error": error}
            )  # fmt: skip
    flawed = missing or counts["rejected"] or counts["days_kept"]
    return {
        "status": "completed_with_errors" if flawed else "completed",
        "connections": {vendor: dict(ended) for vendor, ended in sorted(by_vendor.items())},
        "missing": missing[:_SHOWN_MISSING],
        "missing_connections": len(missing),
        **dict(sorted(counts.items())),
    }
