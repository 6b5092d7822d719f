"""Routes of the connections tab: who may link accounts and stores, and what their forms do.

Reading takes what Airflow requires for runs of ad analytics. Writing takes the right to start them,
and the right to edit connections in Airflow: whoever has both could do the same there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, cast
from urllib.parse import parse_qs

from airflow.api_fastapi.app import (
    get_auth_manager,  # pyright: ignore[reportUnknownVariableType]
)
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import Response

from vendor_sync.ad_analytics.attribution import MODELS
from vendor_sync.ad_analytics.onboarding import LinkState
from vendor_sync.ad_analytics.vendor_forms import LINK_FORMS, LinkForm
from vendor_sync.ad_analytics.vendors import VENDORS
from vendor_sync.ad_analytics.workspaces import WINDOWS, Workspace, WorkspaceSettings
from vendor_sync.orchestration.connections import connection_from_airflow
from vendor_sync.orchestration.sync_center_access import Visitor, VisitorDep, may
from vendor_sync.orchestration.sync_center_page import Tab, page, to
from vendor_sync.sync_center import connections
from vendor_sync.sync_center.connections import Answer, Entries

TAB = Tab("connections", "Connections")
FLOW = connections.FLOW
Step = Literal["check", "save", "save_unasked"]
Done = Literal["", "linked", "login", "verified", "disabled", "enabled", "saved"]


def _may_edit(user: GetUserDep) -> bool:
    manager = cast("Any", get_auth_manager())
    return all(
        manager.is_authorized_connection(method=method, user=user) for method in ("POST", "PUT")
    )


MayEdit = Annotated[bool, Depends(_may_edit)]


def _require_edit(may_edit: MayEdit) -> None:
    if not may_edit:
        message = "Accounts and stores are linked by those who may edit connections in Airflow."
        hint = "Ask somebody with the role Op or Admin."
        raise HTTPException(403, {"message": message, "hint": hint})


async def _entries(request: Request) -> Entries:
    """Read a form; it is in the body alone, so that no address and no log holds it."""
    return parse_qs((await request.body()).decode(errors="replace"), keep_blank_values=True)


Filled = Annotated[Entries, Depends(_entries)]
READS = [may("GET", FLOW)]
WRITES = [may("POST", FLOW), Depends(_require_edit)]


def add_routes(app: FastAPI) -> None:
    """Add the tab's routes."""

    @app.get("/connections", dependencies=READS)
    def show_overview(
        request: Request, visitor: VisitorDep, may_edit: MayEdit, done: Done = ""
    ) -> Response:
        return page(
            request,
            "connections/overview.html",
            visitor,
            places=connections.overview(connection_from_airflow),
            state_of=connections.state_of,
            may_edit=may_edit and FLOW in visitor.may_start,
            keys_problem=connections.keys_problem() if may_edit else None,
            done=connections.DONE.get(done),
        )

    _add_workspaces(app)
    _add_links(app)
    _add_link(app)
    _add_steps(app)


def _add_workspaces(app: FastAPI) -> None:
    @app.get("/connections/workspaces/new", dependencies=WRITES)
    def show_new(request: Request, visitor: VisitorDep) -> Response:
        return _workspace_page(request, visitor, None, connections.NEW)

    @app.post("/connections/workspaces/new", dependencies=WRITES)
    def add(request: Request, visitor: VisitorDep, entries: Filled) -> Response:
        return _save_workspace(request, visitor, None, entries)

    @app.get("/connections/workspaces/{workspace_id}", dependencies=WRITES)
    def show(request: Request, visitor: VisitorDep, workspace_id: int) -> Response:
        found = _workspace(workspace_id)
        return _workspace_page(request, visitor, found, connections.settings_of(found))

    @app.post("/connections/workspaces/{workspace_id}", dependencies=WRITES)
    def change(
        request: Request, visitor: VisitorDep, workspace_id: int, entries: Filled
    ) -> Response:
        return _save_workspace(request, visitor, _workspace(workspace_id), entries)


def _save_workspace(
    request: Request, visitor: Visitor, known: Workspace | None, entries: Entries
) -> Response:
    settings = connections.entered_workspace(entries)
    workspace_id = known.workspace_id if known else None
    answer = connections.save_workspace(connection_from_airflow, workspace_id, settings)
    if answer.saved is not None:
        return to(request, "/connections?done=saved")
    return _workspace_page(request, visitor, known, settings, answer)


def _workspace_page(
    request: Request,
    visitor: Visitor,
    known: Workspace | None,
    settings: WorkspaceSettings,
    answer: Answer | None = None,
) -> Response:
    values: dict[str, Any] = {"known": known, "entered": settings, "answer": answer}
    values |= {"models": MODELS, "windows": WINDOWS}
    values |= {"timezones": connections.timezones(), "currencies": connections.currencies()}
    status = 422 if answer else 200
    return page(request, "connections/workspace.html", visitor, status, **values)


