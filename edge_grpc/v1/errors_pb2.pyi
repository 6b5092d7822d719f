from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class ErrorReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ERROR_REASON_UNSPECIFIED: _ClassVar[ErrorReason]
    ERROR_REASON_MISSING_STORE_ID: _ClassVar[ErrorReason]
    ERROR_REASON_MISSING_COMPANY_ID: _ClassVar[ErrorReason]
    ERROR_REASON_MISSING_BRAND_ID: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_DATE_FORMAT: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_CURSOR: _ClassVar[ErrorReason]
    ERROR_REASON_EMPTY_BATCH: _ClassVar[ErrorReason]
    ERROR_REASON_BATCH_TOO_LARGE: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_FIELD: _ClassVar[ErrorReason]
    ERROR_REASON_STORE_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_COMPANY_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_CURSOR_TOO_OLD: _ClassVar[ErrorReason]
    ERROR_REASON_TENANT_MISMATCH: _ClassVar[ErrorReason]
    ERROR_REASON_MISSING_SCOPE: _ClassVar[ErrorReason]
    ERROR_REASON_UNAUTHENTICATED: _ClassVar[ErrorReason]
    ERROR_REASON_RATE_LIMITED: _ClassVar[ErrorReason]
    ERROR_REASON_DRAINING: _ClassVar[ErrorReason]
    ERROR_REASON_DATABASE_AWAY: _ClassVar[ErrorReason]
    ERROR_REASON_INTERNAL_ERROR: _ClassVar[ErrorReason]
ERROR_REASON_UNSPECIFIED: ErrorReason
ERROR_REASON_MISSING_STORE_ID: ErrorReason
ERROR_REASON_MISSING_COMPANY_ID: ErrorReason
ERROR_REASON_MISSING_BRAND_ID: ErrorReason
ERROR_REASON_INVALID_DATE_FORMAT: ErrorReason
ERROR_REASON_INVALID_CURSOR: ErrorReason
ERROR_REASON_EMPTY_BATCH: ErrorReason
ERROR_REASON_BATCH_TOO_LARGE: ErrorReason
ERROR_REASON_INVALID_FIELD: ErrorReason
ERROR_REASON_STORE_NOT_FOUND: ErrorReason
ERROR_REASON_COMPANY_NOT_FOUND: ErrorReason
ERROR_REASON_CURSOR_TOO_OLD: ErrorReason
ERROR_REASON_TENANT_MISMATCH: ErrorReason
ERROR_REASON_MISSING_SCOPE: ErrorReason
ERROR_REASON_UNAUTHENTICATED: ErrorReason
ERROR_REASON_RATE_LIMITED: ErrorReason
ERROR_REASON_DRAINING: ErrorReason
ERROR_REASON_DATABASE_AWAY: ErrorReason
ERROR_REASON_INTERNAL_ERROR: ErrorReason
