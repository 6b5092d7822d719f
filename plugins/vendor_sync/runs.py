"""A run's own records in schema `ops`: row, progress, pages, refused records, counts, event."""

from __future__ import annotations

import hashlib
import json
import logging
import resource
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Self, cast

import psycopg
from psycopg.types.json import Json, Jsonb

from vendor_sync import telemetry
from vendor_sync.errors import ConfigurationError, SyncError
from vendor_sync.postgres import Warehouse, load_query, storable

logger = logging.getLogger(__name__)
_EVENT_NAMESPACE = uuid.UUID("5b0c4a52-7f0e-4a7e-9d53-6f2f0b1c7a11")
_WALKS_PER_ATTEMPT = 1_000_000
_PROGRESS_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a flow; `attempt` grows when it is killed or fails and is started again."""

    run_key: int
    flow: str
    run_id: str
    attempt: int
    started_at: datetime
    interruptions: int

    @property
    def first_walk(self) -> int:
        """The lowest walk number of this attempt: what was seen since is at or above it."""
        return self.attempt * _WALKS_PER_ATTEMPT


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """A refused record. `kind` is `invalid`, or `unmatched` where nothing is wrong with it."""

    entity: str
    external_id: str | None
    reason: str
    item: Any
    audit_key: str | None
    kind: str = "invalid"


class RunStore:
    """Reads and writes the records of one flow's runs, inside the caller's transactions."""

    def __init__(self, conn: Warehouse, flow: str) -> None:
        self._conn = conn
        self._flow = flow

    def announce(self, run_id: str, trigger: str, params: Mapping[str, Any]) -> datetime:
        """Write the run as waiting for its turn; return since when it has been waiting."""
        telemetry.about_run(self._flow, run_id)
        row = self._conn.execute(
            load_query("ops/announce_run.sql"),
            {
                "flow": self._flow,
                "run_id": run_id,
                "trigger": trigger,
                "params": Jsonb(dict(params)),
                "now": datetime.now(UTC),
            },
        ).fetchone()
        assert row is not None  # noqa: S101 - INSERT ... RETURNING
        return row[0]

    def waiting_since(self, run_id: str) -> datetime:
        """Return since when the announced run has been waiting; now, if it is not."""
        row = self._conn.execute(
            load_query("ops/get_waiting_since.sql"), {"flow": self._flow, "run_id": run_id}
        ).fetchone()
        return row[0] if row and row[0] else datetime.now(UTC)

    def begin(self, run_id: str) -> Run:
        """Start (or restart) the announced run; call it with the flow's lock held.

        Holding the lock proves that no other run is alive: rows that still say so are corrected,
        and what finished runs remembered about single records is forgotten.
        """
        self._conn.execute(
            load_query("ops/close_interrupted_runs.sql"),
            {"flow": self._flow, "run_id": run_id, "now": datetime.now(UTC)},
        )
        self._conn.execute(
            load_query("ops/forget_outcomes.sql"), {"flow": self._flow, "run_id": run_id}
        )
        return self._taken_up(run_id, "ops/begin_run.sql")

    def resume(self, run_id: str) -> Run:
        """Go on, in another process, with a run that has begun; its attempt stays the same.

        Raises ConfigurationError where nobody has begun it.
        """
        return self._taken_up(run_id, "ops/resume_run.sql")

    def _taken_up(self, run_id: str, query: str) -> Run:
        telemetry.about_run(self._flow, run_id)
        row = self._conn.execute(
            load_query(query), {"flow": self._flow, "run_id": run_id}
        ).fetchone()
        if row is None:
            message = f"Run {run_id!r} of {self._flow} was never begun; start its first task."
            raise ConfigurationError(message)
        run_key, attempt, started_at, interruptions = row
        return Run(
            run_key=run_key,
            flow=self._flow,
            run_id=run_id,
            attempt=attempt,
            started_at=started_at,
            interruptions=interruptions,
        )

    def get(self, run_id: str) -> Run:
        """Return a run that has begun, for another process that takes a part of it."""
        return self._taken_up(run_id, "ops/get_run.sql")

    def finish(
        self,
        run_id: str,
        status: str,
        *,
        counts: Mapping[str, Any] | None = None,
        error: str | None = None,
    ) -> None:
        """Write how the run ended; counts of a failed run stay what they were."""
        row = self._conn.execute(
            load_query("ops/finish_run.sql"),
            {
                "flow": self._flow,
                "run_id": run_id,
                "status": status,
                "now": datetime.now(UTC),
                "counts": None if counts is None else Jsonb(_storable_json(counts)),
                "error": error and storable(error),
            },
        ).fetchone()
        if row:
            telemetry.run_ended(self._flow, status, counts or {}, seconds=row[0])
            peak = peak_memory_bytes()
            telemetry.figures().measure(f"vendor_sync.run.peak_memory.{self._flow}", peak)

    def close_interrupted(self, run_id: str) -> None:
        """Write that the run has failed, where its row says that it is still at work."""
        self._conn.execute(
            load_query("ops/close_interrupted_run.sql"),
            {"flow": self._flow, "run_id": run_id, "now": datetime.now(UTC)},
        )

    def record_usage(self, run_id: str, usage: Mapping[str, int]) -> None:
        """Write what the run has used: api_calls, retries, queries, bytes_received, peak memory."""
        self._conn.execute(
            load_query("ops/record_usage.sql"), {"flow": self._flow, "run_id": run_id, **usage}
        )

    def record_page(
        self, run: Run, entity: str, audit_key: str | None, items: int, at: datetime
    ) -> int:
        """Write which archived page is merged next, and return its key."""
        row = self._conn.execute(
            load_query("ops/insert_page.sql"),
            {
                "run_key": run.run_key,
                "entity": entity,
                "audit_key": audit_key,
                "item_count": items,
                "fetched_at": at,
            },
        ).fetchone()
        assert row is not None  # noqa: S101 - INSERT ... RETURNING
        return row[0]

    def reject(self, run: Run, rejects: Sequence[Reject]) -> None:
        """Keep refused records; the same record refused again in this run is kept once."""
        now = datetime.now(UTC)
        self._conn.cursor().executemany(
            load_query("ops/insert_reject.sql"),
            [
                {
                    "run_key": run.run_key,
                    "flow": run.flow,
                    "entity": reject.entity,
                    "external_id": reject.external_id and storable(reject.external_id),
                    "kind": reject.kind,
                    "reason": storable(reject.reason),
                    "item": Json(reject.item, dumps=_dump),
                    "audit_key": reject.audit_key,
                    "fingerprint": _fingerprint(reject),
                    "now": now,
                }
                for reject in rejects
            ],
        )

    def outcome_counts(self, run: Run) -> dict[str, dict[str, int]]:
        """Return {entity: {outcome: records, "duplicates": n, "rejected": n, "unmatched": n}}."""
        counts: dict[str, dict[str, int]] = {}
        rows = self._conn.execute(
            load_query("ops/count_outcomes.sql"), {"run_key": run.run_key}
        ).fetchall()
        for entity, outcome, number in rows:
            counts.setdefault(entity, {})[outcome] = number
        return counts

    def emit(self, run: Run, name: str, payload: Mapping[str, Any]) -> uuid.UUID:
        """Put the run's event into the outbox; a rerun keeps its id and publishes it again."""
        event_id = uuid.uuid5(_EVENT_NAMESPACE, f"{name}/{run.flow}/{run.run_id}")
        self._conn.execute(
            load_query("ops/upsert_event.sql"),
            {
                "event_id": event_id,
                "flow": run.flow,
                "run_key": run.run_key,
                "name": name,
                "payload": Jsonb(_storable_json(payload)),
                "now": datetime.now(UTC),
            },
        )
        return event_id


