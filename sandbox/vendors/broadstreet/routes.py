"""The API v1 as it is served: whole lists, several envelopes, and a login page for the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sandbox.vendors.broadstreet import errors
from sandbox.vendors.broadstreet.entities import KINDS, PARENT, Entity, Item
from sandbox.vendors.broadstreet.world import Settings, World
from sandbox.vendors.broadstreet.writes import Writer
from sandbox.vendors.page_cache import PageCache
from sandbox.vendors.vendor import Vendor
from sandbox.vendors.wire import Call, ControlError, Reply, Secret

PREFIX = "/api/1/"
_EMPTY = Settings(networks=0, advertisers=0, zones=0, advertisements=0, campaigns=0, placements=0)
_NO_CONTENT = Reply(204, b"")
# Rails answers an empty 201 as text; what a create gave is in no body and no header.
_CREATED = Reply(201, b"", {"Content-Type": "text/html"})
_WRITTEN_UNDER = {
    "networks": (),
    "advertisers": ("network",),
    "zones": ("network",),
    "advertisements": ("advertiser",),
    "campaigns": ("advertiser",),
    "placements": ("campaign", "advertisement", "zone"),
}
_SINGLE = {"networks", "advertisers", "zones", "campaigns"}
_KIND_OF = {name: kind for kind, name in PARENT.items()}


class Broadstreet(Vendor):
    """Answers one account's token; every network of the world belongs to it."""

    name = "broadstreet"

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._token = keys[self.name]
        self._world = World(0, _EMPTY)
        self._cache = PageCache(0)

    def reset(self, seed: int, settings: Mapping[str, Any]) -> None:
        try:
            # An account nobody asked for is empty: other vendors' tests do not wait for it.
            self._world = World(seed, Settings(**settings) if settings else _EMPTY)
        except TypeError as error:
            raise ControlError(str(error)) from error
        self._cache = PageCache(self._world.settings.cache_mb << 20)

    def keys(self) -> Iterable[Secret]:
        return [Secret("access_token", self._token)]

    def cached(self, call: Call) -> Reply | None:
        return self._cache.get((call.path, call.raw_query)) if call.method == "GET" else None

    def answer(self, call: Call) -> Reply:
        if not call.path.startswith(PREFIX):
            return errors.LOGIN_PAGE
        token = call.first("access_token")
        if token != self._token:
            return errors.BAD_TOKEN if token else errors.NO_TOKEN
        kind, _, rest = call.path.removeprefix(PREFIX).partition("/")
        if kind == "records":
            return _records()
        if kind not in KINDS:
            return errors.LOGIN_PAGE
        try:
            reply = self._one(call, kind, rest) if rest else self._many(call, kind)
        except errors.RefusedError as refused:
            return refused.reply()
        if call.method == "GET" and reply.status == 200:  # noqa: PLR2004
            self._cache.put((call.path, call.raw_query), reply)
        elif call.method != "GET":
            self._cache.clear()
        return reply

    def too_many(self, style: str) -> Reply:
        del style
        return errors.TOO_MANY

    def token_expired(self, call: Call) -> Reply:
        del call
        return errors.BAD_TOKEN

    def changes(self) -> Mapping[str, Callable[..., Any]]:
        return {**self._world.changes(), "restart": self._restart}

    def _restart(self, seed: int, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        """Start this account anew, and leave the other vendors' worlds as they are."""
        self.reset(seed, settings)
        return settings

    def change(self, operation: str, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401
        outcome = super().change(operation, arguments)
        self._cache.clear()
        return outcome

    def view(self, name: str) -> Iterable[Any]:
        """`truth`: every entity; `creates`: every create that was committed, in order."""
        views: dict[str, Callable[[], Iterable[Any]]] = {
            "truth": self._world.truth,
            "creates": lambda: list(self._world.creates),
        }
        return views[name]() if name in views else super().view(name)

    # Lists and creates.

    def _many(self, call: Call, kind: str) -> Reply:
        if call.method == "GET":
            return self._list(call, kind)
        if call.method == "POST":
            return self._create(call, kind)
        if call.method == "DELETE" and kind == "placements":
            return self._delete_placement(call)
        return errors.NO_METHOD

    def _list(self, call: Call, kind: str) -> Reply:
        if kind == "networks":
            return self._page(kind, self._world.entities.all(kind))
        needed = {"advertisers": "network", "zones": "network", "advertisements": "network"}
        if kind == "campaigns":
            return self._campaigns(call)
        scope = needed.get(kind, "campaign")
        number = _number(call.first(f"{scope}_id"))
        if number is None:
            return errors.bad_request(f"{scope}_id is missing")
        if self._world.entities.get(_KIND_OF[scope], number) is None:
            return errors.NOT_FOUND
        found = self._world.entities.under(kind, scope, number)
        if kind == "advertisements":
            found = self._filtered(call, found)
        return self._page(kind, found)

    def _campaigns(self, call: Call) -> Reply:
        """List by advertiser or by zone, never by both."""
        asked = {
            name: number
            for name in ("advertiser", "zone")
            if (number := _number(call.first(f"{name}_id"))) is not None
        }
        if len(asked) != 1:
            return errors.bad_request("either advertiser_id or zone_id")
        scope, number = next(iter(asked.items()))
        if self._world.entities.get(_KIND_OF[scope], number) is None:
            return errors.NOT_FOUND
        if scope == "advertiser":
            return self._page(
                "campaigns", self._world.entities.under("campaigns", "advertiser", number)
            )
        placed = self._world.entities.under("placements", "zone", number)
        keys = dict.fromkeys(entity.parents["campaign"] for entity in placed)
        return self._page("campaigns", [self._world.find("campaigns", key) for key in keys])

    def _filtered(self, call: Call, found: list[Entity]) -> list[Entity]:
        advertiser = _number(call.first("advertiser_id"))
        zone = _number(call.first("zone_id"))
        if advertiser is not None:
            found = [entity for entity in found if entity.parents["advertiser"] == advertiser]
        if zone is not None:
            placed = self._world.entities.under("placements", "zone", zone)
            keys = {entity.parents["advertisement"] for entity in placed}
            found = [entity for entity in found if entity.key in keys]
        return found

    def _page(self, kind: str, found: list[Entity]) -> Reply:
        rows = [self._world.listed(entity) for entity in found]
        if kind != "placements":
            return Reply.of(200, {kind: rows})
        envelope = self._world.settings.placements_envelope
        return Reply.of(200, rows if envelope == "bare" else {envelope: rows})

    def _create(self, call: Call, kind: str) -> Reply:
        fields, parents = _merged(call), {}
        for name in _WRITTEN_UNDER[kind]:
            number = _number(fields.get(f"{name}_id"))
            if number is None or self._world.entities.get(_KIND_OF[name], number) is None:
                return errors.NOT_FOUND
            parents[name] = number
        _, shown = Writer(self._world).create(kind, fields, parents)
        return _CREATED if shown is None else Reply.of(201, {PARENT[kind]: shown})

    def _delete_placement(self, call: Call) -> Reply:
        fields = _merged(call)
        asked = (_number(fields.get(f"{name}_id")) for name in _WRITTEN_UNDER["placements"])
        triple = [number for number in asked if number is not None]
        whole = len(triple) == len(_WRITTEN_UNDER["placements"])
        found = next(self._world.entities.placed(*triple), None) if whole else None
        if found is None:
            return errors.NOT_FOUND
        self._world.entities.remove(found)
        return _NO_CONTENT

    # One entity.

    def _one(self, call: Call, kind: str, rest: str) -> Reply:
        reference, _, part = rest.partition("/")
        entity = self._world.entities.get(kind, _number(reference))
        if kind == "networks" and part == "network_admins" and entity is not None:
            return errors.CANNOT_ABANDON if call.method == "DELETE" else Reply.of(201, {})
        if entity is None or part:
            return errors.NOT_FOUND
        if call.method == "GET" and kind in _SINGLE:
            return self._single(entity)
        if call.method == "PUT" and kind in {*_SINGLE, "advertisements"}:
            Writer(self._world).update(entity, _merged(call))
            return self._single(entity)
        if call.method == "DELETE" and kind in {*_SINGLE, "advertisements"} - {"networks"}:
            self._world.entities.remove(entity)
            return _NO_CONTENT
        return errors.NOT_FOUND

    def _single(self, entity: Entity) -> Reply:
        shown = self._world.listed(entity)
        if entity.kind == "networks":
            counts = {
                f"{PARENT[kind]}_count": len(
                    self._world.entities.under(kind, "network", entity.key)
                )
                for kind in ("advertisers", "zones")
            }
            return Reply.of(200, {"network": {**shown, **counts}})
        loose = entity.kind in {"campaigns", "zones"}
        if loose and self._world.settings.single_envelope == "bare":
            return Reply.of(200, shown)
        return Reply.of(200, {PARENT[entity.kind]: shown})


def _merged(call: Call) -> Item:
    """Return query and body as one, as Rails sees them; without the token."""
    body = call.json()
    fields: Item = {**dict(call.query), **(body if isinstance(body, dict) else {})}
    fields.pop("access_token", None)
    return fields


def _number(value: object) -> int | None:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdigit() else None


def _records() -> Reply:
    """Answer a report: JSON that says it is a page."""
    body = Reply.of(200, {"records": []}).body
    return Reply(200, body, {"Content-Type": "text/html; charset=utf-8"})
