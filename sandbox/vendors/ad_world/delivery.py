"""What an ad platform says about one day of a campaign, at one instant.

Every figure of the final day comes from a hash of campaign and day. Before 28 days have passed the
platform shows it a few percent off, by the day's own error, which shrinks daily; a day in progress
shows the quarters of an hour that are over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from sandbox.vendors.ad_world.places import Campaign

SETTLED_DAYS = 28
_QUARTER = 900
_TAKEN_BACK_AGE = 5


@dataclass(frozen=True, slots=True)
class Delivery:
    """Counts, and money in minor units of the account's currency.

    `claimed` and `claimed_value` are purchases; of those, `viewed` came without a click.
    `video` is (plays, 2 s views, 6 s views, quartile 1, 2, 3, completions).
    """

    impressions: int
    clicks: int
    spend: int
    reach: int
    claimed: int
    claimed_value: int
    viewed: int
    video: tuple[int, int, int, int, int, int, int]
    provisional: bool


def each_day(first: date, last: date) -> Iterator[date]:
    """Yield the days from the first to the last, both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


@lru_cache(maxsize=10_000)
def day_bounds(day: date, timezone: str) -> tuple[datetime, datetime]:
    """Return when a local day starts and ends, as aware local instants."""
    zone = ZoneInfo(timezone)
    start = datetime.combine(day, time(), zone)
    return start, datetime.combine(day + timedelta(days=1), time(), zone)


def deliver(  # noqa: PLR0913 - what decides a figure
    seed: int,
    campaign: Campaign,
    day: date,
    now: datetime,
    *,
    visits: int,
    claims: list[int],
) -> Delivery | None:
    """Return the platform's row; `visits` really happened, `claims` are values of real orders."""
    account = campaign.account
    start, end = _seconds(day, account.timezone)
    instant = now.timestamp()
    if day < campaign.starts_on or instant < start + _QUARTER:
        return None
    h = _numbers(seed, campaign.index, day.toordinal())
    idle = h[0] % 10 == 0 and not campaign.twin
    # In the account's own days: an hour more or less must not make one.
    age = (_local_date(now, account.timezone) - day).days - 1
    taken_back = h[0] % 400 == 7 and age >= _TAKEN_BACK_AGE  # noqa: PLR2004 - seldom
    if not visits and not claims and (idle or taken_back):
        return None
    quarters, whole = int((instant - start) // _QUARTER), int((end - start) // _QUARTER)
    error = h[1] % 61 - 30  # thousandths

    def shown(final: int) -> int:
        if age >= 0:
            return final + final * error * max(0, SETTLED_DAYS - age) // (1000 * SETTLED_DAYS)
        return final * quarters // whole

    impressions = shown(400 + h[2] % 40_000 + 60 * visits)
    clicks = min(impressions, shown(3 + h[2] % 40_000 * (2 + h[3] % 40) // 1000 + visits))
    viewed, value = _modelled(h, age, shown(3 + h[2] % 40_000 * (2 + h[3] % 40) // 1000))
    plays = impressions * (30 + h[6] % 50) // 100
    video = tuple(plays * part // 100 for part in (100, 70, 40, 55, 35, 20, 12))
    return Delivery(
        impressions=impressions,
        clicks=clicks,
        spend=shown(200 + h[4] % 90_000),
        reach=max(1, impressions * (60 + h[5] % 35) // 100) if impressions else 0,
        claimed=viewed + len(claims),
        claimed_value=value + sum(claims),
        viewed=viewed,
        video=video,  # pyright: ignore[reportArgumentType] - seven parts
        provisional=age < SETTLED_DAYS,
    )


@lru_cache(maxsize=100)
def _local_date(now: datetime, timezone: str) -> date:
    return now.astimezone(ZoneInfo(timezone)).date()


@lru_cache(maxsize=10_000)
def _seconds(day: date, timezone: str) -> tuple[float, float]:
    start, end = day_bounds(day, timezone)
    return start.timestamp(), end.timestamp()


def _modelled(h: tuple[int, ...], age: int, clicks: int) -> tuple[int, int]:
    """Return purchases without a click and their value: they trickle in over three weeks."""
    final = clicks * (h[5] % 6) // 200
    count = final * (7 + max(0, min(age, 21))) // SETTLED_DAYS if age >= 0 else 0
    return count, count * (3_000 + h[7] % 30_000)


def _numbers(seed: int, campaign: int, day: int) -> tuple[int, ...]:
    raw = hashlib.blake2b(b"%d:%d:%d" % (seed, campaign, day), digest_size=64).digest()
    return tuple(int.from_bytes(raw[at : at + 8], "big") for at in range(0, 64, 8))
