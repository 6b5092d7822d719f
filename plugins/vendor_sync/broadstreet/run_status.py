"""How a run is doing, as `ops` has it: for whoever started it and wants to know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg.rows import dict_row

from vendor_sync.connections import ConnectionSource, require_connection
from vendor_sync.postgres import connect, load_query, storage_errors


def run_status(
    source: ConnectionSource, flows: Sequence[str], run_id: str
) -> dict[str, Any] | None:
    """Return a run's status, progress {type: {completed, total}} and result; None if unknown."""
    warehouse = require_connection(source, "warehouse_postgres")
    with storage_errors(), connect(warehouse, application_name="run_status") as conn:
        cursor = conn.cursor(row_factory=dict_row)
        found = cursor.execute(
            load_query("ops/get_run_status.sql"), {"flows": list(flows), "run_id": run_id}
        ).fetchone()
        if found is None:
            return None
        progress = cursor.execute(
            load_query("ops/list_progress.sql"), {"run_key": found.pop("run_key")}
        ).fetchall()
    for name in ("started_at", "finished_at"):
        found[name] = found[name].isoformat() if found[name] else None
    found["result"] = found.pop("counts")
    found["progress"] = {
        row["entity_type"]: {"completed": row["completed"], "total": row["total"]}
        for row in progress
    }
    return found
