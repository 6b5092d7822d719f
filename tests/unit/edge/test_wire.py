from __future__ import annotations

import pytest

from edge_grpc import wire
from edge_grpc.v1.catalog_pb2 import Product


@pytest.mark.parametrize("number", [0, 1, 127, 128, 16_383, 16_384, 2**21, 2**63 - 1])
def test_numbers_of_every_length_are_read_back_by_protobuf(number):
    assert Product.FromString(wire.versioned(b"", number)).version == number
    assert Product(version=number).SerializeToString() in {wire.versioned(b"", number), b""}
