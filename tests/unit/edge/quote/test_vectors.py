"""The vectors that clients in every language can run, run through the reference evaluator."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from google.protobuf.json_format import ParseDict

from edge_grpc.client.quote.cart import cart_from
from edge_grpc.client.quote.eligibility import Uses
from edge_grpc.client.quote.evaluation import Shelf, evaluate
from edge_grpc.client.quote.reasons import Reason
from edge_grpc.client.quote.report import to_json
from edge_grpc.v1.catalog_pb2 import Product
from edge_grpc.v1.promotion_pb2 import Promotion
from sandbox.home import REPOSITORY

FILE = json.loads((REPOSITORY / "docs" / "edge" / "quote-vectors.json").read_text())
VECTORS = {vector["name"]: vector for vector in FILE["vectors"]}


def judged(vector):
    shelf = Shelf(
        products=[ParseDict(item, Product()) for item in vector["products"]],
        promotions=[ParseDict(item, Promotion()) for item in vector["promotions"]],
        timezone=vector["timezone"],
        currency=vector["currency"],
    )
    uses = {name: Uses(**counts) for name, counts in vector.get("uses", {}).items()}
    now = datetime(2000, 1, 1, tzinfo=UTC)  # every cart says its own time
    return to_json(evaluate(cart_from(vector["cart"]), shelf, now=now, uses=uses))


@pytest.mark.parametrize("name", VECTORS)
def test_cart_is_judged_as_the_vector_says(name):
    expected = VECTORS[name]["expected"]

    quote = judged(VECTORS[name])

    totals = {key: quote[key] for key in expected if key not in {"lines", "promotions"}}
    assert totals == {key: expected[key] for key in totals}
    assert {
        line["id"]: {"discount": line["discount"], "total": line["total"]}
        for line in quote["lines"]
    } == expected["lines"]
    assert {
        one["id"]: {key: one[key] for key in ("outcome", "reason", "discount") if key in one}
        for one in quote["promotions"]
    } == expected["promotions"]


def test_every_reason_is_explained():
    page = (REPOSITORY / "docs" / "edge-integration.md").read_text()
    table = page.partition("| reason | why |")[2].partition("\n\n")[0]

    assert set(re.findall(r"`([A-Z_]+)`", table)) == {*Reason} - {Reason.APPLIED}


def test_every_type_and_every_lesson_has_a_vector():
    promotions = [item for vector in VECTORS.values() for item in vector["promotions"]]
    types = {ParseDict(item, Promotion()).WhichOneof("rule") for item in promotions} - {None}

    assert types == {field.name for field in Promotion.DESCRIPTOR.oneofs_by_name["rule"].fields}
    assert len(VECTORS) == len(FILE["vectors"])
    assert sum("lesson" in vector for vector in VECTORS.values()) >= 10
