"""The contract stays one that edges in the field understand: see `make proto-baseline`."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from edge_grpc.v1 import edge_sync_service_pb2, errors_pb2

BASELINE = Path(__file__).resolve().parents[3] / "proto" / "baseline.binpb"
RELEASED = [
    file
    for file in FileDescriptorSet.FromString(BASELINE.read_bytes()).file
    if file.package == "edge_grpc.v1"
]
assert edge_sync_service_pb2.DESCRIPTOR
assert errors_pb2.DESCRIPTOR


def entries(file):
    """Return everything of a file that an edge may rest on, as comparable values."""
    found = set()
    for message in file.message_type:
        for field in message.field:
            shape = (field.name, field.number, field.type, field.label, field.type_name)
            found.add((message.name, *shape, field.proto3_optional))
    for enum in file.enum_type:
        found |= {(enum.name, value.name, value.number) for value in enum.value}
    for service in file.service:
        for method in service.method:
            streams = (method.client_streaming, method.server_streaming)
            found.add((service.name, method.name, method.input_type, method.output_type, *streams))
    return found


@pytest.mark.parametrize("released", RELEASED, ids=lambda file: file.name)
def test_nothing_that_was_released_is_gone_or_changed(released):
    now = FileDescriptorProto()
    descriptor_pool.Default().FindFileByName(released.name).CopyToProto(now)

    assert entries(released) - entries(now) == set()
