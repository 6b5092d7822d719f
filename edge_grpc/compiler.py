"""Turns rows into wire bytes: everything a till needs, once per change.

The bytes hold no `version`: it is appended when they are served, so that a record whose content
did not change is not sent again only because somebody touched its row.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from uuid import UUID

from google.protobuf.message import Message

from edge_grpc import wire
from edge_grpc.promotion_rules import RULES, enum_value
from edge_grpc.promotion_source import NotCompilableError, PromotionSource, Row
from edge_grpc.v1 import promotion_pb2 as pb
from edge_grpc.v1.catalog_pb2 import Category, Product

COMPILER_VERSION = "1"
MIN_EDGE_VERSION = 1
MAX_BYTES = 256 * 1024
_EVERY_DAY = range(1, 8)


def compile_category(row: Row) -> bytes:
    """Return a category's bytes."""
    return wire.serialize(
        Category(
            id=str(row["category_id"]),
            parent_id=wire.optional_id(row["parent_id"]),
            brand_id=wire.optional_id(row["brand_id"]),
            code=row["code"],
            name=row["name"],
            sort_order=row["sort_order"],
            is_active=row["is_active"],
        )
    )


def compile_product(row: Row, currency: str) -> bytes:
    """Return a product's bytes, without what a store has of its own."""
    tax = row["tax_percent"]
    return wire.serialize(
        Product(
            id=str(row["product_id"]),
            sku=row["sku"],
            name=row["name"],
            description=row["description"],
            brand_id=str(row["brand_id"]),
            category_id=wire.optional_id(row["category_id"]),
            barcode=row["barcode"],
            base_price=wire.money(row["base_price"], currency),
            is_active=row["is_active"],
            tax_basis_points=None if tax is None else wire.basis_points(tax),
        )
    )


def compile_store_product(row: Row, currency: str) -> bytes:
    """Return a store's fields of a product; they are appended to the product's bytes."""
    return wire.serialize(
        Product(
            store_price=wire.optional_money(row["price"], currency),
            is_available=row["is_available"],
        )
    )


def compile_promotion(source: PromotionSource) -> bytes:
    """Return a promotion's bytes, or raise NotCompilableError with the reason."""
    try:
        body = wire.serialize(_promotion(source))
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        # A value that its field cannot hold: the promotion's fault, not a reason to stop others.
        raise NotCompilableError(str(error)) from error
    if len(body) > MAX_BYTES:
        message = f"{len(body)} bytes are more than the {MAX_BYTES} that a record may have"
        raise NotCompilableError(message)
    return body


def _promotion(source: PromotionSource) -> pb.Promotion:
    row = source.row
    if row["promo_type"] not in RULES:
        message = f"'{row['promo_type']}' is not a known promo_type"
        raise NotCompilableError(message)
    rule: dict[str, Message] = {row["promo_type"]: RULES[row["promo_type"]](source)}
    stage = enum_value(pb.ExecutionStage, "EXECUTION_STAGE", row["execution_stage"])
    return pb.Promotion(
        id=str(row["promotion_id"]),
        code=row["code"],
        name=row["name"],
        description=row["description"],
        terms_conditions=row["terms_conditions"],
        apply_to=enum_value(pb.ApplyTo, "APPLY_TO", row["apply_to"]),  # pyright: ignore[reportArgumentType]
        execution_stage=stage,  # pyright: ignore[reportArgumentType]
        execution_priority=row["execution_priority"],
        priority=row["priority"],
        is_active=row["is_active"],
        is_auto_apply=row["is_auto_apply"],
        require_voucher=row["require_voucher"],
        show_in_menu=row["show_in_menu"],
        validity=_validity(source),
        scope=_scope(source),
        conditions=_conditions(source),
        limits=pb.Limits(
            max_uses=row["max_uses"],
            max_uses_per_customer=row["max_uses_per_customer"],
            max_uses_per_day=row["max_uses_per_day"],
        ),
        combination=pb.Combination(
            is_stackable=row["is_stackable"],
            cannot_combine_with=wire.ids(source.targeted("exclude", "other_promotion_id")),
        ),
        cross_brand=_cross_brand(source),
        manual_override=_manual_override(source),
        compiler_version=COMPILER_VERSION,
        min_edge_version=MIN_EDGE_VERSION,
        **rule,  # pyright: ignore[reportArgumentType]
    )


def _validity(source: PromotionSource) -> pb.Validity:
    row = source.row
    hours = None
    if row["start_second"] is not None:
        hours = pb.TimeWindow(
            start_second=row["start_second"], end_second=row["end_second"] or 86_400
        )
    return pb.Validity(
        start_on=wire.local_date(row["start_on"]),
        end_on=wire.local_date(row["end_on"]),
        days=sorted(set(row["weekdays"])) or _EVERY_DAY,  # pyright: ignore[reportArgumentType]
        hours=hours,
        excluded_dates=[
            wire.local_date(day)
            for day in sorted(source.holidays)
            if row["exclude_holidays"] and row["start_on"] <= day <= row["end_on"]
        ],
    )


