"""Routes of the operations tab: trends, the alerts' inbox, refused records, runbooks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.responses import Response

from vendor_sync.orchestration.connections import connection_from_airflow
from vendor_sync.orchestration.sync_center_access import VisitorDep
from vendor_sync.orchestration.sync_center_page import Tab, page, to
from vendor_sync.runbooks import runbook_directory
from vendor_sync.sync_center import alerts, rejects, runbooks, trends, type_trends

TAB = Tab("operations", "Operations")
Before = Annotated[int | None, Query(description="Older ones than this key.")]


def add_routes(app: FastAPI) -> None:
    """Add the tab's routes."""

    @app.get("/operations")
    def show_overview(request: Request, visitor: VisitorDep) -> Response:
        found = trends.overview(connection_from_airflow, visitor.may_read, datetime.now(UTC))
        return page(request, "operations/overview.html", visitor, found=found)

    @app.get("/operations/types")
    def show_types(request: Request, visitor: VisitorDep, flow: str | None = None) -> Response:
        flows = sorted(visitor.may_read)
        if flow and flow not in flows:
            raise HTTPException(404, {"message": f"There is no flow {flow!r} that you may see."})
        chosen = flow or next(iter(flows), None)
        found = type_trends.type_charts(connection_from_airflow, chosen) if chosen else None
        return page(request, "operations/types.html", visitor, flows=flows, found=found)

    _add_alerts(app)
    _add_rejects(app)
    _add_runbooks(app)


def _add_alerts(app: FastAPI) -> None:
    @app.get("/operations/alerts")
    def list_alerts(
        request: Request,
        visitor: VisitorDep,
        state: alerts.State = alerts.State.OPEN,
        before: Before = None,
    ) -> Response:
        rows, counts = alerts.inbox(connection_from_airflow, visitor.may_read, state, before)
        known: dict[str, Any] = {"alerts": rows, "counts": counts, "state": state}
        more = len(rows) == alerts.SHOWN
        known |= {"more": more, "severities": alerts.SEVERITIES, "states": list(alerts.State)}
        return page(request, "operations/alerts.html", visitor, before=before, **known)

    @app.post("/operations/alerts/{alert_key}/{step}")
    def take_alert(
        request: Request, visitor: VisitorDep, alert_key: int, step: alerts.Step
    ) -> Response:
        """Who may start an alert's flow may take care of its alerts."""
        if not visitor.may_start:
            message = "Alerts are taken care of by those who may start the flow."
            raise HTTPException(403, {"message": message})
        try:
            alerts.take(connection_from_airflow, alert_key, visitor.may_start, step, visitor.name)
        except alerts.AlertGoneError as error:
            raise HTTPException(409, {"message": str(error)}) from None
        return to(request, "/operations/alerts")


def _add_rejects(app: FastAPI) -> None:
    @app.get("/operations/rejects")
    def list_rejects(
        request: Request,
        visitor: VisitorDep,
        flow: str | None = None,
        run_key: int | None = None,
        before: Before = None,
    ) -> Response:
        flows = sorted(visitor.may_read)
        chosen = flow if flow in visitor.may_read else None
        if flow and not chosen:
            raise HTTPException(404, {"message": f"There is no flow {flow!r} that you may see."})
        chosen = chosen or next(iter(flows), None)
        rows = rejects.rejects(connection_from_airflow, chosen, run_key, before) if chosen else []
        known: dict[str, Any] = {"rejects": rows, "flows": flows, "chosen": chosen}
        known |= {"run_key": run_key, "before": before, "more": len(rows) == rejects.SHOWN}
        return page(request, "operations/rejects.html", visitor, **known)

    @app.get("/operations/rejects/{reject_key}")
    def show_reject(request: Request, visitor: VisitorDep, reject_key: int) -> Response:
        found = rejects.reject(connection_from_airflow, reject_key, visitor.may_read)
        if found is None:
            message = f"There is no refused record {reject_key} among the flows that you may see."
            raise HTTPException(404, {"message": message})
        return page(request, "operations/reject.html", visitor, reject=found)


def _add_runbooks(app: FastAPI) -> None:
    @app.get("/runbooks/{kind}")
    def show_runbook(request: Request, visitor: VisitorDep, kind: str) -> Response:
        found = runbooks.runbook(runbook_directory(), kind)
        if found is None:
            raise HTTPException(404, {"message": f"There is no runbook for {kind!r}."})
        return page(request, "operations/runbook.html", visitor, title=found[0], text=found[1])
