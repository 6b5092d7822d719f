"""Midnights that tests must not run into: promotions begin and end by a store's own day."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

_NEAR = timedelta(seconds=20)


def pass_near_midnight(zone: str) -> None:
    """Wait until a zone's midnight is over, if it is so near that a test could run into it."""
    now = datetime.now(ZoneInfo(zone))
    midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), now.tzinfo)
    if midnight - now < _NEAR:
        time.sleep((midnight - now).total_seconds() + 0.1)
