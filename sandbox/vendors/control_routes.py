"""The control side, under `/__control__`: resets, faults, changes, and what happened."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from itertools import islice
from typing import Any

from aiohttp import web

from sandbox.vendors.rate_limit import Limit
from sandbox.vendors.request_log import summarise
from sandbox.vendors.server import MAX_BODY_BYTES, VendorServer
from sandbox.vendors.wire import ControlError, decode, encode

PREFIX = "/__control__"
DEFAULT_SEED = 1
_LINES_AT_ONCE = 500

Endpoint = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Control:
    """One method per control route."""

    def __init__(self, server: VendorServer) -> None:
        self._server = server

    async def health(self, _: web.Request) -> web.StreamResponse:
        return _json({"status": "ok", "pid": os.getpid(), "vendors": list(self._server.vendors)})

    async def reset(self, request: web.Request) -> web.StreamResponse:
        settings = await _body(request)
        seed = settings.pop("seed", DEFAULT_SEED)
        await self._server.in_world(self._server.reset, seed, settings)
        return _json({"seed": seed})

    async def add_fault(self, request: web.Request) -> web.StreamResponse:
        arguments = await _body(request)
        self._server.vendor(arguments.get("vendor", ""))
        return _json(self._server.faults.add(arguments).as_json())

    async def list_faults(self, _: web.Request) -> web.StreamResponse:
        return _json({"faults": self._server.faults.listed()})

    async def remove_faults(self, request: web.Request) -> web.StreamResponse:
        if "id" in request.match_info:
            self._server.faults.remove(int(request.match_info["id"]))
        else:
            self._server.faults.clear()
        return _json({})

    async def set_limit(self, request: web.Request) -> web.StreamResponse:
        vendor = self._server.vendor(request.match_info["vendor"]).name
        try:
            limit = self._server.limits[vendor] = Limit(**await _body(request))
        except TypeError as error:
            raise ControlError(str(error)) from error
        return _json(limit.as_json())

    async def list_limits(self, _: web.Request) -> web.StreamResponse:
        limits = self._server.limits.items()
        return _json({"rate_limits": {vendor: limit.as_json() for vendor, limit in limits}})

    async def remove_limit(self, request: web.Request) -> web.StreamResponse:
        self._server.limits.pop(request.match_info["vendor"], None)
        return _json({})

    async def list_requests(self, request: web.Request) -> web.StreamResponse:
        records = self._server.log.matching(**_chosen(request))
        limit = int(request.query.get("limit", 100_000))
        shown = [record.as_json() for record in islice(records, limit)]
        return _json({"requests": shown, "last_seq": self._server.log.last_seq})

    async def clear_requests(self, _: web.Request) -> web.StreamResponse:
        self._server.log.clear()
        return _json({})

    async def stats(self, request: web.Request) -> web.StreamResponse:
        return _json(summarise(self._server.log.matching(**_chosen(request))))

    async def list_sensitive(self, request: web.Request) -> web.StreamResponse:
        names = [request.query["vendor"]] if "vendor" in request.query else self._server.vendors
        vendors = [self._server.vendor(name) for name in names]
        listed = self._server.secrets.listed
        values = [entry for vendor in vendors for entry in listed(vendor.name, vendor.keys())]
        return _json({"values": values})

    async def clear_sensitive(self, _: web.Request) -> web.StreamResponse:
        self._server.secrets.clear()
        return _json({})

    async def change(self, request: web.Request) -> web.StreamResponse:
        vendor, operation = request.match_info["vendor"], request.match_info["operation"]
        arguments = await _body(request)
        try:
            outcome = await self._server.in_world(self._server.change, vendor, operation, arguments)
        except (TypeError, KeyError, ValueError) as error:
            message = f"{vendor}/{operation}: {error!r}"
            raise ControlError(message) from error
        return _json(outcome)

    async def view(self, request: web.Request) -> web.StreamResponse:
        """Stream a vendor's view as JSON lines."""
        vendor = self._server.vendor(request.match_info["vendor"])
        rows = vendor.view(request.match_info.get("view", ""))
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await response.prepare(request)
        async for chunk in self._lines(rows):
            await response.write(chunk)
        return response

    async def clear_view(self, request: web.Request) -> web.StreamResponse:
        vendor = self._server.vendor(request.match_info["vendor"])
        vendor.clear(request.match_info.get("view", ""))
        return _json({})

    async def _lines(self, rows: Iterable[Any]) -> AsyncIterator[bytes]:
        iterator = iter(rows)

        def take() -> bytes:
            return b"".join(encode(row) + b"\n" for row in islice(iterator, _LINES_AT_ONCE))

        while chunk := await self._server.in_world(take):
            yield chunk

    def routes(self) -> list[web.RouteDef]:
        routes: list[tuple[str, str, Endpoint]] = [
            ("GET", "/health", self.health),
            ("POST", "/reset", self.reset),
            ("POST", "/faults", self.add_fault),
            ("GET", "/faults", self.list_faults),
            ("DELETE", "/faults", self.remove_faults),
            ("DELETE", r"/faults/{id:\d+}", self.remove_faults),
            ("GET", "/rate_limits", self.list_limits),
            ("POST", "/rate_limits/{vendor}", self.set_limit),
            ("DELETE", "/rate_limits/{vendor}", self.remove_limit),
            ("GET", "/requests", self.list_requests),
            ("DELETE", "/requests", self.clear_requests),
            ("GET", "/stats", self.stats),
            ("GET", "/sensitive", self.list_sensitive),
            ("DELETE", "/sensitive", self.clear_sensitive),
            ("GET", "/{vendor}", self.view),
            ("GET", "/{vendor}/{view}", self.view),
            ("DELETE", "/{vendor}", self.clear_view),
            ("DELETE", "/{vendor}/{view}", self.clear_view),
            ("POST", "/{vendor}/{operation}", self.change),
        ]
        return [
            web.route(method, PREFIX + path, _explained(endpoint))
            for method, path, endpoint in routes
        ]


def application(server: VendorServer) -> web.Application:
    """Put the control routes and the vendors behind one port."""
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.add_routes(Control(server).routes())
    app.router.add_route("*", "/{path:.*}", server.serve)
    return app


def _explained(endpoint: Endpoint) -> Endpoint:
    """Turn what a control call got wrong into an answer that says so."""

    async def explain(request: web.Request) -> web.StreamResponse:
        try:
            return await endpoint(request)
        except ControlError as error:
            return _json({"error": str(error)}, status=400)

    return explain


async def _body(request: web.Request) -> dict[str, Any]:
    raw = await request.read()
    item = decode(raw) if raw else {}
    if not isinstance(item, dict):
        message = "the body of a control call is a JSON object"
        raise ControlError(message)
    return item


def _chosen(request: web.Request) -> dict[str, Any]:
    query = request.query
    return {
        "vendor": query.get("vendor", ""),
        "since_seq": int(query.get("since_seq", 0)),
        "path": query.get("path", ""),
    }


def _json(item: object, status: int = 200) -> web.Response:
    return web.Response(status=status, body=encode(item), content_type="application/json")
