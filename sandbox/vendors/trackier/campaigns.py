"""Campaigns: the vendor's offers, with the variety that a real network has."""
# ruff: noqa: PLR2004 - the numbers are shares of a made-up population

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from sandbox.vendors import seeding
from sandbox.vendors.seeding import pick
from sandbox.vendors.trackier import words
from sandbox.vendors.trackier.ids import Ids, timestamp
from sandbox.vendors.trackier.payouts import Payouts

Item = dict[str, Any]

_ALL = ["all"]
_NONE: list[Any] = []


class Campaigns:
    """Makes campaign rows; `advertiser_of` says whose a campaign is."""

    def __init__(self, seed: int, ids: Ids, advertiser_of: Callable[[int], str]) -> None:
        self._ids = ids
        self._root = seeding.key(seed, "campaigns")
        self._advertiser_of = advertiser_of
        self._payouts = Payouts(ids, seeding.key(seed, "payouts"))

    def make(self, index: int) -> Item:
        random = seeding.dice(self._root, index)
        model = pick(random, words.MODELS)
        currency = pick(random, words.CURRENCIES)
        number = index + 1
        created = self._ids.created(index)
        item = {
            "device": pick(random, (_ALL, _ALL, ["mobile"], ["mobile", "tablet"])),
            "os": pick(random, (_ALL, _ALL, ["android"], ["ios", "android"])),
            "cities": _ALL,
            "citiesExclude": _NONE,
            "isps": _ALL,
            "region": _ALL,
            "flow": _NONE,
            "title": f"{pick(random, words.OFFERS)} {model.upper()} {number}",
            "url": f"https://shop{number % 997}.example/lp?click_id={{click_id}}&amp;c={number}",
            "currency": currency,
            "status": pick(random, words.CAMPAIGN_STATUSES),
            "cshp": "approved",
            "dcla": "none",
            "created": timestamp(created),
            "modified": None if random.random() < 0.3 else timestamp(created + 5_000_000),
            "payouts": self._payouts.make(index, model, currency, random),
            "creatives": _NONE,
            "iurl": "",
            "hashId": self._ids.hash_id(index),
            "advertiserId": self._advertiser_of(index),
            "id": number,
            "previewUrl": f"https://shop{number % 997}.example/",
            "categories": _categories(random),
            "commModel": model,
            "geo": pick(random, (_ALL, ["IN"], ["IN"], ["AE", "SA"], ["DE", "FR", "GB"])),
            "blockedPubs": pick(random, (_NONE, _NONE, _NONE, [7, 12])),
            "fallbackUrl": "",
            "convTracking": pick(random, ("postback", "iframe_https", "image_https")),
            "convTrackingDomain": "track.network.example",
            "visibility": pick(random, words.VISIBILITIES),
            "subIdsBlocked": _NONE,
            "subIdsAllowed": _NONE,
            "blacklistPostbackPubs": _NONE,
            "whitelistPostbackPubs": _NONE,
            "redirectType": pick(random, words.REDIRECTS),
            "cancelBlockedPbConv": pick(random, (0, 1, 1.0)),
            "defaultLpName": "Default",
            "allowTrafficDiversion": pick(random, (0, 0.0)),
            "description": _description(random),
            "kpi": None,
            "os_ver": pick(random, ({}, {"android": {"min": "5"}}, {"ios": {"min": 9.0}})),
            "dclv": None,
            "ucls": None,
        }
        _vary(item, random)
        return item


def changed(item: Item, revision: int, at: float) -> Item:
    """Return the campaign as someone at the network has edited it for the nth time."""
    random = seeding.dice(item["id"], revision)
    edit = pick(random, ("title", "status", "payout", "payout"))
    row = {**item, "modified": timestamp(at)}
    if edit == "status":
        others = [status for status in ("active", "paused") if status != item["status"]]
        row["status"] = pick(random, others)
    elif edit == "payout" and item["payouts"]:
        row["payouts"] = [
            {**payout, "payout": payout["payout"] + revision / 4, "modified": row["modified"]}
            for payout in item["payouts"]
        ]
    else:
        row["title"] = f"{item['title']} (rev {revision})"
    return row


def _categories(random: Random) -> list[str] | None:
    count = pick(random, (0, 1, 1, 1, 2, 3))
    if not count and random.random() < 0.3:
        return None
    return [pick(random, words.CATEGORIES) for _ in range(count)]


def _description(random: Random) -> str | None:
    chance = random.random()
    if chance < 0.4:
        return None
    # A few are as long as what people paste from their terms and conditions.
    count = 60 if chance > 0.995 else 1 + int(chance * 3)
    return " ".join(pick(random, words.SENTENCES) for _ in range(count))


def _vary(item: Item, random: Random) -> None:
    """Leave out optional fields, and send some that no document names."""
    chance = random.random()
    if chance < 0.08:
        del item["kpi"], item["description"]
    elif chance < 0.14:
        del item["categories"]
    elif chance < 0.20:
        item["tags"] = pick(random, (None, [], ["festive", "q4"]))
        item["startDate"], item["endDate"] = item["created"], None
    elif chance < 0.23:
        item["trafficChannels"] = ["cashback", "content"]
        item["x_future_field"] = {"nested": [1, {"deep": None}]}
