"""The bill as units with a price each: promotions take from units, so nothing is given twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edge_grpc.client.quote.amounts import from_decimal, from_money
from edge_grpc.client.quote.cart import Cart, CartError, CartLine
from edge_grpc.v1.catalog_pb2 import Product


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the bill; `unit_price` in minor units."""

    line_id: str
    product_id: str
    category_id: str
    brand_id: str
    name: str
    quantity: int
    unit_price: int


class Bill:
    """Lines, and their units in the order of the lines."""

    def __init__(self, lines: Sequence[Line], currency: str) -> None:
        self.lines = tuple(lines)
        self.currency = currency
        self.line_of = tuple(
            place for place, line in enumerate(self.lines) for _ in range(line.quantity)
        )
        self.prices = tuple(self.lines[place].unit_price for place in self.line_of)
        self.subtotal = sum(self.prices)

    def of_unit(self, unit: int) -> Line:
        return self.lines[self.line_of[unit]]

    def units_of_product(self, product_id: str, units: Iterable[int]) -> list[int]:
        """Return those of the units that are of a product."""
        return [unit for unit in units if self.of_unit(unit).product_id == product_id]

    def per_line(self, amounts: dict[int, int]) -> list[int]:
        """Sum up amounts per unit by line."""
        sums = [0] * len(self.lines)
        for unit, amount in amounts.items():
            sums[self.line_of[unit]] += amount
        return sums


def make_bill(cart: Cart, products: Sequence[Product], currency: str) -> Bill:
    """Price a cart with the store's products, or raise CartError with every problem."""
    by_id = {product.id: product for product in products}
    by_sku = {product.sku: product for product in products}
    problems: list[str] = []
    if cart.currency not in {None, currency}:
        problems.append(f"currency: the store sells in {currency}, not in {cart.currency}")
    lines: list[Line] = []
    for place, line in enumerate(cart.lines):
        product = by_id.get(line.product_id or "") or by_sku.get(line.sku or "")
        if product is None:
            wanted = line.product_id or line.sku
            problems.append(
                f"lines[{place}]: the store holds no product {wanted};"
                " correct it, or run `python -m edge_grpc.client sync`"
            )
        elif line.unit_price is None and _price(product).currency_code != currency:
            problems.append(f"lines[{place}]: product {product.id} has no price in {currency}")
        else:
            lines.append(_line(line, product, currency))
    if problems:
        raise CartError(problems)
    return Bill(lines, currency)


def _line(line: CartLine, product: Product, currency: str) -> Line:
    given = line.unit_price
    price = from_money(_price(product)) if given is None else from_decimal(given, currency)
    return Line(
        line_id=line.id,
        product_id=product.id,
        category_id=product.category_id,
        brand_id=product.brand_id,
        name=product.name,
        quantity=line.quantity,
        unit_price=price,
    )


def _price(product: Product):  # noqa: ANN202 - Money
    return product.store_price if product.HasField("store_price") else product.base_price
