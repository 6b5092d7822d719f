"""Puts frames together from wire-ready bytes: a batch is a concatenation, not an object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from edge_grpc.errors import InvalidFieldError
from edge_grpc.selector import Kind, Record
from edge_grpc.v1 import sync_frames_pb2 as frames
from edge_grpc.v1 import types_pb2 as types
from edge_grpc.v1.catalog_pb2 import Category, Product
from edge_grpc.v1.promotion_pb2 import Promotion
from edge_grpc.wire import framed

MAX_RECORDS = 1000
MAX_BYTES = 256 * 1024
MESSAGES: Mapping[Kind, type[Message]] = {
    "category": Category,
    "product": Product,
    "promotion": Promotion,
}
KIND_NUMBERS: Mapping[Kind, types.RecordKind] = {
    "category": types.RECORD_KIND_CATEGORY,
    "product": types.RECORD_KIND_PRODUCT,
    "promotion": types.RECORD_KIND_PROMOTION,
}
_LISTS: Mapping[Kind, int] = {
    "category": frames.Batch.CATEGORIES_FIELD_NUMBER,
    "product": frames.Batch.PRODUCTS_FIELD_NUMBER,
    "promotion": frames.Batch.PROMOTIONS_FIELD_NUMBER,
}
_HELLO, _BATCH, _REMOVALS, _CHECKPOINT = 1, 2, 3, 4


def split(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    """Cut records into runs that one batch can hold."""
    start = size = 0
    for index, record in enumerate(records):
        if index - start == MAX_RECORDS or (index > start and size + len(record.body) > MAX_BYTES):
            yield records[start:index]
            start, size = index, 0
        size += len(record.body)
    if start < len(records):
        yield records[start:]


def batch(kind: Kind, bodies: Sequence[bytes], resume_token: str) -> bytes:
    """Return a Batch frame of any sync call."""
    number = _LISTS[kind]
    head = frames.Batch(kind=KIND_NUMBERS[kind], resume_token=resume_token).SerializeToString()
    return framed(_BATCH, head + b"".join(framed(number, body) for body in bodies))


def hello(message: frames.Hello) -> bytes:
    return framed(_HELLO, message.SerializeToString())


def removals(message: frames.Removals) -> bytes:
    return framed(_REMOVALS, message.SerializeToString())


def checkpoint(message: frames.Checkpoint) -> bytes:
    return framed(_CHECKPOINT, message.SerializeToString())


class Masks:
    """The fields that a request wants; without a mask a record's bytes pass as they are."""

    def __init__(self, wanted: frames.SyncFilter) -> None:
        given: Mapping[Kind, FieldMask] = {
            "category": wanted.category_mask,
            "product": wanted.product_mask,
            "promotion": wanted.promotion_mask,
        }
        self._masks: dict[Kind, FieldMask] = {}
        for kind, mask in given.items():
            if not mask.paths:
                continue
            descriptor: Any = MESSAGES[kind].DESCRIPTOR
            if not mask.IsValidForDescriptor(descriptor):
                message = f"{kind}_mask names a field that {kind} does not have."
                raise InvalidFieldError(message)
            self._masks[kind] = FieldMask(paths=sorted({*mask.paths, "id", "version"}))

    def __str__(self) -> str:
        """Name the fields, for a cursor's fingerprint."""
        return ";".join(f"{kind}:{','.join(mask.paths)}" for kind, mask in self._masks.items())

    def apply(self, kind: Kind, body: bytes) -> bytes:
        mask = self._masks.get(kind)
        if mask is None:
            return body
        whole, wanted = MESSAGES[kind](), MESSAGES[kind]()
        whole.MergeFromString(body)
        mask.MergeMessage(whole, wanted)
        return wanted.SerializeToString(deterministic=True)
