from edge_grpc.v1 import promotion_rules_pb2 as _promotion_rules_pb2
from edge_grpc.v1 import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ApplyTo(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    APPLY_TO_UNSPECIFIED: _ClassVar[ApplyTo]
    APPLY_TO_ALL: _ClassVar[ApplyTo]
    APPLY_TO_CATEGORY: _ClassVar[ApplyTo]
    APPLY_TO_PRODUCT: _ClassVar[ApplyTo]
    APPLY_TO_BILL: _ClassVar[ApplyTo]
    APPLY_TO_PAYMENT: _ClassVar[ApplyTo]

class ExecutionStage(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EXECUTION_STAGE_UNSPECIFIED: _ClassVar[ExecutionStage]
    EXECUTION_STAGE_ITEM_LEVEL: _ClassVar[ExecutionStage]
    EXECUTION_STAGE_CART_LEVEL: _ClassVar[ExecutionStage]
    EXECUTION_STAGE_PAYMENT_LEVEL: _ClassVar[ExecutionStage]

class CustomerType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CUSTOMER_TYPE_UNSPECIFIED: _ClassVar[CustomerType]
    CUSTOMER_TYPE_ALL: _ClassVar[CustomerType]
    CUSTOMER_TYPE_FIRST_ORDER: _ClassVar[CustomerType]
    CUSTOMER_TYPE_FIRST_PER_BRAND: _ClassVar[CustomerType]
    CUSTOMER_TYPE_COMEBACK: _ClassVar[CustomerType]
    CUSTOMER_TYPE_INACTIVE: _ClassVar[CustomerType]

class SalesChannel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SALES_CHANNEL_UNSPECIFIED: _ClassVar[SalesChannel]
    SALES_CHANNEL_DINE_IN: _ClassVar[SalesChannel]
    SALES_CHANNEL_TAKEAWAY: _ClassVar[SalesChannel]
    SALES_CHANNEL_DELIVERY: _ClassVar[SalesChannel]
    SALES_CHANNEL_KIOSK: _ClassVar[SalesChannel]

class CrossBrandType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CROSS_BRAND_TYPE_UNSPECIFIED: _ClassVar[CrossBrandType]
    CROSS_BRAND_TYPE_TRIGGER_BENEFIT: _ClassVar[CrossBrandType]
    CROSS_BRAND_TYPE_MULTI_BRAND_SPEND: _ClassVar[CrossBrandType]
    CROSS_BRAND_TYPE_CROSS_BRAND_BUNDLE: _ClassVar[CrossBrandType]
    CROSS_BRAND_TYPE_LOYALTY_ACCUMULATE: _ClassVar[CrossBrandType]
    CROSS_BRAND_TYPE_SAME_RECEIPT: _ClassVar[CrossBrandType]
APPLY_TO_UNSPECIFIED: ApplyTo
APPLY_TO_ALL: ApplyTo
APPLY_TO_CATEGORY: ApplyTo
APPLY_TO_PRODUCT: ApplyTo
APPLY_TO_BILL: ApplyTo
APPLY_TO_PAYMENT: ApplyTo
EXECUTION_STAGE_UNSPECIFIED: ExecutionStage
EXECUTION_STAGE_ITEM_LEVEL: ExecutionStage
EXECUTION_STAGE_CART_LEVEL: ExecutionStage
EXECUTION_STAGE_PAYMENT_LEVEL: ExecutionStage
CUSTOMER_TYPE_UNSPECIFIED: CustomerType
CUSTOMER_TYPE_ALL: CustomerType
CUSTOMER_TYPE_FIRST_ORDER: CustomerType
CUSTOMER_TYPE_FIRST_PER_BRAND: CustomerType
CUSTOMER_TYPE_COMEBACK: CustomerType
CUSTOMER_TYPE_INACTIVE: CustomerType
SALES_CHANNEL_UNSPECIFIED: SalesChannel
SALES_CHANNEL_DINE_IN: SalesChannel
SALES_CHANNEL_TAKEAWAY: SalesChannel
SALES_CHANNEL_DELIVERY: SalesChannel
SALES_CHANNEL_KIOSK: SalesChannel
CROSS_BRAND_TYPE_UNSPECIFIED: CrossBrandType
CROSS_BRAND_TYPE_TRIGGER_BENEFIT: CrossBrandType
CROSS_BRAND_TYPE_MULTI_BRAND_SPEND: CrossBrandType
CROSS_BRAND_TYPE_CROSS_BRAND_BUNDLE: CrossBrandType
CROSS_BRAND_TYPE_LOYALTY_ACCUMULATE: CrossBrandType
CROSS_BRAND_TYPE_SAME_RECEIPT: CrossBrandType

class Promotion(_message.Message):
    __slots__ = ("id", "code", "name", "description", "terms_conditions", "apply_to", "execution_stage", "execution_priority", "priority", "is_active", "is_auto_apply", "require_voucher", "show_in_menu", "validity", "version", "scope", "conditions", "limits", "combination", "cross_brand", "manual_override", "compiler_version", "min_edge_version", "percent_discount", "amount_discount", "buy_x_get_y", "combo", "free_item", "happy_hour", "cashback", "payment_discount", "package", "mix_match", "upsell", "threshold_tier")
    ID_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    TERMS_CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    APPLY_TO_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_STAGE_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_PRIORITY_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    IS_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    IS_AUTO_APPLY_FIELD_NUMBER: _ClassVar[int]
    REQUIRE_VOUCHER_FIELD_NUMBER: _ClassVar[int]
    SHOW_IN_MENU_FIELD_NUMBER: _ClassVar[int]
    VALIDITY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    COMBINATION_FIELD_NUMBER: _ClassVar[int]
    CROSS_BRAND_FIELD_NUMBER: _ClassVar[int]
    MANUAL_OVERRIDE_FIELD_NUMBER: _ClassVar[int]
    COMPILER_VERSION_FIELD_NUMBER: _ClassVar[int]
    MIN_EDGE_VERSION_FIELD_NUMBER: _ClassVar[int]
    PERCENT_DISCOUNT_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_DISCOUNT_FIELD_NUMBER: _ClassVar[int]
    BUY_X_GET_Y_FIELD_NUMBER: _ClassVar[int]
    COMBO_FIELD_NUMBER: _ClassVar[int]
    FREE_ITEM_FIELD_NUMBER: _ClassVar[int]
    HAPPY_HOUR_FIELD_NUMBER: _ClassVar[int]
    CASHBACK_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_DISCOUNT_FIELD_NUMBER: _ClassVar[int]
    PACKAGE_FIELD_NUMBER: _ClassVar[int]
    MIX_MATCH_FIELD_NUMBER: _ClassVar[int]
    UPSELL_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_TIER_FIELD_NUMBER: _ClassVar[int]
    id: str
    code: str
    name: str
    description: str
    terms_conditions: str
    apply_to: ApplyTo
    execution_stage: ExecutionStage
    execution_priority: int
    priority: int
    is_active: bool
    is_auto_apply: bool
    require_voucher: bool
    show_in_menu: bool
    validity: Validity
    version: int
    scope: Scope
    conditions: Conditions
    limits: Limits
    combination: Combination
    cross_brand: CrossBrand
    manual_override: ManualOverride
    compiler_version: str
    min_edge_version: int
    percent_discount: _promotion_rules_pb2.PercentDiscount
    amount_discount: _promotion_rules_pb2.AmountDiscount
    buy_x_get_y: _promotion_rules_pb2.BuyXGetY
    combo: _promotion_rules_pb2.Combo
    free_item: _promotion_rules_pb2.FreeItem
    happy_hour: _promotion_rules_pb2.HappyHour
    cashback: _promotion_rules_pb2.Cashback
    payment_discount: _promotion_rules_pb2.PaymentDiscount
    package: _promotion_rules_pb2.Package
    mix_match: _promotion_rules_pb2.MixMatch
    upsell: _promotion_rules_pb2.Upsell
    threshold_tier: _promotion_rules_pb2.ThresholdTier
    def __init__(self, id: _Optional[str] = ..., code: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., terms_conditions: _Optional[str] = ..., apply_to: _Optional[_Union[ApplyTo, str]] = ..., execution_stage: _Optional[_Union[ExecutionStage, str]] = ..., execution_priority: _Optional[int] = ..., priority: _Optional[int] = ..., is_active: _Optional[bool] = ..., is_auto_apply: _Optional[bool] = ..., require_voucher: _Optional[bool] = ..., show_in_menu: _Optional[bool] = ..., validity: _Optional[_Union[Validity, _Mapping]] = ..., version: _Optional[int] = ..., scope: _Optional[_Union[Scope, _Mapping]] = ..., conditions: _Optional[_Union[Conditions, _Mapping]] = ..., limits: _Optional[_Union[Limits, _Mapping]] = ..., combination: _Optional[_Union[Combination, _Mapping]] = ..., cross_brand: _Optional[_Union[CrossBrand, _Mapping]] = ..., manual_override: _Optional[_Union[ManualOverride, _Mapping]] = ..., compiler_version: _Optional[str] = ..., min_edge_version: _Optional[int] = ..., percent_discount: _Optional[_Union[_promotion_rules_pb2.PercentDiscount, _Mapping]] = ..., amount_discount: _Optional[_Union[_promotion_rules_pb2.AmountDiscount, _Mapping]] = ..., buy_x_get_y: _Optional[_Union[_promotion_rules_pb2.BuyXGetY, _Mapping]] = ..., combo: _Optional[_Union[_promotion_rules_pb2.Combo, _Mapping]] = ..., free_item: _Optional[_Union[_promotion_rules_pb2.FreeItem, _Mapping]] = ..., happy_hour: _Optional[_Union[_promotion_rules_pb2.HappyHour, _Mapping]] = ..., cashback: _Optional[_Union[_promotion_rules_pb2.Cashback, _Mapping]] = ..., payment_discount: _Optional[_Union[_promotion_rules_pb2.PaymentDiscount, _Mapping]] = ..., package: _Optional[_Union[_promotion_rules_pb2.Package, _Mapping]] = ..., mix_match: _Optional[_Union[_promotion_rules_pb2.MixMatch, _Mapping]] = ..., upsell: _Optional[_Union[_promotion_rules_pb2.Upsell, _Mapping]] = ..., threshold_tier: _Optional[_Union[_promotion_rules_pb2.ThresholdTier, _Mapping]] = ...) -> None: ...

class Validity(_message.Message):
    __slots__ = ("start_on", "end_on", "days", "hours", "excluded_dates")
    START_ON_FIELD_NUMBER: _ClassVar[int]
    END_ON_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    HOURS_FIELD_NUMBER: _ClassVar[int]
    EXCLUDED_DATES_FIELD_NUMBER: _ClassVar[int]
    start_on: _types_pb2.LocalDate
    end_on: _types_pb2.LocalDate
    days: _containers.RepeatedScalarFieldContainer[_types_pb2.Weekday]
    hours: TimeWindow
    excluded_dates: _containers.RepeatedCompositeFieldContainer[_types_pb2.LocalDate]
    def __init__(self, start_on: _Optional[_Union[_types_pb2.LocalDate, _Mapping]] = ..., end_on: _Optional[_Union[_types_pb2.LocalDate, _Mapping]] = ..., days: _Optional[_Iterable[_Union[_types_pb2.Weekday, str]]] = ..., hours: _Optional[_Union[TimeWindow, _Mapping]] = ..., excluded_dates: _Optional[_Iterable[_Union[_types_pb2.LocalDate, _Mapping]]] = ...) -> None: ...

class TimeWindow(_message.Message):
    __slots__ = ("start_second", "end_second")
    START_SECOND_FIELD_NUMBER: _ClassVar[int]
    END_SECOND_FIELD_NUMBER: _ClassVar[int]
    start_second: int
    end_second: int
    def __init__(self, start_second: _Optional[int] = ..., end_second: _Optional[int] = ...) -> None: ...

class Scope(_message.Message):
    __slots__ = ("category_ids", "product_ids", "excluded_category_ids", "excluded_product_ids", "brand_ids", "excluded_brand_ids")
    CATEGORY_IDS_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_IDS_FIELD_NUMBER: _ClassVar[int]
    EXCLUDED_CATEGORY_IDS_FIELD_NUMBER: _ClassVar[int]
    EXCLUDED_PRODUCT_IDS_FIELD_NUMBER: _ClassVar[int]
    BRAND_IDS_FIELD_NUMBER: _ClassVar[int]
    EXCLUDED_BRAND_IDS_FIELD_NUMBER: _ClassVar[int]
    category_ids: _containers.RepeatedScalarFieldContainer[str]
    product_ids: _containers.RepeatedScalarFieldContainer[str]
    excluded_category_ids: _containers.RepeatedScalarFieldContainer[str]
    excluded_product_ids: _containers.RepeatedScalarFieldContainer[str]
    brand_ids: _containers.RepeatedScalarFieldContainer[str]
    excluded_brand_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, category_ids: _Optional[_Iterable[str]] = ..., product_ids: _Optional[_Iterable[str]] = ..., excluded_category_ids: _Optional[_Iterable[str]] = ..., excluded_product_ids: _Optional[_Iterable[str]] = ..., brand_ids: _Optional[_Iterable[str]] = ..., excluded_brand_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class Conditions(_message.Message):
    __slots__ = ("member_only", "member_tiers", "excluded_member_ids", "customer_type", "inactive_days_threshold", "sales_channels", "excluded_channels", "min_purchase", "min_quantity", "min_items")
    MEMBER_ONLY_FIELD_NUMBER: _ClassVar[int]
    MEMBER_TIERS_FIELD_NUMBER: _ClassVar[int]
    EXCLUDED_MEMBER_IDS_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_TYPE_FIELD_NUMBER: _ClassVar[int]
    INACTIVE_DAYS_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    SALES_CHANNELS_FIELD_NUMBER: _ClassVar[int]
    EXCLUDED_CHANNELS_FIELD_NUMBER: _ClassVar[int]
    MIN_PURCHASE_FIELD_NUMBER: _ClassVar[int]
    MIN_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    MIN_ITEMS_FIELD_NUMBER: _ClassVar[int]
    member_only: bool
    member_tiers: _containers.RepeatedScalarFieldContainer[str]
    excluded_member_ids: _containers.RepeatedScalarFieldContainer[str]
    customer_type: CustomerType
    inactive_days_threshold: int
    sales_channels: _containers.RepeatedScalarFieldContainer[SalesChannel]
    excluded_channels: _containers.RepeatedScalarFieldContainer[SalesChannel]
    min_purchase: _types_pb2.Money
    min_quantity: int
    min_items: int
    def __init__(self, member_only: _Optional[bool] = ..., member_tiers: _Optional[_Iterable[str]] = ..., excluded_member_ids: _Optional[_Iterable[str]] = ..., customer_type: _Optional[_Union[CustomerType, str]] = ..., inactive_days_threshold: _Optional[int] = ..., sales_channels: _Optional[_Iterable[_Union[SalesChannel, str]]] = ..., excluded_channels: _Optional[_Iterable[_Union[SalesChannel, str]]] = ..., min_purchase: _Optional[_Union[_types_pb2.Money, _Mapping]] = ..., min_quantity: _Optional[int] = ..., min_items: _Optional[int] = ...) -> None: ...

class Limits(_message.Message):
    __slots__ = ("max_uses", "max_uses_per_customer", "max_uses_per_day")
    MAX_USES_FIELD_NUMBER: _ClassVar[int]
    MAX_USES_PER_CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    MAX_USES_PER_DAY_FIELD_NUMBER: _ClassVar[int]
    max_uses: int
    max_uses_per_customer: int
    max_uses_per_day: int
    def __init__(self, max_uses: _Optional[int] = ..., max_uses_per_customer: _Optional[int] = ..., max_uses_per_day: _Optional[int] = ...) -> None: ...

class Combination(_message.Message):
    __slots__ = ("is_stackable", "cannot_combine_with")
    IS_STACKABLE_FIELD_NUMBER: _ClassVar[int]
    CANNOT_COMBINE_WITH_FIELD_NUMBER: _ClassVar[int]
    is_stackable: bool
    cannot_combine_with: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, is_stackable: _Optional[bool] = ..., cannot_combine_with: _Optional[_Iterable[str]] = ...) -> None: ...

class CrossBrand(_message.Message):
    __slots__ = ("type", "trigger_brand_ids", "trigger_min_amount", "benefit_brand_ids", "parameters_json")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_BRAND_IDS_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_MIN_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    BENEFIT_BRAND_IDS_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_JSON_FIELD_NUMBER: _ClassVar[int]
    type: CrossBrandType
    trigger_brand_ids: _containers.RepeatedScalarFieldContainer[str]
    trigger_min_amount: _types_pb2.Money
    benefit_brand_ids: _containers.RepeatedScalarFieldContainer[str]
    parameters_json: str
    def __init__(self, type: _Optional[_Union[CrossBrandType, str]] = ..., trigger_brand_ids: _Optional[_Iterable[str]] = ..., trigger_min_amount: _Optional[_Union[_types_pb2.Money, _Mapping]] = ..., benefit_brand_ids: _Optional[_Iterable[str]] = ..., parameters_json: _Optional[str] = ...) -> None: ...

class ManualOverride(_message.Message):
    __slots__ = ("is_allowed", "required_role", "employee_only", "max_amount")
    IS_ALLOWED_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_ROLE_FIELD_NUMBER: _ClassVar[int]
    EMPLOYEE_ONLY_FIELD_NUMBER: _ClassVar[int]
    MAX_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    is_allowed: bool
    required_role: str
    employee_only: bool
    max_amount: _types_pb2.Money
    def __init__(self, is_allowed: _Optional[bool] = ..., required_role: _Optional[str] = ..., employee_only: _Optional[bool] = ..., max_amount: _Optional[_Union[_types_pb2.Money, _Mapping]] = ...) -> None: ...
