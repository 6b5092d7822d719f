"""Shopify shops under `/{shop}`: tokens, versions, the GraphQL endpoint, the token endpoint."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sandbox.vendors.ad_world.world import World
from sandbox.vendors.seeding import hexadecimal, key
from sandbox.vendors.shopify.cost import Bucket
from sandbox.vendors.shopify.execution import run, throttled
from sandbox.vendors.shopify.schema import served_version
from sandbox.vendors.shopify.shop import Roots, Row, visible
from sandbox.vendors.shops.ledger import Ledger, Store
from sandbox.vendors.vendor import Vendor
from sandbox.vendors.wire import JSON_HEADERS, Call, ControlError, Reply, Secret, encode

DEFAULT_SHOP = "demo.myshopify.com"
REACH = 25_000
_SHOWN = ("all_orders", "orders", "personal", "reach")
_API = re.compile(r"^/(?P<shop>[^/]+)/admin/api/(?P<version>[\w-]+)/graphql\.json$")
_OAUTH = re.compile(r"^/(?P<shop>[^/]+)/admin/oauth/access_token$")
_BAD_TOKEN = Reply.of(
    401,
    {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"},
)
_LIFE = timedelta(hours=1)


class Shopify(Vendor):
    """Any number of shops; settings of a reset say which, and what their token may see."""

    name = "shopify"

    def __init__(self, keys: Mapping[str, str], world: Callable[[], World]) -> None:
        self._world = world
        self._key = keys.get(self.name, "")
        self._secret = keys.get("shopify.secret", "")
        self.reset(0, {})

    def reset(self, seed: int, settings: Mapping[str, Any]) -> None:
        wanted = dict(settings)
        shops = wanted.pop("shops", [{"name": DEFAULT_SHOP}])
        self.ledger = Ledger(
            seed,
            [Store(**shop) for shop in shops],
            self._world,
            kind=self.name,
            now=wanted.pop("now", None),
        )
        self._settings: dict[str, Any] = {
            "all_orders": True, "orders": True, "personal": False, "reach": REACH, "status": {},
            "maximum": 2000, "restore": 100,
        }  # fmt: skip
        self._buckets: dict[str, Bucket] = {}
        self._rows: dict[str, tuple[object, list[Row], dict[str, tuple[Secret, ...]]]] = {}
        self._tokens: dict[str, datetime | None] = {self._key: None}
        self._refresh_tokens: set[str] = {f"shprt_{self._key}"}
        self._issued = 0
        self._set(**wanted)

    def keys(self) -> Iterable[Secret]:
        values = (*self._tokens, *self._refresh_tokens, self._secret)
        return [Secret("access_token", value) for value in values if value]

    def changes(self) -> Mapping[str, Callable[..., Any]]:
        return {
            **self.ledger.changes(),
            "settings": self._set,
            "drain": self._drain,
            "expire_token": self._expire,
        }

    def too_many(self, style: str) -> Reply:
        del style
        return Reply.of(200, throttled(10, self._bucket(DEFAULT_SHOP)))

    def token_expired(self, call: Call) -> Reply:
        del call
        return _BAD_TOKEN

    def is_writing(self, call: Call) -> bool:
        """Tell whether a token is asked for: queries are posted too, and change nothing."""
        return _API.match(call.path) is None and super().is_writing(call)

    def answer(self, call: Call) -> Reply:
        if asked := _OAUTH.match(call.path):
            return self._token(call, asked["shop"])
        asked = _API.match(call.path)
        if asked is None or asked["shop"] not in self.ledger.stores:
            return Reply.of(404, {"errors": "Not Found"})
        status = self._settings["status"].get(asked["shop"])
        if status:
            return Reply.of(status, {"errors": "Unavailable Shop"})
        if not self._valid(call.headers.get("X-Shopify-Access-Token", "")):
            return _BAD_TOKEN
        if call.method != "POST":
            return Reply.of(405, {"errors": "Method Not Allowed"})
        return self._graphql(call, asked["shop"], served_version(asked["version"]))

    def _graphql(self, call: Call, shop: str, version: str) -> Reply:
        store = self.ledger.stores[shop]
        kept = self._rows.get(shop)
        if kept is None or kept[0] != self.ledger.version:
            rows, people = visible(self.ledger, store, all_orders=self._settings["all_orders"])
            kept = self._rows[shop] = (self.ledger.version, rows, people)
        shown = {name: self._settings[name] for name in _SHOWN}
        root = Roots(self.ledger, store, **shown)
        root.rows = kept[1]
        body = encode(run(version, call.json(), self._bucket(shop), root))
        headers = {**JSON_HEADERS, "X-Shopify-API-Version": version}
        if not self._settings["personal"]:
            return Reply(200, body, headers)
        secrets = (each for found in kept[2].values() for each in found)
        return Reply(
            200, body, headers, tuple(each for each in secrets if each.value.encode() in body)
        )

    def _token(self, call: Call, shop: str) -> Reply:
        """Issue a token: expiring ones are replaced with the refresh token, which rotates."""
        form = {**dict(call.form()), **(call.json() or {})}
        if shop not in self.ledger.stores or form.get("client_secret") != self._secret:
            return Reply.of(400, {"error": "invalid_client"})
        if form.get("grant_type") == "client_credentials":
            return self._issue({"expires_in": 86_399})
        if form.get("grant_type") != "refresh_token":
            return Reply.of(400, {"error": "unsupported_grant_type"})
        if form.get("refresh_token") not in self._refresh_tokens:
            return Reply.of(400, {"error": "invalid_request"})
        rotated = f"shprt_{hexadecimal(key(self.ledger.seed, 'refresh'), self._issued, 32)}"
        # The refresh token before it stays good until the new one is used for the first time.
        self._refresh_tokens = {form["refresh_token"], rotated}
        return self._issue(
            {
                "expires_in": int(_LIFE.total_seconds()),
                "refresh_token": rotated,
                "refresh_token_expires_in": 7_776_000,
            }
        )

    def _issue(self, more: dict[str, Any]) -> Reply:
        token = f"shpat_{hexadecimal(key(self.ledger.seed, 'token'), self._issued, 32)}"
        self._issued += 1
        self._tokens[token] = self.ledger.now + timedelta(seconds=more["expires_in"])
        return Reply.of(200, {"access_token": token, "scope": "read_orders", **more})

    def _valid(self, token: str) -> bool:
        if token not in self._tokens:
            return False
        end = self._tokens[token]
        return end is None or self.ledger.now < end

    def _expire(self) -> None:
        """Let every token that was issued so far be refused."""
        self._tokens = dict.fromkeys(self._tokens, self.ledger.now)

    def _drain(self, shop: str = DEFAULT_SHOP) -> None:
        self._bucket(shop).drain()

    def _bucket(self, shop: str) -> Bucket:
        if shop not in self._buckets:
            maximum, restore = (self._settings[name] for name in ("maximum", "restore"))
            self._buckets[shop] = Bucket(maximum, restore)
        return self._buckets[shop]

    def _set(self, **wanted: Any) -> None:  # noqa: ANN401
        unknown = sorted(set(wanted) - set(self._settings))
        if unknown:
            message = f"shopify has no setting {', '.join(unknown)}"
            raise ControlError(message)
        self._settings.update(wanted)
        self._buckets.clear()
        self._rows.clear()
