"""What the compiler reads of one promotion: its row, and the rows that belong to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from edge_grpc import wire
from edge_grpc.errors import EdgeError
from edge_grpc.v1.types_pb2 import Money

Row = Mapping[str, Any]


class NotCompilableError(EdgeError):
    """The promotion cannot be served; the message says why, for who wrote it."""


class CategoryTree:
    """The company's categories, to find all that is below one."""

    def __init__(self, parents: Iterable[tuple[UUID, UUID | None]]) -> None:
        self._children: dict[UUID | None, list[UUID]] = {}
        for category, parent in parents:
            self._children.setdefault(parent, []).append(category)

    def closure(self, roots: Iterable[UUID]) -> set[UUID]:
        """Return the categories and everything below them; a loop in the data ends."""
        found: set[UUID] = set()
        waiting = list(roots)
        while waiting:
            category = waiting.pop()
            if category not in found:
                found.add(category)
                waiting += self._children.get(category, [])
        return found


@dataclass(frozen=True, slots=True)
class PromotionSource:
    """One promotion with all that decides what it does."""

    row: Row
    currency: str
    tree: CategoryTree
    targets: Sequence[Row] = ()
    tiers: Sequence[Row] = ()
    items: Sequence[Row] = ()
    package: Row | None = None
    holidays: Sequence[dt.date] = ()

    def targeted(self, target_role: str, column: str) -> list[UUID]:
        """Return what the promotion's targets of a role name, in wire order."""
        return sorted(
            target[column]
            for target in self.targets
            if target["target_role"] == target_role and target[column] is not None
        )

    def required(self, column: str) -> Any:  # noqa: ANN401 - a value of the database
        """Return a column that this type of promotion cannot do without."""
        value = self.row[column]
        if value is None:
            message = f"{self.row['promo_type']} needs {column}"
            raise NotCompilableError(message)
        return value

    def count(self, column: str, *, least: int = 1) -> int:
        """Return a required quantity."""
        value: int = self.required(column)
        if value < least:
            message = f"{column} is {value}, but has to be at least {least}"
            raise NotCompilableError(message)
        return value

    def money(self, column: str) -> Money:
        return wire.money(self.required(column), self.currency)

    def optional_money(self, column: str) -> Money | None:
        return wire.optional_money(self.row[column], self.currency)

    def only_one_of(self, *columns: str) -> str:
        """Return the one of the columns that has a value; zero is a value."""
        given = [column for column in columns if self.row[column] is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            message = f"exactly one of {', '.join(columns)} is needed, found {found}"
            raise NotCompilableError(message)
        return given[0]

    def product_with_quantity(self, product: str, quantity: str) -> tuple[str, int]:
        """Return an optional product and its quantity.

        A quantity without its product means that the product was deleted: without it the
        promotion would be more generous than anybody decided.
        """
        if self.row[product] is None and self.row[quantity] is not None:
            message = f"{product} is missing although {quantity} is set: was it deleted?"
            raise NotCompilableError(message)
        if self.row[product] is None:
            return "", 0
        return str(self.row[product]), 1 if self.row[quantity] is None else self.count(quantity)


def percent_points(value: Decimal) -> int:
    """Return basis points; a share that they do not hold is the promotion's fault."""
    try:
        return wire.basis_points(value)
    except ValueError as error:
        raise NotCompilableError(str(error)) from None
