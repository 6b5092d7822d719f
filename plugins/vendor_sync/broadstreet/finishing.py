"""The last steps of an export: production, local copy, journal; for many entities at once.

An entity whose id is in the journal is safe: whatever is killed, the next run takes it from there.
So what is left to do waits until there is enough of it, and costs a few commands a group.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from vendor_sync.broadstreet.export_store import ExportStore
from vendor_sync.broadstreet.journal import Journal
from vendor_sync.broadstreet.models import Record

_GROUP = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A local entity that is in Broadstreet, as a list shows it there."""

    local_id: str
    record: Record
    adopted: bool


class Finishing:
    """Moves what was exported from local to production; repeatable after a kill at any point."""

    def __init__(
        self, store: ExportStore, journal: Journal, run_id: str, step: Callable[[str], None]
    ) -> None:
        self._store = store
        self._journal = journal
        self._run_id = run_id
        self._step = step
        self._lock = threading.Lock()
        self._waiting: list[Exported] = []

    def add(self, exported: Exported) -> None:
        """Finish an entity, soon: with those before it when they are enough, or by `flush`."""
        with self._lock:
            self._waiting.append(exported)
            if len(self._waiting) < _GROUP:
                return
            group, self._waiting = self._waiting, []
        self._finish(group)

    def flush(self) -> None:
        """Finish what still waits."""
        with self._lock:
            group, self._waiting = self._waiting, []
        if group:
            self._finish(group)

    def _finish(self, group: Sequence[Exported]) -> None:
        now = datetime.now(UTC)
        self._step("before production")
        self._store.produce([(one.record, one.local_id) for one in group], now)
        self._step("produced")
        self._store.remove((one.record.entity_type, one.local_id) for one in group)
        self._step("removed")
        for adopted in (False, True):
            local_ids = [one.local_id for one in group if one.adopted is adopted]
            self._journal.close(local_ids, now, run_id=self._run_id, adopted=adopted)
        self._step("done")
