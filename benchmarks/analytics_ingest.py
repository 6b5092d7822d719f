"""Measures the ingest of many ad accounts: the flow itself, the least work, and dlt.

Every program is a process of its own; the vendor sandbox has all pages ready.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import NamedTemporaryFile
from typing import Any

import boto3
from cryptography.fernet import Fernet
from psycopg.types.json import Jsonb

from benchmarks.analytics_ingest_worker import TABLE
from benchmarks.analytics_world import empty
from sandbox.vendors.ad_world.places import PLATFORMS
from sandbox.vendors.ad_world.world import Settings, World
from sandbox.vendors.control import DEFAULT_KEYS, REPOSITORY, VendorSandbox, spawn
from vendor_sync.ad_analytics.lanes import LANES
from vendor_sync.ad_analytics.records import Credentials
from vendor_sync.ad_analytics.shard import CONCURRENCY
from vendor_sync.ad_analytics.tokens import KEYS_VARIABLE, TokenStore, fernet_from_environment
from vendor_sync.postgres import Warehouse

PEER_PYTHON = REPOSITORY / ".sandbox" / "bench" / "venv" / "bin" / "python"
CAMPAIGNS, SEED = 20, 3
UNTIL = date(2026, 4, 15)
NOW = datetime(2026, 4, 15, 10, tzinfo=UTC)
EVERY = 6
FLAVOURS = ("plain", "declared", "mapped")
Measured = dict[str, Any]


def measure(conn: Warehouse, *, accounts: int, days: int, rounds: int) -> Measured:
    """Return the figures of pulling a range: the product, and the least work, by turns."""
    with _staged(conn, accounts) as stage:
        return stage.measure(days, rounds)


def measure_dlt(conn: Warehouse, *, accounts: int, days: int) -> Measured:
    """Return the seconds of dlt, once a flavour, and of the product between them."""
    if not PEER_PYTHON.exists():
        message = "dlt's environment is missing: run `make bench-analytics`"
        raise SystemExit(message)
    with _staged(conn, accounts) as stage:
        return stage.measure_dlt(days)


@contextmanager
def _staged(conn: Warehouse, accounts: int) -> Iterator[Stage]:
    os.environ.setdefault(KEYS_VARIABLE, Fernet.generate_key().decode())
    per_workspace = 4
    size = {
        "workspaces": max(1, round(accounts / per_workspace / len(PLATFORMS))),
        "accounts": per_workspace, "campaigns": CAMPAIGNS, "orders": 0, "now": NOW.isoformat(),
    }  # fmt: skip
    with spawn(keys=DEFAULT_KEYS) as vendors:
        vendors.reset(SEED, ad_world=size)
        yield Stage(conn, vendors, World(SEED, Settings(**size)))


class Stage:
    """The accounts of a world in the warehouse, and the programs that read them."""

    def __init__(self, conn: Warehouse, vendors: VendorSandbox, world: World) -> None:
        self._conn = conn
        self._vendors = vendors
        self._world = world
        self._bucket = boto3.resource("s3", endpoint_url=os.environ["S3_ENDPOINT_URL"]).Bucket(
            os.environ["AUDIT_BUCKET"]
        )

    def measure(self, days: int, rounds: int) -> Measured:
        settings = self._settings(days)
        asked = self._asked(settings)
        with _listed(asked) as file:
            # It writes some queries in another way: its pages are to be ready too.
            self._floor({**settings, "asked": file})
            turns = [
                {
                    "floor": self._floor({**settings, "asked": file}),
                    "sync": self._sync(settings),
                    "idle": _run("idle", settings),
                }
                for _ in range(rounds)
            ]
        again = _run("sync", settings)
        accounts = len(self._world.accounts)
        calls = Counter(call[0] for call in asked)
        some = self._sync({**settings, "every": EVERY})
        return {
            "accounts": accounts,
            "campaigns": CAMPAIGNS,
            "days": days,
            "rounds": rounds,
            **_shown(turns),
            "seconds_again": round(again["seconds"], 2),
            "rss_ratio_sixth": round(turns[0]["sync"]["peak_kib"] / some["peak_kib"], 2),
            "calls": {
                name: round(calls[name] * len(PLATFORMS) / accounts, 2) for name in PLATFORMS
            },
        }

    def measure_dlt(self, days: int) -> Measured:
        settings = self._settings(days)
        asked = self._asked(settings)
        own: list[float] = []
        peers: dict[str, Measured] = {}
        for flavour in FLAVOURS:
            own.append(self._sync(settings)["seconds"])
            self._conn.execute("DROP SCHEMA IF EXISTS benchmark_dlt, benchmark_dlt_staging CASCADE")
            work = {
                **settings,
                "calls": asked,
                "dataset": "benchmark_dlt",
                "keys": {name: DEFAULT_KEYS[name] for name in PLATFORMS},
            }
            command = [str(PEER_PYTHON), "-m", "benchmarks.analytics_dlt", flavour]
            peers[flavour] = _call(command, work)
        self._conn.execute("DROP SCHEMA IF EXISTS benchmark_dlt, benchmark_dlt_staging CASCADE")
        return {
            "accounts": len(self._world.accounts),
            "days": days,
            "seconds": round(median(own), 2),
            **_beside(median(own), peers),
        }

    def _settings(self, days: int) -> Measured:
        return {
            "url": self._vendors.url,
            "dsn": os.environ["WAREHOUSE_DSN"],
            "since": str(UNTIL - timedelta(days=days - 1)),
            "until": str(UNTIL),
            "now": NOW.isoformat(),
            "threads": LANES * CONCURRENCY,
        }

    def _asked(self, settings: Measured) -> list[tuple[str, str, str]]:
        """Sync once, which warms the vendors' pages, and return what was asked."""
        self._vendors.clear_requests()
        self._sync(settings)
        return [(call["vendor"], call["path"], call["query"]) for call in self._vendors.requests()]

    def _floor(self, settings: Measured) -> Measured:
        self._conn.execute(TABLE)
        # Else autovacuum works on what the sync before has written.
        self._conn.execute("VACUUM ANALYZE")
        self._conn.execute("CHECKPOINT")
        return _run("floor", settings)

    def _sync(self, settings: Measured) -> Measured:
        """Measure the product's pull into empty tables, of all shards or of some."""
        empty(self._conn)
        self._link()
        self._bucket.objects.all().delete()
        self._conn.execute("VACUUM ANALYZE")
        self._conn.execute("CHECKPOINT")
        done = _run("sync", settings)
        if done["result"]["completed"] < done["result"]["asked"]:
            message = f"the sync ended with {done['result']}"
            raise SystemExit(message)
        return done

    def _link(self) -> None:
        tokens = TokenStore(self._conn, fernet_from_environment())
        ids: dict[int, int] = {}
        for workspace in self._world.workspaces:
            row = self._conn.execute(
                "INSERT INTO analytics.workspaces (name, timezone, reporting_currency)"
                " VALUES (%s, %s, %s) RETURNING workspace_id",
                [f"{workspace.name} {workspace.index}", workspace.timezone, workspace.currency],
            ).fetchall()
            ids[workspace.index] = row[0][0]
        for account in self._world.accounts:
            url = self._vendors.vendor_url(account.platform)
            row = self._conn.execute(
                "INSERT INTO analytics.connections"
                " (workspace_id, vendor, external_id, name, currency, timezone, settings)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING connection_id",
                [
                    ids[account.workspace.index], account.platform, account.account_id,
                    account.name, account.currency, account.timezone,
                    Jsonb({"base_url": url, "requests_per_second": "0"}),
                ],
            ).fetchall()  # fmt: skip
            app = {"client_id": "app", "client_secret": "secret"}
            key = DEFAULT_KEYS[account.platform]
            tokens.save(row[0][0], Credentials(access_token=key, refresh_token=key, extra=app))


