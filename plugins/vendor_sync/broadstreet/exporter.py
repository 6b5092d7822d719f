"""The export as one sentence: settle what is open, then level by level send what waits.

Within a level entities are sent side by side; a level begins when the one before has ended, so
that every parent is either in Broadstreet or known not to be.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass
from typing import Any

import psycopg
from pymongo.errors import PyMongoError

from vendor_sync.broadstreet import journal as states
from vendor_sync.broadstreet.dependencies import Blocked, LocalEntity, in_order, resolve
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.export_result import ExportReport, Line
from vendor_sync.broadstreet.export_settings import ExportParams, ExportSettings
from vendor_sync.broadstreet.export_store import ExportStore
from vendor_sync.broadstreet.journal import Intent, Journal
from vendor_sync.broadstreet.scopes import scope_key
from vendor_sync.broadstreet.selection import select
from vendor_sync.broadstreet.sending import EDITED, NotSent, Outcome, Sender, Sent
from vendor_sync.errors import (
    AuthenticationError,
    RateLimitedError,
    StorageError,
    SyncError,
    VendorError,
)
from vendor_sync.telemetry import carried

logger = logging.getLogger(__name__)
# So many unanswered creates or lists in a row, and Broadstreet is taken to be away.
_OUTAGE = 10
# While as many creates are under way as may be, so many more entities are being written down:
# their writes leave together.
_THREADS_PER_CALL = 4
# These end the run, whatever waits: nothing else would fare better.
_FATAL = (AuthenticationError, RateLimitedError, StorageError, PyMongoError, psycopg.Error)


@dataclass(slots=True)
class _Ready:
    """An entity whose parents are all in Broadstreet, on its way through a level."""

    entity: LocalEntity
    references: Mapping[str, int]
    previous: Intent | None
    name: str | None = None
    unfinished: bool = False


class Exporter:
    """One run, under the lock that imports and exports share; `run()` returns its report."""

    def __init__(  # noqa: PLR0913 - the parts of a run, all keyword
        self,
        *,
        sender: Sender,
        store: ExportStore,
        journal: Journal,
        settings: ExportSettings,
        params: ExportParams,
        run_id: str,
        concurrency: int,
        expect: Callable[[str, int], None],
        add: Callable[[str, int], None],
    ) -> None:
        self._sender = sender
        self._store = store
        self._journal = journal
        self._settings = settings
        self._params = params
        self._run_id = run_id
        self._concurrency = concurrency
        self._expect = expect
        self._add = add
        self._report = ExportReport()
        self._outcomes: dict[str, str] = {}
        self._created: dict[tuple[EntityType, str], int] = {}
        self._entities: dict[str, LocalEntity] = {}
        self._previous: dict[str, Intent] = {}
        self._stop = threading.Event()
        self._unanswered = 0

    def run(self) -> ExportReport:
        """Do everything; safe to repeat after a kill at any point."""
        self._report.restore(self._journal.done_in(self._run_id))
        threads = self._concurrency * _THREADS_PER_CALL
        with ThreadPoolExecutor(threads, thread_name_prefix="export") as pool:
            try:
                self._settle_open(pool)
                for level in in_order(self._choose()):
                    self._send_level(pool, level)
            except _FATAL as error:
                if isinstance(error, VendorError):  # else the store, or the lock, may be gone
                    self._sender.flush()
                self._give_back(self._entities)
                raise
        return self._report

    def _settle_open(self, pool: ThreadPoolExecutor) -> None:
        """Find out what came of creates that a run before has left without an answer."""
        intents = self._journal.of_status(states.INTENDED, states.CREATED)
        for entity_type in EntityType:
            same = [intent for intent in intents if intent.entity_type is entity_type]
            self._all(pool, self._settle, same)
            self._sender.flush()
        self._journal.forget_snapshots()

    def _give_back(self, claimed: Collection[str]) -> None:
        """Let people edit what was claimed and is not being sent."""
        if claimed:
            unsettled = self._journal.of_status(*states.UNSETTLED)
            kept = {intent.local_id for intent in unsettled}
            free = [self._entities[local_id] for local_id in claimed if local_id not in kept]
            self._store.give_back(free)

    def _settle(self, intent: Intent) -> None:
        began = time.monotonic()
        outcome = self._guarded(intent.local_id, lambda: self._sender.settle(intent))
        if isinstance(outcome, NotSent) and not outcome.is_open:
            return  # it is absent: it may be sent again
        self._expect(intent.entity_type, 1)
        self._note(intent.entity_type, intent.local_id, intent.wanted, outcome, began)
        if isinstance(outcome, NotSent):
            found = self._store.waiting_one(intent.entity_type, intent.local_id)
            if found:
                self._fail(found, outcome)

    def _choose(self) -> list[LocalEntity]:
        """Set aside what cannot or should not be sent now; return the rest."""
        selected = select(
            self._store, self._journal, self._settings, self._params, but=self._report.seen
        )
        self._entities, self._previous = selected.entities, selected.previous
        self._created = selected.created
        self._give_back(selected.claimed)
        for entity in selected.asked:
            self._expect(entity.entity_type, 1)
            if reason := selected.refused.get(entity.local_id):
                self._refuse(entity, reason)
            elif reason := selected.skipped.get(entity.local_id):
                self._skip(entity, reason)
        self._report.note_unknown(self._params.local_ids, self._entities)
        return selected.chosen

    def _send_level(self, pool: ThreadPoolExecutor, level: list[LocalEntity]) -> None:
        """Look up all scopes, choose names in order, create side by side, complete what is left."""
        ready: list[_Ready] = []
        for entity in level:
            way = resolve(entity, self._created, self._entities, self._outcomes)
            if isinstance(way, Blocked):
                self._skip(entity, way.reason)
            else:
                ready.append(_Ready(entity, way, self._previous.get(entity.local_id)))
        scopes = {scope_key(one.entity.entity_type, one.references): one for one in ready}
        self._all(pool, self._look_up, scopes.values())
        named = [one for one in ready if self._choose_name(one)]
        self._sender.announce(one.entity for one in named)
        self._all(pool, self._send, named)
        self._give_back(self._sender.untaken())
        self._all(pool, self._finish, [one.entity for one in named if one.unfinished])
        self._sender.flush()

    def _look_up(self, one: _Ready) -> None:
        try:
            self._sender.look_up(one.entity, one.references)
        except _FATAL:
            raise
        except VendorError as error:
            # Each entity of the scope is told when its name is to be chosen.
            logger.warning("a scope cannot be listed: %s", error)

    def _choose_name(self, one: _Ready) -> bool:
        began = time.monotonic()
        try:
            one.name = self._sender.choose_name(one.entity, one.references, one.previous)
        except VendorError as error:
            outcome = NotSent(kind=_kind_of(error), reason=f"No look-up, no name: {error}")
            self._conclude(one.entity, outcome, began)
            return False
        return True

    def _send(self, one: _Ready) -> None:
        entity = one.entity
        if self._unanswered >= _OUTAGE:
            self._skip(entity, "Broadstreet does not answer: the next export goes on.")
            return
        began = time.monotonic()
        outcome = self._guarded(
            entity.local_id,
            lambda: self._sender.send(entity, one.references, name=one.name, previous=one.previous),
        )
        if isinstance(outcome, Sent) and not outcome.settled:
            self._remember(entity.entity_type, entity.local_id, outcome)
            one.unfinished = True
        elif isinstance(outcome, NotSent) and outcome.kind == EDITED:
            self._skip(entity, outcome.reason)
        else:
            self._conclude(entity, outcome, began)

    def _finish(self, entity: LocalEntity) -> None:
        began = time.monotonic()
        intent = self._journal.get(entity.local_id)
        assert intent is not None  # noqa: S101 - it was just sent
        outcome = self._guarded(entity.local_id, lambda: self._sender.finish(intent, adopted=False))
        self._conclude(entity, outcome, began)

    def _conclude(self, entity: LocalEntity, outcome: Outcome, began: float) -> None:
        self._note(entity.entity_type, entity.local_id, entity.fields.get("name"), outcome, began)
        if isinstance(outcome, NotSent):
            self._fail(entity, outcome)
        else:
            self._remember(entity.entity_type, entity.local_id, outcome)

    def _remember(self, entity_type: EntityType, local_id: str, sent: Sent) -> None:
        if sent.broadstreet_id is not None:
            self._created[entity_type, local_id] = sent.broadstreet_id

    def _guarded(self, local_id: str, act: Callable[[], Outcome]) -> Outcome:
        """Turn what one entity meets into its outcome; let pass what ends the run.

        Whether it may be in Broadstreet by then, only the journal knows.
        """
        try:
            outcome = act()
        except _FATAL:
            raise
        except VendorError as error:
            outcome = self._not_sent(local_id, _kind_of(error), str(error))
        except SyncError as error:
            outcome = self._not_sent(local_id, "validation", str(error))
        except Exception as error:
            logger.exception("an entity met something unforeseen")
            reason = f"Unforeseen: {type(error).__name__}. The log has the details."
            outcome = self._not_sent(local_id, "other", reason)
        unanswered = isinstance(outcome, NotSent) and outcome.kind == "network"
        self._unanswered = self._unanswered + 1 if unanswered else 0
        return outcome

    def _not_sent(self, local_id: str, kind: str, reason: str) -> NotSent:
        intent = self._journal.get(local_id)
        is_open = intent is not None and intent.status in states.UNSETTLED
        return NotSent(kind=kind, reason=reason, is_open=is_open)

    def _note(
        self,
        entity_type: EntityType,
        local_id: str,
        name: str | None,
        outcome: Outcome,
        began: float,
    ) -> None:
        self._report.add(Line.of(entity_type, local_id, name, outcome), began, time.monotonic())
        self._add(entity_type, 1)

    def _fail(self, entity: LocalEntity, outcome: NotSent) -> None:
        self._outcomes[entity.local_id] = outcome.reason
        self._store.fail(
            entity,
            kind=outcome.kind,
            reason=outcome.reason,
            run_id=self._run_id,
            release=not outcome.is_open,
        )

    def _refuse(self, entity: LocalEntity, reason: str) -> None:
        self._conclude(entity, NotSent(kind="validation", reason=reason), time.monotonic())

    def _skip(self, entity: LocalEntity, reason: str) -> None:
        self._outcomes[entity.local_id] = reason
        self._report.add_skip(entity, reason)
        self._store.skip(entity, reason=reason, run_id=self._run_id)
        self._add(entity.entity_type, 1)

    def _all(
        self, pool: ThreadPoolExecutor, act: Callable[[Any], None], items: Iterable[Any]
    ) -> None:
        """Do it for all, side by side; the first fatal error stops what has not begun."""

        def unless_stopped(item: object) -> None:
            if self._stop.is_set():
                return
            try:
                act(item)
            except BaseException:
                self._stop.set()
                raise

        futures: list[Future[None]] = [pool.submit(carried(unless_stopped), item) for item in items]
        wait_for(futures)
        for future in futures:
            future.result()


def _kind_of(error: VendorError) -> str:
    """Return the word of the errors' table for a failed look-up."""
    if error.status is not None and 400 <= error.status < 500:  # noqa: PLR2004 - client errors
        return "validation"
    return "network"
