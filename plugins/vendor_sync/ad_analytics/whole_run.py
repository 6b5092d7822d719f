"""The whole sync in one process, as the command line runs it: two shards at a time.

A shard asks first and writes at its end: with two of them one asks while the other writes. Each has
a warehouse connection that it hands to the next shard.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from vendor_sync.ad_analytics.alerting import FLOW
from vendor_sync.ad_analytics.flow import (
    REPORT_CHECKS,
    REPORT_SECONDS,
    Clock,
    Shard,
    complete_run,
    join_run,
    plan_run,
    sync_shard,
    utc_now,
)
from vendor_sync.ad_analytics.shard import open_warehouse
from vendor_sync.ad_analytics.state import Outcome
from vendor_sync.connections import ConnectionSource
from vendor_sync.errors import TemporaryError
from vendor_sync.postgres import Warehouse
from vendor_sync.telemetry import carried

logger = logging.getLogger(__name__)
LANES = 2


def run_sync(
    source: ConnectionSource,
    *,
    run_id: str,
    trigger: str,
    params: Mapping[str, Any],
    clock: Clock = utc_now,
) -> dict[str, Any]:
    """Take all steps; return the run's result."""
    shards = plan_run(source, run_id=run_id, trigger=trigger, params=params, clock=clock)
    for check in range(REPORT_CHECKS):
        if check:
            time.sleep(REPORT_SECONDS)
        shards = sync_shards(source, run_id=run_id, params=params, shards=shards, clock=clock)
        if not shards:
            break
    joined = join_run(source, run_id=run_id, clock=clock)
    return complete_run(source, run_id=run_id, joined=joined)


def sync_shards(
    source: ConnectionSource,
    *,
    run_id: str,
    params: Mapping[str, Any],
    shards: Sequence[Shard],
    clock: Clock = utc_now,
) -> list[Shard]:
    """Sync shards; return those of which some wait for a report.

    What failed for now is logged and left to the next run. Anything else ends all of it: the
    shards under way are finished, the others not begun.
    """
    work = _Work(source, run_id, params, shards, clock)
    with ThreadPoolExecutor(LANES) as pool:
        lanes = [pool.submit(carried(work.take_shards)) for _ in shards[:LANES]]
        try:
            for lane in lanes:
                lane.result()
        except BaseException:
            work.stop()
            raise
    return work.waiting


class _Work:
    """The shards that are left, for several threads."""

    def __init__(
        self,
        source: ConnectionSource,
        run_id: str,
        params: Mapping[str, Any],
        shards: Sequence[Shard],
        clock: Clock,
    ) -> None:
        self._source = source
        self._arguments: dict[str, Any] = {"run_id": run_id, "params": params, "clock": clock}
        self._left = deque(shards)
        self.waiting: list[Shard] = []

    def stop(self) -> None:
        """Begin no other shard."""
        self._left.clear()

    def take_shards(self) -> None:
        """Sync shard after shard over one connection, until none is left."""
        try:
            with open_warehouse(self._source, FLOW) as conn:
                while shard := self._next():
                    if self._is_waiting(conn, shard):
                        self.waiting.append(shard)
        except BaseException:
            self.stop()
            raise

    def _is_waiting(self, conn: Warehouse, shard: Shard) -> bool:
        try:
            ended = sync_shard(self._source, shard=shard, conn=conn, **self._arguments)
        except TemporaryError as error:
            logger.warning("%s: %s", shard["vendor"], error)
            return False
        return Outcome.WAITING in ended

    def _next(self) -> Shard | None:
        try:
            return self._left.popleft()
        except IndexError:
            return None
