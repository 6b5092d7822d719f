"""How the vendor reads dates that are written, and what it shows of them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sandbox.vendors.broadstreet.errors import RefusedError

TODAY = "2025-09-18"
_DAY = "%Y-%m-%d"
_INSTANT = "%Y-%m-%d %H:%M:%S"


def shown_date(name: str, text: object, *, shifts: bool) -> str | None:
    """Return the day that a written date is shown as.

    A date without a time is taken as midnight in UTC and shown in the account's zone, west of it:
    it loses a day. With a time it is kept.
    """
    if text is None or text == "":
        return None
    try:
        return datetime.strptime(str(text), _INSTANT).strftime(_DAY)  # noqa: DTZ007 - the vendor's
    except ValueError:
        pass
    try:
        day = datetime.strptime(str(text), _DAY)  # noqa: DTZ007 - the vendor names no zone
    except ValueError:
        raise RefusedError(**{name: "is not a date"}) from None
    return (day - timedelta(days=1) if shifts else day).strftime(_DAY)


def is_running(start: str | None, end: str | None) -> bool:
    return (start is None or start <= TODAY) and (end is None or end >= TODAY)
