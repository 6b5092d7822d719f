"""Measures ad analytics: the ingest of many accounts, attribution, and dashboards.

`make bench-analytics` starts servers for it. Attribution is compared with the same statements
without a table to keep, its join is timed in DuckDB too; sizes and `--parts` make it smaller.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, LiteralString, cast
from urllib.parse import urlsplit

from benchmarks import analytics_dashboards, analytics_ingest
from benchmarks import analytics_report as report
from benchmarks.analytics_calls import DAILY_DAYS, HOURLY_DAYS
from benchmarks.analytics_world import fill
from benchmarks.machine import load
from vendor_sync.ad_analytics.attribution import (
    DECAY_SECONDS,
    MODELS,
    attribute_orders,
    mark_all_orders,
)
from vendor_sync.ad_analytics.roas import total_days
from vendor_sync.ad_analytics.utm import RULE_VERSION
from vendor_sync.connections import Connection
from vendor_sync.postgres import Warehouse, connect, load_query

REPOSITORY = Path(__file__).resolve().parents[1]
BENCH = REPOSITORY / ".sandbox" / "bench"
PEER_PYTHON = BENCH / "venv" / "bin" / "python"
_STEPS: tuple[tuple[str, LiteralString], ...] = (
    ("insert_touches", "seen_touches"),
    ("insert_matches", "touch_matches"),
    ("insert_credits", "touch_credits"),
    ("insert_events", "new_events"),
)
_ORDERS: LiteralString = (
    "SELECT order_id, connection_id, external_id, workspace_id,"
    " extract(epoch FROM ordered_at)::bigint AS at FROM analytics.orders"
)
_VISITORS: LiteralString = (
    "SELECT connection_id, external_id, visitor_id FROM analytics.order_visitors"
)
_CLICKS: LiteralString = (
    "SELECT workspace_id, visitor_id, click_id, click_platform, source_platform,"
    " extract(epoch FROM occurred_at)::bigint AS at FROM analytics.click_events"
)


def main() -> None:
    options = _parser().parse_args()
    with connect(_warehouse(), application_name="benchmark") as conn:
        for part in options.parts:
            _say(f"{part} (load {load()})")
            began = time.perf_counter()
            figures = _PARTS[part](conn, options)
            took = round(time.perf_counter() - began)
            whole = report.write_json(part, figures, postgresql=_version(conn), took=took)
    report.show(whole)
    if options.write_docs:
        report.write_docs(whole)


def _measure_ingest(conn: Warehouse, options: argparse.Namespace) -> dict[str, Any]:
    return analytics_ingest.measure(
        conn, accounts=options.accounts, days=HOURLY_DAYS, rounds=options.rounds
    )


def _measure_ingest_30(conn: Warehouse, options: argparse.Namespace) -> dict[str, Any]:
    return analytics_ingest.measure(
        conn, accounts=options.accounts, days=DAILY_DAYS, rounds=min(2, options.rounds)
    )


def _measure_dlt(conn: Warehouse, options: argparse.Namespace) -> dict[str, Any]:
    return analytics_ingest.measure_dlt(conn, accounts=options.accounts, days=HOURLY_DAYS)


def _measure_dlt_30(conn: Warehouse, options: argparse.Namespace) -> dict[str, Any]:
    return analytics_ingest.measure_dlt(conn, accounts=options.accounts, days=DAILY_DAYS)


def _measure_attribution(conn: Warehouse, options: argparse.Namespace) -> dict[str, Any]:
    fill(conn, clicks=options.clicks, orders=options.orders)
    sizes = {"clicks": options.clicks, "orders": options.orders}
    return _attribution(conn, options.rounds) | sizes | _duckdb(conn)


def _measure_dashboards(conn: Warehouse, options: argparse.Namespace) -> dict[str, Any]:
    return analytics_dashboards.measure(conn, workspaces=options.workspaces, rounds=options.rounds)


_PARTS = {
    "ingest": _measure_ingest,
    "ingest_30": _measure_ingest_30,
    "dlt": _measure_dlt,
    "dlt_30": _measure_dlt_30,
    "attribution": _measure_attribution,
    "dashboard": _measure_dashboards,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.analytics", description=__doc__)
    parser.add_argument("--clicks", type=int, default=1_000_000)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--accounts", type=int, default=1_000, help="ad accounts (%(default)s)")
    parser.add_argument("--workspaces", type=int, default=1_000, help="dashboards (%(default)s)")
    parser.add_argument(
        "--parts", nargs="+", choices=tuple(_PARTS), default=list(_PARTS), help="measure only these"
    )
    parser.add_argument("--rounds", type=int, default=3, help="medians of so many (%(default)s)")
    parser.add_argument(
        "--write-docs", action="store_true", help="put the figures into docs/benchmarks.md"
    )
    return parser


def _warehouse() -> Connection:
    parts = urlsplit(os.environ["WAREHOUSE_DSN"])
    return Connection(
        conn_id="warehouse_postgres",
        host=parts.hostname or "",
        port=parts.port,
        login=parts.username,
        password=parts.password,
        schema=parts.path.lstrip("/"),
    )


def _attribution(conn: Warehouse, rounds: int) -> dict[str, Any]:
    """Measure full, the floor and 1 % by turns, so that noise meets all of them."""
    runs = [_round(conn) for _ in range(rounds)]
    middle = {name: median(run[name] for run in runs) for name in runs[0]}
    return {
        **{name: round(value, 3) for name, value in middle.items()},
        "ratio_ctas": round(middle["seconds_full"] / middle["seconds_ctas"], 2),
        "incremental_share": round(middle["seconds_incremental"] / middle["seconds_full"], 4),
        "rounds": rounds,
    }


def _round(conn: Warehouse) -> dict[str, float]:
    _set_models(conn, ["last_click"])
    floor = _floor(conn)
    full = _from_scratch(conn)
    events = conn.execute("SELECT count(*) FROM analytics.attribution_events").fetchone()
    totals = _timed(lambda: total_days(conn))
    again = _again(conn)
    incremental = _incremental(conn)
    _set_models(conn, list(MODELS))
    return {
        "seconds_full": full,
        "seconds_ctas": floor,
        "seconds_unchanged": again,
        "seconds_incremental": incremental,
        "seconds_daily_totals": totals,
        "seconds_full_five_models": _from_scratch(conn),
        "events": 0 if events is None else events[0],
    }


def _set_models(conn: Warehouse, models: list[str]) -> None:
    conn.execute("UPDATE analytics.workspaces SET attribution_models = %s", [models])


def _from_scratch(conn: Warehouse) -> float:
    conn.execute("TRUNCATE analytics.attribution_events, analytics.stale_days")
    mark_all_orders(conn)
    conn.execute("VACUUM ANALYZE analytics.stale_orders")
    return _timed(lambda: attribute_orders(conn))


def _again(conn: Warehouse) -> float:
    """Everything is stale and nothing has changed: no event may be written."""
    mark_all_orders(conn)
    conn.execute("VACUUM ANALYZE analytics.attribution_events")
    return _timed(lambda: attribute_orders(conn))


def _incremental(conn: Warehouse) -> float:
    """One order in a hundred was refunded in part."""
    conn.execute(
        "WITH changed AS (UPDATE analytics.orders SET refunded = refunded + 1, net = net - 1"
        " WHERE order_id % 100 = 7 RETURNING order_id)"
        " INSERT INTO analytics.stale_orders SELECT order_id FROM changed"
    )
    return _timed(lambda: attribute_orders(conn))


def _floor(conn: Warehouse) -> float:
    """Time the same statements, each as an unlogged CREATE TABLE AS: nothing to merge or keep."""
    mark_all_orders(conn)
    with conn.transaction():
        conn.execute(load_query("attribution/create_working_tables.sql"))
        conn.execute(load_query("attribution/take_orders.sql"), {"batch_size": 10_000_000})
        conn.execute(
            "CREATE UNLOGGED TABLE public.floor_orders AS SELECT * FROM pg_temp.taken_orders"
        )
        conn.execute("DROP TABLE pg_temp.taken_orders, pg_temp.seen_touches, pg_temp.touch_matches,"
                     " pg_temp.touch_credits, pg_temp.new_events")  # fmt: skip
        conn.execute("ALTER TABLE public.floor_orders RENAME TO taken_orders")
        conn.execute("ANALYZE taken_orders")
        seconds = _timed(lambda: _create_tables(conn))
        conn.execute("DROP TABLE taken_orders, seen_touches, touch_matches, touch_credits,"
                     " new_events")  # fmt: skip
    return seconds


def _create_tables(conn: Warehouse) -> None:
    params = {"rule_version": RULE_VERSION, "decay_seconds": DECAY_SECONDS}
    for name, table in _STEPS:
        text = load_query(f"attribution/{name}.sql")
        query = text[text.index("\nWITH ") :] if "\nWITH " in text else text
        statement = cast("LiteralString", f"CREATE UNLOGGED TABLE public.{table} AS {query}")
        conn.execute(statement, params)
        conn.execute(cast("LiteralString", f"ANALYZE {table}"))


def _duckdb(conn: Warehouse) -> dict[str, float]:
    """Time the join alone (orders, browsers, clicks in the window, last one) in DuckDB."""
    if not PEER_PYTHON.exists():
        _say("DuckDB's environment is missing: run `make bench-analytics`")
        return {}
    folder = BENCH / "attribution"
    folder.mkdir(parents=True, exist_ok=True)
    for name, query in (
        ("orders", _ORDERS),
        ("visitors", _VISITORS),
        ("clicks", _CLICKS),
    ):
        with (
            (folder / f"{name}.csv").open("wb") as file,
            conn.cursor() as cursor,
            cursor.copy("COPY (" + query + ") TO STDOUT WITH (FORMAT csv, HEADER)") as copy,
        ):
            for part in copy:
                file.write(part)
    run = subprocess.run(
        [PEER_PYTHON, "-m", "benchmarks.analytics_duckdb", folder],
        check=True, capture_output=True, text=True, cwd=REPOSITORY,
    )  # fmt: skip
    return json.loads(run.stdout)


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _version(conn: Warehouse) -> str:
    row = conn.execute("SHOW server_version").fetchone()
    return str(row[0]) if row else ""


def _say(text: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {text}", flush=True)


if __name__ == "__main__":
    main()
