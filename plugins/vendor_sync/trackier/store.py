"""Writes brands, offers and publisher ids: a page is staged by one COPY and merged in batches.

The merge statements compare, write, and remember each record's outcome in one go, so the caller's
transaction holds all three or none. Unchanged rows are not written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

from psycopg import Cursor
from psycopg.rows import TupleRow

from vendor_sync.postgres import Warehouse, load_query
from vendor_sync.runs import Run
from vendor_sync.trackier.models import Brand, Offer, Publisher

_STAGE_BRANDS: LiteralString = (
    "COPY staged_brands (ordinal, external_id, display_id, name, logo_url, status, is_active,"
    " checksum) FROM STDIN"
)
_STAGE_OFFERS: LiteralString = (
    "COPY staged_offers (ordinal, external_id, display_id, advertiser_id, name, category,"
    " commission_pct, payout_amount, payout_currency, payout_model, status, is_active, checksum)"
    " FROM STDIN"
)
_STAGE_PUBLISHERS: LiteralString = (
    "COPY staged_publishers (external_id, display_id, email, external_ref) FROM STDIN"
)


# Staged rows first <= ordinal < end.
Batch = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """What one merge needs to know beside its rows."""

    run: Run
    walk: int
    page_key: int
    full_refresh: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Vanished:
    """What deactivation did: rows switched off, and brands whose rows the breaker kept."""

    offers: int
    brands: int
    kept_offers: int
    kept_brands: int


class TrackierStore:
    """Owns no transaction: each method runs inside the caller's."""

    def __init__(self, conn: Warehouse) -> None:
        self._conn = conn

    def prepare(self) -> None:
        """Create the staging tables of this connection; they empty themselves at each commit."""
        self._conn.execute(load_query("affiliate/create_staging.sql"))

    def clear_staging(self) -> None:
        """Empty the staging tables where no commit does it: a dry run is one transaction."""
        self._conn.execute(load_query("affiliate/clear_staging.sql"))

    def stage_brands(self, brands: Sequence[Brand]) -> None:
        """Send a page of brands to the staging table, numbered by position."""
        self._conn.copy_rows(
            _STAGE_BRANDS,
            (
                (number, brand.external_id, brand.display_id, brand.name, brand.logo_url,
                 brand.status, brand.is_active, brand.checksum)
                for number, brand in enumerate(brands)
            ),
        )  # fmt: skip

    def stage_offers(self, offers: Sequence[Offer]) -> None:
        """Send a page of offers to the staging table, numbered by position."""
        self._conn.copy_rows(
            _STAGE_OFFERS,
            (
                (number, offer.external_id, offer.display_id, offer.advertiser_id, offer.name,
                 offer.category, offer.commission_pct, offer.payout_amount, offer.payout_currency,
                 offer.payout_model, offer.status, offer.is_active, offer.checksum)
                for number, offer in enumerate(offers)
            ),
        )  # fmt: skip

    def merge_brands(self, merge: Merge, batches: Sequence[Batch]) -> list[int]:
        """Merge batches of staged rows; a brand has no parent to be unknown."""
        self._merge(load_query("affiliate/merge_brands.sql"), merge, batches)
        return []

    def merge_offers(self, merge: Merge, batches: Sequence[Batch]) -> list[int]:
        """Merge batches of staged rows; return the ordinals whose brand is unknown."""
        cursors = self._merge(load_query("affiliate/merge_offers.sql"), merge, batches)
        return [row[0] for cursor in cursors for row in cursor]

    def _merge(
        self, query: LiteralString, merge: Merge, batches: Sequence[Batch]
    ) -> list[Cursor[TupleRow]]:
        """Send all batches at once: each wait for an answer would be one for the parsing threads.

        A wait ends when they let go of the interpreter, which can take longer than the merge did.
        """
        with self._conn.pipeline():
            return [
                self._conn.execute(query, _merge_params(merge, first, end))
                for first, end in batches
            ]

    def note_rejected(self, merge: Merge, entity: str, external_ids: Sequence[str]) -> None:
        """Remember refused records as seen: what the vendor still lists has not vanished."""
        self._conn.execute(
            load_query("affiliate/note_rejected.sql"),
            {
                "run_key": merge.run.run_key,
                "entity": entity,
                "external_ids": list(external_ids),
                "walk": merge.walk,
            },
        )

    def note_walks(self, run: Run, walk: int, brand_ids: Sequence[str], outcome: str) -> None:
        """Remember for which brands the walk was `complete` or `failed`."""
        self._conn.execute(
            load_query("affiliate/note_walks.sql"),
            {
                "run_key": run.run_key,
                "walk": walk,
                "brand_ids": list(brand_ids),
                "outcome": outcome,
            },
        )

    def listed_brands(self, run: Run) -> list[str]:
        """Return the vendor ids of the brands that this attempt has seen, in a stable order."""
        rows = self._conn.execute(
            load_query("affiliate/list_seen_brands.sql"),
            {"run_key": run.run_key, "first_walk": run.first_walk},
        ).fetchall()
        return [row[0] for row in rows]

    def unknown_brands(self, run: Run, brand_ids: Sequence[str]) -> list[str]:
        """Return which of the given vendor ids (hash or display) this attempt has not seen."""
        rows = self._conn.execute(
            load_query("affiliate/list_unknown_brands.sql"),
            {
                "run_key": run.run_key,
                "first_walk": run.first_walk,
                "brand_ids": list(brand_ids),
            },
        ).fetchall()
        return [row[0] for row in rows]

    def deactivate_vanished(
        self, run: Run, *, brand_list_complete: bool, max_share: float, max_rows: int
    ) -> Vanished:
        """Switch off what a complete fetch no longer lists, unless it is suspiciously much."""
        row = self._conn.execute(
            load_query("affiliate/deactivate_vanished.sql"),
            {
                "run_key": run.run_key,
                "first_walk": run.first_walk,
                "brand_list_complete": brand_list_complete,
                "max_share": max_share,
                "max_rows": max_rows,
            },
        ).fetchone()
        assert row is not None  # noqa: S101 - aggregates return one row
        return Vanished(offers=row[0], brands=row[1], kept_offers=row[2], kept_brands=row[3])

    def stage_publishers(self, publishers: Sequence[Publisher]) -> None:
        """Add a page of publishers; they are matched when all are there."""
        self._conn.copy_rows(
            _STAGE_PUBLISHERS,
            (
                (publisher.external_id, publisher.display_id, publisher.email,
                 publisher.external_ref)
                for publisher in publishers
            ),
        )  # fmt: skip

    def match_publishers(self, run: Run, walk: int) -> list[tuple[str, str]]:
        """Set tenants' publisher ids; return (publisher id, why it changed nothing) of the rest."""
        rows = self._conn.execute(
            load_query("affiliate/match_publishers.sql"), {"run_key": run.run_key, "walk": walk}
        ).fetchall()
        return [(row[0], row[1]) for row in rows]


def _merge_params(merge: Merge, first: int, end: int) -> dict[str, object]:
    return {
        "run_key": merge.run.run_key,
        "walk": merge.walk,
        "page_key": merge.page_key,
        "full_refresh": merge.full_refresh,
        "first": first,
        "until": end,
    }
