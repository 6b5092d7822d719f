"""Writes campaigns with the history of their names, and what platforms claim for each day.

The pulls of many accounts are staged by COPY and merged by set: the statements do not grow with the
accounts. A pull that finds nothing new writes nothing. What may change which campaign a click
belongs to marks the orders concerned.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import LiteralString

from vendor_sync.ad_analytics.records import (
    AccountDay,
    CampaignDay,
    CampaignRecord,
    SourceConnection,
)
from vendor_sync.ad_analytics.utm import comparison_key
from vendor_sync.postgres import Warehouse, load_query, storable

# Days that vanish from a complete pull are removed, unless they are more than this.
MAX_REMOVED_SHARE = 0.5
MAX_REMOVED_ROWS = 10
_STAGE_CAMPAIGNS: LiteralString = (
    "COPY staged_campaigns (connection_id, workspace_id, platform, seen_at, known_at, ordinal,"
    " external_id, name, name_key, status, raw_status, objective, created_on_platform_at,"
    " starts_at, ends_at) FROM STDIN"
)
_STAGE_PULLS: LiteralString = (
    "COPY staged_pulls (pull, connection_id, workspace_id, platform, first_day, last_day, complete,"
    " pulled_at) FROM STDIN"
)
_STAGE_DAYS: LiteralString = (
    "COPY staged_days (pull, ordinal, external_id, date, impressions,"
    " clicks, spend, conversions, conversion_value, conversion_type, reach, frequency, video_plays,"
    " video_views_2s, video_views_6s, video_quartile_1, video_quartile_2, video_quartile_3,"
    " video_completions, currency, attribution_window, provisional) FROM STDIN"
)
_STAGE_UNLISTED: LiteralString = (
    "COPY staged_unlisted (pull, external_id, name, name_key) FROM STDIN"
)
_STAGE_ACCOUNT_DAYS: LiteralString = (
    "COPY staged_account_days (connection_id, ordinal, date, currency, spend) FROM STDIN"
)
Row = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """All campaigns of an account as they were at `seen_at`.

    `known_at` is when they were last listed before: a new name is valid since then, the old one
    until `seen_at`, for nobody knows when in between the campaign was renamed.
    """

    campaigns: Sequence[CampaignRecord]
    seen_at: datetime
    known_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Campaign-days of `since` to `until`, both inclusive.

    `complete` says that the platform was asked for all campaigns and answered to the end.
    """

    days: Sequence[CampaignDay]
    since: date
    until: date
    pulled_at: datetime
    complete: bool


@dataclass(frozen=True, slots=True)
class Totals:
    """What an account spent per day in all, as the platform says."""

    days: Sequence[AccountDay]


Content = Listing | Days | Totals


@dataclass(frozen=True, slots=True)
class Pull:
    """Something that an account answered to the end."""

    connection: SourceConnection
    content: Content

    @property
    def rows(self) -> int:
        """Return how many rows it is."""
        if isinstance(self.content, Listing):
            return len(self.content.campaigns)
        return len(self.content.days)


@dataclass(frozen=True, slots=True)
class DayChanges:
    """What a pull changed; `kept` days were missing but too many to believe it."""

    written: int
    removed: int
    kept: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What a merge changed: campaigns by connection, days by the pull's place in the merge."""

    campaigns: dict[int, int]
    days: dict[int, DayChanges]


