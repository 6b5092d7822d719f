"""Whom a run alerts about what: connections that need a person, figures that fell or are wrong.

What is seen once (a connection that stops, a campaign's bad day) is kept in the transaction that
writes it; what is looked up each time (consistency) is told from the tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vendor_sync.ad_analytics.state import Outcome, PartResult
from vendor_sync.alerts import Alert, AlertKind, keep_alert, raise_alert, resolve, resolve_gone
from vendor_sync.connections import ConnectionSource
from vendor_sync.postgres import Warehouse, load_query
from vendor_sync.runs import Run

FLOW = "ad_analytics_sync"
_SHOWN = 20
_TROUBLES = {
    AlertKind.NEEDS_REAUTH: "needs a new login",
    AlertKind.CONNECTION_FAILED: "failed, and trying again will not help",
}


def keep_campaigns(
    source: ConnectionSource,
    conn: Warehouse,
    run: Run,
    found: Mapping[int, Sequence[str]],
    *,
    link: str | None,
) -> None:
    """Keep an alert for each workspace with campaigns that fell below their own history."""
    for workspace_id, messages in found.items():
        alert = Alert(
            kind=AlertKind.CAMPAIGN_PERFORMANCE,
            flow=run.flow,
            run_id=run.run_id,
            cause=f"{run.run_id}-workspace-{workspace_id}",
            title=f"Workspace {workspace_id}: {len(messages)} campaigns below their own history",
            message=_listed(messages, len(messages)),
            link=link,
        )
        keep_alert(conn, source, alert)


def keep_troubles(
    source: ConnectionSource,
    conn: Warehouse,
    run: Run,
    results: Sequence[PartResult],
    *,
    link: str | None,
) -> None:
    """Keep an alert where only a person can help, once per connection and cause; or take it back.

    What heals by itself is told by the task, when all its tries are used up.
    """
    healthy: list[Alert] = []
    for result in results:
        if result.outcome is Outcome.COMPLETED:
            healthy += [_trouble(run, result, kind) for kind in _TROUBLES]
        elif result.outcome is Outcome.NEEDS_REAUTH and result.newly_needs_reauth:
            keep_alert(conn, source, _trouble(run, result, AlertKind.NEEDS_REAUTH, link))
        elif result.outcome is Outcome.FAILED:
            keep_alert(conn, source, _trouble(run, result, AlertKind.CONNECTION_FAILED, link))
    if healthy:
        resolve(conn, healthy)


def tell_of_issues(
    source: ConnectionSource, conn: Warehouse, run: Run, *, link: str | None
) -> None:
    """Alert about figures that cannot be right, once per workspace and kind until none is open."""
    rows = conn.execute(load_query("analytics/list_open_issues.sql"), {"shown": _SHOWN}).fetchall()
    alerts = [
        Alert(
            kind=AlertKind.CONSISTENCY_ISSUES,
            flow=run.flow,
            run_id=run.run_id,
            cause=f"workspace-{workspace_id}/{issue}",
            title=f"Workspace {workspace_id}: {number} open issues of kind {issue}",
            message=_listed(latest, number),
            link=link,
        )
        for workspace_id, issue, number, latest in rows
    ]
    for alert in alerts:
        raise_alert(source, alert)
    resolve_gone(conn, run.flow, [AlertKind.CONSISTENCY_ISSUES], alerts)


def _listed(lines: Sequence[str], number: int) -> str:
    shown = lines[:_SHOWN]
    more = number - len(shown)
    return "\n".join([*shown, f"and {more} more"] if more > 0 else shown)


def needs_reauth_alert(connection_id: int) -> Alert:
    """Return the alert about a connection that waits for a login, by its cause alone."""
    return Alert(
        kind=AlertKind.NEEDS_REAUTH,
        flow=FLOW,
        cause=_cause(connection_id),
        title=_TROUBLES[AlertKind.NEEDS_REAUTH],
        message="",
    )


def _trouble(run: Run, result: PartResult, kind: AlertKind, link: str | None = None) -> Alert:
    return Alert(
        kind=kind,
        flow=run.flow,
        run_id=run.run_id,
        cause=_cause(result.connection_id),
        title=f"{run.flow}: {result.vendor} connection {result.connection_id} {_TROUBLES[kind]}",
        message=result.error or "",
        link=link,
    )


def _cause(connection_id: int) -> str:
    return f"connection-{connection_id}"
