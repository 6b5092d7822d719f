"""What the vendors of the ad world share: the world's clock on every answer, and warm pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from email.utils import format_datetime
from typing import Any

from sandbox.vendors.ad_world.places import Account
from sandbox.vendors.ad_world.routes import AdWorld
from sandbox.vendors.ad_world.world import World
from sandbox.vendors.page_cache import PageCache
from sandbox.vendors.vendor import Vendor
from sandbox.vendors.wire import JSON_HEADERS, Call, Reply, Secret, encode

_OK = 200
# A month of a thousand accounts: with less, a benchmark would measure how pages are made.
_CACHE_BYTES = 1 << 30


class WorldVendor(Vendor):
    """Answers from the world that `ad_world` holds; `token` opens every account of it.

    Tokens that `grant` (a control operation) has given out open the accounts that they are for.

    A vendor that says so by `caches` has its successful GETs kept until the clock moves, so that a
    warm page costs a lookup. The `Date` header of every answer is the world's clock.
    """

    caches = False

    def __init__(self, keys: Mapping[str, str], ad_world: AdWorld) -> None:
        self.token = keys[self.name]
        self._ad_world = ad_world
        self._cache = PageCache(_CACHE_BYTES)
        self._grants: dict[str, frozenset[str]] = {}
        self._caller = self.token

    @property
    def world(self) -> World:
        return self._ad_world.world

    def reset(self, seed: int, settings: Mapping[str, Any]) -> None:
        del seed, settings
        self._cache.clear()
        self._grants.clear()

    def keys(self) -> Iterable[Secret]:
        return [Secret("token", each) for each in (self.token, *self._grants)]

    def changes(self) -> Mapping[str, Callable[..., Any]]:
        return {"grant": self._grant}

    def _grant(self, token: str, accounts: list[str]) -> dict[str, Any]:
        """Give out a token that opens some accounts only (control operation)."""
        self._grants[token] = frozenset(accounts)
        self.forget()
        return {"accounts": len(accounts)}

    def calls_with(self, token: str) -> bool:
        """Note whose call this is; tell whether the token is known at all."""
        self._caller = token
        return token == self.token or token in self._grants

    def may_see(self, account: Account) -> bool:
        """Tell whether the caller's token is for the account."""
        granted = self._grants.get(self._caller)
        return granted is None or account.account_id in granted

    def accounts(self) -> list[Account]:
        """Return this vendor's accounts that the caller's token is for."""
        return [each for each in self.world.accounts_of(self.name) if self.may_see(each)]

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
