"""Who calls: verified from the token, checked against revocations, cut off when revoked.

Identity comes from the transport alone. A request's company and store only have to agree with it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from edge_grpc.errors import (
    InvalidArgumentError,
    InvalidFieldError,
    ScopeError,
    TenantMismatchError,
    UnauthenticatedError,
)
from edge_grpc.interception import Call, Respond
from edge_grpc.rate_limit import RateLimit
from edge_grpc.status import Context
from edge_grpc.tokens import Principal, Tokens

caller: ContextVar[Principal] = ContextVar("caller")
_OPEN_TO_ALL = ("/grpc.health.v1.Health/",)
_OPEN_CALLS = frozenset({"IssueToken", "RefreshToken"})
_SCOPES = {"UploadUsage": "usage", "UploadUsageBatch": "usage"}
_OPERATORS = "/grpc.channelz.v1.Channelz/"


class Generations:
    """The generation of each client's tokens that is valid now, and the streams that rest on it.

    Revoking or rotating a client raises its generation in the database; tokens of an older one
    are worthless from the moment that this process hears of it.
    """

    def __init__(self) -> None:
        self._valid: dict[UUID, int] = {}
        self.is_ahead = False  # of what the database was seen to say
        self._tasks: defaultdict[UUID, set[asyncio.Task[Any]]] = defaultdict(set)
        self._cut: set[asyncio.Task[Any]] = set()

    def replace(self, valid: Mapping[UUID, int]) -> None:
        """Take over what the database says, and cut off every stream that it no longer allows."""
        gone = [
            client for client, generation in self._valid.items() if valid.get(client) != generation
        ]
        self._valid = dict(valid)
        self.is_ahead = False
        for client in gone:
            for task in self._tasks.get(client, ()):
                self._cut.add(task)
                task.cancel()

    def set(self, client_id: UUID, generation: int) -> None:
        """Learn of a client that has just been issued a token.

        It may have been revoked since it was read: what is new here has to be looked at again.
        """
        if self._valid.get(client_id) != generation:
            self._valid[client_id] = generation
            self.is_ahead = True

    def check(self, principal: Principal) -> None:
        if self._valid.get(principal.client_id) != principal.generation:
            raise UnauthenticatedError
        if principal.expired(datetime.now(UTC)):
            raise UnauthenticatedError

    @contextmanager
    def resting_on(self, principal: Principal) -> Generator[None]:
        """Run a stream that ends with UNAUTHENTICATED as soon as its client is revoked."""
        task = asyncio.current_task()
        if task is None:  # only outside a server
            yield
            return
        self._tasks[principal.client_id].add(task)
        try:
            yield
        except asyncio.CancelledError:
            if task not in self._cut:
                raise
            task.uncancel()
            raise UnauthenticatedError from None
        finally:
            self._cut.discard(task)
            tasks = self._tasks[principal.client_id]
            tasks.discard(task)
            if not tasks:
                del self._tasks[principal.client_id]


class Authentication:
    """The interceptor that knows who calls; `per_store` limits how often."""

    def __init__(self, tokens: Tokens, generations: Generations, per_store: RateLimit) -> None:
        self._tokens = tokens
        self._generations = generations
        self._per_store = per_store

    def __call__(self, inner: Respond) -> Respond:
        async def respond(call: Call, request: Any, context: Context) -> Any:  # noqa: ANN401
            if call.method.startswith(_OPEN_TO_ALL) or call.name in _OPEN_CALLS:
                return await inner(call, request, context)
            principal = self._admit(call)
            if not call.streaming:
                return await inner(call, request, context)
            with self._generations.resting_on(principal):
                return await inner(call, request, context)

        return respond

    def _admit(self, call: Call) -> Principal:
        """Return who calls, if they may."""
        principal = self._tokens.verify(_bearer(call))
        self._generations.check(principal)
        scope = _scope(call)
        if scope not in principal.scopes:
            raise ScopeError(scope)
        caller.set(principal)
        self._per_store.take(principal.store_id)
        return principal


def _scope(call: Call) -> str:
    if call.method.startswith(_OPERATORS):
        return "operator"
    return _SCOPES.get(call.name, "sync")


def _bearer(call: Call) -> str:
    for key, value in call.metadata:
        if key == "authorization" and isinstance(value, str):
            kind, _, token = value.partition(" ")
            if kind.lower() == "bearer" and token:
                return token
    raise UnauthenticatedError


def require_tenant(company_id: str, store_id: str | None = None) -> Principal:
    """Return the caller, if the ids of the request are there, are ids, and are the token's."""
    principal = caller.get()
    company = _required(company_id, "company_id")
    if store_id is not None and _required(store_id, "store_id") != principal.store_id:
        raise TenantMismatchError
    if company != principal.company_id:
        raise TenantMismatchError
    return principal


def _required(text: str, name: str) -> UUID:
    if not text:
        reason = f"MISSING_{name.upper()}"
        raise InvalidArgumentError(reason, f"{name} is required.")
    try:
        return _uuid(text)
    except ValueError:
        message = f"{name} is not a UUID."
        raise InvalidFieldError(message) from None


@lru_cache(maxsize=20_000)
def _uuid(text: str) -> UUID:
    """Return an id; edges send the same ones with each call."""
    return UUID(text)
