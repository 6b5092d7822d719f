"""One measured process of the ingest benchmark: `sync`, `floor`, or `idle`.

Settings come as one JSON object on standard input, the measurement goes as one to standard output.
The clock starts when everything is imported.
"""

from __future__ import annotations

import json
import os
import pathlib
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg
import requests

from benchmarks.memory import peak_kib_with_forks
from sandbox.vendors.control import DEFAULT_KEYS
from vendor_sync.ad_analytics import flow
from vendor_sync.ad_analytics.shard import open_warehouse
from vendor_sync.ad_analytics.state import Outcome, StateStore
from vendor_sync.ad_analytics.whole_run import lane_share, sync_shards
from vendor_sync.connections import connection_from_environment
from vendor_sync.runs import RunStore

TABLE = """
DROP TABLE IF EXISTS benchmark_floor;
CREATE UNLOGGED TABLE benchmark_floor (
    campaign_id text, date date, impressions bigint, clicks bigint, spend numeric,
    conversions numeric, conversion_value numeric, reach bigint
)
"""
_COPY = "COPY benchmark_floor FROM STDIN"
_PURCHASES = ("omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase")
Row = tuple[Any, ...]
Settings = dict[str, Any]


def sync(settings: Settings) -> Settings:
    """Pull the range of every account as the product's command does.

    `every` of 6 leaves out five shards of six: as large ones, but fewer.
    """
    run_id = f"bench-{uuid.uuid4().hex}"
    params = {name: settings[name] for name in ("since", "until")}
    now = datetime.fromisoformat(settings["now"])
    shards = flow.plan_run(
        connection_from_environment,
        run_id=run_id,
        trigger="benchmark",
        params=params,
        clock=lambda: now,
        shard_size=lane_share,
    )[:: settings.get("every", 1)]
    sync_shards(
        connection_from_environment,
        run_id=run_id,
        params=params,
        shards=shards,
        clock=lambda: now,
        forked=True,
    )
    with open_warehouse(connection_from_environment, flow.FLOW) as conn:
        run = RunStore(conn, flow.FLOW).get(run_id)
        outcomes = [part[3] for part in StateStore(conn).parts(run.run_key)]
    return {
        "asked": sum(len(shard["connections"]) for shard in shards),
        "completed": outcomes.count(Outcome.COMPLETED),
        "shards": len(shards),
    }


def floor(settings: Settings) -> Settings:
    """Make the same calls in as many threads, decode every body, COPY the rows at once."""
    with pathlib.Path(settings["asked"]).open(encoding="utf-8") as file:
        asked = json.load(file)
    with ThreadPoolExecutor(settings["threads"]) as pool:
        read = pool.map(lambda call: list(_rows(call[0], _read(settings["url"], *call))), asked)
        with (
            psycopg.connect(settings["dsn"], autocommit=True) as conn,
            conn.cursor() as cursor,
            cursor.copy(_COPY) as copy,
        ):
            rows = 0
            for part in read:
                for row in part:
                    copy.write_row(row)
                rows += len(part)
    return {"rows": rows}


def idle(settings: Settings) -> Settings:
    """Do nothing: what remains is the interpreter with the same modules."""
    return settings


_sessions = threading.local()


def _read(url: str, vendor: str, path: str, query: str) -> Any:  # noqa: ANN401 - JSON
    session = getattr(_sessions, "session", None)
    if session is None:
        session = _sessions.session = requests.Session()
        session.trust_env = False
    token = DEFAULT_KEYS[vendor]
    headers = {"Authorization": f"Bearer {token}", "Access-Token": token}
    pairs = [(name, value) for name, _, value in (p.partition("=") for p in query.split("&") if p)]
    answer = session.get(f"{url}/{vendor}{path}", params=pairs, headers=headers, timeout=60)
    return msgspec.json.decode(answer.content)


def _rows(vendor: str, body: Any) -> Iterator[Row]:  # noqa: ANN401 - JSON
    return _READERS[vendor](body)


def _meta(body: Any) -> Iterator[Row]:  # noqa: ANN401
    for item in body.get("data", []):
        if "date_start" in item:
            yield (
                item["campaign_id"], item["date_start"], item.get("impressions"),
                item.get("clicks"), item.get("spend"), _purchases(item.get("actions")),
                _purchases(item.get("action_values")), item.get("reach"),
            )  # fmt: skip


def _purchases(actions: list[Any] | None) -> str | None:
    known = {action["action_type"]: action["value"] for action in actions or []}
    return next((known[name] for name in _PURCHASES if name in known), None)


def _tiktok(body: Any) -> Iterator[Row]:  # noqa: ANN401
    for item in body.get("data", {}).get("list", []):
        figures = item.get("metrics")
        if figures:
            shown = {name: None if value == "-" else value for name, value in figures.items()}
            place = item["dimensions"]
            yield (
                place["campaign_id"], place["stat_time_day"][:10], shown.get("impressions"),
                shown.get("clicks"), shown.get("spend"), shown.get("complete_payment"),
                shown.get("total_complete_payment_rate"), shown.get("reach"),
            )  # fmt: skip


def _snapchat(body: Any) -> Iterator[Row]:  # noqa: ANN401
    for part in body.get("timeseries_stats", []):
        series = part["timeseries_stat"].get("breakdown_stats", {}).get("campaign", [])
        for campaign in series:
            for point in campaign["timeseries"]:
                stats = point["stats"]
                yield (
                    campaign["id"], point["start_time"][:10], stats.get("impressions"),
                    stats.get("swipes"), stats.get("spend", 0) / 1_000_000,
                    stats.get("conversion_purchases"),
                    stats.get("conversion_purchases_value", 0) / 1_000_000, None,
                )  # fmt: skip


_READERS: dict[str, Callable[[Any], Iterator[Row]]] = {
    "meta": _meta, "tiktok": _tiktok, "snapchat": _snapchat,
}  # fmt: skip
WORK: dict[str, Callable[[Settings], Settings]] = {"sync": sync, "floor": floor, "idle": idle}


def _cpu_seconds() -> float:
    """Return the processor time of this process and of its forks that have ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def main() -> None:
    work = WORK[sys.argv[1]]
    settings = json.load(sys.stdin)
    began, used = time.perf_counter(), _cpu_seconds()
    result = work(settings)
    measured = {
        "seconds": time.perf_counter() - began,
        "cpu_seconds": _cpu_seconds() - used,
        "peak_kib": peak_kib_with_forks(),
        "result": result,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    sys.stdout.write(json.dumps(measured) + "\n")


if __name__ == "__main__":
    main()
