from __future__ import annotations

import pytest

from edge_grpc.client.quote.bill import make_bill
from edge_grpc.client.quote.cart import CartError, cart_from, read_cart
from edge_grpc.v1.catalog_pb2 import Product
from edge_grpc.v1.types_pb2 import Money
from sandbox.home import REPOSITORY


def problems(text):
    with pytest.raises(CartError) as raised:
        read_cart(text)
    return raised.value.problems


def test_example_of_the_docs_can_be_read():
    cart = read_cart((REPOSITORY / "docs" / "edge" / "cart.json").read_bytes())

    assert [line.sku for line in cart.lines] == ["TEA-01", "CAKE-04"]
    assert str(cart.lines[1].unit_price) == "4.50"
    assert cart.at
    assert cart.at.utcoffset()


def test_everything_wrong_is_said_at_once_with_its_place():
    text = """{"at": "2026-11-21T12:30:00", "lines": [
        {"id": "1", "product_id": "a", "sku": "b", "quantity": 1},
        {"id": "2", "sku": "b", "quantity": 1.5},
        {"id": "3", "sku": "b", "quantity": 0, "unit_price": "-1"},
        {"id": "4", "sku": "b", "quantiti": 2}], "channels": "kiosk"}"""

    found = problems(text)

    for place, what in [
        ("at", "needs an offset"),
        ("lines[0]", "either product_id or sku"),
        ("lines[1].quantity", "integer"),
        ("lines[2].quantity", "greater than or equal to 1"),
        ("lines[2].unit_price", "greater than or equal to 0"),
        ("lines[3].quantity", "is missing"),
        ("lines[3].quantiti", "is not a field"),
        ("channels", "is not a field"),
    ]:
        assert any(problem.startswith(f"{place}: ") and what in problem for problem in found), place


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"lines": [{"id": "1", "sku": "b", "quantity": 1, "unit_price": NaN}]}', "not JSON"),
        ("[]", "dictionary"),
        ('{"lines": []}', "at least 1 item"),
        ('{"lines": [{"id": "1", "sku": "b", "quantity": 9999}]}', "less than or equal"),
        (
            '{"lines": [{"id": "1", "sku": "b", "quantity": 1}, {"id": "1", "sku": "b"}]}',
            "lines[1].quantity: is missing",
        ),
    ],
)
def test_bad_cart_is_refused_in_words(text, what):
    assert any(what in problem for problem in problems(text))


def test_lines_need_different_ids_and_one_payment_the_rest():
    lines = [{"id": "1", "sku": "b", "quantity": 1}] * 2
    with pytest.raises(CartError, match="repeated: 1"):
        cart_from({"lines": lines})
    with pytest.raises(CartError, match="only one payment"):
        cart_from({"lines": lines[:1], "payments": [{"method": "card"}, {"method": "cash"}]})


def test_price_with_a_fraction_is_read_exactly():
    text = '{"lines": [{"id": "1", "sku": "b", "quantity": 3, "unit_price": 0.1}]}'

    bill = make_bill(read_cart(text), [Product(id="1", sku="b")], "USD")

    assert bill.subtotal == 30


def test_what_the_store_does_not_hold_is_refused_with_what_to_do():
    lines = [{"id": "1", "sku": "b", "quantity": 1}, {"id": "2", "sku": "c", "quantity": 1}]
    priced = Product(id="1", sku="b", base_price=Money(currency_code="EUR", units=1))

    with pytest.raises(CartError) as raised:
        make_bill(cart_from({"lines": lines, "currency": "IDR"}), [priced], "USD")

    currency, price, unknown = raised.value.problems
    assert "sells in USD" in currency
    assert "no price in USD" in price
    assert "lines[1]" in unknown
    assert "python -m edge_grpc.client sync" in unknown
