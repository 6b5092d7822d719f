"""Runs a report under its flow's lock, and records how it ended.

Each report is one transaction: a run that is killed leaves what was there, and a repeated one
finds nothing to change.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from vendor_sync.alert_rules import interrupted, memory
from vendor_sync.alerts import (
    deliver_alerts,
    keep_alert,
    raise_alert,
    resolve_failure,
    resolve_gone,
)
from vendor_sync.connections import ConnectionSource, require_connection
from vendor_sync.edge_reports.audit_rules import KINDS, alerts_of
from vendor_sync.edge_reports.params import AuditParams, RollupParams
from vendor_sync.edge_reports.store import audit_promotions, roll_up_usages
from vendor_sync.flow_runs import LOCK_WAIT_SECONDS, failure_recorded, schema_errors
from vendor_sync.postgres import Warehouse, connect, lock_flow, storage_errors
from vendor_sync.runs import RunStore, peak_memory_bytes
from vendor_sync.telemetry import span

logger = logging.getLogger(__name__)
USAGE_ROLLUP = "edge_usage_rollup"
PROMOTION_AUDIT = "edge_promotion_audit"
_Work = Callable[[Warehouse, datetime], dict[str, Any]]


@span(USAGE_ROLLUP)
def run_usage_rollup(  # noqa: PLR0913 - all keyword
    source: ConnectionSource,
    *,
    run_id: str,
    trigger: str,
    params: Mapping[str, Any],
    lock_wait_seconds: float = LOCK_WAIT_SECONDS,
    link: str | None = None,
) -> dict[str, Any]:
    """Bring edge.promotion_effectiveness up to date and return counts.

    Raises LockedError when another run is at work for `lock_wait_seconds`, else the SyncError that
    ended the run, which is recorded.
    """
    parsed = RollupParams.parse(params)

    def work(conn: Warehouse, now: datetime) -> dict[str, Any]:
        return dict(roll_up_usages(conn, full_refresh=parsed.full_refresh, now=now))

    asked = _Asked(source, USAGE_ROLLUP, run_id, trigger, parsed, lock_wait_seconds, link)
    return _recorded(asked, work)


@span(PROMOTION_AUDIT)
def run_promotion_audit(  # noqa: PLR0913 - all keyword
    source: ConnectionSource,
    *,
    run_id: str,
    trigger: str,
    params: Mapping[str, Any],
    lock_wait_seconds: float = LOCK_WAIT_SECONDS,
    link: str | None = None,
) -> dict[str, Any]:
    """Write the day's promotion audit, alert about it, and return counts per finding.

    Alerts whose cause is gone are closed. Uses are counted by edge.promotion_effectiveness, so
    what the hourly rollup has not seen yet is not counted. Raises as run_usage_rollup does.
    """
    parsed = AuditParams.parse(params)

    def work(conn: Warehouse, now: datetime) -> dict[str, Any]:
        findings = audit_promotions(
            conn, expiring_days=parsed.expiring_days, unused_days=parsed.unused_days, now=now
        )
        found = Counter(one.finding for one in findings)
        alerts = alerts_of(findings, flow=PROMOTION_AUDIT, run_id=run_id, link=link)
        for alert in alerts:
            logger.error("%s: %s - %s", alert.kind, alert.title, alert.message)
        return {
            **{finding: found[finding] for finding in KINDS},
            "alerts": len(alerts),
            # With the audit that says it: a run that is killed has told, or not written it.
            "new_alerts": sum(keep_alert(conn, source, alert) for alert in alerts),
            "resolved_alerts": resolve_gone(conn, PROMOTION_AUDIT, list(KINDS.values()), alerts),
        }

    asked = _Asked(source, PROMOTION_AUDIT, run_id, trigger, parsed, lock_wait_seconds, link)
    result = _recorded(asked, work)
    deliver_alerts(source)
    return result


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which run of which report, asked by whom; `link` leads from an alert to it."""

    source: ConnectionSource
    flow: str
    run_id: str
    trigger: str
    params: RollupParams | AuditParams
    lock_wait_seconds: float
    link: str | None


def _recorded(asked: _Asked, work: _Work) -> dict[str, Any]:
    """Do a report's work as a run of its flow; the work and its end are one transaction."""
    warehouse = require_connection(asked.source, "warehouse_postgres")
    flow, run_id, began = asked.flow, asked.run_id, time.monotonic()
    with storage_errors(), connect(warehouse, application_name=flow) as conn:
        runs = RunStore(conn, flow)
        with schema_errors(warehouse):
            runs.announce(run_id, asked.trigger, asked.params.to_json())
        lock_flow(conn, flow, wait_seconds=asked.lock_wait_seconds)
        run = runs.begin(run_id)
        with failure_recorded(warehouse, flow, run_id), conn.transaction():
            counts = work(conn, datetime.now(UTC))
            result = {"status": "completed", **counts}
            runs.finish(run_id, "completed", counts=result)
            used = {"api_calls": 0, "retries": 0, "queries": conn.queries, "bytes_received": 0}
            runs.record_usage(run_id, used | {"peak_memory_bytes": peak_memory_bytes()})
        resolve_failure(conn, flow, run_id)
    for alert in (
        memory(flow, run_id, peak_memory_bytes(), link=asked.link),
        interrupted(flow, run_id, run.interruptions, link=asked.link),
    ):
        if alert:
            raise_alert(asked.source, alert)
    return {
        **result,
        "run_id": run_id,
        "attempt": run.attempt,
        "duration_seconds": round(time.monotonic() - began, 3),
    }
