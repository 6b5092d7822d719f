"""The control side of the world: its settings, its clock, and views of what is true."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from sandbox.vendors.ad_world import truth
from sandbox.vendors.ad_world.journeys import Order, Touch
from sandbox.vendors.ad_world.world import Settings, World
from sandbox.vendors.vendor import Vendor
from sandbox.vendors.wire import Call, ControlError, Reply

_METRICS_DAYS = 31


class AdWorld(Vendor):
    """Holds the world that the ad platforms, stores and the bank of this server answer from."""

    name = "ad_world"

    def __init__(self) -> None:
        self.world = World(0, Settings(workspaces=0))

    def reset(self, seed: int, settings: Mapping[str, Any]) -> None:
        try:
            self.world = World(seed, Settings(**settings))
        except TypeError as error:
            raise ControlError(str(error)) from error

    def answer(self, call: Call) -> Reply:
        del call
        return Reply.of(404, {"message": "the world has no API of its own"})

    def changes(self) -> Mapping[str, Callable[..., Any]]:
        return {
            "restart": self._restart,
            "set_now": lambda at: {"now": self.world.set_now(at).isoformat()},
            "advance": lambda hours: {"now": self.world.advance(hours).isoformat()},
        }

    def _restart(self, seed: int, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Begin another world and leave the vendors' own settings, and other vendors, alone."""
        self.reset(seed, settings)
        return {"now": self.world.now.isoformat()}

    def view(self, name: str) -> Iterable[Any]:
        views = {"places": self._places, "metrics": self._metrics, "orders": self._orders,
                 "visits": self._visits}  # fmt: skip
        return views[name]() if name in views else super().view(name)

    def _places(self) -> Iterator[dict[str, Any]]:
        for workspace in self.world.workspaces:
            yield {
                "is": "workspace",
                **_shown(workspace, "workspace_id", "name", "timezone", "currency"),
            }
        for account in self.world.accounts:
            fields = _shown(account, "platform", "account_id", "name", "currency", "timezone")
            yield {"is": "account", "workspace_id": account.workspace.workspace_id, **fields}
        for store in self.world.stores:
            fields = _shown(store, "kind", "store_id", "name", "currency", "timezone", "snippet")
            yield {"is": "store", "workspace_id": store.workspace.workspace_id, **fields}

    def _metrics(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of the last 31 days, amounts as text."""
        last = self.world.now.date() + timedelta(days=1)
        for row in truth.campaign_metrics(self.world, last - timedelta(days=_METRICS_DAYS), last):
            yield {name: _text(value) for name, value in row.items()}

    def _orders(self) -> Iterator[dict[str, Any]]:
        for store in self.world.stores:
            for order in self.world.orders(store, self.world.start, self.world.now.date()):
                yield _order(order)

    def _visits(self) -> Iterator[dict[str, Any]]:
        for store in self.world.stores:
            for touch in self.world.visits(store, self.world.start, self.world.now.date()):
                yield {"store_id": store.store_id, **_touch(touch)}


def _shown(item: object, *names: str) -> dict[str, Any]:
    return {name: getattr(item, name) for name in names}


def _order(order: Order) -> dict[str, Any]:
    names = (
        "order_id",
        "currency",
        "placed",
        "gross",
        "refunded",
        "net",
        "source",
        "test",
        "coupon",
    )
    times = ("created_at", "updated_at", "cancelled_at")
    return {
        "kind": order.store.kind,
        "store_id": order.store.store_id,
        **_shown(order, *names),
        **{name: _text(getattr(order, name)) for name in times},
        "touches": [_touch(touch) for touch in order.touches],
    }


def _touch(touch: Touch) -> dict[str, Any]:
    names = ("touch_id", "visitor_id", "kind", "evidence", "click_id", "landing_url", "referrer",
             "order_id")  # fmt: skip
    campaign = touch.campaign.campaign_id if touch.campaign else None
    return {
        **_shown(touch, *names),
        "occurred_at": touch.occurred_at.isoformat(),
        "campaign_id": campaign,
        "utm": dict(touch.utm),
    }


def _text(value: Any) -> Any:  # noqa: ANN401 - JSON
    if value is None or isinstance(value, bool | int | str):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
