"""Which lists an import asks for: one for every parent that is there and chosen.

A campaign chosen by id narrows the import to its advertiser and network as well; an advertiser to
its network.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.generations import incoming_name
from vendor_sync.broadstreet.import_settings import ImportParams, Mode
from vendor_sync.broadstreet.models import Record
from vendor_sync.broadstreet.reading import Scope
from vendor_sync.errors import ConfigurationError
from vendor_sync.mongo import Document, Mongo

ParentRow = Mapping[str, int]
# What a list is asked for with, and whose ids those are.
_ASKED_WITH: Mapping[EntityType, tuple[EntityType, tuple[str, ...]]] = {
    EntityType.ADVERTISERS: (EntityType.NETWORKS, ("network_id",)),
    EntityType.ZONES: (EntityType.NETWORKS, ("network_id",)),
    EntityType.ADVERTISEMENTS: (EntityType.ADVERTISERS, ("network_id", "advertiser_id")),
    EntityType.CAMPAIGNS: (EntityType.ADVERTISERS, ("advertiser_id",)),
    EntityType.PLACEMENTS: (EntityType.CAMPAIGNS, ("campaign_id",)),
}


class ListPlan:
    """The lists of each entity type, from what its parents' level has written."""

    def __init__(self, db: Mongo, params: ImportParams, *, build: str) -> None:
        self._db = db
        self._params = params
        self._build = build
        self._filter = _ParentFilter(db, params)
        # In a dry run nothing new is in MongoDB: what was read is where the next level begins.
        self._read: dict[EntityType, list[ParentRow]] = {}

    def scopes(self, entity_type: EntityType) -> list[Scope]:
        """Return the lists to ask for, ordered by parent."""
        if entity_type is EntityType.NETWORKS:
            return [Scope(entity_type=entity_type)]
        parent, names = _ASKED_WITH[entity_type]
        rows = self._read[parent] if parent in self._read else self._stored(parent)
        return [
            Scope(entity_type=entity_type, parents={name: row[name] for name in names})
            for row in self._filter.chosen(parent, rows)
        ]

    def remember(self, entity_type: EntityType, records: Sequence[Record]) -> None:
        """Keep the ids of records that are not written."""
        if entity_type is not EntityType.PLACEMENTS:
            rows = [_row(entity_type, record.document) for record in records]
            self._read.setdefault(entity_type, []).extend(rows)

    def _stored(self, entity_type: EntityType) -> list[ParentRow]:
        name = str(entity_type)
        rebuilt = self._params.mode is Mode.FRESH and entity_type in self._params.entity_types
        if rebuilt and not self._params.dry_run:
            name = incoming_name(self._build, entity_type)
        shown = {"broadstreet_id": 1, "network_id": 1, "advertiser_id": 1, "_id": 0}
        found = self._db[name].find({"removed_at": None}, shown, batch_size=10_000)
        return [_row(entity_type, row) for row in found.sort("broadstreet_id", 1)]


class _ParentFilter:
    """Says of a parent whether its lists are read; without a filter, every one's are."""

    def __init__(self, db: Mongo, params: ImportParams) -> None:
        self._db = db
        self._campaigns = frozenset(params.campaign_ids)
        above = self._above(EntityType.CAMPAIGNS, params.campaign_ids, "advertiser_id")
        self._advertisers = frozenset(params.advertiser_ids) | above
        above = self._above(EntityType.ADVERTISERS, sorted(self._advertisers), "network_id")
        self._networks = frozenset(params.network_ids) | above

    def chosen(self, entity_type: EntityType, rows: Iterable[ParentRow]) -> list[ParentRow]:
        """Return the parents of that type whose lists are to be read."""
        if entity_type is EntityType.NETWORKS:
            return _with(rows, "network_id", self._networks)
        if entity_type is EntityType.ADVERTISERS:
            if self._advertisers:
                return _with(rows, "advertiser_id", self._advertisers)
            return _with(rows, "network_id", self._networks)
        if self._campaigns:
            return _with(rows, "campaign_id", self._campaigns)
        return _with(rows, "advertiser_id", self._advertisers or self._owners())

    def _owners(self) -> Collection[int]:
        """Return the advertisers of the chosen networks; nothing where none is chosen."""
        if not self._networks:
            return ()
        query: Document = {"network_id": {"$in": sorted(self._networks)}}
        found = self._db[EntityType.ADVERTISERS].find(query, {"broadstreet_id": 1})
        # An unknown network has no advertisers: that must not mean all of them.
        return {row["broadstreet_id"] for row in found} or {0}

    def _above(self, entity_type: EntityType, ids: Collection[int], parent: str) -> frozenset[int]:
        if not ids:
            return frozenset()
        query: Document = {"broadstreet_id": {"$in": list(ids)}}
        rows = list(self._db[entity_type].find(query, {"broadstreet_id": 1, parent: 1}))
        unknown = sorted(set(ids) - {row["broadstreet_id"] for row in rows})
        if unknown:
            message = (
                f"Parameter '{entity_type.singular}_ids': {unknown[0]} is not imported, so it is "
                f"not known what it belongs to. Import {entity_type} first, or check the id."
            )
            raise ConfigurationError(message)
        return frozenset(row[parent] for row in rows)


def _with(rows: Iterable[ParentRow], name: str, chosen: Collection[int]) -> list[ParentRow]:
    return [row for row in rows if not chosen or row[name] in chosen]


def _row(entity_type: EntityType, document: Mapping[str, Any]) -> ParentRow:
    row = {name: document[name] for name in ("network_id", "advertiser_id") if document.get(name)}
    return {**row, f"{entity_type.singular}_id": document["broadstreet_id"]}
