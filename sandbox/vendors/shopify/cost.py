"""What a query costs: an object 1, a leaf 0, a connection as many nodes as it was asked for."""
# pyright: reportMissingImports=false
# graphql-core is in the sandbox's own environment only.

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)

MAX_QUERY_COST = 1_000
_DEFAULT_SIZE = 10


class Pricing:
    """Prices one document's operation with its variables."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = variables

    def requested(self, operation: OperationDefinitionNode) -> int:
        return self._selected(self._schema.query_type, operation.selection_set)

    def _selected(self, kind: Any, selections: SelectionSetNode) -> int:  # noqa: ANN401
        plain, branches = 0, [0]
        for node in selections.selections:
            if isinstance(node, FieldNode):
                plain += self._field(kind, node)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                inner = self._schema.get_type(condition.name.value) if condition else kind
                branches.append(self._selected(inner, node.selection_set))
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
                inner = self._schema.get_type(fragment.type_condition.name.value)
                branches.append(self._selected(inner, fragment.selection_set))
        return plain + (max(branches) if is_abstract_type(kind) else sum(branches))

    def _field(self, kind: Any, node: FieldNode) -> int:  # noqa: ANN401
        definition = getattr(kind, "fields", {}).get(node.name.value)
        inner = get_named_type(definition.type) if definition else None
        if inner is None or is_leaf_type(inner) or node.selection_set is None:
            return 0
        below = self._selected(inner, node.selection_set)
        if node.name.value == "pageInfo":
            return 0
        if inner.name.endswith("Connection"):
            return self._size(node) * below
        if node.name.value == "nodes" and "ids" in {one.name.value for one in node.arguments}:
            return self._ids(node) * (1 + below)
        return 1 + below

    def _size(self, node: FieldNode) -> int:
        sizes = [self._value(one.value) for one in node.arguments if one.name.value in _SIZES]
        return max((size for size in sizes if isinstance(size, int)), default=_DEFAULT_SIZE)

    def _ids(self, node: FieldNode) -> int:
        value = next(one.value for one in node.arguments if one.name.value == "ids")
        if isinstance(value, VariableNode):
            return len(self._variables.get(value.name.value) or ())
        return len(getattr(value, "values", ()))

    def _value(self, value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, VariableNode):
            return self._variables.get(value.name.value)
        return int(value.value) if isinstance(value, IntValueNode) else None


_SIZES = frozenset({"first", "last"})


def actual(answer: Any) -> int:  # noqa: ANN401
    """Return the price of what was really answered: one for each object."""
    if isinstance(answer, list):
        return sum(map(actual, answer))
    if isinstance(answer, dict):
        inner = sum(actual(value) for name, value in answer.items() if name != "pageInfo")
        return inner + (0 if {"nodes", "edges"} & answer.keys() else 1)
    return 0


class Bucket:
    """A shop's points: they come back at a steady rate; a query reserves what it asks for."""

    def __init__(self, maximum: float = 2000, restore: float = 100) -> None:
        self.maximum = maximum
        self.restore = restore
        self._points = maximum
        self._at = time.monotonic()

    def available(self) -> float:
        now = time.monotonic()
        self._points = min(self.maximum, self._points + (now - self._at) * self.restore)
        self._at = now
        return self._points

    def take(self, points: float) -> bool:
        if self.available() < points:
            return False
        self._points -= points
        return True

    def give_back(self, points: float) -> None:
        self._points = min(self.maximum, self._points + points)

    def drain(self) -> None:
        self.available()
        self._points = 0.0

    def status(self) -> dict[str, float]:
        return {
            "maximumAvailable": self.maximum,
            "currentlyAvailable": round(self.available(), 1),
            "restoreRate": self.restore,
        }
