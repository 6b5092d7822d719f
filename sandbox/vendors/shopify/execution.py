"""Runs one GraphQL request against a shop's rows, and words its failures as Shopify does."""
# pyright: reportMissingImports=false
# graphql-core is in the sandbox's own environment only.

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    execute_sync,
    get_variable_values,
    parse,
    validate,
)

from sandbox.vendors.shopify.cost import MAX_QUERY_COST, Bucket, Pricing, actual
from sandbox.vendors.shopify.schema import schema_of

Answer = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Parsed:
    document: DocumentNode
    errors: tuple[GraphQLError, ...]


@lru_cache(maxsize=256)
def _parsed(version: str, query: str) -> Parsed:
    document = parse(query)
    return Parsed(document=document, errors=tuple(validate(schema_of(version), document)))


class Refused(Exception):  # noqa: N818 - an answer, not a failure of ours
    """The request is not executed; `answer` is what the caller gets."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


def run(
    version: str,
    request: Any,  # noqa: ANN401
    bucket: Bucket,
    root: Any,  # noqa: ANN401
) -> Answer:
    """Answer a request body; `root` is the object that resolves the root fields."""
    try:
        document, variables, price = _admitted(version, request)
    except Refused as refusal:
        return refusal.answer
    if not bucket.take(price):
        return throttled(price, bucket)
    outcome = execute_sync(schema_of(version), document, root, variable_values=variables)
    spent = min(price, actual(list((outcome.data or {}).values())))
    bucket.give_back(price - spent)
    answer: Answer = {"data": outcome.data, "extensions": {"cost": _cost(price, spent, bucket)}}
    if outcome.errors:
        answer["errors"] = [_worded(error, _execution_code(error)) for error in outcome.errors]
    return answer


def _admitted(version: str, request: Any) -> tuple[DocumentNode, Answer, int]:  # noqa: ANN401
    """Return what is to be executed and its price, or raise what the shop says instead."""
    if not isinstance(request, dict) or not isinstance(request.get("query"), str):
        raise Refused(_refused("A query is required", "BAD_REQUEST"))
    try:
        parsed = _parsed(version, request["query"])
    except GraphQLSyntaxError as error:
        raise Refused(_refused(error.message, "PARSE_ERROR", error)) from None
    if parsed.errors:
        words = [_worded(error, _validation_code(error)) for error in parsed.errors]
        raise Refused({"errors": words})
    schema, definitions = schema_of(version), parsed.document.definitions
    operation = next(one for one in definitions if isinstance(one, OperationDefinitionNode))
    variables = request.get("variables") or {}
    checked = get_variable_values(schema, operation.variable_definitions or (), variables)
    if isinstance(checked, list):
        raise Refused({"errors": [_worded(error, "INVALID_VARIABLE") for error in checked]})
    fragments = {
        one.name.value: one for one in definitions if isinstance(one, FragmentDefinitionNode)
    }
    price = Pricing(schema, fragments, variables).requested(operation)
    if price > MAX_QUERY_COST:
        raise Refused(_too_dear(price))
    return parsed.document, variables, price


def _refused(message: str, code: str, error: GraphQLError | None = None) -> Answer:
    return {"errors": [_worded(error or GraphQLError(message), code)]}


def throttled(price: int, bucket: Bucket) -> Answer:
    """Return what a shop without enough points says: HTTP 200, and no data at all."""
    return {
        "errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
        "extensions": {"cost": _cost(price, None, bucket)},
    }


def _too_dear(price: int) -> Answer:
    message = f"Query cost is {price}, which exceeds the single query max cost limit."
    extensions = {"code": "MAX_COST_EXCEEDED", "cost": price, "maxCost": MAX_QUERY_COST}
    return {"errors": [{"message": message, "extensions": extensions}]}


def _cost(price: int, spent: int | None, bucket: Bucket) -> Answer:
    return {
        "requestedQueryCost": price,
        "actualQueryCost": spent,
        "throttleStatus": bucket.status(),
    }


def _worded(error: GraphQLError, code: str) -> Answer:
    found: Answer = {
        "message": error.message,
        "locations": [{"line": at.line, "column": at.column} for at in error.locations or ()],
        "extensions": {"code": code, **(error.extensions or {})},
    }
    if error.path:
        found["path"] = list(error.path)
    return found


def _validation_code(error: GraphQLError) -> str:
    if error.message.startswith("Cannot query field"):
        return "undefinedField"
    if "must have a selection of subfields" in error.message:
        return "selectionMismatch"
    return "argumentLiteralsIncompatible"


def _execution_code(error: GraphQLError) -> str:
    return str((error.extensions or {}).get("code", "INTERNAL_SERVER_ERROR"))
