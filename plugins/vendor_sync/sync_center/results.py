"""What a run has counted, arranged for reading; every flow counts in its own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

Figure = tuple[str, Any]
# How columns and figures are ordered where a flow has them; all others follow, by name.
_ORDER = (
    "fetched", "read", "exported", "inserted", "added", "updated", "unchanged", "adopted",
    "removed", "deleted", "deactivated", "skipped", "kept", "duplicates",
    "conflicts", "rejected", "failed",
)  # fmt: skip
# Shown elsewhere (status, usage of the run) or of no use to a reader.
_LEFT_OUT = frozenset(
    {"api_calls", "retries", "queries", "bytes_received", "peak_memory_bytes", "attempt", "status",
     "generation", "duration_seconds", "run_id", "interruptions", "duplicates", "lists"}
)  # fmt: skip
# What only counts of records have: other nested numbers are no entity type.
_RECORDS = frozenset({"fetched", "total", "read", "inserted", "updated", "exported"})
# Lists of records: in this order, and no more of each than a page can show.
_LISTS = ("failed", "skipped", "missing", "exported", "plan")
_SHOWN_LINES = 100
# Where flows keep the counts of their entity types, if not beside everything else.
_PARENTS = ("entities", "entity_types")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Figures of a whole run, a table per entity type, and remarks that are lists of words."""

    figures: Sequence[Figure]
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Any]]]

    @property
    def is_empty(self) -> bool:
        """Tell whether the run has counted nothing at all."""
        return not self.figures and not self.rows


def arranged(counts: Mapping[str, Any]) -> Result:
    """Return a run's counts as figures and a table; columns of zeros are left out."""
    by_type = by_entity_type(counts)
    columns = _columns(by_type.values())
    return Result(
        figures=_figures(counts, with_zeros=not by_type),
        columns=columns,
        rows=[
            (name, [value.get(column) for column in columns])
            for name, value in sorted(by_type.items(), key=lambda item: -_weight(item[1]))
        ],
    )


def told_lines(counts: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return (what became of it, record) of each record that a run tells of by name."""
    found: list[tuple[str, Mapping[str, Any]]] = []
    for outcome in _LISTS:
        listed: Any = counts.get(outcome)
        if isinstance(listed, list):
            lines = cast("list[Any]", listed)[:_SHOWN_LINES]
            found += [(outcome, line) for line in lines if isinstance(line, dict)]
    return found


def by_entity_type(counts: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return {entity type: its counts} of a run's counts, wherever the flow keeps them."""
    found = {name: value for name, value in counts.items() if _is_counts(value)}
    found.pop("id_maps", None)
    for parent in _PARENTS:
        nested: Any = counts.get(parent)
        if isinstance(nested, dict):
            found.pop(parent, None)
            inner = cast("Mapping[str, Any]", nested)
            found |= {name: value for name, value in inner.items() if _is_counts(value)}
    return found


def _is_counts(value: Any) -> bool:  # noqa: ANN401 - a part of a flow's own JSON
    if not isinstance(value, dict) or not value:
        return False
    found = cast("Mapping[str, Any]", value)
    return not _RECORDS.isdisjoint(name for name, value in found.items() if _is_number(value))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _columns(rows: Any) -> list[str]:  # noqa: ANN401 - of dictionaries
    used = {
        name
        for row in rows
        for name, value in row.items()
        if _is_number(value) and value and name not in _LEFT_OUT
    }
    return sorted(used, key=_place)


def _figures(counts: Mapping[str, Any], *, with_zeros: bool) -> list[Figure]:
    found = [
        (name, value)
        for name, value in counts.items()
        if _is_number(value) and name not in _LEFT_OUT and (value or with_zeros)
    ]
    return sorted(found, key=lambda figure: _place(figure[0]))


def _place(name: str) -> tuple[int, str]:
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER), name)


def _weight(row: Mapping[str, Any]) -> float:
    return sum(value for name, value in row.items() if _is_number(value) and name not in _LEFT_OUT)
