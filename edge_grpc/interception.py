"""How something is put around every call, whatever its kind: functions around functions.

Requests are parsed here instead of by gRPC: bytes that are no message are then the caller's
mistake (INVALID_ARGUMENT), not an INTERNAL error. Responses may be messages or wire-ready bytes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Any, NamedTuple, cast

import grpc
from google.protobuf.message import DecodeError, Message
from grpc.aio import ServerInterceptor

from edge_grpc.errors import InvalidFieldError
from edge_grpc.status import Context


class Call(NamedTuple):
    """The call that is being answered; `name` is its method's without the service.

    `metadata` is the request's, asked of the context once: it is put together at each asking.
    """

    method: str
    name: str
    context: Context
    streaming: bool
    metadata: Iterable[tuple[str, str | bytes]]


# grpc's own stubs know neither handlers' fields nor the two shapes of a behaviour.
Handler = Any
Respond = Callable[[Call, Any, Context], Awaitable[Any]]
Around = Callable[[Respond], Respond]


class Surrounding(ServerInterceptor):
    """Puts functions around every call, the first one outermost, and parses its request.

    How a method is surrounded is worked out once: an interceptor each, for each call, costs as
    much as answering a small one.
    """

    def __init__(self, *arounds: Around) -> None:
        self._arounds = arounds
        self._surrounded: dict[str, Handler] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        method = str(cast("Any", handler_call_details).method)
        known = self._surrounded.get(method)
        if known is not None:
            return known
        handler = await continuation(handler_call_details)
        if handler is not None:
            handler = self._surrounded[method] = _surrounded(handler, method, self._arounds)
        return handler


def _surrounded(handler: Handler, method: str, arounds: Sequence[Around]) -> Handler:
    kind = f"{_arity(handler.request_streaming)}_{_arity(handler.response_streaming)}"
    behaviour = getattr(handler, kind)
    parse = handler.request_deserializer
    name = method.rpartition("/")[2]
    streaming = handler.request_streaming or handler.response_streaming
    if parse is not None:
        read, answered = (_parse_all if handler.request_streaming else _parse), behaviour

        def behaviour(request: Any, context: Context) -> Any:  # noqa: ANN401
            return answered(read(request, parse), context)

    async def respond(_call: Call, request: Any, context: Context) -> Any:  # noqa: ANN401
        if handler.response_streaming:
            return await _write_all(behaviour(request, context), context)
        return await behaviour(request, context)

    inner: Respond = respond
    for around in reversed(arounds):
        inner = around(inner)

    async def answer(request: Any, context: Context) -> Any:  # noqa: ANN401
        metadata = context.invocation_metadata() or ()
        return await inner(Call(method, name, context, streaming, metadata), request, context)

    make = getattr(grpc, f"{kind}_rpc_method_handler")
    return make(answer, None, serialise)


async def _write_all(responses: Any, context: Context) -> None:  # noqa: ANN401
    """Send what a behaviour yields; some of the standard services send by themselves."""
    if hasattr(responses, "__aiter__"):
        async for response in responses:
            await context.write(response)
    else:
        await responses


def _arity(streaming: bool) -> str:  # noqa: FBT001 - a flag of gRPC's own
    return "stream" if streaming else "unary"


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
