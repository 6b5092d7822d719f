from edge_grpc.v1 import types_pb2 as _types_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Category(_message.Message):
    __slots__ = ("id", "parent_id", "brand_id", "code", "name", "sort_order", "is_active", "version")
    ID_FIELD_NUMBER: _ClassVar[int]
    PARENT_ID_FIELD_NUMBER: _ClassVar[int]
    BRAND_ID_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SORT_ORDER_FIELD_NUMBER: _ClassVar[int]
    IS_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    id: str
    parent_id: str
    brand_id: str
    code: str
    name: str
    sort_order: int
    is_active: bool
    version: int
    def __init__(self, id: _Optional[str] = ..., parent_id: _Optional[str] = ..., brand_id: _Optional[str] = ..., code: _Optional[str] = ..., name: _Optional[str] = ..., sort_order: _Optional[int] = ..., is_active: _Optional[bool] = ..., version: _Optional[int] = ...) -> None: ...

class Product(_message.Message):
    __slots__ = ("id", "sku", "name", "description", "brand_id", "category_id", "barcode", "base_price", "is_active", "store_price", "is_available", "tax_basis_points", "version")
    ID_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    BRAND_ID_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_ID_FIELD_NUMBER: _ClassVar[int]
    BARCODE_FIELD_NUMBER: _ClassVar[int]
    BASE_PRICE_FIELD_NUMBER: _ClassVar[int]
    IS_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    STORE_PRICE_FIELD_NUMBER: _ClassVar[int]
    IS_AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    TAX_BASIS_POINTS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    id: str
    sku: str
    name: str
    description: str
    brand_id: str
    category_id: str
    barcode: str
    base_price: _types_pb2.Money
    is_active: bool
    store_price: _types_pb2.Money
    is_available: bool
    tax_basis_points: int
    version: int
    def __init__(self, id: _Optional[str] = ..., sku: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., brand_id: _Optional[str] = ..., category_id: _Optional[str] = ..., barcode: _Optional[str] = ..., base_price: _Optional[_Union[_types_pb2.Money, _Mapping]] = ..., is_active: _Optional[bool] = ..., store_price: _Optional[_Union[_types_pb2.Money, _Mapping]] = ..., is_available: _Optional[bool] = ..., tax_basis_points: _Optional[int] = ..., version: _Optional[int] = ...) -> None: ...
