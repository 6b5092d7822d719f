"""The fewest calls that an ad account's range can be read with, by the vendors' documented limits.

A pull lists the account's campaigns and reads a row for each campaign and day, all of them in one
answer where the vendor's largest page and longest range allow it; no ids have to be named.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a vendor puts into one answer; `days` None: no limit that a daily pull could reach.

    `counts_campaigns` says that a report's page holds so many campaigns with all their days.
    """

    listed: int
    reported: int
    days: int | None
    counts_campaigns: bool = False


# Largest pages and longest ranges: Meta's insights and lists take a `limit` of up to 1,000 before
# they ask to reduce the data; TikTok's `page_size` is 1-1,000, a daily report spans 30 days;
# Snapchat's lists take 50-1,000, its daily stats 31 days and 200 campaigns a page.
LIMITS = {
    "meta": Limits(listed=1_000, reported=1_000, days=None),
    "tiktok": Limits(listed=1_000, reported=1_000, days=30),
    "snapchat": Limits(listed=1_000, reported=200, days=31, counts_campaigns=True),
}
# An account's day of hourly pulls: all but one read 3 days, one reads 30.
HOURLY_DAYS, DAILY_DAYS, HOURS = 3, 30, 24


def fewest_calls(vendor: str, *, campaigns: int, days: int) -> int:
    """Return how many calls list the campaigns and read their days."""
    limits = LIMITS[vendor]
    calls = _pages(campaigns, limits.listed)
    longest = limits.days or days
    for first in range(0, days, longest):
        span = min(longest, days - first)
        rows = campaigns if limits.counts_campaigns else campaigns * span
        calls += _pages(rows, limits.reported)
    return calls


def per_hour(hourly: float, daily: float) -> float:
    """Return the calls of an average hour: 23 short pulls a day, and a long one."""
    return round((hourly * (HOURS - 1) + daily) / HOURS, 3)


def _pages(rows: int, most: int) -> int:
    return max(1, -(-rows // most))
