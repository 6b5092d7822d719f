"""Endpoints on Airflow's API server: start Broadstreet's DAGs, and keep local entities.

Who may read the DAG `broadstreet_export` in Airflow may read here, who may start it may write.
Every refusal is `{"detail": {"message": ..., ...}}` and says what to do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, cast

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pymongo.errors import PyMongoError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException as StarletteHTTPException

from vendor_sync import mongo
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.export_settings import ExportParams
from vendor_sync.broadstreet.import_settings import ImportParams
from vendor_sync.broadstreet.local_models import MODELS, InvalidEntityError
from vendor_sync.broadstreet.local_store import ConflictError, LocalStore, UnknownEntityError
from vendor_sync.broadstreet.run_status import run_status
from vendor_sync.connections import require_connection
from vendor_sync.errors import ConfigurationError, StorageError, SyncError
from vendor_sync.mongo import Document
from vendor_sync.orchestration.airflow_api import ask_airflow, start_run
from vendor_sync.orchestration.connections import connection_from_airflow
from vendor_sync.orchestration.sync_center_access import (
    GUARDS,
    UNSTORABLE,
    may,
    words_of_unstorable,
)

IMPORT, EXPORT = "broadstreet_import", "broadstreet_export"
_MAX_PAGE = 500
_HINTS = {
    401: ": POST /auth/token gives a token; send it as 'Authorization: Bearer TOKEN'.",
    403: ": your role in Airflow may not start this DAG; somebody with the role User or Op may.",
}
_IMPORT_OPTIONS = ("network_ids", "advertiser_ids", "campaign_ids", "mode", "dry_run")
_EXPORT_OPTIONS = ("entity_types", "local_ids", "retry_refused", "dry_run")


def sync_api() -> FastAPI:
    """Build what is mounted at /api/sync."""
    app = _application(
        "Broadstreet sync", "Start imports and exports, and see how they are doing.", "/api/sync"
    )
    for entity_type in EntityType:
        _add_start(app, entity_type, IMPORT, f"Import {entity_type} from Broadstreet.")
    _add_start(app, "all", IMPORT, "Import everything from Broadstreet.")
    _add_start(app, "local-all", EXPORT, "Export all local entities, or the chosen ones.")

    @app.get("/runs/{run_id}", dependencies=[may("GET", IMPORT), may("GET", EXPORT)])
    async def get_run(run_id: str, request: Request) -> dict[str, Any]:
        """Return a run's state, its progress per entity type, and its result when it has ended."""
        return await _run(request, run_id)

    return app


def local_api() -> FastAPI:
    """Build what is mounted at /api/local."""
    app = _application(
        "Local Broadstreet entities", "Made here, and not in Broadstreet yet.", "/api/local"
    )
    for entity_type in EntityType:
        _add_local_reads(app, entity_type)
        _add_local_writes(app, entity_type)
    return app


