"""The account as it is now: what the seed made, what the API wrote, what people did since."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from sandbox.vendors.broadstreet.dataset import Maker
from sandbox.vendors.broadstreet.dates import is_running
from sandbox.vendors.broadstreet.entities import KINDS, PARENT, Entities, Entity, Item
from sandbox.vendors.seeding import dice, key
from sandbox.vendors.wire import ControlError

# One publisher's account as it was: the traits of the data set have their counts at this size.
OBSERVED = {
    "networks": 2, "advertisers": 48, "zones": 649, "advertisements": 102, "campaigns": 122,
    "placements": 4_358,
}  # fmt: skip
# The goal of the product, by its share of 50,000.
_GOAL = {
    "networks": 10, "advertisers": 2_000, "zones": 500, "advertisements": 20_000,
    "campaigns": 5_000, "placements": 22_500,
}  # fmt: skip
_GOAL_SIZE = 50_000
_ENVELOPES = {"placements": ("bare", "placements", "placement"), "single": ("bare", "wrapped")}
_ROOT = {"networks": (), "advertisers": ("network",), "zones": ("network",)}
_NEEDED = {**_ROOT, "advertisements": ("advertiser",), "campaigns": ("advertiser",),
           "placements": ("campaign", "advertisement", "zone")}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a reset may choose: `entities` scales the goal's counts, each count may be given.

    `unique_placements` lets the vendor refuse a triple that is there; it is not known to.
    """

    entities: int | None = None
    networks: int | None = None
    advertisers: int | None = None
    zones: int | None = None
    advertisements: int | None = None
    campaigns: int | None = None
    placements: int | None = None
    placements_envelope: str = "bare"
    single_envelope: str = "bare"
    unique_placements: bool = False
    shifts_dates: bool = True
    cache_mb: int = 256

    def __post_init__(self) -> None:
        for name, options in _ENVELOPES.items():
            if getattr(self, f"{name}_envelope") not in options:
                message = f"{name}_envelope is one of {', '.join(options)}"
                raise ControlError(message)

    def counts(self) -> dict[str, int]:
        """Return how many of each kind there are at the beginning."""
        scaled = OBSERVED
        if self.entities is not None:
            scaled = {
                kind: max(1, round(number * self.entities / _GOAL_SIZE))
                for kind, number in _GOAL.items()
            }
        return {kind: _given(getattr(self, kind), scaled[kind]) for kind in KINDS}


