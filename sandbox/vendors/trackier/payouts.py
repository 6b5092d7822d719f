"""The payouts of a campaign: one that counts, and others that are narrower in some way."""
# ruff: noqa: PLR2004 - the numbers are shares of a made-up population

from __future__ import annotations

from random import Random
from typing import Any

from sandbox.vendors.seeding import hexadecimal, pick
from sandbox.vendors.trackier import words
from sandbox.vendors.trackier.ids import Ids, timestamp

Item = dict[str, Any]

MAX_PAYOUTS = 8
_AMOUNTS = (0, 5, 10, 10.0, 12.5, 0.35, 45, 120, 250.0, 999.99, 1500, 0.0125)
_PERCENTAGES = (1, 2.5, 4, 5.0, 7.25, 8, 10, 12.5, 15, 20.0, 33.33, 45)
_EXTRAS = ("goal", "sale_goal", "publishers", "country", "city", "twin")


class Payouts:
    """Numbers payouts so that the lowest id alone does not tell which one counts."""

    def __init__(self, ids: Ids, root: int) -> None:
        self._ids = ids
        self._root = root
        self._constant = hexadecimal(root, 0, 10)

    def make(self, index: int, model: str, currency: str, random: Random) -> list[Item]:
        if random.random() < 0.005:
            return []
        geo = pick(random, ([], [], [], ["IN"], ["IN", "US", "GB"], ["AE", "SA"]))
        main = self._payout(index, 3, model, currency, random)
        main["geo"] = geo
        _loosen(main, model, random)
        payouts = [main]
        if random.random() < 0.35:
            about = (geo, model, currency)
            count = 1 + int(random.random() * 4)
            payouts += [self._extra(index, position, about, random) for position in range(count)]
        payouts.sort(key=lambda _: random.random())
        return payouts

    def _extra(
        self, index: int, position: int, about: tuple[list[str], str, str], random: Random
    ) -> Item:
        geo, model, currency = about
        kind = pick(random, _EXTRAS)
        # A lower id only where something else than the id says that this one does not count.
        narrower = kind == "country" and len(geo) != 1
        early = (narrower or kind in {"goal", "sale_goal", "publishers"}) and position < 3
        place = position if early else 4 + position
        payout = self._payout(index, place, "cpa" if kind == "goal" else model, currency, random)
        payout["geo"] = geo
        if kind == "sale_goal":
            payout.update(model="cps", payout=pick(random, _PERCENTAGES))
        if kind in {"goal", "sale_goal"}:
            payout["goalId"] = hexadecimal(self._root, index * MAX_PAYOUTS + position, 24)
        elif kind == "publishers":
            payout["pubIds"] = [1 + int(random.random() * 90), 99]
        elif kind in {"country", "city"}:
            payout["geo"] = [pick(random, words.COUNTRIES)]
            payout["city"] = [pick(random, words.CITIES)] if kind == "city" else []
        return payout

    def _payout(self, index: int, place: int, model: str, currency: str, random: Random) -> Item:
        amount = pick(random, _PERCENTAGES if model == "cps" else _AMOUNTS)
        created = self._ids.created(index) + place
        counter = index * MAX_PAYOUTS + place
        return {
            "_id": f"{created:08x}{self._constant}{counter & 0xFFFFFF:06x}",
            "campaignId": self._ids.hash_id(index),
            "payout": amount,
            "revenue": round(amount * 1.25, 4),
            "currency": currency,
            "model": model,
            "geo": [],
            "region": [],
            "city": [],
            "pubIds": [],
            "landingPages": [],
            "allowedValues": [],
            "created": timestamp(created),
            "modified": None,
        }


def _loosen(payout: Item, model: str, random: Random) -> None:
    """Leave out or add what the vendor does not always send."""
    chance = random.random()
    if chance < 0.05:
        del payout["model"]
    elif chance < 0.10:
        del payout["currency"]
    elif chance < 0.15 and not payout["geo"]:
        del payout["geo"]
    elif chance < 0.2 and not payout["geo"]:
        payout["geo"] = ["all"]
    if model == "cps":
        payout["payoutModel"] = "revshare"
    elif chance > 0.97:
        payout.update(payoutModel="revshare", payout=pick(random, _PERCENTAGES))
    elif chance > 0.96:
        payout.update(payoutModel="hybrid", fixedPayout=2)
    elif chance > 0.6:
        payout["payoutModel"] = "fixed"
