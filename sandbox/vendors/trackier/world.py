"""The network as it is now: what the seed makes, and what control calls have changed since."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.vendors.seeding import dice, hexadecimal, key
from sandbox.vendors.trackier import truth
from sandbox.vendors.trackier.accounts import Accounts
from sandbox.vendors.trackier.brief import brief_row
from sandbox.vendors.trackier.campaigns import Campaigns, changed
from sandbox.vendors.trackier.ids import Ids, timestamp
from sandbox.vendors.trackier.listing import Extra, Item, Listing
from sandbox.vendors.trackier.malformed import broken
from sandbox.vendors.trackier.spread import Spread
from sandbox.vendors.trackier.words import CATEGORIES
from sandbox.vendors.wire import ControlError, RawJson

ENTITIES = ("advertisers", "campaigns", "publishers")
DAY = 86_400
_OPTIONS: dict[str, tuple[str, ...]] = {
    "spread": ("skewed", "even"),
    "shape": ("vendor", "brief"),
    "last_page": ("null", "absent", "empty"),
}
_RETURNING = 0.2
_SECONDS_APART = {"advertisers": 9_001, "campaigns": 97, "publishers": 4_001}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a reset may choose; `last_page` is what the cursor of the last page looks like."""

    offers: int = 1_000
    brands: int | None = None
    publishers: int = 50
    spread: str = "skewed"
    page_size: dict[str, int] = field(default_factory=dict)
    shape: str = "vendor"
    last_page: str = "null"
    cache_mb: int = 256

    def __post_init__(self) -> None:
        for name, options in _OPTIONS.items():
            if getattr(self, name) not in options:
                message = f"{name} is one of {', '.join(options)}, not {getattr(self, name)!r}"
                raise ControlError(message)


