"""The demo's edge part: a store syncs, hears of a change, outlives a restart, uploads usages."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import psycopg
from rich.console import Console
from rich.table import Table

from edge_grpc.seed import Size, seed_head_offices
from sandbox import stack
from sandbox.demo.airflow_api import DemoError
from sandbox.home import REPOSITORY, Home

_SEED = 2026
_SIZE = Size(brands=2, stores=3, categories=60, products=2_000, promotions=120)
_USAGES = 3
_WAIT_SECONDS = 60


class EdgeDemo:
    """Plays one store's edge server, with the reference client."""

    def __init__(self, home: Home, dsn: str, console: Console) -> None:
        self._home = home
        self._dsn = dsn
        self._console = console
        self._database = home.root / "demo-edge.sqlite"
        self._env = dict(os.environ)

    def run(self) -> None:
        """Print what the store got and gave."""
        self._console.print("[bold]A store's edge server[/bold]")
        with psycopg.connect(self._dsn, autocommit=True) as conn:
            company = self._company(conn)
            store = self._one(
                conn, "SELECT store_id FROM edge.stores WHERE company_id = %s", company
            )
            self._sign_up(store)
            rows = {"first sync": self._sync()}
            lag = self._hear_of_a_change(conn, store)
            rows[f"a price changed (pushed after {lag:.2f} s)"] = self._sync()
            self._kill_server()
            rows["after kill -9 of the server"] = self._sync()
            bill = self._quote(conn, store)
            verdicts = self._upload(conn, company, store)
        self._console.print(_table(rows))
        self._console.print(bill, soft_wrap=True)
        self._console.print(f"Usages uploaded: {verdicts}")

    def _company(self, conn: psycopg.Connection[Any]) -> object:
        found = conn.execute("SELECT company_id FROM edge.companies LIMIT 1").fetchone()
        return found[0] if found else asyncio.run(_seed(self._dsn))

    def _one(self, conn: psycopg.Connection[Any], query: str, *params: object) -> Any:  # noqa: ANN401
        row = conn.execute(query, params).fetchone()  # pyright: ignore[reportArgumentType, reportCallIssue]
        if row is None:
            message = f"The edge's tables hold nothing for: {query}"
            raise DemoError(message)
        return row[0]

    def _sign_up(self, store: object) -> None:
        client = json.loads(self._command("edge_grpc", "clients", "add", str(store)))
        self._database.unlink(missing_ok=True)
        self._env |= {
            "EDGE_CLIENT_CLIENT_ID": client["client_id"],
            "EDGE_CLIENT_CLIENT_SECRET": client["client_secret"],
            "EDGE_CLIENT_DATABASE": str(self._database),
        }

    def _sync(self) -> dict[str, Any]:
        began = time.monotonic()
        result = json.loads(self._command("edge_grpc.client", "sync", "--json"))
        result["seconds"] = f"{time.monotonic() - began:.1f}"
        words = (f"{name} {value}" for name, value in result.items() if name != "restarts")
        self._console.print("  " + ", ".join(words))
        return result

    def _hear_of_a_change(self, conn: psycopg.Connection[Any], store: object) -> float:
        """Change a price while the store watches; return the seconds until it was told."""
        command = [sys.executable, "-m", "edge_grpc.client", "watch"]
        watcher = subprocess.Popen(
            command, env=self._env, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
        )
        signal.signal(signal.SIGALRM, _too_late)
        signal.alarm(_WAIT_SECONDS)
        try:
            lines = iter(watcher.stdout or ())
            known = _version(next(lines))  # the one that is there already
            began = time.monotonic()
            conn.execute(
                "UPDATE edge.products SET base_price = base_price + 1 WHERE product_id ="
                " (SELECT product_id FROM edge.products"
                " JOIN edge.store_brands USING (brand_id) WHERE store_id = %s AND is_active"
                " ORDER BY sku LIMIT 1)",
                (store,),
            )
            while _version(next(lines)) <= known:
                continue
            return time.monotonic() - began
        except StopIteration:
            message = "The edge client stopped watching."
            raise DemoError(message) from None
        finally:
            signal.alarm(0)
            watcher.terminate()
            watcher.wait(timeout=10)
            if watcher.stdout:
                watcher.stdout.close()

    def _kill_server(self) -> None:
        """End the server as a power cut would; the stack starts it again."""
        before = stack.status(self._home)["parts"]["edge"]
        os.kill(before["pid"], signal.SIGKILL)
        deadline = time.monotonic() + _WAIT_SECONDS
        while time.monotonic() < deadline:
            now = stack.status(self._home)["parts"]["edge"]
            if now["stage"] in stack.READY and now["pid"] != before["pid"]:
                return
            time.sleep(0.2)
        message = "The edge server did not come back after it was killed."
        raise DemoError(message)

    def _quote(self, conn: psycopg.Connection[Any], store: object) -> str:
        """Have the edge judge a cart by what it holds; return the result in a line."""
        products = conn.execute(
            "SELECT sku FROM edge.products JOIN edge.store_brands USING (brand_id)"
            " WHERE store_id = %s AND is_active ORDER BY base_price DESC LIMIT 3",
            (store,),
        ).fetchall()
        lines = [
            {"id": str(number), "sku": sku, "quantity": number}
            for number, (sku,) in enumerate(products, start=1)
        ]
        cart = self._home.root / "demo-cart.json"
        cart.write_text(json.dumps({"channel": "dine_in", "lines": lines}))
        quote = json.loads(self._command("edge_grpc.client", "quote", str(cart), "--json"))
        outcomes = [one["outcome"] for one in quote["promotions"]]
        return (
            f"A cart judged offline: {quote['subtotal']} - {quote['discount']} ="
            f" {quote['total']} {quote['currency']}; of {len(outcomes)} promotions"
            f" {outcomes.count('applied')} applied, {outcomes.count('offered')} possible"
        )

    def _upload(self, conn: psycopg.Connection[Any], company: object, store: object) -> str:
        promotion = self._one(
            conn, "SELECT promotion_id FROM edge.promotions WHERE company_id = %s", company
        )
        brand = self._one(conn, "SELECT brand_id FROM edge.store_brands WHERE store_id = %s", store)
        for number in range(_USAGES):
            bill = f"B{datetime.now(UTC):%H%M%S}{number}"
            where = ("--brand", str(brand), "--store", str(store))
            self._command("edge_grpc.client", "usage", "add", str(promotion), bill, "12.50", *where)
        return self._command("edge_grpc.client", "usage", "upload").strip()

    def _command(self, module: str, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            env=self._env,
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=_WAIT_SECONDS,
            check=False,
        )
        if done.returncode:
            message = f"`{module} {arguments[0]}` ended with {done.returncode}: {done.stderr}"
            raise DemoError(message)
        return done.stdout


async def _seed(dsn: str) -> object:
    conn = await asyncpg.connect(dsn)
    try:
        today = datetime.now(UTC).date()
        return (await seed_head_offices(conn, _SIZE, seed=_SEED, today=today))[0]
    finally:
        await conn.close()


def _version(line: str) -> int:
    """Read the number that ends a line of the watching client."""
    return int(line.rsplit(maxsplit=1)[-1])


def _too_late(*_: object) -> None:
    message = f"The store heard of no change within {_WAIT_SECONDS} s."
    raise DemoError(message)


def _table(rows: dict[str, dict[str, Any]]) -> Table:
    names = ("version", "mode", "records", "removals", "bytes", "seconds")
    table = Table("Edge sync", *names)
    for title, result in rows.items():
        table.add_row(title, *(str(result[name]) for name in names))
    return table


def home_of_stack() -> Home:
    """Return the home of the stack whose settings this process has."""
    return Home(Path(os.environ["AIRFLOW_HOME"]).parent)
