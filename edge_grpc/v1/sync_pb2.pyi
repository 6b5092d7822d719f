import datetime

from edge_grpc.v1 import sync_frames_pb2 as _sync_frames_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetVersionRequest(_message.Message):
    __slots__ = ("company_id", "store_id", "cursor")
    COMPANY_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    company_id: str
    store_id: str
    cursor: str
    def __init__(self, company_id: _Optional[str] = ..., store_id: _Optional[str] = ..., cursor: _Optional[str] = ...) -> None: ...

class GetVersionResponse(_message.Message):
    __slots__ = ("epoch", "version", "changed_at", "next_sync_at", "changed")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CHANGED_AT_FIELD_NUMBER: _ClassVar[int]
    NEXT_SYNC_AT_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    epoch: str
    version: int
    changed_at: _timestamp_pb2.Timestamp
    next_sync_at: _timestamp_pb2.Timestamp
    changed: bool
    def __init__(self, epoch: _Optional[str] = ..., version: _Optional[int] = ..., changed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., next_sync_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., changed: _Optional[bool] = ...) -> None: ...

class WatchVersionRequest(_message.Message):
    __slots__ = ("company_id", "store_id")
    COMPANY_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    company_id: str
    store_id: str
    def __init__(self, company_id: _Optional[str] = ..., store_id: _Optional[str] = ...) -> None: ...

class WatchVersionResponse(_message.Message):
    __slots__ = ("epoch", "version", "changed_at", "sync_after", "is_new")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CHANGED_AT_FIELD_NUMBER: _ClassVar[int]
    SYNC_AFTER_FIELD_NUMBER: _ClassVar[int]
    IS_NEW_FIELD_NUMBER: _ClassVar[int]
    epoch: str
    version: int
    changed_at: _timestamp_pb2.Timestamp
    sync_after: _duration_pb2.Duration
    is_new: bool
    def __init__(self, epoch: _Optional[str] = ..., version: _Optional[int] = ..., changed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., sync_after: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., is_new: _Optional[bool] = ...) -> None: ...

class SyncRequest(_message.Message):
    __slots__ = ("company_id", "store_id", "cursor", "updated_since", "brand_id", "filter", "codecs")
    COMPANY_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    UPDATED_SINCE_FIELD_NUMBER: _ClassVar[int]
    BRAND_ID_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    CODECS_FIELD_NUMBER: _ClassVar[int]
    company_id: str
    store_id: str
    cursor: str
    updated_since: str
    brand_id: str
    filter: _sync_frames_pb2.SyncFilter
    codecs: _containers.RepeatedScalarFieldContainer[_sync_frames_pb2.Codec]
    def __init__(self, company_id: _Optional[str] = ..., store_id: _Optional[str] = ..., cursor: _Optional[str] = ..., updated_since: _Optional[str] = ..., brand_id: _Optional[str] = ..., filter: _Optional[_Union[_sync_frames_pb2.SyncFilter, _Mapping]] = ..., codecs: _Optional[_Iterable[_Union[_sync_frames_pb2.Codec, str]]] = ...) -> None: ...

class SyncResponse(_message.Message):
    __slots__ = ("hello", "batch", "removals", "checkpoint")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    REMOVALS_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    hello: _sync_frames_pb2.Hello
    batch: _sync_frames_pb2.Batch
    removals: _sync_frames_pb2.Removals
    checkpoint: _sync_frames_pb2.Checkpoint
    def __init__(self, hello: _Optional[_Union[_sync_frames_pb2.Hello, _Mapping]] = ..., batch: _Optional[_Union[_sync_frames_pb2.Batch, _Mapping]] = ..., removals: _Optional[_Union[_sync_frames_pb2.Removals, _Mapping]] = ..., checkpoint: _Optional[_Union[_sync_frames_pb2.Checkpoint, _Mapping]] = ...) -> None: ...

class SyncCategoriesRequest(_message.Message):
    __slots__ = ("company_id", "store_id", "cursor", "updated_since", "brand_id", "filter", "codecs")
    COMPANY_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    UPDATED_SINCE_FIELD_NUMBER: _ClassVar[int]
    BRAND_ID_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    CODECS_FIELD_NUMBER: _ClassVar[int]
    company_id: str
    store_id: str
    cursor: str
    updated_since: str
    brand_id: str
    filter: _sync_frames_pb2.SyncFilter
    codecs: _containers.RepeatedScalarFieldContainer[_sync_frames_pb2.Codec]
    def __init__(self, company_id: _Optional[str] = ..., store_id: _Optional[str] = ..., cursor: _Optional[str] = ..., updated_since: _Optional[str] = ..., brand_id: _Optional[str] = ..., filter: _Optional[_Union[_sync_frames_pb2.SyncFilter, _Mapping]] = ..., codecs: _Optional[_Iterable[_Union[_sync_frames_pb2.Codec, str]]] = ...) -> None: ...

class SyncCategoriesResponse(_message.Message):
    __slots__ = ("hello", "batch", "removals", "checkpoint")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    REMOVALS_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    hello: _sync_frames_pb2.Hello
    batch: _sync_frames_pb2.Batch
    removals: _sync_frames_pb2.Removals
    checkpoint: _sync_frames_pb2.Checkpoint
    def __init__(self, hello: _Optional[_Union[_sync_frames_pb2.Hello, _Mapping]] = ..., batch: _Optional[_Union[_sync_frames_pb2.Batch, _Mapping]] = ..., removals: _Optional[_Union[_sync_frames_pb2.Removals, _Mapping]] = ..., checkpoint: _Optional[_Union[_sync_frames_pb2.Checkpoint, _Mapping]] = ...) -> None: ...

