"""Airflow's own REST API, asked in this process and as the user whose request is answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import httpx
from fastapi import HTTPException, Request


async def ask_airflow(
    request: Request,
    method: str,
    path: Sequence[str],
    body: object = None,
    *,
    missing_ok: bool = False,
) -> Any:  # noqa: ANN401 - JSON
    """Return the answer's JSON; its refusals pass through, a missing thing is None if that is ok.

    `path` is in parts, each of which stays one: an id of `..` or `x?y` leads nowhere else.

    The caller's own token or cookie goes along, so that Airflow's checks apply unchanged.
    """
    root = request.scope["airflow_application"]
    known = request.headers
    headers = {name: known[name] for name in ("authorization", "cookie") if name in known}
    transport = httpx.ASGITransport(app=root)
    async with httpx.AsyncClient(transport=transport, base_url="http://airflow") as client:
        answer = await client.request(method, _address(path), json=body, headers=headers)
    if answer.status_code == 404 and missing_ok:  # noqa: PLR2004
        return None
    if answer.is_error:
        message = f"Airflow refuses it: {_detail(answer)}"
        raise HTTPException(answer.status_code, {"message": message})
    return answer.json()


def _address(path: Sequence[str]) -> str:
    """Return parts of a path below Airflow's API; httpx would resolve `.` and `..`."""
    parts = (quote(part, safe="") for part in path)
    return "/".join(["/api/v2", *(p.replace(".", "%2E") if set(p) == {"."} else p for p in parts)])


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("detail"))
    except (ValueError, AttributeError):
        return f"status {answer.status_code}"


async def start_run(request: Request, dag_id: str, conf: object, note: str) -> str:
    """Start a DAG and return the run's id; a paused one is refused, since nothing would happen."""
    dag = await ask_airflow(request, "GET", ("dags", dag_id))
    if dag["is_paused"]:
        message = f"The DAG {dag_id} is paused, so nothing would happen: switch it on in Airflow."
        raise HTTPException(409, {"message": message})
    body = {"logical_date": None, "conf": conf, "note": note}
    run = await ask_airflow(request, "POST", ("dags", dag_id, "dagRuns"), body)
    return str(run["dag_run_id"])
