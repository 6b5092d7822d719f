"""Writes campaigns with the history of their names, and what platforms claim for each day.

Staged by COPY, merged by set; a pull that finds nothing new writes nothing. What may change which
campaign a click belongs to marks the orders concerned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import LiteralString

from vendor_sync.ad_analytics.records import (
    AccountDay,
    CampaignDay,
    CampaignRecord,
    SourceConnection,
)
from vendor_sync.ad_analytics.utm import comparison_key
from vendor_sync.postgres import Warehouse, load_query

# Days that vanish from a complete pull are removed, unless they are more than this.
MAX_REMOVED_SHARE = 0.5
MAX_REMOVED_ROWS = 10
_STAGE_CAMPAIGNS: LiteralString = (
    "COPY staged_campaigns (ordinal, external_id, name, name_key, status, raw_status, objective,"
    " created_on_platform_at, starts_at, ends_at) FROM STDIN"
)
_STAGE_DAYS: LiteralString = (
    "COPY staged_days (ordinal, external_id, campaign_name, name_key, date, impressions, clicks,"
    " spend, conversions, conversion_value, conversion_type, reach, frequency, video_plays,"
    " video_views_2s, video_views_6s, video_quartile_1, video_quartile_2, video_quartile_3,"
    " video_completions, currency, attribution_window, provisional, pulled_at) FROM STDIN"
)
_STAGE_ACCOUNT_DAYS: LiteralString = "COPY staged_account_days (date, currency, spend) FROM STDIN"


@dataclass(frozen=True, slots=True)
class DayChanges:
    """What a pull changed; `kept` days were missing but too many to believe it."""

    written: int
    removed: int
    kept: int


class MetricStore:
    """Owns no transaction: each method runs inside the caller's, once a transaction."""

    def __init__(self, conn: Warehouse) -> None:
        self._conn = conn

    def prepare(self) -> None:
        """Create the staging tables of this connection; they empty themselves at each commit."""
        self._conn.execute(load_query("analytics/create_metric_staging.sql"))

    def merge_campaigns(
        self,
        connection: SourceConnection,
        campaigns: Sequence[CampaignRecord],
        *,
        seen_at: datetime,
        known_at: datetime | None,
    ) -> int:
        """Write campaigns; return how many were new or changed.

        `known_at` is when they were last listed: a new name is valid since then, the old one until
        `seen_at`, for nobody knows when in between the campaign was renamed.
        """
        self._conn.copy_rows(
            _STAGE_CAMPAIGNS,
            (_campaign_row(number, campaign) for number, campaign in enumerate(campaigns)),
        )
        return len(self._merge_staged_campaigns(connection, seen_at=seen_at, known_at=known_at))

    def merge_days(  # noqa: PLR0913 - a pull and its range
        self,
        connection: SourceConnection,
        days: Sequence[CampaignDay],
        *,
        since: date,
        until: date,
        pulled_at: datetime,
        complete: bool,
    ) -> DayChanges:
        """Write campaign-days of `since` to `until`, both inclusive.

        `complete` says that the platform was asked for all campaigns and answered to the end.
        """
        self._conn.copy_rows(
            _STAGE_DAYS, (_day_row(number, day, pulled_at) for number, day in enumerate(days))
        )
        keys = {
            "connection_id": connection.connection_id,
            "workspace_id": connection.workspace_id,
            "since": since,
            "until": until,
            "complete": complete,
            "max_removed_share": MAX_REMOVED_SHARE,
            "max_removed_rows": MAX_REMOVED_ROWS,
        }
        staged = self._conn.execute(load_query("analytics/stage_unlisted_campaigns.sql"), keys)
        if staged.rowcount:
            self._merge_staged_campaigns(connection, seen_at=pulled_at, known_at=None)
        turned = self._conn.execute(load_query("analytics/list_turned_namesakes.sql"), keys)
        namesakes = [row[0] for row in turned.fetchall()]
        row = self._conn.execute(load_query("analytics/merge_days.sql"), keys).fetchone()
        assert row is not None  # noqa: S101 - aggregates return one row
        if namesakes:
            self._mark(namesakes)
        return DayChanges(*row)

    def merge_account_days(self, connection: SourceConnection, days: Sequence[AccountDay]) -> int:
        """Write an account's totals per day; return how many were new or changed."""
        self._conn.copy_rows(
            _STAGE_ACCOUNT_DAYS, ((day.day, day.currency, day.spend) for day in days)
        )
        return self._conn.execute(
            load_query("analytics/merge_account_days.sql"),
            {"connection_id": connection.connection_id},
        ).rowcount

    def _merge_staged_campaigns(
        self, connection: SourceConnection, *, seen_at: datetime, known_at: datetime | None
    ) -> list[int]:
        keys = {
            "connection_id": connection.connection_id,
            "workspace_id": connection.workspace_id,
            "platform": connection.vendor,
            "seen_at": seen_at,
            "known_at": known_at,
        }
        rows = self._conn.execute(load_query("analytics/merge_campaigns.sql"), keys).fetchall()
        changed = [row[0] for row in rows]
        if changed:
            self._conn.execute(load_query("analytics/end_campaign_names.sql"), keys)
            self._conn.execute(load_query("analytics/begin_campaign_names.sql"), keys)
            self._mark(changed)
        return changed

    def _mark(self, campaign_ids: list[int]) -> None:
        self._conn.execute(
            load_query("analytics/mark_by_campaigns.sql"), {"campaign_ids": campaign_ids}
        )


def _campaign_row(number: int, campaign: CampaignRecord) -> tuple[object, ...]:
    return (
        number,
        campaign.external_id,
        campaign.name,
        comparison_key(campaign.name) or "",
        campaign.status.value,
        campaign.raw_status,
        campaign.objective,
        campaign.created_at,
        campaign.starts_at,
        campaign.ends_at,
    )


def _day_row(number: int, day: CampaignDay, pulled_at: datetime) -> tuple[object, ...]:
    name = day.campaign_name or day.campaign_id
    return (
        number,
        day.campaign_id,
        name,
        comparison_key(name) or "",
        day.day,
        day.impressions,
        day.clicks,
        day.spend,
        day.conversions,
        day.conversion_value,
        day.conversion_type,
        day.reach,
        day.frequency,
        day.video_plays,
        day.video_views_2s,
        day.video_views_6s,
        day.video_quartile_1,
        day.video_quartile_2,
        day.video_quartile_3,
        day.video_completions,
        day.currency,
        day.attribution_window,
        day.provisional,
        pulled_at,
    )
