import datetime

from edge_grpc.v1 import catalog_pb2 as _catalog_pb2
from edge_grpc.v1 import promotion_pb2 as _promotion_pb2
from edge_grpc.v1 import types_pb2 as _types_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Activity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACTIVITY_UNSPECIFIED: _ClassVar[Activity]
    ACTIVITY_ACTIVE_ONLY: _ClassVar[Activity]
    ACTIVITY_ALL: _ClassVar[Activity]

class SyncMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SYNC_MODE_UNSPECIFIED: _ClassVar[SyncMode]
    SYNC_MODE_SNAPSHOT: _ClassVar[SyncMode]
    SYNC_MODE_CHANGES: _ClassVar[SyncMode]

class SnapshotReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SNAPSHOT_REASON_UNSPECIFIED: _ClassVar[SnapshotReason]
    SNAPSHOT_REASON_FIRST_SYNC: _ClassVar[SnapshotReason]
    SNAPSHOT_REASON_EPOCH_CHANGED: _ClassVar[SnapshotReason]
    SNAPSHOT_REASON_SCOPE_CHANGED: _ClassVar[SnapshotReason]
    SNAPSHOT_REASON_DRIFT: _ClassVar[SnapshotReason]

class Codec(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CODEC_UNSPECIFIED: _ClassVar[Codec]
    CODEC_GZIP: _ClassVar[Codec]

class RemovalReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REMOVAL_REASON_UNSPECIFIED: _ClassVar[RemovalReason]
    REMOVAL_REASON_DELETED: _ClassVar[RemovalReason]
    REMOVAL_REASON_INACTIVE: _ClassVar[RemovalReason]
    REMOVAL_REASON_OUT_OF_WINDOW: _ClassVar[RemovalReason]
    REMOVAL_REASON_OUT_OF_SCOPE: _ClassVar[RemovalReason]
    REMOVAL_REASON_NOT_COMPILED: _ClassVar[RemovalReason]
ACTIVITY_UNSPECIFIED: Activity
ACTIVITY_ACTIVE_ONLY: Activity
ACTIVITY_ALL: Activity
SYNC_MODE_UNSPECIFIED: SyncMode
SYNC_MODE_SNAPSHOT: SyncMode
SYNC_MODE_CHANGES: SyncMode
SNAPSHOT_REASON_UNSPECIFIED: SnapshotReason
SNAPSHOT_REASON_FIRST_SYNC: SnapshotReason
SNAPSHOT_REASON_EPOCH_CHANGED: SnapshotReason
SNAPSHOT_REASON_SCOPE_CHANGED: SnapshotReason
SNAPSHOT_REASON_DRIFT: SnapshotReason
CODEC_UNSPECIFIED: Codec
CODEC_GZIP: Codec
REMOVAL_REASON_UNSPECIFIED: RemovalReason
REMOVAL_REASON_DELETED: RemovalReason
REMOVAL_REASON_INACTIVE: RemovalReason
REMOVAL_REASON_OUT_OF_WINDOW: RemovalReason
REMOVAL_REASON_OUT_OF_SCOPE: RemovalReason
REMOVAL_REASON_NOT_COMPILED: RemovalReason

class SyncFilter(_message.Message):
    __slots__ = ("activity", "category_mask", "product_mask", "promotion_mask")
    ACTIVITY_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_MASK_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_MASK_FIELD_NUMBER: _ClassVar[int]
    PROMOTION_MASK_FIELD_NUMBER: _ClassVar[int]
    activity: Activity
    category_mask: _field_mask_pb2.FieldMask
    product_mask: _field_mask_pb2.FieldMask
    promotion_mask: _field_mask_pb2.FieldMask
    def __init__(self, activity: _Optional[_Union[Activity, str]] = ..., category_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., product_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., promotion_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("epoch", "version", "as_of", "mode", "reason", "timezone", "currency_code", "settings")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TIMEZONE_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    epoch: str
    version: int
    as_of: _timestamp_pb2.Timestamp
    mode: SyncMode
    reason: SnapshotReason
    timezone: str
    currency_code: str
    settings: EdgeSettings
    def __init__(self, epoch: _Optional[str] = ..., version: _Optional[int] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., mode: _Optional[_Union[SyncMode, str]] = ..., reason: _Optional[_Union[SnapshotReason, str]] = ..., timezone: _Optional[str] = ..., currency_code: _Optional[str] = ..., settings: _Optional[_Union[EdgeSettings, _Mapping]] = ...) -> None: ...

class EdgeSettings(_message.Message):
    __slots__ = ("max_promotions_per_sync", "sync_interval_hours", "auto_sync_enabled", "enable_compression")
    MAX_PROMOTIONS_PER_SYNC_FIELD_NUMBER: _ClassVar[int]
    SYNC_INTERVAL_HOURS_FIELD_NUMBER: _ClassVar[int]
    AUTO_SYNC_ENABLED_FIELD_NUMBER: _ClassVar[int]
    ENABLE_COMPRESSION_FIELD_NUMBER: _ClassVar[int]
    max_promotions_per_sync: int
    sync_interval_hours: int
    auto_sync_enabled: bool
    enable_compression: bool
    def __init__(self, max_promotions_per_sync: _Optional[int] = ..., sync_interval_hours: _Optional[int] = ..., auto_sync_enabled: _Optional[bool] = ..., enable_compression: _Optional[bool] = ...) -> None: ...

class Batch(_message.Message):
    __slots__ = ("kind", "categories", "products", "promotions", "codec", "packed", "packed_records", "resume_token")
    KIND_FIELD_NUMBER: _ClassVar[int]
    CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    PROMOTIONS_FIELD_NUMBER: _ClassVar[int]
    CODEC_FIELD_NUMBER: _ClassVar[int]
    PACKED_FIELD_NUMBER: _ClassVar[int]
    PACKED_RECORDS_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    kind: _types_pb2.RecordKind
    categories: _containers.RepeatedCompositeFieldContainer[_catalog_pb2.Category]
    products: _containers.RepeatedCompositeFieldContainer[_catalog_pb2.Product]
    promotions: _containers.RepeatedCompositeFieldContainer[_promotion_pb2.Promotion]
    codec: Codec
    packed: bytes
    packed_records: int
    resume_token: str
    def __init__(self, kind: _Optional[_Union[_types_pb2.RecordKind, str]] = ..., categories: _Optional[_Iterable[_Union[_catalog_pb2.Category, _Mapping]]] = ..., products: _Optional[_Iterable[_Union[_catalog_pb2.Product, _Mapping]]] = ..., promotions: _Optional[_Iterable[_Union[_promotion_pb2.Promotion, _Mapping]]] = ..., codec: _Optional[_Union[Codec, str]] = ..., packed: _Optional[bytes] = ..., packed_records: _Optional[int] = ..., resume_token: _Optional[str] = ...) -> None: ...

class Removals(_message.Message):
    __slots__ = ("removals", "resume_token")
    REMOVALS_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    removals: _containers.RepeatedCompositeFieldContainer[Removal]
    resume_token: str
    def __init__(self, removals: _Optional[_Iterable[_Union[Removal, _Mapping]]] = ..., resume_token: _Optional[str] = ...) -> None: ...

class Removal(_message.Message):
    __slots__ = ("kind", "id", "reason", "version")
    KIND_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    kind: _types_pb2.RecordKind
    id: str
    reason: RemovalReason
    version: int
    def __init__(self, kind: _Optional[_Union[_types_pb2.RecordKind, str]] = ..., id: _Optional[str] = ..., reason: _Optional[_Union[RemovalReason, str]] = ..., version: _Optional[int] = ...) -> None: ...

class Checkpoint(_message.Message):
    __slots__ = ("cursor", "has_more", "holdings", "next_boundary_at")
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    HAS_MORE_FIELD_NUMBER: _ClassVar[int]
    HOLDINGS_FIELD_NUMBER: _ClassVar[int]
    NEXT_BOUNDARY_AT_FIELD_NUMBER: _ClassVar[int]
    cursor: str
    has_more: bool
    holdings: _containers.RepeatedCompositeFieldContainer[Holding]
    next_boundary_at: _timestamp_pb2.Timestamp
    def __init__(self, cursor: _Optional[str] = ..., has_more: _Optional[bool] = ..., holdings: _Optional[_Iterable[_Union[Holding, _Mapping]]] = ..., next_boundary_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Holding(_message.Message):
    __slots__ = ("kind", "count", "checksum")
    KIND_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    kind: _types_pb2.RecordKind
    count: int
    checksum: int
    def __init__(self, kind: _Optional[_Union[_types_pb2.RecordKind, str]] = ..., count: _Optional[int] = ..., checksum: _Optional[int] = ...) -> None: ...
