"""What the API writes: creates without a key against doubles, updates, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.vendors.broadstreet import words
from sandbox.vendors.broadstreet.dates import is_running, shown_date
from sandbox.vendors.broadstreet.entities import Entity, Item
from sandbox.vendors.broadstreet.errors import RefusedError
from sandbox.vendors.broadstreet.world import World, blank_advertisement, blank_campaign

_MAX_NAME = 255
_AD_TYPES = {"static": "StaticAdvertisement", "html": "HtmlAdvertisement"}
_DISPLAY_TYPES = {*words.DISPLAY_TYPES, "force_repeat_campaign"}
_PACING = {"asap", "even"}
_IMPRESSIONS = {"cap", "goal"}
_UNSHOWN = ("notes", "paused", "archived", "pacing_type", "impression_max_type")


class Writer:
    """Applies the bodies of POST and PUT to the world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def create(self, kind: str, fields: Item, parents: dict[str, int]) -> tuple[Entity, Any]:
        """Add an entity; return it, and the body of the answer (None for an empty one)."""
        make: dict[str, Callable[[Item, dict[str, int]], Entity]] = {
            "networks": self._network,
            "advertisers": self._advertiser,
            "zones": self._zone,
            "advertisements": self._advertisement,
            "campaigns": self._campaign,
            "placements": self._placement,
        }
        entity = self._world.entities.add(make[kind](fields, parents))
        note = {"kind": kind, "key": entity.key, "parents": entity.parents, "fields": fields}
        self._world.creates.append(note)
        if kind == "placements":
            return entity, None
        if kind == "advertisements":
            return entity, _created_advertisement(entity)
        return entity, self._world.listed(entity)

    def update(self, entity: Entity, fields: Item) -> None:
        """Change what may be changed; everything else is ignored without a word."""
        if "name" in fields:
            entity.item = {**entity.item, "name": _name(fields)}
        for name in ("web_home_url", "alias"):
            if name in entity.item and name in fields:
                entity.item = {**entity.item, name: fields[name]}
        if entity.kind == "networks" and "logo" in fields:
            entity.item = {**entity.item, "logo": {"url": fields["logo"]}}
        if entity.kind == "advertisers" and "notes" in fields:
            entity.item = {**entity.item, "notes": fields["notes"]}
        if entity.kind == "advertisements" and "active_url" in fields:
            entity.item = {**entity.item, "active": {"url": fields["active_url"]}}
        if entity.kind == "campaigns":
            entity.item = {**entity.item, **self._campaign_fields(fields)}
            entity.kept = {**entity.kept, **_chosen(fields, _UNSHOWN)}

    def _network(self, fields: Item, parents: dict[str, int]) -> Entity:
        name, number = _name(fields), self._world.next_key("networks")
        item = {
            "id": number, "name": name, "group_id": None,
            "web_home_url": fields.get("web_home_url"), "logo": {"url": fields.get("logo")},
            "valet_active": False, "path": f"/networks/{number}",
        }  # fmt: skip
        return Entity("networks", number, item, parents)

    def _advertiser(self, fields: Item, parents: dict[str, int]) -> Entity:
        name, number = _name(fields), self._world.next_key("advertisers")
        texts = {part: fields.get(part) for part in ("web_home_url", "notes")}
        item = {"id": number, "name": name, "logo": {"url": None}, **texts, "admins": []}
        return Entity("advertisers", number, item, parents)

    def _zone(self, fields: Item, parents: dict[str, int]) -> Entity:
        name, number = _name(fields), self._world.next_key("zones")
        item = {
            "id": number, "name": name, "network_id": parents["network"],
            "alias": fields.get("alias"), "self_serve": bool(fields.get("self_serve")),
        }  # fmt: skip
        return Entity("zones", number, item, parents)

    def _advertisement(self, fields: Item, parents: dict[str, int]) -> Entity:
        kind = _AD_TYPES.get(str(fields.get("type", "")).lower())
        if kind is None:
            raise RefusedError(type="not found")
        name = _name(fields)
        if not fields.get("destination"):
            raise RefusedError(destination="can't be blank")
        number = self._world.next_key("advertisements")
        url = fields.get("active_url") if kind == "StaticAdvertisement" else None
        item = {"id": number, "name": name, **blank_advertisement()}
        item |= {"type": kind, "active": {"url": url}}
        kept = _chosen(fields, ("destination", "html", "active_base64"))
        return Entity("advertisements", number, item, self._world.with_network(parents), kept)

    def _campaign(self, fields: Item, parents: dict[str, int]) -> Entity:
        name, written = _name(fields), self._campaign_fields(fields)
        placed = self._world.with_network(parents)
        number = self._world.next_key("campaigns")
        item = {"id": number, "name": name, **blank_campaign(number, placed), **written}
        item["active"] = is_running(item["start_date"], item["end_date"])
        return Entity("campaigns", number, item, placed, _chosen(fields, _UNSHOWN))

    def _placement(self, fields: Item, parents: dict[str, int]) -> Entity:
        triple = parents["campaign"], parents["advertisement"], parents["zone"]
        if self._world.settings.unique_placements and any(self._world.entities.placed(*triple)):
            raise RefusedError(zone_id="has already been taken")
        given = fields.get("restrictions")
        restrictions = given if isinstance(given, list) else [given] if given else []
        for value in restrictions:
            _one_of("restrictions", value, words.RESTRICTIONS)
        ids = {"advertisement_id": triple[1], "zone_id": triple[2]}
        item = {**ids, "restrictions": restrictions}
        return Entity("placements", self._world.next_key("placements"), item, parents)

    def _campaign_fields(self, fields: Item) -> Item:
        """Return what of a campaign's body is shown again; `active` and `path` are ignored."""
        shown: Item = {}
        for name in ("start_date", "end_date"):
            if name in fields:
                shifts = self._world.settings.shifts_dates
                shown[name] = shown_date(name, fields[name], shifts=shifts)
        if "max_impression_count" in fields:
            shown["max_impression_count"] = fields["max_impression_count"]
        for name, allowed in (("display_type", _DISPLAY_TYPES), ("pacing_type", _PACING),
                              ("impression_max_type", _IMPRESSIONS)):  # fmt: skip
            if fields.get(name) is not None:
                _one_of(name, fields[name], allowed)
        if "display_type" in fields:
            shown["display_type"] = fields["display_type"]
        if "weight" in fields:
            shown["weight"] = _weight_label(fields["weight"])
        return shown


