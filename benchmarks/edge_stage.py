"""Where the edge benchmark happens: a seeded database, server processes, tokens and their costs."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import asyncpg
import psycopg
from psycopg import sql

from edge_grpc import compile_store, keys, seed
from edge_grpc.tokens import KeyFile, Tokens
from sandbox.vendors.control import REPOSITORY
from vendor_sync.connections import connection_from_environment
from vendor_sync.migrations import migrate

OVERLAID = {"few": 10, "many": 100}  # of a thousand
PEER_PYTHON = REPOSITORY / ".sandbox" / "bench" / "edge-venv" / "bin" / "python"
_TICK = os.sysconf("SC_CLK_TCK")
_ISSUER, _AUDIENCE = "edge-grpc", "edge-sync"


@dataclass(frozen=True, slots=True)
class Store:
    """A store and a token that opens it."""

    company_id: str
    store_id: str
    client_id: str
    token: str

    @property
    def tenant(self) -> dict[str, str]:
        return {"company_id": self.company_id, "store_id": self.store_id}

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self.token}"),)


class Process:
    """A measured process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        assert process.stdout  # noqa: S101 - it was asked for
        self.said: dict[str, Any] = json.loads(process.stdout.readline())

    def cpu_seconds(self) -> float:
        """Return the processor time that the process has used."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    def rss_kib(self) -> int:
        """Return what the process has in memory now."""
        lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


class Stage:
    """A head office of so many products, kept for the next run, and servers that serve it."""

    def __init__(self, products: int, *, times: int = 1) -> None:
        admin = connection_from_environment("warehouse_owner")
        if admin is None:
            raise SystemExit("run it with `make bench-edge`")  # noqa: EM101, TRY003
        self._admin = admin
        self.products = products
        self.rows = products * times
        self.name = f"edge_bench_{self.rows}" if times == 1 else f"edge_bench_{products}_{times}"
        self._times = times
        self.folder = Path(os.environ["BENCH_HOME"]) / "edge"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.keys_file = self.folder / "keys.json"
        if not self.keys_file.exists():
            keys.rotate(self.keys_file)
        self.dsn = urlsplit(os.environ["WAREHOUSE_DSN"])._replace(path=f"/{self.name}").geturl()
        self.company = self.small = ""

    def prepare(self, say: Any) -> None:  # noqa: ANN401 - prints
        """Make the database when it is not there, and compile whatever is marked."""
        with psycopg.connect(os.environ["WAREHOUSE_DSN"], autocommit=True) as conn:
            found = conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", (self.name,))
            if found.fetchone() is None:
                say(f"making {self.rows:,} products")
                model = "template1" if self._times == 1 else f"edge_bench_{self.products}"
                query = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
                conn.execute(query.format(sql.Identifier(self.name), sql.Identifier(model)))
        migrate(replace(self._admin, schema=self.name))
        asyncio.run(self._fill(say))

    async def _fill(self, say: Any) -> None:  # noqa: ANN401
        conn = await asyncpg.connect(self.dsn)
        if not await conn.fetchval("SELECT count(*) FROM edge.companies"):
            size = seed.Size(products=self.products, stores=2, priced_share=0, promotions=100)
            today = dt.datetime.now(dt.UTC).date()
            (company,) = await seed.seed_head_offices(conn, size, seed=1, today=today)
            for share, code in ((OVERLAID["few"], "S0"), (OVERLAID["many"], "S1")):
                await conn.execute(_OVERLAYS, company, code, share, timeout=600)
            await conn.execute(_ALL_BRANDS, timeout=600)
            size = seed.Size(brands=1, stores=1, categories=100, products=500, promotions=100)
            await seed.seed_head_offices(conn, size, seed=2, today=today)
            await conn.execute(_ALL_PROMOTIONS)
            await conn.execute("VACUUM ANALYZE", timeout=600)
            say("compiling them")
        ids = "SELECT company_id FROM edge.companies WHERE code = $1"
        self.company = str(await conn.fetchval(ids, "S1-0"))
        self.small = str(await conn.fetchval(ids, "S2-0"))
        for company in (self.company, self.small):
            await compile_store.publish(conn, uuid.UUID(company))
        missing = self._times - await conn.fetchval(_COUNT, self.company) // self.products
        await conn.execute("SET session_replication_role = replica")  # nobody counts them
        for _ in range(missing):
            await conn.execute(_MORE, self.company, self.products, timeout=None)
            say("as many products more, as compiled")
        await conn.execute("VACUUM ANALYZE", timeout=600)
        await conn.execute("CHECKPOINT")
        await conn.close()

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.dsn, autocommit=True)

    def stores(self, count: int, *, code: str = "S0", company: str = "") -> list[Store]:
        """Return a store and further ones like it, without its prices; each with a client."""
        ring = KeyFile(self.keys_file).ring
        lifetime = dt.timedelta(hours=12)
        tokens = Tokens(ring, issuer=_ISSUER, audience=_AUDIENCE, lifetime=lifetime)
        with self.connect() as conn:
            found = conn.execute(_CLIENTS, (company or self.company, code, count)).fetchall()
        return [
            Store(
                str(company),
                str(store),
                str(client),
                tokens.issue(
                    client, company, store, scopes=["sync", "usage"], generation=generation
                )[0],
            )
            for client, company, store, generation in found
        ]

    @contextmanager
    def server(self, **settings: object) -> Iterator[Process]:
        """Run the product and its ceiling in one process."""
        environment = {
            "EDGE_GRPC_DSN": self.dsn,
            "EDGE_GRPC_KEYS_FILE": str(self.keys_file),
            "EDGE_GRPC_LISTEN": "127.0.0.1:0",
            "EDGE_GRPC_INSECURE": "1",
            "EDGE_GRPC_DRAIN_SECONDS": "1",
            "EDGE_BENCH_COMPANY": self.company,
            **{f"EDGE_GRPC_{name.upper()}": str(value) for name, value in settings.items()},
        }
        command = [sys.executable, "-m", "benchmarks.edge_server"]
        # A line a call is part of what a call costs.
        with (
            (self.folder / "server.log").open("w") as log,
            _running(command, environment, stderr=log) as process,
        ):
            yield process

    @contextmanager
    def peer(self) -> Iterator[Process]:
        """Run the JSON peer."""
        command = [str(PEER_PYTHON), str(REPOSITORY / "benchmarks" / "edge_rest.py")]
        with _running(command, {"EDGE_GRPC_DSN": self.dsn}) as process:
            yield process


@contextmanager
def _running(
    command: list[str], environment: dict[str, str], stderr: IO[str] | None = None
) -> Iterator[Process]:
    environment = os.environ | environment
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=stderr, text=True, env=environment, cwd=REPOSITORY
    ) as process:
        try:
            yield Process(process)
        finally:
            process.terminate()
            process.wait(30)


_OVERLAYS = """
INSERT INTO edge.store_products (store_id, product_id, price)
SELECT s.store_id, p.product_id, p.base_price + 1
FROM edge.products AS p
INNER JOIN edge.stores AS s ON p.company_id = s.company_id AND s.code = $2
WHERE p.company_id = $1 AND abs(hashtext(p.product_id::text)) % 1000 < $3::int
"""
_ALL_BRANDS = """
INSERT INTO edge.store_brands SELECT s.store_id, b.brand_id
FROM edge.stores AS s INNER JOIN edge.brands AS b ON s.company_id = b.company_id
ON CONFLICT DO NOTHING
"""
_ALL_PROMOTIONS = """
UPDATE edge.promotion_sync_settings AS s SET sync_strategy = 'all_active', include_inactive = true
FROM edge.companies AS c WHERE s.company_id = c.company_id AND c.code = 'S2-0'
"""
# Records alone: to compile millions of products would take long, and a delta does not look at them.
_COUNT = "SELECT count(*) FROM edge.product_records WHERE company_id = $1"
_MORE = """
INSERT INTO edge.product_records (
    company_id, product_id, version, is_removed, is_active, brand_id, body
)
SELECT company_id, gen_random_uuid(), version, false, true, brand_id, body
FROM (SELECT * FROM edge.product_records WHERE company_id = $1 LIMIT $2) AS r
"""
# A limit of calls is per store: each client beyond the first has a store of its own.
_CLIENTS = """
WITH model AS (
    SELECT store_id, company_id, timezone FROM edge.stores WHERE company_id = %s AND code = %s
),
wanted AS (SELECT generate_series(1, %s) AS number),
stores AS (
    INSERT INTO edge.stores (company_id, code, name, timezone)
    SELECT m.company_id, 'B' || gen_random_uuid(), 'Bench', m.timezone
    FROM model AS m CROSS JOIN wanted AS w WHERE w.number > 1
    RETURNING store_id, company_id
),
brands AS (
    INSERT INTO edge.store_brands (store_id, brand_id)
    SELECT s.store_id, b.brand_id
    FROM stores AS s CROSS JOIN model AS m
    INNER JOIN edge.store_brands AS b ON m.store_id = b.store_id
),
all_stores AS (
    SELECT store_id, company_id FROM model UNION ALL SELECT store_id, company_id FROM stores
)
INSERT INTO edge.edge_clients (company_id, store_id, name, secret_hash, scopes)
SELECT company_id, store_id, 'bench', 'none', '{sync,usage}' FROM all_stores
RETURNING client_id, company_id, store_id, generation
"""
