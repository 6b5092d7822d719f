"""The least that any sync must do: the same HTTP reads, JSON decoded, one COPY of the same rows.

No archive, no validation, no checksum, no merge, no record of what happened. The lean floor has
the decoder skip the fields that are not copied, which is four fifths of the work of decoding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

import msgspec
import psycopg
import requests
from requests.adapters import HTTPAdapter

TABLE = """
CREATE TABLE benchmark_floor (
    external_id text, display_id text, advertiser_id text, name text, category text,
    commission_pct numeric, payout_amount numeric, payout_currency text, payout_model text,
    status text, is_active boolean
)
"""
_SHARES = ("cps", "revshare")


class _Payout(msgspec.Struct):
    payout: float | None = None
    currency: str | None = None


class _Campaign(msgspec.Struct, rename="camel"):
    hash_id: str
    id: int
    advertiser_id: str
    title: str
    status: str
    currency: str | None = None
    comm_model: str | None = None
    categories: list[str] | None = None
    payouts: list[_Payout] | None = None


class _Advertiser(msgspec.Struct, rename="camel"):
    hash_id: str
    id: int
    name: str
    status: str


class _Page(msgspec.Struct, rename="camel"):
    campaigns: list[_Campaign] = []
    advertisers: list[_Advertiser] = []
    last_id: int | None = None


_typed = msgspec.json.Decoder(_Page)
_plain: msgspec.json.Decoder[dict[str, Any]] = msgspec.json.Decoder(dict[str, Any])
Row = tuple[Any, ...]
Params = list[tuple[str, str]]


class Reader:
    """Walks lists of the vendor as the product does, in as many threads."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._url = settings["url"]
        self._group_size = settings["group_size"]
        self._concurrency = settings["concurrency"]
        self._parse = _parse_lean if settings.get("lean") else _parse
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["X-Api-Key"] = settings["key"]
        self._session.mount("http://", HTTPAdapter(pool_maxsize=self._concurrency + 1))

    def pages(self, path: str, params: Params) -> Iterator[list[Row]]:
        """Yield the rows of each page of one list."""
        cursor: int | None = None
        while True:
            query = params if cursor is None else [*params, ("lastId", str(cursor))]
            answer = self._session.get(self._url + path, params=query, timeout=60)
            answer.raise_for_status()
            rows, cursor = self._parse(answer.content)
            yield rows
            if cursor is None:
                return

    def campaign_pages(self, brands: Sequence[str]) -> Iterator[list[Row]]:
        """Yield the pages of all brands, groups of them read at the same time."""
        size = self._group_size
        groups = [brands[i : i + size] for i in range(0, len(brands), size)]
        arrived: SimpleQueue[list[Row] | None] = SimpleQueue()

        def walk(group: Sequence[str]) -> None:
            try:
                for rows in self.pages("/v2/campaigns", [("advertiser[]", b) for b in group]):
                    arrived.put(rows)
            finally:
                arrived.put(None)

        with ThreadPoolExecutor(self._concurrency) as pool:
            walks = [pool.submit(walk, group) for group in groups]
            ended = 0
            while ended < len(groups):
                rows = arrived.get()
                if rows is None:
                    ended += 1
                else:
                    yield rows
            for finished in walks:
                finished.result()


def read_and_copy(settings: dict[str, Any]) -> dict[str, Any]:
    """Read everything and copy it into one table; return how much it was."""
    reader = Reader(settings)
    offers = 0
    with (
        psycopg.connect(settings["dsn"]) as connection,
        connection.cursor() as cursor,
        cursor.copy("COPY benchmark_floor FROM STDIN") as copy,
    ):
        brands: list[str] = []
        for rows in reader.pages("/v2/advertisers", []):
            brands += [row[0] for row in rows]
            for row in rows:
                copy.write_row(row)
        # The product's order, where it is known: the same groups, and the vendor has them at hand.
        for rows in reader.campaign_pages(settings["brands"] or brands):
            offers += len(rows)
            for row in rows:
                copy.write_row(row)
    return {"brands": len(brands), "offers": offers}


def _parse(body: bytes) -> tuple[list[Row], int | None]:
    page = _plain.decode(body)
    brands = [
        _brand_row(b["hashId"], b["id"], b["name"], b["status"])
        for b in page.get("advertisers", ())
    ]
    return brands + [_offer_row(c) for c in page.get("campaigns", ())], page.get("lastId")


def _parse_lean(body: bytes) -> tuple[list[Row], int | None]:
    page = _typed.decode(body)
    brands = [_brand_row(b.hash_id, b.id, b.name, b.status) for b in page.advertisers]
    return brands + [_lean_offer_row(c) for c in page.campaigns], page.last_id


def _brand_row(hash_id: str, display_id: int, name: str, status: str) -> Row:
    nothing = (None,) * 5
    return (hash_id, str(display_id), None, name, *nothing, status, status == "active")


def _offer_row(campaign: dict[str, Any]) -> Row:
    payouts, categories = campaign.get("payouts"), campaign.get("categories")
    amount = payouts[0].get("payout") if payouts else None
    model = campaign.get("commModel")
    return (
        campaign["hashId"],
        str(campaign["id"]),
        campaign["advertiserId"],
        campaign["title"],
        categories[0] if categories else None,
        amount if model in _SHARES else None,
        amount,
        payouts[0].get("currency") if payouts else campaign.get("currency"),
        model,
        campaign["status"],
        campaign["status"] == "active",
    )


def _lean_offer_row(campaign: _Campaign) -> Row:
    payout = campaign.payouts[0] if campaign.payouts else None
    amount = payout.payout if payout else None
    return (
        campaign.hash_id,
        str(campaign.id),
        campaign.advertiser_id,
        campaign.title,
        campaign.categories[0] if campaign.categories else None,
        amount if campaign.comm_model in _SHARES else None,
        amount,
        payout.currency if payout else campaign.currency,
        campaign.comm_model,
        campaign.status,
        campaign.status == "active",
    )
