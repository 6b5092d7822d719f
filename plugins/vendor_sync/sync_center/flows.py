"""The first tab: a card a flow, its form, its runs, and one run with its progress and result."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from vendor_sync.connections import ConnectionSource
from vendor_sync.sync_center.queries import Ops, Row
from vendor_sync.sync_center.results import Result, arranged, told_lines
from vendor_sync.sync_center.wording import Status, status

# In the order of the page; a flow that Airflow does not have, or not for this user, is left out.
FLOWS = (
    "trackier_offer_sync", "broadstreet_import", "broadstreet_export", "ad_analytics_sync",
    "fx_rates_sync", "edge_usage_rollup", "edge_promotion_audit", "retention",
)  # fmt: skip
_ACTIVE = frozenset({"queued", "running", "restarting", "waiting"})
SHOWN_RUNS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AirflowRun:
    """A DAG run as Airflow has it."""

    run_id: str
    state: str
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    trigger: str
    log: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AirflowFlow:
    """A flow's DAG as Airflow has it; `slas` are how long its tasks may take, the longest last."""

    dag_id: str
    name: str
    is_paused: bool
    schedule: str
    next_run_at: datetime | None
    slas: Sequence[timedelta]
    last_run: AirflowRun | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """How far a run is with one entity type; `total` is None where nobody knows it."""

    name: str
    completed: int
    total: int | None

    @property
    def percent(self) -> int | None:
        """Return what is done, rounded down: 100 means all."""
        return min(100, 100 * self.completed // self.total) if self.total else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One run: what Airflow knows of it, and what the flow has written about it."""

    flow: str
    run_id: str
    airflow: AirflowRun | None
    row: Row = field(default_factory=dict[str, Any])
    bars: Sequence[Bar] = ()

    @property
    def state(self) -> str:
        """Return the flow's own word where it has one, unless Airflow knows that it is over."""
        own: str | None = self.row.get("status")
        known = self.airflow.state if self.airflow else None
        if own is None:
            return known or "waiting"
        if known in _ACTIVE:
            return own if own in _ACTIVE or own == "failed" else "running"
        return "failed" if known == "failed" or (own in _ACTIVE and known) else own

    @property
    def status(self) -> Status:
        """Return the state in words."""
        return status(self.state)

    @property
    def is_active(self) -> bool:
        """Tell whether it goes on; a failed attempt may, as long as Airflow tries again."""
        return (self.airflow.state if self.airflow else self.state) in _ACTIVE

    @property
    def started_at(self) -> datetime | None:
        """Return when it began, or was asked for."""
        if self.row:
            return self.row["started_at"]
        return self.airflow and (self.airflow.started_at or self.airflow.queued_at)

    @property
    def ended_at(self) -> datetime | None:
        """Return when it ended."""
        return self.row.get("finished_at") or (self.airflow.ended_at if self.airflow else None)

    @property
    def took(self) -> timedelta | None:
        """Return how long it took."""
        begun, ended = self.started_at, self.ended_at
        return ended - begun if begun and ended and not self.is_active else None

    @property
    def result(self) -> Result:
        """Return what it has counted."""
        return arranged(self.row.get("counts") or {})

    @property
    def lines(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Return the records that its result tells of by name, with what became of them."""
        return told_lines(self.row.get("counts") or {})

    @property
    def params(self) -> Mapping[str, Any]:
        """Return what it was asked for, without what was left as it is."""
        given: Mapping[str, Any] = self.row.get("params") or {}
        # 0 days are something that was asked for, although 0 equals False.
        return {
            name: value
            for name, value in given.items()
            if value is not False and value is not None and value not in ("", [])
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A flow as the first page shows it."""

    flow: AirflowFlow
    run: RunView | None
    checked: AirflowRun | None
    open_alerts: int
    is_late: bool
    may_start: bool

    @property
    def sla(self) -> Status:
        """Return whether the last run kept its time."""
        if not self.flow.slas:
            return Status("No SLA", "quiet")
        if self.is_late:
            return Status("Late", "bad")
        return Status("On time" if self.run else "Not run yet", "good" if self.run else "quiet")


def cards(
    source: ConnectionSource, known: Mapping[str, AirflowFlow], may_start: Collection[str]
) -> list[Card]:
    """Return a card for each of the flows that Airflow knows, in our order."""
    names = [name for name in FLOWS if name in known]
    found = Ops(source).many({"list_last_runs": {"flows": names}})
    last = {row["flow"]: row for row in found["list_last_runs"]}
    return [_card(known[name], last[name], may_start=name in may_start) for name in names]


def _card(flow: AirflowFlow, row: Row, *, may_start: bool) -> Card:
    latest, run = flow.last_run, None
    if latest and (latest.run_id == row["run_id"] or _is_newer(latest, row)):
        run = _view(flow.dag_id, latest, row if latest.run_id == row["run_id"] else {})
    elif row["run_id"]:
        run = _view(flow.dag_id, None, row)
    checked = latest if run and latest and latest.run_id != run.run_id else None
    return Card(
        flow=flow,
        run=run,
        checked=checked if checked and checked.state == "success" else None,
        open_alerts=row["open_alerts"],
        is_late=bool(run and run.row and row["missed_slas"]),
        may_start=may_start,
    )


def _is_newer(latest: AirflowRun, row: Row) -> bool:
    """Tell whether Airflow's last run says more than what the flow has written last.

    One that went well without a word of the flow had nothing to do.
    """
    if row["run_id"] is None:
        return True
    return latest.state != "success" and latest.queued_at >= row["started_at"]


def _view(flow: str, airflow: AirflowRun | None, row: Row) -> RunView:
    run_id = airflow.run_id if airflow else row["run_id"]
    bars = _bars(row.get("progress") or [])
    return RunView(flow=flow, run_id=run_id, airflow=airflow, row=row, bars=bars)


def _bars(progress: Sequence[Row]) -> list[Bar]:
    return [
        Bar(name=row["entity_type"], completed=row["completed"], total=row["total"])
        for row in progress
    ]


def run_view(
    source: ConnectionSource, flow: str, run_id: str, airflow: AirflowRun | None
) -> RunView | None:
    """Return one run; None where neither Airflow nor the flow knows it."""
    rows = Ops(source).rows("get_run", flow=flow, run_id=run_id)
    if not rows and airflow is None:
        return None
    row = rows[0] if rows else {}
    bars = _bars(row.get("progress") or [])
    return RunView(flow=flow, run_id=run_id, airflow=airflow, row=row, bars=bars)


def runs_of(source: ConnectionSource, flow: str, before: datetime | None) -> list[RunView]:
    """Return a flow's last runs, the newest first; `before` goes on from a start."""
    rows = Ops(source).rows("list_runs", flow=flow, before=before, at_most=SHOWN_RUNS)
    return [_view(flow, None, row) for row in rows]
