"""Values and records on the wire."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_grpc import wire
from edge_grpc.v1.catalog_pb2 import Category
from edge_grpc.v1.sync_frames_pb2 import Batch


@given(st.decimals(-(10**14), 10**14, places=4))
def test_money_is_exact(amount):
    sent = wire.money(amount, "IDR")

    assert Decimal(sent.units) + Decimal(sent.nanos) / 10**9 == amount


@given(st.lists(st.binary(max_size=300)), st.integers(0, 2**62))
def test_joined_records_are_a_batch(bodies, version):
    records = [
        wire.versioned(Category(name=body.hex()).SerializeToString(), version) for body in bodies
    ]
    batch = Batch.FromString(b"".join(wire.framed(2, record) for record in records))

    assert [category.name for category in batch.categories] == [body.hex() for body in bodies]
    assert all(category.version == version for category in batch.categories)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="more than nine decimals"):
        wire.money(Decimal("0.0000000001"), "IDR")
    with pytest.raises(ValueError, match="steps of"):
        wire.basis_points(Decimal("12.345"))
