"""Runs an export: its turn, its records in `ops` and `sync_logs`, how it ended."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg

from vendor_sync import mongo
from vendor_sync.alert_rules import limiter_degraded
from vendor_sync.alerts import AlertKind, raise_alert, resolve_failure, resolve_gone
from vendor_sync.broadstreet import generations, schema
from vendor_sync.broadstreet import journal as states
from vendor_sync.broadstreet.account import account_settings, open_client
from vendor_sync.broadstreet.export_alerts import alerts_of, undecided
from vendor_sync.broadstreet.export_plan import Planner
from vendor_sync.broadstreet.export_result import ExportReport, Line
from vendor_sync.broadstreet.export_settings import ExportParams, ExportSettings
from vendor_sync.broadstreet.export_store import ExportStore
from vendor_sync.broadstreet.exporter import Exporter
from vendor_sync.broadstreet.journal import Journal
from vendor_sync.broadstreet.restored import Restored
from vendor_sync.broadstreet.scopes import Scopes
from vendor_sync.broadstreet.selection import select
from vendor_sync.broadstreet.sending import Sender
from vendor_sync.connections import ConnectionSource, require_connection
from vendor_sync.errors import PermanentError, StorageError, SyncError, TemporaryError
from vendor_sync.flow_runs import LOCK_WAIT_SECONDS, Watch, failure_recorded, schema_errors
from vendor_sync.mongo import Mongo
from vendor_sync.postgres import Warehouse, connect, lock_flow, storage_errors
from vendor_sync.rest_client import Usage
from vendor_sync.runs import Progress, Reject, Run, RunStore, peak_memory_bytes
from vendor_sync.telemetry import span

logger = logging.getLogger(__name__)
FLOW = "broadstreet_export"
EVENT = "sync.broadstreet.exported"
_SHOWN_ERRORS = 20


def no_step(_: str) -> None:
    """Nobody watches the single steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRun:
    """Which run, asked by whom to do what; `link` leads from an alert to it.

    `step` is told of each step between two writes, for tests that kill a run there.
    """

    source: ConnectionSource
    run_id: str
    params: ExportParams
    trigger: str = "manual"
    lock_wait_seconds: float = LOCK_WAIT_SECONDS
    watch: Watch | None = None
    link: str | None = None
    step: Callable[[str], None] = no_step


@span("broadstreet_export")
def run_export(asked: ExportRun) -> dict[str, Any]:
    """Run an export and return its result (all JSON); a dry run returns its plan.

    The same `run_id` again takes up a run that was killed. Raises LockedError while an import or
    another export is at work, else the SyncError that ended the run, which is recorded; also when
    nothing could be sent, or more than `max_failed_share` of it could not.
    """
    warehouse = require_connection(asked.source, "warehouse_postgres")
    store = require_connection(asked.source, "broadstreet_mongo")
    with storage_errors(), connect(warehouse, application_name=FLOW) as conn:
        runs = RunStore(conn, FLOW)
        with schema_errors(warehouse):
            runs.announce(asked.run_id, asked.trigger, asked.params.to_json())
        lock_flow(conn, schema.EXCLUSIVE_LOCK, wait_seconds=asked.lock_wait_seconds)
        run = runs.begin(asked.run_id)
        with failure_recorded(warehouse, FLOW, asked.run_id), mongo.connect(store) as db:
            result = _Session(asked, conn, db, runs, run).run()
        resolve_failure(conn, FLOW, asked.run_id)
    if not asked.params.dry_run:
        for alert in alerts_of(FLOW, result, interruptions=run.interruptions, link=asked.link):
            raise_alert(asked.source, alert)
    return result


def skip(asked: ExportRun, reason: str) -> dict[str, Any]:
    """Record that a run did nothing, and why; return its result."""
    warehouse = require_connection(asked.source, "warehouse_postgres")
    result = {"status": "skipped"}
    with storage_errors(), connect(warehouse, application_name=FLOW) as conn:
        runs = RunStore(conn, FLOW)
        runs.announce(asked.run_id, asked.trigger, asked.params.to_json())
        runs.finish(asked.run_id, "skipped", counts=result, error=reason)
    return result


def something_waits(source: ConnectionSource) -> bool:
    """Tell whether there is any local entity, or a create whose outcome is open."""
    with mongo.connect(require_connection(source, "broadstreet_mongo")) as db:
        return ExportStore(db).anything_waits() or Journal(db).anything_open()


