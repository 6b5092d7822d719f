"""Writes what a shard's connections deliver, many at a time: one staging, one merge, one commit.

Whoever delivers what fills a batch writes it, while the others go on asking; a second batch that is
full waits for the first, so that no more than two are in memory. Of a connection everything is
written in the order of its delivery, and how it ended together with the last of it. A row that the
database refuses stops its own connection alone; of a batch that is lost (a server was away) nothing
later is written for its connections, so that they are asked again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock

import psycopg

from vendor_sync.ad_analytics.metric_store import Changes, Listing, MetricStore, Pull
from vendor_sync.ad_analytics.state import Outcome, PartEnd, PartResult, StateStore
from vendor_sync.ad_analytics.tokens import TokenStore
from vendor_sync.postgres import Warehouse
from vendor_sync.runs import Reject, Run, RunStore
from vendor_sync.telemetry import span

logger = logging.getLogger(__name__)
# A batch is written when it has so many rows, or is so old: what is read shall soon be seen.
_BATCH_ROWS = 10_000
_BATCH_SECONDS = 10.0


@dataclass(slots=True)
class _Delivery:
    """Something of one connection: rows, refused records, or its end."""

    result: PartResult
    pull: Pull | None = None
    rejects: Sequence[Reject] = ()
    end: PartEnd | None = None


@dataclass(slots=True)
class _Batch:
    """What waits to be written, since when."""

    since: float = field(default_factory=time.monotonic)
    deliveries: list[_Delivery] = field(default_factory=list[_Delivery])
    rows: int = 0

    @property
    def is_due(self) -> bool:
        return self.rows >= _BATCH_ROWS or time.monotonic() - self.since > _BATCH_SECONDS


class PartWriter:
    """Writes the parts of a run over one warehouse connection; thread-safe.

    The connection's session holds the turns of those that are asked: each ends with its part.
    `tell` is called with how parts ended, in the transaction that writes it.
    """

    def __init__(  # noqa: PLR0913 - all keyword but one
        self,
        conn: Warehouse,
        *,
        run: Run,
        runs: RunStore,
        tokens: TokenStore,
        flush_archive: Callable[[], None],
        tell: Callable[[Sequence[PartResult]], None] = lambda _: None,
    ) -> None:
        self._conn = conn
        self._run = run
        self._runs = runs
        self._tokens = tokens
        self._flush_archive = flush_archive
        self._tell = tell
        self._state = StateStore(conn)
        self._metrics = MetricStore(conn)
        self._filling = Lock()
        self._writing = Lock()
        self._batch = _Batch()
        self._refused: dict[int, str] = {}
        self._lost: set[int] = set()
        self._first_error: BaseException | None = None

    def prepare(self) -> None:
        """Create what the session needs."""
        self._metrics.prepare()

    def keep(self, result: PartResult, pull: Pull) -> None:
        """Take something that an account answered to the end."""
        self._take(_Delivery(result, pull=pull), pull.rows)

    def reject(self, result: PartResult, rejects: Sequence[Reject]) -> None:
        """Take refused records."""
        if rejects:
            result.add("rejected", len(rejects))
            self._take(_Delivery(result, rejects=rejects), len(rejects))

    def end(self, end: PartEnd) -> None:
        """Take how a part ended; nothing of it comes after that."""
        self._take(_Delivery(end.result, end=end), 1)

    def flush(self) -> None:
        """Write what waits; raise what has kept this or an earlier batch from being written."""
        with self._filling:
            self._writing.acquire()
            batch, self._batch = self._batch, _Batch()
        self._write_in_turn(batch)
        if self._first_error is not None:
            raise self._first_error

    def _take(self, delivery: _Delivery, rows: int) -> None:
        with self._filling:
            if not self._batch.deliveries:
                self._batch.since = time.monotonic()
            self._batch.deliveries.append(delivery)
            self._batch.rows += rows
            if not self._batch.is_due:
                return
            # In the order in which they were filled; meanwhile nobody fills the next but one.
            self._writing.acquire()
            batch, self._batch = self._batch, _Batch()
        self._write_in_turn(batch)

    def _write_in_turn(self, batch: _Batch) -> None:
        """Write a batch, but for connections that lost something: they may not end as completed."""
        lost = self._lost
        try:
            whole = [each for each in batch.deliveries if each.result.connection_id not in lost]
            if whole:
                self._write(whole)
        except BaseException as error:
            lost.update(each.result.connection_id for each in batch.deliveries)
            self._first_error = self._first_error or error
            raise
        finally:
            self._writing.release()

    def _write(self, deliveries: list[_Delivery]) -> None:
        """Write all together, or, where the database refuses that, each connection for itself."""
        self._flush_archive()
        try:
            with span("merge", deliveries=len(deliveries)):
                self._commit(deliveries)
        except (psycopg.DataError, psycopg.IntegrityError):
            logger.warning("a batch was refused: writing its connections one by one")
            for own in _by_connection(deliveries):
                self._write_alone(own)
        ended = [each.end for each in deliveries if each.end]
        asked = [end.result.connection_id for end in ended if end.result.outcome != Outcome.BUSY]
        if asked:
            self._state.end_turns(asked)

    def _write_alone(self, deliveries: list[_Delivery]) -> None:
        try:
            self._commit(deliveries)
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            result = deliveries[0].result
            # The first line names the rule; what follows quotes the row.
            reason = f"The database refused what was read: {str(error).splitlines()[0]}"
            logger.warning("%s connection %d: %s", result.vendor, result.connection_id, reason)
            self._refused[result.connection_id] = reason
            self._commit(deliveries)

    def _commit(self, deliveries: Sequence[_Delivery]) -> None:
        counted: list[tuple[PartResult, str, int]] = []
        try:
            with self._conn.transaction():
                counted = self._commit_rows(deliveries)
                for result, name, number in counted:
                    result.add(name, number)
                self._commit_ends([each.end for each in deliveries if each.end])
        except BaseException:
            for result, name, number in counted:
                result.add(name, -number)
            raise

    def _commit_rows(self, deliveries: Sequence[_Delivery]) -> list[tuple[PartResult, str, int]]:
        """Write rows and refused records; return what is to be added to whose counts."""
        counted: list[tuple[PartResult, str, int]] = []
        kept = [
            (each.result, each.pull)
            for each in deliveries
            if each.pull and each.result.connection_id not in self._refused
        ]
        if kept:
            changes = self._metrics.merge([pull for _, pull in kept])
            counted = list(_counts(kept, changes))
            seen_at = {
                result.connection_id: pull.content.seen_at
                for result, pull in kept
                if isinstance(pull.content, Listing)
            }
            if seen_at:
                self._state.note_campaigns_seen(seen_at)
        rejects = [reject for each in deliveries for reject in each.rejects]
        if rejects:
            self._runs.reject(self._run, rejects)
        return counted

    def _commit_ends(self, ends: Sequence[PartEnd]) -> None:
        if not ends:
            return
        ends = [self._as_refused(end) for end in ends]
        reauth = [
            end.result.connection_id for end in ends if end.result.outcome is Outcome.NEEDS_REAUTH
        ]
        newly: set[int] = self._tokens.mark_needs_reauth(reauth) if reauth else set()
        for end in ends:
            end.result.newly_needs_reauth = end.result.connection_id in newly
        self._state.end_parts(self._run.run_key, ends)
        # With the state that says it: a process that is killed now has told, or not written it.
        self._tell([end.result for end in ends])

    def _as_refused(self, end: PartEnd) -> PartEnd:
        reason = self._refused.get(end.result.connection_id)
        if reason is None:
            return end
        end.result.outcome, end.result.error = Outcome.FAILED, reason
        return replace(end, scope=None, orders_until=None, failed=True)


def _counts(
    kept: Sequence[tuple[PartResult, Pull]], changes: Changes
) -> Iterator[tuple[PartResult, str, int]]:
    """Yield what is to be added to whose counts."""
    results = {result.connection_id: result for result, _ in kept}
    for connection_id, result in results.items():
        yield result, "campaigns_changed", changes.campaigns.get(connection_id, 0)
    for number, days in changes.days.items():
        result, _ = kept[number]
        yield result, "days_written", days.written
        yield result, "days_removed", days.removed
        yield result, "days_kept", days.kept


def _by_connection(deliveries: Sequence[_Delivery]) -> list[list[_Delivery]]:
    found: dict[int, list[_Delivery]] = {}
    for each in deliveries:
        found.setdefault(each.result.connection_id, []).append(each)
    return list(found.values())
