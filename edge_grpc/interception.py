"""How something is put around every call: one async context manager, whatever the kind of call.

Requests are parsed here instead of by gRPC: bytes that are no message are then the caller's
mistake (INVALID_ARGUMENT), not an INTERNAL error. Responses may be messages or wire-ready bytes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, cast

import grpc
from google.protobuf.message import DecodeError, Message
from grpc.aio import ServerInterceptor

from edge_grpc.errors import InvalidFieldError
from edge_grpc.status import Context


@dataclass(frozen=True, slots=True)
class Call:
    """The call that is being answered."""

    method: str
    context: Context
    streaming: bool

    @property
    def name(self) -> str:
        return self.method.rpartition("/")[2]


Around = Callable[[Call], AbstractAsyncContextManager[None]]
# grpc's own stubs know neither handlers' fields nor the two shapes of a behaviour.
Handler = Any


class Surrounding(ServerInterceptor):
    """Runs every call inside a context manager."""

    def __init__(self, around: Around) -> None:
        self._around = around

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        method = str(cast("Any", handler_call_details).method)
        return _surrounded(handler, method, self._around)


def _surrounded(handler: Handler, method: str, around: Around) -> Handler:
    kind = f"{_arity(handler.request_streaming)}_{_arity(handler.response_streaming)}"
    behaviour = getattr(handler, kind)
    streaming = handler.request_streaming or handler.response_streaming

    async def answer(request: Any, context: Context) -> Any:  # noqa: ANN401
        async with around(Call(method, context, streaming)):
            return await behaviour(request, context)

    async def stream(request: Any, context: Context) -> None:  # noqa: ANN401
        async with around(Call(method, context, streaming)):
            await _write_all(behaviour(request, context), context)

    make = getattr(grpc, f"{kind}_rpc_method_handler")
    surrounded = stream if handler.response_streaming else answer
    return make(surrounded, handler.request_deserializer, handler.response_serializer)


async def _write_all(responses: Any, context: Context) -> None:  # noqa: ANN401
    """Send what a behaviour yields; one that has been surrounded already sends by itself."""
    if hasattr(responses, "__aiter__"):
        async for response in responses:
            await context.write(response)
    else:
        await responses


def _arity(streaming: bool) -> str:  # noqa: FBT001 - a flag of gRPC's own
    return "stream" if streaming else "unary"


class Parsing(ServerInterceptor):
    """Parses requests inside the call; the innermost of the interceptors."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        handler = await continuation(handler_call_details)
        if handler is None or handler.request_deserializer is None:
            return handler
        kind = f"{_arity(handler.request_streaming)}_{_arity(handler.response_streaming)}"
        behaviour = getattr(handler, kind)
        parse = handler.request_deserializer
        read = _parse_all if handler.request_streaming else _parse

        def parsed(request: Any, context: Context) -> Any:  # noqa: ANN401
            return behaviour(read(request, parse), context)

        make = getattr(grpc, f"{kind}_rpc_method_handler")
        return make(parsed, None, serialise)


async def _parse_all(
    requests: AsyncIterator[bytes], parse: Callable[[bytes], Message]
) -> AsyncIterator[Message]:
    async for request in requests:
        yield _parse(request, parse)


def _parse(request: bytes, parse: Callable[[bytes], Message]) -> Message:
    try:
        return parse(request)
    except (DecodeError, ValueError):
        message = "The request is not a message of this call."
        raise InvalidFieldError(message) from None


def serialise(response: bytes | Message) -> bytes:
    """Return wire bytes; a batch is put together as bytes already."""
    return response if isinstance(response, bytes) else response.SerializeToString()
