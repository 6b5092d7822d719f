"""One connection's part of a run: what it says is fetched, archived, checked and stored.

Each step commits by itself and is safe to repeat, so a part may be killed anywhere. How a part
ends is data, not an exception: its neighbours go on, and the next run takes it up.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import TypeVar, cast
from zoneinfo import ZoneInfo

from vendor_sync.ad_analytics.consistency import COUNTED_DAYS, note_order_count
from vendor_sync.ad_analytics.metric_store import MetricStore
from vendor_sync.ad_analytics.order_store import OrderStore
from vendor_sync.ad_analytics.ports import (
    AdPlatform,
    Batch,
    ReportNeededError,
    ReportState,
    ReportTicket,
    ShopClient,
    Wire,
)
from vendor_sync.ad_analytics.records import CampaignDay, Credentials, SourceConnection
from vendor_sync.ad_analytics.scope import Scope, SyncParams, decide_scope
from vendor_sync.ad_analytics.state import Known, Outcome, PartResult, StateStore
from vendor_sync.ad_analytics.tokens import TokenStore, ends_soon
from vendor_sync.ad_analytics.vendors import PLATFORMS, VENDORS, Vendor
from vendor_sync.errors import (
    AuthenticationError,
    ConfigurationError,
    InvalidRecordError,
    PermanentError,
    RateLimitedError,
    SyncError,
    TemporaryError,
    TokenExpiredError,
    VendorError,
)
from vendor_sync.postgres import Warehouse
from vendor_sync.runs import Reject, Run, RunStore

logger = logging.getLogger(__name__)
_UNKNOWN_WAIT = timedelta(hours=1)
_TOKEN_WAIT = timedelta(minutes=5)
_REPORT_PATIENCE = timedelta(hours=1)
_NOT_YET = "The report that was asked for is not ready."
_OVERLAP = timedelta(minutes=10)
_UNREADY_FOR = timedelta(hours=48)
_ORDERS_A_COMMIT = 500
T = TypeVar("T")


class _NotYetError(SyncError):
    """A report is not ready."""


class ConnectionPart:
    """Syncs one connection; `run()` returns how that ended."""

    def __init__(  # noqa: PLR0913 - the part's surroundings, all keyword
        self,
        *,
        conn: Warehouse,
        runs: RunStore,
        run: Run,
        tokens: TokenStore,
        wire: Callable[[SourceConnection], Wire],
        params: SyncParams,
        now: Callable[[], datetime],
    ) -> None:
        self._conn = conn
        self._runs = runs
        self._run = run
        self._tokens = tokens
        self._wire = wire
        self._params = params
        self._now = now
        self._state = StateStore(conn)

    def run(self, connection_id: int) -> PartResult:
        """Ask the connection for what is due; raises only what concerns all (our own stores)."""
        known = self._state.get(connection_id)
        result = PartResult(connection_id, known.connection.vendor)
        if not self._state.take_turn(connection_id):
            result.outcome = Outcome.BUSY
            return result
        try:
            self._state.note_attempt(connection_id, self._now())
            self._attempt(known, result)
        except (ConfigurationError, InvalidRecordError, VendorError, _NotYetError) as error:
            self._note(known, result, error)
        finally:
            if not self._conn.broken:
                self._state.end_turn(connection_id)
        return result

    def _attempt(self, known: Known, result: PartResult) -> None:
        """Ask with the stored token; where it has expired, once more with a new one."""
        connection = known.connection
        vendor = VENDORS[connection.vendor]
        wire = self._wire(connection)
        credentials = self._tokens.load(connection.connection_id)
        if ends_soon(credentials, self._now()) and vendor.refresh:
            credentials = self._refresh(connection, credentials, vendor, wire)
        try:
            self._ask(known, credentials, vendor, wire, result)
        except TokenExpiredError:
            if vendor.refresh is None:
                raise AuthenticationError(_ONLY_A_PERSON) from None
            renewed = self._refresh(connection, credentials, vendor, wire)
            self._ask(known, renewed, vendor, wire, result)

    def _refresh(
        self, connection: SourceConnection, stale: Credentials, vendor: Vendor, wire: Wire
    ) -> Credentials:
        refresh = vendor.refresh
        assert refresh is not None  # noqa: S101 - asked for before
        return self._tokens.refresh(
            connection.connection_id, stale, lambda current: refresh(connection, current, wire)
        )

    def _ask(
        self,
        known: Known,
        credentials: Credentials,
        vendor: Vendor,
        wire: Wire,
        result: PartResult,
    ) -> None:
        if known.connection.timezone is None or known.connection.currency is None:
            known = self._introduce(known, credentials, vendor, wire)
        client = vendor.open_client(known.connection, credentials, wire)
        try:
            scope = decide_scope(
                self._params,
                timezone=known.connection.timezone or "UTC",
                now=self._now(),
                first_synced_at=known.first_synced_at,
                last_wide_at=known.last_wide_at,
                orders_until=known.orders_until,
            )
            if known.connection.vendor in PLATFORMS:
                self._sync_platform(known, cast("AdPlatform", client), scope, result)
            else:
                self._sync_shop(known, cast("ShopClient", client), scope, result)
        finally:
            client.close()

    def _introduce(
        self, known: Known, credentials: Credentials, vendor: Vendor, wire: Wire
    ) -> Known:
        """Ask an account that was never asked for its currency and timezone."""
        client = vendor.open_client(known.connection, credentials, wire)
        try:
            account = client.get_account()
        finally:
            client.close()
        self._state.save_account(known.connection.connection_id, account)
        return self._state.get(known.connection.connection_id)

    def _sync_platform(
        self, known: Known, client: AdPlatform, scope: Scope, result: PartResult
    ) -> None:
        connection = known.connection
        store = MetricStore(self._conn)
        store.prepare()
        seen_at = self._now()
        campaigns = self._read(client.iter_campaigns(), result)
        with self._conn.transaction():
            changed = store.merge_campaigns(
                connection, campaigns, seen_at=seen_at, known_at=known.campaigns_seen_at
            )
            self._state.note_campaigns_seen(connection.connection_id, seen_at)
        result.add("campaigns", len(campaigns))
        result.add("campaigns_changed", changed)
        for since, until in _pieces(scope, known.report):
            days = self._read_days(known, client, since, until, result)
            with self._conn.transaction():
                changes = store.merge_days(
                    connection, days, since=since, until=until, pulled_at=self._now(), complete=True
                )
            result.add("days", len(days))
            result.add("days_written", changes.written)
            result.add("days_removed", changes.removed)
            result.add("days_kept", changes.kept)
        if scope.wide:
            self._read_totals(connection, client, scope, result)
        self._state.note_success(connection.connection_id, scope, now=self._now())

    def _read_totals(
        self, connection: SourceConnection, client: AdPlatform, scope: Scope, result: PartResult
    ) -> None:
        """Keep the account's own totals, which are for a check: without them the figures stand."""
        try:
            totals = self._read(client.iter_account_days(scope.since, scope.until), result)
        except ReportNeededError as error:
            logger.warning("no totals of account %d: %s", connection.connection_id, error)
            result.add("totals_left_out", 1)
            return
        with self._conn.transaction():
            MetricStore(self._conn).merge_account_days(connection, totals)

    def _read_days(
        self, known: Known, client: AdPlatform, since: date, until: date, result: PartResult
    ) -> list[CampaignDay]:
        ticket = known.report
        if ticket is None or (ticket.since, ticket.until) != (since, until):
            try:
                return self._read(client.iter_days(since, until), result)
            except ReportNeededError:
                ticket = client.start_report(since, until)
                self._state.save_report(known.connection.connection_id, ticket)
                raise _NotYetError(_NOT_YET) from None
        return self._read_report(known, client, ticket, result)

    def _read_report(
        self, known: Known, client: AdPlatform, ticket: ReportTicket, result: PartResult
    ) -> list[CampaignDay]:
        state = client.check_report(ticket)
        if state is ReportState.READY:
            days = self._read(client.iter_report_days(ticket), result)
            self._state.save_report(known.connection.connection_id, None)
            return days
        # Of real time, like the client's own look at how young a report is.
        waited = datetime.now(UTC) - ticket.asked_at
        if state is ReportState.FAILED or waited > _REPORT_PATIENCE:
            self._state.save_report(known.connection.connection_id, None)
            message = f"report {ticket.report_id} is {state.value} after {waited}"
            raise TemporaryError(message)
        raise _NotYetError(_NOT_YET)

    def _sync_shop(
        self, known: Known, client: ShopClient, scope: Scope, result: PartResult
    ) -> None:
        connection = known.connection
        store = OrderStore(self._conn)
        store.prepare()
        begin, end = scope.instants(connection.timezone or "UTC")
        asked_at = self._now()
        unready = self._state.unready_orders(connection.connection_id, asked_at - _UNREADY_FOR)
        batches = client.iter_orders(begin, min(end, asked_at))
        again = client.iter_orders_by_id(unready) if unready else iter(())
        for batch in chain(batches, again):
            self._keep_rejects(batch.rejects, result)
            for part in _parts(batch.records, _ORDERS_A_COMMIT):
                with self._conn.transaction():
                    changes = store.merge(connection, part, batch.fetched_at)
                result.add("orders", len(part))
                result.add("orders_inserted", changes.inserted)
                result.add("orders_updated", changes.updated)
        if scope.wide:
            self._compare_counts(connection, client, result)
        self._state.note_success(
            connection.connection_id,
            scope,
            now=self._now(),
            orders_until=None if self._params.since else asked_at - _OVERLAP,
        )

    def _compare_counts(
        self, connection: SourceConnection, client: ShopClient, result: PartResult
    ) -> None:
        """Compare how many orders the store and we have of its last complete days."""
        zone = connection.timezone or "UTC"
        today = self._now().astimezone(ZoneInfo(zone)).date()
        for back in range(1, COUNTED_DAYS + 1):
            day = today - timedelta(days=back)
            begin, end = Scope(since=day, until=day).instants(zone)
            there = client.count_orders(begin, end)
            if there is not None:
                differ = note_order_count(
                    self._conn, connection.connection_id, (begin, end), there, day, self._now()
                )
                result.add("days_counted", 1)
                result.add("days_miscounted", int(differ))

    def _read(self, batches: Iterable[Batch[T]], result: PartResult) -> list[T]:
        """Read to the end, so that what is stored is complete; refused records are kept at once."""
        records: list[T] = []
        for batch in batches:
            self._keep_rejects(batch.rejects, result)
            records += batch.records
        return records

    def _keep_rejects(self, rejects: Sequence[Reject], result: PartResult) -> None:
        if rejects:
            self._runs.reject(self._run, rejects)
            result.add("rejected", len(rejects))

    def _note(self, known: Known, result: PartResult, error: SyncError) -> None:
        """Decide what becomes of a part that did not get through, and write it down."""
        connection_id = known.connection.connection_id
        not_before: datetime | None = None
        match error:
            case _NotYetError():
                result.outcome = Outcome.WAITING
            case RateLimitedError():
                result.outcome = Outcome.DEFERRED
                not_before = error.retry_at or self._now() + _UNKNOWN_WAIT
            case TokenExpiredError():
                result.outcome, not_before = Outcome.DEFERRED, self._now() + _TOKEN_WAIT
            case AuthenticationError():
                result.outcome = Outcome.NEEDS_REAUTH
                result.newly_needs_reauth = self._tokens.mark_needs_reauth(connection_id)
            case PermanentError() | InvalidRecordError() | ConfigurationError():
                result.outcome = Outcome.FAILED
            case _:
                result.outcome = Outcome.RETRY
        result.error = str(error)
        failed = result.outcome not in {Outcome.DEFERRED, Outcome.WAITING}
        self._state.note_failure(connection_id, result.error, not_before=not_before, failed=failed)
        logger.warning(
            "%s connection %d %s: %s", result.vendor, connection_id, result.outcome, error
        )


_ONLY_A_PERSON = "The access token has expired, and only a person can log in again."


def _pieces(scope: Scope, ticket: ReportTicket | None) -> list[tuple[date, date]]:
    """Return the pieces still to be read: those before a report's own are here since it was asked.

    Otherwise a range of several reports would never end: the first would be asked for again, in
    place of the second.
    """
    pieces = list(scope.chunks())
    if ticket is None or (ticket.since, ticket.until) not in pieces:
        return pieces
    return pieces[pieces.index((ticket.since, ticket.until)) :]


def _parts(records: Sequence[T], size: int) -> Iterable[Sequence[T]]:
    return (records[start : start + size] for start in range(0, len(records), size))
