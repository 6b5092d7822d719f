"""Puts campaigns, clicks and orders where the flow puts them, in the words of the tests."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from vendor_sync.ad_analytics.attribution import attribute_orders
from vendor_sync.ad_analytics.click_store import ClickStore
from vendor_sync.ad_analytics.order_store import OrderStore
from vendor_sync.ad_analytics.records import (
    ClickRecord,
    OrderLinkRecord,
    OrderRecord,
    OrderState,
    RefundRecord,
    SourceConnection,
    TouchRecord,
)

SHOP_URL = "https://shop.example/p?"
ALL_MODELS = ["last_click", "first_click", "linear", "position_based", "time_decay"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


ORDERED_AT = at("2026-03-10T12:00:00")


def touch(occurred_at: datetime, query: str, key: str | None = None) -> TouchRecord:
    return TouchRecord(
        touch_key=key or f"{occurred_at.isoformat()}|{query}",
        occurred_at=occurred_at,
        landing_url=SHOP_URL + query,
    )


def order(external_id: str = "o1", *touches: TouchRecord, **changes: Any) -> OrderRecord:
    fields: dict[str, Any] = {
        "external_id": external_id,
        "number": external_id,
        "created_at": ORDERED_AT,
        "updated_at": changes.get("created_at", ORDERED_AT),
        "currency": "SAR",
        "gross": Decimal("100.00"),
        "refunded": Decimal(0),
        "state": OrderState.PLACED,
        "raw_status": "paid",
        "touches": touches,
    }
    return OrderRecord(**{**fields, **changes})


def refund(amount: str, refund_id: str = "r1") -> RefundRecord:
    return RefundRecord(refund_id=refund_id, amount=Decimal(amount), refunded_at=ORDERED_AT)


class World:
    """A workspace in Riyadh with one ad account a platform and a store."""

    def __init__(self, conn, workspace_id: int, accounts: dict[str, int], store: SourceConnection):
        self.conn = conn
        self.workspace_id = workspace_id
        self.accounts = accounts
        self.store = store
        OrderStore(conn).prepare()
        ClickStore(conn).prepare()

    def account(self, vendor: str) -> SourceConnection:
        """Return a platform's ad account as flows know it."""
        return SourceConnection(
            connection_id=self.accounts[vendor],
            workspace_id=self.workspace_id,
            vendor=vendor,
            external_id=f"{vendor}-account",
            name=vendor,
            currency="SAR",
            timezone="Asia/Riyadh",
            settings={},
        )

    def campaign(self, external_id: str, name: str, platform: str = "meta", **columns: Any) -> int:
        columns = {"status": "active", "raw_status": "ACTIVE", **columns}
        names = ", ".join(columns)
        marks = ", ".join(["%s"] * len(columns))
        campaign_id = self.conn.execute(
            "INSERT INTO analytics.campaigns"
            f" (workspace_id, connection_id, platform, external_id, name, {names})"
            f" VALUES (%s, %s, %s, %s, %s, {marks}) RETURNING campaign_id",
            [self.workspace_id, self.accounts[platform], platform, external_id, name,
             *columns.values()],
        ).fetchone()[0]  # fmt: skip
        self.name(campaign_id, name, "-infinity")
        return campaign_id

    def name(self, campaign_id: int, name: str, since: str, until: str = "infinity") -> None:
        self.conn.execute(
            "INSERT INTO analytics.campaign_names (campaign_id, valid_from, valid_until,"
            " workspace_id, platform, name, name_key)"
            " SELECT campaign_id, %s, %s, workspace_id, platform, %s, lower(%s)"
            " FROM analytics.campaigns WHERE campaign_id = %s",
            [since, until, name, name, campaign_id],
        )

    def spent(self, campaign_id: int, day: str, spend: str = "10") -> None:
        self.conn.execute(
            "INSERT INTO analytics.campaign_metrics"
            " (campaign_id, date, spend, currency, attribution_window, provisional, pulled_at)"
            " VALUES (%s, %s, %s, 'SAR', '7d_click_1d_view', false, now())",
            [campaign_id, day, spend],
        )

    def take(self, *orders: OrderRecord, attribute: bool = True):
        with self.conn.transaction():
            changes = OrderStore(self.conn).merge(self.store, orders, datetime.now(UTC))
        if attribute:
            attribute_orders(self.conn)
        return changes

    def click(self, click_id: str, occurred_at: datetime, query: str = "", **fields: Any):
        return ClickRecord(
            click_id=click_id,
            workspace_id=self.workspace_id,
            occurred_at=occurred_at,
            landing_url=SHOP_URL + query,
            **{"visitor_id": "v1", **fields},
        )

    def log(self, *clicks: ClickRecord, attribute: bool = True) -> int:
        with self.conn.transaction():
            added = len(ClickStore(self.conn).merge_clicks(clicks))
        if attribute:
            attribute_orders(self.conn)
        return added

    def link(self, order_id: str = "o1", visitor_id: str = "v1", *, attribute: bool = True):
        record = OrderLinkRecord(
            workspace_id=self.workspace_id,
            store=self.store.external_id,
            order_id=order_id,
            visitor_id=visitor_id,
            occurred_at=ORDERED_AT,
        )
        with self.conn.transaction():
            unknown = ClickStore(self.conn).merge_links([record])
        if attribute:
            attribute_orders(self.conn)
        return unknown

    def events(self, columns: str, model: str = "last_click", where: str = "TRUE"):
        return self.conn.execute(
            f"SELECT {columns} FROM analytics.attribution_events AS e"
            f" INNER JOIN analytics.orders AS o USING (order_id)"
            f" WHERE e.attribution_type = %s AND {where}"
            f" ORDER BY o.external_id, e.ordinal",
            [model],
        ).fetchall()

    def credit(self, columns: str = "platform, campaign_id, evidence"):
        """The only event of the only order."""
        rows = self.events("e." + columns.replace(", ", ", e."))
        assert len(rows) == 1
        return rows[0]

    def everything(self):
        """All events, without the time of computing."""
        return self.conn.execute(
            "SELECT (to_jsonb(e) - 'computed_at')::text FROM analytics.attribution_events AS e"
            " ORDER BY order_id, attribution_type, ordinal"
        ).fetchall()
