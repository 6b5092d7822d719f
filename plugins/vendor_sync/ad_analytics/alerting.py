"""Whom a run alerts about what: connections that need a person, campaigns that fell behind."""

from __future__ import annotations

from collections.abc import Sequence

from vendor_sync.ad_analytics.state import Outcome, PartResult
from vendor_sync.alerts import Alert, AlertKind, raise_alert, resolve
from vendor_sync.connections import ConnectionSource
from vendor_sync.postgres import Warehouse
from vendor_sync.runs import Run

_SHOWN_CAMPAIGNS = 20
_TROUBLES = {
    AlertKind.NEEDS_REAUTH: "needs a new login",
    AlertKind.CONNECTION_FAILED: "failed, and trying again will not help",
}


def tell_of_campaigns(
    source: ConnectionSource, run: Run, workspace_id: int, messages: list[str]
) -> None:
    """Alert about a workspace's campaigns that fell below their own history in this run."""
    shown = messages[:_SHOWN_CAMPAIGNS]
    more = len(messages) - len(shown)
    raise_alert(
        source,
        Alert(
            kind=AlertKind.CAMPAIGN_PERFORMANCE,
            flow=run.flow,
            run_id=run.run_id,
            cause=f"{run.run_id}-workspace-{workspace_id}",
            title=f"Workspace {workspace_id}: {len(messages)} campaigns below their own history",
            message="\n".join([*shown, f"and {more} more"] if more else shown),
        ),
    )


def tell_of_connections(
    source: ConnectionSource,
    conn: Warehouse,
    run: Run,
    results: Sequence[PartResult],
    link: str | None,
) -> None:
    """Alert a person where only a person can help, once per connection and cause; or take it back.

    What heals by itself is told by the task, when all its tries are used up.
    """
    healthy: list[Alert] = []
    for result in results:
        if result.outcome is Outcome.COMPLETED:
            healthy += [_trouble(run, result, kind) for kind in _TROUBLES]
        elif result.outcome is Outcome.NEEDS_REAUTH and result.newly_needs_reauth:
            raise_alert(source, _trouble(run, result, AlertKind.NEEDS_REAUTH, link))
        elif result.outcome is Outcome.FAILED:
            raise_alert(source, _trouble(run, result, AlertKind.CONNECTION_FAILED, link))
    if healthy:
        resolve(conn, healthy)


def _trouble(run: Run, result: PartResult, kind: AlertKind, link: str | None = None) -> Alert:
    return Alert(
        kind=kind,
        flow=run.flow,
        run_id=run.run_id,
        cause=f"connection-{result.connection_id}",
        title=f"{run.flow}: {result.vendor} connection {result.connection_id} {_TROUBLES[kind]}",
        message=result.error or "",
        link=link,
    )
