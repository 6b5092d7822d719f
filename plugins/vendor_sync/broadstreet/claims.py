"""Claims of local entities, made some time before each one's turn and many in one command."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime

from vendor_sync.broadstreet.dependencies import LocalEntity
from vendor_sync.broadstreet.export_store import ExportStore

# So many wait at most for their turn while nobody may edit them: a second of a fast export.
_AHEAD = 50


class Claims:
    """Used by the threads of one run, which ask in the order that was announced, or nearly so."""

    def __init__(self, store: ExportStore, run_id: str) -> None:
        self._store = store
        self._run_id = run_id
        self._lock = threading.Lock()
        self._coming: deque[LocalEntity] = deque()
        self._answers: dict[str, bool] = {}

    def announce(self, entities: Iterable[LocalEntity]) -> None:
        """Say which entities will be asked for, first ones first."""
        with self._lock:
            self._coming.extend(entities)

    def take(self, entity: LocalEntity) -> bool:
        """Claim an entity in the version that was read; False if it has changed since."""
        with self._lock:
            if entity.local_id not in self._answers:
                self._claim_next(entity)
            return self._answers.pop(entity.local_id)

    def untaken(self) -> set[str]:
        """Return the local ids of what is claimed and was never asked for; forget them."""
        with self._lock:
            left = {local_id for local_id, held in self._answers.items() if held}
            self._answers.clear()
            self._coming.clear()
            return left

    def _claim_next(self, entity: LocalEntity) -> None:
        asked = [self._coming.popleft() for _ in range(min(_AHEAD, len(self._coming)))]
        if all(one.local_id != entity.local_id for one in asked):
            asked.append(entity)
        held = self._store.claim(asked, self._run_id, datetime.now(UTC))
        self._answers |= {one.local_id: one.local_id in held for one in asked}
