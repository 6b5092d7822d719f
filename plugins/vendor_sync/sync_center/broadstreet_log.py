"""What imports and exports wrote about themselves in MongoDB, and creates of unknown outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from pymongo import DESCENDING

from vendor_sync.broadstreet import journal as states
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.journal import UNSETTLED, Intent, Journal
from vendor_sync.broadstreet.schema import SYNC_LOGS
from vendor_sync.mongo import Document, Mongo
from vendor_sync.sync_center.wording import Status

SHOWN = 100
_STATES: Mapping[str, Status] = {
    states.INTENDED: Status("Not known whether it arrived", "warn"),
    states.CREATED: Status("In Broadstreet, still here", "busy"),
    states.STOPPED: Status("A person has to choose", "bad"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """How a run went for one entity type; `problem` is its first error, `more` counts the rest."""

    row: Document
    status: Status
    problem: str
    more: int


def log(
    db: Mongo, entity_type: EntityType | None, before: datetime | None
) -> tuple[list[Line], bool]:
    """Return a page of `sync_logs`, the newest first, and whether there are older ones."""
    wanted: Document = {"entity_type": str(entity_type)} if entity_type else {}
    if before:
        wanted["timestamp"] = {"$lt": before}
    found = db[SYNC_LOGS].find(wanted).sort("timestamp", DESCENDING).limit(SHOWN + 1)
    rows = list(found)
    return [_line(row) for row in rows[:SHOWN]], len(rows) > SHOWN


def undecided(db: Mongo) -> list[tuple[Intent, Status]]:
    """Return the creates of which nobody knows yet what came of them, the oldest first."""
    intents = Journal(db).of_status(*UNSETTLED)
    return [(intent, _STATES[intent.status]) for intent in intents]


def _line(row: Document) -> Line:
    errors = cast("Sequence[Any]", row["errors"])
    if not row["success"]:
        status = Status("Failed", "bad")
    elif errors or not row.get("complete", True):
        status = Status("With errors", "warn")
    else:
        status = Status("Completed", "good")
    return Line(
        row=row,
        status=status,
        problem=_words(errors[0]) if errors else "",
        more=max(0, len(errors) - 1),
    )


def _words(error: object) -> str:
    if isinstance(error, Mapping):
        known = cast("Mapping[str, Any]", error)
        said = known.get("message") or known.get("reason") or known.get("error")
        return str(said or dict(known))
    return str(error)
