"""What was asked at least: small answers, their time and their size, as upper bounds."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from statistics import median
from typing import Any

import grpc

from benchmarks.edge_full import SERVICE
from benchmarks.edge_stage import Process, Stage, Store
from edge_grpc.v1 import sync_frames_pb2 as frames
from edge_grpc.v1 import sync_pb2 as sync
from edge_grpc.v1 import usage_pb2 as usage

_TIMES = 20
_GZIP = [frames.CODEC_GZIP]
Measured = dict[str, dict[str, float]]


def run(stage: Stage, say: Callable[[str], None]) -> Measured:
    """Return p50 in ms, bytes sent and records of each answer; of the small company."""
    store = stage.stores(1, company=stage.small)[0]
    with stage.server(calls_per_minute=10**6, burst=10**6) as process, stage.connect() as conn:
        brand = _one(conn, "SELECT brand_id FROM edge.brands WHERE company_id = %s", stage.small)
        promotion = _one(
            conn, "SELECT promotion_id FROM edge.promotions WHERE company_id = %s", stage.small
        )
        found = {
            "get_version": _measure(
                process,
                store,
                "GetVersion",
                lambda: sync.GetVersionRequest(company_id=store.company_id),
            ),
            "categories": _measure(
                process,
                store,
                "SyncCategories",
                lambda: sync.SyncCategoriesRequest(**store.tenant, codecs=_GZIP),
            ),
            "products": _measure(
                process,
                store,
                "SyncProducts",
                lambda: sync.SyncProductsRequest(**store.tenant, brand_id=brand, codecs=_GZIP),
            ),
            "promotions": _measure(
                process,
                store,
                "SyncPromotions",
                lambda: sync.SyncPromotionsRequest(**store.tenant, codecs=_GZIP),
            ),
            "usages": _measure(
                process, store, "UploadUsageBatch", lambda: _uses(store, brand, promotion)
            ),
        }
    for name, one in found.items():
        say(f"{name}: " + "  ".join(f"{key} {value:,.1f}" for key, value in one.items()))
    return found


def _one(conn: Any, query: str, company: str) -> str:  # noqa: ANN401 - psycopg's
    return str(conn.execute(query, (company,)).fetchone()[0])


def _measure(
    process: Process, store: Store, method: str, request: Callable[[], Any]
) -> dict[str, float]:
    streams = method.startswith("Sync")
    times: list[float] = []
    size = records = 0
    with grpc.insecure_channel(f"127.0.0.1:{process.said['product']}") as channel:
        call: Any = channel.unary_stream if streams else channel.unary_unary
        call = call(f"{SERVICE}/{method}")
        for _ in range(_TIMES):
            asked = request().SerializeToString()
            began = time.perf_counter()
            answer = call(asked, metadata=store.metadata)
            got = list(answer) if streams else [answer]
            times.append(time.perf_counter() - began)
            size = sum(map(len, got)) if streams else max(len(asked), len(got[0]))
            records = sum(_records(raw) for raw in got) if streams else 0
    return {"p50_ms": median(times) * 1000, "bytes": size, "records": records}


def _records(raw: bytes) -> int:
    batch = sync.SyncResponse.FromString(raw).batch
    plain = len(batch.categories) + len(batch.products) + len(batch.promotions)
    return plain + batch.packed_records


def _uses(store: Store, brand: str, promotion: str) -> usage.UploadUsageBatchRequest:
    request = usage.UploadUsageBatchRequest(**store.tenant)
    for number in range(50):
        record = request.records.add(
            usage_id=str(uuid.uuid4()),
            promotion_id=promotion,
            bill_id=f"B{number}",
            store_id=store.store_id,
            brand_id=brand,
        )
        record.discount_amount.currency_code = "IDR"
        record.discount_amount.units = 5
        record.used_at.GetCurrentTime()
    return request
