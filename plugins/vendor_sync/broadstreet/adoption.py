"""Which entity of a scope is the one that a lost create made; pure.

Broadstreet has no key against doubles. What can be told apart is: an id that was there before is
somebody else's, whatever its name; an id that belongs to another local entity is taken; among what
remains, our mark decides where there is one, otherwise the name that was chosen to be unique.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from vendor_sync.broadstreet import names
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.journal import Intent
from vendor_sync.broadstreet.models import Key, Record


@dataclass(frozen=True, slots=True)
class Found:
    """The one entity that the create made."""

    record: Record


@dataclass(frozen=True, slots=True)
class Absent:
    """The create made nothing: it may be sent again."""


@dataclass(frozen=True, slots=True)
class Several:
    """More than one entity may be it; only a person can tell."""

    keys: tuple[Key, ...]

    def says(self) -> str:
        """Say what a person has to do."""
        shown = ", ".join(map(str, self.keys))
        return (
            f"Broadstreet has several new entities that may be this one: {shown}. Look there, "
            "delete what is too much, and say which one stays with `broadstreet-resolve`."
        )


Verdict = Found | Absent | Several


class Owned(Protocol):
    """Tells which of some Broadstreet ids belong to other local entities."""

    def __call__(self, ids: Sequence[int]) -> Container[Key]:
        """Return those."""
        ...


def judge(
    intent: Intent, listed: Sequence[Record], pre_image: Container[Key], owned: Owned
) -> Verdict:
    """Say what came of an intent, by its scope as it is listed now."""
    if intent.entity_type is EntityType.PLACEMENTS:
        return _placed(intent, listed)
    is_ours = _matcher(intent)
    new = [record for record in listed if record.key not in pre_image and is_ours(record)]
    others = owned([record.key for record in new if isinstance(record.key, int)])
    new = [record for record in new if record.key not in others]
    if len(new) > 1:
        return Several(tuple(record.key for record in new))
    return Found(new[0]) if new else Absent()


def _placed(intent: Intent, listed: Sequence[Record]) -> Verdict:
    """Find a placement by its three ids: there is no second one that could be meant."""
    triple = placement_key(intent.call.body)
    same = [record for record in listed if record.key == triple]
    return Found(same[0]) if same else Absent()


def placement_key(body: Mapping[str, int]) -> Key:
    """Return the three ids that are a placement's key."""
    return (body["campaign_id"], body["advertisement_id"], body["zone_id"])


def _matcher(intent: Intent) -> Callable[[Record], bool]:
    mark = intent.call.mark
    if mark and intent.entity_type is EntityType.ZONES:
        return lambda record: record.document.get("alias") == mark
    if mark:
        return lambda record: mark in (record.document.get("notes") or "")
    wanted = names.fold(intent.name or "")
    return lambda record: names.fold(record.name or "") == wanted
