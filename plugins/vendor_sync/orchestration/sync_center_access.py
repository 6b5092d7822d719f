"""Who looks at Sync Center, and what Airflow lets them see and do there."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Any, cast
from urllib.parse import urlsplit

import psycopg
from airflow.api_fastapi.app import (
    get_auth_manager,  # pyright: ignore[reportUnknownVariableType]
)
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from airflow.sdk.configuration import conf
from fastapi import Depends, HTTPException, Request

from vendor_sync.sync_center.flows import FLOWS

logger = logging.getLogger(__name__)
# Values that a request may hold and no store takes: a NUL, half a character, an endless number.
UNSTORABLE = (psycopg.DataError, OverflowError, UnicodeError, RecursionError)
UNSTORABLE_WORDS = "The request holds a number or characters that nothing here can have."
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is logged in; `may_read` and `may_start` name DAGs."""

    name: str
    may_read: frozenset[str]
    may_start: frozenset[str]


def _visitor(user: GetUserDep, session: SessionDep) -> Visitor:
    manager = cast("Any", get_auth_manager())
    readable = manager.get_authorized_dag_ids(user=user, method="GET", session=session)
    known = frozenset(FLOWS) & readable
    allowed = {name for name in known if _may_start(manager, user, name)}
    return Visitor(str(user.get_name()), known, frozenset(allowed))


def _may_start(manager: Any, user: Any, dag_id: str) -> bool:  # noqa: ANN401 - Airflow's
    return manager.is_authorized_dag(
        method="POST",
        access_entity=DagAccessEntity.RUN,
        details=DagDetails(id=dag_id),
        user=user,
    )


VisitorDep = Annotated[Visitor, Depends(_visitor)]


def may(method: Any, dag_id: str | None = None) -> Any:  # noqa: ANN401 - Airflow's own dependency
    """Require what Airflow requires for runs of a DAG, by default the one in the path."""
    return Depends(
        requires_access_dag(method=method, access_entity=DagAccessEntity.RUN, param_dag_id=dag_id)
    )


def refuse_other_origins(request: Request) -> None:
    """Refuse a form that another site has sent: the browser adds our cookie to it too.

    A request with a token of its own is no such form; a password that a proxy in front asks for
    is none, since the browser adds it as well. Without origin and cookie it is no browser's.
    """
    known = request.headers
    if request.method in {"GET", "HEAD"} or known.get("authorization", "").startswith("Bearer "):
        return
    origin = known.get("origin", "")
    if not origin and "cookie" not in known:
        return
    if origin and urlsplit(origin).netloc in _own_addresses(request):
        return
    raise HTTPException(
        403,
        {
            "message": "This did not come from a page of this Airflow, so it was not done.",
            "hint": "Open the page again and repeat it there; a program sends its token"
            " (Authorization: Bearer TOKEN) and no cookie.",
        },
    )


def refuse_nul(request: Request) -> None:
    """Refuse an address with a NUL, on which Airflow's own queries fail."""
    words = (request.url.path, *request.path_params.values(), *request.query_params.values())
    if any("\0" in str(word) for word in words):
        raise HTTPException(422, {"message": UNSTORABLE_WORDS})


def words_of_unstorable(request: Request, error: Exception) -> str:
    """Return what to answer to one of UNSTORABLE, and log it: it may be a mistake of ours.

    The error's text quotes the value, so only its kind is logged.
    """
    state = f" (SQLSTATE {error.sqlstate})" if isinstance(error, psycopg.Error) else ""
    asked = f"{request.method} {request.url.path[:_SHOWN]!r}"
    logger.warning("%s was refused: %s%s", asked, type(error).__name__, state)
    return UNSTORABLE_WORDS


# What every application of ours asks first.
GUARDS = (Depends(refuse_other_origins), Depends(refuse_nul))


def _own_addresses(request: Request) -> Collection[str]:
    configured: str = conf.get("api", "base_url", fallback="")  # pyright: ignore[reportUnknownMemberType]
    return {request.headers.get("host", ""), urlsplit(configured).netloc} - {""}