def _beside(own: float, peers: dict[str, Measured]) -> Measured:
    found: Measured = {}
    for flavour, done in peers.items():
        found |= {
            f"seconds_{flavour}": round(done["seconds"], 2),
            f"rows_{flavour}": done["rows"],
            f"ratio_{flavour}": round(done["seconds"] / own, 2),
            "version": done["version"],
        }
    return found


def _shown(turns: list[Measured]) -> Measured:
    def middle(program: str, figure: str) -> float:
        return median(turn[program][figure] for turn in turns)

    ratios = [turn["sync"]["seconds"] / turn["floor"]["seconds"] for turn in turns]
    worked = [turn["sync"]["cpu_seconds"] / turn["floor"]["cpu_seconds"] for turn in turns]
    return {
        "seconds": round(middle("sync", "seconds"), 2),
        "seconds_floor": round(middle("floor", "seconds"), 2),
        "rows": turns[0]["floor"]["result"]["rows"],
        "ratio_floor": round(median(ratios), 2),
        "ratio_floor_cpu": round(median(worked), 2),
        "rss_mb": round((middle("sync", "peak_kib") - middle("idle", "peak_kib")) / 1024, 1),
    }


@contextmanager
def _listed(asked: list[Any]) -> Iterator[str]:
    with NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(asked, file)
        file.flush()
        yield file.name


def _run(program: str, settings: Measured) -> Measured:
    return _call([sys.executable, "-m", "benchmarks.analytics_ingest_worker", program], settings)


def _call(command: list[str], settings: Measured) -> Measured:
    done = subprocess.run(
        command, input=json.dumps(settings), text=True, stdout=subprocess.PIPE, check=True,
        cwd=Path(REPOSITORY),
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])
