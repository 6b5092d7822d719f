"""Runs an import: its turn, its records in `ops` and `sync_logs`, how it ended.

`run_import` does all of it in one process. Airflow calls the same three steps as tasks: `begin`,
`import_level` for each level, `finish`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from pymongo.errors import PyMongoError

from vendor_sync import mongo
from vendor_sync.alert_rules import broken_rules, limiter_degraded
from vendor_sync.alerts import raise_alert, resolve_failure
from vendor_sync.broadstreet import generations, lease, schema
from vendor_sync.broadstreet.account import account_settings, open_client
from vendor_sync.broadstreet.client import Refused
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.import_results import import_result, read_logs, write_log
from vendor_sync.broadstreet.import_settings import ImportParams, Mode
from vendor_sync.broadstreet.importer import Importer
from vendor_sync.broadstreet.rebuilding import carry_exported
from vendor_sync.connections import ConnectionSource, require_connection
from vendor_sync.errors import PermanentError, SyncError
from vendor_sync.flow_runs import LOCK_WAIT_SECONDS, Watch, schema_errors
from vendor_sync.mongo import Mongo
from vendor_sync.postgres import Warehouse, connect, lock_flow, storage_errors
from vendor_sync.rest_client import Usage
from vendor_sync.runs import Progress, Reject, Run, RunStore, peak_memory_bytes
from vendor_sync.telemetry import span

logger = logging.getLogger(__name__)
FLOW = "broadstreet_import"
EVENT = "sync.broadstreet.imported"
_NO_PAUSE = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRun:
    """Which run, asked by whom to do what; `link` leads from an alert to it."""

    source: ConnectionSource
    run_id: str
    params: ImportParams
    trigger: str = "manual"
    lock_wait_seconds: float = LOCK_WAIT_SECONDS
    watch: Watch | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """What a step works with, while it holds the locks."""

    asked: ImportRun
    conn: Warehouse
    db: Mongo
    runs: RunStore
    run: Run

    @property
    def build(self) -> str:
        """Return what this attempt's new collections are named after."""
        return f"{self.run.run_key}_{self.run.attempt}"


@span("broadstreet_import.run_import")
def run_import(asked: ImportRun) -> dict[str, Any]:
    """Run a whole import and return its result (all JSON).

    The same `run_id` again takes up a run that was killed, and reports the counts of one clean
    run. Raises LockedError while another import or an export is at work, else the SyncError that
    ended the run, which is recorded.
    """
    with _locked(asked, announced=True) as (conn, db):
        opened = _begun(asked, conn, db, lasting=_NO_PAUSE)
        with _failure_recorded(asked, db):
            with _working(opened, rerun=opened.run.attempt > 1) as work:
                for level in asked.params.levels:
                    work.import_level(level)
            return _finished(opened)


@span("broadstreet_import.begin")
def begin(asked: ImportRun) -> None:
    """Take the turn: the lease is the run's until `finish`, or too long a silence."""
    with _locked(asked, announced=True) as (conn, db):
        _begun(asked, conn, db, lasting=lease.PAUSE)


@span("broadstreet_import.types")
def import_types(asked: ImportRun, entity_types: Sequence[EntityType]) -> dict[str, Any]:
    """Import some types of one level for a run that has begun; return their counts."""
    with _locked(asked, alone=False) as (conn, db):
        lease.claim(db, asked.run_id, datetime.now(UTC))
        runs = RunStore(conn, FLOW)
        run = runs.resume(asked.run_id)
        opened = _Opened(asked=asked, conn=conn, db=db, runs=runs, run=run)
        try:
            with (
                _failure_recorded(asked, db, keep_lease=True),
                _working(opened, rerun=True) as work,
            ):
                return work.import_level(entity_types)
        finally:
            lease.claim(db, asked.run_id, datetime.now(UTC))


