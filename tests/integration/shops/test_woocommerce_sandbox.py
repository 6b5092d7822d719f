"""What the sandbox's WooCommerce refuses and how it pages, as a real site does."""

from __future__ import annotations

import pytest
import requests

from tests.integration.shops.woocommerce_store import KEY, SECRET, STORE, make_shop

pytestmark = pytest.mark.integration


@pytest.fixture
def shop(open_shop, vendors):
    return make_shop(open_shop, vendors)


@pytest.fixture
def ask(shop, vendors):  # noqa: ARG001 - shop makes the site anew
    def get(path="/wp-json/wc/v3/orders", auth=(KEY, SECRET), **params):
        url = vendors.vendor_url("woocommerce") + f"/{STORE}{path}"
        return requests.get(url, params=params, auth=auth, timeout=5)

    return get


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({"per_page": 101}, 400, "rest_invalid_param"),
        ({"modified_after": "yesterday"}, 400, "rest_invalid_param"),
        ({"path": "/wp-json/wc/v3/nonsense"}, 404, "rest_no_route"),
        ({"path": "/wp-json/wc/v3/orders/1"}, 404, "woocommerce_rest_shop_order_invalid_id"),
        ({"auth": (KEY, "wrong")}, 401, "woocommerce_rest_cannot_view"),
    ],
)
def test_sandbox_refuses_with_a_status_and_a_code(ask, params, status, code):
    reply = ask(**params)

    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert reply.json()["data"]["status"] == status


def test_sandbox_reads_a_bound_with_a_zone_as_site_time_even_against_gmt(ask, shop):
    shop.place(created_at="2026-06-22T10:00:00Z")

    def found(bound, **params):
        return len(ask(modified_after=bound, **params).json())

    assert found("2026-06-22T09:59:59", dates_are_gmt="true") == 1
    assert found("2026-06-22T10:00:00", dates_are_gmt="true") == 0  # exclusive
    assert found("2026-06-22T09:59:59Z", dates_are_gmt="true") == 0  # became 12:59:59
    assert found("2026-06-22T12:59:59") == 1
    assert found("2026-06-22T09:59:59Z") == 1


def test_sandbox_pages_with_totals_and_links(ask, shop):
    for _ in range(5):
        shop.place()

    page, beyond = ask(per_page=2, page=2), ask(per_page=2, page=9)

    assert (page.headers["X-WP-Total"], page.headers["X-WP-TotalPages"]) == ("5", "3")
    assert 'rel="prev"' in page.headers["Link"]
    assert 'rel="next"' in page.headers["Link"]
    assert (beyond.status_code, beyond.json()) == (200, [])
