"""Compiles what plain SQL has marked, and publishes the version that it makes complete.

A publication is one transaction with one snapshot. It takes the marks that the snapshot shows,
compiles their rows as the snapshot shows them, and stamps what really changed with the snapshot's
version. So a published version is exactly what had been committed when its number was given,
whatever is committed meanwhile. A crash leaves the marks. Writers are never waited for.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from edge_grpc.compiler import compile_category, compile_product, compile_store_product
from edge_grpc.errors import NotFoundError
from edge_grpc.promotion_store import publish_promotions
from edge_grpc.queries import Connection, Row, rows

logger = logging.getLogger(__name__)
NIL = UUID(int=0)
_ROUNDS = 3
_FIRST_PATIENCE = 600
_LOCK_POLL_SECONDS = 0.02
_TRY_LOCK = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtextextended($1, 0))"


@dataclass(frozen=True, slots=True)
class Publication:
    """What a company serves, and head office's clock when that was looked up."""

    read_at: datetime
    epoch: UUID
    version: int
    changed_at: datetime | None
    floor_version: int
    currency: str


@dataclass(frozen=True, slots=True)
class _Run:
    """One publication in progress."""

    conn: Connection
    company_id: UUID
    version: int
    currency: str

    async def rows(self, query: str, **parameters: Any) -> Sequence[Row]:  # noqa: ANN401
        """Run a query file for this company."""
        return await rows(
            self.conn,
            query,
            **parameters,
            company_id=self.company_id,
            version=self.version,
        )


async def publish(
    conn: Connection, company_id: UUID, *, patience_seconds: float = 5
) -> Publication:
    """Make everything that is committed by now servable; return what is served.

    One process publishes a company at a time. When another one is at it for longer than the
    patience (an import of a million rows takes a minute), the version served so far is returned;
    the other one sees to the rest. Raises NotFoundError for a company that does not exist. Costs
    one small query when there is nothing to do. Needs a connection outside a transaction.
    """
    state = await _state(conn, company_id)
    for _ in range(_ROUNDS):
        if not _is_behind(state):
            break
        patience = patience_seconds if state["published_version"] >= 0 else _FIRST_PATIENCE
        async with _lock(conn, company_id, patience) as is_ours:
            if not is_ours:
                break
            async with conn.transaction(isolation="repeatable_read"):
                state = await _state(conn, company_id)
                if _is_behind(state):
                    await _publish(_Run(conn, company_id, state["version"], state["currency"]))
        # Asked again when the lock is free: whoever lost patience meanwhile counts on it.
        state = await _state(conn, company_id)
    return _publication(state)


def _is_behind(state: Row) -> bool:
    return state["version"] != state["published_version"] or state["has_marks"]


@asynccontextmanager
async def _lock(
    conn: Connection, company_id: UUID, patience_seconds: float
) -> AsyncGenerator[bool]:
    """Take the company's lock in time, or say that another publisher has it."""
    # A session's lock: the transaction's snapshot has to be taken after it is granted.
    key = f"edge.publish {company_id}"
    give_up_at = time.monotonic() + patience_seconds
    while not (is_ours := await _ask(conn, _TRY_LOCK, key)) and time.monotonic() < give_up_at:  # noqa: ASYNC110
        await asyncio.sleep(_LOCK_POLL_SECONDS)
    try:
        yield is_ours
    finally:
        if is_ours and not conn.is_closed():
            await _ask(conn, _UNLOCK, key)


async def _ask(conn: Connection, query: str, key: str) -> bool:
    """Take or give back a lock; a connection of which nobody can tell whether it has it, ends."""
    try:
        return await conn.fetchval(query, key)
    except BaseException:
        conn.terminate()
        raise


async def _state(conn: Connection, company_id: UUID) -> Row:
    found = await rows(conn, "edge/get_publication_state.sql", company_id=company_id)
    if not found:
        reason = "COMPANY_NOT_FOUND"
        raise NotFoundError(reason, "There is no such company.")
    return found[0]


def _publication(state: Row) -> Publication:
    return Publication(
        read_at=state["read_at"],
        epoch=state["epoch"],
        version=max(0, state["published_version"]),
        changed_at=state["changed_at"],
        floor_version=state["floor_version"],
        currency=state["currency"],
    )


async def _publish(run: _Run) -> None:
    await run.rows("edge/create_marked.sql")
    await run.rows("edge/take_marks.sql")
    await run.rows("edge/mark_company.sql")
    await run.rows("edge/analyze_marked.sql")
    await run.rows("edge/upsert_store_scopes.sql")
    await run.rows("edge/delete_store_records.sql")
    changed = {"category": await _publish_categories(run)}
    if changed["category"]:
        await run.rows("edge/mark_category_promotions.sql")
    changed["product"] = await _publish_products(run)
    changed["store_product"] = await _publish_store_products(run)
    changed["promotion"] = await publish_promotions(
        run.conn, run.company_id, run.version, run.currency
    )
    await run.rows("edge/insert_publication.sql")
    await run.rows("edge/notify_published.sql")
    logger.info("published version %d of %s: %s", run.version, run.company_id, changed)


async def _publish_categories(run: _Run) -> int:
    changed, after = 0, NIL
    while page := await run.rows("edge/list_marked_categories.sql", after=after):
        after = page[-1]["record_id"]
        present = [row for row in page if row["category_id"] is not None]
        bodies = [compile_category(row) for row in present]
        changed += await _keep(run, "category", page, present, bodies)
    return changed


async def _publish_products(run: _Run) -> int:
    changed, after = 0, NIL
    while page := await run.rows("edge/list_marked_products.sql", after=after):
        after = page[-1]["record_id"]
        present = [row for row in page if row["product_id"] is not None]
        bodies = [compile_product(row, run.currency) for row in present]
        changed += await _keep(run, "product", page, present, bodies)
    return changed


async def _keep(
    run: _Run, kind: str, marked: Sequence[Row], present: Sequence[Row], bodies: Sequence[bytes]
) -> int:
    """Write the records of rows that exist and tombstones for the others."""
    upserted = await run.rows(
        f"edge/upsert_{kind}_records.sql",
        ids=[row["record_id"] for row in present],
        active=[row["is_active"] for row in present],
        brand_ids=[row["brand_id"] for row in present],
        bodies=bodies,
    )
    changed = len(upserted)
    gone = {row["record_id"] for row in marked} - {row["record_id"] for row in present}
    if gone:
        changed += len(await run.rows(f"edge/remove_{kind}_records.sql", ids=list(gone)))
    return changed


async def _publish_store_products(run: _Run) -> int:
    changed, after = 0, (NIL, NIL)
    while page := await run.rows(
        "edge/list_marked_store_products.sql", after_store=after[0], after=after[1]
    ):
        after = (page[-1]["marked_store_id"], page[-1]["record_id"])
        upserted = await run.rows(
            "edge/upsert_store_product_records.sql",
            store_ids=[row["marked_store_id"] for row in page],
            ids=[row["record_id"] for row in page],
            bodies=[
                b"" if row["product_id"] is None else compile_store_product(row, run.currency)
                for row in page
            ],
        )
        changed += len(upserted)
    return changed