@span("broadstreet_import.finish")
def finish(asked: ImportRun) -> dict[str, Any]:
    """Swap in what a fresh import has built, sum up, and give the lease back.

    Raises PermanentError when a type's import has failed: the failure is that task's.
    """
    with _locked(asked) as (conn, db):
        runs = RunStore(conn, FLOW)
        run = runs.resume(asked.run_id)
        with _failure_recorded(asked, db):
            return _finished(_Opened(asked=asked, conn=conn, db=db, runs=runs, run=run))


def skip(asked: ImportRun) -> dict[str, Any]:
    """Record that a run gave up waiting, and return its result."""
    warehouse = require_connection(asked.source, "warehouse_postgres")
    result = {"status": "skipped"}
    reason = "Another import or an export was at work all the while."
    with storage_errors(), connect(warehouse, application_name=FLOW) as conn:
        RunStore(conn, FLOW).finish(asked.run_id, "skipped", counts=result, error=reason)
    return result


@contextmanager
def _locked(
    asked: ImportRun, *, alone: bool = True, announced: bool = False
) -> Generator[tuple[Warehouse, Mongo]]:
    """Open both stores and hold the locks: an export is kept out, and other imports if `alone`."""
    warehouse = require_connection(asked.source, "warehouse_postgres")
    store = require_connection(asked.source, "broadstreet_mongo")
    wait = asked.lock_wait_seconds
    with storage_errors(), connect(warehouse, application_name=FLOW) as conn:
        if announced:
            with schema_errors(warehouse):
                RunStore(conn, FLOW).announce(asked.run_id, asked.trigger, asked.params.to_json())
        lock_flow(conn, FLOW, wait_seconds=wait, shared=not alone)
        lock_flow(conn, schema.EXCLUSIVE_LOCK, wait_seconds=wait, shared=True)
        with mongo.connect(store) as db:
            yield conn, db


def _begun(asked: ImportRun, conn: Warehouse, db: Mongo, *, lasting: timedelta) -> _Opened:
    lease.claim(db, asked.run_id, datetime.now(UTC), lasting=lasting)
    runs = RunStore(conn, FLOW)
    run = runs.begin(asked.run_id)
    if not asked.params.dry_run:
        if set(schema.COLLECTIONS) - set(db.list_collection_names()):
            schema.apply(db)  # `migrate` has done it, as a rule
        if generations.recover(db):
            logger.warning("a swap that was interrupted has been finished")
        generations.drop_leftovers(db)
    return _Opened(asked=asked, conn=conn, db=db, runs=runs, run=run)


class _Work:
    """One process's part of a run: a client, and the importer that works with it."""

    def __init__(self, opened: _Opened, importer: Importer, usage: Usage) -> None:
        self._opened = opened
        self._importer = importer
        self._usage = usage
        self._told: dict[str, int] = {}

    def import_level(self, entity_types: Sequence[EntityType]) -> dict[str, Any]:
        """Import types of one level, log each, and return {type: counts}."""
        asked, db, began = self._opened.asked, self._opened.db, datetime.now(UTC)
        try:
            parts = self._importer.run_level(entity_types)
        except SyncError as error:
            for entity_type in entity_types:
                write_log(
                    db, asked.run_id, entity_type, began, params=asked.params, error=str(error)
                )
            raise
        for entity_type, part in parts.items():
            told: dict[str, Any] = {
                "part": part.to_json(),
                "usage": self._used(),
                "params": asked.params,
            }
            write_log(db, asked.run_id, entity_type, began, **told)
        return {str(entity_type): part.counts.to_json() for entity_type, part in parts.items()}

    def _used(self) -> dict[str, int]:
        """Return what was used since the last time, and the peak of memory so far."""
        now = {
            "api_calls": self._usage.calls,
            "retries": self._usage.retries,
            "bytes_received": self._usage.bytes_received,
            "queries": self._opened.conn.queries,
        }
        used = {name: number - self._told.get(name, 0) for name, number in now.items()}
        self._told = now
        return {**used, "peak_memory_bytes": peak_memory_bytes()}


