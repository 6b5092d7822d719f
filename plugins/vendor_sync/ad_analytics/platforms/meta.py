"""Meta's Marketing API: insights at once, as a report where the vendor says it is too much.

Days are the ad account's own. The list of campaigns hides archived and deleted ones unless they are
asked for, and insights still pay for them: rows bring their campaign's id and name along.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from vendor_sync.ad_analytics.platforms import meta_errors, meta_rows
from vendor_sync.ad_analytics.platforms.meta_errors import OBJECT_MISSING, classify
from vendor_sync.ad_analytics.platforms.meta_rows import (
    AccountDayItem,
    CampaignItem,
    InsightItem,
)
from vendor_sync.ad_analytics.platforms.reading import (
    account_zone,
    chunks,
    first_provisional,
    read_batch,
    vendor_now,
    whole_setting,
)
from vendor_sync.ad_analytics.ports import (
    Batch,
    ReportNeededError,
    ReportState,
    ReportTicket,
    Wire,
)
from vendor_sync.ad_analytics.records import (
    AccountDay,
    AccountRecord,
    CampaignDay,
    CampaignRecord,
    Credentials,
    SourceConnection,
)
from vendor_sync.errors import PermanentError, RateLimitedError
from vendor_sync.redaction import Redactor
from vendor_sync.rest_client import Answer, Page, RestClient

HOST = "https://graph.facebook.com"
VERSION = "v26.0"
IDS_PER_CALL = 50
ROWS_PER_PAGE = 500
# The ad sets' own settings decide; this is the platform's default.
WINDOW = "7d_click_1d_view"
# A report that was just asked for may not be found yet.
_RACE = timedelta(minutes=5)
# `next` and `previous` repeat the request's query, a token in it included.
_REDACTOR = Redactor({"access_token", "next", "previous"})
REDACTORS = dict.fromkeys(
    ("account", "campaigns", "insights", "account_insights", "report"), _REDACTOR
)

_STATUSES = ("ACTIVE", "ARCHIVED", "DELETED", "IN_PROCESS", "PAUSED", "WITH_ISSUES")
_STATES = {
    "Job Completed": ReportState.READY,
    "Job Failed": ReportState.FAILED,
    "Job Skipped": ReportState.FAILED,
}
Params = list[tuple[str, str]]


class _Cursors(msgspec.Struct):
    after: str | None = None


class _Paging(msgspec.Struct):
    cursors: _Cursors | None = None
    next: str | None = None


class _List(msgspec.Struct):
    data: list[msgspec.Raw] | None = None
    paging: _Paging | None = None
    error: dict[str, Any] | None = None


class _Account(msgspec.Struct):
    account_id: str
    name: str
    currency: str
    timezone_name: str


class _Asked(msgspec.Struct):
    report_run_id: str | int


class _Report(msgspec.Struct):
    async_status: str = ""


_list = msgspec.json.Decoder(_List)
_insight = msgspec.json.Decoder(InsightItem)
_account_day = msgspec.json.Decoder(AccountDayItem)
_campaign = msgspec.json.Decoder(CampaignItem)


class MetaClient:
    """One ad account."""

    def __init__(self, connection: SourceConnection, rest: RestClient, proof: str | None) -> None:
        self._connection = connection
        self._rest = rest
        self._proof: Params = [("appsecret_proof", proof)] if proof else []
        self._path = f"/act_{connection.external_id}"
        self._window = connection.settings.get("attribution_window", WINDOW)
        self._rows_per_page = whole_setting(connection, "rows_per_page", ROWS_PER_PAGE)
        self._ids_per_call = whole_setting(connection, "ids_per_call", IDS_PER_CALL)

    def close(self) -> None:
        """Close the HTTP session."""
        self._rest.close()

    def get_account(self) -> AccountRecord:
        """Return name, currency and timezone."""
        params = [("fields", "account_id,name,currency,timezone_name"), *self._proof]
        page = self._rest.get_page(self._path, params, entity="account", decode=_strictly(_Account))
        account = page.content
        return AccountRecord(
            external_id=account.account_id,
            name=account.name,
            currency=account.currency,
            timezone=account.timezone_name,
        )

    def iter_campaigns(self) -> Iterator[Batch[CampaignRecord]]:
        """Yield all campaigns, archived and deleted ones too."""
        params = [
            ("fields", meta_rows.CAMPAIGN_FIELDS),
            ("effective_status", json.dumps(_STATUSES)),
        ]
        for page in self._walk(f"{self._path}/campaigns", params, "campaigns"):
            yield read_batch(
                page,
                page.content.data or [],
                entity=meta_rows.CAMPAIGNS,
                decoder=_campaign,
                build=meta_rows.campaign_from_item,
                redactor=_REDACTOR,
            )

    def iter_days(
        self, since: date, until: date, campaign_ids: Sequence[str] = ()
    ) -> Iterator[Batch[CampaignDay]]:
        """Yield campaign-days; ReportNeededError comes before the first batch or not at all."""
        started = False
        for ids in chunks(campaign_ids, self._ids_per_call):
            for batch in self._days_or_halves(since, until, ids, may_need_report=not started):
                started = True
                yield batch

    def iter_account_days(self, since: date, until: date) -> Iterator[Batch[AccountDay]]:
        """Yield what the account spent per day."""
        params = _selection("account", meta_rows.ACCOUNT_FIELDS, since, until, ())
        for page in self._walk(f"{self._path}/insights", params, "account_insights"):
            yield read_batch(
                page,
                page.content.data or [],
                entity=meta_rows.ACCOUNT_DAYS,
                decoder=_account_day,
                build=meta_rows.account_day_from_insight,
                redactor=_REDACTOR,
            )

    def start_report(
        self, since: date, until: date, campaign_ids: Sequence[str] = ()
    ) -> ReportTicket:
        """Ask for a report run; asking twice costs the vendor some work and nothing else."""
        selection = _selection("campaign", meta_rows.INSIGHT_FIELDS, since, until, campaign_ids)
        # In the body: a long list of ids does not fit into a URL.
        page = self._rest.post_page(
            f"{self._path}/insights",
            dict([*selection, *self._proof]),
            entity="report",
            decode=_strictly(_Asked),
        )
        return ReportTicket(
            report_id=str(page.content.report_run_id),
            since=since,
            until=until,
            campaign_ids=tuple(campaign_ids),
            asked_at=page.fetched_at,
        )

    def check_report(self, ticket: ReportTicket) -> ReportState:
        """Return the state. The percentage says nothing: it is 100 while the run goes on."""
        try:
            page = self._rest.get_page(
                f"/{ticket.report_id}", self._proof, entity="report", decode=_strictly(_Report)
            )
        except PermanentError as error:
            young = datetime.now(UTC) - ticket.asked_at < _RACE
            if error.code != OBJECT_MISSING:
                raise
            return ReportState.RUNNING if young else ReportState.FAILED
        return _STATES.get(page.content.async_status, ReportState.RUNNING)

    def iter_report_days(self, ticket: ReportTicket) -> Iterator[Batch[CampaignDay]]:
        """Yield the rows of a completed run."""
        for page in self._walk(f"/{ticket.report_id}/insights", [], "insights"):
            yield self._days(page)

    def _days_or_halves(
        self, since: date, until: date, ids: Sequence[str], *, may_need_report: bool
    ) -> Iterator[Batch[CampaignDay]]:
        """Yield a selection; once something was yielded, halve the days instead of giving up."""
        params = _selection("campaign", meta_rows.INSIGHT_FIELDS, since, until, ids)
        pages = self._walk(f"{self._path}/insights", params, "insights")
        try:
            first = next(pages)
        except ReportNeededError:
            if may_need_report or since == until:
                raise
            middle = since + (until - since) // 2
            for start, end in ((since, middle), (middle + timedelta(days=1), until)):
                yield from self._days_or_halves(start, end, ids, may_need_report=False)
            return
        yield self._days(first)
        for page in pages:
            yield self._days(page)

    def _days(self, page: Page[_List]) -> Batch[CampaignDay]:
        open_from = first_provisional(vendor_now(page), account_zone(self._connection))

        def build(item: InsightItem) -> CampaignDay:
            provisional = item.date_start >= open_from
            return meta_rows.day_from_insight(item, window=self._window, provisional=provisional)

        return read_batch(
            page,
            page.content.data or [],
            entity=meta_rows.DAYS,
            decoder=_insight,
            build=build,
            redactor=_REDACTOR,
        )

    def _walk(self, path: str, params: Params, entity: str) -> Iterator[Page[_List]]:
        """Yield pages while `paging.next` is there.

        `cursors.after` stands on the last page too, and `next` may hold the token: the request is
        made anew with `after`.
        """
        after: str | None = None
        while True:
            query = [*params, ("limit", str(self._rows_per_page)), *self._proof]
            if after is not None:
                query.append(("after", after))
            page = self._rest.get_page(path, query, entity=entity, decode=_decode_list)
            yield page
            paging = page.content.paging
            if paging is None or not paging.next:
                return
            following = paging.cursors.after if paging.cursors else None
            if following is None or following == after:
                message = f"{path}: the page has a next one, but no new cursor to it."
                raise PermanentError(message)
            self._keep_away(page.headers)
            after = following

    def _keep_away(self, headers: Mapping[str, str]) -> None:
        """Stop before the vendor stops us, if it says until when."""
        wait = meta_errors.regain_after(headers)
        if wait and meta_errors.highest_usage(headers) >= meta_errors.PAUSE_PERCENT:
            message = f"{self._path}: the account's limit is used up, says the vendor."
            raise RateLimitedError(message, retry_at=datetime.now(UTC) + wait)


def open_client(connection: SourceConnection, credentials: Credentials, wire: Wire) -> MetaClient:
    """Return the client of one ad account; the token travels in a header, never in a URL."""
    host = connection.settings.get("base_url", HOST).rstrip("/")
    version = connection.settings.get("api_version", VERSION)
    rest = RestClient(
        vendor="meta",
        base_url=f"{host}/{version}",
        headers={"Authorization": f"Bearer {credentials.access_token}"},
        limiter=wire.limiter,
        classify=classify,
        usage=wire.usage,
        transport=wire.transport,
        archive=wire.archive,
        limits=wire.limits,
    )
    return MetaClient(connection, rest, _proof(credentials))


def _proof(credentials: Credentials) -> str | None:
    """Return the proof that apps may demand: the token, signed with the app's secret."""
    secret = credentials.extra.get("app_secret")
    if not secret:
        return None
    return hmac.new(secret.encode(), credentials.access_token.encode(), hashlib.sha256).hexdigest()


def _selection(level: str, fields: str, since: date, until: date, ids: Sequence[str]) -> Params:
    params = [
        ("level", level),
        ("time_increment", "1"),
        ("time_range", json.dumps({"since": since.isoformat(), "until": until.isoformat()})),
        ("fields", fields),
    ]
    if ids:
        rule = {"field": "campaign.id", "operator": "IN", "value": list(ids)}
        params.append(("filtering", json.dumps([rule])))
    return params


def _decode_list(body: bytes) -> _List:
    page = _list.decode(body)
    if page.error is not None:
        raise classify(Answer(200, {}, body, "a list"))
    if page.data is None:
        message = "there is no 'data' in it"
        raise ValueError(message)
    return page


def _strictly(kind: type[Any]) -> Any:  # noqa: ANN401 - a decoder of the kind
    return msgspec.json.Decoder(kind).decode
