"""Zid under `/v1` (orders, credit notes, profile) and `/oauth` (tokens)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from sandbox.vendors.ad_world.world import World
from sandbox.vendors.codes import LoginPage
from sandbox.vendors.control import SHOP_APP_ID
from sandbox.vendors.seeding import hexadecimal, key
from sandbox.vendors.shops.ledger import Ledger, Sale, Store, instant
from sandbox.vendors.vendor import Vendor
from sandbox.vendors.wire import JSON_HEADERS, Call, ControlError, Reply, Secret, encode
from sandbox.vendors.zid.rows import note_row, order_row, status_of, update_note

DEFAULT_STORE = "demo"
PAGE_LIMIT = 100
_ORDER = re.compile(r"^/v1/managers/store/orders/(?P<id>\d+)/(?P<part>view|credit-notes)$")
_FOUND = {"type": "object", "code": None, "name": None, "description": None}
_YEAR = timedelta(days=365)


class Zid(Vendor):
    """Stores, each known by its manager token; the bearer token is the app's."""

    name = "zid"

    def __init__(self, keys: Mapping[str, str], world: Callable[[], World]) -> None:
        self._world = world
        self._bearer = keys.get(self.name, "")
        self._manager = keys.get("zid.manager", "")
        self._secret = keys.get("zid.secret", "")
        self._login_page = LoginPage(SHOP_APP_ID)
        self.reset(0, {})

    def reset(self, seed: int, settings: Mapping[str, Any]) -> None:
        wanted = dict(settings)
        now = wanted.pop("now", None)
        stores = [Store(name=DEFAULT_STORE)]
        self.ledger = Ledger(seed, stores, self._world, kind=self.name, now=now)
        self._bearers = {self._bearer}
        self._managers: dict[str, str] = {}
        self._refresh = {f"rt-{self._bearer}": DEFAULT_STORE}
        self._issued = 0
        self._login_page.reset()
        self._sits = DEFAULT_STORE
        # How an expired token shows: 401, or a redirect to the login page.
        self._settings: dict[str, Any] = {
            "redirects": False, "page_limit": PAGE_LIMIT, "scopes": True,
        }  # fmt: skip
        self._set(**wanted)

    def keys(self) -> Iterable[Secret]:
        values = (*self._bearers, self._manager, *self._managers, *self._refresh, self._secret)
        return [Secret("token", each) for each in values if each]

    def changes(self) -> Mapping[str, Callable[..., Any]]:
        return {
            **self.ledger.changes(),
            "settings": self._set,
            "expire_token": self._bearers.clear,
            "sit_down": self._sit_down,
        }

    def too_many(self, style: str) -> Reply:
        del style
        return Reply.of(429, {"message": "Too Many Attempts."})

    def token_expired(self, call: Call) -> Reply:
        if self._settings["redirects"]:
            return Reply(302, b"", {"Location": "https://web.zid.sa/login"})
        if call.path.endswith("profile"):
            return Reply.of(401, {"message": "Unauthenticated."})
        error = {"code": "unauthorized", "message": "Unauthenticated"}
        return Reply.of(401, {"status": 401, "success": False, "error": error})

    def answer(self, call: Call) -> Reply:
        if call.path == "/oauth/authorize":
            return self._login_page.open(call, self.ledger.now)
        if call.path == "/oauth/token":
            return self._token(call)
        bearer = call.headers.get("Authorization", "").removeprefix("Bearer ")
        store = self._store_of(call.headers.get("X-Manager-Token", ""))
        if bearer not in self._bearers or store is None:
            return self.token_expired(call)
        if call.path == "/v1/managers/account/profile":
            about = {"id": store.name, "title": f"Store {store.name}", "timezone": store.timezone}
            return Reply.of(200, {"user": {"id": 1, "email": "owner@shop.example", "store": about}})
        return self._orders_part(call, store)

    def _orders_part(self, call: Call, store: Store) -> Reply:
        if not self._settings["scopes"]:
            return Reply.of(403, {"message": "Invalid scope(s) provided."})
        if call.path == "/v1/managers/store/orders":
            return self._orders(call, store)
        asked = _ORDER.match(call.path)
        if asked is None:
            return Reply.of(404, {"status": "error", "message": {**_FOUND, "type": "error"}})
        return self._one(call, store, int(asked["id"]), asked["part"])

    def _sit_down(self, store: str) -> dict[str, Any]:
        """Put a merchant in front of the login page (control operation)."""
        self._sits = store
        return {"store": store}

    def _store_of(self, token: str) -> Store | None:
        stores = self.ledger.stores
        name = self._managers.get(token)
        if token == self._manager:
            name = DEFAULT_STORE
        elif token.startswith(f"{self._manager}."):
            name = token.removeprefix(f"{self._manager}.")
        return stores.get(name or "")

    def _granted(self, refresh: str) -> str | None:
        """Return whose refresh token it is; a store of the world has its name behind the first."""
        name = refresh.removeprefix(f"rt-{self._bearer}.")
        return name if name in self.ledger.stores else self._refresh.get(refresh)

    def _orders(self, call: Call, store: Store) -> Reply:
        for name in ("page", "per_page"):
            if not (call.first(name) or "1").isdigit():
                return Reply.of(422, {name: [f"The {name} must be an integer."]})
        page = max(1, int(call.first("page") or 1))
        size = min(int(call.first("per_page") or 15), self._settings["page_limit"])
        found = [sale for sale in self.ledger.sales(store.name) if _in_range(call, sale)]
        reverse = (call.first("sort_by") or "desc") == "desc"
        found.sort(key=lambda sale: (sale.created_at, sale.number), reverse=reverse)
        shown = found[(page - 1) * size : page * size]
        how = {"payload": call.first("payload_type") or "simple", "arabic": _arabic(call)}
        made = [order_row(self.ledger.seed, store, sale, **how) for sale in shown]
        body = encode(
            {
                "status": "object",
                "orders": [row for row, _ in made],
                "grand_total": len(found),
                "total_order_count": len(found),
                "total_order_count_per_status": Counter(map(status_of, found)),
                "tax_settings": [] if how["payload"] != "default" else {"rate": 15},
                "message": _FOUND,
            }
        )
        secrets = {each for _, people in made for each in people if each.value.encode() in body}
        return Reply(200, body, JSON_HEADERS, tuple(secrets))

    def _one(self, call: Call, store: Store, number: int, part: str) -> Reply:
        sale = next((each for each in self.ledger.sales(store.name) if each.number == number), None)
        if sale is None:
            message = {**_FOUND, "type": "error", "description": "Order not found"}
            return Reply.of(404, {"status": "error", "message": message})
        if part == "view":
            row, secrets = order_row(
                self.ledger.seed, store, sale, payload="default", arabic=_arabic(call)
            )
            body = encode({"status": "object", "order": row, "message": _FOUND})
            return Reply(200, body, JSON_HEADERS, secrets)
        notes = [note_row(store, sale, refund) for refund in sale.refunds]
        if not sale.own.get("credit_notes", True):
            notes = []
        if sale.placed_gross is not None and sale.placed_gross != sale.gross:
            notes.insert(0, update_note(store, sale))
        payload = {"credit_notes": notes, "returned_items": []}
        code = "SUCCESS_WITH_SINGLE_PAYLOAD_OBJECT"
        return Reply.of(200, {"code": code, "message": None, "payload": payload})

    def _token(self, call: Call) -> Reply:
        form = dict(call.form())
        if form.get("client_secret") != self._secret or not form.get("redirect_uri"):
            return Reply.of(
                401, {"error": "invalid_client", "message": "Client authentication failed"}
            )
        if form.get("grant_type") == "authorization_code":
            store = self._sits if self._login_page.take(form, self.ledger.now) else None
        else:
            store = self._granted(form.get("refresh_token", ""))
        if store is None:
            return Reply.of(401, {"error": "invalid_request", "message": "The token is invalid."})
        self._issued += 1
        root = key(self.ledger.seed, "zid")
        bearer, manager = (f"{kind}-{hexadecimal(root, self._issued, 30)}" for kind in ("b", "m"))
        self._bearers.add(bearer)
        self._managers[manager] = store
        self._refresh[f"rt-{bearer}"] = store
        return Reply.of(
            200,
            {
                "access_token": manager,
                "Authorization" if self._issued % 2 else "authorization": bearer,
                "refresh_token": f"rt-{bearer}",
                "expires_in": int(_YEAR.total_seconds()),
            },
        )

    def _set(self, **wanted: Any) -> None:  # noqa: ANN401
        unknown = sorted(set(wanted) - set(self._settings))
        if unknown:
            message = f"zid has no setting {', '.join(unknown)}"
            raise ControlError(message)
        self._settings.update(wanted)


def _arabic(call: Call) -> bool:
    return call.headers.get("Accept-Language", "ar").startswith("ar")


def _in_range(call: Call, sale: Sale) -> bool:
    """Tell whether a sale was created, or changed, between two instants."""
    by = call.first("date_attribute") or "created_at"
    moment = sale.updated_at if by == "updated_at" else sale.created_at
    first, last = (call.first(name) for name in ("date_from", "date_to"))
    if first and moment < instant(first):
        return False
    return not (last and moment > instant(last))
