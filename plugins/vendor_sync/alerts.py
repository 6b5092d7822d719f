"""Alerts: one open row a cause, kept first and delivered then, so that none is lost.

A row is written (or counted again) under the fingerprint of its cause; each configured channel
gets a delivery that stays pending until the channel has taken it. Whoever raises an alert tries
to deliver what is due; `deliver_alerts`, run regularly, takes up the rest.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row

from vendor_sync.alert_channels import DeliveryError, Message, channels, send
from vendor_sync.connections import ConnectionSource, require_connection
from vendor_sync.errors import SyncError
from vendor_sync.postgres import Warehouse, connect, load_query, storable
from vendor_sync.runbooks import runbook_url

logger = logging.getLogger(__name__)
SENT_PER_HOUR = 10
_FIRST_WAIT = timedelta(seconds=15)
_LONGEST_WAIT = timedelta(minutes=2)


class AlertKind(StrEnum):
    """What happened; docs/runbooks/<kind>.md says what to do about it."""

    TASK_FAILED = "task_failed"
    RETRIES_EXHAUSTED = "retries_exhausted"
    STORAGE_UNREACHABLE = "storage_unreachable"
    RUN_FAILED = "run_failed"
    RUN_INTERRUPTED = "run_interrupted"
    SLA_MISSED = "sla_missed"
    DEADLINE_MISSED = "deadline_missed"
    BREAKER_OPEN = "breaker_open"
    ERROR_RATE = "error_rate"
    MEMORY = "memory"
    LIMITER_DEGRADED = "limiter_degraded"
    PROMOTION_NOT_COMPILED = "promotion_not_compiled"
    PROMOTION_OVER_LIMIT = "promotion_over_limit"
    PROMOTIONS_EXPIRING = "promotions_expiring"
    PROMOTIONS_UNUSED = "promotions_unused"
    NEEDS_REAUTH = "needs_reauth"
    CONNECTION_FAILED = "connection_failed"
    CAMPAIGN_PERFORMANCE = "campaign_performance"
    CONSISTENCY_ISSUES = "consistency_issues"
    EXPORT_UNDECIDED = "export_undecided"


# Four ways to see the same thing: whichever is seen first is the one that is told.
_FAILURES = frozenset(
    {
        AlertKind.TASK_FAILED,
        AlertKind.RETRIES_EXHAUSTED,
        AlertKind.STORAGE_UNREACHABLE,
        AlertKind.RUN_FAILED,
    }
)
# What a later run of the flow that is `completed` shows to be over. Not a task's own failure: what
# it was about may be what no later run does again.
_OVER = frozenset(
    {
        AlertKind.RETRIES_EXHAUSTED,
        AlertKind.STORAGE_UNREACHABLE,
        AlertKind.RUN_FAILED,
        AlertKind.RUN_INTERRUPTED,
        AlertKind.SLA_MISSED,
        AlertKind.DEADLINE_MISSED,
        AlertKind.BREAKER_OPEN,
        AlertKind.ERROR_RATE,
        AlertKind.MEMORY,
        AlertKind.LIMITER_DEGRADED,
    }
)
_CRITICAL = _FAILURES | {AlertKind.BREAKER_OPEN, AlertKind.PROMOTION_NOT_COMPILED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something that a person should look at. `title` and `message` hold no secret.

    `cause` names what outlives a run, such as a record that is wrong; else the run is the cause.
    """

    kind: AlertKind
    flow: str
    title: str
    message: str
    run_id: str | None = None
    task_id: str | None = None
    cause: str | None = None
    link: str | None = None

    @property
    def severity(self) -> str:
        """Return `critical` where data is not coming, else `warning`."""
        return "critical" if self.kind in _CRITICAL else "warning"

    @property
    def fingerprint(self) -> str:
        """Name the cause: a run that failed has failed once, a late one is late once.

        Parts of a run that fail each for themselves (a source, a shard) name themselves as cause.
        """
        if self.kind in _FAILURES:
            part = f"/{self.cause}" if self.cause else ""
            return failure_fingerprint(self.flow, self.run_id) + part
        return f"{self.kind}/{self.flow}/{self.cause or self.run_id}"


def failure_fingerprint(flow: str, run_id: str | None) -> str:
    """Return what all alerts about the failure of one run have in common."""
    return f"failure/{flow}/{run_id}"


def raise_alert(source: ConnectionSource, alert: Alert) -> bool:
    """Keep and deliver an alert; tell whether it is a new one.

    Never raises: it tells of a problem and must not become one.
    """
    logger.error("%s: %s - %s", alert.kind, alert.title, alert.message)
    try:
        return _raise_alert(source, alert)
    except Exception:
        logger.exception("the alert could neither be kept nor sent")
        return False


def _raise_alert(source: ConnectionSource, alert: Alert) -> bool:
    try:
        with _connected(source) as conn, conn.transaction():
            is_new = keep_alert(conn, source, alert)
    except (SyncError, psycopg.Error) as error:
        logger.warning("the alert cannot be kept, sending it at once: %s", error)
        _send_unkept(source, alert)
        return True
    deliver_alerts(source)
    return is_new


def keep_alert(conn: Warehouse, source: ConnectionSource, alert: Alert) -> bool:
    """Keep an alert in the caller's transaction, and tell whether it is a new one.

    For what is seen only once, such as a change of state: both are there, or neither. Whoever has
    committed calls `deliver_alerts`; if it is killed before, the next delivery takes it along.
    """
    row = {
        "fingerprint": alert.fingerprint,
        "kind": alert.kind,
        "severity": alert.severity,
        "flow": alert.flow,
        "run_id": alert.run_id,
        "task_id": alert.task_id,
        "title": storable(alert.title),
        "message": storable(alert.message),
        "link": alert.link,
        "runbook": runbook_url(alert.kind),
        "now": datetime.now(UTC),
    }
    found = conn.execute(load_query("ops/upsert_alert.sql"), row).fetchone()
    assert found is not None  # noqa: S101 - INSERT ... RETURNING
    alert_key, is_new = found
    if is_new:
        _put_on_its_way(conn, channels(source), row | {"alert_key": alert_key})
    return is_new


