"""Measures what Sync Center's pages cost with a million rows in `ops`, next to none.

`make bench-sync-center` runs it: databases of its own, filled by generate_series, with 1,000 stores
and 10,000 promotions, and with 50,000 of Broadstreet's entities. A page's time is its queries (over
a new connection, as in production), its view and its template; what Airflow adds to find out who is
there is not part of it. The first time is told beside the others, after the warming up that a
server does when it starts.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit

import psycopg

from benchmarks.machine import describe, load
from benchmarks.sync_center_rows import fill_database, fill_mongo
from benchmarks.sync_center_tabs import tab_pages
from vendor_sync import mongo
from vendor_sync.broadstreet import schema
from vendor_sync.connections import Connection, connection_from_environment
from vendor_sync.migrations import migrate
from vendor_sync.sync_center import alerts, flows, rejects, trends, type_trends
from vendor_sync.sync_center.rendering import compile_templates, render

RESULT = Path(__file__).resolve().parents[1] / ".sandbox" / "bench" / "sync_center.json"
LIMIT_MS = 100.0
NAMES = list(flows.FLOWS)
# A million rows as half a year leaves them: 60,000 runs, what they did, and what went wrong.
FILL = (
    """INSERT INTO ops.sync_runs (flow, run_id, trigger, params, status, attempt, started_at,
        finished_at, counts, api_calls, retries)
    SELECT (%(flows)s::text[])[1 + n %% 8], 'run-' || n, 'scheduled', '{}',
        CASE WHEN n %% 50 = 0 THEN 'failed' WHEN n %% 17 = 0 THEN 'completed_with_errors'
            ELSE 'completed' END,
        1, now() - n * interval '259 s', now() - n * interval '259 s' + interval '30 s',
        '{"offers": {"fetched": 1000, "inserted": 3, "rejected": 1, "duration_seconds": 4.5},
          "brands": {"fetched": 40, "updated": 2, "rejected": 0}}', 60, n %% 3
    FROM generate_series(60000, 1, -1) AS n""",
    """INSERT INTO ops.sync_progress (run_key, entity_type, completed, total, updated_at)
    SELECT run_key, type, 1000, 1000, now()
    FROM ops.sync_runs, unnest('{offers,brands}'::text[]) AS type""",
    """INSERT INTO ops.sync_rejects (run_key, flow, entity, external_id, kind, reason, item,
        fingerprint, rejected_at)
    SELECT run_key, flow, 'offers', n::text, 'invalid', 'payout is a commission of ' || n || ' %%',
        '{"name": "offer", "payout": 0.10}', n::text, started_at
    FROM ops.sync_runs, generate_series(1, 5) AS n""",
    """INSERT INTO ops.alerts (fingerprint, kind, severity, flow, run_id, title, message, opened_at,
        last_seen_at, resolved_at)
    SELECT run_key || 'f' || n, 'task_failed', 'critical', flow, run_id, 'It failed',
        'GET /offers?page=' || n, started_at, started_at,
        CASE WHEN n > 1 OR run_key %% 300 > 0 THEN now() END
    FROM ops.sync_runs, generate_series(1, 2) AS n WHERE run_key %% 2 = 0""",
    """INSERT INTO ops.sync_pages (run_key, entity, item_count, fetched_at)
    SELECT run_key, 'offers', 500, started_at FROM ops.sync_runs, generate_series(1, 5)""",
    """INSERT INTO ops.sync_events (event_id, flow, run_key, name, payload, created_at)
    SELECT gen_random_uuid(), flow, run_key, 'completed', '{}', started_at FROM ops.sync_runs""",
    """INSERT INTO ops.sync_outcomes (run_key, entity, external_id, outcome, walk, duplicates)
    SELECT 1, 'offers', n::text, 'unchanged', 1, 0 FROM generate_series(1, 160000) AS n""",
)
TABLES = ("sync_runs", "sync_progress", "sync_rejects", "alerts", "sync_pages", "sync_events",
          "sync_outcomes")  # fmt: skip
Page = Callable[[], str]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sync_center", description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    result: dict[str, Any] = {"machine": describe(), "load": load(), "limit_ms": LIMIT_MS}
    for state in ("empty", "full"):
        dsn = _database(f"sync_center_{state}", fill=state == "full")
        pages = _pages(dsn, _store(f"sync_center_{state}", fill=state == "full"))
        warm(pages)
        result[state] = {
            "rows": _rows(dsn),
            "pages": {name: _measured(page, options.rounds) for name, page in pages.items()},
        }
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2))
    _report(result)


def _database(name: str, *, fill: bool) -> str:
    """Make a database anew, with the schema and, if asked for, a million rows; return its DSN."""
    home = urlsplit(os.environ["WAREHOUSE_DSN"])
    with psycopg.connect(home.geturl(), autocommit=True) as conn:
        conn.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")  # pyright: ignore[reportArgumentType]
        conn.execute(f"CREATE DATABASE {name}")  # pyright: ignore[reportArgumentType]
    dsn = home._replace(path=f"/{name}").geturl()
    migrate(_connection(dsn))
    with psycopg.connect(dsn, autocommit=True) as conn:
        for statement in FILL if fill else ():
            conn.execute(statement, {"flows": NAMES})  # pyright: ignore[reportArgumentType]
        if fill:
            fill_database(conn)
        conn.execute("VACUUM ANALYZE")
    return dsn


def _store(name: str, *, fill: bool) -> Connection:
    """Make a database of Broadstreet's anew; return how to get there."""
    found = connection_from_environment("broadstreet_mongo")
    if found is None:
        message = "broadstreet_mongo is not set: run it with `make bench-sync-center`"
        raise SystemExit(message)
    connection = replace(found, schema=name)
    with mongo.connect(connection) as db:
        db.client.drop_database(name)
        schema.apply(db)
        if fill:
            fill_mongo(db)
    return connection


