"""A seeded data set with the structure of a real one: its nulls, its doubles, its whitespace.

Shares are those of one publisher's account; they hold at any size. Two of its traits need a
minimum: a group of doubles exists once there are enough names to share.
"""
# ruff: noqa: PLR2004 - the numbers are counts of that account

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from random import Random

from sandbox.vendors.broadstreet import words
from sandbox.vendors.broadstreet.dates import is_running
from sandbox.vendors.broadstreet.entities import Entities, Entity, Item
from sandbox.vendors.seeding import dice, hexadecimal, key, pick

_FIRST_IDS = {
    "networks": 9396, "advertisers": 187_969, "zones": 172_209, "advertisements": 1_127_055,
    "campaigns": 758_107,
}  # fmt: skip
_STEPS = {"networks": 19, "advertisers": 7, "zones": 31, "advertisements": 11, "campaigns": 13}
_OFFSET = "-07:00"


class Maker:
    """Fills an account: every kind in the order of its parents."""

    def __init__(self, seed: int, entities: Entities) -> None:
        self._seed = seed
        self._entities = entities

    def fill(self, counts: dict[str, int]) -> None:
        for index, number in enumerate(self._ids("networks", counts["networks"])):
            self._entities.add(Entity("networks", number, self._network(index, number)))
        networks = [entity.key for entity in self._entities.all("networks")]
        if networks:
            self._advertisers(counts["advertisers"], networks)
            self._zones(counts["zones"], networks)
        owners = self._entities.all("advertisers")
        if owners:
            self._advertisements(counts["advertisements"], owners)
            self._campaigns(counts["campaigns"], owners)
        self._placements(counts["placements"])

    def _network(self, index: int, number: int) -> Item:
        host = f"example-{index}.test"
        return {
            "id": number,
            "name": f"Example Verlag - Network {index + 1}",
            "group_id": None if index % 5 == 3 else 115,
            "web_home_url": host if index % 2 else f"https://{host}",
            "logo": {"url": f"https://cdn.example.test/images/net{number}.png"},
            "valet_active": bool(index % 2),
            "path": f"/networks/{number}",
        }

    def _advertisers(self, count: int, networks: Sequence[int]) -> None:
        names = [
            f"{10_000 + 37 * n} | {words.TREES[n % 18]} {words.TRADES[n % 10]} GmbH"
            for n in range(count)
        ]
        for group in self._doubles("advertisers", count, [2], per=48):
            _share(names, group)
        self._put_space(names, "advertisers", 8 / 48)
        random = dice(key(self._seed, "advertisers"), 0)
        for index, number in enumerate(self._ids("advertisers", count)):
            host = pick(random, ("", "www.", "https://")) + f"adv{number}.test"
            picture = f"https://cdn.example.test/images/adv{number}.png"
            item = {
                "id": number,
                "name": names[index],
                "logo": {"url": picture if random.random() < 0.5 else None},
                "web_home_url": pick(random, (host, host, host + " ", None)),
                "notes": None,
                "admins": [{"name": "A. Person", "email": f"person{number}@example.test"}]
                if random.random() < 0.1
                else [],
            }
            parents = {"network": _leaning(random, networks)}
            self._entities.add(Entity("advertisers", number, item, parents))

    def _zones(self, count: int, networks: Sequence[int]) -> None:
        root = key(self._seed, "zones")
        random = dice(root, 0)
        names = [
            f"{pick(random, words.SECTIONS)} {pick(random, words.PLACES)} {n}"
            f"{pick(random, words.INNER_SPACE)}- {pick(random, words.SHAPES)}"
            for n in range(count)
        ]
        for group in self._doubles("zones", count, [2] * 7, per=649):
            _share(names, group)
        self._put_space(names, "zones", 80 / 649)
        for index, number in enumerate(self._ids("zones", count)):
            network = _leaning(random, networks)
            item = {
                "id": number,
                "name": names[index],
                "network_id": network,
                "alias": "page-top" if index % 649 == 0 else None,
                "self_serve": random.random() < 0.02,
            }
            self._entities.add(Entity("zones", number, item, {"network": network}))

    def _advertisements(self, count: int, owners: Sequence[Entity]) -> None:
        root = key(self._seed, "advertisements")
        random = dice(root, 0)
        names = [f"{pick(random, words.CREATIVES)} {n} 300x250" for n in range(count)]
        for group in self._doubles("advertisements", count, [6], per=102):
            _share(names, group, "Untitled Advertisement")
        self._put_space(names, "advertisements", 4 / 102)
        types = ("StaticAdvertisement",) * 67 + ("StencilAdvertisement",) * 20
        types += ("HtmlAdvertisement",) * 15
        for index, number in enumerate(self._ids("advertisements", count)):
            owner = owners[int(random.random() * len(owners))]
            kind = types[(index * 41) % len(types)]
            picture = f"https://cdn.example.test/ads/{number}.png"
            day, hour = 1 + index % 28, index % 24
            signature = hexadecimal(root, index, 24)
            item = {
                "id": number,
                "name": names[index],
                "updated_at": f"2025-0{1 + index % 9}-{day:02}T{hour:02}:17:03.000{_OFFSET}",
                "type": kind,
                "advertiser": None,
                "active": {"url": picture if kind == "StaticAdvertisement" else None},
                "active_placement": random.random() < 0.8,
                "preview_url": f"https://preview.example.test/{number}?signature={signature}",
            }
            parents = {**owner.parents, "advertiser": owner.key}
            self._entities.add(Entity("advertisements", number, item, parents))

    def _campaigns(self, count: int, owners: Sequence[Entity]) -> None:
        random = dice(key(self._seed, "campaigns"), 0)
        places = {
            n: owners[int(random.random() ** 1.5 * len(owners))] for n in range(count)
        }  # a few have many
        names = [f"KW{1 + n % 52} {words.TREES[n % 18]} {n}" for n in range(count)]
        for group in self._doubles("campaigns", count, [6, 3, 3, 2, 2, 2], per=122):
            _share(names, group)
            places |= dict.fromkeys(group, places[group[0]])
        chosen = {
            trait: self._chosen(f"campaigns.{trait}", count, share / 122)
            for trait, share in (("start", 6), ("end", 66), ("display", 10))
        }
        display = words.DISPLAY_TYPES[:1] * 65 + words.DISPLAY_TYPES[1:2] * 40
        display += words.DISPLAY_TYPES[2:] * 7
        for index, number in enumerate(self._ids("campaigns", count)):
            owner = places[index]
            start = None if index in chosen["start"] else _day(random, 2024)
            end = None if index in chosen["end"] else _day(random, 2026)
            path = f"/networks/{owner.parents['network']}/advertisers/{owner.key}"
            item = {
                "id": number,
                "name": names[index],
                "advertiser_id": owner.key,
                "start_date": start,
                "end_date": end,
                "max_impression_count": None,
                "display_type": None if index in chosen["display"] else pick(random, display),
                "active": is_running(start, end),
                "weight": pick(
                    random, ("default",) * 9 + ("remnant", "low", "high", "sponsorship")
                ),
                "path": f"{path}/campaigns/{number}",
            }
            parents = {**owner.parents, "advertiser": owner.key}
            self._entities.add(Entity("campaigns", number, item, parents))

    def _placements(self, count: int) -> None:
        """Place ads of a campaign's advertiser in zones of its network, each pair once."""
        random = dice(key(self._seed, "placements"), 0)
        campaigns = [
            campaign for campaign in self._entities.all("campaigns") if self._room(campaign)
        ]
        taken: set[tuple[int, int, int]] = set()
        room = sum(map(self._room, campaigns))
        while len(taken) < min(count, room):
            campaign = campaigns[int(random.random() ** 1.3 * len(campaigns))]
            ads, zones = self._placeable(campaign)
            triple = campaign.key, pick(random, ads).key, pick(random, zones).key
            if triple not in taken:
                taken.add(triple)
                self._entities.add(_placement(len(taken), campaign, triple, random))

    def _placeable(self, campaign: Entity) -> tuple[list[Entity], list[Entity]]:
        advertiser, network = campaign.parents["advertiser"], campaign.parents["network"]
        ads = self._entities.under("advertisements", "advertiser", advertiser)
        return ads, self._entities.under("zones", "network", network)

    def _room(self, campaign: Entity) -> int:
        ads, zones = self._placeable(campaign)
        return len(ads) * len(zones)

    def _ids(self, kind: str, count: int) -> list[int]:
        """Return ids as one account of many sees them: ascending with gaps."""
        random = dice(key(self._seed, "ids", kind), 0)
        number = _FIRST_IDS[kind]
        ids: list[int] = []
        for _ in range(count):
            ids.append(number)
            number += 1 + int(random.random() * _STEPS[kind])
        return ids

    def _chosen(self, what: str, count: int, share: float) -> set[int]:
        indexes = list(range(count))
        dice(key(self._seed, what), 0).shuffle(indexes)
        return set(indexes[: round(count * share)])

    def _put_space(self, names: list[str], kind: str, share: float) -> None:
        for index in sorted(self._chosen(f"{kind}.space", len(names), share)):
            before, behind = words.OUTER_SPACE[index % len(words.OUTER_SPACE)]
            names[index] = before + names[index] + behind

    def _doubles(self, kind: str, count: int, sizes: Sequence[int], per: int) -> list[list[int]]:
        """Return groups of indexes that share a name: of those sizes in every `per` of them."""
        order = list(range(count))
        dice(key(self._seed, kind, "doubles"), 0).shuffle(order)
        remaining = iter(order)
        groups = [
            list(islice(remaining, size))
            for _ in range(max(1, round(count / per)))
            for size in sizes
        ]
        return [group for group in groups if group]


def _placement(
    number: int, campaign: Entity, triple: tuple[int, int, int], random: Random
) -> Entity:
    _, advertisement, zone = triple
    item = {
        "advertisement_id": advertisement,
        "zone_id": zone,
        "restrictions": [pick(random, words.RESTRICTIONS)] if number % 4_358 == 17 else [],
    }
    parents = {"campaign": campaign.key, "advertisement": advertisement, "zone": zone}
    return Entity("placements", number, item, parents)


def _share(names: list[str], group: list[int], name: str = "") -> None:
    for index in group:
        names[index] = name or names[group[0]]


def _leaning(random: Random, networks: Sequence[int]) -> int:
    """Draw a network: the first ones have most."""
    return networks[int(random.random() ** 2 * len(networks))]


def _day(random: Random, year: int) -> str:
    return f"{year + int(random.random() * 2)}-{1 + int(random.random() * 12):02}-" + pick(
        random, ("01", "15", "28")
    )
