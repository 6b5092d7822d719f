"""What the sandbox's Shopify refuses, denies and charges, as the real one does."""

from __future__ import annotations

import pytest
import requests

from sandbox.vendors.control import DEFAULT_KEYS
from tests.integration.shops.shopify_store import STORE, make_shop

pytestmark = pytest.mark.integration
FIVE_POINTS = "attribution { handle } a: refunds { id } b: refunds { id } c: refunds { id }"
TOO_DEAR = f"{{ orders(first: 250) {{ nodes {{ {FIVE_POINTS} }} }} }}"


@pytest.fixture
def shop(open_shop, vendors):
    return make_shop(open_shop, vendors)


@pytest.fixture
def ask(shop, vendors):  # noqa: ARG001 - shop makes the store anew
    def query(text, version="2026-07", token=DEFAULT_KEYS["shopify"], **variables):
        return requests.post(
            f"{vendors.vendor_url('shopify')}/{STORE}/admin/api/{version}/graphql.json",
            json={"query": text, "variables": variables},
            headers={"X-Shopify-Access-Token": token},
            timeout=5,
        )

    return query


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ shop { ", "PARSE_ERROR"),
        ("{ shop }", "selectionMismatch"),
        ("{ shop { nonsense } }", "undefinedField"),
        ("query($n: Int!) { orders(first: $n) { nodes { id } } }", "INVALID_VARIABLE"),
        ("{ orders(first: 251) { nodes { id } } }", "INVALID_FIELD_ARGUMENTS"),
        (TOO_DEAR, "MAX_COST_EXCEEDED"),
    ],
)  # fmt: skip
def test_sandbox_refuses_with_200_and_a_code(ask, query, code):
    reply = ask(query)

    assert reply.status_code == 200
    assert reply.json()["errors"][0]["extensions"]["code"] == code


def test_sandbox_has_fields_only_in_the_versions_that_have_them(ask):
    query = "{ orders(first: 1) { nodes { cartToken refunds { processedAt } } } }"

    assert "errors" not in ask(query, "2026-07").json()
    assert "cartToken" in ask(query, "2026-04").json()["errors"][0]["message"]
    assert len(ask(query, "2025-10").json()["errors"]) == 2


def test_sandbox_reads_a_time_without_zone_as_the_shops_and_overlooks_an_offset(ask, shop):
    shop.place(created_at="2026-06-22T10:00:00Z")

    def count(condition):
        query = "query($q: String) { ordersCount(query: $q) { count } }"
        return ask(query, q=condition).json()["data"]["ordersCount"]["count"]

    assert count("created_at:>='2026-06-22T10:00:00Z'") == 1
    assert count("created_at:>='2026-06-22T13:00:00'") == 1
    assert count("created_at:>='2026-06-22T13:00:01'") == 0
    assert count("created_at:>='2026-06-22T13:00:00+03:00'") == 0


def test_sandbox_denies_personal_fields_with_partial_data(ask, shop):
    shop.place()

    reply = ask("{ orders(first: 1) { nodes { id email } } }").json()

    assert reply["data"]["orders"]["nodes"][0]["email"] is None
    assert reply["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"


def test_sandbox_gives_back_the_points_that_a_query_did_not_need(ask, shop):
    shop.place()
    cost = ask(
        "{ orders(first: 100) { nodes { id shopMoney: totalPriceSet { shopMoney { amount } } } } }"
    )

    spent = cost.json()["extensions"]["cost"]

    assert (spent["requestedQueryCost"], spent["actualQueryCost"]) == (300, 3)
    assert spent["throttleStatus"]["currentlyAvailable"] >= 1997
