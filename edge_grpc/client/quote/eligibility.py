"""What can be said of a promotion before the bill is looked at: by whom, when, how often."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from google.protobuf.message import Message

from edge_grpc.client.quote.cart import Cart, Override
from edge_grpc.client.quote.reasons import Miss, Reason
from edge_grpc.client.quote.schedule import out_of_schedule
from edge_grpc.client.quote.understanding import not_understood
from edge_grpc.v1 import promotion_pb2 as pb
from edge_grpc.v1.types_pb2 import Money


@dataclass(frozen=True, slots=True)
class Uses:
    """How often a promotion was used, as far as this edge knows."""

    total: int = 0
    by_customer: int = 0
    today: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """When, where and for whom promotions are judged."""

    cart: Cart
    at: datetime
    timezone: ZoneInfo
    currency: str

    def override(self, promotion: pb.Promotion) -> Override | None:
        """Return staff's wish to apply a promotion by hand, if its rules let them."""
        manual = promotion.manual_override
        for wish in self.cart.overrides:
            role_fits = not manual.required_role or wish.role == manual.required_role
            if wish.promotion in _names(promotion) and manual.is_allowed and role_fits:
                return wish
        return None


def _names(promotion: pb.Promotion) -> set[str]:
    return {promotion.id, promotion.code}


def unusable(promotion: pb.Promotion, occasion: Occasion, uses: Uses) -> Miss | None:
    """Return why the promotion is out before the bill is looked at, None if it may apply."""
    return (
        _unreadable(promotion, occasion.currency)
        or out_of_schedule(promotion.validity, occasion.at, occasion.timezone)
        or _used_up(promotion.limits, occasion.cart, uses)
        or _not_asked_for(promotion, occasion)
        or (None if occasion.override(promotion) else _wrong_customer(promotion, occasion.cart))
    )


def _unreadable(promotion: pb.Promotion, currency: str) -> Miss | None:
    """Skip what is not understood in full; never guess."""
    missed = not_understood(promotion)
    if missed:
        return missed
    if not promotion.is_active:
        return Miss(Reason.INACTIVE, "is switched off at head office")
    foreign = next((m for m in _amounts(promotion) if m.currency_code != currency), None)
    if foreign is not None:
        text = f"is in {foreign.currency_code}, the bill in {currency}"
        return Miss(Reason.CURRENCY_MISMATCH, text)
    return None


def _amounts(message: Message) -> Iterator[Money]:
    """Yield every amount of a message."""
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        for part in value if field.is_repeated else [value]:
            if isinstance(part, Money):
                yield part
            else:
                yield from _amounts(part)


def _used_up(limits: pb.Limits, cart: Cart, uses: Uses) -> Miss | None:
    if limits.HasField("max_uses") and uses.total >= limits.max_uses:
        text = f"may be used {limits.max_uses} times; used {uses.total} times as far as known here"
        return Miss(Reason.MAX_USES, text)
    if limits.HasField("max_uses_per_day") and uses.today >= limits.max_uses_per_day:
        text = f"may be used {limits.max_uses_per_day} times a day; used {uses.today} times today"
        return Miss(Reason.MAX_USES_PER_DAY, text)
    if limits.HasField("max_uses_per_customer"):
        if cart.customer.id is None:
            text = "is limited per customer; say who buys (customer.id)"
            return Miss(Reason.CUSTOMER_UNKNOWN, text)
        if uses.by_customer >= limits.max_uses_per_customer:
            text = f"may be used {limits.max_uses_per_customer} times per customer"
            return Miss(Reason.MAX_USES_PER_CUSTOMER, f"{text}; used {uses.by_customer} times")
    return None


def _not_asked_for(promotion: pb.Promotion, occasion: Occasion) -> Miss | None:
    names, cart = _names(promotion), occasion.cart
    if promotion.require_voucher and not names & set(cart.vouchers):
        return Miss(Reason.VOUCHER_NEEDED, "needs a voucher (vouchers)")
    asked = promotion.is_auto_apply or promotion.require_voucher or names & set(cart.chosen)
    if not asked and not occasion.override(promotion):
        return Miss(Reason.NOT_CHOSEN, "is applied only when somebody chooses it (chosen)")
    return None


def _wrong_customer(promotion: pb.Promotion, cart: Cart) -> Miss | None:
    conditions, customer = promotion.conditions, cart.customer
    if promotion.manual_override.employee_only and not customer.is_employee:
        return Miss(Reason.EMPLOYEES_ONLY, "is for employees' own purchases")
    if conditions.member_only and not customer.is_member:
        return Miss(Reason.MEMBERS_ONLY, "is for members")
    if conditions.member_tiers and customer.tier not in conditions.member_tiers:
        text = f"is for the tiers {', '.join(conditions.member_tiers)}"
        return Miss(Reason.MEMBER_TIER, text)
    if customer.id is not None and customer.id in conditions.excluded_member_ids:
        return Miss(Reason.MEMBER_EXCLUDED, "is not offered to this customer")
    return _wrong_type(conditions, cart) or _wrong_channel(conditions, cart)


def _wrong_type(conditions: pb.Conditions, cart: Cart) -> Miss | None:
    customer = cart.customer
    match conditions.customer_type:
        case pb.CUSTOMER_TYPE_FIRST_ORDER:
            known, fits, text = customer.orders, customer.orders == 0, "is for a first order"
        case pb.CUSTOMER_TYPE_FIRST_PER_BRAND:
            # Which lines are of a brand that is new to the customer is seen on the bill.
            known, fits, text = customer.brands_bought, True, "is for a brand's first purchase"
        case pb.CUSTOMER_TYPE_COMEBACK | pb.CUSTOMER_TYPE_INACTIVE:
            known, least = customer.days_since_last_order, conditions.inactive_days_threshold
            fits = known is not None and known >= least
            text = f"is for customers who did not buy for {least} days"
        case _:
            return None
    if known is None:
        return Miss(Reason.CUSTOMER_UNKNOWN, f"{text}; the cart does not say (customer)")
    return None if fits else Miss(Reason.CUSTOMER_TYPE, text)


def _wrong_channel(conditions: pb.Conditions, cart: Cart) -> Miss | None:
    def words(channels: Iterable[int]) -> set[str]:
        names = (pb.SalesChannel.Name(pb.SalesChannel.ValueType(channel)) for channel in channels)
        return {name.removeprefix("SALES_CHANNEL_").lower() for name in names}

    wanted, excluded = words(conditions.sales_channels), words(conditions.excluded_channels)
    if not wanted and not excluded:
        return None
    if cart.channel is None:
        return Miss(Reason.CHANNEL, "depends on the channel; the cart does not say (channel)")
    if cart.channel in excluded or (wanted and cart.channel not in wanted):
        return Miss(Reason.CHANNEL, f"does not hold for {cart.channel}")
    return None
