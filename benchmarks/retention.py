"""Measures retention over a million rows: rows a second, the longest lock, and the room it frees.

`make bench-retention` runs it: a database of its own, filled by generate_series, half of it old.
While rows go, somebody else inserts and reads, as flows do. Afterwards as many rows come as went:
the table must not have grown.
"""

from __future__ import annotations

import argparse
import json
import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any, LiteralString
from urllib.parse import urlsplit

import psycopg

from benchmarks.machine import describe, load
from benchmarks.published import publish, where
from vendor_sync.connections import Connection
from vendor_sync.migrations import migrate
from vendor_sync.postgres import connect
from vendor_sync.retention.params import RetentionParams
from vendor_sync.retention.tables import TABLES, Old
from vendor_sync.retention.warehouse import Sweep

_REPOSITORY = Path(__file__).resolve().parents[1]
RESULT = _REPOSITORY / ".sandbox" / "bench" / "retention.json"
_PAGE = _REPOSITORY / "docs" / "retention.md"
_HEADS = (
    "table", "rows deleted", "seconds", "rows a second", "longest batch, ms",
    "MB before, after, filled up again", "others' insert, ms p50 / p99, idle", "and meanwhile",
)  # fmt: skip
DATABASE = "bench_retention"
# What a table may have grown by after as many rows came as went.
MAX_GROWTH = 1.3
_RUNS: LiteralString = """INSERT INTO ops.sync_runs (flow, run_id, trigger, params, status, attempt,
    started_at, finished_at)
    SELECT 'f', 'r' || n, 't', '{}', 'completed', 1, now() - n * interval '1 day', now()
    FROM generate_series(500, 0, -1) AS n"""
_PROGRESS: LiteralString = """INSERT INTO edge.rollup_progress
    SELECT 'promotion_effectiveness', pg_snapshot_xmin(pg_current_snapshot()), now()"""
FILL: dict[str, LiteralString] = {
    "sync_rejects": """INSERT INTO ops.sync_rejects (run_key, flow, entity, external_id, kind,
        reason, item, fingerprint, rejected_at)
        SELECT r.run_key, 'f', 'offers', n::text, 'invalid', 'payout is a commission of ' || n,
            json_build_object('id', n, 'name', repeat('offer ', 20), 'payout', 0.1),
            gen_random_uuid()::text, now() - %(days)s * interval '1 day'
        FROM (SELECT max(run_key) - %(days)s AS run_key FROM ops.sync_runs) AS r,
            generate_series(1, %(rows)s) AS n""",
    "sync_outcomes": """INSERT INTO ops.sync_outcomes
        SELECT r.run_key, 'offers', gen_random_uuid()::text, 'unchanged', 1, 0
        FROM (SELECT max(run_key) - %(days)s AS run_key FROM ops.sync_runs) AS r,
            generate_series(1, %(rows)s) AS n""",
    "promotion_usages": """INSERT INTO edge.promotion_usages (store_id, usage_id, company_id,
        promotion_id, bill_id, brand_id, customer_id, discount_amount, currency, used_at,
        business_on, content_hash, received_at, recorded_in)
        SELECT md5('s' || n %% 500)::uuid, gen_random_uuid(), md5('c' || n %% 5)::uuid,
            md5('p' || n %% 100)::uuid, 'B' || n, md5('b')::uuid, 'C' || n, 1.5, 'IDR', now(),
            current_date - %(days)s, sha256(n::text::bytea),
            now() - %(days)s * interval '1 day' - n * interval '50 ms', '3'
        FROM generate_series(1, %(rows)s) AS n""",
}
OLD_DAYS, YOUNG_DAYS = 401, 30
PARAMS = RetentionParams(runs_days=300)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retention", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="of each table, half are old")
    parser.add_argument("--write-docs", action="store_true", help="write docs/retention.md")
    options = parser.parse_args()
    warehouse = _database()
    result: dict[str, Any] = {"machine": describe(), "load": load(), "tables": {}}
    with connect(warehouse, application_name=DATABASE) as conn:
        result["postgresql"] = conn.execute("SHOW server_version").fetchall()[0][0]
        conn.execute(_RUNS)
        conn.execute(_PROGRESS)
        for old in TABLES:
            if old.name in FILL:
                result["tables"][old.name] = found = _measured(warehouse, conn, old, options.rows)
                _tell(old.name, found)
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2))
    if options.write_docs:
        write_docs(result)
    grown = {name: found["growth"] for name, found in result["tables"].items()}
    if any(growth > MAX_GROWTH for growth in grown.values()):
        message = f"grown by deleting and filling up: {grown}"
        raise SystemExit(message)


