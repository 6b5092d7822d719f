"""What an export would do, without doing it: order, names, payloads, and what stands in the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vendor_sync.broadstreet.dependencies import Blocked, LocalEntity, in_order, resolve
from vendor_sync.broadstreet.entity_types import REFERENCES, EntityType
from vendor_sync.broadstreet.export_settings import ExportSettings
from vendor_sync.broadstreet.names import Scope
from vendor_sync.broadstreet.payloads import create_call
from vendor_sync.broadstreet.scopes import Scopes, scope_key
from vendor_sync.broadstreet.selection import Selected
from vendor_sync.errors import VendorError


class Planner:
    """Goes through a selection as the exporter would; reads lists, writes nothing."""

    def __init__(self, selected: Selected, scopes: Scopes, settings: ExportSettings) -> None:
        self._selected = selected
        self._scopes = scopes
        self._settings = settings
        self._outcomes: dict[str, str] = {**selected.refused, **selected.skipped}
        self._planned: dict[tuple[EntityType, str], int] = {}
        self._new_scopes: dict[str, Scope] = {}
        self._lines: list[dict[str, Any]] = []

    def plan(self) -> list[dict[str, Any]]:
        """Return a line an entity, in the order in which they would be sent.

        `action` is create, skip or refuse; ids that are not known yet are shown as the local
        entity they will come from.
        """
        for level in in_order(self._selected.asked):
            for entity in level:
                self._add(entity)
        return self._lines

    def _add(self, entity: LocalEntity) -> None:
        if reason := self._selected.refused.get(entity.local_id):
            self._line(entity, action="refuse", reason=reason)
            return
        if reason := self._selected.skipped.get(entity.local_id):
            self._line(entity, action="skip", reason=reason)
            return
        known = {**self._selected.created, **self._planned}
        way = resolve(entity, known, self._selected.entities, self._outcomes)
        if isinstance(way, Blocked):
            self._outcomes[entity.local_id] = way.reason
            self._line(entity, action="skip", reason=way.reason)
            return
        try:
            name = self._name(entity, way)
        except VendorError as error:
            self._outcomes[entity.local_id] = str(error)
            self._line(entity, action="skip", reason=f"Its names cannot be looked up: {error}")
            return
        self._planned[entity.entity_type, entity.local_id] = 0
        call = create_call(
            entity.entity_type,
            fields=entity.fields,
            references=self._shown(entity, way),
            name=name,
            local_id=entity.local_id,
            tag_notes=self._settings.export_tag_notes,
        )
        renamed = name is not None and name != str(entity.fields["name"]).strip()
        self._line(
            entity, action="create", sent_name=name, renamed=renamed, query=dict(call.query),
            body=dict(call.body),
        )  # fmt: skip

    def _line(self, entity: LocalEntity, **found: object) -> None:
        self._lines.append(
            {
                "order": len(self._lines) + 1,
                "entity_type": str(entity.entity_type),
                "local_id": entity.local_id,
                "name": entity.fields.get("name"),
                **found,
            }
        )

    def _name(self, entity: LocalEntity, references: Mapping[str, int]) -> str | None:
        wanted = entity.fields.get("name")
        if wanted is None:
            return None
        if 0 in references.values():  # its parent is new: nothing is in there yet
            shown = {name: str(entity.references[name]) for name in references}
            key = scope_key(entity.entity_type, shown)
            return self._new_scopes.setdefault(key, Scope([])).take(wanted)
        view = self._scopes.view(entity.entity_type, references)
        previous = self._selected.previous.get(entity.local_id)
        same = previous and previous.wanted == wanted and previous.scope == view.key
        return view.choose(entity.local_id, wanted, previous.name if previous and same else None)

    def _shown(self, entity: LocalEntity, references: Mapping[str, int]) -> dict[str, int | str]:
        """Return references as the plan shows them."""
        kinds = REFERENCES[entity.entity_type]
        return {
            name: number or f"(id of {kinds[name].singular} {entity.references[name]})"
            for name, number in references.items()
        }