class SyncProductsRequest(_message.Message):
    __slots__ = ("company_id", "store_id", "cursor", "updated_since", "brand_id", "filter", "codecs")
    COMPANY_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    UPDATED_SINCE_FIELD_NUMBER: _ClassVar[int]
    BRAND_ID_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    CODECS_FIELD_NUMBER: _ClassVar[int]
    company_id: str
    store_id: str
    cursor: str
    updated_since: str
    brand_id: str
    filter: _sync_frames_pb2.SyncFilter
    codecs: _containers.RepeatedScalarFieldContainer[_sync_frames_pb2.Codec]
    def __init__(self, company_id: _Optional[str] = ..., store_id: _Optional[str] = ..., cursor: _Optional[str] = ..., updated_since: _Optional[str] = ..., brand_id: _Optional[str] = ..., filter: _Optional[_Union[_sync_frames_pb2.SyncFilter, _Mapping]] = ..., codecs: _Optional[_Iterable[_Union[_sync_frames_pb2.Codec, str]]] = ...) -> None: ...

class SyncProductsResponse(_message.Message):
    __slots__ = ("hello", "batch", "removals", "checkpoint")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    REMOVALS_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    hello: _sync_frames_pb2.Hello
    batch: _sync_frames_pb2.Batch
    removals: _sync_frames_pb2.Removals
    checkpoint: _sync_frames_pb2.Checkpoint
    def __init__(self, hello: _Optional[_Union[_sync_frames_pb2.Hello, _Mapping]] = ..., batch: _Optional[_Union[_sync_frames_pb2.Batch, _Mapping]] = ..., removals: _Optional[_Union[_sync_frames_pb2.Removals, _Mapping]] = ..., checkpoint: _Optional[_Union[_sync_frames_pb2.Checkpoint, _Mapping]] = ...) -> None: ...

class SyncPromotionsRequest(_message.Message):
    __slots__ = ("company_id", "store_id", "cursor", "updated_since", "brand_id", "filter", "codecs")
    COMPANY_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    UPDATED_SINCE_FIELD_NUMBER: _ClassVar[int]
    BRAND_ID_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    CODECS_FIELD_NUMBER: _ClassVar[int]
    company_id: str
    store_id: str
    cursor: str
    updated_since: str
    brand_id: str
    filter: _sync_frames_pb2.SyncFilter
    codecs: _containers.RepeatedScalarFieldContainer[_sync_frames_pb2.Codec]
    def __init__(self, company_id: _Optional[str] = ..., store_id: _Optional[str] = ..., cursor: _Optional[str] = ..., updated_since: _Optional[str] = ..., brand_id: _Optional[str] = ..., filter: _Optional[_Union[_sync_frames_pb2.SyncFilter, _Mapping]] = ..., codecs: _Optional[_Iterable[_Union[_sync_frames_pb2.Codec, str]]] = ...) -> None: ...

class SyncPromotionsResponse(_message.Message):
    __slots__ = ("hello", "batch", "removals", "checkpoint")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    REMOVALS_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    hello: _sync_frames_pb2.Hello
    batch: _sync_frames_pb2.Batch
    removals: _sync_frames_pb2.Removals
    checkpoint: _sync_frames_pb2.Checkpoint
    def __init__(self, hello: _Optional[_Union[_sync_frames_pb2.Hello, _Mapping]] = ..., batch: _Optional[_Union[_sync_frames_pb2.Batch, _Mapping]] = ..., removals: _Optional[_Union[_sync_frames_pb2.Removals, _Mapping]] = ..., checkpoint: _Optional[_Union[_sync_frames_pb2.Checkpoint, _Mapping]] = ...) -> None: ...

class ReportSyncRequest(_message.Message):
    __slots__ = ("company_id", "store_id", "cursor", "holdings", "refused", "client_version")
    COMPANY_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    HOLDINGS_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    CLIENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    company_id: str
    store_id: str
    cursor: str
    holdings: _containers.RepeatedCompositeFieldContainer[_sync_frames_pb2.Holding]
    refused: _containers.RepeatedCompositeFieldContainer[RefusedRecord]
    client_version: str
    def __init__(self, company_id: _Optional[str] = ..., store_id: _Optional[str] = ..., cursor: _Optional[str] = ..., holdings: _Optional[_Iterable[_Union[_sync_frames_pb2.Holding, _Mapping]]] = ..., refused: _Optional[_Iterable[_Union[RefusedRecord, _Mapping]]] = ..., client_version: _Optional[str] = ...) -> None: ...

class RefusedRecord(_message.Message):
    __slots__ = ("id", "version", "reason")
    ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    id: str
    version: int
    reason: str
    def __init__(self, id: _Optional[str] = ..., version: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class ReportSyncResponse(_message.Message):
    __slots__ = ("reset", "expected")
    RESET_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    reset: bool
    expected: _containers.RepeatedCompositeFieldContainer[_sync_frames_pb2.Holding]
    def __init__(self, reset: _Optional[bool] = ..., expected: _Optional[_Iterable[_Union[_sync_frames_pb2.Holding, _Mapping]]] = ...) -> None: ...
