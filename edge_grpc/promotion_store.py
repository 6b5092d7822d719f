"""Publishes promotions: loads what belongs to them, compiles, keeps bytes or the reason why not."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from edge_grpc.compiler import compile_promotion, last_day, scope_columns
from edge_grpc.promotion_source import CategoryTree, NotCompilableError, PromotionSource
from edge_grpc.queries import Connection, Row, rows

logger = logging.getLogger(__name__)
_COLUMNS = (
    "is_active",
    "start_on",
    "execution_priority",
    "priority",
    "all_brands",
    "all_stores",
)


@dataclass(frozen=True, slots=True)
class _Loader:
    """Reads marked promotions of one company, in pages, with all that belongs to them."""

    conn: Connection
    company_id: UUID
    currency: str
    tree: CategoryTree
    holidays: Sequence[date]

    async def sources(self, page: Sequence[Row]) -> list[PromotionSource]:
        promotion_ids = [row["promotion_id"] for row in page]
        targets = await self._children("edge/list_promotion_targets.sql", promotion_ids)
        tiers = await self._children("edge/list_promotion_tiers.sql", promotion_ids)
        items = await self._children("edge/list_promotion_items.sql", promotion_ids)
        packages = await self._children("edge/list_package_promotions.sql", promotion_ids)
        return [
            PromotionSource(
                row=row,
                currency=self.currency,
                tree=self.tree,
                holidays=self.holidays,
                targets=targets[row["promotion_id"]],
                tiers=tiers[row["promotion_id"]],
                items=items[row["promotion_id"]],
                package=next(iter(packages[row["promotion_id"]]), None),
            )
            for row in page
        ]

    async def _children(self, query: str, promotion_ids: list[UUID]) -> dict[UUID, list[Row]]:
        found: dict[UUID, list[Row]] = defaultdict(list)
        for row in await rows(self.conn, query, promotion_ids=promotion_ids):
            found[row["promotion_id"]].append(row)
        return found


async def publish_promotions(
    conn: Connection, company_id: UUID, version: int, currency: str
) -> int:
    """Compile the marked promotions; return how many records changed."""
    changed, after = 0, UUID(int=0)
    loader: _Loader | None = None
    while page := await rows(
        conn, "edge/list_marked_promotions.sql", company_id=company_id, after=after
    ):
        after = page[-1]["record_id"]
        loader = loader or await _loader(conn, company_id, currency)
        present = [row for row in page if row["promotion_id"] is not None]
        gone = [row["record_id"] for row in page if row["promotion_id"] is None]
        changed += await _remove(conn, company_id, version, gone, is_failed=False)
        served = [row["record_id"] for row in page]
        for source in await loader.sources(present):
            try:
                body = compile_promotion(source)
            except NotCompilableError as error:
                served.remove(source.row["promotion_id"])
                changed += await _fail(conn, company_id, version, source, str(error))
            else:
                changed += await _keep(conn, company_id, version, source, body)
        await rows(conn, "edge/delete_compile_errors.sql", company_id=company_id, ids=served)
    return changed


async def _loader(conn: Connection, company_id: UUID, currency: str) -> _Loader:
    parents = await rows(conn, "edge/list_category_parents.sql", company_id=company_id)
    holidays = await rows(conn, "edge/list_holidays.sql", company_id=company_id)
    tree = CategoryTree((row["category_id"], row["parent_id"]) for row in parents)
    return _Loader(conn, company_id, currency, tree, [row["held_on"] for row in holidays])


async def _keep(
    conn: Connection,
    company_id: UUID,
    version: int,
    source: PromotionSource,
    body: bytes,
) -> int:
    changed = await rows(
        conn,
        "edge/upsert_promotion_record.sql",
        company_id=company_id,
        promotion_id=source.row["promotion_id"],
        version=version,
        **{column: source.row[column] for column in _COLUMNS},
        end_on=last_day(source),
        **scope_columns(source),
        body=body,
    )
    return len(changed)


async def _fail(
    conn: Connection,
    company_id: UUID,
    version: int,
    source: PromotionSource,
    reason: str,
) -> int:
    promotion_id, code = source.row["promotion_id"], source.row["code"]
    logger.warning("promotion %s (%s) does not compile: %s", code, promotion_id, reason)
    await rows(
        conn,
        "edge/upsert_compile_error.sql",
        promotion_id=promotion_id,
        company_id=company_id,
        code=code,
        reason=reason,
        version=version,
    )
    return await _remove(conn, company_id, version, [promotion_id], is_failed=True)


async def _remove(
    conn: Connection,
    company_id: UUID,
    version: int,
    gone: list[UUID],
    *,
    is_failed: bool,
) -> int:
    if not gone:
        return 0
    changed = await rows(
        conn,
        "edge/remove_promotion_records.sql",
        company_id=company_id,
        version=version,
        ids=gone,
        is_failed=is_failed,
    )
    return len(changed)
