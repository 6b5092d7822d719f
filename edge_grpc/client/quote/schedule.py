"""Whether a promotion holds at an instant, by the clock on the store's wall."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from edge_grpc.client.quote.reasons import Miss, Reason
from edge_grpc.v1.promotion_pb2 import Validity
from edge_grpc.v1.types_pb2 import LocalDate

_DAY = 86_400


def out_of_schedule(validity: Validity, at: datetime, timezone: ZoneInfo) -> Miss | None:
    """Return why the promotion does not hold, None while it does.

    The rule is promotion.proto's: the instant has to lie in a window that began on an allowed day.
    The wall's clock alone decides, so an hour that a clock change skips never comes, and one that
    it repeats counts twice.
    """
    wall = at.astimezone(timezone)
    begun = _began_on(validity, wall)
    if begun is None:
        hours = validity.hours
        window = f"{_clock(hours.start_second)} to {_clock(hours.end_second)}"
        return Miss(Reason.WRONG_HOUR, f"holds from {window}; the store's clock says {wall:%H:%M}")
    return _wrong_day(validity, begun)


def _began_on(validity: Validity, wall: datetime) -> date | None:
    """Return the day on which the window around this instant began."""
    if not validity.HasField("hours"):
        return wall.date()
    start, end = validity.hours.start_second, validity.hours.end_second
    second = wall.hour * 3600 + wall.minute * 60 + wall.second
    if end > start:
        return wall.date() if start <= second < end else None
    if second >= start:
        return wall.date()
    return wall.date() - timedelta(days=1) if second < end else None


def _wrong_day(validity: Validity, day: date) -> Miss | None:
    first, last = _date(validity.start_on), _date(validity.end_on)
    if day < first:
        return Miss(Reason.NOT_STARTED, f"starts on {first}")
    if day > last:
        return Miss(Reason.ENDED, f"ended on {last}")
    if day.isoweekday() not in validity.days:
        return Miss(Reason.WRONG_DAY, f"does not hold on a {day:%A}")
    if day in map(_date, validity.excluded_dates):
        return Miss(Reason.EXCLUDED_DATE, f"does not hold on {day}")
    return None


def _date(day: LocalDate) -> date:
    return date(day.year, day.month, day.day)


def _clock(second: int) -> str:
    return f"{second // 3600 % 24 if second != _DAY else 24:02}:{second // 60 % 60:02}"
