"""An ad account whose campaigns and days are kept as the flow keeps them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from vendor_sync.ad_analytics.metric_store import DayChanges, Days, Listing, MetricStore, Pull
from vendor_sync.ad_analytics.records import (
    CampaignDay,
    CampaignRecord,
    CampaignStatus,
)
from vendor_sync.ad_analytics.roas import total_days

DAY = date(2026, 3, 10)
NOW = datetime(2026, 3, 11, tzinfo=UTC)


def day(campaign_id: str = "1201", on: date = DAY, **changes) -> CampaignDay:
    fields = {
        "campaign_id": campaign_id,
        "campaign_name": "Summer",
        "day": on,
        "currency": "SAR",
        "spend": Decimal("50.00"),
        "impressions": 1000,
        "clicks": 20,
        "attribution_window": "7d_click_1d_view",
        "provisional": False,
    }
    return CampaignDay(**{**fields, **changes})


def campaign(external_id: str = "1201", name: str = "Summer", **changes) -> CampaignRecord:
    fields = {"status": CampaignStatus.ACTIVE, "raw_status": "ACTIVE"}
    return CampaignRecord(external_id=external_id, name=name, **{**fields, **changes})


class Account:
    """The Meta account of the world, filled as the flow fills it."""

    def __init__(self, world, vendor: str = "meta"):
        self.conn = world.conn
        self.store = MetricStore(world.conn)
        self.store.prepare()
        self.connection = world.account(vendor)

    def list(self, *campaigns: CampaignRecord, seen_at=NOW, known_at=None) -> int:
        listing = Listing(campaigns=campaigns, seen_at=seen_at, known_at=known_at)
        with self.conn.transaction():
            changes = self.store.merge([Pull(self.connection, listing)])
        return changes.campaigns.get(self.connection.connection_id, 0)

    def pull(self, *days: CampaignDay, complete=True, since=DAY, until=DAY) -> DayChanges:
        content = Days(days=days, since=since, until=until, pulled_at=NOW, complete=complete)
        with self.conn.transaction():
            return self.store.merge([Pull(self.connection, content)]).days[0]

    def metric(self, columns: str):
        return self.conn.execute(f"SELECT {columns} FROM analytics.campaign_metrics").fetchone()

    def daily(self, columns: str, platform: str = "meta"):
        total_days(self.conn)
        return self.conn.execute(
            f"SELECT {columns} FROM analytics.workspace_daily WHERE platform = %s", [platform]
        ).fetchall()
