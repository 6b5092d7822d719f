"""The inbox: alerts by state, and what a person may do to one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from enum import StrEnum

from vendor_sync.connections import ConnectionSource
from vendor_sync.errors import SyncError
from vendor_sync.sync_center.queries import Ops, Row
from vendor_sync.sync_center.wording import Status

SHOWN = 50
SEVERITIES = {"critical": Status("Critical", "bad"), "warning": Status("Warning", "warn")}


class State(StrEnum):
    """How far somebody has got with an alert."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Step(StrEnum):
    """What a person does to an alert."""

    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"


_QUERIES = {Step.ACKNOWLEDGE: "acknowledge_alert", Step.RESOLVE: "resolve_alert"}


class AlertGoneError(SyncError):
    """The alert is not there, or it is closed already."""


def inbox(
    source: ConnectionSource, flows: Collection[str], state: State, before: int | None
) -> tuple[list[Row], Row]:
    """Return a page of alerts in one state, and how many are open and acknowledged."""
    names = sorted(flows)
    shared = {"flows": names, "before": before, "at_most": SHOWN}
    query, more = "list_resolved_alerts", {}
    if state is not State.RESOLVED:
        query, more = "list_open_alerts", {"is_acknowledged": state is State.ACKNOWLEDGED}
    found = Ops(source).many({query: shared | more, "count_open_alerts": {"flows": names}})
    return found[query], found["count_open_alerts"][0]


def take(
    source: ConnectionSource, alert_key: int, flows: Collection[str], step: Step, who: str
) -> None:
    """Acknowledge or resolve an alert of one of these flows; AlertGoneError where that is late."""
    asked = {"alert_key": alert_key, "flows": sorted(flows)}
    done = Ops(source).rows(_QUERIES[step], **asked, who=who, now=datetime.now(UTC))
    if done:
        return
    message = "There is no such alert among the flows that you may start."
    if Ops(source).rows("get_alert_state", **asked):
        message = "The alert is resolved already: somebody else, or a run that went well, did it."
    raise AlertGoneError(message)
