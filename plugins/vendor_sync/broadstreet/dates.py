"""The days of a campaign: three ways to write them come in, one goes out that no zone can shift.

Broadstreet reads a bare date as midnight in a zone of its own and may show the day before. With a
time of day it keeps what is written. What it shows is the day alone.
"""

from __future__ import annotations

import re
from datetime import date, datetime

_FORM = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:\.\d+)?)?)?", re.ASCII)
_START, _END = "00:00:00", "23:59:59"


def normalise(text: str) -> str:
    """Return `YYYY-MM-DD` or `YYYY-MM-DD HH:MM:SS`; raise ValueError saying what is expected.

    A time of day is kept, whether it follows a space or a T.
    """
    found = _FORM.fullmatch(text.strip())
    if not found:
        message = (
            f"{text!r} is not a date: write it as 2026-03-01, or with a time of day as "
            "2026-03-01 08:30 (Broadstreet takes no time zone)."
        )
        raise ValueError(message)
    day, minutes, seconds = found.groups()
    written = f"{day} {minutes}:{seconds or '00'}" if minutes else day
    try:
        datetime.fromisoformat(written)
    except ValueError:
        message = f"{text!r} is no day or time that exists."
        raise ValueError(message) from None
    return written


def to_api(normalised: str, *, ends: bool) -> str:
    """Return what Broadstreet is sent: a day begins at midnight and ends a second before it."""
    return normalised if " " in normalised else f"{normalised} {_END if ends else _START}"


def day(normalised: str) -> date:
    """Return the day alone, which is what Broadstreet shows of it."""
    return date.fromisoformat(normalised[:10])


def is_before(end: str, start: str) -> bool:
    """Tell whether something would end before it begins."""
    return to_api(end, ends=True) < to_api(start, ends=False)
