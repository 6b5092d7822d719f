"""What a Shopify order means: money of the shop's side, touches of its customer journey."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import msgspec

from vendor_sync.ad_analytics.records import (
    NotAttributable,
    OrderRecord,
    OrderState,
    RefundRecord,
    TouchRecord,
)
from vendor_sync.ad_analytics.shops.reading import (
    Reading,
    decode_row,
    free_text,
    kept_parameters,
)
from vendor_sync.ad_analytics.shops.tracking import (
    CLICKS_ATTRIBUTE,
    VISITOR_ATTRIBUTE,
    own_click_ids,
    parameters_of,
)

# What a page asks for; an order with more moments than MOMENTS is asked for again by its id.
MOMENTS = 5
ORDER_FIELDS = """
  legacyResourceId name test edited createdAt processedAt updatedAt cancelledAt
  displayFinancialStatus currencyCode sourceName discountCodes
  customAttributes { key value }
  totalPriceSet { shopMoney { amount currencyCode } }
  currentTotalPriceSet { shopMoney { amount currencyCode } }
  totalRefundedSet { shopMoney { amount currencyCode } }
  refunds { id createdAt processedAt totalRefundedSet { shopMoney { amount currencyCode } } }
  customerJourneySummary {
    ready
    momentsCount { count }
    moments(first: $moments) { nodes { ... on CustomerVisit {
      id occurredAt landingPage referrerUrl utmParameters { source medium campaign content term }
    } } }
  }
