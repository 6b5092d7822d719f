"""Answers of Sync Center: pages within its frame, and refusals that say what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException

from vendor_sync.orchestration.sync_center_access import Visitor
from vendor_sync.sync_center.rendering import render

PREFIX = "/sync-center"


@dataclass(frozen=True, slots=True)
class Tab:
    """An entry of the page's navigation; its pages are below `/<key>`."""

    key: str
    title: str


def addresses(request: Request) -> dict[str, str]:
    """Return where Sync Center (`root`) and Airflow's UI (`airflow`) are, as links begin."""
    root = str(request.scope.get("root_path", "")).rstrip("/")
    return {"root": root, "airflow": root.removesuffix(PREFIX)}


def page(
    request: Request,
    template: str,
    visitor: Visitor,
    /,
    status: int = 200,
    **values: Any,  # noqa: ANN401
) -> HTMLResponse:
    """Return a page, or the part of one that a running page asks for again."""
    known = addresses(request) | {
        "tabs": request.app.state.tabs,
        "path": request.url.path.removeprefix(addresses(request)["root"]),
        "visitor": visitor,
    }
    return HTMLResponse(render(template, known | values), status)


def to(request: Request, path: str) -> RedirectResponse:
    """Send the browser to a page of ours, with GET."""
    return RedirectResponse(addresses(request)["root"] + path, 303)


def words_of(error: HTTPException) -> str:
    """Return a refusal in words, ours or Airflow's."""
    detail: Any = error.detail
    return str(detail["message"] if hasattr(detail, "keys") and "message" in detail else detail)


def hint_of(error: HTTPException) -> str:
    """Return what a refusal of ours says to do; empty where its status says enough."""
    detail: Any = error.detail
    return str(detail["hint"]) if hasattr(detail, "keys") and "hint" in detail else ""


def run_address(dag_id: str, run_id: str) -> str:
    """Return the path of a run's page."""
    return f"/flows/{dag_id}/runs/{quote(run_id, safe='')}"