class Progress:
    """How far a run is; a thread of its own writes what changed once a second."""

    def __init__(
        self,
        connect: Callable[[], Warehouse],
        run: Run,
        watch: Callable[[str, int, int | None], None] | None = None,
    ) -> None:
        self._connect = connect
        self._watch = watch
        self._run = run
        self._lock = threading.Lock()
        self._values: dict[str, tuple[int, int | None]] = {}
        self._written: dict[str, tuple[int, int | None]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write_regularly, name="progress", daemon=True)
        self.queries = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def add(self, entity_type: str, completed: int) -> None:
        """Count records as done."""
        self._change(entity_type, completed, None)

    def expect(self, entity_type: str, total: int | None) -> None:
        """Say how many records there will be, where that is known."""
        self._change(entity_type, 0, total)

    def _change(self, entity_type: str, completed: int, total: int | None) -> None:
        with self._lock:
            done, known = self._values.get(entity_type, (0, None))
            value = (done + completed, known if total is None else total)
            self._values[entity_type] = value
        if self._watch:
            self._watch(entity_type, *value)

    def snapshot(self) -> dict[str, tuple[int, int | None]]:
        """Return {entity_type: (completed, total)}."""
        with self._lock:
            return dict(self._values)

    def _write_regularly(self) -> None:
        try:
            with self._connect() as conn:
                while not self._stop.wait(_PROGRESS_SECONDS):
                    self._write(conn)
                self._write(conn)
        except (psycopg.Error, SyncError) as error:
            # A lost server stops the run itself; progress must not be what fails it.
            logger.warning("progress is no longer written: %s", error)

    def _write(self, conn: Warehouse) -> None:
        values = self.snapshot()
        changed = {
            name: value for name, value in values.items() if self._written.get(name) != value
        }
        if not changed:
            return
        names = list(changed)
        conn.execute(
            load_query("ops/upsert_progress.sql"),
            {
                "run_key": self._run.run_key,
                "entity_types": names,
                "completed": [changed[name][0] for name in names],
                "totals": [changed[name][1] for name in names],
                "now": datetime.now(UTC),
            },
        )
        self._written = values
        self.queries += 1


def peak_memory_bytes() -> int:
    """Return the highest resident memory of this process so far.

    On Linux the kernel's own mark: ru_maxrss begins with the parent's, before this program ran.
    """
    status = Path("/proc/self/status")
    marks = status.read_text().splitlines() if status.exists() else []
    for mark in marks:
        if mark.startswith("VmHWM:"):
            return int(mark.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes, on macOS


def _dump(item: object) -> str:
    return json.dumps(item, default=_plain, sort_keys=True)


def _plain(value: object) -> str:
    return str(value) if isinstance(value, Decimal) else repr(value)


def _fingerprint(reject: Reject) -> str:
    text = f"{reject.entity}\0{reject.external_id}\0{reject.reason}\0{_dump(reject.item)}"
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _storable_json(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return JSON whose texts PostgreSQL accepts: results quote names and words of vendors."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, Any]", value)
        return {name: _storable_json(part) for name, part in fields.items()}
    if isinstance(value, list | tuple):
        return [_storable_json(part) for part in cast("Sequence[Any]", value)]
    return value