class World:
    """Three listings, and who owns which campaign."""

    def __init__(self, seed: int, settings: Settings) -> None:
        self.seed = seed
        self.settings = settings
        brands = max(1, settings.offers // 100) if settings.brands is None else settings.brands
        ids = {entity: Ids(seed, entity, step) for entity, step in _SECONDS_APART.items()}
        advertisers = Accounts(seed, "advertisers", ids["advertisers"])
        publishers = Accounts(seed, "publishers", ids["publishers"])
        campaigns = Campaigns(seed, ids["campaigns"], self._advertiser_hash)
        self.listings = {
            "advertisers": Listing(brands, ids["advertisers"], advertisers.advertiser),
            "campaigns": Listing(settings.offers, ids["campaigns"], campaigns.make),
            "publishers": Listing(settings.publishers, ids["publishers"], publishers.publisher),
        }
        self._spread = Spread(seed, settings.offers, brands, even=settings.spread == "even")
        self._placed: dict[int, int] = {}
        self._owned: dict[int, set[int]] = {}
        self._day = 0

    # Reading.

    def brand_of(self, campaign: int) -> int:
        placed = self._placed.get(campaign)
        return self._spread.brand_of(campaign) if placed is None else placed

    def everything(self, entity: str) -> Sequence[int]:
        return range(self.listings[entity].end)

    def of_brands(self, brands: Sequence[int]) -> Sequence[int]:
        """Return the campaigns of several advertisers in the order of the list."""
        return list(heapq.merge(*map(self._members, sorted(set(brands)))))

    def categories(self) -> list[Item]:
        """Return the names that campaigns choose from."""
        root = key(self.seed, "categories")
        created = timestamp(self._now())
        return [
            {"_id": hexadecimal(root, number, 24), "name": name, "created": created}
            for number, name in enumerate(CATEGORIES)
        ]

    def shown(self, entity: str, index: int) -> list[Any]:
        """Return what is listed at an index, in the shape that this world is served in."""
        rows = self.listings[entity].rows(index)
        if self.settings.shape == "vendor":
            return rows
        return [self._brief(entity, index, row) for row in rows]

    def expected(self) -> Iterator[Item]:
        """Yield the rows that a sync of this world must end with, then what it must refuse."""
        brief = self.settings.shape == "brief"
        brand = truth.expected_brief_brand if brief else truth.expected_brand
        offer = truth.expected_brief_offer if brief else truth.expected_offer
        for index, row in self._good("advertisers"):
            yield brand(self._brief("advertisers", index, row) if brief else row)
        for index, row in self._good("campaigns"):
            if self.brand_of(index) in self.listings["advertisers"].removed:
                yield {"entity": "orphan", **self._named("campaigns", index)}
            else:
                yield offer(self._brief("campaigns", index, row) if brief else row)
        for _, row in self._good("publishers"):
            yield truth.expected_publisher(row)
        yield from self._refused()

    # Changing: each of these is a control operation.

    def edit(self, entity: str, which: object, fields: Item) -> Item:
        listing = self.listings[entity]
        index = listing.find(which)
        if index in listing.extras:
            message = f"row {which!r} is {listing.extras[index].kind}: remove it instead"
            raise ControlError(message)
        listing.edits[index] = {**listing.edits.get(index, {}), **fields}
        if entity == "campaigns" and "advertiserId" in fields:
            self._place(index, self.listings["advertisers"].find(fields["advertiserId"]))
        return self._named(entity, index)

    def remove(self, entity: str, which: object) -> Item:
        index = self.listings[entity].find(which)
        self.listings[entity].removed.add(index)
        return self._named(entity, index)

    def restore(self, entity: str, which: object) -> Item:
        index = self.listings[entity].find(which)
        self.listings[entity].removed.discard(index)
        return self._named(entity, index)

    def add(self, entity: str, fields: Item | None = None, brand: object = 1) -> Item:
        """Add a good row at the end of the list; campaigns go to a brand."""
        index = self.listings[entity].add()
        if entity == "campaigns":
            self._place(index, self.listings["advertisers"].find(brand))
        if fields:
            self.listings[entity].edits[index] = fields
        return self._named(entity, index)

    def duplicate(
        self, entity: str, which: object, where: str = "later", fields: Item | None = None
    ) -> Item:
        """List a row once more: right behind itself on the `same_page`, or `later` at the end."""
        listing = self.listings[entity]
        index = listing.find(which)
        extra = Extra("duplicate", copy_of=index, changes=fields or {})
        if where == "same_page":
            listing.echoes.setdefault(index, []).append(extra)
        else:
            place = listing.add(extra)
            if entity == "campaigns":
                self._place(place, self.brand_of(index))
            return {**self._named(entity, index), "listed_id": place + 1}
        return self._named(entity, index)

    def malform(self, entity: str, kind: str, brand: object = 1) -> Item:
        """Add a row that is broken in the named way; campaigns are listed under the brand."""
        index = self._insert(entity, Extra(kind), brand)
        extra = self.listings[entity].extras[index]
        extra.item = broken(kind, entity, self.listings[entity].make(index))
        return self._named(entity, index)

    def insert(
        self, entity: str, item: object = None, raw: str | None = None, brand: object = 1
    ) -> Item:
        """Add a row as it is given: an item, or text that goes into the page unread."""
        row = item if raw is None else RawJson(raw.encode())
        return self._named(entity, self._insert(entity, Extra("inserted", item=row), brand))

    def miscount(self, entity: str, by: int) -> Item:
        """Make the vendor's total wrong."""
        self.listings[entity].miscount = by
        return {"entity": entity, "total": self.listings[entity].total()}

    def advance(
        self, days: int = 1, new: float = 0.005, vanished: float = 0.003, changed: float = 0.02
    ) -> Item:
        """Let days pass: a seeded share of campaigns is new, gone, back or different each day."""
        counts = {"new": 0, "vanished": 0, "returned": 0, "changed": 0}
        for _ in range(days):
            self._day += 1
            self._pass_day({"new": new, "vanished": vanished, "changed": changed}, counts)
        return {"day": self._day, **counts}

    # Inside.

    def _advertiser_hash(self, campaign: int) -> str:
        return self.listings["advertisers"].ids.hash_id(self.brand_of(campaign))

    def _members(self, brand: int) -> list[int]:
        own = [index for index in self._spread.members(brand) if index not in self._placed]
        placed = self._owned.get(brand)
        return sorted([*own, *placed]) if placed else own

    def _place(self, campaign: int, brand: int) -> None:
        """List a campaign under a brand that the spread does not give it to."""
        self._owned.get(self._placed.get(campaign, -1), set()).discard(campaign)
        self._placed[campaign] = brand
        self._owned.setdefault(brand, set()).add(campaign)

    def _insert(self, entity: str, extra: Extra, brand: object) -> int:
        owner = self.listings["advertisers"].find(brand) if entity == "campaigns" else 0
        index = self.listings[entity].add(extra)
        if entity == "campaigns":
            self._place(index, owner)
        return index

    def _named(self, entity: str, index: int) -> Item:
        return {"id": index + 1, "hashId": self.listings[entity].ids.hash_id(index)}

    def _pass_day(self, shares: dict[str, float], counts: Item) -> None:
        listing = self.listings["campaigns"]
        random = dice(key(self.seed, "advance"), self._day)
        size = listing.end

        def drawn(share: float) -> set[int]:
            return {int(random.random() * size) for _ in range(round(size * share))}

        for index in drawn(shares["changed"]) - listing.removed - listing.extras.keys():
            row = changed(listing.row(index), self._day, self._now())
            listing.edits[index] = {
                name: row[name] for name in ("title", "status", "payouts", "modified")
            }
            counts["changed"] += 1
        back = {index for index in sorted(listing.removed) if random.random() < _RETURNING}
        gone = drawn(shares["vanished"]) - listing.removed
        listing.removed = (listing.removed - back) | gone
        counts["returned"] += len(back)
        counts["vanished"] += len(gone)
        for _ in range(round(size * shares["new"])):
            brand = 1 + int(random.random() * self.listings["advertisers"].end)
            self.add("campaigns", brand=brand)
            counts["new"] += 1

    def _now(self) -> float:
        return 1_767_225_600 + self._day * DAY

    def _brief(self, entity: str, index: int, row: Any) -> Any:  # noqa: ANN401
        brand = self.brand_of(index) if entity == "campaigns" else 0
        return brief_row(entity, row, self.listings["advertisers"].ids.hash_id(brand), brand + 1)

    def _good(self, entity: str) -> Iterator[tuple[int, Item]]:
        """Yield every row that is no malformed one, once, as its last mention shows it."""
        listing = self.listings[entity]
        changed_rows = listing.echoes.keys() | {e.copy_of for e in listing.extras.values()}
        for index in listing.walk(self.everything(entity)):
            if index not in listing.extras:
                yield index, listing.latest(index) if index in changed_rows else listing.row(index)

    def _refused(self) -> Iterator[Item]:
        for entity, listing in self.listings.items():
            for index, extra in listing.extras.items():
                if extra.copy_of is None and index not in listing.removed:
                    yield {
                        "entity": "malformed",
                        "of": entity,
                        "kind": extra.kind,
                        **self._named(entity, index),
                    }
