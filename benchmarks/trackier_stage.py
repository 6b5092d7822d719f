"""Where the Trackier benchmark happens: databases, bucket, vendor, and the measured processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import psycopg

from benchmarks.trackier_floor import TABLE
from sandbox.vendors.control import REPOSITORY, VendorSandbox
from vendor_sync.trackier.settings import TrackierSettings

Measured = dict[str, Any]
SETTINGS = TrackierSettings()
PEER_DATABASE = "benchmark_peer"
PEER_PYTHON = REPOSITORY / ".sandbox" / "bench" / "venv" / "bin" / "python"
_WRITTEN = """
SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)
FROM pg_stat_user_tables
WHERE schemaname = 'affiliate' AND relname IN ('offers', 'brands')
"""


class Stage:
    """The embedded servers of this benchmark, emptied between runs."""

    def __init__(self) -> None:
        self.dsn = os.environ["WAREHOUSE_DSN"]
        self.peer_dsn = urlsplit(self.dsn)._replace(path=f"/{PEER_DATABASE}").geturl()
        self._key = json.loads(os.environ["VENDOR_SANDBOX_KEYS"])["trackier"]
        self._db = psycopg.connect(self.dsn, autocommit=True)
        self._bucket = boto3.resource("s3", endpoint_url=os.environ["S3_ENDPOINT_URL"]).Bucket(
            os.environ["AUDIT_BUCKET"]
        )

    def empty(self) -> None:
        """Empty every table and the archive; the servers have nothing left to catch up with."""
        tables = self._db.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname IN ('ops', 'affiliate')"
        ).fetchall()
        names = ", ".join(row[0] for row in tables)
        self._db.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE".encode())
        self._db.execute("DROP TABLE IF EXISTS benchmark_floor")
        self._db.execute(TABLE)
        self._bucket.objects.all().delete()
        self._db.execute("CHECKPOINT")

    def tuples_written(self) -> int:
        """Return how many rows of offers and brands were ever written."""
        return int(self._one(_WRITTEN))

    def transactions(self) -> int:
        """Return how many transactions the warehouse has committed."""
        return self._one(
            "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
        )

    def server_version(self) -> str:
        """Return PostgreSQL's version."""
        return self._one("SHOW server_version").split()[0]

    @contextmanager
    def statements_logged(self) -> Iterator[list[str]]:
        """Have the server log the statements of new connections; yield what it logged, at the end.

        One word a statement: its first.
        """
        log = Path(os.environ["BENCH_HOME"]) / "log" / "postgres.log"
        start, words = log.stat().st_size, list[str]()
        self._db.execute("ALTER DATABASE warehouse SET log_statement = 'all'")
        try:
            yield words
        finally:
            self._db.execute("ALTER DATABASE warehouse RESET log_statement")
            with log.open("rb") as lines:
                lines.seek(start)
                words += [word for line in lines if (word := _statement(line.decode()))]

    def sync(self, vendor: VendorSandbox, **extra: float) -> Measured:
        """Run the product once; `extra` are settings of its connection."""
        connection = {
            "conn_type": "http",
            "host": vendor.vendor_url("trackier"),
            "password": self._key,
            "extra": {"requests_per_second": 0, **extra},
        }
        environ = {"AIRFLOW_CONN_TRACKIER_DEFAULT": json.dumps(connection)}
        return _run([sys.executable, "-m", "benchmarks.trackier_worker", "sync"], {}, environ)

    def idle(self) -> Measured:
        """Run a process that only imports what the product's process imports."""
        return _run([sys.executable, "-m", "benchmarks.trackier_worker", "idle"], {}, {})

    def floor(self, vendor: VendorSandbox, *, lean: bool = False) -> Measured:
        """Run the least that a sync must do."""
        settings = {**self._settings(vendor), "lean": lean}
        return _run([sys.executable, "-m", "benchmarks.trackier_worker", "floor"], settings, {})

    def peer(self, vendor: VendorSandbox, *, declared: bool = False) -> Measured:
        """Run the same job with dlt, into an empty database."""
        self._db.execute(f"DROP DATABASE IF EXISTS {PEER_DATABASE} WITH (FORCE)".encode())
        self._db.execute(f"CREATE DATABASE {PEER_DATABASE}".encode())
        command = [str(PEER_PYTHON), "-m", "benchmarks.trackier_dlt"]
        return _run(command, {**self._settings(vendor), "declared": declared}, {})

    def _settings(self, vendor: VendorSandbox) -> dict[str, Any]:
        return {
            "url": vendor.vendor_url("trackier"),
            "key": self._key,
            "dsn": self.dsn,
            "peer_dsn": self.peer_dsn,
            "group_size": SETTINGS.group_size,
            "concurrency": SETTINGS.concurrency,
            "brands": self._brands(),
        }

    def _brands(self) -> list[str]:
        """Return the brands in the order in which the product has just asked for their offers."""
        rows = self._db.execute(
            "SELECT trackier_advertiser_id FROM affiliate.brands ORDER BY brand_id"
        ).fetchall()
        return [row[0] for row in rows]

    def _one(self, query: str) -> Any:  # noqa: ANN401 - the query's type
        row = self._db.execute(query.encode()).fetchone()
        return row[0] if row else None


def _statement(line: str) -> str | None:
    """Return the first word of a logged statement; comments come before it in our files."""
    for mark in ("LOG:  statement: ", "LOG:  execute "):
        _, found, text = line.partition(mark)
        if found:
            text = text if mark.endswith("statement: ") else text.partition(": ")[2]
            return text.split()[0].upper() if text.split() else None
    return None


def _run(command: list[str], settings: dict[str, Any], environ: dict[str, str]) -> Measured:
    done = subprocess.run(
        command,
        input=json.dumps(settings),
        text=True,
        stdout=subprocess.PIPE,
        check=True,
        cwd=REPOSITORY,
        env={**os.environ, **environ},
    )
    return json.loads(done.stdout.splitlines()[-1])
