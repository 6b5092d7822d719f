"""Airflow's own REST API, asked in this process and as the user whose request is answered."""

from __future__ import annotations

from typing import Any

import httpx
from fastapi import HTTPException, Request


async def ask_airflow(
    request: Request, method: str, path: str, body: object = None, *, missing_ok: bool = False
) -> Any:  # noqa: ANN401 - JSON
    """Return the answer's JSON; its refusals pass through, a missing thing is None if that is ok.

    The caller's own token or cookie goes along, so that Airflow's checks apply unchanged.
    """
    root = request.scope["airflow_application"]
    known = request.headers
    headers = {name: known[name] for name in ("authorization", "cookie") if name in known}
    transport = httpx.ASGITransport(app=root)
    async with httpx.AsyncClient(transport=transport, base_url="http://airflow") as client:
        answer = await client.request(method, f"/api/v2{path}", json=body, headers=headers)
    if answer.status_code == 404 and missing_ok:  # noqa: PLR2004
        return None
    if answer.is_error:
        message = f"Airflow refuses it: {_detail(answer)}"
        raise HTTPException(answer.status_code, {"message": message})
    return answer.json()


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("detail"))
    except (ValueError, AttributeError):
        return f"status {answer.status_code}"


async def start_run(request: Request, dag_id: str, conf: object, note: str) -> str:
    """Start a DAG and return the run's id; a paused one is refused, since nothing would happen."""
    dag = await ask_airflow(request, "GET", f"/dags/{dag_id}")
    if dag["is_paused"]:
        message = f"The DAG {dag_id} is paused, so nothing would happen: switch it on in Airflow."
        raise HTTPException(409, {"message": message})
    body = {"logical_date": None, "conf": conf, "note": note}
    run = await ask_airflow(request, "POST", f"/dags/{dag_id}/dagRuns", body)
    return str(run["dag_run_id"])