def _add_links(app: FastAPI) -> None:
    @app.get("/connections/workspaces/{workspace_id}/link", dependencies=WRITES)
    def choose(request: Request, visitor: VisitorDep, workspace_id: int) -> Response:
        found = _workspace(workspace_id)
        return page(
            request, "connections/choose.html", visitor, workspace=found, vendors=list(VENDORS)
        )

    @app.get("/connections/workspaces/{workspace_id}/link/{vendor}", dependencies=WRITES)
    def show_form(
        request: Request, visitor: VisitorDep, workspace_id: int, vendor: str
    ) -> Response:
        return _link_page(request, visitor, _workspace(workspace_id), vendor, {}, None)

    @app.post("/connections/workspaces/{workspace_id}/link/{vendor}", dependencies=WRITES)
    def save(
        request: Request, visitor: VisitorDep, workspace_id: int, vendor: str, entries: Filled
    ) -> Response:
        found, step = _workspace(workspace_id), _step(entries)
        _form_of(vendor)
        answer = connections.try_link(connection_from_airflow, workspace_id, vendor, entries, step)
        if answer.saved is not None:
            return to(request, f"/connections/{answer.saved}?done=linked")
        return _link_page(request, visitor, found, vendor, entries, answer)


def _link_page(  # noqa: PLR0913, PLR0917 - what the form shows
    request: Request,
    visitor: Visitor,
    found: Workspace,
    vendor: str,
    entries: Entries,
    answer: Answer | None,
) -> Response:
    form = _form_of(vendor)
    entered = {name: "".join(values[:1]) for name, values in entries.items()}
    values: dict[str, Any] = {"workspace": found, "vendor": vendor, "form": form}
    values |= {"entered": entered, "answer": answer, "keys_problem": connections.keys_problem()}
    return page(request, "connections/link.html", visitor, _status(request, answer), **values)


def _add_link(app: FastAPI) -> None:
    @app.get("/connections/{link_id}", dependencies=READS)
    def show(
        request: Request, visitor: VisitorDep, may_edit: MayEdit, link_id: int, done: Done = ""
    ) -> Response:
        said = connections.DONE.get(done)
        answer = Answer(said=said, good=True) if said else None
        may_edit = may_edit and FLOW in visitor.may_start
        return _detail(request, visitor, _link(link_id), answer, may_edit=may_edit)

    @app.post("/connections/{link_id}/login", dependencies=WRITES)
    def log_in(request: Request, visitor: VisitorDep, link_id: int, entries: Filled) -> Response:
        found = _link(link_id)
        answer = connections.try_login(connection_from_airflow, found, entries, _step(entries))
        if answer.saved is not None:
            return to(request, f"/connections/{link_id}?done=login")
        return _detail(request, visitor, found, answer, entries=entries)


def _add_steps(app: FastAPI) -> None:
    steps: dict[str, tuple[Callable[..., Answer], str]] = {
        "verify": (connections.verify, "verified"),
        "enable": (connections.enable, "enabled"),
        "disable": (connections.disable, "disabled"),
    }

    @app.post("/connections/{link_id}/{step}", dependencies=WRITES)
    def take(
        request: Request,
        visitor: VisitorDep,
        link_id: int,
        step: Literal["verify", "enable", "disable"],
    ) -> Response:
        found = _link(link_id)
        act, done = steps[step]
        answer = act(connection_from_airflow, link_id)
        if answer.saved is not None:
            return to(request, f"/connections/{link_id}?done={done}")
        return _detail(request, visitor, found, answer)


def _detail(  # noqa: PLR0913 - what the page shows
    request: Request,
    visitor: Visitor,
    found: LinkState,
    answer: Answer | None,
    *,
    entries: Entries | None = None,
    may_edit: bool = True,
) -> Response:
    entered = {name: "".join(values[:1]) for name, values in (entries or {}).items()}
    values: dict[str, Any] = {"link": found, "form": LINK_FORMS[found.vendor], "answer": answer}
    values |= {"entered": entered, "state": connections.state_of(found), "may_edit": may_edit}
    values |= {"keys_problem": connections.keys_problem() if may_edit else None}
    return page(request, "connections/link_state.html", visitor, _status(request, answer), **values)


def _status(request: Request, answer: Answer | None) -> int:
    """Return the status of a page with an answer; for the page's own script every answer is one."""
    if answer is None or answer.good or request.headers.get("sec-fetch-dest") == "empty":
        return 200
    return 503 if answer.busy else 422


def _step(entries: Entries) -> Step:
    step = "".join(entries.get("step", ("save",))[:1])
    if step not in {"check", "save", "save_unasked"}:
        raise HTTPException(422, {"message": f"There is no step {step!r}."})
    return cast("Step", step)


def _form_of(vendor: str) -> LinkForm:
    if vendor not in LINK_FORMS:
        raise HTTPException(404, {"message": f"There is no vendor {vendor!r}."})
    return LINK_FORMS[vendor]


def _workspace(workspace_id: int) -> Workspace:
    found = connections.workspace(connection_from_airflow, workspace_id)
    if found is None:
        raise HTTPException(404, {"message": f"There is no workspace {workspace_id}."})
    return found


def _link(link_id: int) -> LinkState:
    found = connections.link(connection_from_airflow, link_id)
    if found is None:
        raise HTTPException(404, {"message": f"There is no account or store {link_id}."})
    return found
