"""Takes the steps of one run in a process of its own, so that a test can kill it anywhere.

    python -m tests.integration.ad_analytics.sync_process RUN_ID NOW [PARAMS]

Connections come from the environment, the clock stands at NOW, PARAMS are the run's as JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

from vendor_sync.ad_analytics import flow
from vendor_sync.ad_analytics.state import Outcome
from vendor_sync.connections import ConnectionSource, connection_from_environment
from vendor_sync.errors import TemporaryError

# A report is ready after seven looks; a first sync has three of them, of which some fail.
LOOKS = 40
TRIES = 4


def take_steps(
    source: ConnectionSource, run_id: str, clock: Callable[[], datetime], **params: Any
) -> dict[str, Any]:
    """Take a run's steps as Airflow does, but without the waits between them."""
    arguments = {"run_id": run_id, "params": params, "clock": clock}
    shards = flow.plan_run(source, trigger="test", **arguments)
    for shard in shards:
        tries = TRIES
        for _ in range(LOOKS):
            try:
                ended = flow.count_ends(flow.sync_shard(source, shard=shard, **arguments))
            except TemporaryError:
                tries -= 1
                if not tries:
                    break
            else:
                if Outcome.WAITING not in ended and Outcome.BUSY not in ended:
                    break
    joined = flow.join_run(source, run_id=run_id, clock=clock)
    return flow.complete_run(source, run_id=run_id, joined=joined)


if __name__ == "__main__":
    at = datetime.fromisoformat(sys.argv[2])
    params = json.loads(sys.argv[3]) if len(sys.argv) > 3 else {}
    result = take_steps(connection_from_environment, sys.argv[1], lambda: at, **params)
    sys.stdout.write(json.dumps(result, default=str))
