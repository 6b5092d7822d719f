"""Merges a parsed page into the store: one transaction a page, no row lost for another's sake."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic

import psycopg
from psycopg import errors as pg
from psycopg.pq import TransactionStatus

from vendor_sync.postgres import Warehouse
from vendor_sync.runs import Reject, Run, RunStore
from vendor_sync.telemetry import span
from vendor_sync.trackier.models import is_storable
from vendor_sync.trackier.store import Batch, Merge, TrackierStore
from vendor_sync.trackier.walks import ParsedPage, T, reject_item

_REFUSED = (pg.IntegrityError, pg.DataError)


@dataclass(frozen=True, slots=True)
class Target(Generic[T]):
    """How records of one entity get from a page into their table."""

    stage: Callable[[Sequence[T]], None]
    merge: Callable[[Merge, Sequence[Batch]], list[int]]


class PageMerger:
    """Stages and merges pages of one run; a row that the database refuses is rejected alone."""

    def __init__(  # noqa: PLR0913 - the run's parts and its two settings
        self,
        conn: Warehouse,
        store: TrackierStore,
        runs: RunStore,
        run: Run,
        *,
        batch_size: int,
        full_refresh: bool,
    ) -> None:
        self._conn = conn
        self._store = store
        self._runs = runs
        self._run = run
        self._batch_size = batch_size
        self._full_refresh = full_refresh

    def merge(self, page: ParsedPage[T], target: Target[T]) -> None:
        """Merge a page in one transaction; if the database refuses a row, again with savepoints."""
        with span("merge", entity=page.entity, records=len(page.records)):
            try:
                self._merge_page(page, target, self._merge_batches)
            except _REFUSED:
                self._merge_page(page, target, self._merge_halving)

    def _merge_page(
        self,
        page: ParsedPage[T],
        target: Target[T],
        merge_all: Callable[[ParsedPage[T], Target[T], Merge, Sequence[Batch]], list[Reject]],
    ) -> None:
        size = len(page.records)
        starts = range(0, size, self._batch_size)
        batches = [(first, min(first + self._batch_size, size)) for first in starts]
        is_dry_run = self._conn.info.transaction_status != TransactionStatus.IDLE
        with self._conn.transaction():
            if is_dry_run:
                self._store.clear_staging()
            merge = self._begin_page(page)
            rejects = list(page.rejects)
            if batches:
                target.stage(page.records)
                rejects += merge_all(page, target, merge, batches)
            self._keep(merge, page.entity, rejects)

    def _begin_page(self, page: ParsedPage[T]) -> Merge:
        items = len(page.items) + len(page.rejects)
        page_key = self._runs.record_page(
            self._run, page.entity, page.audit_key, items, page.fetched_at
        )
        return Merge(
            run=self._run, walk=page.walk, page_key=page_key, full_refresh=self._full_refresh
        )

    def _merge_batches(
        self, page: ParsedPage[T], target: Target[T], merge: Merge, batches: Sequence[Batch]
    ) -> list[Reject]:
        """Merge without savepoints: the way of a page without trouble."""
        return _unknown_brands(page, target.merge(merge, batches))

    def _merge_halving(
        self, page: ParsedPage[T], target: Target[T], merge: Merge, batches: Sequence[Batch]
    ) -> list[Reject]:
        """Merge with a savepoint a batch; halve a refused one down to the rows at fault."""
        rejects: list[Reject] = []
        pending = list(reversed(batches))
        while pending:
            first, end = pending.pop()
            try:
                with self._conn.transaction():
                    unknown = target.merge(merge, [(first, end)])
            except _REFUSED as error:
                if end - first == 1:
                    rejects.append(_refused(page, first, _words(error)))
                else:
                    middle = (first + end) // 2
                    pending += [(middle, end), (first, middle)]
            else:
                rejects += _unknown_brands(page, unknown)
        return rejects

    def _keep(self, merge: Merge, entity: str, rejects: Sequence[Reject]) -> None:
        if rejects:
            self._runs.reject(self._run, rejects)
            # What no column can hold is no id of a record that is known.
            ids = [reject.external_id for reject in rejects if reject.external_id is not None]
            self._store.note_rejected(merge, entity, list(filter(is_storable, ids)))


def _unknown_brands(page: ParsedPage[T], ordinals: Sequence[int]) -> list[Reject]:
    return [
        _refused(
            page,
            ordinal,
            "advertiserId names an unknown brand: "
            f"{getattr(page.records[ordinal], 'advertiser_id', None)!r}",
        )
        for ordinal in ordinals
    ]


def _refused(page: ParsedPage[T], ordinal: int, reason: str) -> Reject:
    external_id = page.records[ordinal].external_id
    return reject_item(page.entity, external_id, reason, page.items[ordinal], page.audit_key)


def _words(error: psycopg.Error) -> str:
    constraint = error.diag.constraint_name
    message = error.diag.message_primary or str(error)
    return f"the database refuses it: {message}" + (f" ({constraint})" if constraint else "")
