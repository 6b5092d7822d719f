"""The click log's part of a run: new files are loaded before orders are credited.

The log is optional, and its absence stops nobody: orders are credited by what shops tell, and again
once the clicks are there.
"""

from __future__ import annotations

import logging
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any

from vendor_sync.ad_analytics.click_log import load_new_clicks
from vendor_sync.alerts import Alert, AlertKind, raise_alert, resolve
from vendor_sync.connections import ConnectionSource
from vendor_sync.errors import ConfigurationError, StorageError
from vendor_sync.postgres import Warehouse
from vendor_sync.runs import Run, RunStore

logger = logging.getLogger(__name__)


def load_clicks(  # noqa: PLR0913 - what a part of a run works with
    source: ConnectionSource,
    conn: Warehouse,
    runs: RunStore,
    run: Run,
    now: datetime,
    *,
    link: str | None = None,
) -> dict[str, Any]:
    """Load what is new; return counts, `{"skipped": why}` or `{"error": what}`.

    The connection `click_log_s3` is optional. A log that cannot be read is told once, until it can.
    """
    connection = source("click_log_s3")
    if connection is None:
        return {"skipped": "There is no connection 'click_log_s3'."}
    try:
        loaded = load_new_clicks(conn, connection, now=now, keep_rejects=partial(runs.reject, run))
    except (ConfigurationError, StorageError) as error:
        logger.warning("the click log is left out: %s", error)
        raise_alert(source, _unreadable(run, str(error), link))
        return {"error": str(error)}
    resolve(conn, [_unreadable(run, "")])
    return asdict(loaded)


def _unreadable(run: Run, message: str, link: str | None = None) -> Alert:
    return Alert(
        kind=AlertKind.CONNECTION_FAILED,
        flow=run.flow,
        run_id=run.run_id,
        cause="click-log",
        title=f"{run.flow}: the click log cannot be read; orders are credited without it",
        message=message,
        link=link,
    )
