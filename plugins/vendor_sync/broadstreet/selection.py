"""Which of the waiting entities an export sends, and why it leaves the others; reads only."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from vendor_sync.broadstreet import journal as states
from vendor_sync.broadstreet.dependencies import LocalEntity, broken
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.export_settings import ExportParams, ExportSettings
from vendor_sync.broadstreet.export_store import ExportStore
from vendor_sync.broadstreet.journal import Intent, Journal
from vendor_sync.broadstreet.local_models import InvalidEntityError, check


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """What waits, and what is to be done about it.

    `entities` are all that wait, `claimed` those that an export had taken; `asked` those that this
    run was asked for, each of which is either `refused` or `skipped` (with a reason, by local id)
    or one of the `chosen`.
    """

    entities: dict[str, LocalEntity]
    claimed: set[str]
    asked: list[LocalEntity]
    chosen: list[LocalEntity]
    refused: dict[str, str]
    skipped: dict[str, str]
    created: dict[tuple[EntityType, str], int]
    previous: dict[str, Intent]


def select(
    store: ExportStore,
    journal: Journal,
    settings: ExportSettings,
    params: ExportParams,
    *,
    but: Container[str] = (),
) -> Selected:
    """Read what waits and choose; `but` are entities that the run is done with."""
    entities, claimed = store.waiting()
    targets = {to for entity in entities.values() for to in entity.local_references.values()}
    created = {key: number for key, number in journal.ids_of(targets).items() if number is not None}
    previous = journal.known(entities)
    refused = broken(entities, created)
    skipped: dict[str, str] = {}
    asked = [
        entity
        for entity in entities.values()
        if params.wants(entity.entity_type, entity.local_id) and entity.local_id not in but
    ]
    for entity in asked:
        if entity.local_id in refused:
            continue
        if reason := _invalid(entity):
            refused[entity.local_id] = reason
        elif reason := _skip_reason(entity, previous.get(entity.local_id), settings, params):
            skipped[entity.local_id] = reason
    return Selected(
        entities=entities,
        claimed=claimed,
        asked=asked,
        chosen=[e for e in asked if e.local_id not in refused and e.local_id not in skipped],
        refused=refused,
        skipped=skipped,
        created=created,
        previous=previous,
    )


def _skip_reason(
    entity: LocalEntity, previous: Intent | None, settings: ExportSettings, params: ExportParams
) -> str | None:
    if entity.entity_type is EntityType.NETWORKS and not settings.export_networks:
        return (
            "Creating networks is off: make it in Broadstreet's dashboard and import, or set the "
            "extra 'export_networks'."
        )
    if previous is None:
        return None
    if previous.status == states.STOPPED:
        return "It waits for a person: run `broadstreet-resolve` for it."
    if previous.status in states.UNSETTLED:
        return "What came of its last create is not known yet: the next export looks again."
    asked = params.retry_refused or entity.local_id in params.local_ids
    same = previous.local_version == entity.version
    if previous.status == states.REFUSED and same and not asked:
        return "Broadstreet refused it as it is: edit it, or choose it by its id."
    return None


def _invalid(entity: LocalEntity) -> str | None:
    """Return what is wrong with a document that was not written through the endpoints."""
    try:
        check(entity.entity_type, entity.fields)
    except InvalidEntityError as error:
        return str(error)
    return None
