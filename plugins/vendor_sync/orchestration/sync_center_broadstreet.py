"""Routes of the Broadstreet tab: import, export, local entities, what Broadstreet has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qs

from airflow.api_fastapi.common.db.common import SessionDep
from fastapi import FastAPI, Query, Request
from fastapi.responses import Response

from vendor_sync import mongo
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.connections import require_connection
from vendor_sync.mongo import Mongo
from vendor_sync.orchestration.airflow_api import start_run
from vendor_sync.orchestration.connections import connection_from_airflow
from vendor_sync.orchestration.sync_center_access import Visitor, VisitorDep, may
from vendor_sync.orchestration.sync_center_airflow import airflow_flows
from vendor_sync.orchestration.sync_center_page import Tab, page, run_address, to
from vendor_sync.sync_center import broadstreet, flows
from vendor_sync.sync_center.broadstreet import EXPORT, IMPORT

TAB = Tab("broadstreet", "Broadstreet")
_READS = [may("GET", EXPORT), may("GET", IMPORT)]
T = TypeVar("T")
Skip = Annotated[int, Query(ge=0)]
After = Annotated[int | None, Query()]


def add_routes(app: FastAPI) -> None:
    """Add the tab's routes."""

    @app.get("/broadstreet", dependencies=_READS)
    def show_overview(request: Request, visitor: VisitorDep, session: SessionDep) -> Response:
        known: dict[str, Any] = {
            "cards": _cards(visitor, session),
            "held": _with_db(broadstreet.held),
            "conflicts": broadstreet.conflicts(connection_from_airflow),
            "may_export": EXPORT in visitor.may_start,
            "may_import": IMPORT in visitor.may_start,
        }
        return page(request, "broadstreet/overview.html", visitor, **known)

    @app.get("/broadstreet/cards", dependencies=_READS)
    def show_cards(request: Request, visitor: VisitorDep, session: SessionDep) -> Response:
        return page(request, "flows/cards.html", visitor, cards=_cards(visitor, session))

    _add_lists(app)
    _add_export(app)


def _add_lists(app: FastAPI) -> None:
    @app.get("/broadstreet/local-only", dependencies=_READS)
    def list_local(
        request: Request,
        visitor: VisitorDep,
        entity_type: Annotated[EntityType, Query(alias="type")] = EntityType.ADVERTISERS,
        skip: Skip = 0,
    ) -> Response:
        found, total = _with_db(lambda db: broadstreet.local_entities(db, entity_type, skip))
        known: dict[str, Any] = {"entities": found, "total": total, "skip": skip}
        known |= {"held": _with_db(broadstreet.held), "more": skip + len(found) < total}
        known |= {"entity_type": entity_type, "may_export": EXPORT in visitor.may_start}
        return page(request, "broadstreet/local.html", visitor, **known)

    @app.get("/broadstreet/{entity_type}", dependencies=_READS)
    def list_production(
        request: Request, visitor: VisitorDep, entity_type: EntityType, after: After = None
    ) -> Response:
        found = _with_db(lambda db: broadstreet.production_entities(db, entity_type, after))
        known: dict[str, Any] = {"entities": found, "entity_type": entity_type, "after": after}
        known |= {"held": _with_db(broadstreet.held), "more": len(found) == broadstreet.SHOWN}
        return page(request, "broadstreet/entities.html", visitor, **known)


def _add_export(app: FastAPI) -> None:
    @app.post("/broadstreet/export", dependencies=[may("POST", EXPORT)])
    async def export(request: Request, visitor: VisitorDep) -> Response:
        """Export the chosen local entities, or all of them where none is chosen."""
        entered = parse_qs((await request.body()).decode())
        conf: Mapping[str, Any] = {
            "local_ids": entered.get("local_ids", []),
            "dry_run": "dry_run" in entered,
            "retry_refused": "retry_refused" in entered,
        }
        note = f"Started by {visitor.name} in Sync Center."
        return to(request, run_address(EXPORT, await start_run(request, EXPORT, conf, note)))


def _cards(visitor: Visitor, session: Any) -> list[flows.Card]:  # noqa: ANN401 - Airflow's
    known = airflow_flows(session, {IMPORT, EXPORT} & visitor.may_read)
    return flows.cards(connection_from_airflow, known, visitor.may_start)


def _with_db(act: Callable[[Mongo], T]) -> T:
    connection = require_connection(connection_from_airflow, "broadstreet_mongo")
    with mongo.connect(connection) as db:
        return act(db)
