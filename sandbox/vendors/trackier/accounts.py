"""Advertisers and publishers: what the vendor says of the people and companies behind a network.

Everything personal or secret is unique to its row, so that a search for it can only find a leak.
"""
# ruff: noqa: PLR2004 - the numbers are shares of a made-up population

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from sandbox.vendors import seeding
from sandbox.vendors.seeding import pick
from sandbox.vendors.trackier import words
from sandbox.vendors.trackier.ids import Ids, timestamp
from sandbox.vendors.wire import Secret

Item = dict[str, Any]

_PERSONAL = frozenset({
    "email", "phone", "username", "signup_ip", "address", "security_token", "tax_id",
    "ifsc", "account_no", "account_owner",
})  # fmt: skip
_NAMES_OF_PEOPLE = frozenset({"bank", "managers"})
_MANAGERS = 12


class Accounts:
    """Makes the rows of one kind of account."""

    def __init__(self, seed: int, entity: str, ids: Ids) -> None:
        self._ids = ids
        self._root = seeding.key(seed, entity)
        self._managers_root = seeding.key(seed, "managers")
        # Advertisers are odd, publishers even, so that no phone or address number is shared.
        self._parity = int(entity == "advertisers")

    def advertiser(self, index: int) -> Item:
        random = seeding.dice(self._root, index)
        item = self._account(index, random)
        meta: Item = {"security_token": seeding.hexadecimal(self._root ^ 1, index, 32)}
        if random.random() < 0.2:
            meta["afields"] = {"tax_id": "GSTIN" + seeding.digits(self._root, index, 11)}
        item["meta"] = meta
        if random.random() < 0.7:
            item["managers"] = [self._contact(random)]
        item["unique_conv_ip"] = "0"
        item["check_links"] = None
        item.update(_advertiser_settings(random, snake_case=random.random() < 0.6))
        return item

    def publisher(self, index: int) -> Item:
        random = seeding.dice(self._root, index)
        item = self._account(index, random)
        if random.random() < 0.5:
            item["meta"] = {"bank": self._bank(index, random)}
        item["country"] = pick(random, words.COUNTRIES)
        item["unsubscribe"] = False
        item["tier_id"] = seeding.hexadecimal(self._root, random.getrandbits(2), 24)
        item["manager_id"] = seeding.hexadecimal(self._managers_root, random.getrandbits(3), 24)
        item["ref_by"] = pick(random, (None, seeding.hexadecimal(self._root, index, 24)))
        item["is_demo"] = random.random() < 0.02
        item["hide_camp"] = None
        item["macro"] = {"source": "{aff_id}", "p1": "{transaction_id}"}
        item["whitelistAdv"] = pick(random, (None, []))
        item["blockedSources"] = pick(random, (None, [], ["source_a", "p1"]))
        item["conversionsPending"] = pick(random, (None, False, 0, 0.0))
        if index % 50 == 49:
            # Two accounts of one person: an e-mail address is not a key.
            item["email"] = self._email(index - 1)
        return item

    def _account(self, index: int, random: Random) -> Item:
        name = f"{pick(random, words.BRAND_FIRST)} {pick(random, words.BRAND_SECOND)}"
        created = self._ids.created(index)
        item = {
            "tags": pick(random, (None, [], ["top"], ["demo account", "q4"])),
            "name": name,
            "email": self._email(index),
            "phone": pick(random, ("+91", "+971 ", "00")) + self._number(index, 10),
            "username": "user_" + seeding.hexadecimal(self._root ^ 2, index, 10),
            "currency": pick(random, words.CURRENCIES),
            "region": self._region(index, random),
            "created": timestamp(created),
            "modified": pick(random, (None, timestamp(created + 86_400 * random.random() * 300))),
            "login": pick(random, (None, timestamp(created + 3_600))),
            "login_attempts": pick(random, (None, 0, 1, 2.0)),
            "signup_ip": self._address(index, random),
            "status": pick(random, words.ACCOUNT_STATUSES),
            "company": f"{name} {pick(random, words.COMPANY_FORMS)}",
            "hashId": self._ids.hash_id(index),
            "id": index + 1,
        }
        if random.random() < 0.1:
            del item["phone"], item["tags"]
        return item

    def _email(self, index: int) -> str:
        token = seeding.hexadecimal(self._root ^ 3, index, 10)
        return f"contact.{token}@mail.example"

    def _number(self, index: int, length: int) -> str:
        return seeding.digits(self._root, index * 2 + self._parity, length)

    def _address(self, index: int, random: Random) -> str | None:
        number = index * 2 + self._parity + 1
        if random.random() < 0.3:
            return None
        if random.random() < 0.5 and number < 1 << 17:
            return f"198.{18 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"
        return f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::7"

    def _region(self, index: int, random: Random) -> Item:
        region: Item = {"currency": pick(random, words.CURRENCIES), "lang": "en"}
        if random.random() < 0.6:
            street = seeding.surname(self._root ^ 4, index)
            region["address"] = f"{index % 90 + 1} {street} Street"
            region["city"] = pick(random, words.CITIES)
        region["country"] = pick(random, ("", *words.COUNTRIES))
        return region

    def _bank(self, index: int, random: Random) -> Item:
        owner = f"{pick(random, words.FIRST_NAMES)} {seeding.surname(self._root ^ 5, index)}"
        return {
            "name": f"{seeding.surname(self._root ^ 6, index)} Savings Bank",
            "ifsc": "SBOX0" + seeding.hexadecimal(self._root ^ 7, index, 8).upper(),
            "account_no": self._number(index, 14),
            "account_owner": owner,
        }

    def _contact(self, random: Random) -> Item:
        number = int(random.random() * _MANAGERS)
        family = seeding.surname(self._managers_root, number)
        return {
            "id": seeding.hexadecimal(self._managers_root, number, 24),
            "name": f"{words.FIRST_NAMES[number]} {family}",
            "email": f"{family.lower()}@network.example",
        }


def _advertiser_settings(random: Random, *, snake_case: bool) -> Item:
    """Write what the vendor's sample and schema spell in two ways."""
    blocked = pick(random, (None, [], [3, 8]))
    fallback = pick(random, (None, "https://fallback.example/?c={camp_id}&amp;p={publisher_id}"))
    redirect = pick(random, words.REDIRECTS)
    if snake_case:
        return {"blocked_pubs": blocked, "fallback_url": fallback, "redirect_type": redirect}
    return {"blockedPubs": blocked, "fallbackUrl": fallback, "redirectType": redirect}


def secrets_of(item: Any, parent: str = "") -> Iterator[Secret]:  # noqa: ANN401
    """Find what is secret or personal in a row as it is served, edits included."""
    if isinstance(item, list):
        for member in item:
            yield from secrets_of(member, parent)
    if not isinstance(item, dict):
        return
    for name, value in item.items():
        private = name in _PERSONAL or (name == "name" and parent in _NAMES_OF_PEOPLE)
        if private and isinstance(value, str) and value:
            yield Secret(f"{parent}.{name}" if parent else name, value)
        else:
            yield from secrets_of(value, name)