class _Session:
    """One attempt of one run, with everything it has opened."""

    def __init__(
        self, asked: ExportRun, conn: Warehouse, db: Mongo, runs: RunStore, run: Run
    ) -> None:
        self._asked = asked
        self._conn = conn
        self._db = db
        self._runs = runs
        self._run = run
        self._usage = Usage()
        self._started = time.monotonic()
        self._store = ExportStore(db)
        self._journal = Journal(db)
        self._settings = ExportSettings.from_connection(
            require_connection(asked.source, "broadstreet_default")
        )

    def run(self) -> dict[str, Any]:
        with ExitStack() as stack:
            client = stack.enter_context(
                open_client(
                    self._asked.source, usage=self._usage, on_degraded=self._tell_of_slow_pace
                )
            )
            dry = self._asked.params.dry_run
            network_of = self._store.network_of
            scopes = Scopes(client, self._journal, network_of, keeps_snapshots=not dry)
            if dry:
                return self._planned(scopes)
            if generations.recover(self._db):
                logger.warning("a swap that was interrupted has been finished")
            account = account_settings(self._asked.source)
            sender = Sender(
                client=client,
                scopes=scopes,
                store=self._store,
                journal=self._journal,
                settings=self._settings,
                run_id=self._asked.run_id,
                backoff_seconds=account.backoff_seconds,
                concurrency=account.concurrency,
                guard=self._check_lock,
                step=self._asked.step,
                restored=Restored.load(self._db),
            )
            progress = stack.enter_context(Progress(self._connect, self._run, self._asked.watch))
            exporter = Exporter(
                sender=sender,
                store=self._store,
                journal=self._journal,
                settings=self._settings,
                params=self._asked.params,
                run_id=self._asked.run_id,
                concurrency=account.concurrency,
                expect=_Totals(progress).expect,
                add=progress.add,
            )
            return self._finished(exporter.run())

    def _planned(self, scopes: Scopes) -> dict[str, Any]:
        selected = select(self._store, self._journal, self._settings, self._asked.params)
        plan = Planner(selected, scopes, self._settings).plan()
        result: dict[str, Any] = {
            "status": "completed",
            "dry_run": True,
            "plan": plan,
            **self._identity(),
        }
        self._runs.finish(self._asked.run_id, result["status"], counts=result)
        return result

    def _finished(self, report: ExportReport) -> dict[str, Any]:
        result: dict[str, Any] = {**report.to_json(), "dry_run": False, **self._identity()}
        self._log(report, datetime.now(UTC))
        self._tell_of_undecided()
        failed = report.of_status("failed")
        self._runs.reject(self._run, [_reject(line) for line in failed])
        used = {**self._used(), "queries": self._conn.queries}
        with self._conn.transaction():
            self._runs.record_usage(self._asked.run_id, used)
            self._runs.emit(self._run, EVENT, summary(result))
            self._runs.finish(self._asked.run_id, result["status"], counts=result)
        sent = report.of_status("exported")
        if failed and (not sent or report.failed_share() > self._settings.max_failed_share):
            raise _failure(failed, len(sent))
        return result | self._used()

    def _log(self, report: ExportReport, at: datetime) -> None:
        for entity_type, counts in report.counts().items():
            failed = [
                {"local_id": line.local_id, "kind": line.kind, "message": line.reason}
                for line in report.of_status("failed")
                if line.entity_type == entity_type
            ]
            self._store.log(
                entity_type,
                self._asked.run_id,
                {
                    "timestamp": at,
                    "success": not failed,
                    "duration": float(counts.get("duration_seconds", 0)),
                    "entities_processed": counts["total"],
                    "errors": failed[:_SHOWN_ERRORS],
                    "counts": counts,
                },
            )

    def _tell_of_undecided(self) -> None:
        """Alert about each entity that only a person can decide, until somebody has."""
        asked, stopped = self._asked, self._journal.of_status(states.STOPPED)
        alerts = [undecided(FLOW, asked.run_id, each, link=asked.link) for each in stopped]
        for alert in alerts:
            raise_alert(asked.source, alert)
        resolve_gone(self._conn, FLOW, [AlertKind.EXPORT_UNDECIDED], alerts)

    def _identity(self) -> dict[str, Any]:
        return {
            "run_id": self._asked.run_id,
            "attempt": self._run.attempt,
            "duration_seconds": round(time.monotonic() - self._started, 3),
            "api_calls": self._usage.calls,
        }

    def _used(self) -> dict[str, int]:
        return {
            "api_calls": self._usage.calls,
            "retries": self._usage.retries,
            "bytes_received": self._usage.bytes_received,
            "peak_memory_bytes": peak_memory_bytes(),
        }

    def _check_lock(self) -> None:
        """Raise StorageError where the lock's connection is gone, and with it perhaps the lock."""
        try:
            self._conn.execute("SELECT 1")
        except psycopg.OperationalError as error:
            message = f"The lock was lost with its connection: {type(error).__name__}"
            raise StorageError(message) from error

    def _connect(self) -> Warehouse:
        warehouse = require_connection(self._asked.source, "warehouse_postgres")
        return connect(warehouse, application_name=f"{FLOW}_progress")

    def _tell_of_slow_pace(self, text: str) -> None:
        alert = limiter_degraded(FLOW, self._asked.run_id, text, link=self._asked.link)
        raise_alert(self._asked.source, alert)


class _Totals:
    """Adds up what the exporter comes to expect, one by one."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._totals: dict[str, int] = {}

    def expect(self, entity_type: str, more: int) -> None:
        total = self._totals[entity_type] = self._totals.get(entity_type, 0) + more
        self._progress.expect(entity_type, total)


def summary(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the counts of a result, without its lists of entities."""
    counts: Mapping[str, Mapping[str, Any]] = result.get("entity_types", {})
    sums = {
        name: sum(part[name] for part in counts.values())
        for name in ("exported", "adopted", "skipped", "failed")
    }
    plain = ("status", "dry_run", "run_id", "attempt", "duration_seconds", "api_calls")
    shown = {name: result[name] for name in plain if name in result}
    if "plan" in result:
        sums = {"planned": len(result["plan"])}
    return {**shown, **sums, "entity_types": dict(counts)}


def _failure(failed: list[Line], sent: int) -> SyncError:
    """Return the error of a run in which too little went well; outages are tried again."""
    first = failed[0]
    message = (
        f"{len(failed)} of {len(failed) + sent} entities could not be exported; the first: "
        f"{first.entity_type.singular} {first.local_id}: {first.reason}"
    )
    heals = all(line.kind in {"network", "quota"} for line in failed)
    return TemporaryError(message) if heals else PermanentError(message)


def _reject(line: Line) -> Reject:
    return Reject(
        entity=line.entity_type,
        external_id=line.local_id,
        reason=f"{line.kind}: {line.reason}",
        item={"name": line.name},
        audit_key=None,
    )
