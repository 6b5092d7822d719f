"""Routes of local Broadstreet entities: lists with a selection, forms, the log.

They are kept by the functions that keep them for `/api/local`, and who may do so is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import parse_qs

from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from vendor_sync import mongo
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.local_models import InvalidEntityError
from vendor_sync.broadstreet.local_store import ConflictError, LocalStore, UnknownEntityError
from vendor_sync.connections import require_connection
from vendor_sync.mongo import Document, Mongo
from vendor_sync.orchestration.connections import connection_from_airflow
from vendor_sync.orchestration.sync_center_access import Visitor, VisitorDep, may
from vendor_sync.orchestration.sync_center_page import page, to
from vendor_sync.sync_center import broadstreet, broadstreet_log, local_forms
from vendor_sync.sync_center.broadstreet import EXPORT, IMPORT

READS = [may("GET", EXPORT), may("GET", IMPORT)]
_WRITES = [may("POST", EXPORT)]
T = TypeVar("T")
Entered = Mapping[str, Sequence[str]]
Skip = Annotated[int, Query(ge=0)]
Kind = Annotated[EntityType | Literal["all"], Query(alias="type")]


def add_routes(app: FastAPI) -> None:
    """Add the routes; before those of `/broadstreet/{entity_type}`."""
    _add_lists(app)
    _add_forms(app)


def with_db(act: Callable[[Mongo], T]) -> T:
    """Do something with Broadstreet's database."""
    connection = require_connection(connection_from_airflow, "broadstreet_mongo")
    with mongo.connect(connection) as db:
        return act(db)


def _add_lists(app: FastAPI) -> None:
    @app.get("/broadstreet/local-only", dependencies=READS)
    def list_local(
        request: Request,
        visitor: VisitorDep,
        kind: Kind = "all",
        skip: Skip = 0,
        done: str = "",
    ) -> Response:
        note = {"saved": "Saved.", "deleted": "Deleted."}.get(done, "")
        return _list(request, visitor, None if kind == "all" else kind, skip=skip, note=note)

    @app.post("/broadstreet/local-only", dependencies=_WRITES)
    async def go_on_choosing(request: Request, visitor: VisitorDep) -> Response:
        """Show another list, and keep what is chosen."""
        entered = parse_qs((await request.body()).decode())
        one = {name: texts[0] for name, texts in entered.items()}
        shown = one.get("show") or one.get("type", "all")
        entity_type = EntityType(shown) if shown in set(EntityType) else None
        skip = one.get("skip", "0")
        skipped = int(skip) if skip.isdecimal() and "show" not in one else 0
        chosen = entered.get("local_ids", [])
        return await run_in_threadpool(
            _list, request, visitor, entity_type, skip=skipped, chosen=chosen
        )

    @app.get("/broadstreet/log", dependencies=READS)
    def show_log(
        request: Request,
        visitor: VisitorDep,
        entity_type: Annotated[EntityType | None, Query(alias="type")] = None,
        before: datetime | None = None,
    ) -> Response:
        lines, more = with_db(lambda db: broadstreet_log.log(db, entity_type, before))
        known: dict[str, Any] = {"lines": lines, "more": more, "before": before}
        known |= {"entity_type": entity_type, "entity_types": list(EntityType)}
        return page(request, "broadstreet/log.html", visitor, **known)


def _list(  # noqa: PLR0913 - what a list is of
    request: Request,
    visitor: Visitor,
    entity_type: EntityType | None,
    *,
    skip: int,
    chosen: Sequence[str] = (),
    note: str = "",
) -> Response:
    def read(db: Mongo) -> dict[str, Any]:
        found, total = broadstreet.local_entities(db, entity_type, skip)
        return {
            "entities": found,
            "more": skip + len(found) < total,
            "elsewhere": [key for key in chosen if key not in {entity.key for entity in found}],
            "held": broadstreet.held(db),
        }

    known: dict[str, Any] = {"entity_type": entity_type, "skip": skip, "chosen": set(chosen)}
    known |= {"entity_types": list(EntityType), "note": note}
    known |= {"may_export": EXPORT in visitor.may_start}
    return page(request, "broadstreet/local.html", visitor, **known, **with_db(read))


