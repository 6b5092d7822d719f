import datetime

from edge_grpc.v1 import types_pb2 as _types_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class UsageVerdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    USAGE_VERDICT_UNSPECIFIED: _ClassVar[UsageVerdict]
    USAGE_VERDICT_ACCEPTED: _ClassVar[UsageVerdict]
    USAGE_VERDICT_DUPLICATE: _ClassVar[UsageVerdict]
    USAGE_VERDICT_CONFLICT: _ClassVar[UsageVerdict]
    USAGE_VERDICT_REJECTED: _ClassVar[UsageVerdict]

class UsageRejectReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    USAGE_REJECT_REASON_UNSPECIFIED: _ClassVar[UsageRejectReason]
    USAGE_REJECT_REASON_INVALID_USAGE_ID: _ClassVar[UsageRejectReason]
    USAGE_REJECT_REASON_UNKNOWN_PROMOTION: _ClassVar[UsageRejectReason]
    USAGE_REJECT_REASON_FOREIGN_STORE: _ClassVar[UsageRejectReason]
    USAGE_REJECT_REASON_UNKNOWN_BRAND: _ClassVar[UsageRejectReason]
    USAGE_REJECT_REASON_INVALID_AMOUNT: _ClassVar[UsageRejectReason]
    USAGE_REJECT_REASON_INVALID_CURRENCY: _ClassVar[UsageRejectReason]
    USAGE_REJECT_REASON_INVALID_TIME: _ClassVar[UsageRejectReason]
    USAGE_REJECT_REASON_INVALID_BILL_ID: _ClassVar[UsageRejectReason]
    USAGE_REJECT_REASON_UNKNOWN_ORIGINAL: _ClassVar[UsageRejectReason]
    USAGE_REJECT_REASON_INVALID_FIELD: _ClassVar[UsageRejectReason]
USAGE_VERDICT_UNSPECIFIED: UsageVerdict
USAGE_VERDICT_ACCEPTED: UsageVerdict
USAGE_VERDICT_DUPLICATE: UsageVerdict
USAGE_VERDICT_CONFLICT: UsageVerdict
USAGE_VERDICT_REJECTED: UsageVerdict
USAGE_REJECT_REASON_UNSPECIFIED: UsageRejectReason
USAGE_REJECT_REASON_INVALID_USAGE_ID: UsageRejectReason
USAGE_REJECT_REASON_UNKNOWN_PROMOTION: UsageRejectReason
USAGE_REJECT_REASON_FOREIGN_STORE: UsageRejectReason
USAGE_REJECT_REASON_UNKNOWN_BRAND: UsageRejectReason
USAGE_REJECT_REASON_INVALID_AMOUNT: UsageRejectReason
USAGE_REJECT_REASON_INVALID_CURRENCY: UsageRejectReason
USAGE_REJECT_REASON_INVALID_TIME: UsageRejectReason
USAGE_REJECT_REASON_INVALID_BILL_ID: UsageRejectReason
USAGE_REJECT_REASON_UNKNOWN_ORIGINAL: UsageRejectReason
USAGE_REJECT_REASON_INVALID_FIELD: UsageRejectReason

class UsageRecord(_message.Message):
    __slots__ = ("usage_id", "promotion_id", "bill_id", "store_id", "brand_id", "customer_id", "discount_amount", "used_at", "business_on", "reverses_usage_id", "promotion_version")
    USAGE_ID_FIELD_NUMBER: _ClassVar[int]
    PROMOTION_ID_FIELD_NUMBER: _ClassVar[int]
    BILL_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    BRAND_ID_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    DISCOUNT_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    USED_AT_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_ON_FIELD_NUMBER: _ClassVar[int]
    REVERSES_USAGE_ID_FIELD_NUMBER: _ClassVar[int]
    PROMOTION_VERSION_FIELD_NUMBER: _ClassVar[int]
    usage_id: str
    promotion_id: str
    bill_id: str
    store_id: str
    brand_id: str
    customer_id: str
    discount_amount: _types_pb2.Money
    used_at: _timestamp_pb2.Timestamp
    business_on: _types_pb2.LocalDate
    reverses_usage_id: str
    promotion_version: int
    def __init__(self, usage_id: _Optional[str] = ..., promotion_id: _Optional[str] = ..., bill_id: _Optional[str] = ..., store_id: _Optional[str] = ..., brand_id: _Optional[str] = ..., customer_id: _Optional[str] = ..., discount_amount: _Optional[_Union[_types_pb2.Money, _Mapping]] = ..., used_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., business_on: _Optional[_Union[_types_pb2.LocalDate, _Mapping]] = ..., reverses_usage_id: _Optional[str] = ..., promotion_version: _Optional[int] = ...) -> None: ...

class UsageResult(_message.Message):
    __slots__ = ("usage_id", "verdict", "reason", "detail", "is_permanent")
    USAGE_ID_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    IS_PERMANENT_FIELD_NUMBER: _ClassVar[int]
    usage_id: str
    verdict: UsageVerdict
    reason: UsageRejectReason
    detail: str
    is_permanent: bool
    def __init__(self, usage_id: _Optional[str] = ..., verdict: _Optional[_Union[UsageVerdict, str]] = ..., reason: _Optional[_Union[UsageRejectReason, str]] = ..., detail: _Optional[str] = ..., is_permanent: _Optional[bool] = ...) -> None: ...

class UploadUsageRequest(_message.Message):
    __slots__ = ("company_id", "store_id", "records", "sequence")
    COMPANY_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    company_id: str
    store_id: str
    records: _containers.RepeatedCompositeFieldContainer[UsageRecord]
    sequence: int
    def __init__(self, company_id: _Optional[str] = ..., store_id: _Optional[str] = ..., records: _Optional[_Iterable[_Union[UsageRecord, _Mapping]]] = ..., sequence: _Optional[int] = ...) -> None: ...

class UploadUsageResponse(_message.Message):
    __slots__ = ("results", "sequence")
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[UsageResult]
    sequence: int
    def __init__(self, results: _Optional[_Iterable[_Union[UsageResult, _Mapping]]] = ..., sequence: _Optional[int] = ...) -> None: ...

class UploadUsageBatchRequest(_message.Message):
    __slots__ = ("company_id", "store_id", "records")
    COMPANY_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    company_id: str
    store_id: str
    records: _containers.RepeatedCompositeFieldContainer[UsageRecord]
    def __init__(self, company_id: _Optional[str] = ..., store_id: _Optional[str] = ..., records: _Optional[_Iterable[_Union[UsageRecord, _Mapping]]] = ...) -> None: ...

class UploadUsageBatchResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[UsageResult]
    def __init__(self, results: _Optional[_Iterable[_Union[UsageResult, _Mapping]]] = ...) -> None: ...
