"""Routes of the Broadstreet tab: import, export, local entities, what Broadstreet has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import parse_qs

from airflow.api_fastapi.common.db.common import SessionDep
from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.responses import Response

from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.mongo import Mongo
from vendor_sync.orchestration import sync_center_local
from vendor_sync.orchestration.airflow_api import start_run
from vendor_sync.orchestration.connections import connection_from_airflow
from vendor_sync.orchestration.sync_center_access import Visitor, VisitorDep, may
from vendor_sync.orchestration.sync_center_airflow import airflow_flows
from vendor_sync.orchestration.sync_center_local import READS, with_db
from vendor_sync.orchestration.sync_center_page import Tab, page, run_address, to
from vendor_sync.sync_center import broadstreet, broadstreet_log, flows
from vendor_sync.sync_center.broadstreet import EXPORT, IMPORT

_OBJECT_ID = 24
TAB = Tab("broadstreet", "Broadstreet")
After = Annotated[str | None, Query(pattern=r"^([0-9]{1,18}|[0-9a-f]{24})$")]


def add_routes(app: FastAPI) -> None:
    """Add the tab's routes."""

    @app.get("/broadstreet", dependencies=READS)
    def show_overview(request: Request, visitor: VisitorDep, session: SessionDep) -> Response:
        known: dict[str, Any] = {
            "cards": _cards(visitor, session),
            **with_db(_held),
            "conflicts": broadstreet.conflicts(connection_from_airflow),
            "may_export": EXPORT in visitor.may_start,
            "may_import": IMPORT in visitor.may_start,
        }
        return page(request, "broadstreet/overview.html", visitor, **known)

    @app.get("/broadstreet/cards", dependencies=READS)
    def show_cards(request: Request, visitor: VisitorDep, session: SessionDep) -> Response:
        return page(request, "flows/cards.html", visitor, cards=_cards(visitor, session))

    sync_center_local.add_routes(app)
    _add_lists(app)
    _add_export(app)


def _held(db: Mongo) -> dict[str, Any]:
    return {"held": broadstreet.held(db), "undecided": broadstreet_log.undecided(db)}


def _add_lists(app: FastAPI) -> None:
    @app.get("/broadstreet/{entity_type}", dependencies=READS)
    def list_production(
        request: Request, visitor: VisitorDep, entity_type: EntityType, after: After = None
    ) -> Response:
        if after and (entity_type is EntityType.PLACEMENTS) != (len(after) == _OBJECT_ID):
            raise HTTPException(422, {"message": "after: this is no id of such an entity."})
        found, held = with_db(
            lambda db: (
                broadstreet.production_entities(db, entity_type, after),
                broadstreet.held(db),
            )
        )
        known: dict[str, Any] = {"entities": found, "entity_type": entity_type, "after": after}
        known |= {"held": held, "more": len(found) == broadstreet.SHOWN}
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
