"""Routes of the edge tab."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.responses import Response

from vendor_sync.orchestration.connections import connection_from_airflow
from vendor_sync.orchestration.sync_center_access import VisitorDep, may
from vendor_sync.orchestration.sync_center_page import Tab, page
from vendor_sync.sync_center import edge

TAB = Tab("edge", "Edge")
Company = Annotated[str | None, Query(description="The first one, if left out.")]


def add_routes(app: FastAPI) -> None:
    """Add the tab's routes."""

    @app.get("/edge", dependencies=[may("GET", edge.FLOW)])
    def show_fleet(request: Request, visitor: VisitorDep, company: Company = None) -> Response:
        found = edge.fleet(connection_from_airflow, company, datetime.now(UTC))
        if found is None and company is not None:
            raise HTTPException(404, {"message": f"There is no company {company!r}."})
        return page(request, "edge/fleet.html", visitor, fleet=found, used_days=edge.USED_DAYS)
