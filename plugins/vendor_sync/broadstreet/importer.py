"""The import as one sentence: each level's lists, read at once and written in batches.

A level is read when the one above it is written, since its lists are asked for by parent. What a
list no longer has is marked once its entity type is read to the end; a list that could not be had
leaves its documents as they are.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from vendor_sync.broadstreet.client import BroadstreetClient, Listing, NotFoundError, Refused
from vendor_sync.broadstreet.counts import Counts
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.import_settings import ImportParams, Mode
from vendor_sync.broadstreet.lists import ListPlan
from vendor_sync.broadstreet.local_names import Conflict, LocalNames
from vendor_sync.broadstreet.models import Key, Record
from vendor_sync.broadstreet.production import (
    SCOPE_FIELD,
    ProductionCollection,
    Stored,
    WriteRefusal,
)
from vendor_sync.broadstreet.reading import Reading, Scope, read_all, read_one
from vendor_sync.broadstreet.rebuilding import RebuiltCollection
from vendor_sync.broadstreet.settings import BroadstreetSettings
from vendor_sync.errors import VendorError
from vendor_sync.mongo import Mongo
from vendor_sync.telemetry import span

logger = logging.getLogger(__name__)
_LISTS_AT_ONCE = 200
_SHOWN_ERRORS = 20


class Target(Protocol):
    """Where the records of one entity type go."""

    def stored(self, scopes: Sequence[int]) -> dict[Key, Stored]:
        """Return what is there under some parents."""
        ...

    def write(
        self, records: Iterable[Record], stored: Mapping[Key, Stored], counts: Counts
    ) -> list[WriteRefusal]:
        """Write records and count them; return those that the server refused."""
        ...


class ProgressSink(Protocol):
    """Told how far an import is."""

    def add(self, entity_type: str, completed: int) -> None:
        """Count records, or lists, as done."""
        ...

    def expect(self, entity_type: str, total: int | None) -> None:
        """Say how many there will be."""
        ...


@dataclass(slots=True)
class TypeImport:
    """One entity type on its way: its target, its counts, what went wrong."""

    entity_type: EntityType
    target: ProductionCollection | RebuiltCollection
    local_names: LocalNames
    counts: Counts
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    waiting: list[Listing] = field(default_factory=list[Listing])
    errors: list[str] = field(default_factory=list[str])
    conflicts: list[Conflict] = field(default_factory=list[Conflict])
    last_error: VendorError | None = None

    @property
    def rows(self) -> int:
        """Return how many rows wait for being written."""
        return sum(len(listing.records) for listing in self.waiting)

    def note(self, error: str) -> None:
        """Keep what went wrong, as far as anybody reads on."""
        if len(self.errors) < _SHOWN_ERRORS:
            self.errors.append(error)

    def to_json(self) -> dict[str, Any]:
        """Return counts, duration and the first errors and conflicts."""
        return {
            **self.counts.to_json(),
            "duration_seconds": round(self.seconds, 3),
            "errors": self.errors,
            "name_conflicts": [part.to_json() for part in self.conflicts[:_SHOWN_ERRORS]],
        }


Refusal = Callable[[EntityType, Refused], None]


class Importer:
    """Imports entity types into MongoDB; knows neither runs nor locks."""

    def __init__(  # noqa: PLR0913 - the parts of an import, all keyword
        self,
        *,
        client: BroadstreetClient,
        db: Mongo,
        params: ImportParams,
        settings: BroadstreetSettings,
        build: str,
        run: int,
        rerun: bool,
        now: datetime,
        progress: ProgressSink,
        refuse: Refusal,
    ) -> None:
        self._client = client
        self._db = db
        self._params = params
        self._settings = settings
        self._build = build
        self._run = run
        self._rerun = rerun
        self._now = now
        self._progress = progress
        self._refuse = refuse
        self._lists = ListPlan(db, params, build=build)

    def run_level(self, entity_types: Sequence[EntityType]) -> dict[EntityType, TypeImport]:
        """Import types of one level, their lists side by side; safe to repeat after a kill.

        Raises the last VendorError where a type could not be had at all. A fresh import raises it
        for a single list as well: it replaces everything or nothing.
        """
        imports = {entity_type: self._begin(entity_type) for entity_type in entity_types}
        scopes = [
            scope for entity_type in entity_types for scope in self._lists.scopes(entity_type)
        ]
        for entity_type, number in Counter(scope.entity_type for scope in scopes).items():
            self._progress.expect(f"{entity_type}_lists", number)
        readings = read_all(self._fetch, scopes, concurrency=self._settings.concurrency)
        with closing(readings):
            for reading in readings:
                self._take(imports[reading.scope.entity_type], reading)
        for entity_type, part in imports.items():
            self._flush(part)
            self._end(part, [scope for scope in scopes if scope.entity_type is entity_type])
            part.seconds = time.monotonic() - part.began
        return imports

    def _begin(self, entity_type: EntityType) -> TypeImport:
        place: dict[str, Any] = {"run": self._run, "now": self._now}
        target: ProductionCollection | RebuiltCollection
        if self._params.mode is Mode.FRESH and not self._params.dry_run:
            target = RebuiltCollection(self._db, entity_type, build=self._build, **place)
        else:
            target = ProductionCollection(
                self._db, entity_type, dry_run=self._params.dry_run, **place
            )
        return TypeImport(
            entity_type=entity_type,
            target=target,
            local_names=LocalNames(self._db, entity_type),
            counts=Counts(rerun=self._rerun),
        )

    def _take(self, part: TypeImport, reading: Reading) -> None:
        part.counts.lists += 1
        self._progress.add(f"{part.entity_type}_lists", 1)
        if reading.listing is None:
            self._note_failure(part, reading)
            return
        for refused in reading.listing.refused:
            part.counts.failed += 1
            part.note(f"{refused.external_id or 'a row without id'}: {refused.reason}")
            self._refuse(part.entity_type, refused)
        part.waiting.append(reading.listing)
        if part.rows >= self._settings.batch_size or len(part.waiting) >= _LISTS_AT_ONCE:
            self._flush(part)

    def _note_failure(self, part: TypeImport, reading: Reading) -> None:
        error = reading.error
        assert error is not None  # noqa: S101 - a reading has one or the other
        if isinstance(error, NotFoundError) and self._params.mode is Mode.FRESH:
            return  # its parent went while it was read: it has no children
        if self._params.mode is Mode.FRESH:
            raise error
        part.counts.lists_failed += 1
        part.note(str(error))
        part.last_error = error
        logger.warning("a list of %s stays as it is: %s", part.entity_type, error)

    def _flush(self, part: TypeImport) -> None:
        if not part.waiting:
            return
        with span("merge", entity=str(part.entity_type), lists=len(part.waiting)):
            self._merge(part)

    def _merge(self, part: TypeImport) -> None:
        listings, part.waiting = part.waiting, []
        field_name = SCOPE_FIELD[part.entity_type]
        scopes = [listing.parents[field_name] for listing in listings] if field_name else []
        stored = part.target.stored(scopes)
        filled = {document.scope for document in stored.values() if not document.removed}
        believed = (self._believed(part, listing, field_name, filled) for listing in listings)
        listings = [listing for listing in believed if listing]
        records = self._distinct(part, listings)
        part.conflicts += part.local_names.conflicts(records)
        part.counts.conflicts = len(part.conflicts)
        for refusal in part.target.write(records, stored, part.counts):
            part.counts.failed += 1
            part.note(f"{refusal.record.key}: {refusal.reason}")
            self._refuse(part.entity_type, _as_refused(refusal))
        part.counts.fetched += len(records) + sum(len(listing.refused) for listing in listings)
        if isinstance(part.target, ProductionCollection):
            part.target.miss(_missing(listings, field_name, stored))
        if self._params.dry_run:
            self._lists.remember(part.entity_type, records)
        self._progress.add(part.entity_type, len(records))

    def _believed(
        self, part: TypeImport, listing: Listing, field_name: str | None, filled: set[int | None]
    ) -> Listing | None:
        """Ask once more where nothing is listed any more: an empty answer may be a broken one.

        None where the list cannot be had now: its documents stay as they are.
        """
        scope = listing.parents.get(field_name) if field_name else None
        if listing.records or listing.refused or scope not in filled:
            return listing
        scope_again = Scope(entity_type=listing.entity_type, parents=listing.parents)
        again = read_one(self._fetch, scope_again)
        if again.listing is None:
            self._note_failure(part, again)
        return again.listing

    def _distinct(self, part: TypeImport, listings: Sequence[Listing]) -> list[Record]:
        """Return the records of some lists, each once."""
        found: dict[Key, Record] = {}
        for listing in listings:
            for record in listing.records:
                part.counts.duplicates += record.key in found
                found.setdefault(record.key, record)
        return list(found.values())

    def _end(self, part: TypeImport, scopes: Sequence[Scope]) -> None:
        if scopes and part.counts.lists_failed == len(scopes) and part.last_error:
            raise part.last_error
        limits: dict[str, Any] = {
            "max_share": self._settings.max_removal_share,
            "max_rows": self._settings.max_removal_rows,
        }
        if isinstance(part.target, RebuiltCollection):
            part.target.verify(part.counts, **limits)
            return
        field_name = SCOPE_FIELD[part.entity_type]
        if field_name and scopes and not self._params.filtered:
            part.target.miss_children_of([scope.parents[field_name] for scope in scopes])
        part.target.remove_missing(part.counts, **limits)

    # What is asked for.

    def _fetch(self, scope: Scope) -> Listing:
        client, parents = self._client, scope.parents
        if scope.entity_type is EntityType.NETWORKS:
            return client.list_networks()
        if scope.entity_type is EntityType.ADVERTISERS:
            return client.list_advertisers(parents["network_id"])
        if scope.entity_type is EntityType.ZONES:
            return client.list_zones(parents["network_id"])
        if scope.entity_type is EntityType.ADVERTISEMENTS:
            return client.list_advertisements(parents["network_id"], parents["advertiser_id"])
        if scope.entity_type is EntityType.CAMPAIGNS:
            return client.list_campaigns(parents["advertiser_id"])
        return client.list_placements(parents["campaign_id"])


def _missing(
    listings: Sequence[Listing], field_name: str | None, stored: Mapping[Key, Stored]
) -> list[Stored]:
    """Return the active documents that their parent's list no longer has.

    A refused row may be any of them, if it tells no id: then nothing is missing under that parent.
    """
    listed: set[Key] = set()
    whole: set[int | None] = set()
    for listing in listings:
        listed.update(record.key for record in listing.records)
        refused = [row.number for row in listing.refused]
        listed.update(number for number in refused if number is not None)
        if None not in refused:
            whole.add(listing.parents[field_name] if field_name else None)
    return [
        document
        for key, document in stored.items()
        if not document.removed and document.scope in whole and key not in listed
    ]


def _as_refused(refusal: WriteRefusal) -> Refused:
    key = refusal.record.key
    return Refused(external_id=str(key), reason=refusal.reason, item=refusal.record.document)
