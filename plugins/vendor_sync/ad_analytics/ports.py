"""What the flow asks of an ad platform's and of a shop's client; each vendor's module answers it.

A client is made for one connection with the credentials of that moment, and holds no state beside
its HTTP session. It raises errors of `vendor_sync.errors`: TokenExpiredError where a refresh heals
(the flow refreshes once and makes a new client), AuthenticationError where only a person can,
RateLimitedError with the instant. It refuses single records by putting them into a batch's
`rejects`; a partial answer (HTTP 200 with an error inside) is an error, never an empty batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

import msgspec
from requests.adapters import HTTPAdapter

from vendor_sync.ad_analytics.records import (
    AccountDay,
    AccountRecord,
    CampaignDay,
    CampaignRecord,
    Credentials,
    OrderRecord,
    SourceConnection,
)
from vendor_sync.errors import PermanentError
from vendor_sync.rate_limit import RateLimiter
from vendor_sync.rest_client import Archive, HttpLimits, Usage
from vendor_sync.runs import Reject

T_co = TypeVar("T_co", covariant=True)


class ReportNeededError(PermanentError):
    """The range is too much for a synchronous answer: ask for a report (`start_report`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """What a client needs to talk beside its credentials.

    `archive` takes pages before they are parsed, redacted by the vendor module's `REDACTORS`
    ({entity: Redactor}). `transport` is what the connections of a shard send over.
    """

    limiter: RateLimiter
    usage: Usage
    archive: Archive | None = None
    limits: HttpLimits | None = None
    transport: HTTPAdapter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch(Generic[T_co]):
    """One response page: the valid records, those refused, and where its bytes are archived.

    `changed_before` set: what changed in the range before this instant was in the batches so far.
    """

    records: Sequence[T_co]
    rejects: Sequence[Reject]
    audit_key: str | None
    fetched_at: datetime
    changed_before: datetime | None = None


class ReportState(StrEnum):
    """How far an asked-for report is; an unknown word of the vendor is RUNNING."""

    RUNNING = "running"
    READY = "ready"
    # Failed, skipped or expired at the vendor: ask anew, for a smaller range where possible.
    FAILED = "failed"


class ReportTicket(msgspec.Struct, frozen=True, kw_only=True):
    """An asked-for report, resumable by any process: kept as JSON in `sync_state`.

    `place` is what the vendor's client needs to find it again beside the id.
    """

    report_id: str
    since: date
    until: date
    campaign_ids: tuple[str, ...]
    asked_at: datetime
    place: Mapping[str, str] = {}


class AdPlatform(Protocol):
    """One ad account. Days are the account's own; `since` and `until` are both inclusive."""

    def get_account(self) -> AccountRecord:
        """Return currency and timezone; raise AuthenticationError if the token may not read it."""
        ...

    def iter_campaigns(self) -> Iterator[Batch[CampaignRecord]]:
        """Yield all campaigns, paused, archived and deleted ones too where the vendor can."""
        ...

    def iter_days(
        self, since: date, until: date, campaign_ids: Sequence[str] = ()
    ) -> Iterator[Batch[CampaignDay]]:
        """Yield every campaign-day with delivery; no ids means all campaigns.

        Splits the range and the ids to the vendor's limits by itself. Raises ReportNeededError,
        before the first batch, where the vendor says (or its documented limits say) that it is too
        much. A caller may take the batches as complete only when the iterator ends.
        """
        ...

    def iter_account_days(self, since: date, until: date) -> Iterator[Batch[AccountDay]]:
        """Yield the account's own total per day, for the check against the campaigns' sum."""
        ...

    def start_report(
        self, since: date, until: date, campaign_ids: Sequence[str] = ()
    ) -> ReportTicket:
        """Ask for the range as a report. Platforms without reports never raise ReportNeeded."""
        ...

    def check_report(self, ticket: ReportTicket) -> ReportState:
        """Return how far the report is: one call, no waiting."""
        ...

    def iter_report_days(self, ticket: ReportTicket) -> Iterator[Batch[CampaignDay]]:
        """Yield a READY report's campaign-days."""
        ...

    def close(self) -> None:
        """Close the HTTP session."""
        ...


class ShopClient(Protocol):
    """One store. Instants are UTC; `since <= t < until`, padded by the client where needed."""

    def get_account(self) -> AccountRecord:
        """Return currency and timezone; raise AuthenticationError if the key may not read it."""
        ...

    def iter_orders(self, since: datetime, until: datetime) -> Iterator[Batch[OrderRecord]]:
        """Yield every order created or updated in the range; one may come twice.

        A walk by change says how far it is (`changed_before`), so that it need not begin again.
        """
        ...

    def iter_orders_by_id(self, external_ids: Sequence[str]) -> Iterator[Batch[OrderRecord]]:
        """Yield single orders again: those whose touches were not ready."""
        ...

    def count_orders(self, since: datetime, until: datetime) -> int | None:
        """Return how many orders were *created* in the range; None where the vendor cannot say.

        Counts what `iter_orders` would yield, whatever the state (the check compares per day).
        """
        ...

    def close(self) -> None:
        """Close the HTTP session."""
        ...


class Opens(Protocol):
    """How a vendor's module makes its client: `open_client` in each platform and shop module."""

    def __call__(
        self, connection: SourceConnection, credentials: Credentials, wire: Wire
    ) -> AdPlatform | ShopClient:
        """Return a client; makes no call yet."""
        ...


class Refreshes(Protocol):
    """How a vendor's module renews a token: `refresh_credentials` in each module that can."""

    def __call__(
        self, connection: SourceConnection, credentials: Credentials, wire: Wire
    ) -> Credentials:
        """Return the new credentials; raise AuthenticationError if only a person can renew them."""
        ...
