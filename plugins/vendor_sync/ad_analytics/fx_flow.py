"""Brings the exchange rates home: the European Central Bank's, and what an operator loads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from vendor_sync.ad_analytics import fx
from vendor_sync.ad_analytics.ports import Wire
from vendor_sync.ad_analytics.records import FxRateRecord
from vendor_sync.ad_analytics.roas import store_rates, total_days
from vendor_sync.alert_rules import error_rate, interrupted
from vendor_sync.alerts import raise_alert, resolve_failure
from vendor_sync.audit import AuditArchive, s3_client
from vendor_sync.connections import ConnectionSource, require_connection
from vendor_sync.errors import ConfigurationError, SyncError
from vendor_sync.postgres import Warehouse, connect, load_query, lock_flow, storage_errors
from vendor_sync.rate_limit import Unlimited
from vendor_sync.rest_client import Usage
from vendor_sync.runs import Reject, Run, RunStore
from vendor_sync.telemetry import span

FLOW = "fx_rates_sync"
# As far back as the first sync of an account goes, and a week for the rate before.
_FIRST_DAYS_BACK = timedelta(days=97)
# The bank corrects a rate now and then.
_OVERLAP = timedelta(days=7)
Read = Callable[[Warehouse, Run], tuple[Sequence[FxRateRecord], Sequence[Reject]]]
_LOCK_WAIT_SECONDS = 60


@span("fx_rates_sync")
def sync_rates(
    source: ConnectionSource,
    *,
    run_id: str,
    trigger: str,
    link: str | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> dict[str, Any]:
    """Read the bank's rates since the last one that is here, and convert again what they count for.

    The connection `ecb_default` (host) is optional: without it the bank's own address is asked.
    """

    def read(conn: Warehouse, run: Run) -> tuple[Sequence[FxRateRecord], Sequence[Reject]]:
        connection = source("ecb_default")
        bucket = require_connection(source, "audit_s3")
        archive = AuditArchive(
            s3_client(bucket),
            connection=bucket,
            redact=lambda entity, body: fx.REDACTORS[entity].redact_body(body),
            flow=FLOW,
            run_id=run.run_id,
            attempt=run.attempt,
            started_at=run.started_at,
        )
        wire = Wire(limiter=Unlimited(), usage=Usage(), archive=archive)
        host = connection.host if connection else ""
        client = fx.open_client(wire, host or fx.HOST)
        try:
            batch = client.read_rates(_since(conn, clock().date()))
        finally:
            client.close()
        return batch.records, batch.rejects

    return _store(source, run_id, trigger, read, link=link)


def load_rates(source: ConnectionSource, file: Path, *, run_id: str) -> dict[str, Any]:
    """Load an operator's CSV (day, base_currency, quote_currency, rate); bad lines are refused."""
    try:
        records, rejects = fx.rates_from_csv(file.read_text(encoding="utf-8-sig").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        message = f"{file} cannot be read: {error}"
        raise ConfigurationError(message) from None

    def read(_conn: Warehouse, _run: Run) -> tuple[Sequence[FxRateRecord], Sequence[Reject]]:
        return records, rejects

    return _store(source, run_id, "cli", read)


def _store(
    source: ConnectionSource,
    run_id: str,
    trigger: str,
    read: Read,
    *,
    link: str | None = None,
) -> dict[str, Any]:
    warehouse = require_connection(source, "warehouse_postgres")
    with storage_errors(), connect(warehouse, application_name=FLOW) as conn:
        runs = RunStore(conn, FLOW)
        runs.announce(run_id, trigger, {})
        lock_flow(conn, FLOW, wait_seconds=_LOCK_WAIT_SECONDS)
        run = runs.begin(run_id)
        try:
            result = _merge(conn, runs, run, *read(conn, run))
        except SyncError as error:
            runs.finish(run_id, "failed", error=str(error))
            raise
        runs.finish(run_id, result["status"], counts=result)
        resolve_failure(conn, FLOW, run_id)
    refused: int = result["rejected"]
    says = f"{refused} rates were refused, {result['rates']} taken: see ops.sync_rejects."
    read_rates = refused + result["rates"]
    for alert in (
        error_rate(FLOW, run_id, errors=refused, operations=read_rates, says=says, link=link),
        interrupted(FLOW, run_id, run.interruptions, link=link),
    ):
        if alert:
            raise_alert(source, alert)
    return result


def _since(conn: Warehouse, today: date) -> date:
    row = conn.execute(load_query("analytics/get_last_rate_day.sql")).fetchone()
    last: date | None = row[0] if row else None
    return today - _FIRST_DAYS_BACK if last is None else last - _OVERLAP


def _merge(
    conn: Warehouse,
    runs: RunStore,
    run: Run,
    records: Sequence[FxRateRecord],
    rejects: Sequence[Reject],
) -> dict[str, Any]:
    if rejects:
        runs.reject(run, rejects)
    written = store_rates(conn, records)
    totals = total_days(conn)
    return {
        "status": "completed_with_errors" if rejects else "completed",
        "rates": len(records),
        "rates_written": written,
        "rejected": len(rejects),
        "days_totalled": totals.days,
    }
