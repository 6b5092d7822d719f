"""Why a promotion was applied or not: words that stay the same for clients in every language."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """The whole vocabulary; docs/edge-integration.md explains it."""

    APPLIED = "APPLIED"
    # Not usable by this edge
    INACTIVE = "INACTIVE"
    NEWER_EDGE_NEEDED = "NEWER_EDGE_NEEDED"
    UNKNOWN_RULE = "UNKNOWN_RULE"
    UNKNOWN_VALUE = "UNKNOWN_VALUE"
    INVALID_RULE = "INVALID_RULE"
    CURRENCY_MISMATCH = "CURRENCY_MISMATCH"
    # By the clock
    NOT_STARTED = "NOT_STARTED"
    ENDED = "ENDED"
    WRONG_DAY = "WRONG_DAY"
    WRONG_HOUR = "WRONG_HOUR"
    EXCLUDED_DATE = "EXCLUDED_DATE"
    # By customer, channel and choice
    CHANNEL = "CHANNEL"
    MEMBERS_ONLY = "MEMBERS_ONLY"
    MEMBER_TIER = "MEMBER_TIER"
    MEMBER_EXCLUDED = "MEMBER_EXCLUDED"
    CUSTOMER_TYPE = "CUSTOMER_TYPE"
    CUSTOMER_UNKNOWN = "CUSTOMER_UNKNOWN"
    EMPLOYEES_ONLY = "EMPLOYEES_ONLY"
    VOUCHER_NEEDED = "VOUCHER_NEEDED"
    NOT_CHOSEN = "NOT_CHOSEN"
    MAX_USES = "MAX_USES"
    MAX_USES_PER_CUSTOMER = "MAX_USES_PER_CUSTOMER"
    MAX_USES_PER_DAY = "MAX_USES_PER_DAY"
    # By the bill, when its turn came
    NO_COUNTED_LINES = "NO_COUNTED_LINES"
    MIN_PURCHASE = "MIN_PURCHASE"
    MIN_QUANTITY = "MIN_QUANTITY"
    MIN_ITEMS = "MIN_ITEMS"
    TRIGGER_MISSING = "TRIGGER_MISSING"
    PARTS_MISSING = "PARTS_MISSING"
    NO_TIER = "NO_TIER"
    PAYMENT_METHOD = "PAYMENT_METHOD"
    MIN_PAYMENT = "MIN_PAYMENT"
    NOT_ON_BILL = "NOT_ON_BILL"
    NO_EFFECT = "NO_EFFECT"
    # By the other promotions
    NOT_COMBINABLE = "NOT_COMBINABLE"
    BETTER_WITHOUT = "BETTER_WITHOUT"


@dataclass(frozen=True, slots=True)
class Miss:
    """Why not. `offer`: what the customer could add to the bill to get it."""

    reason: Reason
    detail: str
    offer: bool = False
