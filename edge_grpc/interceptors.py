"""What surrounds every call, from the outside in: log and metrics, errors, deadline, who calls."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, cast

import grpc
from opentelemetry.trace import Span

from edge_grpc import logs, metrics, tracing
from edge_grpc.auth import caller
from edge_grpc.errors import UnavailableError
from edge_grpc.interception import Call
from edge_grpc.status import abort, translate_errors

logger = logging.getLogger("edge_grpc.calls")
_facts: ContextVar[dict[str, Any]] = ContextVar("facts")


def note(**facts: Any) -> None:  # noqa: ANN401 - counts and words for the log line
    """Add facts to the log line of the current call."""
    _facts.get({}).update(facts)


@asynccontextmanager
async def recording(call: Call) -> AsyncGenerator[None]:
    """Write one line and the metrics of a call, however it ends."""
    facts: dict[str, Any] = {}
    _facts.set(facts)
    started = time.perf_counter()
    if call.streaming:
        metrics.OPEN_STREAMS.labels(call.name).inc()
    with tracing.span(call.method, call.context.invocation_metadata() or ()) as span:
        try:
            yield
        except asyncio.CancelledError:
            facts["code"] = "CANCELLED"
            raise
        finally:
            _record(call, facts, time.perf_counter() - started, span)


def _record(call: Call, facts: dict[str, Any], seconds: float, span: Span) -> None:
    if call.streaming:
        metrics.OPEN_STREAMS.labels(call.name).dec()
    code = facts.pop("code", None) or _code(call)
    principal = caller.get(None)
    store = str(principal.store_id) if principal else ""
    metrics.CALLS.labels(call.name, code).inc()
    metrics.CALL_SECONDS.labels(call.name).observe(seconds)
    if code not in {"OK", "CANCELLED"} and store:
        metrics.STORE_FAILURES.labels(store).inc()
    tracing.end(span, code)
    line = {"call": call.name, "code": code, "ms": round(seconds * 1000, 2), "store": store}
    logger.info("call", extra=logs.facts(**line, **tracing.ids(span), **facts))


def _code(call: Call) -> str:
    code = cast("Any", call.context).code()
    if isinstance(code, grpc.StatusCode):
        return code.name
    return "OK" if not code else next(c.name for c in grpc.StatusCode if c.value[0] == code)


class Answering:
    """Translates errors, and ends unary calls that take longer than so many seconds."""

    def __init__(self, unary_seconds: float) -> None:
        self._unary_seconds = unary_seconds

    @asynccontextmanager
    async def __call__(self, call: Call) -> AsyncGenerator[None]:
        async with translate_errors(call.context, call.name):
            if call.streaming:
                yield
                return
            try:
                async with asyncio.timeout(self._unary_seconds):
                    yield
            except TimeoutError:
                slow = UnavailableError("DATABASE_AWAY", "Head office's data took too long.")
                await abort(call.context, slow)
