"""Promotions of head office's tables, compiled and synced, judged by the edge's own command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from edge_grpc.client.outbox import Outbox
from edge_grpc.v1 import types_pb2 as types
from edge_grpc.v1 import usage_pb2 as usage

pytestmark = pytest.mark.integration


def quoted(edge_path, tmp_path, cart, *arguments):
    file = tmp_path / "cart.json"
    file.write_text(cart if isinstance(cart, str) else json.dumps(cart))
    return subprocess.run(
        [sys.executable, "-m", "edge_grpc.client", "quote", file, *arguments],
        env=os.environ | {"EDGE_CLIENT_DATABASE": str(edge_path), "COLUMNS": "160"},
        capture_output=True,
        text=True,
        check=False,
    )


def use(edge, promotion, customer, reverses=""):
    record = usage.UsageRecord(
        promotion_id=promotion,
        bill_id="B1",
        customer_id=customer,
        reverses_usage_id=reverses,
        discount_amount=types.Money(currency_code="IDR", units=1),
    )
    record.used_at.FromDatetime(datetime.now(UTC))
    return Outbox(edge.conn).add(record)


async def test_cart_is_judged_by_what_was_compiled(office, shop, edge, tmp_path):
    category = office.add_category(shop)
    below = office.add_category(shop, parent_id=category)
    tea = office.add_product(shop, category_id=below, base_price="10.00")
    office.add_product(shop, base_price="4.00", sku="CAKE")
    office.run("INSERT INTO edge.store_products VALUES (%s, %s, 9, true)", shop.store_id, tea)
    half = office.add_promotion(
        shop, code="HALF", apply_to="category", is_stackable=True, discount_percent=50
    )
    office.run(
        "INSERT INTO edge.promotion_targets (promotion_id, target_role, category_id)"
        " VALUES (%s, 'include', %s)",
        half,
        category,
    )
    once = office.add_promotion(
        shop,
        code="ONCE",
        promo_type="amount_discount",
        discount_percent=None,
        discount_amount=1,
        max_uses_per_customer=1,
        execution_priority=501,
        is_stackable=True,
    )
    await edge.syncer.sync()
    cart = {
        "customer": {"id": "C1"},
        "lines": [
            {"id": "1", "product_id": tea, "quantity": 1},
            {"id": "2", "sku": "CAKE", "quantity": 2},
        ],
    }

    def promotions():
        done = quoted(edge.path, tmp_path, cart, "--json")
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout)
        return result["total"], {one["code"]: one["reason"] for one in result["promotions"]}

    # 9.00 of the store, half off by a category above the product's, 8.00, and 1.00 off in all.
    assert promotions() == ("11.50", {"HALF": "APPLIED", "ONCE": "APPLIED"})
    used = use(edge, once, "C1")
    assert promotions() == ("12.50", {"HALF": "APPLIED", "ONCE": "MAX_USES_PER_CUSTOMER"})
    use(edge, once, "C1", reverses=used)  # a void gives the use back
    assert promotions() == ("11.50", {"HALF": "APPLIED", "ONCE": "APPLIED"})

    table = quoted(edge.path, tmp_path, cart).stdout
    for word in ("HALF", "ONCE", "11.50", "5.50", "applied"):
        assert word in table


async def test_bad_cart_and_empty_edge_are_told(shop, office, edge, tmp_path):
    empty = quoted(edge.path, tmp_path, {"lines": [{"id": "1", "sku": "x", "quantity": 1}]})
    office.add_product(shop)
    await edge.syncer.sync()
    unknown = quoted(edge.path, tmp_path, {"lines": [{"id": "1", "sku": "x", "quantity": 1}]})
    broken = quoted(edge.path, tmp_path, "{")

    assert (empty.returncode, unknown.returncode, broken.returncode) == (66, 65, 65)
    assert "python -m edge_grpc.client sync" in empty.stderr
    assert "lines[0]: the store holds no product x" in unknown.stderr
    assert "not JSON" in broken.stderr
