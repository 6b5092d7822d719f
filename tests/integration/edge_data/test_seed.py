"""Made-up head offices: the same for the same seed, and all of it compiles."""

from __future__ import annotations

import datetime as dt
import time

import pytest

from edge_grpc import selector
from edge_grpc.compile_store import publish
from edge_grpc.seed import Size, seed_head_offices
from edge_grpc.selector import Filters
from edge_grpc.v1.promotion_pb2 import Promotion

pytestmark = pytest.mark.integration
TODAY = dt.date(2026, 5, 10)


async def test_all_twelve_types_compile_and_reach_a_store(conn):
    (company,) = await seed_head_offices(conn, Size(promotions=240), seed=1, today=TODAY)
    await conn.execute(
        "UPDATE edge.promotion_sync_settings SET sync_strategy = 'all_active'"
        " WHERE company_id = $1", company,
    )  # fmt: skip
    await publish(conn, company)
    store = await conn.fetchval("SELECT store_id FROM edge.stores WHERE company_id = $1", company)
    scope = await selector.load_scope(conn, company, store)
    now = dt.datetime(2026, 5, 10, tzinfo=dt.UTC)
    records = await selector.list_promotions(conn, scope, Filters(), as_of=now, page=1000)

    errors = await conn.fetch(
        "SELECT reason FROM edge.promotion_compile_errors WHERE company_id = $1", company
    )
    types = {Promotion.FromString(record.body).WhichOneof("rule") for record in records}
    assert errors == []
    assert len(types) == 12


async def test_a_seed_makes_the_same_rows(conn):
    digest = (
        "SELECT md5(string_agg(p::text, '' ORDER BY product_id)) FROM edge.products AS p"
        " WHERE company_id = $1"
    )
    digests = []
    for _ in range(2):
        (company,) = await seed_head_offices(conn, Size(products=500), seed=2, today=TODAY)
        digests.append(await conn.fetchval(digest, company))
        await conn.execute("DELETE FROM edge.companies WHERE company_id = $1", company)

    assert digests[0] == digests[1] is not None


@pytest.mark.soak
async def test_a_million_products_are_written_and_published(conn):
    size = Size(products=1_000_000, priced_share=0.01)
    began = time.monotonic()
    (company,) = await seed_head_offices(conn, size, seed=3, today=TODAY)
    written = time.monotonic()
    await publish(conn, company)
    published = time.monotonic()

    count = await conn.fetchval(
        "SELECT count(*) FROM edge.product_records WHERE company_id = $1", company
    )
    print(f"written {written - began:.1f} s, published {published - written:.1f} s")  # noqa: T201
    assert count == 1_000_000
