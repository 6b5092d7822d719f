"""How a reply leaves the server: whole, or the way that a fault wants it."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote

from aiohttp import web

from sandbox.vendors.rate_limit import signal
from sandbox.vendors.vendor import Vendor
from sandbox.vendors.wire import JSON_HEADERS, Call, Reply, encode

Answer = Callable[[], Awaitable[Reply]]
Action = Mapping[str, Any]

STUCK_SECONDS = 3600.0
_HTML = (
    b"<!doctype html><html><head><title>Please wait</title></head><body>Maintenance</body></html>"
)
# On, with nothing to wait for: closing then sends a reset instead of an orderly end.
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


async def send(request: web.Request, reply: Reply) -> web.StreamResponse:
    """Write the reply and wait until the socket has taken it."""
    response = web.Response(status=reply.status, body=reply.body, headers=reply.headers)
    await response.prepare(request)
    await response.write_eof()
    return response


def answering(vendor: Vendor, call: Call, answer: Answer, action: Action) -> Answer:
    """Return what makes the reply of a fault that only changes the content."""

    async def status() -> Reply:
        body = action.get("body", "")
        encoded = body.encode() if isinstance(body, str) else encode(body)
        kind = "text/plain" if isinstance(body, str) else "application/json"
        return Reply(action["status"], encoded, {"Content-Type": kind, **action.get("headers", {})})

    async def too_many() -> Reply:
        style = action.get("style", "retry_after")
        return signal(vendor.too_many(style), style, action.get("wait", 1.0))

    async def token_expired() -> Reply:
        return vendor.token_expired(call)

    async def quoting() -> Reply:
        return _quotation(call, action.get("status", 400))

    async def html() -> Reply:
        return Reply(200, _HTML, {"Content-Type": "text/html; charset=utf-8"})

    async def empty() -> Reply:
        return Reply(200, b"")

    async def truncated_json() -> Reply:
        reply = await answer()
        return Reply(reply.status, _part(reply.body, action), reply.headers)

    async def malformed_json() -> Reply:
        reply = await answer()
        # A bare word where a value is expected: every parser refuses it, wherever the body is cut.
        return Reply(reply.status, reply.body.replace(b":", b": oops ", 1), reply.headers)

    changed = (
        status, too_many, token_expired, quoting, html, empty, truncated_json, malformed_json,
    )  # fmt: skip
    return {make.__name__: make for make in changed}.get(action["kind"], answer)


async def deliver(request: web.Request, answer: Answer, action: Action) -> web.StreamResponse:
    """Wait as the fault says, then send the answer whole or break off."""
    kind = action["kind"]
    await asyncio.sleep(action.get("delay", 0.0))
    if kind == "latency":
        await asyncio.sleep(action.get("seconds", 1.0))
    if kind == "close":
        return _hang_up(request)
    if kind == "stuck":
        return await _fall_silent(request, action.get("seconds", STUCK_SECONDS))
    if kind == "commit_then_timeout":
        await answer()
        return await _fall_silent(request, action.get("seconds", STUCK_SECONDS))
    reply = await answer()
    if kind == "reset":
        return await _reset(request, reply, action)
    if kind == "trickle":
        return await _trickle(request, reply, action)
    return await send(request, reply)


def _quotation(call: Call, status: int) -> Reply:
    """Refuse with the whole request, secrets and all, wherever a vendor writes what was wrong."""
    lines = "".join(f"{name}: {value}\n" for name, value in call.headers.items())
    body = call.body.decode(errors="replace")
    said = f"{call.method} {call.path}?{call.raw_query} {lines} {body}"
    words = {"message": said, "error_user_msg": said, "code": said, "type": said}
    item = {
        **words, "error": words, "errors": [words], "error_description": said,
        "request_status": "ERROR", "debug_message": said, "data": {},
    }  # fmt: skip
    challenge = {"Retry-After": "3600", "WWW-Authenticate": quote(said[:300])}
    return Reply(status, encode(item), {**JSON_HEADERS, **challenge})


def _part(body: bytes, action: Action) -> bytes:
    return body[: max(1, int(len(body) * action.get("at", 0.5)))]


def _hang_up(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.close()
    return web.Response()


async def _fall_silent(request: web.Request, seconds: float) -> web.StreamResponse:
    """Hold the connection until the time is over; a client that gives up cancels this."""
    await asyncio.sleep(seconds)
    return _hang_up(request)


async def _start(request: web.Request, reply: Reply) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status, headers=reply.headers)
    response.content_length = len(reply.body)
    await response.prepare(request)
    return response


async def _reset(request: web.Request, reply: Reply, action: Action) -> web.StreamResponse:
    response = await _start(request, reply)
    await response.write(_part(reply.body, action))
    # Time for the client to read what was sent: a reset may overtake it otherwise.
    await asyncio.sleep(0.02)
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        transport.abort()
    return response


async def _trickle(request: web.Request, reply: Reply, action: Action) -> web.StreamResponse:
    """Spread the body over the seconds in equal pieces."""
    pieces = max(1, int(action.get("pieces", 10)))
    size = max(1, -(-len(reply.body) // pieces))
    response = await _start(request, reply)
    for start in range(0, len(reply.body), size):
        await asyncio.sleep(action.get("seconds", 1.0) / pieces)
        await response.write(reply.body[start : start + size])
    await response.write_eof()
    return response
