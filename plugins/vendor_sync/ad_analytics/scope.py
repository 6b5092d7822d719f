"""Which days a connection is asked for: 90 back at first, then the last 3 hourly, 30 once a day.

Platforms restate for 28 days, so that once a day all of them are read again. A campaign's day is a
day of its ad account's timezone: the last one is the account's today.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from vendor_sync.ad_analytics.vendors import VENDORS
from vendor_sync.errors import ConfigurationError
from vendor_sync.params import refuse_unknown

FIRST_DAYS = 90
HOURLY_DAYS = 3
DAILY_DAYS = 30
# Platforms restate a day until it is so old.
RESTATED_DAYS = 28
# After this hour, UTC, the day's wide pull is due.
DAILY_HOUR = 12
_CHUNK_DAYS = 30
_PARAMETERS = ("workspace", "platforms", "connections", "since", "until")


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncParams:
    """What a run is asked to do; the form in the UI and `--param` on the command line.

    A date range asks for exactly those days (a re-pull) and ignores a vendor's wish to wait.
    """

    workspace_id: int | None = None
    vendors: tuple[str, ...] = ()
    connection_ids: tuple[int, ...] = ()
    since: date | None = None
    until: date | None = None

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> SyncParams:
        """Read parameters; raise ConfigurationError naming the one that is wrong."""
        refuse_unknown(values, _PARAMETERS)
        since, until = _day("since", values.get("since")), _day("until", values.get("until"))
        if (since is None) != (until is None) or (since and until and since > until):
            message = "Parameters 'since' and 'until' go together, the earlier day first."
            raise ConfigurationError(message)
        workspace = _numbers("workspace", values.get("workspace"))
        if len(workspace) > 1:
            message = f"Parameter 'workspace' must be one id, it is {values['workspace']!r}."
            raise ConfigurationError(message)
        vendors = tuple(_texts(values.get("platforms")))
        if strange := sorted(set(vendors) - set(VENDORS)):
            message = f"Unknown platform {strange[0]!r}; known are: {', '.join(VENDORS)}."
            raise ConfigurationError(message)
        return cls(
            workspace_id=workspace[0] if workspace else None,
            vendors=vendors,
            connection_ids=tuple(_numbers("connections", values.get("connections"))),
            since=since,
            until=until,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the parameters as the run's row keeps them."""
        return {
            "workspace": self.workspace_id,
            "platforms": list(self.vendors),
            "connections": list(self.connection_ids),
            "since": str(self.since) if self.since else None,
            "until": str(self.until) if self.until else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Days to ask for, both inclusive; `first` and `wide` say what is done once they are there."""

    since: date
    until: date
    first: bool = False
    wide: bool = False

    def chunks(self) -> Iterator[tuple[date, date]]:
        """Yield the range in pieces of a month, the newest first: it is looked at most."""
        until = self.until
        while until >= self.since:
            since = max(self.since, until - timedelta(days=_CHUNK_DAYS - 1))
            yield since, until
            until = since - timedelta(days=1)

    def instants(self, timezone: str) -> tuple[datetime, datetime]:
        """Return the range as instants in UTC, the end exclusive."""
        zone = ZoneInfo(timezone)
        begin = datetime.combine(self.since, time(), zone)
        end = datetime.combine(self.until + timedelta(days=1), time(), zone)
        return begin.astimezone(UTC), end.astimezone(UTC)


def decide_scope(  # noqa: PLR0913 - what is known of a connection
    params: SyncParams,
    *,
    timezone: str,
    now: datetime,
    first_synced_at: datetime | None,
    last_wide_at: datetime | None,
    orders_until: datetime | None = None,
) -> Scope:
    """Return the days to ask for.

    After an outage the range begins where the last success ended, if that is longer ago; and the
    daily pull with the oldest day that could still be restated when the last one was made.
    """
    zone = ZoneInfo(timezone)
    today = now.astimezone(zone).date()
    if params.since is not None and params.until is not None:
        return Scope(since=params.since, until=params.until)
    if first_synced_at is None:
        since = _back(today, FIRST_DAYS)
        if orders_until is not None:  # a first sync that was cut off
            since = max(since, orders_until.astimezone(zone).date() - timedelta(days=1))
        return Scope(since=since, until=today, first=True, wide=True)
    wide_due = now.astimezone(UTC).replace(hour=DAILY_HOUR, minute=0, second=0, microsecond=0)
    wide = now >= wide_due and (last_wide_at is None or last_wide_at < wide_due)
    since = _back(today, DAILY_DAYS if wide else HOURLY_DAYS)
    if wide and last_wide_at is not None:
        since = min(since, last_wide_at.astimezone(zone).date() - timedelta(days=RESTATED_DAYS))
    if orders_until is not None:
        since = min(since, orders_until.astimezone(zone).date() - timedelta(days=1))
    return Scope(since=since, until=today, wide=wide)


def _back(today: date, days: int) -> date:
    return today - timedelta(days=days - 1)


def _day(name: str, value: object) -> date | None:
    if value is None or value == "":
        return None
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        message = f"Parameter '{name}' must be a day like 2026-03-31, it is {value!r}."
        raise ConfigurationError(message) from None


def _texts(value: object) -> list[str]:
    if value is None:
        return []
    if isinstance(value, list | tuple):
        parts = cast("Sequence[object]", value)
    else:
        parts = str(value).split(",")
    return [str(part).strip() for part in parts if str(part).strip()]


def _numbers(name: str, value: object) -> list[int]:
    try:
        return [int(text) for text in _texts(value)]
    except ValueError:
        message = f"Parameter '{name}' must be made of ids (numbers), it is {value!r}."
        raise ConfigurationError(message) from None
