"""Writes orders with their visits: staged by COPY, merged by set, unchanged ones left alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import LiteralString

import msgspec

from vendor_sync.ad_analytics.records import OrderRecord, OrderState, SourceConnection
from vendor_sync.ad_analytics.traces import TRACE_COLUMNS, trace_row, whole_seconds
from vendor_sync.ad_analytics.utm import RULE_VERSION, comparison_key
from vendor_sync.postgres import Warehouse, load_query

_STAGE_ORDERS: LiteralString = (
    "COPY staged_orders (ordinal, external_id, number, ordered_at, changed_at, currency, gross,"
    " refunded, exchange_rate, exchange_currency, state, raw_status, cancelled_at, is_test,"
    " not_attributable, source, coupons, customer_key, visitor_id, own_click_ids, refunds,"
    " touches_ready, flags, checksum) FROM STDIN"
)
_STAGE_TOUCHES: LiteralString = (
    "COPY staged_touches (ordinal, touch_key, " + TRACE_COLUMNS + ") FROM STDIN"
)


@dataclass(frozen=True, slots=True)
class Changes:
    """What a merge wrote; the rest was unchanged, older, or a twin."""

    inserted: int
    updated: int


class OrderStore:
    """Owns no transaction: each method runs inside the caller's."""

    def __init__(self, conn: Warehouse) -> None:
        self._conn = conn

    def prepare(self) -> None:
        """Create the staging tables of this connection; they empty themselves at each commit."""
        self._conn.execute(load_query("analytics/create_order_staging.sql"))

    def merge(
        self, connection: SourceConnection, orders: Sequence[OrderRecord], pulled_at: datetime
    ) -> Changes:
        """Write a store's orders and mark the changed ones for attribution; one call a commit."""
        self._conn.copy_rows(
            _STAGE_ORDERS, (_order_row(number, order) for number, order in enumerate(orders))
        )
        self._conn.copy_rows(_STAGE_TOUCHES, _touch_rows(orders))
        keys = {
            "connection_id": connection.connection_id,
            "workspace_id": connection.workspace_id,
            "pulled_at": pulled_at,
        }
        with self._conn.pipeline():
            self._conn.execute(load_query("analytics/merge_orders.sql"), keys)
            self._conn.execute(load_query("analytics/replace_touches.sql"), keys)
            self._conn.execute(load_query("analytics/note_order_visitors.sql"), keys)
            marked = self._conn.execute(load_query("analytics/mark_changed_orders.sql"))
        row = marked.fetchone()
        assert row is not None  # noqa: S101 - aggregates return one row
        return Changes(*row)


def reduction(order: OrderRecord) -> Decimal:
    """Return what an order's value is reduced by: money given back; all of it when cancelled.

    A cancelled order counts as an order and is worth nothing, whether it was ever paid or not; a
    refund beyond the order's value is kept as it is.
    """
    refunded = (
        order.refunded
        if order.refunded is not None
        else sum((refund.amount for refund in order.refunds), Decimal(0))
    )
    if order.state is OrderState.CANCELLED:
        return max(order.gross, refunded)
    return refunded


def _order_row(number: int, order: OrderRecord) -> tuple[object, ...]:
    return (
        number,
        order.external_id,
        order.number,
        whole_seconds(order.created_at),
        order.updated_at,
        order.currency,
        order.gross,
        reduction(order),
        order.exchange_rate,
        order.exchange_currency,
        order.state.value,
        order.raw_status,
        order.cancelled_at,
        order.test,
        order.not_attributable.value if order.not_attributable else None,
        order.source,
        sorted({key for key in map(comparison_key, order.coupons) if key}),
        order.customer_key,
        order.visitor_id,
        list(order.own_click_ids),
        msgspec.json.encode(order.refunds).decode(),
        order.touches_ready,
        sorted(order.flags),
        _checksum(order),
    )


def _touch_rows(orders: Iterable[OrderRecord]) -> Iterator[tuple[object, ...]]:
    for number, order in enumerate(orders):
        # The last of twins wins; the database would refuse both.
        for touch in {touch.touch_key: touch for touch in order.touches}.values():
            row = trace_row(touch.occurred_at, touch.landing_url, touch.referrer, touch.parameters)
            yield (number, touch.touch_key, *row)


def _checksum(order: OrderRecord) -> str:
    content = msgspec.json.encode((RULE_VERSION, order), order="sorted")
    return hashlib.blake2b(content, digest_size=16).hexdigest()
