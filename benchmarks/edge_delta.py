"""A sync of a hundred changed rows, in a catalogue and in one ten times as large."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from statistics import median
from typing import Any
from uuid import UUID

import asyncpg
import grpc

from benchmarks.edge_full import SERVICE
from benchmarks.edge_stage import Process, Stage, Store
from edge_grpc import compile_store, selector
from edge_grpc.cursor import Cursor, CursorSeal, fingerprint
from edge_grpc.sync_plan import DEFAULT
from edge_grpc.tokens import KeyFile
from edge_grpc.v1 import sync_pb2 as sync

CHANGED = 100
_TIMES = 200
_CHANGE = """
UPDATE edge.products SET base_price = base_price + 0.01
WHERE product_id = ANY(ARRAY(
    SELECT product_id FROM edge.products WHERE company_id = $1 ORDER BY product_id LIMIT $2
))
"""
Measured = dict[str, float]


def run(stages: Sequence[Stage], rounds: int, say: Callable[[str], None]) -> list[Measured]:
    """Return the medians in ms, one for each stage, of so many rounds."""
    found: list[Measured] = []
    servers = [(stage, stage.stores(1)[0]) for stage in stages]
    for _ in range(rounds):
        measured: Measured = {}
        for stage, store in servers:
            with stage.server(calls_per_minute=10**6, burst=10**6) as process:
                standing = asyncio.run(_stand(stage, store))
                _, cursor = _sync(process, store, standing, times=1, changed=0)
                asyncio.run(_change(stage))
                times, _ = _sync(process, store, cursor)
                key = f"p50_ms_{stage.rows}"
                measured[key] = median(times) * 1000
                cpu = process.cpu_seconds()
                _sync(process, store, cursor)
                measured[f"cpu_ms_{stage.rows}"] = (process.cpu_seconds() - cpu) / _TIMES * 1000
        found.append(measured)
        say("  ".join(f"{name} {value:.2f}" for name, value in measured.items()))
    return found


async def _stand(stage: Stage, store: Store) -> str:
    """Return the cursor of an edge that has everything, without having it download that."""
    conn: Any = await asyncpg.connect(stage.dsn)
    company = UUID(stage.company)
    before = await compile_store.publish(conn, company)
    scope = await selector.load_scope(conn, company, UUID(store.store_id))
    cursor = Cursor(
        epoch=before.epoch,
        company_id=company,
        store_id=scope.store_id,
        filters=f"{fingerprint('Sync')}.{DEFAULT.fingerprint}",
        settings=scope.fingerprint,
        version=before.version,
        as_of=datetime.now(UTC),
    )
    await conn.close()
    return CursorSeal(KeyFile(stage.keys_file).ring).seal(cursor)


async def _change(stage: Stage) -> None:
    """Change some rows, and publish them: that is done once, whoever syncs first."""
    conn: Any = await asyncpg.connect(stage.dsn)
    company = UUID(stage.company)
    await conn.execute(_CHANGE, company, CHANGED)
    await compile_store.publish(conn, company)
    await conn.close()


def _sync(
    process: Process, store: Store, cursor: str, *, times: int = _TIMES, changed: int = CHANGED
) -> tuple[list[float], str]:
    """Sync from a cursor again and again; return how long it took, and the next cursor."""
    request = sync.SyncRequest(**store.tenant, cursor=cursor).SerializeToString()
    took: list[float] = []
    answer: list[Any] = []
    with grpc.insecure_channel(f"127.0.0.1:{process.said['product']}") as channel:
        call: Any = channel.unary_stream(f"{SERVICE}/Sync")
        for _ in range(times):
            began = time.perf_counter()
            answer = [
                sync.SyncResponse.FromString(f) for f in call(request, metadata=store.metadata)
            ]
            took.append(time.perf_counter() - began)
            if sum(len(frame.batch.products) for frame in answer) != changed:
                raise AssertionError(answer[0])
    return took, answer[-1].checkpoint.cursor
