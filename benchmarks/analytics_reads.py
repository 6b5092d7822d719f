"""Measures reading campaign days of many ad accounts, next to the same answers merely decoded.

`make bench-analytics-reads` runs it. Every measurement is a process of its own, so that its memory
is its own; the sandbox has all pages ready, so that what is measured is the client.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import NamedTemporaryFile
from typing import Any

import msgspec
import requests

from benchmarks.machine import describe, load, versions
from benchmarks.memory import peak_kib
from sandbox.vendors.ad_world.places import PLATFORMS
from sandbox.vendors.ad_world.world import Settings, World
from sandbox.vendors.control import DEFAULT_KEYS, VendorSandbox, spawn
from vendor_sync.ad_analytics.platforms import meta, snapchat, tiktok
from vendor_sync.ad_analytics.ports import Wire
from vendor_sync.ad_analytics.records import Credentials, SourceConnection
from vendor_sync.rate_limit import Unlimited
from vendor_sync.rest_client import Usage

BENCH = Path(__file__).resolve().parents[1] / ".sandbox" / "bench"
CAMPAIGNS, THREADS, SEED = 20, 8, 3
UNTIL = date(2026, 4, 15)
# The fewest calls that an account's range can be read with: all campaigns, the largest pages.
FEWEST_CALLS = {
    3: {"meta": 1, "tiktok": 1, "snapchat": 1},
    30: {"meta": 1, "tiktok": 1, "snapchat": 1},
}
_FIGURES = ("seconds", "cpu", "rss_mb")
_OPEN = {"meta": meta.open_client, "tiktok": tiktok.open_client, "snapchat": snapchat.open_client}


def main() -> None:
    options = _parser().parse_args()
    if options.child:
        sys.stdout.write(json.dumps(_child(**json.loads(options.child))))
        return
    size = _size(options.accounts)
    with spawn() as sandbox:
        sandbox.reset(SEED, ad_world=size)
        figures = {
            f"{days}_days": _measure(sandbox, size, days, options.rounds) for days in (3, 30)
        }
    figures |= {
        "sizes": {"accounts": len(World(SEED, Settings(**size)).accounts), "campaigns": CAMPAIGNS},
        "machine": {**describe(), "load": load()},
        "versions": versions("msgspec", "requests"),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    BENCH.mkdir(parents=True, exist_ok=True)
    (BENCH / "analytics-reads.json").write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.analytics_reads", description=__doc__
    )
    parser.add_argument("--accounts", type=int, default=1_000, help="ad accounts (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="medians of so many (%(default)s)")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    return parser


def _size(accounts: int) -> dict[str, Any]:
    per_workspace = 4
    workspaces = max(1, round(accounts / per_workspace / len(PLATFORMS)))
    return {
        "workspaces": workspaces,
        "accounts": per_workspace,
        "campaigns": CAMPAIGNS,
        "orders": 0,
    }


def _measure(
    sandbox: VendorSandbox, size: Mapping[str, Any], days: int, rounds: int
) -> dict[str, Any]:
    """Read once to warm the pages and to learn the calls, then measure by turns."""
    sandbox.clear_requests()
    task = {"kind": "ours", "url": sandbox.url, "size": dict(size), "days": days}
    warm = _run(task)
    asked = [(record["vendor"], record["path"], record["query"]) for record in sandbox.requests()]
    with NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(asked, file)
        file.flush()
        floor = {**task, "kind": "floor", "asked": file.name}
        turns = [{"floor": _run(floor), "ours": _run(task)} for _ in range(rounds)]
    shown = {
        kind: {name: median(turn[kind][name] for turn in turns) for name in _FIGURES}
        for kind in ("floor", "ours")
    }
    accounts = warm["accounts"] / len(PLATFORMS)
    calls = Counter(vendor for vendor, _, _ in asked)
    return {
        **shown,
        "rows": warm["rows"],
        "ratio_cpu": round(shown["ours"]["cpu"] / shown["floor"]["cpu"], 2),
        "ratio_seconds": round(shown["ours"]["seconds"] / shown["floor"]["seconds"], 2),
        "calls_per_account": {p: round(calls[p] / accounts, 2) for p in PLATFORMS},
        "fewest_calls_per_account": FEWEST_CALLS[days],
    }


def _run(task: Mapping[str, Any]) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.analytics_reads", "--child", json.dumps(task)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout)


def _child(
    kind: str, url: str, size: Mapping[str, Any], days: int, asked: str = ""
) -> dict[str, Any]:
    accounts = World(SEED, Settings(**size)).accounts
    since = UNTIL - timedelta(days=days - 1)
    work = json.loads(Path(asked).read_text()) if kind == "floor" else accounts

    def read(item: Any) -> int:  # noqa: ANN401 - an account, or what was asked
        return _decoded(url, *item) if kind == "floor" else _ours(url, item, since)

    started, used = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(THREADS) as pool:
        rows = sum(pool.map(read, work))
    return {
        "accounts": len(accounts),
        "rows": rows,
        "seconds": round(time.perf_counter() - started, 3),
        "cpu": round(time.process_time() - used, 3),
        "rss_mb": round(peak_kib() / 1024, 1),
    }


def _client(url: str, account: Any) -> Any:  # noqa: ANN401 - a client of any platform
    connection = SourceConnection(
        connection_id=account.index,
        workspace_id=account.workspace.index,
        vendor=account.platform,
        external_id=account.account_id,
        name=account.name,
        currency=account.currency,
        timezone=account.timezone,
        settings={"base_url": f"{url}/{account.platform}"},
    )
    credentials = Credentials(access_token=DEFAULT_KEYS[account.platform])
    return _OPEN[account.platform](
        connection, credentials, Wire(limiter=Unlimited(), usage=Usage())
    )


def _ours(url: str, account: Any, since: date) -> int:  # noqa: ANN401
    client = _client(url, account)
    try:
        return sum(len(batch.records) for batch in client.iter_days(since, UNTIL))
    finally:
        client.close()


_sessions = threading.local()


def _decoded(url: str, vendor: str, path: str, query: str) -> int:
    """Ask what our client asked, and decode the answer; 1 for an answer."""
    session = getattr(_sessions, "session", None)
    if session is None:
        session = _sessions.session = requests.Session()
    token = DEFAULT_KEYS[vendor]
    headers = {"Authorization": f"Bearer {token}", "Access-Token": token}
    pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair]
    answer = session.get(f"{url}/{vendor}{path}", params=pairs, headers=headers, timeout=60)
    msgspec.json.decode(answer.content)
    return 1


if __name__ == "__main__":
    main()
