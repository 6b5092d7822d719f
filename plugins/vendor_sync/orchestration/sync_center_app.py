"""Sync Center: the application that Airflow's API server mounts at /sync-center.

Every page asks Airflow who is there and what they may see; only style sheets, scripts and icons are
open to everybody. How to add a tab: `vendor_sync/sync_center/__init__.py`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException as StarletteHTTPException

from vendor_sync.errors import SyncError
from vendor_sync.orchestration import (
    sync_center_analytics,
    sync_center_broadstreet,
    sync_center_connections,
    sync_center_edge,
    sync_center_flows,
    sync_center_operations,
)
from vendor_sync.orchestration.connections import connection_from_airflow
from vendor_sync.orchestration.sync_center_access import (
    GUARDS,
    UNSTORABLE,
    VisitorDep,
    words_of_unstorable,
)
from vendor_sync.orchestration.sync_center_page import PREFIX, addresses, hint_of, to, words_of
from vendor_sync.sync_center import trends
from vendor_sync.sync_center.flows import FLOWS
from vendor_sync.sync_center.rendering import SECURITY_POLICY, STATIC, compile_templates, render

logger = logging.getLogger(__name__)
TABS = (
    sync_center_flows,
    sync_center_analytics,
    sync_center_broadstreet,
    sync_center_edge,
    sync_center_operations,
    sync_center_connections,
)
_HINTS = {
    403: "Your role in Airflow does not allow this. Somebody with the role User or Op may do it.",
    404: "It may have been removed by the retention flow.",
    422: "Go back and correct what was entered.",
}


def sync_center() -> FastAPI:
    """Build what is mounted at /sync-center."""
    app = FastAPI(
        title="Sync Center",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=GUARDS,
    )
    app.state.tabs = [tab.TAB for tab in TABS]
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.middleware("http")(_protect)
    _add_refusals(app)

    @app.get("/")
    def start_page(request: Request, _: VisitorDep) -> Response:
        return to(request, f"/{TABS[0].TAB.key}")

    for tab in TABS:
        tab.add_routes(app)
    threading.Thread(target=warm_up, name="sync-center-warm-up", daemon=True).start()
    return app


def warm_up() -> None:
    """Read the templates and draw the charts of the trends: the first visitor does not wait for it.

    What Airflow's UI loads of us on any of its pages (the icon) builds this application, and so
    comes before anybody is on a page of ours.
    """
    compile_templates()
    try:
        trends.overview(connection_from_airflow, list(FLOWS), datetime.now(UTC))
    except (SyncError, psycopg.Error) as error:
        logger.info("the trends are drawn when somebody looks: %s", error)


async def _protect(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    response = await call_next(request)
    response.headers["Content-Security-Policy"] = SECURITY_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    # Pages tell of now. Files are asked for again, and answered with 304 while they are the same.
    is_file = "/static/" in request.url.path
    response.headers["Cache-Control"] = "no-cache" if is_file else "no-store"
    return response


def _add_refusals(app: FastAPI) -> None:
    @app.exception_handler(StarletteHTTPException)
    async def refuse(request: Request, error: StarletteHTTPException) -> Response:
        if error.status_code == 401:  # noqa: PLR2004
            return _log_in(request)
        return _refusal(request, error.status_code, words_of(error), hint_of(error))

    @app.exception_handler(RequestValidationError)
    async def refuse_query(request: Request, error: RequestValidationError) -> Response:
        problems = [f"{found['loc'][-1]}: {found['msg']}" for found in error.errors()]
        return _refusal(request, 422, "; ".join(problems))

    @app.exception_handler(SyncError)
    async def lose_server(request: Request, error: SyncError) -> Response:
        return _refusal(request, 503, str(error))

    async def refuse_value(request: Request, error: Exception) -> Response:
        return _refusal(request, 422, words_of_unstorable(request, error))

    for kind in UNSTORABLE:
        app.add_exception_handler(kind, refuse_value)


def _log_in(request: Request) -> Response:
    """Send a browser window to Airflow's login; say so within a frame, which must not follow."""
    found = addresses(request)
    login = f"{found['airflow']}/auth/login?next={found['airflow']}/plugin{PREFIX}"
    if request.headers.get("sec-fetch-dest") == "document":
        return RedirectResponse(login, 302)
    return HTMLResponse(render("log_in.html", found | {"login": login}), 401)


def _refusal(request: Request, status: int, message: str, hint: str = "") -> Response:
    values = addresses(request) | {"message": message, "hint": hint or _HINTS.get(status, "")}
    return HTMLResponse(render("refusal.html", values), status)
