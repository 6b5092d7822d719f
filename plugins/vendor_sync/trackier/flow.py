"""Opens what a Trackier sync needs, runs it under the flow's lock, and records how it ended."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from vendor_sync.alert_rules import broken_rules, limiter_degraded
from vendor_sync.alerts import raise_alert, resolve_failure
from vendor_sync.audit import AuditArchive, s3_client
from vendor_sync.connections import Connection, ConnectionSource, require_connection
from vendor_sync.flow_runs import LOCK_WAIT_SECONDS, Watch, failure_recorded, schema_errors
from vendor_sync.postgres import Warehouse, connect, lock_flow, storage_errors
from vendor_sync.rate_limit import RateLimiter, SharedLimiter, Unlimited
from vendor_sync.redis_client import redis_client
from vendor_sync.rest_client import Usage
from vendor_sync.runs import Progress, Run, RunStore, peak_memory_bytes
from vendor_sync.telemetry import span
from vendor_sync.trackier.client import REDACTORS, TrackierClient, trackier_client
from vendor_sync.trackier.settings import TrackierParams, TrackierSettings
from vendor_sync.trackier.sync import OfferSync

FLOW = "trackier_offer_sync"


@span(FLOW)
def run_offer_sync(  # noqa: PLR0913 - all keyword
    source: ConnectionSource,
    *,
    run_id: str,
    trigger: str,
    params: Mapping[str, Any],
    lock_wait_seconds: float = LOCK_WAIT_SECONDS,
    watch: Watch | None = None,
    link: str | None = None,
) -> dict[str, Any]:
    """Run one sync and return its result (the spec's fields, all JSON).

    The same `run_id` again takes up a run that was killed, and reports the counts of one clean run.
    Raises LockedError when another run is at work for `lock_wait_seconds` (the run then still
    waits its turn; see `skip_run`), else the SyncError that ended the run, which is recorded.
    `link` leads from an alert to the run and its log.
    """
    parsed = TrackierParams.parse(params)
    warehouse = require_connection(source, "warehouse_postgres")
    with storage_errors(), connect(warehouse, application_name=FLOW) as conn:
        runs = RunStore(conn, FLOW)
        with schema_errors(warehouse):
            runs.announce(run_id, trigger, parsed.to_json())
        lock_flow(conn, FLOW, wait_seconds=lock_wait_seconds)
        run = runs.begin(run_id)
        with failure_recorded(warehouse, FLOW, run_id):
            session = _Session(source, warehouse, conn, runs, run, parsed, watch, link)
            result = session.run()
        resolve_failure(conn, FLOW, run_id)
    if not parsed.dry_run:
        seen = result | {"interruptions": run.interruptions}
        for alert in broken_rules(FLOW, seen, link=link):
            raise_alert(source, alert)
    return result


class _Session:
    """One attempt of one run, with everything it has opened."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts of an attempt
        self,
        source: ConnectionSource,
        warehouse: Connection,
        conn: Warehouse,
        runs: RunStore,
        run: Run,
        params: TrackierParams,
        watch: Watch | None,
        link: str | None,
    ) -> None:
        self._source = source
        self._warehouse = warehouse
        self._conn = conn
        self._runs = runs
        self._run = run
        self._params = params
        self._watch = watch
        self._link = link
        self._usage = Usage()
        self._started = time.monotonic()

    def run(self) -> dict[str, Any]:
        trackier = require_connection(self._source, "trackier_default")
        settings = TrackierSettings.from_connection(trackier)
        with ExitStack() as stack:
            archive = self._archive()
            rest = trackier_client(
                trackier,
                settings,
                limiter=self._limiter(settings, stack),
                usage=self._usage,
                archive=archive,
            )
            stack.callback(rest.close)
            progress = stack.enter_context(Progress(self._connect, self._run, self._watch))
            stack.callback(lambda: self._record_usage(progress))
            if self._params.dry_run:
                stack.enter_context(self._rolled_back())
            result = OfferSync(
                client=TrackierClient(rest),
                conn=self._conn,
                runs=self._runs,
                run=self._run,
                settings=settings,
                params=self._params,
                progress=progress,
            ).run()
        if self._params.dry_run:
            self._runs.finish(self._run.run_id, result["status"], counts=result)
        return result | self._used() | {"run_id": self._run.run_id, "attempt": self._run.attempt}

    def _connect(self) -> Warehouse:
        return connect(self._warehouse, application_name=f"{FLOW}_progress")

    def _archive(self) -> AuditArchive | None:
        if self._params.dry_run:
            return None
        connection = require_connection(self._source, "audit_s3")
        archive = AuditArchive(
            s3_client(connection),
            connection=connection,
            redact=lambda entity, body: REDACTORS[entity].redact_body(body),
            flow=FLOW,
            run_id=self._run.run_id,
            attempt=self._run.attempt,
            started_at=self._run.started_at,
        )
        archive.check()
        return archive

    def _limiter(self, settings: TrackierSettings, stack: ExitStack) -> RateLimiter:
        if not settings.requests_per_second:
            return Unlimited()
        connection = require_connection(self._source, "analytics_redis")
        client = redis_client(connection, timeout_seconds=2)
        stack.callback(client.close)
        return SharedLimiter(
            client,
            name="trackier",
            per_second=settings.requests_per_second,
            workers=settings.workers,
            on_degraded=self._tell_of_slow_pace,
        )

    def _tell_of_slow_pace(self, text: str) -> None:
        alert = limiter_degraded(FLOW, self._run.run_id, text, link=self._link)
        raise_alert(self._source, alert)

    @contextmanager
    def _rolled_back(self) -> Generator[None]:
        """Do the whole run in one transaction that never happened."""
        with self._conn.transaction(force_rollback=True):
            yield

    def _used(self) -> dict[str, Any]:
        return {
            "duration_seconds": round(time.monotonic() - self._started, 3),
            "api_calls": self._usage.calls,
            "retries": self._usage.retries,
            "queries": self._conn.queries,
            "bytes_received": self._usage.bytes_received,
            "peak_memory_bytes": peak_memory_bytes(),
        }

    def _record_usage(self, progress: Progress) -> None:
        used = self._used()
        del used["duration_seconds"]
        used["queries"] += progress.queries + 1
        if not self._conn.broken:
            self._runs.record_usage(self._run.run_id, used)
