"""Retention's part in the edge's tables, at once and without the rest of its run."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import psycopg

from vendor_sync.retention.params import RetentionParams
from vendor_sync.retention.tables import TOMBSTONES
from vendor_sync.retention.warehouse import Sweep

_AT_ONCE = timedelta(seconds=-1)


def prune_tombstones(conn: psycopg.Connection[Any], *, kept_days: int, now: datetime) -> None:
    """Raise the floors, and delete what is below them although streams may still be under way."""
    params = RetentionParams(tombstones_days=kept_days)
    sweep = Sweep(conn, params, now, floor_age=_AT_ONCE)  # pyright: ignore[reportArgumentType]
    sweep.raise_floors(dry_run=False)
    for old in TOMBSTONES:
        sweep.delete(old, lambda _: None)
