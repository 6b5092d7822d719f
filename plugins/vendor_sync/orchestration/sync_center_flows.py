"""Routes of the first tab: flows, their forms, their runs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import parse_qs

from airflow.api_fastapi.common.db.common import SessionDep
from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.responses import Response

from vendor_sync.orchestration.airflow_api import ask_airflow, start_run
from vendor_sync.orchestration.connections import connection_from_airflow
from vendor_sync.orchestration.sync_center_access import Visitor, VisitorDep, may
from vendor_sync.orchestration.sync_center_airflow import airflow_flows, airflow_run, run_path
from vendor_sync.orchestration.sync_center_page import Tab, page, run_address, to, words_of
from vendor_sync.sync_center import flows
from vendor_sync.sync_center.forms import FormError, configuration, fields

TAB = Tab("flows", "Flows")


def add_routes(app: FastAPI) -> None:
    """Add the tab's routes."""

    @app.get("/flows")
    def list_flows(request: Request, visitor: VisitorDep, session: SessionDep) -> Response:
        return page(request, "flows/list.html", visitor, cards=_cards(visitor, session))

    @app.get("/flows/cards")
    def list_cards(request: Request, visitor: VisitorDep, session: SessionDep) -> Response:
        return page(request, "flows/cards.html", visitor, cards=_cards(visitor, session))

    _add_form(app)
    _add_runs(app)


def _cards(visitor: Visitor, session: Any) -> list[flows.Card]:  # noqa: ANN401 - Airflow's
    known = airflow_flows(session, visitor.may_read)
    return flows.cards(connection_from_airflow, known, visitor.may_start)


def _add_form(app: FastAPI) -> None:
    @app.get("/flows/{dag_id}/start", dependencies=[may("POST")])
    async def show_form(request: Request, dag_id: str, visitor: VisitorDep) -> Response:
        dag = await ask_airflow(request, "GET", ("dags", dag_id, "details"))
        shown = fields(dag["params"])
        return page(request, "flows/start.html", visitor, dag=dag, fields=shown, problem="")

    @app.post("/flows/{dag_id}/start", dependencies=[may("POST")])
    async def start(request: Request, dag_id: str, visitor: VisitorDep) -> Response:
        dag = await ask_airflow(request, "GET", ("dags", dag_id, "details"))
        entered = parse_qs((await request.body()).decode(), keep_blank_values=True)
        try:
            conf = configuration(dag["params"], entered)
            note = f"Started by {visitor.name} in Sync Center."
            run_id = await start_run(request, dag_id, conf, note)
        except (FormError, HTTPException) as error:
            refused = isinstance(error, HTTPException)
            problem = words_of(error) if refused else str(error)
            shown = fields(dag["params"], entered)
            known: dict[str, Any] = {"dag": dag, "fields": shown, "problem": problem}
            status = error.status_code if refused else 422
            return page(request, "flows/start.html", visitor, status, **known)
        return to(request, run_address(dag_id, run_id))


Before = Annotated[datetime | None, Query(description="Runs that started earlier.")]


def _add_runs(app: FastAPI) -> None:
    @app.get("/flows/{dag_id}/runs", dependencies=[may("GET")])
    def list_runs(
        request: Request,
        dag_id: str,
        visitor: VisitorDep,
        session: SessionDep,
        before: Before = None,
    ) -> Response:
        flow = airflow_flows(session, [dag_id]).get(dag_id)
        runs = flows.runs_of(connection_from_airflow, dag_id, before)
        known: dict[str, Any] = {"flow": flow, "dag_id": dag_id, "runs": runs, "before": before}
        more = len(runs) == flows.SHOWN_RUNS
        return page(request, "flows/runs.html", visitor, more=more, **known)

    @app.get("/flows/{dag_id}/runs/{run_id}", dependencies=[may("GET")])
    def show_run(
        request: Request, dag_id: str, run_id: str, visitor: VisitorDep, session: SessionDep
    ) -> Response:
        return page(request, "flows/run.html", visitor, **_run(session, dag_id, run_id))

    @app.get("/flows/{dag_id}/runs/{run_id}/live", dependencies=[may("GET")])
    def show_live(
        request: Request, dag_id: str, run_id: str, visitor: VisitorDep, session: SessionDep
    ) -> Response:
        return page(request, "flows/run_live.html", visitor, **_run(session, dag_id, run_id))


def _run(session: Any, dag_id: str, run_id: str) -> dict[str, Any]:  # noqa: ANN401 - Airflow's
    airflow = airflow_run(session, dag_id, run_id)
    run = flows.run_view(connection_from_airflow, dag_id, run_id, airflow)
    if run is None:
        raise HTTPException(404, {"message": f"There is no run {run_id!r} of {dag_id}."})
    return {
        "run": run,
        "flow": airflow_flows(session, [dag_id]).get(dag_id),
        "dag_id": dag_id,
        "link": run_path(dag_id, run_id) if airflow else None,
    }