def _put_on_its_way(conn: Warehouse, names: list[str], row: dict[str, Any]) -> None:
    """Queue a new alert for all channels, unless too many of its kind were sent of late."""
    found = conn.execute(load_query("ops/count_sent_alerts.sql"), row).fetchone()
    sent: int = found[0] if found else 0
    status = "pending" if sent < SENT_PER_HOUR else "withheld"
    conn.execute(
        load_query("ops/insert_alert_deliveries.sql"), {**row, "channels": names, "status": status}
    )


def resolve_failure(conn: Warehouse, flow: str, run_id: str) -> None:
    """Close what a run that went well shows to be over.

    The alerts about its own failure, as it was repeated; and, where it is `completed`, those of
    earlier runs that nobody has taken and of which it shows the opposite (`_OVER`). Call it before
    the run's own rules raise theirs.
    """
    now = datetime.now(UTC)
    conn.execute(
        load_query("ops/resolve_run_failures.sql"),
        {"fingerprint": failure_fingerprint(flow, run_id), "now": now},
    )
    conn.execute(
        load_query("ops/resolve_earlier_alerts.sql"),
        {"flow": flow, "run_id": run_id, "kinds": sorted(map(str, _OVER)), "now": now},
    )


def resolve(conn: Warehouse, alerts: Iterable[Alert]) -> None:
    """Close the alerts of these causes, where they are open: what they told of is over."""
    _close(conn, [alert.fingerprint for alert in alerts])


def _close(conn: Warehouse, fingerprints: list[str]) -> None:
    conn.execute(
        load_query("ops/resolve_alerts.sql"),
        {"fingerprints": fingerprints, "now": datetime.now(UTC)},
    )


def resolve_gone(
    conn: Warehouse, flow: str, kinds: Sequence[AlertKind], still: Iterable[Alert]
) -> int:
    """Close a flow's open alerts of some kinds, except those that are `still` raised; count them.

    For flows that look at everything each time: what they do not find any more is over.
    """
    params = {
        "flow": flow,
        "kinds": [str(kind) for kind in kinds],
        "fingerprints": [alert.fingerprint for alert in still],
        "now": datetime.now(UTC),
    }
    return conn.execute(load_query("ops/resolve_gone_alerts.sql"), params).rowcount


def deliver_alerts(source: ConnectionSource, conn: Warehouse | None = None) -> dict[str, int]:
    """Deliver what is due, oldest first; return how many were delivered and how many were not.

    A channel that refuses one alert is left alone until the next call. `conn` is used if the caller
    has one that is in no transaction.
    """
    open_channels = channels(source)
    outcome = {"delivered": 0, "undelivered": 0}
    try:
        with nullcontext(conn) if conn else _connected(source) as warehouse:
            while open_channels and (sent := _deliver_next(warehouse, source, open_channels)):
                channel, error = sent
                outcome["undelivered" if error else "delivered"] += 1
                if error:
                    logger.warning("the alert channel %s is down: %s", channel, error)
                    open_channels.remove(channel)
    except (SyncError, psycopg.Error) as error:
        logger.warning("alerts cannot be delivered now: %s", error)
    return outcome


def _deliver_next(
    conn: Warehouse, source: ConnectionSource, names: list[str]
) -> tuple[str, str | None] | None:
    """Send the next due alert; return its channel and what went wrong, None if none is due."""
    now = datetime.now(UTC)
    with conn.transaction():
        row = (
            conn.cursor(row_factory=dict_row)
            .execute(load_query("ops/take_alert_delivery.sql"), {"channels": names, "now": now})
            .fetchone()
        )
        if row is None:
            return None
        try:
            send(source, row["channel"], _message(row))
        except DeliveryError as error:
            wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(row["attempts"], 10))
            conn.execute(
                load_query("ops/note_alert_undelivered.sql"),
                {**row, "error": str(error), "next_try_at": now + wait},
            )
            return row["channel"], str(error)
        delivered = {**row, "now": datetime.now(UTC)}
        conn.execute(load_query("ops/note_alert_delivered.sql"), delivered)
        return row["channel"], None


def _message(row: DictRow) -> Message:
    names = ("kind", "flow", "run_id", "task_id")
    facts = {name.removesuffix("_id"): str(row[name]) for name in names if row[name]}
    return Message(
        severity=row["severity"],
        title=row["title"],
        message=row["message"],
        facts=facts | {"alert": str(row["alert_key"])},
        link=row["link"],
        runbook=row["runbook"],
        opened_at=row["opened_at"],
    )


def _send_unkept(source: ConnectionSource, alert: Alert) -> None:
    """Send without a row: the database that keeps alerts is what is broken."""
    row = {name: getattr(alert, name) for name in ("kind", "severity", "flow", "run_id", "task_id")}
    texts = {"title": alert.title, "message": alert.message, "link": alert.link}
    texts["runbook"] = runbook_url(alert.kind)
    message = _message({**row, **texts, "alert_key": "not kept", "opened_at": datetime.now(UTC)})
    for channel in channels(source):
        try:
            send(source, channel, message)
        except DeliveryError as error:
            logger.error("the alert could neither be kept nor sent to %s: %s", channel, error)  # noqa: TRY400 - no more to say


def _connected(source: ConnectionSource) -> Warehouse:
    warehouse = require_connection(source, "warehouse_postgres")
    return connect(warehouse, application_name="vendor_sync_alerts")
