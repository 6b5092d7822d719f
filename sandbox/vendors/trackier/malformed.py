"""Rows that a reader must refuse, each broken in one named way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.vendors.wire import ControlError, RawJson

Item = dict[str, Any]

_UNKNOWN_HASH = "0" * 23 + "1"
_LONG = "Overlong " * 20_000


def broken(kind: str, entity: str, row: Item) -> Any:  # noqa: ANN401
    """Return a good row of the entity, broken."""
    kinds = CAMPAIGN_KINDS if entity == "campaigns" else ACCOUNT_KINDS
    if kind not in kinds:
        message = f"unknown malformation {kind!r} of {entity} (known: {', '.join(kinds)})"
        raise ControlError(message)
    return kinds[kind](row)


def _without(*names: str) -> Callable[[Item], Item]:
    return lambda row: {name: value for name, value in row.items() if name not in names}


def _with(**changes: object) -> Callable[[Item], Item]:
    return lambda row: {**row, **changes}


def _payout(**changes: object) -> Callable[[Item], Item]:
    """Break every payout: whichever counts is broken."""

    def change(row: Item) -> Item:
        payouts = row["payouts"] or [{"_id": "0" * 24, "payout": 1, "geo": []}]
        return {**row, "payouts": [{**payout, **changes} for payout in payouts]}

    return change


def _commission_250(row: Item) -> Item:
    return _payout(payout=250, model="cps", payoutModel="revshare")({**row, "commModel": "cps"})


def _not_an_object(row: Item) -> list[object]:
    return ["not an object", row["id"]]


def _infinite_payout(row: Item) -> Item:
    """JSON has no limit on numbers; most parsers read this one as infinity."""
    return _payout(payout=RawJson(b"1e999"))(row)


_IDENTITY: Mapping[str, Callable[[Item], Any]] = {
    "not_an_object": _not_an_object,
    "null_row": lambda _: None,
    "missing_id": _without("hashId", "id"),
    "wrong_id_type": _with(hashId={"$oid": "x"}, id=[1]),
}

CAMPAIGN_KINDS: Mapping[str, Callable[[Item], Any]] = {
    **_IDENTITY,
    "missing_title": _without("title"),
    "null_title": _with(title=None),
    "wrong_types": _with(title=["a", "list"], payouts="none", status=7),
    "commission_250": _commission_250,
    "negative_payout": _payout(payout=-3.5),
    "payout_text": _payout(payout="a lot"),
    "infinite_payout": _infinite_payout,
    "bad_currency": lambda row: _payout(currency="ZZQ")({**row, "currency": "ZZQ"}),
    "unknown_brand": _with(advertiserId=_UNKNOWN_HASH),
    "missing_brand": _without("advertiserId"),
    "nul_title": _with(title="NUL \x00 inside"),
    "over_long": _with(title=_LONG),
}

ACCOUNT_KINDS: Mapping[str, Callable[[Item], Any]] = {
    **_IDENTITY,
    "missing_name": _without("name"),
    "null_name": _with(name=None),
    "wrong_types": _with(name={"en": "x"}, status=7),
    "nul_name": _with(name="NUL \x00 inside"),
    "over_long": _with(name=_LONG),
}