def _database() -> Connection:
    home = urlsplit(os.environ["WAREHOUSE_DSN"])
    with psycopg.connect(home.geturl(), autocommit=True) as conn:
        conn.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        conn.execute(f"CREATE DATABASE {DATABASE}")
    made = Connection(
        conn_id="warehouse_postgres",
        host=home.hostname or "",
        port=home.port,
        login=home.username,
        password=home.password,
        schema=DATABASE,
    )
    migrate(made)
    return made


def _measured(warehouse: Connection, conn: Any, old: Old, rows: int) -> dict[str, Any]:  # noqa: ANN401
    half = rows // 2
    for days in (OLD_DAYS - 30 if old.kind == "runs" else OLD_DAYS, YOUNG_DAYS):
        conn.execute(FILL[old.name], {"days": days, "rows": half})
    conn.execute(f"VACUUM ANALYZE {old.table}")
    sweep = Sweep(conn, PARAMS, datetime.now(UTC) + timedelta(seconds=1))
    idle = _others(warehouse, old, lambda: time.sleep(3))
    before, began = sweep.sizes()[old.table].bytes, time.perf_counter()
    count = sweep.count(old)
    counted = time.perf_counter() - began
    batches: list[float] = []

    def delete() -> None:
        last = time.perf_counter()

        def tell(_: int) -> None:
            nonlocal last
            now = time.perf_counter()
            batches.append(now - last)
            last = now

        assert sweep.delete(old, tell) == count == half  # noqa: S101 - or the figures are of no use

    began = time.perf_counter()
    busy = _others(warehouse, old, delete)
    seconds = time.perf_counter() - began
    after = sweep.sizes()[old.table].bytes
    conn.execute(FILL[old.name], {"days": YOUNG_DAYS, "rows": half})
    return {
        "rows": rows,
        "deleted": count,
        "count_seconds": round(counted, 2),
        "seconds": round(seconds, 2),
        "rows_per_second": round(count / sum(batches)),
        "longest_batch_ms": round(1000 * max(batches), 1),
        "bytes_before": before,
        "bytes_after": after,
        "bytes_refilled": sweep.sizes()[old.table].bytes,
        "growth": round(sweep.sizes()[old.table].bytes / before, 3),
        "others_idle_ms": idle,
        "others_busy_ms": busy,
    }


def _others(warehouse: Connection, old: Old, work: Callable[[], object]) -> dict[str, float]:
    """Do the work while somebody else inserts into the table; return how long a row took, in ms."""
    taken: list[float] = []
    done = threading.Event()

    def write() -> None:
        with connect(warehouse, application_name="others") as conn:
            while not done.is_set():
                began = time.perf_counter()
                with conn.transaction(force_rollback=True):
                    conn.execute(FILL[old.name], {"days": 1, "rows": 1})
                taken.append(1000 * (time.perf_counter() - began))
                time.sleep(0.005)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        work()
    finally:
        done.set()
        thread.join()
    return {"p50": round(median(taken), 1), "p99": round(quantiles(taken, n=100)[-1], 1)}


def write_docs(result: dict[str, Any]) -> None:
    """Write a run's figures into docs/retention.md."""
    names = {old.name: old.table for old in TABLES}
    rows = [_HEADS, ("---",) * len(_HEADS)]
    for name, found in result["tables"].items():
        idle, busy = (found[f"others_{when}_ms"] for when in ("idle", "busy"))
        rows.append(
            (
                f"`{names[name]}`",
                f"{found['deleted']:,}",
                f"{found['seconds']:.1f}",
                f"{found['rows_per_second']:,}",
                f"{found['longest_batch_ms']:.0f}",
                ", ".join(_megabytes(found)),
                f"{idle['p50']} / {idle['p99']}",
                f"{busy['p50']} / {busy['p99']}",
            )
        )
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    place = where(result["machine"], {"postgresql": result["postgresql"]})
    publish("retention", f"On {place}. Load average before: {result['load']}.\n\n{table}", _PAGE)


def _megabytes(found: dict[str, Any]) -> list[str]:
    return [f"{found[f'bytes_{when}'] / 2**20:.0f}" for when in ("before", "after", "refilled")]


def _tell(name: str, found: dict[str, Any]) -> None:
    size = _megabytes(found)
    print(
        f"{name:17} {found['deleted']:,} of {found['rows']:,} rows in {found['seconds']} s,"
        f" {found['rows_per_second']:,}/s, longest batch {found['longest_batch_ms']} ms;"
        f" {' -> '.join(size)} MB (before, after, filled up again);"
        f" others p50/p99 {found['others_idle_ms']} -> {found['others_busy_ms']} ms"
    )


if __name__ == "__main__":
    main()
