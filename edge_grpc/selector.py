"""The one place that decides which records are a store's: syncs, previews and audits ask it.

All functions read published records (call `compile_store.publish` before) on the connection or
pool given. Pages are keysets, so that a change while somebody pages loses nothing: what changes
after a page has a version above the one the sync leads to, and is in the next changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from edge_grpc import wire
from edge_grpc.errors import NotFoundError
from edge_grpc.queries import Connection, Row, rows

Kind = Literal["category", "product", "promotion"]
KINDS: tuple[Kind, ...] = ("category", "product", "promotion")
NIL = UUID(int=0)


@dataclass(frozen=True, slots=True)
class StoreScope:
    """A store as far as it decides what is sent to it, with its company's settings."""

    store_id: UUID
    company_id: UUID
    timezone: str
    currency: str
    sync_strategy: str
    future_days: int
    past_days: int
    include_inactive: bool
    auto_sync_enabled: bool
    sync_interval_hours: int
    max_promotions_per_sync: int
    enable_compression: bool
    brand_ids: tuple[UUID, ...]

    @property
    def fingerprint(self) -> str:
        """Return a digest of what selects records: a cursor of another one needs a snapshot.

        The settings that only say how to sync (page, interval, compression) are not part of it.
        """
        parts = (
            self.timezone,
            self.sync_strategy,
            self.future_days,
            self.past_days,
            self.include_inactive,
            *self.brand_ids,
        )
        return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Filters:
    """What a request narrows or widens. `include_inactive` of None: promotions by the settings."""

    brand_id: UUID | None = None
    include_inactive: bool | None = None


@dataclass(frozen=True, slots=True)
class Since:
    """What a cursor stands for."""

    version: int
    as_of: datetime


class PromotionKey(NamedTuple):
    """Where a promotion stands in the order of importance."""

    execution_priority: int
    priority: int
    promotion_id: UUID


@dataclass(frozen=True, slots=True)
class Record:
    """A record, ready for the wire; `key` is where the next page goes on."""

    record_id: UUID
    version: int
    body: bytes
    key: PromotionKey | UUID


@dataclass(frozen=True, slots=True)
class Removal:
    """A record that is not the store's now. `reason` is a RemovalReason without its prefix."""

    record_id: UUID
    version: int
    reason: str


@dataclass(frozen=True, slots=True)
class Holding:
    """How much of a kind a store should hold."""

    count: int
    checksum: int


FIRST_PROMOTION = PromotionKey(0, 2**31, NIL)


async def load_scope(conn: Connection, company_id: UUID, store_id: UUID) -> StoreScope:
    """Return the store's scope, or raise STORE_NOT_FOUND (also for an inactive store)."""
    found = await rows(conn, "edge/get_store_scope.sql", company_id=company_id, store_id=store_id)
    if not found:
        reason = "STORE_NOT_FOUND"
        raise NotFoundError(reason, "There is no such store in this company.")
    values: dict[str, Any] = dict(found[0])
    values["brand_ids"] = tuple(values["brand_ids"])
    return StoreScope(**values)


async def list_categories(  # noqa: PLR0913 - a selection is what it is
    conn: Connection,
    scope: StoreScope,
    filters: Filters,
    *,
    since: Since | None = None,
    after: UUID = NIL,
    page: int = 1000,
) -> list[Record]:
    """Return a page of the store's categories, or of those that changed, by id."""
    found = await rows(
        conn,
        "edge/list_categories.sql",
        **_selection(scope, filters),
        since_version=since.version if since else None,
        after_id=after,
        page=page,
    )
    return [record(row) for row in found]


async def list_products(  # noqa: PLR0913 - a selection is what it is
    conn: Connection,
    scope: StoreScope,
    filters: Filters,
    *,
    since: Since | None = None,
    after: UUID = NIL,
    page: int = 1000,
) -> list[Record]:
    """Return a page of the store's products at its prices, or of those that changed, by id."""
    query = "edge/list_changed_products.sql" if since else "edge/list_products.sql"
    found = await rows(
        conn,
        query,
        **_selection(scope, filters),
        since_version=since.version if since else None,
        after_id=after,
        page=page,
    )
    return [record(row) for row in found]


async def read_overlaid_products(
    conn: Connection, scope: StoreScope, filters: Filters, *, after: UUID = NIL, page: int = 1000
) -> Sequence[Row]:
    """Return a page, by id, of the store's products that have or had fields of the store's own.

    As rows, each a `record`: thousands are not made at once while others wait.
    """
    return await rows(
        conn,
        "edge/list_overlaid_products.sql",
        **_selection(scope, filters),
        after_id=after,
        page=page,
    )