def _add_forms(app: FastAPI) -> None:
    @app.get("/broadstreet/local/{entity_type}/new", dependencies=_WRITES)
    def show_new(request: Request, visitor: VisitorDep, entity_type: EntityType) -> Response:
        return _form(request, visitor, entity_type, None)

    @app.post("/broadstreet/local/{entity_type}/new", dependencies=_WRITES)
    async def create(request: Request, visitor: VisitorDep, entity_type: EntityType) -> Response:
        entered = parse_qs((await request.body()).decode(), keep_blank_values=True)
        return await run_in_threadpool(_save, request, visitor, entity_type, None, entered)

    @app.get("/broadstreet/local/{entity_type}/{local_id}", dependencies=_WRITES)
    def show_one(
        request: Request, visitor: VisitorDep, entity_type: EntityType, local_id: str
    ) -> Response:
        return _form(request, visitor, entity_type, _get(entity_type, local_id))

    @app.post("/broadstreet/local/{entity_type}/{local_id}", dependencies=_WRITES)
    async def change(
        request: Request, visitor: VisitorDep, entity_type: EntityType, local_id: str
    ) -> Response:
        entered = parse_qs((await request.body()).decode(), keep_blank_values=True)
        return await run_in_threadpool(_save, request, visitor, entity_type, local_id, entered)

    @app.post("/broadstreet/local/{entity_type}/{local_id}/delete", dependencies=_WRITES)
    async def delete(
        request: Request, visitor: VisitorDep, entity_type: EntityType, local_id: str
    ) -> Response:
        entered = parse_qs((await request.body()).decode())
        return await run_in_threadpool(_delete, request, visitor, entity_type, local_id, entered)


def _get(entity_type: EntityType, local_id: str) -> Document:
    try:
        return with_db(lambda db: LocalStore(db).get(entity_type, local_id))
    except UnknownEntityError as error:
        raise HTTPException(404, {"message": str(error)}) from None


def _form(  # noqa: PLR0913 - what a form shows
    request: Request,
    visitor: Visitor,
    entity_type: EntityType,
    document: Document | None,
    *,
    entered: Entered | None = None,
    problems: Mapping[str, str] | None = None,
    problem: str = "",
) -> Response:
    shown = with_db(
        lambda db: local_forms.fields(db, entity_type, document, entered, problems or {})
    )
    if document and entered is not None:
        shown = local_forms.beside(shown, document)
    named = {field.name for field in shown}
    lost = [f"{name}: {words}" for name, words in (problems or {}).items() if name not in named]
    known: dict[str, Any] = {"entity_type": entity_type, "document": document, "fields": shown}
    known |= {"problem": " ".join([problem, *lost]).strip(), "badge": broadstreet.LOCAL}
    return page(request, "broadstreet/local_form.html", visitor, **known)


def _save(
    request: Request,
    visitor: Visitor,
    entity_type: EntityType,
    local_id: str | None,
    entered: Entered,
) -> Response:
    document = _get(entity_type, local_id) if local_id else None
    if local_forms.searches(entered):
        return _form(request, visitor, entity_type, document, entered=entered)
    try:
        with_db(lambda db: _keep(db, entity_type, local_id, entered))
    except InvalidEntityError as error:
        problems = {found["field"]: found["problem"] for found in error.problems}
        words = "It is not saved yet: something of what was entered cannot be."
        return _form(
            request,
            visitor,
            entity_type,
            document,
            entered=entered,
            problems=problems,
            problem=words,
        )
    except ConflictError as error:
        document = _get(entity_type, local_id) if local_id else None
        return _form(request, visitor, entity_type, document, entered=entered, problem=str(error))
    return to(request, f"/broadstreet/local-only?type={entity_type.value}&done=saved")


def _keep(db: Mongo, entity_type: EntityType, local_id: str | None, entered: Entered) -> None:
    wanted, now = local_forms.values(entity_type, entered), datetime.now(UTC)
    if local_id is None:
        given = {name: value for name, value in wanted.items() if value not in (None, [])}
        LocalStore(db).create(entity_type, given, now)
        return
    version = _version(entered)
    LocalStore(db).update(entity_type, local_id, wanted, version=version, now=now)


def _delete(
    request: Request, visitor: Visitor, entity_type: EntityType, local_id: str, entered: Entered
) -> Response:
    document = _get(entity_type, local_id)
    version = _version(entered)
    try:
        with_db(lambda db: LocalStore(db).delete(entity_type, local_id, version=version))
    except ConflictError as error:
        return _form(request, visitor, entity_type, document, problem=str(error))
    return to(request, f"/broadstreet/local-only?type={entity_type.value}&done=deleted")


def _version(entered: Entered) -> int:
    """Return the version that the form was of; one that nothing has where it says none."""
    text = "".join(entered.get("version", ())[:1])
    return int(text) if text.isdecimal() else 0