@contextmanager
def _working(opened: _Opened, *, rerun: bool) -> Generator[_Work]:
    asked, run, usage = opened.asked, opened.run, Usage()
    with ExitStack() as stack:
        client = stack.enter_context(
            open_client(asked.source, usage=usage, on_degraded=lambda text: _slow(asked, text))
        )
        progress = stack.enter_context(Progress(_connector(asked), run, asked.watch))
        importer = Importer(
            client=client,
            db=opened.db,
            params=asked.params,
            settings=account_settings(asked.source),
            build=opened.build,
            run=run.run_key,
            rerun=rerun,
            now=datetime.now(UTC),
            progress=progress,
            refuse=lambda entity_type, refused: _reject(opened, entity_type, refused),
        )
        yield _Work(opened, importer, usage)


def _finished(opened: _Opened) -> dict[str, Any]:
    asked, run, db = opened.asked, opened.run, opened.db
    logs = read_logs(db, asked.run_id, asked.params.entity_types)
    failed = [name for name, log in logs.items() if not log["success"]]
    missing = [part for part in asked.params.entity_types if part not in logs]
    if failed or missing:
        message = f"Not imported: {', '.join([*failed, *missing])}. What failed has its own error."
        raise PermanentError(message)
    if asked.params.mode is Mode.FRESH and not asked.params.dry_run:
        for entity_type in asked.params.entity_types:
            carry_exported(db, entity_type, build=opened.build, since=run.started_at)
        generations.swap_in(db, opened.build, asked.params.entity_types)
    result = import_result(logs, asked.params, generation=generations.generation(db))
    result |= {"run_id": asked.run_id, "attempt": run.attempt}
    with opened.conn.transaction():
        opened.runs.record_usage(asked.run_id, {name: result[name] for name in _USED})
        if not asked.params.dry_run:
            opened.runs.emit(run, EVENT, result)
        opened.runs.finish(asked.run_id, result["status"], counts=result)
    lease.release(db, asked.run_id)
    resolve_failure(opened.conn, FLOW, asked.run_id)
    if not asked.params.dry_run:
        for alert in broken_rules(
            FLOW, result | {"interruptions": run.interruptions}, link=asked.link
        ):
            raise_alert(asked.source, alert)
    return result


_USED = ("api_calls", "retries", "queries", "bytes_received", "peak_memory_bytes")


def _connector(asked: ImportRun) -> Callable[[], Warehouse]:
    warehouse = require_connection(asked.source, "warehouse_postgres")
    return lambda: connect(warehouse, application_name=f"{FLOW}_progress")


def _reject(opened: _Opened, entity_type: EntityType, refused: Refused) -> None:
    if opened.asked.params.dry_run:
        return
    reject = Reject(
        entity=entity_type,
        external_id=refused.external_id,
        reason=refused.reason,
        item=refused.item,
        audit_key=None,
    )
    opened.runs.reject(opened.run, [reject])


def _slow(asked: ImportRun, text: str) -> None:
    raise_alert(asked.source, limiter_degraded(FLOW, asked.run_id, text, link=asked.link))


@contextmanager
def _failure_recorded(asked: ImportRun, db: Mongo, *, keep_lease: bool = False) -> Generator[None]:
    """Write why a run failed into its row; a whole run gives its lease back as well."""
    try:
        yield
    except Exception as error:
        words = str(error) if isinstance(error, SyncError) else type(error).__name__
        try:
            warehouse = require_connection(asked.source, "warehouse_postgres")
            with connect(warehouse, application_name=FLOW) as conn:
                RunStore(conn, FLOW).finish(asked.run_id, "failed", error=words)
            if not keep_lease:
                lease.release(db, asked.run_id)
        except (SyncError, psycopg.Error, PyMongoError):
            logger.exception("the run's failure could not be recorded")
        raise
