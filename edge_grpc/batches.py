"""Puts frames together from wire-ready bytes: a batch is a concatenation, not an object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from edge_grpc.errors import InvalidFieldError
from edge_grpc.selector import Kind, Record
from edge_grpc.v1 import sync_frames_pb2 as frames
from edge_grpc.v1 import types_pb2 as types
from edge_grpc.v1.catalog_pb2 import Category, Product
from edge_grpc.v1.promotion_pb2 import Promotion
from edge_grpc.wire import framed, tag, varint

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
# A batch is put together from bytes: building a message would copy the records twice.
_BATCH_TAG = tag(_BATCH)
_PACKED_TAG = tag(frames.Batch.PACKED_FIELD_NUMBER)
_COUNT_TAG = varint(frames.Batch.PACKED_RECORDS_FIELD_NUMBER << 3)
_TOKEN = frames.Batch.RESUME_TOKEN_FIELD_NUMBER
_IS_GZIP = frames.Batch(codec=frames.CODEC_GZIP).SerializeToString()
_HEADS: Mapping[Kind, bytes] = {
    kind: frames.Batch(kind=number).SerializeToString() for kind, number in KIND_NUMBERS.items()
}


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


def listed(kind: Kind, bodies: Iterable[bytes]) -> bytes:
    """Return records as a batch's list of their kind."""
    number = _LISTS[kind]
    return b"".join(framed(number, body) for body in bodies)


def batch(kind: Kind, pieces: Sequence[bytes], resume_token: str, *, packed: int = 0) -> bytes:
    """Return a Batch frame of any sync call, of pieces of its list of records.

    `packed`: the one piece is compressed besides, and holds so many.
    """
    token = framed(_TOKEN, resume_token.encode())
    head = _HEADS[kind]
    length = sum(map(len, pieces))
    if packed:
        head += _IS_GZIP + _COUNT_TAG + varint(packed) + _PACKED_TAG + varint(length)
    size = len(head) + length + len(token)
    return b"".join((_BATCH_TAG, varint(size), head, *pieces, token))


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

    def narrow(self, kind: Kind) -> bool:
        """Tell whether only some fields of a kind are wanted."""
        return kind in self._masks

    def apply(self, kind: Kind, body: bytes) -> bytes:
        mask = self._masks.get(kind)
        if mask is None:
            return body
        whole, wanted = MESSAGES[kind](), MESSAGES[kind]()
        whole.MergeFromString(body)
        mask.MergeMessage(whole, wanted)
        return wanted.SerializeToString(deterministic=True)
