"""The sales of one shop system's stores, in no vendor's shape: each vendor words them its own way.

A test places sales by hand, field by field, in a store of its own; the seeded world's stores of
the same kind are there beside it, with the orders that the world has by now.
Instants are aware and in UTC, whole seconds; amounts are text of a decimal number in major units.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sandbox.vendors.ad_world.journeys import Order
from sandbox.vendors.ad_world.places import Store as Place
from sandbox.vendors.ad_world.places import minor_digits
from sandbox.vendors.ad_world.world import World
from sandbox.vendors.seeding import key, surname
from sandbox.vendors.wire import ControlError, Secret

FIRST_NUMBER = 5_000_000_001


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A visit before a sale; `utm` has the five names without prefix, plus `id`."""

    visit_id: int
    at: datetime
    landing: str | None = None
    referrer: str | None = None
    utm: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, kw_only=True)
class Refund:
    refund_id: int
    amount: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Sale:
    """A sale as it stands now.

    `gross` is the total after edits, `placed_gross` before them. `state` is `pending`, `placed`,
    `paid` or `delivered`; refunds and `cancelled_at` come on top. `own` holds what only one vendor
    knows (`sourceName`, `created_via`, `payload`...), merged over what the vendor's module makes.
    """

    number: int
    created_at: datetime
    updated_at: datetime
    gross: str
    currency: str
    placed_gross: str | None = None
    state: str = "paid"
    refunds: tuple[Refund, ...] = ()
    cancelled_at: datetime | None = None
    source: str = "web"
    test: bool = False
    coupon: str | None = None
    visits: tuple[Visit, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])
    ready: bool = True
    own: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def refunded(self) -> Decimal:
        return sum((Decimal(refund.amount) for refund in self.refunds), Decimal(0))


@dataclass(frozen=True, kw_only=True)
class Store:
    """A store of the vendor: its name in the address, and where its owner lives."""

    name: str
    currency: str = "SAR"
    timezone: str = "Asia/Riyadh"


class Ledger:
    """Stores and their sales. Its clock is the world's, unless it was set to stand elsewhere."""

    def __init__(
        self,
        seed: int,
        stores: Iterable[Store],
        world: Callable[[], World],
        *,
        kind: str,
        now: str | None = None,
    ) -> None:
        self.seed = seed
        self._world = world
        self._kind = kind
        self._now = instant(now) if now else None
        self._own = {store.name: store for store in stores}
        self._placed: dict[str, dict[int, Sale]] = {name: {} for name in self._own}
        self._last = FIRST_NUMBER - 1
        self._changes = 0

    @property
    def now(self) -> datetime:
        return self._now or self._world().now

    @property
    def version(self) -> tuple[int, int, datetime]:
        """Return what changes whenever a sale may have."""
        return self._changes, id(self._world()), self.now

    @property
    def stores(self) -> dict[str, Store]:
        """Return the stores by name: the ones of tests, and those of the world."""
        return {**{store.name: store for store, _ in self._worlds().values()}, **self._own}

    def sales(self, store: str) -> list[Sale]:
        """Return what exists now, in the order of the numbers."""
        if store in self._own:
            found = [each for each in self._placed[store].values() if each.created_at <= self.now]
        else:
            world, (_, place) = self._world(), self._worlds()[store]
            orders = world.orders(place, world.start, world.now.date())
            found = [_sale(order) for order in orders]
        return sorted(found, key=lambda sale: sale.number)

    def _worlds(self) -> dict[str, tuple[Store, Place]]:
        found = {}
        for place in self._world().stores_of(self._kind):
            store = Store(name=place.host, currency=place.currency, timezone=place.timezone)
            found[place.host] = (store, place)
        return found

    # Control operations.

    def set_now(self, at: str) -> str:
        self._now = instant(at)
        return at

    def place(self, store: str, **wanted: Any) -> int:  # noqa: ANN401
        """Add a sale and return its number; what is not said is an ordinary paid web order."""
        self._last += 1
        self._changes += 1
        created = instant(wanted.pop("created_at")) if "created_at" in wanted else self.now
        sale = Sale(
            number=int(wanted.pop("number", self._last)),
            created_at=created,
            updated_at=instant(wanted.pop("updated_at")) if "updated_at" in wanted else created,
            gross=str(wanted.pop("gross", "100.00")),
            currency=wanted.pop("currency", self._store(store).currency),
        )
        self._placed[store][sale.number] = self._changed(sale, wanted)
        return sale.number

    def amend(self, store: str, number: int, **wanted: Any) -> int:  # noqa: ANN401
        """Change fields of a placed sale; `updated_at` is now, unless it is said."""
        self._store(store)
        try:
            sale = self._placed[store][number]
        except KeyError:
            message = f"{store} has no placed sale {number}"
            raise ControlError(message) from None
        self._changes += 1
        at = wanted.pop("updated_at", None)
        moved = replace(sale, updated_at=instant(at) if at else self.now)
        self._placed[store][number] = self._changed(moved, wanted)
        return number

    def remove(self, store: str, number: int) -> None:
        """Delete a placed sale: the vendor shows no trace of it."""
        self._store(store)
        self._changes += 1
        if self._placed[store].pop(number, None) is None:
            message = f"{store} has no placed sale {number}"
            raise ControlError(message)

    def changes(self) -> Mapping[str, Callable[..., Any]]:
        return {
            "set_now": self.set_now,
            "place": self.place,
            "amend": self.amend,
            "remove": self.remove,
        }

    def _store(self, name: str) -> Store:
        try:
            return self._own[name]
        except KeyError:
            message = f"no store {name!r} of tests (known: {', '.join(self._own)})"
            raise ControlError(message) from None

    def _changed(self, sale: Sale, wanted: Mapping[str, Any]) -> Sale:
        known = {each.name for each in fields(Sale)}
        unknown = sorted(set(wanted) - known)
        if unknown:
            message = f"a sale has no {', '.join(unknown)} (known: {', '.join(sorted(known))})"
            raise ControlError(message)
        return replace(sale, **{name: _read(name, value) for name, value in wanted.items()})