async def list_promotions(  # noqa: PLR0913 - a selection is what it is
    conn: Connection,
    scope: StoreScope,
    filters: Filters,
    *,
    as_of: datetime,
    since: Since | None = None,
    after: PromotionKey = FIRST_PROMOTION,
    page: int | None = None,
) -> list[Record]:
    """Return a page of the store's promotions, most important first.

    With `since`: those that changed, and those that time alone brought into the window. The page
    is the company's `max_promotions_per_sync` unless another is asked for.
    """
    found = await rows(
        conn,
        "edge/list_promotions.sql",
        **_promotion_selection(scope, filters, as_of, since),
        after_execution_priority=after.execution_priority,
        after_priority=after.priority,
        after_id=after.promotion_id,
        page=page or scope.max_promotions_per_sync,
    )
    return [
        Record(
            row["promotion_id"],
            row["version"],
            wire.versioned(row["body"], row["version"]),
            PromotionKey(row["execution_priority"], row["priority"], row["promotion_id"]),
        )
        for row in found
    ]


async def list_removals(  # noqa: PLR0913 - a selection is what it is
    conn: Connection,
    scope: StoreScope,
    filters: Filters,
    kind: Kind,
    *,
    as_of: datetime,
    since: Since,
    after: UUID = NIL,
    page: int = 1000,
) -> list[Removal]:
    """Return a page, by id, of what changed or expired since then and is not the store's now.

    It may name a record that the store never had; it never leaves out one that it had.
    """
    selection = (
        _promotion_selection(scope, filters, as_of, since)
        if kind == "promotion"
        else _selection(scope, filters) | {"since_version": since.version}
    )
    plural = {"category": "categories", "product": "products", "promotion": "promotions"}[kind]
    found = await rows(
        conn, f"edge/list_removed_{plural}.sql", **selection, after_id=after, page=page
    )
    return [Removal(row["record_id"], row["version"], row["reason"]) for row in found]


async def get_holdings(
    conn: Connection,
    scope: StoreScope,
    filters: Filters,
    *,
    as_of: datetime,
    kinds: Collection[Kind] = KINDS,
) -> dict[Kind, Holding]:
    """Return counts and checksums of what the store should hold, as Checkpoint.holdings says."""
    found: list[Row] = []
    selection = _promotion_selection(scope, filters, as_of, None)
    counted = [kind for kind in kinds if kind != "product" or filters.include_inactive]
    if len(counted) < len(kinds):
        found += await rows(conn, "edge/get_product_holdings.sql", **selection)
    if counted:
        found += await rows(
            conn,
            "edge/get_holdings.sql",
            **selection,
            include_inactive_records=bool(filters.include_inactive),
            kinds=counted,
        )
    held = {
        row["kind"]: Holding(int(row["records"]), int(row["checksum"]) % 2**64) for row in found
    }
    return {kind: held.get(kind, Holding(0, 0)) for kind in kinds}


async def get_next_boundary(
    conn: Connection, scope: StoreScope, filters: Filters, *, as_of: datetime
) -> datetime | None:
    """Return when time alone next changes the store's promotions: a midnight in the store."""
    found = await rows(
        conn, "edge/get_next_boundary.sql", **_promotion_selection(scope, filters, as_of, None)
    )
    return found[0]["boundary_at"]


async def find_version_at(conn: Connection, company_id: UUID, instant: datetime) -> int:
    """Return a version that was served safely before an instant (0: before everything)."""
    found = await rows(conn, "edge/find_version_at.sql", company_id=company_id, instant=instant)
    return found[0]["version"]


async def get_changed_kinds(
    conn: Connection, scope: StoreScope, *, as_of: datetime, since: Since
) -> tuple[int, set[Kind]]:
    """Return the version served and the kinds that may have changed: others surely have not."""
    found = await rows(
        conn,
        "edge/get_changed_kinds.sql",
        company_id=scope.company_id,
        store_id=scope.store_id,
        timezone=scope.timezone,
        as_of=as_of,
        since_version=since.version,
        since_as_of=since.as_of,
    )
    return found[0]["version"], {kind for kind in KINDS if found[0][kind]}


async def has_scope_changed(conn: Connection, store_id: UUID, version: int) -> bool:
    """Tell whether the store's brands, zone, company or settings changed after a version."""
    found = await rows(conn, "edge/has_scope_changed.sql", store_id=store_id, version=version)
    return found[0]["changed"]


def record(row: Row) -> Record:
    record_id, version = row["record_id"], row["version"]
    return Record(record_id, version, wire.versioned(row["body"], version), record_id)


def brands(scope: StoreScope, filters: Filters) -> Sequence[UUID]:
    """Return the brands that a request is about."""
    if filters.brand_id is None:
        return scope.brand_ids
    return [brand for brand in scope.brand_ids if brand == filters.brand_id]


def _selection(scope: StoreScope, filters: Filters) -> dict[str, Any]:
    return {
        "company_id": scope.company_id,
        "store_id": scope.store_id,
        "brand_ids": brands(scope, filters),
        "include_inactive": bool(filters.include_inactive),
    }


def _promotion_selection(
    scope: StoreScope, filters: Filters, as_of: datetime, since: Since | None
) -> dict[str, Any]:
    inactive = filters.include_inactive
    return _selection(scope, filters) | {
        "include_inactive": scope.include_inactive if inactive is None else inactive,
        "strategy": scope.sync_strategy,
        "future_days": scope.future_days,
        "past_days": scope.past_days,
        "timezone": scope.timezone,
        "as_of": as_of,
        "since_version": since.version if since else None,
        "since_as_of": since.as_of if since else None,
    }
