"""A run of a flow from its announcement to its end, as every flow records it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg

from vendor_sync.connections import Connection, ConnectionSource, require_connection
from vendor_sync.errors import ConfigurationError, SyncError
from vendor_sync.postgres import connect, storage_errors
from vendor_sync.runs import RunStore

logger = logging.getLogger(__name__)
LOCK_WAIT_SECONDS = 300
# Told as work goes on: entity type, how many are done, and of how many (None: nobody knows yet).
Watch = Callable[[str, int, int | None], None]
_OLD_SCHEMA = (
    psycopg.errors.InvalidSchemaName,
    psycopg.errors.UndefinedColumn,
    psycopg.errors.UndefinedTable,
)


def waiting_since(source: ConnectionSource, flow: str, run_id: str) -> datetime:
    """Return since when an announced run has been waiting for the flow's lock."""
    warehouse = require_connection(source, "warehouse_postgres")
    with storage_errors(), connect(warehouse, application_name=flow) as conn:
        return RunStore(conn, flow).waiting_since(run_id)


def skip_run(source: ConnectionSource, flow: str, run_id: str) -> dict[str, Any]:
    """Record that a run gave up waiting for another one, and return its result."""
    warehouse = require_connection(source, "warehouse_postgres")
    result = {"status": "skipped"}
    reason = "Another run of the flow was at work all the while."
    with storage_errors(), connect(warehouse, application_name=flow) as conn:
        RunStore(conn, flow).finish(run_id, "skipped", counts=result, error=reason)
    return result


@contextmanager
def failure_recorded(warehouse: Connection, flow: str, run_id: str) -> Generator[None]:
    """Write the reason of a failure into the run's row, over a connection that certainly works."""
    try:
        yield
    except Exception as error:
        words = str(error) if isinstance(error, SyncError) else type(error).__name__
        try:
            with connect(warehouse, application_name=flow) as conn:
                RunStore(conn, flow).finish(run_id, "failed", error=words)
        except (SyncError, psycopg.Error):
            logger.exception("the run's failure could not be recorded")
        raise


@contextmanager
def schema_errors(warehouse: Connection) -> Generator[None]:
    """Say what to do when the database has no schema yet, or an old one."""
    try:
        yield
    except _OLD_SCHEMA as error:
        message = (
            f"Connection '{warehouse.conn_id}': the database has no schema yet or an old one "
            f"({error.diag.message_primary}); run `python -m vendor_sync migrate`."
        )
        raise ConfigurationError(message) from None
