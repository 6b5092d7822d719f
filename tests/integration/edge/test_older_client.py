"""An edge of an older release against this server: stores are not updated in one night.

The older edge is the archive in tests/e2e/older_client: its own package and generated code, run as
its own process. Nothing of this tree's `edge_grpc` is on its path.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
import tarfile
from contextlib import closing

import pytest

from edge_grpc.client.store import EdgeStore, open_database
from edge_grpc.client.sync import Syncer
from sandbox.home import REPOSITORY
from tests.integration.edge.held import rows_by_table

pytestmark = pytest.mark.integration
ARCHIVE = REPOSITORY / "tests" / "e2e" / "older_client" / "edge_grpc-14abac2.tar.gz"


class OlderEdge:
    """The older edge's command, with a database of its own."""

    def __init__(self, folder, database, server, shop):
        self._folder = folder
        self._env = {
            **os.environ,
            "PYTHONPATH": str(folder),
            "EDGE_CLIENT_TARGET": f"127.0.0.1:{server.port}",
            "EDGE_CLIENT_CLIENT_ID": shop.client_id,
            "EDGE_CLIENT_CLIENT_SECRET": shop.client_secret,
            "EDGE_CLIENT_DATABASE": str(database),
            "EDGE_CLIENT_INSECURE": "1",
        }
        self.database = database

    async def start(self, *arguments):
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *arguments),
            env=self._env,
            cwd=self._folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def command(self, *arguments):
        """Run a command of the edge; return exit code, output and errors."""
        process = await self.start("edge_grpc.client", *arguments)
        out, err = await process.communicate()
        return process.returncode, out.decode(), err.decode()

    async def sync(self):
        code, out, err = await self.command("sync", "--json")
        assert code == 0, err
        return json.loads(out)

    def contents(self):
        with closing(sqlite3.connect(self.database)) as conn:
            return rows_by_table(conn)


@pytest.fixture
def older(server, shop, tmp_path):
    folder = tmp_path / "older"
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return OlderEdge(folder, tmp_path / "older.sqlite", server, shop)


def fill(office, shop):
    """Write a record of every kind, and a promotion of every type that plain columns make."""
    category = office.add_category(shop)
    office.run(
        "INSERT INTO edge.products (company_id, brand_id, category_id, sku, name, base_price)"
        " SELECT %s, %s, %s, n::text, 'Product ' || n, n FROM generate_series(1, 1200) AS n",
        shop.company_id,
        shop.brand_id,
        category,
    )
    product = office.value("SELECT product_id FROM edge.products WHERE sku = '1'")
    amount = {"discount_percent": None, "discount_amount": 2}
    trigger = {"trigger_product_id": product, "trigger_quantity": 1, "benefit_product_id": product}
    for promo_type, columns in {
        "percent_discount": {},
        "amount_discount": amount,
        "buy_x_get_y": {"buy_quantity": 2, "get_quantity": 1},
        "free_item": {**trigger, "benefit_quantity": 1},
        "happy_hour": {"starts_at_time": "22:00", "ends_at_time": "02:00"},
        "cashback": amount,
        "payment_discount": {"payment_methods": ["card"]},
        "mix_match": {"mix_category_id": category, "required_quantity": 3, "special_price": 9},
        "upsell": {**trigger, "special_price": 1},
    }.items():
        office.add_promotion(shop, promo_type=promo_type, **columns)
    return category


async def test_archive_is_another_edge_than_this_one(older):
    process = await older.start("edge_grpc.client.quote")
    _, err = await process.communicate()

    assert process.returncode == 1
    assert b"No module named edge_grpc.client.quote" in err


async def test_older_edge_holds_what_this_ones_does(office, shop, session, older, tmp_path):
    fill(office, shop)
    first = await older.sync()
    office.run("DELETE FROM edge.products WHERE sku LIKE '%%7'")
    office.run("UPDATE edge.products SET base_price = 1 WHERE sku LIKE '%%3'")
    office.run("UPDATE edge.promotions SET is_active = false WHERE promo_type = 'upsell'")
    second = await older.sync()

    with closing(open_database(tmp_path / "this.sqlite")) as conn:
        await Syncer(session, EdgeStore(conn)).sync()
        held = rows_by_table(conn)
    assert (first["mode"], first["records"]) == ("snapshot", 1210)
    assert (second["mode"], second["records"], second["removals"]) == ("changes", 120, 121)
    assert first["restarts"] == second["restarts"] == 0
    assert older.contents() == held


async def test_older_edge_hears_of_changes_and_uploads(office, shop, older):
    fill(office, shop)
    await older.sync()
    promotion = office.value(
        "SELECT promotion_id::text FROM edge.promotions WHERE promo_type = 'cashback'"
    )
    watcher = await older.start("edge_grpc.client", "watch")
    assert watcher.stdout
    try:
        async with asyncio.timeout(60):
            known = await watcher.stdout.readline()
            office.run("UPDATE edge.products SET name = 'New' WHERE sku = '9'")
            told = await watcher.stdout.readline()
    finally:
        watcher.terminate()
        await watcher.communicate()
    where = ("--brand", shop.brand_id, "--store", shop.store_id)
    added = await older.command("usage", "add", promotion, "B001", "12.50", *where)
    uploads = [await older.command("usage", "upload") for _ in range(2)]

    version_of = [int(line.rsplit(maxsplit=1)[-1]) for line in (known, told)]
    assert version_of[1] == version_of[0] + 1
    assert added[0] == 0, added[2]
    assert [code for code, *_ in uploads] == [0, 0]
    assert '"synced": 1' in uploads[1][1]
    rows = office.rows("SELECT usage_id::text, discount_amount::text FROM edge.promotion_usages")
    assert rows == [(added[1].strip(), "12.5000")]
