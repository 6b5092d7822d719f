"""What an export did, line by line and in sums; pure."""

from __future__ import annotations

import threading
from collections.abc import Container, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from vendor_sync.broadstreet.dependencies import LocalEntity
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.journal import Intent
from vendor_sync.broadstreet.sending import Outcome, Sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What became of one local entity. `status`: exported, skipped or failed."""

    entity_type: EntityType
    local_id: str
    name: str | None
    status: str
    broadstreet_id: int | None = None
    sent_name: str | None = None
    adopted: bool = False
    kind: str | None = None
    reason: str | None = None

    @classmethod
    def of(cls, entity_type: EntityType, local_id: str, name: str | None, outcome: Outcome) -> Line:
        """Return the line for an outcome."""
        if isinstance(outcome, Sent):
            return cls(
                entity_type=entity_type,
                local_id=local_id,
                name=name,
                status="exported",
                broadstreet_id=outcome.broadstreet_id,
                sent_name=outcome.name,
                adopted=outcome.adopted,
            )
        return cls(
            entity_type=entity_type,
            local_id=local_id,
            name=name,
            status="failed",
            kind=outcome.kind,
            reason=outcome.reason,
        )


@dataclass(slots=True)
class ExportReport:
    """Grows while a run works; filled by its threads."""

    lines: dict[str, Line] = field(default_factory=dict[str, Line])
    unknown_ids: list[str] = field(default_factory=list[str])
    _spans: dict[EntityType, tuple[float, float]] = field(
        default_factory=dict[EntityType, tuple[float, float]]
    )
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def seen(self) -> Container[str]:
        """Return the local ids that have a line."""
        return self.lines

    def restore(self, intents: Iterable[Intent]) -> None:
        """Take over what earlier attempts of this run brought to its end."""
        for intent in intents:
            sent = Sent(
                broadstreet_id=intent.broadstreet_id, name=intent.name, adopted=intent.adopted
            )
            self.lines[intent.local_id] = Line.of(
                intent.entity_type, intent.local_id, intent.wanted, sent
            )

    def add(self, line: Line, began: float, ended: float) -> None:
        """Note what became of an entity, and when (monotonic seconds)."""
        with self._lock:
            self.lines[line.local_id] = line
            first, last = self._spans.get(line.entity_type, (began, ended))
            self._spans[line.entity_type] = (min(first, began), max(last, ended))

    def add_skip(self, entity: LocalEntity, reason: str) -> None:
        """Note that an entity was left alone, and why."""
        with self._lock:
            self.lines[entity.local_id] = Line(
                entity_type=entity.entity_type,
                local_id=entity.local_id,
                name=entity.fields.get("name"),
                status="skipped",
                reason=reason,
            )

    def note_unknown(self, asked: Iterable[str], there: Container[str]) -> None:
        """Note ids that were asked for and are not there."""
        self.unknown_ids = [
            local_id for local_id in asked if local_id not in there and local_id not in self.lines
        ]

    def of_status(self, status: str) -> list[Line]:
        """Return the lines of one status, in the order in which they were written."""
        return [line for line in self.lines.values() if line.status == status]

    def failed_share(self) -> float:
        """Return the share of failures among what was tried; 0 if nothing was."""
        failed, sent = len(self.of_status("failed")), len(self.of_status("exported"))
        return failed / (failed + sent) if failed else 0.0

    def counts(self) -> dict[str, dict[str, Any]]:
        """Return sums and seconds by entity type."""
        found: dict[str, dict[str, Any]] = {}
        for line in self.lines.values():
            empty = {"total": 0, "exported": 0, "adopted": 0, "skipped": 0, "failed": 0}
            sums = found.setdefault(line.entity_type, empty)
            sums["total"] += 1
            sums[line.status] += 1
            sums["adopted"] += line.adopted
        for entity_type, (first, last) in self._spans.items():
            found[entity_type]["duration_seconds"] = round(last - first, 3)
        return found

    def to_json(self) -> dict[str, Any]:
        """Return the run's result: what went, what was left, what failed, and the new ids."""
        id_maps: dict[str, dict[str, int]] = {}
        for line in self.of_status("exported"):
            if line.broadstreet_id is not None:
                id_maps.setdefault(line.entity_type, {})[line.local_id] = line.broadstreet_id
        failed = self.of_status("failed")
        return {
            "status": "completed_with_errors" if failed or self.unknown_ids else "completed",
            "exported": [asdict(line) for line in self.of_status("exported")],
            "skipped": [asdict(line) for line in self.of_status("skipped")],
            "failed": [asdict(line) for line in failed],
            "unknown_ids": self.unknown_ids,
            "id_maps": id_maps,
            "entity_types": self.counts(),
        }
