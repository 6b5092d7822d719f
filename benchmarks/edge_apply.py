"""The reference client's whole sync, beside a bare upsert of the same rows into the same tables."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

from benchmarks.edge_full import full_sync
from benchmarks.edge_stage import Process, Stage, Store
from edge_grpc.client.session import Session
from edge_grpc.client.store import EdgeStore, open_database
from edge_grpc.client.sync import Syncer
from edge_grpc.v1.auth_pb2 import TokenGrant

_IN_A_TRANSACTION = 10_000
_UPSERT = """
INSERT INTO products (id, version, sku, barcode, category_id, body) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET version = excluded.version, sku = excluded.sku,
    barcode = excluded.barcode, category_id = excluded.category_id, body = excluded.body
WHERE excluded.version >= version
"""
Measured = dict[str, float]


class _Granted(Session):
    """A session that has its token already."""

    def __init__(self, process: Process, store: Store) -> None:
        from edge_grpc.client.session import Credentials  # noqa: PLC0415

        target = f"127.0.0.1:{process.said['product']}"
        super().__init__(
            Credentials(target=target, client_id=store.client_id, client_secret="", insecure=True)
        )
        self._token = TokenGrant(access_token=store.token, **store.tenant)

    async def grant(self) -> TokenGrant:
        return self._token


def run(stage: Stage, rounds: int, say: Callable[[str], None]) -> list[Measured]:
    """Measure both once a round, one after the other."""
    store = stage.stores(1)[0]
    found: list[Measured] = []
    with (
        stage.server(calls_per_minute=10**6, burst=10**6) as process,
        tempfile.TemporaryDirectory(dir=stage.folder) as folder,
    ):
        full_sync(process, store, packed=True)
        for number in range(rounds):
            path = Path(folder) / f"{number}.sqlite"
            seconds = asyncio.run(_sync(process, store, path))
            held = sqlite3.connect(path)
            rows = held.execute(
                "SELECT id, version, sku, barcode, category_id, body FROM products"
            ).fetchall()
            held.close()
            bare = _upsert(path.with_suffix(".bare"), rows)
            measured = {
                "rows_s": len(rows) / seconds,
                "bare_rows_s": len(rows) / bare,
                "ratio": bare / seconds,
            }
            path.unlink()
            found.append(measured)
            say("  ".join(f"{name} {value:,.2f}" for name, value in measured.items()))
    return found


async def _sync(process: Process, store: Store, path: Path) -> float:
    conn = open_database(path)
    began = time.perf_counter()
    async with _Granted(process, store) as session:
        await Syncer(session, EdgeStore(conn)).sync()
    seconds = time.perf_counter() - began
    conn.close()
    return seconds


def _upsert(path: Path, rows: Iterable[tuple[object, ...]]) -> float:
    conn = open_database(path)
    left = iter(rows)
    began = time.perf_counter()
    while some := list(islice(left, _IN_A_TRANSACTION)):
        conn.execute("BEGIN")
        conn.executemany(_UPSERT, some)
        conn.execute("COMMIT")
    seconds = time.perf_counter() - began
    conn.close()
    path.unlink()
    return seconds
