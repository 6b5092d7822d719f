"""Salla under `/admin/v2` (orders, details, invoices) and `/oauth2` (tokens, whose they are)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.vendors.ad_world.world import World
from sandbox.vendors.codes import LoginPage
from sandbox.vendors.control import SHOP_APP_ID
from sandbox.vendors.salla.rows import STATUSES, Row, detail_row, invoice_rows, list_row
from sandbox.vendors.salla.tokens import LIFE, Tokens
from sandbox.vendors.shops.ledger import Ledger, Sale, Store
from sandbox.vendors.vendor import Vendor
from sandbox.vendors.wire import JSON_HEADERS, Call, ControlError, Reply, Secret, encode

DEFAULT_STORE = "demo"
PAGE_LIMIT = 60
_DETAIL = re.compile(r"^/admin/v2/orders/(?P<id>\d+)$")
_SORTS = {"id", "total", "created_at", "updated_at"}


class Salla(Vendor):
    """Merchants, each known by its token; the store of tests has the token of the keys."""

    name = "salla"

    def __init__(self, keys: Mapping[str, str], world: Callable[[], World]) -> None:
        self._world = world
        self._key = keys.get(self.name, "")
        self._secret = keys.get("salla.secret", "")
        self._login_page = LoginPage(SHOP_APP_ID)
        self.reset(0, {})

    def reset(self, seed: int, settings: Mapping[str, Any]) -> None:
        wanted = dict(settings)
        now = wanted.pop("now", None)
        zone = wanted.pop("timezone", "Asia/Riyadh")
        stores = [Store(name=DEFAULT_STORE, timezone=zone)]
        self.ledger = Ledger(seed, stores, self._world, kind=self.name, now=now)
        self.tokens = Tokens(seed, self._key)
        self._login_page.reset()
        self._sits = DEFAULT_STORE
        self._settings: dict[str, Any] = {
            "mislabelled": False, "array_links": False, "scopes": True, "page_limit": PAGE_LIMIT,
        }  # fmt: skip
        self._set(**wanted)

    def keys(self) -> Iterable[Secret]:
        return [Secret("token", each) for each in (*self.tokens.values(), self._secret) if each]

    def changes(self) -> Mapping[str, Callable[..., Any]]:
        return {
            **self.ledger.changes(),
            "settings": self._set,
            "expire_token": self._expire,
            "install": self._install,
            "sit_down": self._sit_down,
        }

    def view(self, name: str) -> Iterable[Any]:
        """Tell how often each merchant's token was renewed (`renewals`)."""
        if name != "renewals":
            return super().view(name)
        grants = {store: self._grant(store) for store in self.ledger.stores}
        return [
            {"store": store, "renewals": grant.renewals, "revoked": grant.revoked}
            for store, grant in grants.items()
        ]

    def too_many(self, style: str) -> Reply:
        del style
        return failure(429, "too_many_requests", "Too Many Requests")

    def token_expired(self, call: Call) -> Reply:
        del call
        return failure(401, "Unauthorized", "The access token is invalid or has expired")

    def answer(self, call: Call) -> Reply:
        for store in self.ledger.stores:
            self._grant(store)
        if call.path == "/oauth2/auth":
            return self._login_page.open(call, self.ledger.now)
        if call.path == "/oauth2/token":
            return self._token(call)
        token = call.headers.get("Authorization", "").removeprefix("Bearer ")
        store = self.tokens.holder(token, self.ledger.now)
        if store is None:
            return self.token_expired(call)
        if not self._settings["scopes"]:
            text = "The access token should have access to one of those scopes: orders.read"
            return failure(401, "Unauthorized", text)
        return self._route(call, self.ledger.stores[store])

    def _expire(self) -> None:
        """Let every access token that was issued so far be refused."""
        for store in self.ledger.stores:
            self._grant(store)
        self.tokens.expire(self.ledger.now)

    def _install(self, store: str) -> dict[str, str]:
        """Let a merchant install the app again (control operation): the old tokens are no use."""
        self._grant(store)
        access, refresh = self.tokens.install(store, self.ledger.now)
        return {"access_token": access, "refresh_token": refresh}

    def _sit_down(self, store: str, *, agrees: bool = True) -> dict[str, Any]:
        """Put a merchant in front of the login page (control operation)."""
        self._sits, self._login_page.agrees = store, agrees
        return {"store": store}

    def _grant(self, store: str) -> Any:  # noqa: ANN401
        return self.tokens.grant(store, default=store == DEFAULT_STORE)

    def _token(self, call: Call) -> Reply:
        form = dict(call.form())
        if form.get("client_secret") != self._secret:
            return Reply.of(401, {"error": "invalid_client"})
        if form.get("grant_type") == "authorization_code":
            return self._first_token(form)
        pair = self.tokens.renew(form.get("refresh_token", ""), self.ledger.now)
        if pair is None:
            return Reply.of(400, {"error": "invalid_grant"})
        life = int(LIFE.total_seconds())
        body = {"access_token": pair[0], "refresh_token": pair[1], "expires_in": life}
        return Reply.of(200, {**body, "scope": "orders.read offline_access"})

    def _first_token(self, form: Mapping[str, str]) -> Reply:
        """Exchange a code; without the scope offline_access there is no refresh token."""
        code = self._login_page.take(form, self.ledger.now)
        if code is None:
            return Reply.of(400, {"error": "invalid_grant"})
        access, refresh = self.tokens.install(self._sits, self.ledger.now)
        body: dict[str, Any] = {"access_token": access, "expires_in": int(LIFE.total_seconds())}
        if "offline_access" in code.scope:
            body["refresh_token"] = refresh
        return Reply.of(200, {**body, "scope": " ".join(sorted(code.scope))})

    def _route(self, call: Call, store: Store) -> Reply:
        if call.path == "/oauth2/user/info":
            owner = {"id": 1, "email": "owner@shop.example", "merchant": _merchant(store)}
            return success(owner)
        if call.path == "/admin/v2/store/info":
            return success({**_merchant(store), "currency": store.currency})
        if call.path == "/admin/v2/orders":
            return self._orders(call, store)
        if call.path == "/admin/v2/orders/invoices":
            return self._invoices(call, store)
        detail = _DETAIL.match(call.path)
        if detail is None:
            return failure(404, "not_found", "The resource is not found")
        return self._detail(call, store, int(detail["id"]))

    def _orders(self, call: Call, store: Store) -> Reply:
        by, _, direction = (call.first("sort_by") or "created_at-desc").rpartition("-")
        if by not in _SORTS or direction not in {"asc", "desc"}:
            return _invalid("sort_by")
        found = [sale for sale in self.ledger.sales(store.name) if _in_days(call, store, sale)]
        found.sort(key=lambda sale: _place(sale, by), reverse=direction == "desc")
        wanted = set(call.values("status"))
        if wanted:
            found = [sale for sale in found if _status_id(self.ledger.seed, store, sale) in wanted]
        made = [list_row(self.ledger.seed, store, sale) for sale in found]
        return self._page(call, made)

    def _invoices(self, call: Call, store: Store) -> Reply:
        order = call.first("order_id")
        first, last = call.first("from_date"), call.first("to_date")
        rows: list[tuple[Row, tuple[Secret, ...]]] = [
            (row, ())
            for sale in self.ledger.sales(store.name)
            for row in invoice_rows(store, sale)
            if order in {None, str(sale.number)}
            and (first is None or row["date"] >= first)
            and (last is None or row["date"] <= last)
            and datetime.fromisoformat(row["date"]).date() <= self.ledger.now.date() + _DAY
        ]
        return self._page(call, rows)

    def _detail(self, call: Call, store: Store, number: int) -> Reply:
        sale = next((each for each in self.ledger.sales(store.name) if each.number == number), None)
        if sale is None:
            return failure(404, "not_found", "The order is not found")
        mislabelled = self._settings["mislabelled"]
        row, secrets = detail_row(self.ledger.seed, store, sale, mislabelled=mislabelled)
        if call.first("format") != "light":
            row |= {"items": [{"name": "شيء"}], "shipments": []}
        return success(row, secrets)

    def _page(self, call: Call, made: Sequence[tuple[Row, tuple[Secret, ...]]]) -> Reply:
        numbers = [call.first("page") or "1", call.first("per_page") or "15"]
        if not all(text.isdigit() and int(text) for text in numbers):
            return _invalid("page")
        page, size = int(numbers[0]), min(int(numbers[1]), self._settings["page_limit"])
        shown = made[(page - 1) * size : page * size]
        links: dict[str, str] = {}
        if page * size < len(made):
            links["next"] = f"https://api.salla.dev/admin/v2/orders?page={page + 1}"
        pagination = {
            "count": len(shown),
            "total": len(made),
            "perPage": size,
            "currentPage": page,
            "totalPages": max(1, -(-len(made) // size)),
            # PHP writes an object without entries as an array.
            "links": [] if not links and self._settings["array_links"] else links,
        }
        secrets = tuple({each for _, found in shown for each in found})
        return success([row for row, _ in shown], secrets, pagination=pagination)

    def _set(self, **wanted: Any) -> None:  # noqa: ANN401
        unknown = sorted(set(wanted) - set(self._settings))
        if unknown:
            message = f"salla has no setting {', '.join(unknown)}"
            raise ControlError(message)
        self._settings.update(wanted)


_DAY = timedelta(days=1)


def success(content: Any, secrets: Iterable[Secret] = (), **more: Any) -> Reply:  # noqa: ANN401
    body = encode({"status": 200, "success": True, "data": content, **more})
    shown = tuple(each for each in secrets if each.value.encode() in body)
    return Reply(200, body, JSON_HEADERS, shown)


def failure(status: int, code: str, message: str, **more: Any) -> Reply:  # noqa: ANN401
    error = {"code": code, "message": message, **more}
    return Reply.of(status, {"status": status, "success": False, "error": error})


def _invalid(name: str) -> Reply:
    return failure(422, "error", "alert.invalid_fields", fields={name: ["is invalid"]})


def _merchant(store: Store) -> Row:
    return {"id": store.name, "name": f"Store {store.name}", "domain": f"{store.name}.example"}


def _status_id(seed: int, store: Store, sale: Sale) -> str:
    row, _ = list_row(seed, store, sale)
    return str(STATUSES[row["status"]["slug"]][0])


def _place(sale: Sale, by: str) -> tuple[Any, int]:
    values = {"id": sale.number, "total": float(sale.gross), "created_at": sale.created_at}
    return values.get(by, sale.updated_at), sale.number


def _in_days(call: Call, store: Store, sale: Sale) -> bool:
    """Tell whether a sale was created in the asked range of the store's own days, or hours."""
    local = sale.created_at.astimezone(ZoneInfo(store.timezone)).replace(tzinfo=UTC)
    first, last = call.first("from_date"), call.first("to_date")
    if first and local < _moment(first):
        return False
    if not last:
        return True
    return (
        local < _moment(last) + _DAY if len(last) == len("2026-01-01") else local <= _moment(last)
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
