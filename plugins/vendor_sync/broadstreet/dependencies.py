"""Which local entity needs which other: order of creation, what cannot be created, what is skipped.

Pure: it knows references and results, and neither Broadstreet nor MongoDB.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from vendor_sync.broadstreet.entity_types import LEVELS, REFERENCES, EntityType

Reference = int | str
_LEVEL = {entity_type: number for number, types in enumerate(LEVELS) for entity_type in types}


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalEntity:
    """What was made here, as it was read: one version of it, whole."""

    entity_type: EntityType
    local_id: str
    version: int
    fields: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Return the name as it was entered; what a placement has instead is its number."""
        return str(self.fields.get("name") or self.local_id)

    @property
    def references(self) -> dict[str, Reference]:
        """Return {field: Broadstreet id, or the `_id` of a local entity}."""
        return {name: self.fields[name] for name in REFERENCES[self.entity_type]}

    @property
    def local_references(self) -> dict[str, str]:
        """Return those references that point at a local entity."""
        return {name: to for name, to in self.references.items() if isinstance(to, str)}

    def says(self) -> str:
        """Name it for a person: `zone 'Top' (68cae...)`."""
        return f"{self.entity_type.singular} {self.name!r} ({self.local_id})"


def in_order(entities: Iterable[LocalEntity]) -> list[list[LocalEntity]]:
    """Return the levels that hold something, parents first; within a level, oldest first."""
    levels: list[list[LocalEntity]] = [[] for _ in LEVELS]
    for entity in sorted(entities, key=lambda found: (found.entity_type, found.local_id)):
        levels[_LEVEL[entity.entity_type]].append(entity)
    return [level for level in levels if level]


def broken(
    entities: Mapping[str, LocalEntity], exported: Container[tuple[EntityType, str]]
) -> dict[str, str]:
    """Return {local id: reason} of entities whose references lead nowhere or in a circle.

    `entities` are all local ones, `exported` those that went to Broadstreet before. What refers to
    a broken entity is not broken itself: it waits for it.
    """
    found: dict[str, str] = {}
    for entity in entities.values():
        circle = _circle(entity, entities)
        reason = _circle_reason(circle) if circle else _dangling(entity, entities, exported)
        if reason:
            found[entity.local_id] = reason
    return found


def _dangling(
    entity: LocalEntity,
    entities: Mapping[str, LocalEntity],
    exported: Container[tuple[EntityType, str]],
) -> str | None:
    for name, target in entity.local_references.items():
        wanted = REFERENCES[entity.entity_type][name]
        if (wanted, target) in exported:
            continue
        held = entities.get(target)
        if held is None:
            return f"{name} points at the local {wanted.singular} {target}, which does not exist."
        if held.entity_type is not wanted:
            held_type = held.entity_type.singular
            return f"{name} needs a local {wanted.singular}, {target} is a local {held_type}."
    return None


def _circle(entity: LocalEntity, entities: Mapping[str, LocalEntity]) -> list[str]:
    """Return the way from an entity back to itself, empty if there is none."""
    ways = [[entity.local_id]]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        here = entities.get(way[-1])
        for target in here.local_references.values() if here else ():
            if target == entity.local_id:
                return [*way, target]
            if target not in seen:
                seen.add(target)
                ways.append([*way, target])
    return []


def _circle_reason(circle: list[str]) -> str:
    return f"It refers to itself, so nothing of it can be first: {' -> '.join(circle)}."


@dataclass(frozen=True, slots=True)
class Blocked:
    """An entity cannot be created now; `reason` names the parent that is missing."""

    reason: str


def resolve(
    entity: LocalEntity,
    created: Mapping[tuple[EntityType, str], int],
    entities: Mapping[str, LocalEntity],
    outcomes: Mapping[str, str],
) -> dict[str, int] | Blocked:
    """Return {field: Broadstreet id}, or which parent keeps it from being created.

    `outcomes` holds, by local id, why an entity was not created in this run.
    """
    resolved: dict[str, int] = {}
    for name, target in entity.references.items():
        wanted = REFERENCES[entity.entity_type][name]
        number = target if isinstance(target, int) else created.get((wanted, target))
        if number is None:
            return Blocked(_missing(name, wanted, str(target), entities, outcomes))
        resolved[name] = number
    return resolved


def _missing(
    name: str,
    wanted: EntityType,
    target: str,
    entities: Mapping[str, LocalEntity],
    outcomes: Mapping[str, str],
) -> str:
    parent = entities.get(target)
    says = parent.says() if parent else f"{wanted.singular} {target}"
    why = outcomes.get(target, "it is not part of this export")
    return f"{name}: the {says} is not in Broadstreet: {why}"