def _application(title: str, description: str, prefix: str) -> FastAPI:
    app = FastAPI(
        title=title,
        description=description,
        docs_url="/docs",
        redoc_url=None,
        dependencies=GUARDS,
    )

    @app.exception_handler(StarletteHTTPException)
    async def refuse(_: Request, error: StarletteHTTPException) -> JSONResponse:
        detail = error.detail
        if error.status_code == 404 and detail == "Not Found":  # noqa: PLR2004 - no route
            detail = f"There is no such endpoint. All of them: {prefix}/docs"
        hint = _HINTS.get(error.status_code, "")
        content = detail if isinstance(detail, dict) else {"message": f"{detail}{hint}"}
        return JSONResponse({"detail": content}, error.status_code, headers=error.headers)

    @app.exception_handler(RequestValidationError)
    async def refuse_query(_: Request, error: RequestValidationError) -> JSONResponse:
        problems = [
            {"field": ".".join(map(str, found["loc"])), "problem": str(found["msg"])}
            for found in error.errors()
        ]
        content = {"message": "The request's parameters are wrong.", "problems": problems}
        return JSONResponse({"detail": content}, 422)

    @app.exception_handler(SyncError)
    async def refuse_entity(_: Request, error: SyncError) -> JSONResponse:
        content: dict[str, Any] = {"message": str(error)}
        if isinstance(error, InvalidEntityError):
            content["problems"] = error.problems
        return JSONResponse({"detail": content}, _status_of(error))

    async def refuse_value(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": {"message": words_of_unstorable(request, error)}}, 422)

    for kind in UNSTORABLE:
        app.add_exception_handler(kind, refuse_value)

    @app.exception_handler(PyMongoError)
    async def lose_mongo(_: Request, error: PyMongoError) -> JSONResponse:
        message = f"MongoDB failed ({type(error).__name__}): try again; see docs/operations.md."
        return JSONResponse({"detail": {"message": message}}, 503)

    return app


def _status_of(error: SyncError) -> int:
    kinds: Mapping[type[SyncError], int] = {
        InvalidEntityError: 422,
        UnknownEntityError: 404,
        ConflictError: 409,
        ConfigurationError: 422,
        StorageError: 503,
    }
    return next((status for kind, status in kinds.items() if isinstance(error, kind)), 500)


# Runs.


def _add_start(app: FastAPI, name: str, dag_id: str, summary: str) -> None:
    options = _IMPORT_OPTIONS if dag_id == IMPORT else _EXPORT_OPTIONS
    example = {"dry_run": True}
    body = {"content": {"application/json": {"schema": {"type": "object"}, "example": example}}}

    @app.post(
        f"/{name}",
        status_code=202,
        name=f"start_{name}",
        summary=summary,
        description=f"Starts `{dag_id}`. Optional JSON fields: {', '.join(options)}.",
        dependencies=[may("POST", dag_id)],
        openapi_extra={"requestBody": {"required": False, **body}},
    )
    async def start(request: Request, user: GetUserDep) -> dict[str, Any]:
        asked = await _json(request, optional=True)
        if unknown := sorted(set(asked) - set(options)):
            message = f"There is no option {unknown[0]!r}; there are: {', '.join(options)}."
            raise HTTPException(422, {"message": message})
        conf = _import_conf(name, asked) if dag_id == IMPORT else _export_conf(asked)
        return await _start(request, dag_id, conf, str(user.get_name()))


def _import_conf(name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    chosen = {} if name == "all" else {"entity_types": [name]}
    conf = ImportParams.parse({**asked, **chosen}).to_json()
    ids = ("network_ids", "advertiser_ids", "campaign_ids")
    return {**conf, **{option: list(map(str, conf[option])) for option in ids}}


def _export_conf(asked: Mapping[str, Any]) -> dict[str, Any]:
    conf = ExportParams.parse(asked).to_json()
    return {**conf, **{name: list(conf[name]) for name in ("entity_types", "local_ids")}}


async def _start(
    request: Request, dag_id: str, conf: Mapping[str, Any], user: str
) -> dict[str, Any]:
    note = f"Started by {user} at /api/sync."
    run_id = await start_run(request, dag_id, dict(conf), note)
    return {"run_id": run_id, "dag_id": dag_id, "status_url": f"/api/sync/runs/{run_id}"}


async def _run(request: Request, run_id: str) -> dict[str, Any]:
    dags = (IMPORT, EXPORT)
    found = await run_in_threadpool(run_status, connection_from_airflow, dags, run_id)
    for dag_id in [found["flow"]] if found else dags:
        path = ("dags", dag_id, "dagRuns", run_id)
        run = await ask_airflow(request, "GET", path, missing_ok=True)
        if run is not None:
            return {**(found or {}), "run_id": run_id, "dag_id": dag_id, "state": run["state"]}
    if found:  # started from the command line: Airflow does not know it
        return {**found, "dag_id": found["flow"], "state": None}
    message = f"There is no run {run_id!r}. POST /api/sync/... answers with the id of a new one."
    raise HTTPException(404, {"message": message})


# Local entities.

Limit = Annotated[int, Query(ge=1, le=_MAX_PAGE, description="How many to return.")]
Offset = Annotated[int, Query(ge=0, description="How many to leave out, newest first.")]
WithErrors = Annotated[bool, Query(description="Only those whose last export failed.")]
Version = Annotated[int | None, Query(ge=1, description="Delete only this version.")]


def _add_local_reads(app: FastAPI, entity_type: EntityType) -> None:
    kind = entity_type.singular
    reads = [may("GET", EXPORT)]

    @app.get(f"/{entity_type}", dependencies=reads, name=f"list_{entity_type}")
    def list_entities(
        limit: Limit = 100,
        offset: Offset = 0,
        with_errors: WithErrors = False,  # noqa: FBT002
    ) -> dict[str, Any]:
        found, total = _with_store(
            lambda store: store.list(entity_type, limit=limit, skip=offset, with_errors=with_errors)
        )
        return {"items": [_shown(document) for document in found], "total": total}

    @app.get(f"/{entity_type}/{{local_id}}", dependencies=reads, name=f"get_{kind}")
    def get_entity(local_id: str) -> dict[str, Any]:
        return _shown(_with_store(lambda store: store.get(entity_type, local_id)))


def _add_local_writes(app: FastAPI, entity_type: EntityType) -> None:
    kind = entity_type.singular
    writes = [may("POST", EXPORT)]

    @app.post(
        f"/{entity_type}",
        status_code=201,
        dependencies=writes,
        name=f"create_{kind}",
        openapi_extra=_body_of(entity_type, change=False),
    )
    async def create_entity(request: Request) -> dict[str, Any]:
        entered = await _json(request)
        now = datetime.now(UTC)
        return await _written(lambda store: store.create(entity_type, entered, now))

    @app.patch(
        f"/{entity_type}/{{local_id}}",
        dependencies=writes,
        name=f"update_{kind}",
        openapi_extra=_body_of(entity_type, change=True),
    )
    async def update_entity(local_id: str, request: Request) -> dict[str, Any]:
        changes = await _json(request)
        version = changes.pop("version", None)
        if not isinstance(version, int) or isinstance(version, bool):
            message = "Give the 'version' that you have read, so that nobody's edit is undone."
            raise HTTPException(422, {"message": message})
        now = datetime.now(UTC)
        return await _written(
            lambda store: store.update(entity_type, local_id, changes, version=version, now=now)
        )

    @app.delete(
        f"/{entity_type}/{{local_id}}", status_code=204, dependencies=writes, name=f"delete_{kind}"
    )
    def delete_entity(local_id: str, version: Version = None) -> None:
        _with_store(lambda store: store.delete(entity_type, local_id, version=version))


def _body_of(entity_type: EntityType, *, change: bool) -> dict[str, Any]:
    schema = MODELS[entity_type].model_json_schema()
    if change:
        fields = {"version": {"type": "integer"}, **schema["properties"]}
        schema = {**schema, "properties": fields, "required": ["version"]}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _with_store(act: Callable[[LocalStore], Any]) -> Any:  # noqa: ANN401 - what the store returns
    connection = require_connection(connection_from_airflow, "broadstreet_mongo")
    with mongo.connect(connection) as db:
        return act(LocalStore(db))


async def _written(act: Callable[[LocalStore], Document]) -> dict[str, Any]:
    """Have a thread write an entity, and return it as it is now."""
    return _shown(await run_in_threadpool(_with_store, act))


def _shown(document: Document) -> dict[str, Any]:
    """Return a document as JSON: ids and instants as text."""
    text = json.dumps(document, default=_plain)
    return cast("dict[str, Any]", json.loads(text))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


async def _json(request: Request, *, optional: bool = False) -> dict[str, Any]:
    text = await request.body()
    if optional and not text.strip():
        return {}
    try:
        found: object = json.loads(text)
    except ValueError:
        found = None
    if isinstance(found, dict):
        return cast("dict[str, Any]", found)
    message = 'The body must be a JSON object, such as {"name": "..."}.'
    raise HTTPException(422, {"message": message})
