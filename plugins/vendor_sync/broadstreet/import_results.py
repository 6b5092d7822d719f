"""What an import leaves behind about itself: a `sync_logs` document a type, a result a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from vendor_sync.broadstreet import schema
from vendor_sync.broadstreet.counts import total
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.import_settings import ImportParams
from vendor_sync.mongo import Document, Mongo

_SUMMED = ("api_calls", "retries", "queries", "bytes_received")


def write_log(  # noqa: PLR0913 - what a log says
    db: Mongo,
    run_id: str,
    entity_type: EntityType,
    began: datetime,
    *,
    part: Mapping[str, Any] | None = None,
    usage: Mapping[str, int] | None = None,
    error: str | None = None,
    params: ImportParams,
) -> None:
    """Write how a type's import went; the same run again replaces its own log."""
    counts = dict(part or {})
    flawed = any(counts.get(name) for name in ("failed", "kept", "lists_failed"))
    log: Document = {
        "run_id": run_id,
        "timestamp": began,
        "operation": "import",
        "entity_type": str(entity_type),
        "mode": str(params.mode),
        "dry_run": params.dry_run,
        # A list that failed is no success, whatever else went well.
        "success": error is None,
        "complete": error is None and not flawed,
        "duration": float(counts.get("duration_seconds", 0.0)),
        "entities_processed": int(counts.get("fetched", 0)),
        "errors": [error] if error else counts.get("errors", []),
        "counts": counts,
        "usage": dict(usage or {}),
    }
    mine = {"run_id": run_id, "operation": "import", "entity_type": str(entity_type)}
    db[schema.SYNC_LOGS].replace_one(mine, log, upsert=True)


def read_logs(db: Mongo, run_id: str, entity_types: Sequence[EntityType]) -> dict[str, Document]:
    """Return {entity type: its log} of a run, in the order of the types."""
    found = db[schema.SYNC_LOGS].find({"run_id": run_id, "operation": "import"})
    logs = {log["entity_type"]: log for log in found}
    return {str(part): logs[part] for part in entity_types if part in logs}


def import_result(
    logs: Mapping[str, Document], params: ImportParams, *, generation: int
) -> dict[str, Any]:
    """Return the run's result: counts per type, and what of it somebody should look at."""
    entities = {name: dict(log["counts"]) for name, log in logs.items()}
    used = {name: sum(int(log["usage"].get(name, 0)) for log in logs.values()) for name in _SUMMED}
    peaks = (int(log["usage"].get("peak_memory_bytes", 0)) for log in logs.values())
    problems = {name: total(entities, name) for name in ("failed", "kept", "lists_failed")}
    return {
        "status": "completed_with_errors" if any(problems.values()) else "completed",
        "mode": str(params.mode),
        "dry_run": params.dry_run,
        "generation": generation,
        "fetched": total(entities, "fetched"),
        "rejected": problems["failed"],
        "lists_failed": problems["lists_failed"],
        "breaker_open": bool(problems["kept"]),
        "conflicts": total(entities, "conflicts"),
        "duration_seconds": round(
            sum(float(part.get("duration_seconds", 0)) for part in entities.values()), 3
        ),
        "entities": entities,
        **used,
        "peak_memory_bytes": max(peaks, default=0),
    }