def _scope(source: PromotionSource) -> pb.Scope:
    row = source.row
    included = {"category": "category_id", "product": "product_id"}.get(row["apply_to"])
    _require_targets(source, "brand_id", needed=not row["all_brands"])
    _require_targets(source, "store_id", needed=not row["all_stores"])
    if included:
        _require_targets(source, included, needed=True)
    return pb.Scope(
        category_ids=_categories(source, "include") if row["apply_to"] == "category" else [],
        product_ids=_targets(source, "product_id") if row["apply_to"] == "product" else [],
        excluded_category_ids=_categories(source, "exclude"),
        excluded_product_ids=wire.ids(source.targeted("exclude", "product_id")),
        brand_ids=[] if row["all_brands"] else _targets(source, "brand_id"),
        excluded_brand_ids=wire.ids(source.targeted("exclude", "brand_id")),
    )


def _require_targets(source: PromotionSource, column: str, *, needed: bool) -> None:
    if needed and not source.targeted("include", column):
        message = f"it names no {column}, so it would count nowhere: was its target deleted?"
        raise NotCompilableError(message)


def _targets(source: PromotionSource, column: str) -> list[str]:
    return wire.ids(source.targeted("include", column))


def _categories(source: PromotionSource, target_role: str) -> list[str]:
    return wire.ids(source.tree.closure(source.targeted(target_role, "category_id")))


def _conditions(source: PromotionSource) -> pb.Conditions:
    row = source.row
    customer = enum_value(pb.CustomerType, "CUSTOMER_TYPE", row["customer_type"])
    return pb.Conditions(
        member_only=row["member_only"],
        member_tiers=sorted(set(row["member_tiers"])),
        excluded_member_ids=sorted(set(row["excluded_member_ids"])),
        customer_type=customer,  # pyright: ignore[reportArgumentType]
        inactive_days_threshold=row["inactive_days_threshold"],
        sales_channels=_channels(row["sales_channels"]),
        excluded_channels=_channels(row["excluded_channels"]),
        min_purchase=source.optional_money("min_purchase"),
        min_quantity=row["min_quantity"],
        min_items=row["min_items"],
    )


def _channels(words: list[str]) -> Any:  # noqa: ANN401 - numbers of a generated enum
    return sorted({enum_value(pb.SalesChannel, "SALES_CHANNEL", word) for word in words})


def _cross_brand(source: PromotionSource) -> pb.CrossBrand | None:
    row = source.row
    if row["cross_brand_type"] is None:
        return None
    triggers, benefits = (
        wire.ids(source.targeted(part, "brand_id")) for part in ("trigger", "benefit")
    )
    if row["cross_brand_type"] == "trigger_benefit" and not (triggers and benefits):
        message = "trigger_benefit needs brands that trigger and brands that benefit"
        raise NotCompilableError(message)
    parameters = row["cross_brand_parameters"]
    kind = enum_value(pb.CrossBrandType, "CROSS_BRAND_TYPE", row["cross_brand_type"])
    return pb.CrossBrand(
        type=kind,  # pyright: ignore[reportArgumentType]
        trigger_brand_ids=triggers,
        trigger_min_amount=source.optional_money("cross_brand_min_amount"),
        benefit_brand_ids=benefits,
        parameters_json="" if parameters is None else _sorted_json(parameters),
    )


def _sorted_json(text: str) -> str:
    return json.dumps(json.loads(text), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _manual_override(source: PromotionSource) -> pb.ManualOverride | None:
    row = source.row
    if not (row["manual_override"] or row["employee_only"]):
        return None
    return pb.ManualOverride(
        is_allowed=row["manual_override"],
        required_role=row["override_role"],
        employee_only=row["employee_only"],
        max_amount=source.optional_money("override_max_amount"),
    )


def scope_columns(source: PromotionSource) -> dict[str, list[UUID]]:
    """Return what decides which stores a promotion reaches."""
    return {
        "brand_ids": source.targeted("include", "brand_id"),
        "excluded_brand_ids": source.targeted("exclude", "brand_id"),
        "store_ids": source.targeted("include", "store_id"),
        "excluded_store_ids": source.targeted("exclude", "store_id"),
    }


def last_day(source: PromotionSource) -> dt.date:
    """Return the last local day on which it can hold: one later when its hours pass midnight."""
    row = source.row
    start, end = row["start_second"], row["end_second"]
    overnight = start is not None and 0 < end <= start and row["end_on"] < dt.date.max
    return row["end_on"] + dt.timedelta(days=1 if overnight else 0)
