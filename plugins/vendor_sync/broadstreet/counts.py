"""What an import did to one entity type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(slots=True, kw_only=True)
class Counts:
    """Numbers of records; `lists_failed` counts lists, whose documents stay as they are.

    `failed` are refused rows. `kept` are documents missing from the vendor's lists, too many to
    believe. `conflicts` are names that a local entity has as well.
    """

    fetched: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    failed: int = 0
    duplicates: int = 0
    kept: int = 0
    conflicts: int = 0
    lists: int = 0
    lists_failed: int = 0
    rerun: bool = False

    def add(self, outcome: str, number: int = 1) -> None:
        """Count records of an outcome."""
        setattr(self, outcome, getattr(self, outcome) + number)

    @property
    def flawed(self) -> bool:
        """Say whether somebody should look."""
        return bool(self.failed or self.kept or self.lists_failed)

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as the run's result has them."""
        numbers = asdict(self)
        del numbers["rerun"]
        return numbers


def total(parts: Mapping[str, Mapping[str, Any]], name: str) -> int:
    """Add up one number over entity types."""
    return sum(int(part.get(name, 0)) for part in parts.values())
