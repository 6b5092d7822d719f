"""Usage uploads: through gRPC, and the same statements without it; and all of it once more."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import grpc

from benchmarks.edge_full import SERVICE
from benchmarks.edge_stage import Process, Stage, Store
from edge_grpc.queries import rows
from edge_grpc.usage_records import Tenant, Usage, check
from edge_grpc.v1 import usage_pb2 as usage

BATCH = 500
_COUNT = "SELECT count(*), sum(discount_amount) FROM edge.promotion_usages"
_PROMOTIONS = "SELECT promotion_id FROM edge.promotions WHERE company_id = %s"
_BRAND = """
SELECT b.brand_id, c.currency, c.timezone
FROM edge.brands AS b INNER JOIN edge.companies AS c ON b.company_id = c.company_id
WHERE c.company_id = %s LIMIT 1
"""
Measured = dict[str, float]


def run(stage: Stage, rounds: int, count: int, say: Callable[[str], None]) -> list[Measured]:
    """Measure both once a round, one after the other, with records of their own."""
    store = stage.stores(1)[0]
    found: list[Measured] = []
    with stage.server(calls_per_minute=10**6, burst=10**6) as process, stage.connect() as conn:
        promotions = [str(r[0]) for r in conn.execute(_PROMOTIONS, (stage.company,))]
        brand, *zone = conn.execute(_BRAND, (stage.company,)).fetchall()[0]
        tenant = Tenant(UUID(store.company_id), UUID(store.store_id), *zone)
        # What earlier runs left is cleared up now, not by PostgreSQL in the middle of this one.
        conn.execute("VACUUM (ANALYZE) edge.promotion_usages")
        for _ in range(rounds):
            sent = list(_batches(store, promotions, str(brand), tenant.currency, count))
            measured = {"grpc_rows_s": _upload(process, store, sent)}
            before = conn.execute(_COUNT).fetchone()
            measured["replay_rows_s"] = _upload(process, store, sent)
            measured["moved"] = float(conn.execute(_COUNT).fetchone() != before)
            plain = list(_batches(store, promotions, str(brand), tenant.currency, count))
            measured["direct_rows_s"] = asyncio.run(_direct(stage, tenant, plain))
            found.append(measured)
            say("  ".join(f"{name} {value:,.0f}" for name, value in measured.items()))
    return found


def _batches(
    store: Store, promotions: Sequence[str], brand: str, currency: str, count: int
) -> Iterator[list[usage.UsageRecord]]:
    chance = random.Random(count)  # noqa: S311 - the same uses each time
    for start in range(0, count, BATCH):
        batch = []
        for number in range(start, min(start + BATCH, count)):
            record = usage.UsageRecord(
                usage_id=str(uuid.uuid4()),
                promotion_id=chance.choice(promotions),
                bill_id=f"B{number}",
                store_id=store.store_id,
                brand_id=brand,
            )
            record.discount_amount.currency_code = currency
            record.discount_amount.units = chance.randrange(1, 100)
            record.used_at.GetCurrentTime()
            batch.append(record)
        yield batch


def _upload(process: Process, store: Store, sent: Sequence[Sequence[usage.UsageRecord]]) -> float:
    requests = [
        usage.UploadUsageRequest(**store.tenant, records=batch).SerializeToString()
        for batch in sent
    ]
    with grpc.insecure_channel(f"127.0.0.1:{process.said['product']}") as channel:
        call: Any = channel.stream_stream(f"{SERVICE}/UploadUsage")
        began = time.perf_counter()
        answers = list(call(iter(requests), metadata=store.metadata))
        seconds = time.perf_counter() - began
    settled = [r for a in answers for r in usage.UploadUsageResponse.FromString(a).results]
    wanted = {usage.USAGE_VERDICT_ACCEPTED, usage.USAGE_VERDICT_DUPLICATE}
    if {result.verdict for result in settled} - wanted:
        raise AssertionError(settled[0])
    return len(settled) / seconds


async def _direct(
    stage: Stage, tenant: Tenant, sent: Sequence[Sequence[usage.UsageRecord]]
) -> float:
    """Run the product's statements on records that are checked already."""
    now = datetime.now(UTC)
    ready = [
        [one for r in batch if isinstance(one := check(r, tenant, now), Usage)] for batch in sent
    ]
    conn: Any = await asyncpg.connect(stage.dsn, server_settings={"jit": "off"})
    began = time.perf_counter()
    for batch in ready:
        async with conn.transaction():
            await _store(conn, tenant, batch)
    seconds = time.perf_counter() - began
    await conn.close()
    return sum(map(len, ready)) / seconds


async def _store(conn: Any, tenant: Tenant, batch: Sequence[Usage]) -> None:  # noqa: ANN401
    own = {"company_id": tenant.company_id, "store_id": tenant.store_id}
    await rows(
        conn,
        "edge_service/list_known_promotions.sql",
        **own,
        promotion_ids=list({one.promotion_id for one in batch}),
    )
    await rows(
        conn,
        "edge_service/list_known_brands.sql",
        **own,
        brand_ids=list({one.brand_id for one in batch}),
    )
    await rows(
        conn,
        "edge_service/add_usages.sql",
        **own,
        currency=tenant.currency,
        usage_ids=[one.usage_id for one in batch],
        promotion_ids=[one.promotion_id for one in batch],
        promotion_versions=[one.promotion_version for one in batch],
        bill_ids=[one.bill_id for one in batch],
        brand_ids=[one.brand_id for one in batch],
        customer_ids=[one.customer_id for one in batch],
        amounts=[one.amount for one in batch],
        used_ats=[one.used_at for one in batch],
        business_ons=[one.business_on for one in batch],
        reverses_ids=[one.reverses for one in batch],
        record_hashes=[one.content_hash for one in batch],
    )
