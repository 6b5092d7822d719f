"""Local entities that may have been exported after the backup that was restored.

For each of them the export writes down what the lost one would have sent, with what the backup knew
as pre-image and as given up by now. From there on it is an intent like any other: what arrived is
adopted, otherwise it is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vendor_sync.broadstreet import journal as states
from vendor_sync.broadstreet.dependencies import LocalEntity
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.journal import Intent, Journal
from vendor_sync.broadstreet.payloads import CreateCall
from vendor_sync.broadstreet.restored import Restored
from vendor_sync.broadstreet.scopes import ScopeView


class Lost:
    """Used by the threads of one run; names are chosen by one, in the order of the plan."""

    def __init__(self, restored: Restored | None, journal: Journal, run_id: str) -> None:
        self._restored = restored
        self._journal = journal
        self._run_id = run_id
        self._names: dict[str, str] = {}

    def choose_name(
        self, entity: LocalEntity, wanted: str, view: ScopeView, previous: Intent | None
    ) -> None:
        """Choose the name that the lost export has chosen: by what was there then."""
        if self._restored and self._may_be(entity, previous):
            then = view.names_then(self._restored.known[entity.entity_type])
            self._names[entity.local_id] = then.take(wanted)

    def intent(
        self,
        entity: LocalEntity,
        references: Mapping[str, int],
        view: ScopeView,
        previous: Intent | None,
        call: Callable[[str | None], CreateCall],
    ) -> Intent | None:
        """Journal and return what a lost export may have sent; else what is known already."""
        if self._restored is None or not self._may_be(entity, previous):
            return previous
        known = self._restored.known[entity.entity_type]
        there = [record.key for record in view.records if record.key in known]
        name = self._names.get(entity.local_id)
        intent = Intent(
            local_id=entity.local_id,
            entity_type=entity.entity_type,
            local_version=entity.version,
            attempt=0,
            status=states.ABSENT,
            run_id=self._run_id,
            scope=view.key,
            wanted=entity.fields.get("name"),
            name=name,
            references=dict(references),
            call=call(name),
            snapshot=self._journal.snapshot(view.key, there, self._restored.at),
            sent_at=self._restored.at,
        )
        self._journal.intend(intent)
        return intent

    def _may_be(self, entity: LocalEntity, previous: Intent | None) -> bool:
        """Tell whether the backup held it, and says nothing that settles what became of it."""
        settled = previous is not None and previous.status != states.REFUSED
        if self._restored is None or settled or entity.entity_type is EntityType.PLACEMENTS:
            return False
        return self._restored.held(entity.local_id)
