"""The sales of one shop system's stores, in no vendor's shape: each vendor words them its own way.

A test places sales by hand, field by field; a seeded world adds its own through `Ledger.feed`.
Instants are aware and in UTC, whole seconds; amounts are text of a decimal number in major units.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sandbox.vendors.seeding import key, surname
from sandbox.vendors.wire import ControlError, Secret

FIRST_NUMBER = 5_000_000_001
DEFAULT_NOW = "2026-06-25T12:00:00Z"


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


Feed = Callable[[datetime], Iterable[Sale]]


class Ledger:
    """Stores and their sales; `now` stands still until it is moved."""

    def __init__(self, seed: int, stores: Iterable[Store], now: str = DEFAULT_NOW) -> None:
        self.seed = seed
        self.stores = {store.name: store for store in stores}
        self.now = instant(now)
        self._placed: dict[str, dict[int, Sale]] = {name: {} for name in self.stores}
        self._feeds: dict[str, Feed] = {}
        self._last = FIRST_NUMBER - 1
        # Moves with every change, for whoever keeps what was made of the sales.
        self.version = 0

    def feed(self, store: Store, sales: Feed) -> None:
        """Let a world supply a store's sales; hand-placed ones come on top."""
        self.stores[store.name] = store
        self._placed.setdefault(store.name, {})
        self._feeds[store.name] = sales
        self.version += 1

    def sales(self, store: str) -> list[Sale]:
        """Return what exists now, in the order of the numbers."""
        fed = self._feeds.get(store, lambda _: ())(self.now)
        found = {sale.number: sale for sale in fed} | self._placed[store]
        shown = (sale for sale in found.values() if sale.created_at <= self.now)
        return sorted(shown, key=lambda sale: sale.number)

    # Control operations.

    def set_now(self, at: str) -> str:
        self.now = instant(at)
        self.version += 1
        return at

    def place(self, store: str, **wanted: Any) -> int:  # noqa: ANN401
        """Add a sale and return its number; what is not said is an ordinary paid web order."""
        self._last += 1
        self.version += 1
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
        self.version += 1
        at = wanted.pop("updated_at", None)
        moved = replace(sale, updated_at=instant(at) if at else self.now)
        self._placed[store][number] = self._changed(moved, wanted)
        return number

    def remove(self, store: str, number: int) -> None:
        """Delete a placed sale: the vendor shows no trace of it."""
        self._store(store)
        self.version += 1
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
            return self.stores[name]
        except KeyError:
            message = f"no store {name!r} (known: {', '.join(self.stores)})"
            raise ControlError(message) from None

    def _changed(self, sale: Sale, wanted: Mapping[str, Any]) -> Sale:
        known = {each.name for each in fields(Sale)}
        unknown = sorted(set(wanted) - known)
        if unknown:
            message = f"a sale has no {', '.join(unknown)} (known: {', '.join(sorted(known))})"
            raise ControlError(message)
        return replace(sale, **{name: _read(name, value) for name, value in wanted.items()})


def instant(text: str) -> datetime:
    """Read an ISO instant; one without zone is UTC."""
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
