"""What the vendors of the ad world share: the world's clock on every answer, and warm pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from email.utils import format_datetime
from typing import Any

from sandbox.vendors.ad_world.routes import AdWorld
from sandbox.vendors.ad_world.world import World
from sandbox.vendors.page_cache import PageCache
from sandbox.vendors.vendor import Vendor
from sandbox.vendors.wire import JSON_HEADERS, Call, Reply, Secret, encode

_OK = 200
_CACHE_BYTES = 256 << 20


class WorldVendor(Vendor):
    """Answers from the world that `ad_world` holds; `token` opens every account of it.

    A vendor that says so by `caches` has its successful GETs kept until the clock moves, so that a
    warm page costs a lookup. The `Date` header of every answer is the world's clock.
    """

    caches = False

    def __init__(self, keys: Mapping[str, str], ad_world: AdWorld) -> None:
        self.token = keys[self.name]
        self._ad_world = ad_world
        self._cache = PageCache(_CACHE_BYTES)

    @property
    def world(self) -> World:
        return self._ad_world.world

    def reset(self, seed: int, settings: Mapping[str, Any]) -> None:
        del seed, settings
        self._cache.clear()

    def keys(self) -> Iterable[Secret]:
        return [Secret("token", self.token)]

    def cached(self, call: Call) -> Reply | None:
        return self._cache.get(self._place(call)) if self.caches and call.method == "GET" else None

    def keep(self, call: Call, reply: Reply) -> Reply:
        """Remember a successful reply that depends on the call and on the clock alone."""
        if self.caches and call.method == "GET" and reply.status == _OK:
            self._cache.put(self._place(call), reply)
        return reply

    def forget(self) -> None:
        """Drop the warm pages, since something else than the clock has changed."""
        self._cache.clear()

    def reply(self, status: int, item: object, headers: Mapping[str, str] | None = None) -> Reply:
        clock = {"Date": format_datetime(self.world.now, usegmt=True)}
        return Reply(status, encode(item), {**JSON_HEADERS, **clock, **(headers or {})})

    def _place(self, call: Call) -> tuple[object, ...]:
        # The token is part of it: a page must not be given to a caller without one.
        given = (call.headers.get("Authorization"), call.headers.get("Access-Token"))
        return (call.path, call.raw_query, *given, self.world.now)