class MetricStore:
    """Owns no transaction: `merge` runs inside the caller's, once a transaction."""

    def __init__(self, conn: Warehouse) -> None:
        self._conn = conn

    def prepare(self) -> None:
        """Create the staging tables of this session; they empty themselves at each commit."""
        self._conn.execute(load_query("analytics/create_metric_staging.sql"))

    def merge(self, pulls: Sequence[Pull]) -> Changes:
        """Write what accounts answered, of any number of accounts; a later pull beats an earlier.

        Orders are marked at once, and before days are, as attribution takes them: nobody waits for
        another in a circle.
        """
        listed = self._stage_campaigns(pulls)
        pulled = self._stage_days(pulls)
        changed: list[tuple[int, int]] = []
        if self._stage_unlisted(pulls) or listed:
            changed = self._merge_campaigns()
        marked = [campaign_id for campaign_id, _ in changed]
        marked += self._turned_namesakes() if pulled else []
        if marked:
            query = load_query("analytics/mark_by_campaigns.sql")
            self._conn.execute(query, {"campaign_ids": marked})
        days = self._merge_days() if pulled else {}
        self._merge_totals(pulls)
        campaigns: dict[int, int] = {}
        for _, connection_id in changed:
            campaigns[connection_id] = campaigns.get(connection_id, 0) + 1
        return Changes(campaigns, days)

    def _stage_campaigns(self, pulls: Sequence[Pull]) -> bool:
        rows = list(_campaign_rows(pulls))
        if rows:
            self._conn.copy_rows(_STAGE_CAMPAIGNS, rows)
        return bool(rows)

    def _stage_days(self, pulls: Sequence[Pull]) -> bool:
        rows = list(_pull_rows(pulls))
        if rows:
            self._conn.copy_rows(_STAGE_PULLS, rows)
            self._conn.copy_rows(_STAGE_DAYS, _day_rows(pulls))
            self._conn.execute(load_query("analytics/analyze_staged_days.sql"))
        return bool(rows)

    def _stage_unlisted(self, pulls: Sequence[Pull]) -> bool:
        rows = list(_unlisted_rows(pulls))
        if rows:
            self._conn.copy_rows(_STAGE_UNLISTED, rows)
            query = load_query("analytics/stage_unlisted_campaigns.sql")
            return self._conn.execute(query).rowcount > 0
        return False

    def _merge_campaigns(self) -> list[tuple[int, int]]:
        """Return (campaign, connection) of those that were new or changed."""
        changed = self._conn.execute(load_query("analytics/merge_campaigns.sql")).fetchall()
        known = [campaign_id for campaign_id, _, is_new in changed if not is_new]
        if known:
            for query in ("end_campaign_names", "begin_campaign_names"):
                self._conn.execute(load_query(f"analytics/{query}.sql"), {"campaign_ids": known})
        return [(campaign_id, connection_id) for campaign_id, connection_id, _ in changed]

    def _turned_namesakes(self) -> list[int]:
        rows = self._conn.execute(load_query("analytics/list_turned_namesakes.sql")).fetchall()
        return [row[0] for row in rows]

    def _merge_days(self) -> dict[int, DayChanges]:
        rows = self._conn.execute(
            load_query("analytics/merge_days.sql"),
            {"max_removed_share": MAX_REMOVED_SHARE, "max_removed_rows": MAX_REMOVED_ROWS},
        ).fetchall()
        return {row[0]: DayChanges(*row[1:]) for row in rows}

    def _merge_totals(self, pulls: Sequence[Pull]) -> None:
        rows = list(_total_rows(pulls))
        if rows:
            self._conn.copy_rows(_STAGE_ACCOUNT_DAYS, rows)
            self._conn.execute(load_query("analytics/merge_account_days.sql"))


@lru_cache(maxsize=10_000)  # the same names again in each sync of the process
def _name_key(name: str) -> str:
    return comparison_key(name) or ""


def _unlisted_rows(pulls: Sequence[Pull]) -> Iterator[Row]:
    """Yield the campaigns that days name and none of these lists does, as last named."""
    listed: dict[int, set[str]] = {}
    for pull in pulls:
        if isinstance(pull.content, Listing):
            names = {campaign.external_id for campaign in pull.content.campaigns}
            listed.setdefault(pull.connection.connection_id, set()).update(names)
    for number, pull in enumerate(pulls):
        if isinstance(pull.content, Days):
            known = listed.get(pull.connection.connection_id, set())
            last = {day.campaign_id: day for day in pull.content.days}
            for campaign_id in last.keys() - known:
                name = storable(last[campaign_id].campaign_name or campaign_id)
                yield number, campaign_id, name, _name_key(name)


def _campaign_rows(pulls: Sequence[Pull]) -> Iterator[Row]:
    for number, pull in enumerate(pulls, 1):
        listing, account = pull.content, pull.connection
        if isinstance(listing, Listing):
            for campaign in listing.campaigns:
                name = storable(campaign.name)
                yield (
                    account.connection_id,
                    account.workspace_id,
                    account.vendor,
                    listing.seen_at,
                    listing.known_at,
                    number,
                    campaign.external_id,
                    name,
                    _name_key(name),
                    campaign.status.value,
                    campaign.raw_status,
                    campaign.objective,
                    campaign.created_at,
                    campaign.starts_at,
                    campaign.ends_at,
                )


def _pull_rows(pulls: Sequence[Pull]) -> Iterator[Row]:
    for number, pull in enumerate(pulls):
        days, account = pull.content, pull.connection
        if isinstance(days, Days):
            yield (
                number,
                account.connection_id,
                account.workspace_id,
                account.vendor,
                days.since,
                days.until,
                days.complete,
                days.pulled_at,
            )


def _day_rows(pulls: Sequence[Pull]) -> Iterator[Row]:
    ordinal = 0
    for number, pull in enumerate(pulls):
        if not isinstance(pull.content, Days):
            continue
        for day in pull.content.days:
            ordinal += 1
            yield (
                number,
                ordinal,
                day.campaign_id,
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
            )


def _total_rows(pulls: Sequence[Pull]) -> Iterator[Row]:
    for number, pull in enumerate(pulls):
        if isinstance(pull.content, Totals):
            for day in pull.content.days:
                yield (pull.connection.connection_id, number, day.day, day.currency, day.spend)
