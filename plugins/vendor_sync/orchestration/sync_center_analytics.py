"""Routes of the analytics tab."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.responses import Response

from vendor_sync.orchestration.connections import connection_from_airflow
from vendor_sync.orchestration.sync_center_access import VisitorDep, may
from vendor_sync.orchestration.sync_center_page import Tab, page
from vendor_sync.sync_center import analytics

TAB = Tab("analytics", "Analytics")
Workspace = Annotated[int | None, Query(description="The first one, if left out.")]


def add_routes(app: FastAPI) -> None:
    """Add the tab's routes."""

    @app.get("/analytics", dependencies=[may("GET", analytics.FLOW)])
    def show_board(
        request: Request,
        visitor: VisitorDep,
        workspace: Workspace = None,
        days: Literal["7", "30", "90"] = "30",
    ) -> Response:
        now = datetime.now(UTC)
        found = analytics.board(connection_from_airflow, workspace, int(days), now)
        if found is None and workspace is not None:
            raise HTTPException(404, {"message": f"There is no workspace {workspace}."})
        may_start = analytics.FLOW in visitor.may_start
        return page(request, "analytics/board.html", visitor, board=found, may_start=may_start)