class World:
    """The entities, and every create that was committed."""

    def __init__(self, seed: int, settings: Settings) -> None:
        self.settings = settings
        self.entities = Entities()
        self.creates: list[Item] = []
        Maker(seed, self.entities).fill(settings.counts())
        self._last = {kind: self.entities.last_key(kind) for kind in KINDS}
        self._dice: Random = dice(key(seed, "new ids"), 0)

    def next_key(self, kind: str) -> int:
        """Return an id that was never given: other accounts take some in between."""
        step = 1 if kind == "placements" else 1 + int(self._dice.random() * 9)
        self._last[kind] += step
        return self._last[kind]

    def listed(self, entity: Entity) -> Any:  # noqa: ANN401 - a malformed row may be anything
        """Return an entity as lists show it; an advertisement names its owner, and no id."""
        if entity.kind != "advertisements" or entity.malformed:
            return entity.item
        owner = self.entities.get("advertisers", entity.parents.get("advertiser"))
        return {**entity.item, "advertiser": owner.item["name"] if owner else None}

    def truth(self) -> Iterator[Item]:
        """Yield every entity as listed, with what the list does not say."""
        for kind in KINDS:
            for entity in self.entities.all(kind):
                yield {
                    "kind": kind,
                    "item": self.listed(entity),
                    "parents": entity.parents,
                    "kept": entity.kept,
                    "malformed": entity.malformed,
                }

    # What people do in the dashboard: each of these is a control operation.

    def add(self, entity: str, fields: Item | None = None, **parents: int) -> Item:
        """Add an entity; `network=`, `advertiser=` and so on say where."""
        kind, number = entity, self.next_key(entity)
        placed = self._placed_under(kind, parents)
        made = {**_blank(kind, number, placed), **(fields or {})}
        return self._shown(self.entities.add(Entity(kind, number, made, placed)))

    def insert(self, entity: str, item: Any, **parents: int) -> Item:  # noqa: ANN401
        """List a row as it is given, whatever it is."""
        placed = self._placed_under(entity, parents)
        row = Entity(entity, self.next_key(entity), item, placed, malformed=True)
        return self._shown(self.entities.add(row))

    def edit(self, entity: str, which: object, fields: Item) -> Item:
        found = self.find(entity, which)
        found.item = {**found.item, **fields}
        return self._shown(found)

    def remove(self, entity: str, which: object) -> Item:
        """Delete an entity and everything below it."""
        return {"removed": self.entities.remove(self.find(entity, which))}

    def changes(self) -> dict[str, Callable[..., Any]]:
        return {
            "add": self.add, "insert": self.insert, "edit": self.edit, "remove": self.remove,
        }  # fmt: skip

    def find(self, kind: str, which: object) -> Entity:
        """Return an entity by its id; a placement by its (campaign, advertisement, zone)."""
        found = None
        if isinstance(which, list) and kind == "placements":
            found = next(self.entities.placed(*which), None)
        elif kind in KINDS:
            found = self.entities.get(kind, which)
        if found is None:
            message = f"there is no {kind} {which!r}"
            raise ControlError(message)
        return found

    def _shown(self, entity: Entity) -> Item:
        return {"key": entity.key, "parents": entity.parents, "item": self.listed(entity)}

    def _placed_under(self, kind: str, parents: dict[str, int]) -> dict[str, int]:
        if kind not in _NEEDED or set(parents) != set(_NEEDED[kind]):
            message = f"{kind} needs {', '.join(_NEEDED.get(kind, KINDS)) or 'no parent'}"
            raise ControlError(message)
        for name, number in parents.items():
            self.find(_kind_of(name), number)
        return self.with_network(parents) if kind in {"advertisements", "campaigns"} else parents

    def with_network(self, parents: dict[str, int]) -> dict[str, int]:
        """Add the network that an advertiser is in."""
        return {**self.find("advertisers", parents["advertiser"]).parents, **parents}


def _blank(kind: str, number: int, parents: dict[str, int]) -> Item:
    """Return what the dashboard makes before anything is filled in."""
    item: Item = {"id": number, "name": f"New {PARENT.get(kind, kind)} {number}"}
    if kind == "advertisers":
        item |= {"logo": {"url": None}, "web_home_url": None, "notes": None, "admins": []}
    if kind == "zones":
        item |= {"network_id": parents["network"], "alias": None, "self_serve": False}
    if kind == "advertisements":
        item |= blank_advertisement()
    if kind == "campaigns":
        item |= blank_campaign(number, parents)
    if kind == "networks":
        item |= {"group_id": None, "web_home_url": None, "logo": {"url": None},
                 "valet_active": False, "path": f"/networks/{number}"}  # fmt: skip
    if kind == "placements":
        ids = {f"{name}_id": parents[name] for name in ("advertisement", "zone")}
        item = {**ids, "restrictions": []}
    return item


def blank_advertisement() -> Item:
    return {
        "updated_at": "2025-09-18T08:00:00.000-07:00", "type": "StaticAdvertisement",
        "advertiser": None, "active": {"url": None}, "active_placement": False,
        "preview_url": "https://preview.example.test/new?signature=0",
    }  # fmt: skip


def blank_campaign(number: int, parents: dict[str, int]) -> Item:
    path = f"/networks/{parents['network']}/advertisers/{parents['advertiser']}"
    return {
        "advertiser_id": parents["advertiser"], "start_date": None, "end_date": None,
        "max_impression_count": None, "display_type": "no_repeat",
        "active": is_running(None, None), "weight": "default",
        "path": f"{path}/campaigns/{number}",
    }  # fmt: skip


def _kind_of(parent: str) -> str:
    return next(kind for kind, name in PARENT.items() if name == parent)


def _given(number: int | None, otherwise: int) -> int:
    return otherwise if number is None else number
