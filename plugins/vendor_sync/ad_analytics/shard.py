"""A shard's connections, some at a time: what they share, their turns, and one writer for all."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import partial
from queue import Empty, SimpleQueue
from threading import Lock
from types import TracebackType
from typing import Self

from vendor_sync.ad_analytics.alerting import keep_troubles
from vendor_sync.ad_analytics.part import ConnectionPart
from vendor_sync.ad_analytics.part_writer import PartWriter
from vendor_sync.ad_analytics.scope import SyncParams
from vendor_sync.ad_analytics.state import Known, Outcome, PartEnd, PartResult, StateStore
from vendor_sync.ad_analytics.tokens import TokenStore, fernet_from_environment
from vendor_sync.ad_analytics.wiring import Wiring
from vendor_sync.connections import ConnectionSource, require_connection
from vendor_sync.postgres import Warehouse, connect, storage_errors
from vendor_sync.rest_client import Usage
from vendor_sync.runs import Run, RunStore
from vendor_sync.telemetry import about, carried

# Connections of a shard that are asked at a time.
CONCURRENCY = 4


class ShardSync:
    """Asks what of a shard is due; `conn` holds the turns and writes, others are opened at need.

    `ended` is called as each connection's part has ended.

    The statements of a shard do not grow with its ad accounts, but for a token that is renewed and
    an account that is asked for the first time.
    """

    def __init__(  # noqa: PLR0913 - what a shard works with
        self,
        source: ConnectionSource,
        conn: Warehouse,
        run: Run,
        params: SyncParams,
        clock: Callable[[], datetime],
        *,
        link: str | None = None,
        ended: Callable[[], object] = lambda: None,
    ) -> None:
        self._source = source
        self._run = run
        self._params = params
        self._clock = clock
        self._ended = ended
        self._state = StateStore(conn)
        self._cipher = fernet_from_environment()
        tokens = TokenStore(conn, self._cipher)
        self._wiring = Wiring(source, run, link=link)
        self._writer = PartWriter(
            conn,
            run=run,
            runs=RunStore(conn, run.flow),
            tokens=tokens,
            flush_archive=self._wiring.flush_archive,
            tell=partial(keep_troubles, source, conn, run, link=link),
        )
        self._free = SimpleQueue[Warehouse]()
        self._opening = Lock()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(self._wiring)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def run(self) -> list[PartResult]:
        """Ask the connections that are due, and once more those whose turn somebody else had."""
        self._writer.prepare()
        results, busy = self._ask(self._due())
        if busy:
            due = self._due()
            later, busy = self._ask([each for each in busy if each in due])
            results += later
        return results + self._left_out(busy)

    def _due(self) -> list[int]:
        due = self._state.due(self._params, now=self._clock(), run_key=self._run.run_key)
        return [item.connection_id for item in due]

    def _ask(self, connection_ids: Sequence[int]) -> tuple[list[PartResult], list[int]]:
        """Ask connections; return how they ended, and those whose turn somebody else has."""
        mine = self._state.take_turns(connection_ids) if connection_ids else set[int]()
        busy = [each for each in connection_ids if each not in mine]
        if not mine:
            return [], busy
        known = self._state.known(sorted(mine))
        self._state.note_attempts(sorted(mine), self._clock())
        try:
            with ThreadPoolExecutor(max_workers=CONCURRENCY) as pool:
                results = list(pool.map(carried(self._ask_one), known.values()))
        finally:
            # What is read stays, whatever stopped the rest.
            self._writer.flush()
        return results, busy

    def _ask_one(self, known: Known) -> PartResult:
        usage = Usage()
        part = ConnectionPart(
            known,
            warehouse=self._warehouse,
            writer=self._writer,
            cipher=self._cipher,
            wire=partial(self._wiring.wire, usage=usage),
            flush_archive=self._wiring.flush_archive,
            usage=usage,
            params=self._params,
            now=self._clock,
        )
        mine = known.connection
        with about(vendor=mine.vendor, account=mine.connection_id):
            result = part.run()
        self._ended()
        return result

    def _left_out(self, connection_ids: Sequence[int]) -> list[PartResult]:
        if not connection_ids:
            return []
        known = self._state.known(connection_ids)
        results = [PartResult(each, known[each].connection.vendor, Outcome.BUSY) for each in known]
        for result in results:
            self._writer.end(PartEnd(result=result, at=self._clock()))
            self._ended()
        self._writer.flush()
        return results

    @contextmanager
    def _warehouse(self) -> Generator[Warehouse]:
        """Lend a connection of the shard's, opened when there is none: at most one a thread."""
        try:
            conn = self._free.get_nowait()
        except Empty:
            with self._opening:
                conn = self._stack.enter_context(open_warehouse(self._source, self._run.flow))
        try:
            yield conn
        finally:
            self._free.put(conn)


@contextmanager
def open_warehouse(source: ConnectionSource, flow: str) -> Generator[Warehouse]:
    """Open the warehouse as a step of the flow does: a lost server is a StorageError."""
    connection = require_connection(source, "warehouse_postgres")
    with storage_errors(), connect(connection, application_name=flow) as conn:
        yield conn
