"""Takes a request through log, rate limit and faults to its vendor, and its reply back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from aiohttp import web
from multidict import CIMultiDict

from sandbox.vendors.catalogue import vendors
from sandbox.vendors.delivery import answering, deliver, send
from sandbox.vendors.faults import FaultRules
from sandbox.vendors.journal import Journal
from sandbox.vendors.rate_limit import Limit, signal
from sandbox.vendors.request_log import Record, RequestLog
from sandbox.vendors.sensitive import ServedSecrets
from sandbox.vendors.vendor import Vendor
from sandbox.vendors.wire import Call, ControlError, Reply

MAX_BODY_BYTES = 64 * 1024 * 1024
_UNKNOWN = Reply.of(404, {"message": "no such vendor"})

T = TypeVar("T")
# What stands in the journal for a call of the API, where a control operation has its name.
_CALLED = "(called)"


class VendorServer:
    """Owns what the vendors share. Vendor worlds are touched by one worker thread only."""

    def __init__(self, keys: Mapping[str, str], journal: Journal) -> None:
        self.vendors = {vendor.name: vendor for vendor in vendors(keys)}
        self.faults = FaultRules()
        self.limits: dict[str, Limit] = {}
        self.log = RequestLog()
        self.secrets = ServedSecrets()
        self.journal = journal
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="vendor-world")

    def vendor(self, name: str) -> Vendor:
        try:
            return self.vendors[name]
        except KeyError:
            message = f"no vendor {name!r} (known: {', '.join(self.vendors)})"
            raise ControlError(message) from None

    async def in_world(self, work: Callable[..., T], *arguments: Any) -> T:  # noqa: ANN401
        """Run what touches a vendor's world; the event loop stays free to take arrivals."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, work, *arguments)

    def reset(self, seed: int, settings: Mapping[str, Any]) -> None:
        """Start all vendors anew, without faults, limits or log; runs on the worker thread."""
        self._start_worlds(seed, settings)
        self.journal.restart({"seed": seed, **settings})
        self.faults.clear()
        self.limits.clear()
        self.log.clear()
        self.secrets.clear()

    def change(self, name: str, operation: str, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401
        outcome = self.vendor(name).change(operation, arguments)
        self.journal.add(name, operation, arguments)
        return outcome

    def restore(self) -> bool:
        """Replay the journal of an earlier process; say whether there was one."""
        settings, changes = self.journal.read()
        if settings is None:
            return False
        self._start_worlds(settings.pop("seed"), settings)
        for name, operation, arguments in changes:
            if operation == _CALLED:
                self.vendor(name).answer(_call_from(arguments))
            else:
                self.vendor(name).change(operation, arguments)
        return True

    def _answer(self, vendor: Vendor, call: Call) -> Reply:
        """Let a vendor answer; what it is asked to write outlives us, as at a real vendor."""
        reply = vendor.answer(call)
        if vendor.is_writing(call):
            self.journal.add(vendor.name, _CALLED, _noted(call))
        return reply

    def _start_worlds(self, seed: int, settings: Mapping[str, Any]) -> None:
        for name in settings:
            self.vendor(name)
        for name, vendor in self.vendors.items():
            vendor.reset(seed, settings.get(name, {}))

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one vendor call."""
        _, name, *rest = request.raw_path.partition("?")[0].split("/", 2)
        vendor = self.vendors.get(name)
        if vendor is None:
            return await send(request, _UNKNOWN)
        query = request.raw_path.partition("?")[2]
        call = Call(request.method, "/" + "".join(rest), query, request.headers)
        record = self.log.begin(name, call)
        try:
            if request.can_read_body:
                call.body = await request.read()
            return await self._pass(request, vendor, call, record)
        finally:
            self.log.end(record)

    async def _pass(
        self, request: web.Request, vendor: Vendor, call: Call, record: Record
    ) -> web.StreamResponse:
        async def answer() -> Reply:
            reply = vendor.cached(call) or await self.in_world(self._answer, vendor, call)
            self.secrets.remember(vendor.name, reply)
            return noted(reply)

        def noted(reply: Reply) -> Reply:
            record.status, record.size = reply.status, len(reply.body)
            return reply

        limit = self.limits.get(vendor.name)
        if limit and not limit.admit(time.monotonic()):
            record.refused = True
            return await send(
                request, noted(signal(vendor.too_many(limit.style), limit.style, limit.wait))
            )
        rule = self.faults.match(vendor.name, call)
        if rule is None:
            return await send(request, await answer())
        record.fault = {"rule": rule.id, "kind": rule.action["kind"]}
        if rule.action.get("commit"):
            await answer()
        changed = answering(vendor, call, answer, rule.action)

        async def faulty() -> Reply:
            return noted(await changed())

        return await deliver(request, faulty, rule.action)


def _noted(call: Call) -> dict[str, Any]:
    """Return a call as JSON; its body byte by byte."""
    return {
        "method": call.method,
        "path": call.path,
        "raw_query": call.raw_query,
        "headers": {str(name): value for name, value in call.headers.items()},
        "body": call.body.decode("latin-1"),
    }


def _call_from(noted: Mapping[str, Any]) -> Call:
    headers = CIMultiDict(noted["headers"])
    return Call(**{**noted, "headers": headers, "body": noted["body"].encode("latin-1")})
