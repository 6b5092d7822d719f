from edge_grpc.v1 import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CashbackMethod(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CASHBACK_METHOD_UNSPECIFIED: _ClassVar[CashbackMethod]
    CASHBACK_METHOD_POINTS: _ClassVar[CashbackMethod]
    CASHBACK_METHOD_VOUCHER: _ClassVar[CashbackMethod]
    CASHBACK_METHOD_CASH: _ClassVar[CashbackMethod]

class DeductionStrategy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DEDUCTION_STRATEGY_UNSPECIFIED: _ClassVar[DeductionStrategy]
    DEDUCTION_STRATEGY_FIXED_ONLY: _ClassVar[DeductionStrategy]
    DEDUCTION_STRATEGY_SELECTED_ONLY: _ClassVar[DeductionStrategy]
    DEDUCTION_STRATEGY_ALL_COMPONENTS: _ClassVar[DeductionStrategy]
CASHBACK_METHOD_UNSPECIFIED: CashbackMethod
CASHBACK_METHOD_POINTS: CashbackMethod
CASHBACK_METHOD_VOUCHER: CashbackMethod
CASHBACK_METHOD_CASH: CashbackMethod
DEDUCTION_STRATEGY_UNSPECIFIED: DeductionStrategy
DEDUCTION_STRATEGY_FIXED_ONLY: DeductionStrategy
DEDUCTION_STRATEGY_SELECTED_ONLY: DeductionStrategy
DEDUCTION_STRATEGY_ALL_COMPONENTS: DeductionStrategy

class PercentDiscount(_message.Message):
    __slots__ = ("basis_points", "max_discount")
    BASIS_POINTS_FIELD_NUMBER: _ClassVar[int]
    MAX_DISCOUNT_FIELD_NUMBER: _ClassVar[int]
    basis_points: int
    max_discount: _types_pb2.Money
    def __init__(self, basis_points: _Optional[int] = ..., max_discount: _Optional[_Union[_types_pb2.Money, _Mapping]] = ...) -> None: ...

class AmountDiscount(_message.Message):
    __slots__ = ("amount", "max_discount")
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    MAX_DISCOUNT_FIELD_NUMBER: _ClassVar[int]
    amount: _types_pb2.Money
    max_discount: _types_pb2.Money
    def __init__(self, amount: _Optional[_Union[_types_pb2.Money, _Mapping]] = ..., max_discount: _Optional[_Union[_types_pb2.Money, _Mapping]] = ...) -> None: ...

class BuyXGetY(_message.Message):
    __slots__ = ("buy_quantity", "get_quantity", "get_basis_points", "get_product_id", "same_product_only", "max_discount")
    BUY_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    GET_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    GET_BASIS_POINTS_FIELD_NUMBER: _ClassVar[int]
    GET_PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    SAME_PRODUCT_ONLY_FIELD_NUMBER: _ClassVar[int]
    MAX_DISCOUNT_FIELD_NUMBER: _ClassVar[int]
    buy_quantity: int
    get_quantity: int
    get_basis_points: int
    get_product_id: str
    same_product_only: bool
    max_discount: _types_pb2.Money
    def __init__(self, buy_quantity: _Optional[int] = ..., get_quantity: _Optional[int] = ..., get_basis_points: _Optional[int] = ..., get_product_id: _Optional[str] = ..., same_product_only: _Optional[bool] = ..., max_discount: _Optional[_Union[_types_pb2.Money, _Mapping]] = ...) -> None: ...

class Combo(_message.Message):
    __slots__ = ("price", "items")
    PRICE_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    price: _types_pb2.Money
    items: _containers.RepeatedCompositeFieldContainer[ComboItem]
    def __init__(self, price: _Optional[_Union[_types_pb2.Money, _Mapping]] = ..., items: _Optional[_Iterable[_Union[ComboItem, _Mapping]]] = ...) -> None: ...

class ComboItem(_message.Message):
    __slots__ = ("product_id", "quantity")
    PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    product_id: str
    quantity: int
    def __init__(self, product_id: _Optional[str] = ..., quantity: _Optional[int] = ...) -> None: ...

class FreeItem(_message.Message):
    __slots__ = ("trigger_product_id", "trigger_quantity", "free_product_id", "free_quantity")
    TRIGGER_PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    FREE_PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    FREE_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    trigger_product_id: str
    trigger_quantity: int
    free_product_id: str
    free_quantity: int
    def __init__(self, trigger_product_id: _Optional[str] = ..., trigger_quantity: _Optional[int] = ..., free_product_id: _Optional[str] = ..., free_quantity: _Optional[int] = ...) -> None: ...

class HappyHour(_message.Message):
    __slots__ = ("basis_points", "amount", "special_price", "max_discount")
    BASIS_POINTS_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    SPECIAL_PRICE_FIELD_NUMBER: _ClassVar[int]
    MAX_DISCOUNT_FIELD_NUMBER: _ClassVar[int]
    basis_points: int
    amount: _types_pb2.Money
    special_price: _types_pb2.Money
    max_discount: _types_pb2.Money
    def __init__(self, basis_points: _Optional[int] = ..., amount: _Optional[_Union[_types_pb2.Money, _Mapping]] = ..., special_price: _Optional[_Union[_types_pb2.Money, _Mapping]] = ..., max_discount: _Optional[_Union[_types_pb2.Money, _Mapping]] = ...) -> None: ...

class Cashback(_message.Message):
    __slots__ = ("basis_points", "amount", "max_cashback", "payment_methods", "method")
    BASIS_POINTS_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    MAX_CASHBACK_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_METHODS_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    basis_points: int
    amount: _types_pb2.Money
    max_cashback: _types_pb2.Money
    payment_methods: _containers.RepeatedScalarFieldContainer[str]
    method: CashbackMethod
    def __init__(self, basis_points: _Optional[int] = ..., amount: _Optional[_Union[_types_pb2.Money, _Mapping]] = ..., max_cashback: _Optional[_Union[_types_pb2.Money, _Mapping]] = ..., payment_methods: _Optional[_Iterable[str]] = ..., method: _Optional[_Union[CashbackMethod, str]] = ...) -> None: ...

class PaymentDiscount(_message.Message):
    __slots__ = ("payment_methods", "basis_points", "amount", "max_discount", "min_payment")
    PAYMENT_METHODS_FIELD_NUMBER: _ClassVar[int]
    BASIS_POINTS_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    MAX_DISCOUNT_FIELD_NUMBER: _ClassVar[int]
    MIN_PAYMENT_FIELD_NUMBER: _ClassVar[int]
    payment_methods: _containers.RepeatedScalarFieldContainer[str]
    basis_points: int
    amount: _types_pb2.Money
    max_discount: _types_pb2.Money
    min_payment: _types_pb2.Money
    def __init__(self, payment_methods: _Optional[_Iterable[str]] = ..., basis_points: _Optional[int] = ..., amount: _Optional[_Union[_types_pb2.Money, _Mapping]] = ..., max_discount: _Optional[_Union[_types_pb2.Money, _Mapping]] = ..., min_payment: _Optional[_Union[_types_pb2.Money, _Mapping]] = ...) -> None: ...

class Package(_message.Message):
    __slots__ = ("name", "sku", "price", "allow_modification", "min_items", "max_items", "deduction_strategy", "items")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    ALLOW_MODIFICATION_FIELD_NUMBER: _ClassVar[int]
    MIN_ITEMS_FIELD_NUMBER: _ClassVar[int]
    MAX_ITEMS_FIELD_NUMBER: _ClassVar[int]
    DEDUCTION_STRATEGY_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    name: str
    sku: str
    price: _types_pb2.Money
    allow_modification: bool
    min_items: int
    max_items: int
    deduction_strategy: DeductionStrategy
    items: _containers.RepeatedCompositeFieldContainer[PackageItem]
    def __init__(self, name: _Optional[str] = ..., sku: _Optional[str] = ..., price: _Optional[_Union[_types_pb2.Money, _Mapping]] = ..., allow_modification: _Optional[bool] = ..., min_items: _Optional[int] = ..., max_items: _Optional[int] = ..., deduction_strategy: _Optional[_Union[DeductionStrategy, str]] = ..., items: _Optional[_Iterable[_Union[PackageItem, _Mapping]]] = ...) -> None: ...

class PackageItem(_message.Message):
    __slots__ = ("product_id", "category_id", "category_ids", "quantity", "is_required", "is_choice", "min_selection", "max_selection", "surcharge")
    PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_ID_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_IDS_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    IS_REQUIRED_FIELD_NUMBER: _ClassVar[int]
    IS_CHOICE_FIELD_NUMBER: _ClassVar[int]
    MIN_SELECTION_FIELD_NUMBER: _ClassVar[int]
    MAX_SELECTION_FIELD_NUMBER: _ClassVar[int]
    SURCHARGE_FIELD_NUMBER: _ClassVar[int]
    product_id: str
    category_id: str
    category_ids: _containers.RepeatedScalarFieldContainer[str]
    quantity: int
    is_required: bool
    is_choice: bool
    min_selection: int
    max_selection: int
    surcharge: _types_pb2.Money
    def __init__(self, product_id: _Optional[str] = ..., category_id: _Optional[str] = ..., category_ids: _Optional[_Iterable[str]] = ..., quantity: _Optional[int] = ..., is_required: _Optional[bool] = ..., is_choice: _Optional[bool] = ..., min_selection: _Optional[int] = ..., max_selection: _Optional[int] = ..., surcharge: _Optional[_Union[_types_pb2.Money, _Mapping]] = ...) -> None: ...

class MixMatch(_message.Message):
    __slots__ = ("category_ids", "required_quantity", "special_price", "allow_same_product")
    CATEGORY_IDS_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    SPECIAL_PRICE_FIELD_NUMBER: _ClassVar[int]
    ALLOW_SAME_PRODUCT_FIELD_NUMBER: _ClassVar[int]
    category_ids: _containers.RepeatedScalarFieldContainer[str]
    required_quantity: int
    special_price: _types_pb2.Money
    allow_same_product: bool
    def __init__(self, category_ids: _Optional[_Iterable[str]] = ..., required_quantity: _Optional[int] = ..., special_price: _Optional[_Union[_types_pb2.Money, _Mapping]] = ..., allow_same_product: _Optional[bool] = ...) -> None: ...

class Upsell(_message.Message):
    __slots__ = ("message", "required_product_id", "required_quantity", "upsell_product_id", "special_price")
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    UPSELL_PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    SPECIAL_PRICE_FIELD_NUMBER: _ClassVar[int]
    message: str
    required_product_id: str
    required_quantity: int
    upsell_product_id: str
    special_price: _types_pb2.Money
    def __init__(self, message: _Optional[str] = ..., required_product_id: _Optional[str] = ..., required_quantity: _Optional[int] = ..., upsell_product_id: _Optional[str] = ..., special_price: _Optional[_Union[_types_pb2.Money, _Mapping]] = ...) -> None: ...

class ThresholdTier(_message.Message):
    __slots__ = ("tiers",)
    TIERS_FIELD_NUMBER: _ClassVar[int]
    tiers: _containers.RepeatedCompositeFieldContainer[Tier]
    def __init__(self, tiers: _Optional[_Iterable[_Union[Tier, _Mapping]]] = ...) -> None: ...

class Tier(_message.Message):
    __slots__ = ("name", "min_amount", "max_amount", "basis_points", "amount", "free_product_id", "points_multiplier_hundredths")
    NAME_FIELD_NUMBER: _ClassVar[int]
    MIN_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    MAX_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    BASIS_POINTS_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    FREE_PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    POINTS_MULTIPLIER_HUNDREDTHS_FIELD_NUMBER: _ClassVar[int]
    name: str
    min_amount: _types_pb2.Money
    max_amount: _types_pb2.Money
    basis_points: int
    amount: _types_pb2.Money
    free_product_id: str
    points_multiplier_hundredths: int
    def __init__(self, name: _Optional[str] = ..., min_amount: _Optional[_Union[_types_pb2.Money, _Mapping]] = ..., max_amount: _Optional[_Union[_types_pb2.Money, _Mapping]] = ..., basis_points: _Optional[int] = ..., amount: _Optional[_Union[_types_pb2.Money, _Mapping]] = ..., free_product_id: _Optional[str] = ..., points_multiplier_hundredths: _Optional[int] = ...) -> None: ...