def _created_advertisement(entity: Entity) -> Item:
    """Return the answer to a create, which has another shape than the list's rows."""
    script = f'<script src="https://ad.example.test/display/{entity.key}.js"></script>'
    return {
        "id": entity.key,
        "name": entity.item["name"],
        "preferred_hash_tag": "#advert",
        "html": entity.kept.get("html", script),
        "preview_html": script,
    }


def _weight_label(value: object) -> str:
    """Return the label of a weight; a word counts as 0, as it does where text becomes a number."""
    number = float(value) if isinstance(value, int | float) else 0.0
    label = words.WEIGHTS.get(number)
    if label is None:
        raise RefusedError(weight="is not included in the list")
    return label


def _name(fields: Item) -> str:
    name = fields.get("name")
    if not isinstance(name, str) or not name.strip():
        raise RefusedError(name="can't be blank")
    if len(name) > _MAX_NAME:
        raise RefusedError(name=f"is too long (maximum is {_MAX_NAME} characters)")
    return name


def _one_of(name: str, value: object, allowed: object) -> None:
    if value not in allowed:  # pyright: ignore[reportOperatorIssue]
        raise RefusedError(**{name: "is not included in the list"})


def _chosen(fields: Item, names: tuple[str, ...]) -> Item:
    return {name: fields[name] for name in names if name in fields}