"""

_CONFIRMED = frozenset({"PAID", "PARTIALLY_PAID", "PARTIALLY_REFUNDED", "REFUNDED"})
# A payment that lapsed before anyone collected it: the order was never worth anything.
_LAPSED = frozenset({"EXPIRED", "VOIDED"})
_NOT_ATTRIBUTABLE = {
    "pos": NotAttributable.POS,
    "shopify_draft_order": NotAttributable.DRAFT,
    "subscription_contract": NotAttributable.RENEWAL,
}
# An order dated back by an import differs by more than a slow checkout does.
_BACKDATED = timedelta(days=1)


class _Money(msgspec.Struct, rename="camel"):
    amount: str
    currency_code: str


class _Bag(msgspec.Struct, rename="camel"):
    shop_money: _Money


class _Attribute(msgspec.Struct):
    key: str
    value: str | None = None


class _Refund(msgspec.Struct, rename="camel"):
    id: str
    total_refunded_set: _Bag
    created_at: str | None = None
    processed_at: str | None = None


class _Utm(msgspec.Struct):
    source: str | None = None
    medium: str | None = None
    campaign: str | None = None
    content: str | None = None
    term: str | None = None


class _Visit(msgspec.Struct, rename="camel"):
    id: str | None = None
    occurred_at: str | None = None
    landing_page: str | None = None
    referrer_url: str | None = None
    utm_parameters: _Utm | None = None


class _Moments(msgspec.Struct):
    nodes: list[_Visit]


class _Count(msgspec.Struct):
    count: int


class _Journey(msgspec.Struct, rename="camel"):
    ready: bool
    moments_count: _Count | None = None
    moments: _Moments | None = None


class _Order(msgspec.Struct, rename="camel"):
    legacy_resource_id: str
    name: str
    test: bool
    edited: bool
    created_at: str
    processed_at: str
    updated_at: str
    currency_code: str
    total_price_set: _Bag
    current_total_price_set: _Bag
    total_refunded_set: _Bag
    cancelled_at: str | None = None
    display_financial_status: str | None = None
    source_name: str | None = None
    discount_codes: list[str] = []
    custom_attributes: list[_Attribute] = []
    refunds: list[_Refund] = []
    customer_journey_summary: _Journey | None = None


_order = msgspec.json.Decoder(_Order)


def order_from_api(item: msgspec.Raw) -> OrderRecord:
    """Parse one Order node; raise InvalidRecordError saying which field is wrong."""
    node = decode_row(_order, item)
    reading = Reading(node.legacy_resource_id)
    currency = reading.currency("currencyCode", node.currency_code)
    created_at = reading.instant("createdAt", node.created_at)
    if abs(reading.instant("processedAt", node.processed_at) - created_at) > _BACKDATED:
        reading.flag("backdated")
    journey = node.customer_journey_summary
    gross = _gross(reading, node, currency)
    refunded = _money(reading, "totalRefundedSet", node.total_refunded_set, currency)
    if refunded > gross:
        reading.flag("refund_exceeds_total")
    attributes = {each.key: each.value or "" for each in node.custom_attributes}
    return OrderRecord(
        external_id=reading.identifier("legacyResourceId", node.legacy_resource_id),
        number=free_text(node.name),
        created_at=created_at,
        updated_at=reading.instant("updatedAt", node.updated_at),
        currency=currency,
        gross=gross,
        refunded=refunded,
        refunds=_refunds(reading, node, currency),
        state=_state(node),
        raw_status=node.display_financial_status or "NONE",
        cancelled_at=reading.instant("cancelledAt", node.cancelled_at)
        if node.cancelled_at
        else None,
        test=node.test,
        not_attributable=_NOT_ATTRIBUTABLE.get(node.source_name or ""),
        source=free_text(node.source_name),
        coupons=tuple(code for code in map(free_text, node.discount_codes) if code),
        visitor_id=free_text(attributes.get(VISITOR_ATTRIBUTE)),
        own_click_ids=own_click_ids(free_text(attributes.get(CLICKS_ATTRIBUTE))),
        touches=_touches(reading, node, attributes),
        touches_ready=journey is None or journey.ready,
        flags=tuple(reading.flags),
    )


class _Length(msgspec.Struct, rename="camel"):
    id: str | None = None
    legacy_resource_id: str | None = None
    customer_journey_summary: _Journey | None = None


_length = msgspec.json.Decoder(_Length)


def moments_missing(item: msgspec.Raw) -> tuple[str, int] | None:
    """Return (id, number of moments) of an order with more moments than its page had."""
    try:
        node = _length.decode(item)
    except msgspec.MsgspecError:
        return None
    journey = node.customer_journey_summary
    if node.legacy_resource_id is None or journey is None or journey.moments_count is None:
        return None
    shown = len(journey.moments.nodes) if journey.moments else 0
    count = journey.moments_count.count
    return (node.legacy_resource_id, count) if count > shown else None


def _money(reading: Reading, name: str, bag: _Bag, currency: str) -> Decimal:
    """Return the shop's side of a bag: the buyer's side has a rate of its own at every step."""
    side = bag.shop_money
    if side.currency_code != currency:
        problem = f"is in {side.currency_code!r}, the order in {currency}"
        raise reading.error(name, problem)
    return reading.money(name, side.amount, currency)


def _gross(reading: Reading, node: _Order, currency: str) -> Decimal:
    """Return the total after edits, before refunds.

    totalPriceSet keeps lines that an edit took out again; currentTotalPriceSet does not, but falls
    with refunds too, so those are added back. A cancelled order's current total says nothing: 0.
    """
    total = _money(reading, "totalPriceSet", node.total_price_set, currency)
    if not node.edited or node.cancelled_at:
        return total
    current = _money(reading, "currentTotalPriceSet", node.current_total_price_set, currency)
    refunded = _money(reading, "totalRefundedSet", node.total_refunded_set, currency)
    return min(total, current + refunded)


def _state(node: _Order) -> OrderState:
    status = node.display_financial_status
    if node.cancelled_at or status in _LAPSED:
        return OrderState.CANCELLED
    return OrderState.CONFIRMED if status in _CONFIRMED else OrderState.PLACED


def _refunds(reading: Reading, node: _Order, currency: str) -> tuple[RefundRecord, ...]:
    """Return the refunds that gave money back; one that only took goods back has amount 0."""
    found: list[RefundRecord] = []
    for refund in node.refunds:
        amount = _money(reading, "refunds", refund.total_refunded_set, currency)
        if amount:
            at = refund.processed_at or refund.created_at or node.updated_at
            found.append(
                RefundRecord(
                    refund_id=reading.identifier("refunds.id", refund.id.rsplit("/", 1)[-1]),
                    amount=amount,
                    refunded_at=reading.instant("refunds.processedAt", at),
                )
            )
    return tuple(found)


def _touches(reading: Reading, node: _Order, attributes: dict[str, str]) -> tuple[TouchRecord, ...]:
    """Return the visits of the journey; what the cart carried belongs to the last of them."""
    journey = node.customer_journey_summary
    visits = journey.moments.nodes if journey and journey.moments else []
    touches = sorted(
        (_touch(reading, visit) for visit in visits if visit.id),
        key=lambda touch: (touch.occurred_at, touch.touch_key),
    )
    carried = kept_parameters(parameters_of(attributes.items()))
    if not carried:
        return tuple(touches)
    if not touches:
        at = reading.instant("createdAt", node.created_at)
        return (TouchRecord(touch_key="attributes", occurred_at=at, parameters=carried),)
    last = touches[-1]
    merged = msgspec.structs.replace(last, parameters={**carried, **last.parameters})
    return (*touches[:-1], merged)


def _touch(reading: Reading, visit: _Visit) -> TouchRecord:
    utm = visit.utm_parameters or _Utm()
    pairs = {f"utm_{name}": getattr(utm, name) for name in msgspec.structs.asdict(utm)}
    return TouchRecord(
        touch_key=(visit.id or "").rsplit("/", 1)[-1],
        occurred_at=reading.instant("moments.occurredAt", visit.occurred_at),
        landing_url=free_text(visit.landing_page),
        referrer=free_text(visit.referrer_url),
        parameters=kept_parameters(pairs),
    )
