"""What an edge's own database says: its records, its place, and how often promotions were used."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from edge_grpc.client.quote.cart import Cart
from edge_grpc.client.quote.eligibility import Uses
from edge_grpc.client.quote.evaluation import Shelf
from edge_grpc.client.store import EdgeStore
from edge_grpc.v1.catalog_pb2 import Product
from edge_grpc.v1.promotion_pb2 import Promotion
from edge_grpc.v1.usage_pb2 import UsageRecord


class NothingHeldError(Exception):
    """The edge has not synced yet."""


def read_shelf(conn: sqlite3.Connection, cart: Cart) -> Shelf:
    """Return all promotions that are held and the products that the cart names."""
    store = EdgeStore(conn)
    if not store.fact("cursor"):
        message = "This edge holds nothing yet: run `python -m edge_grpc.client sync` first."
        raise NothingHeldError(message)
    products: list[Product] = []
    for line in cart.lines:
        column, wanted = ("id", line.product_id) if line.product_id else ("sku", line.sku)
        query = f"SELECT body FROM products WHERE {column} = ?"  # noqa: S608 - our own names
        products += [Product.FromString(body) for (body,) in conn.execute(query, (wanted,))]
    bodies = conn.execute("SELECT body FROM promotions ORDER BY id")
    return Shelf(
        products=products,
        promotions=[Promotion.FromString(body) for (body,) in bodies],
        timezone=store.fact("timezone"),
        currency=store.fact("currency_code"),
    )


def read_uses(
    conn: sqlite3.Connection, *, at: datetime, timezone: str, customer: str | None
) -> dict[str, Uses]:
    """Count the uses of each promotion that were made here and not taken back.

    What head office refused does not count; what other stores did is not known here.
    """
    zone = ZoneInfo(timezone)
    today = at.astimezone(zone).date()
    records = [
        UsageRecord.FromString(body)
        for (body,) in conn.execute("SELECT body FROM usages WHERE state <> 'refused'")
    ]
    taken_back = {record.reverses_usage_id for record in records}
    uses: dict[str, Uses] = {}
    for record in records:
        if record.reverses_usage_id or record.usage_id in taken_back:
            continue
        before = uses.get(record.promotion_id, Uses())
        is_theirs = customer is not None and record.customer_id == customer
        uses[record.promotion_id] = Uses(
            before.total + 1,
            before.by_customer + is_theirs,
            before.today + (_day(record, zone) == today),
        )
    return uses


def _day(record: UsageRecord, zone: ZoneInfo) -> date:
    if record.HasField("business_on"):
        day = record.business_on
        return date(day.year, day.month, day.day)
    return record.used_at.ToDatetime(tzinfo=UTC).astimezone(zone).date()
