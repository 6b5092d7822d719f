"""Look-ups of an export: each scope is listed once a run, and again only to settle a doubt.

A scope is what is listed in one call: the zones of a network, the campaigns of an advertiser. A
list that cannot be had is an error, never an empty scope.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from bson import ObjectId

from vendor_sync.broadstreet.client import Listing
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.journal import Journal
from vendor_sync.broadstreet.models import Key, Record
from vendor_sync.broadstreet.names import Scope
from vendor_sync.errors import PermanentError, VendorError

_PARENT = {
    EntityType.ADVERTISERS: "network_id",
    EntityType.ZONES: "network_id",
    EntityType.ADVERTISEMENTS: "advertiser_id",
    EntityType.CAMPAIGNS: "advertiser_id",
    EntityType.PLACEMENTS: "campaign_id",
}


class Lists(Protocol):
    """The lists of the vendor's client that look-ups need."""

    def list_networks(self) -> Listing: ...
    def list_advertisers(self, network_id: int) -> Listing: ...
    def list_zones(self, network_id: int) -> Listing: ...
    def list_advertisements(self, network_id: int, advertiser_id: int) -> Listing: ...
    def list_campaigns(self, advertiser_id: int) -> Listing: ...
    def list_placements(self, campaign_id: int) -> Listing: ...


@dataclass(slots=True)
class ScopeView:
    """One scope as it was listed last, and what this run gave out in it."""

    key: str
    snapshot: ObjectId
    records: Sequence[Record]
    names: Scope
    reserved: dict[str, str]
    lock: threading.Lock = field(default_factory=threading.Lock)
    triples: dict[Key, str] = field(default_factory=dict[Key, str])
    then: Scope | None = None

    def find(self, key: Key) -> Record | None:
        """Return the entity with this key, if the last list had it."""
        return next((record for record in self.records if record.key == key), None)

    def choose(self, local_id: str, wanted: str, before: str | None) -> str:
        """Return the name for an entity: the one that it was given before, or the first free one.

        `before` is what an earlier attempt has sent for the same wish; it is kept unless somebody
        else has it by now.
        """
        with self.lock:
            reserved = self.reserved.pop(local_id, None)
            if reserved is not None:
                self.names.give_back(reserved)
            if before is not None and not self.names.is_taken(before):
                self.names.keep(before)
                return before
            return self.names.take(wanted)

    def names_then(self, known: Container[Key]) -> Scope:
        """Return the names as they were when only `known` was there, for who chooses in order."""
        if self.then is None:
            names = [record.name for record in self.records if record.key in known and record.name]
            self.then = Scope([*names, *self.reserved.values()])
        return self.then

    def take_triple(self, key: Key, local_id: str) -> bool:
        """Reserve a placement; False if another local entity of this run has it."""
        with self.lock:
            return self.triples.setdefault(key, local_id) == local_id


@dataclass(frozen=True, slots=True)
class Listed:
    """One list of a scope, and the key under which its ids are kept."""

    records: Sequence[Record]
    snapshot: ObjectId


def scope_key(entity_type: EntityType, references: Mapping[str, int | str]) -> str:
    """Name a scope: `zones?network_id=7`."""
    parent = _PARENT.get(entity_type)
    return f"{entity_type}?{parent}={references[parent]}" if parent else str(entity_type)


class Scopes:
    """The scopes of one run; thread-safe."""

    def __init__(
        self,
        lists: Lists,
        journal: Journal,
        network_of: Callable[[int], int | None],
        *,
        keeps_snapshots: bool = True,
    ) -> None:
        self._lists = lists
        self._journal = journal
        self._network_of = network_of
        self._keeps_snapshots = keeps_snapshots
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._views: dict[str, ScopeView] = {}
        self._failures: dict[str, VendorError] = {}

    def view(self, entity_type: EntityType, references: Mapping[str, int]) -> ScopeView:
        """Return a scope, listed when it is first asked for; a VendorError if it cannot be."""
        key = scope_key(entity_type, references)
        with self._lock_of(key):
            if key in self._failures:
                raise self._failures[key]
            if key not in self._views:
                try:
                    self._views[key] = self._open(key, entity_type, references)
                except VendorError as error:
                    # The client has tried several times: not once more for each of the entities.
                    self._failures[key] = error
                    raise
            return self._views[key]

    def again(self, entity_type: EntityType, references: Mapping[str, int]) -> Listed:
        """List a scope again; what was given out in it stays given out."""
        view = self.view(entity_type, references)
        with self._lock_of(view.key):
            known = {record.key for record in view.records}
            listing = self._listing(entity_type, references)
            listed = Listed(listing.records, self._keep(view.key, listing))
            with view.lock:
                view.records, view.snapshot = listed.records, listed.snapshot
                for record in listing.records:
                    name = record.name
                    if record.key not in known and name and not view.names.is_taken(name):
                        view.names.keep(name)
        return listed

    def refreshed_with(
        self, entity_type: EntityType, references: Mapping[str, int], key: Key
    ) -> Record | None:
        """Return one entity as listed, from the last list or else from a new one."""
        view = self.view(entity_type, references)
        found = view.find(key)
        if found is None:
            self.again(entity_type, references)
            found = view.find(key)
        return found

    def _open(self, key: str, entity_type: EntityType, references: Mapping[str, int]) -> ScopeView:
        listing = self._listing(entity_type, references)
        reserved = self._journal.names_in(key)
        taken = [record.name for record in listing.records if record.name]
        return ScopeView(
            key=key,
            snapshot=self._keep(key, listing),
            records=listing.records,
            names=Scope([*taken, *reserved.values()]),
            reserved=reserved,
        )

    def _keep(self, key: str, listing: Listing) -> ObjectId:
        if not self._keeps_snapshots:
            return ObjectId()
        ids = [record.key for record in listing.records]
        return self._journal.snapshot(key, ids, datetime.now(UTC))

    def _listing(self, entity_type: EntityType, references: Mapping[str, int]) -> Listing:
        lists = self._lists
        if entity_type is EntityType.NETWORKS:
            return lists.list_networks()
        if entity_type is EntityType.ADVERTISERS:
            return lists.list_advertisers(references["network_id"])
        if entity_type is EntityType.ZONES:
            return lists.list_zones(references["network_id"])
        if entity_type is EntityType.CAMPAIGNS:
            return lists.list_campaigns(references["advertiser_id"])
        if entity_type is EntityType.PLACEMENTS:
            return lists.list_placements(references["campaign_id"])
        return self._advertisements(references["advertiser_id"])

    def _advertisements(self, advertiser_id: int) -> Listing:
        network_id = self._network_of(advertiser_id)
        if network_id is None:
            message = (
                f"The network of advertiser {advertiser_id} is not known here: run the import of "
                "advertisers first."
            )
            raise PermanentError(message)
        return self._lists.list_advertisements(network_id, advertiser_id)

    def _lock_of(self, key: str) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(key, threading.Lock())
