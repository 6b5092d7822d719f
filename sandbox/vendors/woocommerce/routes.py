"""WordPress sites under `/{site}/wp-json`: discovery, orders, refunds, status."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.vendors.ad_world.world import World
from sandbox.vendors.shops.ledger import Ledger, Store
from sandbox.vendors.vendor import Vendor
from sandbox.vendors.wire import JSON_HEADERS, Call, ControlError, Reply, Secret, encode
from sandbox.vendors.woocommerce.auth import is_known
from sandbox.vendors.woocommerce.query import InvalidParameterError, OrderQuery, page_headers
from sandbox.vendors.woocommerce.rows import Row, order_row, refund_row

DEFAULT_SITE = "demo.example"
_PATH = re.compile(r"^/(?P<site>[^/]+)/wp-json(?P<rest>/.*)?$")
_ORDERS = re.compile(r"^/wc/v3/orders(?:/(?P<id>\d+)(?P<refunds>/refunds)?)?$")


class WooCommerce(Vendor):
    """Any number of sites with one key; settings say how each of them is set up."""

    name = "woocommerce"

    def __init__(self, keys: Mapping[str, str], world: Callable[[], World]) -> None:
        self._world = world
        self._key = keys.get(self.name, "")
        self._secret = keys.get("woocommerce.secret", "")
        self.reset(0, {})

    def reset(self, seed: int, settings: Mapping[str, Any]) -> None:
        wanted = dict(settings)
        sites = [Store(**site) for site in wanted.pop("sites", [{"name": DEFAULT_SITE}])]
        now = wanted.pop("now", None)
        self.ledger = Ledger(seed, sites, self._world, kind=self.name, now=now)
        self._settings: dict[str, Any] = {
            # Before 5.8 modified_after was not known; a site without plain names for its zone has
            # an offset only; some servers and proxies take headers away.
            "old": False, "strict_dates": True, "offset_only": False, "takes_login_header": True,
            "sends_totals": True, "admin": True, "permalinks": True, "preamble": "", "home": "",
        }  # fmt: skip
        self._rows: dict[str, tuple[object, list[tuple[Row, tuple[Secret, ...]]]]] = {}
        self._set(**wanted)

    def keys(self) -> Iterable[Secret]:
        return [Secret("consumer_secret", each) for each in (self._key, self._secret) if each]

    def changes(self) -> Mapping[str, Callable[..., Any]]:
        return {**self.ledger.changes(), "settings": self._set}

    def token_expired(self, call: Call) -> Reply:
        del call
        return error(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")

    def answer(self, call: Call) -> Reply:
        path = _PATH.match(call.path)
        site = self.ledger.stores.get(path["site"]) if path else None
        if path is None or site is None or not self._settings["permalinks"]:
            return Reply(404, b"<html><body>Not found</body></html>", {"Content-Type": "text/html"})
        rest = (path["rest"] or "/").rstrip("/") or "/"
        if rest == "/":
            return self._discovery(site)
        url = f"http://{call.headers.get('Host', '')}/{self.name}{call.path}"
        header = self._settings["takes_login_header"]
        if not is_known(call, self._key, self._secret, url=url, header=header):
            return self.token_expired(call)
        if call.method != "GET":
            return error(404, "rest_no_route", "No route was found.")
        try:
            return self._route(call, site, rest)
        except InvalidParameterError as refusal:
            return _invalid(refusal)

    def _route(self, call: Call, site: Store, rest: str) -> Reply:
        if rest == "/wc/v3/system_status":
            return self._status(site)
        wanted = _ORDERS.match(rest)
        if wanted is None:
            return error(404, "rest_no_route", "No route was found matching the URL.")
        if wanted["id"] is None:
            return self._orders(call, site)
        found = next((r for r, _ in self._all(site) if r["id"] == int(wanted["id"])), None)
        if found is None:
            return error(404, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")
        if wanted["refunds"]:
            return self._refunds(call, site, int(wanted["id"]))
        return Reply.of(200, found)

    def _orders(self, call: Call, site: Store) -> Reply:
        old, strict = self._settings["old"], self._settings["strict_dates"]
        query = OrderQuery(call, site.timezone, old=old, strict_dates=strict)
        found = [(row, secrets) for row, secrets in self._all(site) if query.matches(row)]
        found.sort(key=lambda pair: query.place(pair[0]), reverse=query.descending)
        shown = found[query.offset : query.offset + query.size]
        body = encode([query.shown(row) for row, _ in shown])
        url = f"https://{site.name}/wp-json/wc/v3/orders"
        headers = dict(JSON_HEADERS)
        if self._settings["sends_totals"]:
            headers |= page_headers(url, query, len(found))
        secrets = {each for _, secrets in shown for each in secrets if each.value.encode() in body}
        return Reply(200, self._settings["preamble"].encode() + body, headers, tuple(secrets))

    def _refunds(self, call: Call, site: Store, number: int) -> Reply:
        query = OrderQuery(call, site.timezone, old=False, strict_dates=True)
        sale = next(each for each in self.ledger.sales(site.name) if each.number == number)
        rows = [refund_row(site, refund) for refund in sale.refunds]
        rows.sort(key=query.place, reverse=query.descending)
        return Reply.of(200, rows[query.offset : query.offset + query.size])

    def _discovery(self, site: Store) -> Reply:
        offset = self.ledger.now.astimezone(ZoneInfo(site.timezone)).utcoffset() or timedelta()
        return Reply.of(
            200,
            {
                "name": site.name,
                "url": f"https://{site.name}",
                "home": self._settings["home"] or f"https://{site.name}",
                "gmt_offset": offset.total_seconds() / 3600,
                "timezone_string": "" if self._settings["offset_only"] else site.timezone,
                "namespaces": ["wp/v2", "wc/v3"],
            },
        )

    def _status(self, site: Store) -> Reply:
        if not self._settings["admin"]:
            return error(401, "woocommerce_rest_cannot_view", "Sorry, you cannot view this.")
        return Reply.of(
            200, {"environment": {"version": "9.8.0"}, "settings": {"currency": site.currency}}
        )

    def _all(self, site: Store) -> list[tuple[Row, tuple[Secret, ...]]]:
        kept = self._rows.get(site.name)
        if kept is None or kept[0] != self.ledger.version:
            sales = self.ledger.sales(site.name)
            rows = [order_row(self.ledger.seed, site, sale) for sale in sales]
            kept = self._rows[site.name] = (self.ledger.version, rows)
        return kept[1]

    def _set(self, **wanted: Any) -> None:  # noqa: ANN401
        unknown = sorted(set(wanted) - set(self._settings))
        if unknown:
            message = f"woocommerce has no setting {', '.join(unknown)}"
            raise ControlError(message)
        self._settings.update(wanted)


def error(status: int, code: str, message: str, **more: Any) -> Reply:  # noqa: ANN401
    body = {"code": code, "message": message, "data": {"status": status, **more}}
    return Reply.of(status, body)


def _invalid(refusal: InvalidParameterError) -> Reply:
    return error(
        400,
        "rest_invalid_param",
        f"Invalid parameter(s): {refusal.name}",
        params={refusal.name: refusal.problem},
    )
