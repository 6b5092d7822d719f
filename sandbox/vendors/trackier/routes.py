"""The admin API of Trackier: what a key may ask, and the pages it gets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sandbox.vendors.page_cache import PageCache
from sandbox.vendors.trackier import errors
from sandbox.vendors.trackier.accounts import secrets_of
from sandbox.vendors.trackier.brief import plain_id
from sandbox.vendors.trackier.filters import Test, tests
from sandbox.vendors.trackier.world import ENTITIES, Settings, World
from sandbox.vendors.vendor import Vendor
from sandbox.vendors.wire import Call, ControlError, Reply, Secret

MAX_PAGE = 1_000
LOGIN_PASSWORD = "sandbox-trackier-password"  # noqa: S105 - opens nothing but this sandbox

_PARTS = frozenset({"payouts", "goals", "caps", "lps", "targetings"})
_CHANGES = (
    "edit", "remove", "restore", "add", "duplicate", "malform", "insert", "miscount", "advance",
)  # fmt: skip


class Trackier(Vendor):
    """Answers reads of one network; its admin key reads, its publisher key may not."""

    name = "trackier"

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._admin_key = keys[self.name]
        self._publisher_key = keys.get("trackier.publisher", "")
        self._world = World(0, Settings(offers=0))
        self._cache = PageCache(0)

    def reset(self, seed: int, settings: Mapping[str, Any]) -> None:
        try:
            self._world = World(seed, Settings(**settings))
        except TypeError as error:
            raise ControlError(str(error)) from error
        self._cache = PageCache(self._world.settings.cache_mb << 20)

    def keys(self) -> Iterable[Secret]:
        keys = (self._admin_key, self._publisher_key, LOGIN_PASSWORD)
        return [Secret("api_key", value) for value in keys if value]

    def cached(self, call: Call) -> Reply | None:
        if call.method != "GET" or self._refusal(call):
            return None
        return self._cache.get((call.path, call.raw_query))

    def answer(self, call: Call) -> Reply:
        if call.path == "/v2/login":
            return self._login(call)
        refusal = self._refusal(call)
        if refusal:
            return refusal
        reply = self._route(call)
        if call.method == "GET" and reply.status == 200:  # noqa: PLR2004
            self._cache.put((call.path, call.raw_query), reply)
        return reply

    def too_many(self, style: str) -> Reply:
        return errors.TOO_MANY_STYLES.get(style, errors.TOO_MANY)

    def token_expired(self, call: Call) -> Reply:
        del call
        return errors.KEY_INVALID

    def changes(self) -> Mapping[str, Callable[..., Any]]:
        return {name: getattr(self._world, name) for name in _CHANGES}

    def change(self, operation: str, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401
        outcome = super().change(operation, arguments)
        self._cache.clear()
        return outcome

    def view(self, name: str) -> Iterable[Any]:
        return self._world.expected() if name == "truth" else super().view(name)

    def _refusal(self, call: Call) -> Reply | None:
        key = call.headers.get("X-Api-Key") or (call.first("apiKey") if call.raw_query else None)
        if not key:
            return errors.KEY_MISSING
        if key == self._admin_key:
            return None
        return errors.NO_PERMISSION if key == self._publisher_key else errors.KEY_INVALID

    def _login(self, call: Call) -> Reply:
        if call.method != "POST":
            return errors.NO_METHOD
        item = call.json()
        if not isinstance(item, dict) or item.get("password") != LOGIN_PASSWORD:
            return errors.BAD_LOGIN
        return Reply.of(200, {"success": True, "data": {"key": self._admin_key}})

    def _route(self, call: Call) -> Reply:
        version, *parts = call.path.strip("/").split("/")
        known = version == "v2" and parts and parts[0] in {*ENTITIES, "categories"}
        if not known or len(parts) > 3:  # noqa: PLR2004
            return errors.NOT_FOUND
        if call.method != "GET":
            return errors.NO_PERMISSION if call.method == "POST" else errors.NO_METHOD
        if parts in (["categories"], ["campaigns", "categories"]):
            return self._categories()
        if len(parts) == 1:
            return self._page(call, parts[0])
        return self._one(*parts)

    def _one(self, entity: str, reference: str = "", part: str = "") -> Reply:
        listing = self._world.listings.get(entity)
        index = listing.visible(plain_id(reference)) if listing else None
        if index is None:
            return errors.NOT_FOUND
        row = self._world.shown(entity, index)[0]
        if not part:
            return Reply(
                200, Reply.of(200, {entity[:-1]: row}).body, secrets=_secrets(entity, [row])
            )
        if entity != "campaigns" or part not in _PARTS:
            return errors.NOT_FOUND
        return Reply.of(200, {part: row.get(part, [])})

    def _categories(self) -> Reply:
        return Reply.of(200, {"categories": self._world.categories()})

    def _page(self, call: Call, entity: str) -> Reply:
        listing = self._world.listings[entity]
        after, limit = call.first("lastId"), call.first("limit")
        for name, text in (("lastId", after), ("limit", limit)):
            if text and not (text.isascii() and text.isdigit()):
                return errors.bad_parameter(name)
        size = self._page_size(entity, limit)
        chosen = tests(call, entity, listing.ids)
        walk = listing.walk(
            self._members(call, entity),
            after=int(after) if after else None,
            descending=call.first("direction") == "desc" and entity == "campaigns",
        )
        found = list(islice(self._matching(entity, walk, chosen), size + 1))
        rows = [row for _, shown in found[:size] for row in shown]
        envelope: dict[str, Any] = {entity: rows, "pagination": {"perPage": size}}
        if entity != "campaigns":
            envelope["pagination"]["totalCount"] = self._total(entity, chosen)
        self._close(envelope, found, size)
        return Reply(200, Reply.of(200, envelope).body, secrets=_secrets(entity, rows))

    def _close(
        self, envelope: dict[str, Any], found: list[tuple[int, list[Any]]], size: int
    ) -> None:
        """Put the cursor of the next page, or what this world says when there is none."""
        last_page = self._world.settings.last_page
        if len(found) > size or (found and last_page == "empty"):
            envelope["lastId"] = found[:size][-1][0] + 1
        elif last_page != "absent":
            envelope["lastId"] = None

    def _page_size(self, entity: str, limit: str | None) -> int:
        size = self._world.settings.page_size.get(entity, MAX_PAGE)
        # Campaigns have no limit parameter; the others never give more than a page.
        return size if entity == "campaigns" or not limit else max(1, min(size, int(limit)))

    def _members(self, call: Call, entity: str) -> Sequence[int]:
        wanted = call.values("advertiser") if entity == "campaigns" else []
        if not wanted:
            return self._world.everything(entity)
        ids = self._world.listings["advertisers"].ids
        brands = (ids.index(plain_id(text)) for text in wanted)
        return self._world.of_brands([brand for brand in brands if brand is not None])

    def _matching(
        self, entity: str, walk: Iterator[int], chosen: list[Test]
    ) -> Iterator[tuple[int, list[Any]]]:
        listing = self._world.listings[entity]
        for index in walk:
            if chosen:
                row = listing.row(index)
                if not isinstance(row, dict) or not all(test(row) for test in chosen):
                    continue
            yield index, self._world.shown(entity, index)

    def _total(self, entity: str, chosen: list[Test]) -> int:
        listing = self._world.listings[entity]
        if not chosen:
            return listing.total()
        everything = listing.walk(self._world.everything(entity))
        return sum(1 for _ in self._matching(entity, everything, chosen))


def _secrets(entity: str, rows: list[Any]) -> tuple[Secret, ...]:
    return () if entity == "campaigns" else tuple(secrets_of(rows))
