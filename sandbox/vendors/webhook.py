"""A sink for alerts: takes Slack-compatible messages and shows what was delivered."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.vendors.vendor import Vendor
from sandbox.vendors.wire import Call, Reply, Secret

MAX_DELIVERIES = 100_000


class Webhook(Vendor):
    """Accepts POST at its prefix; a token is asked for when `reset` or the keys name one."""

    name = "webhook"

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._default_token = keys.get(self.name, "")
        self._token = self._default_token
        self._deliveries: deque[dict[str, Any]] = deque(maxlen=MAX_DELIVERIES)

    def reset(self, seed: int, settings: Mapping[str, Any]) -> None:
        del seed
        self._token = settings.get("token", self._default_token)
        self._deliveries.clear()

    def keys(self) -> Iterable[Secret]:
        return [Secret("webhook_token", self._token)] if self._token else []

    def answer(self, call: Call) -> Reply:
        if call.method != "POST":
            return _text(405, b"method_not_allowed")
        if self._token and self._token not in _tokens(call):
            return _text(403, b"invalid_token")
        item = call.json()
        if not isinstance(item, dict) or not ({"text", "blocks", "attachments"} & item.keys()):
            return _text(400, b"invalid_payload")
        self._deliveries.append({"received_at": time.time(), "path": call.path, "body": item})
        return _text(200, b"ok")

    def view(self, name: str) -> Iterable[Any]:
        return list(self._deliveries) if name in {"", "deliveries"} else super().view(name)

    def clear(self, name: str) -> None:
        del name
        self._deliveries.clear()


def _tokens(call: Call) -> set[str]:
    authorization = call.headers.get("Authorization", "")
    return {authorization.removeprefix("Bearer "), call.headers.get("X-Webhook-Token", "")}


def _text(status: int, body: bytes) -> Reply:
    return Reply(status, body, {"Content-Type": "text/plain"})
