"""What surrounds every call, from the outside in: log and metrics, errors, deadline, who calls."""

from __future__ import annotations

import asyncio
import logging
import time
from contextvars import ContextVar
from functools import cache, lru_cache
from typing import Any, cast
from uuid import UUID

import grpc
from opentelemetry.trace import INVALID_SPAN, Span

from edge_grpc import logs, metrics, tracing
from edge_grpc.auth import caller
from edge_grpc.errors import UnavailableError
from edge_grpc.interception import Around, Call, Respond
from edge_grpc.status import Context, abort, abort_with

logger = logging.getLogger("edge_grpc.calls")
# It answers from memory; where it asks the database it has a deadline of its own. Another timer
# would cost as much as the answer.
_WITHOUT_TIMER = {"GetVersion"}
_facts: ContextVar[dict[str, Any]] = ContextVar("facts")


def note(**facts: Any) -> None:  # noqa: ANN401 - counts and words for the log line
    """Add facts to the log line of the current call."""
    _facts.get({}).update(facts)


def recording(inner: Respond) -> Respond:
    """Write one line and the metrics of a call, however it ends."""

    async def respond(call: Call, request: Any, context: Context) -> Any:  # noqa: ANN401
        facts: dict[str, Any] = {}
        _facts.set(facts)
        started = time.perf_counter()
        if call.streaming:
            metrics.OPEN_STREAMS.labels(call.name).inc()
        with tracing.span(call.method, call.metadata) as span:
            try:
                return await inner(call, request, context)
            except asyncio.CancelledError:
                facts["code"] = "CANCELLED"
                raise
            finally:
                _record(call, facts, time.perf_counter() - started, span)

    return respond


def _record(call: Call, facts: dict[str, Any], seconds: float, span: Span) -> None:
    if call.streaming:
        metrics.OPEN_STREAMS.labels(call.name).dec()
    code = facts.pop("code", None) or _code(call)
    principal = caller.get(None)
    store = _text(principal.store_id) if principal else ""
    _calls(call.name, code).inc()
    _call_seconds(call.name).observe(seconds)
    if code not in {"OK", "CANCELLED"} and store:
        metrics.STORE_FAILURES.labels(store).inc()
    if span is not INVALID_SPAN:
        tracing.end(span, code)
    if logger.isEnabledFor(logging.INFO):
        line = {"call": call.name, "code": code, "ms": round(seconds * 1000, 2), "store": store}
        if span is not INVALID_SPAN:
            line |= tracing.ids(span)
        logs.lines.info(logger, "call", line | facts)


@lru_cache(maxsize=20_000)
def _text(store_id: UUID) -> str:
    return str(store_id)


@cache
def _calls(name: str, code: str) -> Any:  # noqa: ANN401 - looking a counter up costs more than it
    return metrics.CALLS.labels(name, code)


@cache
def _call_seconds(name: str) -> Any:  # noqa: ANN401
    return metrics.CALL_SECONDS.labels(name)


def _code(call: Call) -> str:
    code = cast("Any", call.context).code()
    if isinstance(code, grpc.StatusCode):
        return code.name
    return "OK" if not code else next(c.name for c in grpc.StatusCode if c.value[0] == code)


def answering(unary_seconds: float) -> Around:
    """Translate errors, and end unary calls that take longer than so many seconds."""

    def around(inner: Respond) -> Respond:
        async def respond(call: Call, request: Any, context: Context) -> Any:  # noqa: ANN401
            try:
                if call.streaming or call.name in _WITHOUT_TIMER:
                    return await inner(call, request, context)
                async with asyncio.timeout(unary_seconds):
                    return await inner(call, request, context)
            except (grpc.aio.AbortError, grpc.RpcError):
                raise
            except TimeoutError:
                slow = UnavailableError("DATABASE_AWAY", "Head office's data took too long.")
                await abort(context, slow)
            except Exception as error:  # noqa: BLE001 - whatever is left becomes a status here
                await abort_with(context, call.name, error)

        return respond

    return around
