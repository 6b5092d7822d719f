"""Routes of the edge tab: the fleet, and what a company sends to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import parse_qs, quote

from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from vendor_sync.orchestration.connections import connection_from_airflow
from vendor_sync.orchestration.sync_center_access import Visitor, VisitorDep, may
from vendor_sync.orchestration.sync_center_page import Tab, page, to
from vendor_sync.sync_center import edge, edge_settings
from vendor_sync.sync_center.edge_settings import SettingsChangedError
from vendor_sync.sync_center.forms import FormError

TAB = Tab("edge", "Edge")
Company = Annotated[str | None, Query(description="The first one, if left out.")]


def add_routes(app: FastAPI) -> None:
    """Add the tab's routes."""

    @app.get("/edge", dependencies=[may("GET", edge.FLOW)])
    def show_fleet(
        request: Request,
        visitor: VisitorDep,
        company: Company = None,
        skip: Annotated[int, Query(ge=0)] = 0,
    ) -> Response:
        found = edge.fleet(connection_from_airflow, company, datetime.now(UTC))
        if found is None and company is not None:
            raise HTTPException(404, {"message": f"There is no company {company!r}."})
        known: dict[str, Any] = {"fleet": found, "used_days": edge.USED_DAYS, "skip": skip}
        known |= {"shown": edge.SHOWN_STORES, "titles": edge_settings.TITLES}
        known["may_change"] = edge.FLOW in visitor.may_start
        return page(request, "edge/fleet.html", visitor, **known)

    _add_settings(app)


def _add_settings(app: FastAPI) -> None:
    @app.get("/edge/settings", dependencies=[may("GET", edge.FLOW)])
    def show_settings(
        request: Request, visitor: VisitorDep, company: str, *, saved: bool = False
    ) -> Response:
        held = _held(company)
        shown = edge_settings.fields(held.settings)
        return _settings(request, visitor, held, fields=shown, saved=saved)

    @app.post("/edge/settings", dependencies=[may("POST", edge.FLOW)])
    async def take_settings(request: Request, visitor: VisitorDep, company: str) -> Response:
        """Preview what was entered, or save it; the first button, and the Enter key, previews."""
        entered = parse_qs((await request.body()).decode(), keep_blank_values=True)
        return await run_in_threadpool(_take, request, visitor, company, entered)


def _take(
    request: Request, visitor: Visitor, company: str, entered: Mapping[str, Sequence[str]]
) -> Response:
    held = _held(company)
    wanted, problems = edge_settings.read(held.settings, entered)
    shown: dict[str, Any] = {"fields": edge_settings.fields(held.settings, entered, problems)}
    if problems:
        problem = "Nothing was done yet: something of what was entered cannot be."
        return _settings(request, visitor, held, problem=problem, **shown)
    one = {name: "".join(values[:1]) for name, values in entered.items()}
    if one.get("do") != "save":
        store, after = one.get("store", ""), one.get("after", "")
        found = edge_settings.preview(connection_from_airflow, held, wanted, store, after)
        return _settings(request, visitor, held, preview=found, after=after, **shown)
    seen = one.get(edge_settings.LAST_CHANGE, "")
    try:
        last_change = int(seen) if seen.isdecimal() else -1
        edge_settings.save(connection_from_airflow, company, wanted, last_change, visitor.name)
    except (SettingsChangedError, FormError) as error:
        held = _held(company)
        shown = {"fields": edge_settings.fields(held.settings, entered)}
        return _settings(request, visitor, held, problem=str(error), **shown)
    return to(request, f"/edge/settings?company={quote(company, safe='')}&saved=true")


def _held(company: str) -> edge_settings.Held:
    held = edge_settings.held(connection_from_airflow, company)
    if held is None:
        raise HTTPException(404, {"message": f"There is no company {company!r}."})
    return held


def _settings(
    request: Request,
    visitor: Visitor,
    held: edge_settings.Held,
    **shown: Any,  # noqa: ANN401 - what the template takes
) -> Response:
    known: dict[str, Any] = {"problem": "", "preview": None, "saved": False, "after": ""}
    known |= {"titles": edge_settings.TITLES, "shown_names": edge_settings.SHOWN_NAMES}
    known |= {"may_change": edge.FLOW in visitor.may_start, "held": held} | shown
    return page(request, "edge/settings.html", visitor, **known)
