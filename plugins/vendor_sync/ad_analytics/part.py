"""One connection's part of a run: what it says is fetched, archived, checked and handed on.

What it hands on is committed with that of its neighbours, orders by themselves; each is safe to
repeat, so a part may be killed anywhere. How a part ends is data, not an exception: its neighbours
go on, and the next run takes it up.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import TypeVar, cast
from zoneinfo import ZoneInfo

import msgspec
import psycopg
from cryptography.fernet import MultiFernet

from vendor_sync.ad_analytics.consistency import COUNTED_DAYS, note_order_count
from vendor_sync.ad_analytics.metric_store import Content, Days, Listing, Pull, Totals
from vendor_sync.ad_analytics.order_store import OrderStore
from vendor_sync.ad_analytics.part_writer import PartWriter
from vendor_sync.ad_analytics.ports import (
    AdPlatform,
    Batch,
    ReportNeededError,
    ReportState,
    ReportTicket,
    ShopClient,
    Wire,
)
from vendor_sync.ad_analytics.records import (
    CampaignDay,
    Credentials,
    OrderRecord,
    SourceConnection,
)
from vendor_sync.ad_analytics.scope import Scope, SyncParams, decide_scope
from vendor_sync.ad_analytics.state import Known, Outcome, PartEnd, PartResult, StateStore
from vendor_sync.ad_analytics.tokens import TokenStore, decrypt, ends_soon
from vendor_sync.ad_analytics.vendors import PLATFORMS, VENDORS, Vendor
from vendor_sync.ad_analytics.verification import require_identity, require_known
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
from vendor_sync.rest_client import Usage

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
    """Asks one connection; `run()` returns how that ended, and has handed it to the writer."""

    def __init__(  # noqa: PLR0913 - the part's surroundings, all keyword
        self,
        known: Known,
        *,
        warehouse: Callable[[], AbstractContextManager[Warehouse]],
        writer: PartWriter,
        cipher: MultiFernet,
        wire: Callable[[SourceConnection], Wire],
        flush_archive: Callable[[], None],
        usage: Usage,
        params: SyncParams,
        now: Callable[[], datetime],
    ) -> None:
        self._known = known
        self._warehouse = warehouse
        self._writer = writer
        self._cipher = cipher
        self._wire = wire
        self._flush_archive = flush_archive
        self._usage = usage
        self._params = params
        self._now = now
        # What is still to be read, whatever becomes of the rest.
        self._report = known.report
        self.result = PartResult(known.connection.connection_id, known.connection.vendor)

    def run(self) -> PartResult:
        """Ask for what is due; raises only what concerns all (our own stores)."""
        try:
            end = self._attempt()
        except (ConfigurationError, InvalidRecordError, VendorError, _NotYetError) as error:
            end = self._failed(error)
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            # The first line names the rule; what follows quotes the row.
            reason = f"The database refused what was read: {str(error).splitlines()[0]}"
            end = self._failed(ConfigurationError(reason))
        self.result.counts |= {
            "api_calls": self._usage.calls,
            "retries": self._usage.retries,
            "bytes_received": self._usage.bytes_received,
        }
        self._writer.end(end)
        return self.result

    def _attempt(self) -> PartEnd:
        """Ask with the stored token; where it has expired, once more with a new one."""
        connection = self._known.connection
        vendor = VENDORS[connection.vendor]
        wire = self._wire(connection)
        credentials = decrypt(self._cipher, connection.connection_id, self._known.credentials)
        if ends_soon(credentials, self._now()) and vendor.refresh:
            credentials = self._refresh(credentials, vendor, wire)
        try:
            return self._ask(credentials, vendor, wire)
        except TokenExpiredError:
            if vendor.refresh is None:
                raise AuthenticationError(_ONLY_A_PERSON) from None
            renewed = self._refresh(credentials, vendor, wire)
            return self._ask(renewed, vendor, wire)

    def _refresh(self, stale: Credentials, vendor: Vendor, wire: Wire) -> Credentials:
        """Return newer credentials; they are committed at once, before anything is asked."""
        connection, refresh = self._known.connection, vendor.refresh
        assert refresh is not None  # noqa: S101 - asked for before
        with self._warehouse() as conn:
            return TokenStore(conn, self._cipher).refresh(
                connection.connection_id, stale, lambda current: refresh(connection, current, wire)
            )

    def _ask(self, credentials: Credentials, vendor: Vendor, wire: Wire) -> PartEnd:
        known = self._known
        if known.connection.timezone is None or known.connection.currency is None:
            known = self._known = self._introduced(credentials, vendor, wire)
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
                return self._sync_platform(cast("AdPlatform", client), scope)
            return self._sync_shop(cast("ShopClient", client), scope)
        finally:
            client.close()

    def _introduced(self, credentials: Credentials, vendor: Vendor, wire: Wire) -> Known:
        """Ask an account that was never asked for its currency and timezone."""
        connection = self._known.connection
        client = vendor.open_client(connection, credentials, wire)
        try:
            account = client.get_account()
        finally:
            client.close()
        require_identity(connection, account)
        require_known(connection.vendor, account)
        with self._warehouse() as conn:
            StateStore(conn).save_account(connection.connection_id, account)
        named = msgspec.structs.replace(
            connection, currency=account.currency, timezone=account.timezone
        )
        return replace(self._known, connection=named)

    def _sync_platform(self, client: AdPlatform, scope: Scope) -> PartEnd:
        seen_at = self._now()
        campaigns = self._read(client.iter_campaigns())
        self._keep(
            Listing(campaigns=campaigns, seen_at=seen_at, known_at=self._known.campaigns_seen_at)
        )
        self.result.add("campaigns", len(campaigns))
        for since, until in _pieces(scope, self._report):
            days = self._read_days(client, since, until)
            self._keep(
                Days(days=days, since=since, until=until, pulled_at=self._now(), complete=True)
            )
            self.result.add("days", len(days))
        if scope.wide:
            self._read_totals(client, scope)
        return PartEnd(result=self.result, at=self._now(), scope=scope)

    def _keep(self, content: Content) -> None:
        self._writer.keep(self.result, Pull(self._known.connection, content))

    def _read_totals(self, client: AdPlatform, scope: Scope) -> None:
        """Keep the account's own totals, which are for a check: without them the figures stand."""
        try:
            totals = self._read(client.iter_account_days(scope.since, scope.until))
        except ReportNeededError as error:
            connection_id = self._known.connection.connection_id
            logger.warning("no totals of account %d: %s", connection_id, error)
            self.result.add("totals_left_out", 1)
            return
        self._keep(Totals(totals))

    def _read_days(self, client: AdPlatform, since: date, until: date) -> list[CampaignDay]:
        ticket = self._report
        if ticket is None or (ticket.since, ticket.until) != (since, until):
            try:
                return self._read(client.iter_days(since, until))
            except ReportNeededError:
                self._report = client.start_report(since, until)
                raise _NotYetError(_NOT_YET) from None
        return self._read_report(client, ticket)

    def _read_report(self, client: AdPlatform, ticket: ReportTicket) -> list[CampaignDay]:
        state = client.check_report(ticket)
        if state is ReportState.READY:
            days = self._read(client.iter_report_days(ticket))
            self._report = None
            return days
        # Of real time, like the client's own look at how young a report is.
        waited = datetime.now(UTC) - ticket.asked_at
        if state is ReportState.FAILED or waited > _REPORT_PATIENCE:
            self._report = None
            message = f"report {ticket.report_id} is {state.value} after {waited}"
            raise TemporaryError(message)
        raise _NotYetError(_NOT_YET)

    def _sync_shop(self, client: ShopClient, scope: Scope) -> PartEnd:
        connection = self._known.connection
        begin, end = scope.instants(connection.timezone or "UTC")
        asked_at = self._now()
        with self._warehouse() as conn:
            unready = StateStore(conn).unready_orders(
                connection.connection_id, asked_at - _UNREADY_FOR
            )
        batches = client.iter_orders(begin, min(end, asked_at))
        again = client.iter_orders_by_id(unready) if unready else iter(())
        for batch in chain(batches, again):
            self._writer.reject(self.result, batch.rejects)
            for part in _parts(batch.records, _ORDERS_A_COMMIT):
                self._store_orders(part, batch.fetched_at)
            if scope.first and batch.changed_before:
                self._note_reached(batch.changed_before - _OVERLAP)
        if scope.wide:
            self._compare_counts(client)
        return PartEnd(
            result=self.result,
            at=self._now(),
            scope=scope,
            orders_until=None if self._params.since else asked_at - _OVERLAP,
        )

    def _note_reached(self, orders_until: datetime) -> None:
        """Note how far a first sync is: cut off, it goes on from there."""
        self._writer.flush()  # what was refused until here is not read again
        with self._warehouse() as conn:
            StateStore(conn).note_orders_until(self._known.connection.connection_id, orders_until)

    def _store_orders(self, orders: Sequence[OrderRecord], fetched_at: datetime) -> None:
        self._flush_archive()
        with self._warehouse() as conn:
            store = OrderStore(conn)
            store.prepare()
            with conn.transaction():
                changes = store.merge(self._known.connection, orders, fetched_at)
        self.result.add("orders", len(orders))
        self.result.add("orders_inserted", changes.inserted)
        self.result.add("orders_updated", changes.updated)

    def _compare_counts(self, client: ShopClient) -> None:
        """Compare how many orders the store and we have of its last complete days."""
        connection = self._known.connection
        zone = connection.timezone or "UTC"
        today = self._now().astimezone(ZoneInfo(zone)).date()
        for back in range(1, COUNTED_DAYS + 1):
            day = today - timedelta(days=back)
            begin, end = Scope(since=day, until=day).instants(zone)
            there = client.count_orders(begin, end)
            if there is not None:
                with self._warehouse() as conn:
                    differ = note_order_count(
                        conn, connection.connection_id, (begin, end), there, day, self._now()
                    )
                self.result.add("days_counted", 1)
                self.result.add("days_miscounted", int(differ))

    def _read(self, batches: Iterable[Batch[T]]) -> list[T]:
        """Read to the end, so that what is stored is complete."""
        records: list[T] = []
        for batch in batches:
            self._writer.reject(self.result, batch.rejects)
            records += batch.records
        return records

    def _failed(self, error: SyncError) -> PartEnd:
        """Decide what becomes of a part that did not get through."""
        result = self.result
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
            case PermanentError() | InvalidRecordError() | ConfigurationError():
                result.outcome = Outcome.FAILED
            case _:
                result.outcome = Outcome.RETRY
        result.error = str(error)
        logger.warning(
            "%s connection %d %s: %s", result.vendor, result.connection_id, result.outcome, error
        )
        return PartEnd(
            result=result,
            at=self._now(),
            not_before=not_before,
            failed=result.outcome not in {Outcome.DEFERRED, Outcome.WAITING},
            report=self._report,
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
