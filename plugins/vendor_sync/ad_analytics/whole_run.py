"""The whole sync without Airflow, as the command line runs it: two shards at a time.

A shard asks first and writes at its end: with two of them one asks while the other writes. Each has
a warehouse connection that it hands to the next shard.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping, Sequence
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
from vendor_sync.ad_analytics.lanes import LANES, Places, Tally, in_processes, in_threads
from vendor_sync.ad_analytics.shard import open_warehouse
from vendor_sync.ad_analytics.state import Outcome
from vendor_sync.connections import ConnectionSource
from vendor_sync.errors import TemporaryError
from vendor_sync.flow_runs import Watch
from vendor_sync.postgres import Warehouse

logger = logging.getLogger(__name__)
# A shard has its statements and its commit whatever is in it; here it needs no task.
LARGEST_SHARE = 100


def run_sync(  # noqa: PLR0913 - all keyword but one
    source: ConnectionSource,
    *,
    run_id: str,
    trigger: str,
    params: Mapping[str, Any],
    clock: Clock = utc_now,
    forked: bool = False,
    watch: Watch | None = None,
) -> dict[str, Any]:
    """Take all steps; return the run's result. `forked`: each lane may be a process of its own.

    `watch` is told how many connections have been asked, by this process.
    """
    shards = plan_run(
        source, run_id=run_id, trigger=trigger, params=params, clock=clock, shard_size=lane_share
    )
    for check in range(REPORT_CHECKS):
        if check:
            time.sleep(REPORT_SECONDS)
        shards = sync_shards(
            source,
            run_id=run_id,
            params=params,
            shards=shards,
            clock=clock,
            forked=forked,
            watch=watch,
        )
        if not shards:
            break
    joined = join_run(source, run_id=run_id, clock=clock)
    return complete_run(source, run_id=run_id, joined=joined)


def lane_share(connections: int) -> int:
    """Return how many of a vendor's connections one lane takes at a time."""
    return max(1, min(LARGEST_SHARE, -(-connections // LANES)))


def sync_shards(  # noqa: PLR0913 - all keyword but one
    source: ConnectionSource,
    *,
    run_id: str,
    params: Mapping[str, Any],
    shards: Sequence[Shard],
    clock: Clock = utc_now,
    forked: bool = False,
    watch: Watch | None = None,
) -> list[Shard]:
    """Sync shards; return what waits for a report, as shards.

    What failed for now is logged and left to the next run. Anything else ends all of it: the
    shards under way are finished, the others not begun.
    """
    tally, here = Tally(), os.getpid()
    total = sum(len(shard["connections"]) for shard in shards)

    def tell(done: int) -> None:
        if watch and os.getpid() == here:
            watch("connections", done, total)

    def take_shards(places: Places) -> list[Shard]:
        """Sync shard after shard over one connection, until none is left."""
        with open_warehouse(source, FLOW) as conn:
            return [
                {**shards[place], "connections": waiting}
                for place in places
                if (waiting := take_shard(conn, shards[place]))
            ]

    def take_shard(conn: Warehouse, shard: Shard) -> list[int]:
        """Sync a shard; return the connections that wait for a report."""
        try:
            results = sync_shard(
                source,
                shard=shard,
                conn=conn,
                run_id=run_id,
                params=params,
                clock=clock,
                ended=lambda: tell(tally.add()),
            )
        except TemporaryError as error:
            logger.warning("%s: %s", shard["vendor"], error)
            return []
        for each in results:
            if each.outcome is Outcome.RETRY:
                logger.warning("%s connection %d: %s", each.vendor, each.connection_id, each.error)
        return [each.connection_id for each in results if each.outcome is Outcome.WAITING]

    tell(0)
    take = in_processes if forked else in_threads
    lanes = take(take_shards, places=len(shards), lanes=min(LANES, len(shards)))
    tell(tally.done)
    return [shard for lane in lanes for shard in lane]