def instant(text: str) -> datetime:
    """Read an ISO instant or day; one without zone is UTC."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def zulu(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def customer(seed: int, sale: Sale) -> tuple[dict[str, str], tuple[Secret, ...]]:
    """Return a made-up buyer, and the same values as secrets which must not be kept by anyone."""
    name = surname(key(seed, "buyer"), sale.number)
    person = {
        "first_name": f"Noor{name[:4]}",
        "last_name": name,
        "email": f"{name.lower()}.{sale.number}@mail.example",
        "phone": f"+9665{sale.number % 10**8:08d}",
        "address": f"{sale.number % 97 + 1} {name} Street",
        "ip": f"203.0.113.{sale.number % 250 + 1}",
    }
    personal = ("last_name", "email", "phone", "address", "ip")
    return person, tuple(Secret("personal", person[part]) for part in personal)


def _sale(order: Order) -> Sale:
    """Return the world's order as a sale; its visits are the buyer's touches."""
    return Sale(
        number=int(order.order_id),
        created_at=order.created_at,
        updated_at=order.updated_at,
        gross=_major(order.gross, order.currency),
        placed_gross=_major(order.placed, order.currency),
        currency=order.currency,
        refunds=tuple(
            Refund(refund_id=n, amount=_major(event.amount, order.currency), at=event.at)
            for n, event in enumerate(order.events, start=int(order.order_id) * 10)
            if event.kind == "refund"
        ),
        cancelled_at=order.cancelled_at,
        source=order.source,
        test=order.test,
        coupon=order.coupon,
        visits=tuple(
            Visit(
                visit_id=n,
                at=touch.occurred_at,
                landing=touch.landing_url,
                referrer=touch.referrer,
                utm={name.removeprefix("utm_"): value for name, value in touch.utm},
            )
            for n, touch in enumerate(order.touches, start=1)
        ),
    )


def _major(minor: int, currency: str) -> str:
    return str(Decimal(minor).scaleb(-minor_digits(currency)))


def _read(name: str, value: Any) -> Any:  # noqa: ANN401
    if name in {"created_at", "updated_at", "cancelled_at"}:
        return instant(value) if value else None
    if name == "visits":
        return tuple(_visit(number, item) for number, item in enumerate(value, start=1))
    if name == "refunds":
        return tuple(
            Refund(refund_id=900_000 + number, amount=str(item["amount"]), at=instant(item["at"]))
            for number, item in enumerate(value, start=1)
        )
    return str(value) if name in {"gross", "placed_gross"} and value is not None else value


def _visit(number: int, item: Mapping[str, Any]) -> Visit:
    rest = {part: item[part] for part in ("landing", "referrer", "utm") if part in item}
    return Visit(visit_id=int(item.get("id", number)), at=instant(item["at"]), **rest)