def warm(pages: Mapping[str, Page]) -> None:
    """Do what a server does when it starts, and no page more."""
    compile_templates()
    pages["trends"]()


def _connection(dsn: str) -> Connection:
    parts = urlsplit(dsn)
    return Connection(
        conn_id="warehouse_postgres",
        host=parts.hostname or "",
        port=parts.port,
        login=parts.username,
        password=parts.password,
        schema=parts.path.strip("/"),
    )


def _rows(dsn: str) -> int:
    with psycopg.connect(dsn) as conn:
        counted = [conn.execute(f"SELECT count(*) FROM ops.{table}").fetchone() for table in TABLES]  # pyright: ignore[reportArgumentType]  # noqa: S608
    return sum(row[0] for row in counted if row)


def _pages(dsn: str, store: Connection) -> Mapping[str, Page]:
    found = _connection(dsn)

    def source(conn_id: str) -> Connection | None:
        return found if conn_id == "warehouse_postgres" else None

    around = {
        "root": "/sync-center",
        "airflow": "",
        "tabs": [],
        "path": "/",
        "visitor": {"may_start": NAMES, "may_read": NAMES, "name": "admin"},
    }
    known = {name: _flow(name) for name in NAMES}
    flow = NAMES[0]

    def inbox(state: alerts.State) -> str:
        shown, counts = alerts.inbox(source, NAMES, state, None)
        values = {"alerts": shown, "counts": counts, "state": state, "states": list(alerts.State)}
        more = {"more": True, "before": None, "severities": alerts.SEVERITIES}
        return render("operations/alerts.html", around | values | more)

    def refused() -> str:
        shown = rejects.rejects(source, flow, None, None)
        values = {"rejects": shown, "flows": NAMES, "chosen": flow, "run_key": None}
        return render("operations/rejects.html", around | values | {"before": None, "more": True})

    def runs() -> str:
        shown = flows.runs_of(source, flow, None)
        values = {"runs": shown, "dag_id": flow, "flow": known[flow], "before": None, "more": True}
        return render("flows/runs.html", around | values)

    def types() -> str:
        values = {"flows": NAMES, "found": type_trends.type_charts(source, flow)}
        return render("operations/types.html", around | values)

    return {
        "flows": lambda: render(
            "flows/list.html", around | {"cards": flows.cards(source, known, NAMES)}
        ),
        "runs of a flow": runs,
        "trends": lambda: render(
            "operations/overview.html",
            around | {"found": trends.overview(source, NAMES, datetime.now(UTC))},
        ),
        "entity types": types,
        "open alerts": lambda: inbox(alerts.State.OPEN),
        "resolved alerts": lambda: inbox(alerts.State.RESOLVED),
        "refused records": refused,
        **tab_pages(source, store, around),
    }


def _flow(name: str) -> flows.AirflowFlow:
    return flows.AirflowFlow(
        dag_id=name,
        name=name,
        is_paused=False,
        schedule="Every hour",
        next_run_at=datetime.now(UTC),
        slas=[timedelta(minutes=10)],
        last_run=None,
    )


def _measured(page: Page, rounds: int) -> dict[str, float]:
    began = time.perf_counter()
    page()
    first = 1000 * (time.perf_counter() - began)
    taken: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        page()
        taken.append(1000 * (time.perf_counter() - began))
    return {
        "first_ms": round(first, 1),
        "p50_ms": round(median(taken), 1),
        "p95_ms": round(quantiles(taken, n=20)[-1], 1),
    }


def _report(result: Mapping[str, Any]) -> None:
    full, empty = result["full"], result["empty"]
    print(f"{full['rows']:,} rows in ops, and none; first, p50 / p95 in ms, bound {LIMIT_MS:.0f}")
    for name, took in full["pages"].items():
        before = empty["pages"][name]
        slowest = max(took["p95_ms"], took["first_ms"])
        verdict = "ok" if slowest < LIMIT_MS else "TOO SLOW"
        print(
            f"{name:18} {took['first_ms']:7.1f}, {took['p50_ms']:7.1f} / {took['p95_ms']:7.1f}"
            f"   empty {before['p50_ms']:6.1f} / {before['p95_ms']:6.1f}   {verdict}"
        )


if __name__ == "__main__":
    main()
