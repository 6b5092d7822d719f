"""Runs retention under its flow's lock: tables, archived pages, documents; and records sizes.

Each part commits as it goes, so that a run may be killed anywhere; started again, it finds less to
do. A part that fails does not stop the others, and ends the run as failed after them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from vendor_sync import mongo
from vendor_sync.alert_rules import interrupted, memory
from vendor_sync.alerts import raise_alert, resolve_failure
from vendor_sync.connections import Connection, ConnectionSource, require_connection
from vendor_sync.errors import SyncError
from vendor_sync.flow_runs import LOCK_WAIT_SECONDS, Watch, failure_recorded, schema_errors
from vendor_sync.postgres import Warehouse, connect, lock_flow, storage_errors
from vendor_sync.retention.documents import DocumentSweep
from vendor_sync.retention.pages import PageArchive
from vendor_sync.retention.params import RetentionParams
from vendor_sync.retention.tables import TABLES, Old
from vendor_sync.retention.warehouse import Size, Sweep
from vendor_sync.runs import Progress, Run, RunStore, peak_memory_bytes

logger = logging.getLogger(__name__)
FLOW = "retention"
PAGES = "raw_pages"


def run_retention(  # noqa: PLR0913 - all keyword
    source: ConnectionSource,
    *,
    run_id: str,
    trigger: str,
    params: Mapping[str, Any],
    lock_wait_seconds: float = LOCK_WAIT_SECONDS,
    watch: Watch | None = None,
    link: str | None = None,
    now: datetime | None = None,
) -> dict[str, Any]:
    """Delete what is older than its kind may get, and return counts and sizes (all JSON).

    Per table, for the archived pages and per collection: `old` (what is to go), `deleted`, and
    the bytes or documents before and after. Raises LockedError when another run is at work for
    `lock_wait_seconds`, else the SyncError of the first part that failed, after all others.
    """
    parsed = RetentionParams.parse(params)
    warehouse = require_connection(source, "warehouse_postgres")
    began = time.monotonic()
    with storage_errors(), connect(warehouse, application_name=FLOW) as conn:
        runs = RunStore(conn, FLOW)
        with schema_errors(warehouse):
            runs.announce(run_id, trigger, parsed.to_json())
        lock_flow(conn, FLOW, wait_seconds=lock_wait_seconds)
        run = runs.begin(run_id)
        with failure_recorded(warehouse, FLOW, run_id):
            asked = _Asked(source, warehouse, parsed, now or datetime.now(UTC), watch)
            found = _deleted(asked, conn, run)
            result = _result(found, dry_run=parsed.dry_run)
            runs.finish(run_id, "completed", counts=result)
            used = {"api_calls": 0, "retries": 0, "queries": conn.queries, "bytes_received": 0}
            runs.record_usage(run_id, used | {"peak_memory_bytes": peak_memory_bytes()})
        resolve_failure(conn, FLOW, run_id)
    for alert in (
        memory(FLOW, run_id, peak_memory_bytes(), link=link),
        interrupted(FLOW, run_id, run.interruptions, link=link),
    ):
        if alert:
            raise_alert(source, alert)
    seconds = round(time.monotonic() - began, 3)
    return {**result, "run_id": run_id, "attempt": run.attempt, "duration_seconds": seconds}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a run is to do, as of one instant."""

    source: ConnectionSource
    warehouse: Connection
    params: RetentionParams
    now: datetime
    watch: Watch | None


@dataclass(slots=True)
class _Found:
    """What the parts of a run have counted, and how those ended that failed."""

    counts: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])
    errors: list[SyncError] = field(default_factory=list[SyncError])

    def part(self, work: Callable[[], None]) -> None:
        try:
            work()
        except SyncError as error:
            logger.warning("a part of retention failed, the others go on: %s", error)
            self.errors.append(error)


def _deleted(asked: _Asked, conn: Warehouse, run: Run) -> _Found:
    def connected() -> Warehouse:
        return connect(asked.warehouse, application_name=f"{FLOW}_progress")

    found = _Found()
    sweep = Sweep(conn, asked.params, asked.now)
    with Progress(connected, run, asked.watch) as progress:
        found.part(lambda: _sweep_pages(asked, sweep, progress, found))
        found.part(lambda: _sweep_documents(asked, run, progress, found))
        # Not as a part: without the warehouse there is no run either.
        _sweep_tables(asked, sweep, progress, found)
    if found.errors:
        raise found.errors[0]
    return found


def _sweep_tables(asked: _Asked, sweep: Sweep, progress: Progress, found: _Found) -> None:
    before = sweep.sizes()
    dry_run = asked.params.dry_run
    for old in TABLES:
        count = sweep.count(old)
        progress.expect(old.name, count)
        deleted = (
            0 if dry_run else sweep.delete(old, lambda rows, o=old: progress.add(o.name, rows))
        )
        found.counts[old.name] = {"old": count, "deleted": deleted}
    floors = sweep.raise_floors(dry_run=dry_run)
    found.counts["floors"] = {"total": floors, "old": floors}
    after = sweep.sizes()
    for old in TABLES:
        found.counts[old.name] |= _grown(old, before, after)


def _grown(old: Old, before: Mapping[str, Size], after: Mapping[str, Size]) -> dict[str, int]:
    return {
        "total": before[old.table].rows,
        "bytes_before": before[old.table].bytes,
        "bytes_after": after[old.table].bytes,
    }


def _sweep_pages(asked: _Asked, sweep: Sweep, progress: Progress, found: _Found) -> None:
    connection = asked.source("audit_s3")
    if connection is None:
        return
    pages = PageArchive(connection).sweep(
        (asked.now - asked.params.age(PAGES)).date(),
        sweep.kept_keys(),
        dry_run=asked.params.dry_run,
        tell=lambda objects: progress.add(PAGES, objects),
    )
    found.counts[PAGES] = pages.to_json()


def _sweep_documents(asked: _Asked, run: Run, progress: Progress, found: _Found) -> None:
    connection = asked.source("broadstreet_mongo")
    if connection is None:
        return
    with (
        connect(asked.warehouse, application_name=f"{FLOW}_locks") as locks,
        mongo.connect(connection) as db,
    ):
        found.counts |= DocumentSweep(
            db=db,
            locks=locks,
            run_id=run.run_id,
            before=asked.now - asked.params.age("runs"),
            dry_run=asked.params.dry_run,
            tell=progress.add,
        ).sweep()


def _result(found: _Found, *, dry_run: bool) -> dict[str, Any]:
    parts = found.counts
    sums = {
        name: sum(part.get(name, 0) for part in parts.values())
        for name in ("deleted", "bytes_before", "bytes_after")
    }
    return {"status": "completed", "dry_run": dry_run, **sums, "entity_types": parts}
