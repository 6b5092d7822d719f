"""TikTok's Business API: reports of 30 days, deleted campaigns on demand, errors in HTTP 200.

Pages are no snapshot: rows may slip to the page before while a report is read. A range is therefore
read as a whole, compared with the total that the vendor tells, and read again if it does not fit.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec

from vendor_sync.ad_analytics.platforms import tiktok_rows
from vendor_sync.ad_analytics.platforms.reading import (
    account_zone,
    chunks,
    first_provisional,
    read_batch,
    split_days,
    vendor_now,
    whole_setting,
)
from vendor_sync.ad_analytics.platforms.tiktok_errors import OK, error_of
from vendor_sync.ad_analytics.platforms.tiktok_rows import CampaignItem, Metrics, ReportItem
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
from vendor_sync.errors import (
    ConfigurationError,
    InvalidRecordError,
    PermanentError,
    TemporaryError,
    VendorError,
)
from vendor_sync.redaction import Redactor
from vendor_sync.rest_client import Answer, Page, RestClient, classify_by_status
from vendor_sync.runs import Reject

HOST = "https://business-api.tiktok.com"
VERSION = "v1.3"
DAYS_PER_CALL = 30
IDS_PER_CALL = 100
ROWS_PER_PAGE = 1_000
# Above this the synchronous report is cut off; tasks are not.
MOST_ROWS = 20_000
# The default of ad accounts; the report takes no window and names none.
WINDOW = "7d_click_1d_view"
_WALKS = 3
_REDACTOR = Redactor({"access_token", "email", "telephone", "cellphone_number", "phonenumber",
                      "contacter", "address", "license_no", "download_url"})  # fmt: skip
REDACTORS = dict.fromkeys(("account", "campaigns", "report", "account_report", "task"), _REDACTOR)

_STATES = {
    "SUCCESS": ReportState.READY,
    "FAILED": ReportState.FAILED,
    "CANCELED": ReportState.FAILED,
}
# Without it the spend of deleted campaigns is missing.
_ALL_STATUSES = {"field_name": "campaign_status", "filter_type": "IN",
                 "filter_value": '["STATUS_ALL"]'}  # fmt: skip
Params = list[tuple[str, str]]
Item = dict[str, Any]


class _PageInfo(msgspec.Struct):
    page: int = 1
    total_page: int = 1
    total_number: int | None = None


class _Content(msgspec.Struct):
    rows: list[msgspec.Raw] | None = msgspec.field(default=None, name="list")
    page_info: _PageInfo | None = None
    task_id: str | int | None = None
    status: str = ""


class _Envelope(msgspec.Struct):
    code: int
    message: str = ""
    data: _Content | None = None


class _Advertiser(msgspec.Struct):
    advertiser_id: str | int
    name: str
    currency: str
    timezone: str


_envelope = msgspec.json.Decoder(_Envelope)
_advertiser = msgspec.json.Decoder(_Advertiser)
_report = msgspec.json.Decoder(ReportItem)
_campaign = msgspec.json.Decoder(CampaignItem)


class TiktokClient:
    """One advertiser."""

    def __init__(self, connection: SourceConnection, rest: RestClient) -> None:
        self._connection = connection
        self._rest = rest
        self._advertiser = connection.external_id
        self._window = connection.settings.get("attribution_window", WINDOW)
        self._rows_per_page = whole_setting(connection, "rows_per_page", ROWS_PER_PAGE)

    def close(self) -> None:
        """Close the HTTP session."""
        self._rest.close()

    def get_account(self) -> AccountRecord:
        """Return name, currency and timezone; no contact data is asked for."""
        params = [
            ("advertiser_ids", json.dumps([self._advertiser])),
            ("fields", json.dumps(["advertiser_id", "name", "currency", "timezone"])),
        ]
        items = self._get("advertiser/info/", params, "account").content.rows or []
        if not items:
            message = f"TikTok does not know advertiser {self._advertiser}."
            raise PermanentError(message)
        try:
            found = _advertiser.decode(items[0])
        except msgspec.MsgspecError as error:
            message = f"TikTok describes advertiser {self._advertiser} otherwise: {error}"
            raise PermanentError(message) from None
        return AccountRecord(
            external_id=str(found.advertiser_id),
            name=found.name,
            currency=found.currency,
            timezone=found.timezone,
        )

    def iter_campaigns(self) -> Iterator[Batch[CampaignRecord]]:
        """Yield all campaigns, deleted ones too."""
        params = [
            ("advertiser_id", self._advertiser),
            ("filtering", json.dumps({"primary_status": "STATUS_ALL"})),
        ]
        for page in self._pages("campaign/get/", params, "campaigns"):
            yield read_batch(
                page,
                page.content.rows or [],
                entity=tiktok_rows.CAMPAIGNS,
                decoder=_campaign,
                build=tiktok_rows.campaign_from_item,
                redactor=_REDACTOR,
            )

    def iter_days(
        self, since: date, until: date, campaign_ids: Sequence[str] = ()
    ) -> Iterator[Batch[CampaignDay]]:
        """Yield campaign-days; a range that is too large is halved down to single days first."""
        for first, last in split_days(since, until, DAYS_PER_CALL):
            for ids in chunks(campaign_ids, IDS_PER_CALL):
                yield from self._days_or_halves(first, last, ids)

    def iter_account_days(self, since: date, until: date) -> Iterator[Batch[AccountDay]]:
        """Yield what the advertiser spent per day."""
        currency = self._currency()
        for first, last in split_days(since, until, DAYS_PER_CALL):
            params = self._selection("AUCTION_ADVERTISER", ["spend"], first, last)
            for page, rows in self._whole("report/integrated/get/", params, "account_report"):
                yield read_batch(
                    page,
                    rows,
                    entity=tiktok_rows.ACCOUNT_DAYS,
                    decoder=_report,
                    build=lambda item: tiktok_rows.account_day_from_item(item, currency),
                    redactor=_REDACTOR,
                )

    def start_report(
        self, since: date, until: date, campaign_ids: Sequence[str] = ()
    ) -> ReportTicket:
        """Create a task. Its figures are hours old, so it suits what is past, not today."""
        body: Item = {
            "advertiser_id": self._advertiser,
            "report_type": "BASIC",
            "service_type": "AUCTION",
            "data_level": "AUCTION_CAMPAIGN",
            "dimensions": ["campaign_id", "stat_time_day"],
            "metrics": list(tiktok_rows.METRICS),
            "start_date": since.isoformat(),
            "end_date": until.isoformat(),
            "output_format": "CSV_STRING",
            # Translated column titles change with the account's language.
            "enable_report_title_translation": False,
        }
        if campaign_ids:
            body["filtering"] = [_id_filter(campaign_ids)]
        page = self._rest.post_page(
            self._path("report/task/create/"), body, entity="task", decode=_decoder("task create")
        )
        if page.content.task_id is None:
            message = "TikTok created a task without an id."
            raise TemporaryError(message)
        return ReportTicket(
            report_id=str(page.content.task_id),
            since=since,
            until=until,
            campaign_ids=tuple(campaign_ids),
            asked_at=page.fetched_at,
        )

    def check_report(self, ticket: ReportTicket) -> ReportState:
        """Return the task's state; QUEUING, PROCESSING and words of tomorrow are RUNNING."""
        page = self._get("report/task/check/", self._task(ticket), "task")
        return _STATES.get(page.content.status, ReportState.RUNNING)

    def iter_report_days(self, ticket: ReportTicket) -> Iterator[Batch[CampaignDay]]:
        """Yield a finished task's rows: CSV text, or a JSON envelope where it went wrong."""
        page = self._rest.get_page(
            self._path("report/task/download/"),
            self._task(ticket),
            entity="report",
            decode=_decode_csv,
        )
        records: list[CampaignDay] = []
        rejects: list[Reject] = []
        build = self._builder(page)
        for cells in page.content:
            try:
                metrics = Metrics(**{name: cells[name] for name in tiktok_rows.METRICS})
                day = tiktok_rows.local_day(cells["stat_time_day"] or "")
                records.append(build(cells["campaign_id"] or "", day, metrics))
            except InvalidRecordError as error:
                rejects.append(
                    Reject(
                        entity=tiktok_rows.DAYS,
                        external_id=error.external_id,
                        reason=error.reason,
                        item=cells,
                        audit_key=page.audit_key,
                    )
                )
        yield Batch(
            records=records, rejects=rejects, audit_key=page.audit_key, fetched_at=page.fetched_at
        )

    def _days_or_halves(
        self, since: date, until: date, ids: Sequence[str]
    ) -> Iterator[Batch[CampaignDay]]:
        metrics = list(tiktok_rows.METRICS)
        params = self._selection("AUCTION_CAMPAIGN", metrics, since, until, ids)
        try:
            pages = self._whole("report/integrated/get/", params, "report")
        except ReportNeededError:
            if since == until:
                raise
            middle = since + (until - since) // 2
            for first, last in ((since, middle), (middle + timedelta(days=1), until)):
                yield from self._days_or_halves(first, last, ids)
            return
        for page, rows in pages:
            yield self._days(page, rows)

    def _days(self, page: Page[_Content], items: list[msgspec.Raw]) -> Batch[CampaignDay]:
        day_of = self._builder(page)

        def build(item: ReportItem) -> CampaignDay:
            day = tiktok_rows.local_day(item.dimensions.stat_time_day)
            return day_of(str(item.dimensions.campaign_id), day, item.metrics)

        return read_batch(
            page, items, entity=tiktok_rows.DAYS, decoder=_report, build=build, redactor=_REDACTOR
        )

    def _builder(self, page: Page[Any]) -> Callable[[str, date, Metrics], CampaignDay]:
        """Return what makes a record of a page's row; what the page says is looked at once."""
        open_from = first_provisional(vendor_now(page), account_zone(self._connection))
        currency = self._currency()

        def build(campaign_id: str, day: date, metrics: Metrics) -> CampaignDay:
            return tiktok_rows.day_from_metrics(
                metrics,
                campaign_id=campaign_id,
                day=day,
                currency=currency,
                window=self._window,
                provisional=day >= open_from,
            )

        return build

    def _whole(
        self, path: str, params: Params, entity: str
    ) -> list[tuple[Page[_Content], list[msgspec.Raw]]]:
        """Return all pages of a report, each with its rows that stood on none before.

        The distinct rows are as many as the report's total, or it is read once more.
        """
        for _ in range(_WALKS):
            seen: set[bytes] = set()
            pages = [
                (page, [item for item in page.content.rows or [] if _unseen(item, seen)])
                for page in self._pages(path, params, entity)
            ]
            info = pages[0][0].content.page_info
            if info is None or info.total_number in {None, len(seen)}:
                return pages
        message = f"{path}: rows moved between the pages in each of {_WALKS} walks."
        raise TemporaryError(message)

    def _pages(self, path: str, params: Params, entity: str) -> Iterator[Page[_Content]]:
        """Yield pages up to `total_page`; without `page_info` there is one."""
        number = 1
        while True:
            paging = [("page", str(number)), ("page_size", str(self._rows_per_page))]
            page = self._get(path, [*params, *paging], entity)
            info = page.content.page_info
            if info and (info.total_number or 0) > MOST_ROWS:
                message = f"{path}: {info.total_number} rows, more than {MOST_ROWS}."
                raise ReportNeededError(message)
            yield page
            if info is None or number >= info.total_page:
                return
            number += 1

    def _get(self, path: str, params: Params, entity: str) -> Page[_Content]:
        return self._rest.get_page(self._path(path), params, entity=entity, decode=_decoder(path))

    def _path(self, path: str) -> str:
        version = self._connection.settings.get("api_version", VERSION)
        return f"/open_api/{version}/{path}"

    def _task(self, ticket: ReportTicket) -> Params:
        return [("advertiser_id", self._advertiser), ("task_id", ticket.report_id)]

    def _currency(self) -> str:
        """Return the account's currency: rows of one advertiser do not carry it."""
        if self._connection.currency is None:
            message = (
                f"TikTok advertiser {self._advertiser}: its currency is not known yet. "
                "Run `verify` on the connection first."
            )
            raise ConfigurationError(message)
        return self._connection.currency

    def _selection(
        self, level: str, metrics: list[str], since: date, until: date, ids: Sequence[str] = ()
    ) -> Params:
        account = level == "AUCTION_ADVERTISER"
        dimension = "advertiser_id" if account else "campaign_id"
        filters = [] if account else [_ALL_STATUSES]
        if ids:
            filters.append(_id_filter(ids))
        params = [
            ("advertiser_id", self._advertiser),
            ("report_type", "BASIC"),
            ("service_type", "AUCTION"),
            ("data_level", level),
            ("dimensions", json.dumps([dimension, "stat_time_day"])),
            ("metrics", json.dumps(metrics)),
            ("start_date", since.isoformat()),
            ("end_date", until.isoformat()),
        ]
        return [*params, ("filtering", json.dumps(filters))] if filters else params


def open_client(connection: SourceConnection, credentials: Credentials, wire: Wire) -> TiktokClient:
    """Return the client of one advertiser; the token has a header of its own here."""
    rest = RestClient(
        vendor="tiktok",
        base_url=connection.settings.get("base_url", HOST),
        headers={"Access-Token": credentials.access_token},
        limiter=wire.limiter,
        classify=classify,
        usage=wire.usage,
        transport=wire.transport,
        archive=wire.archive,
        limits=wire.limits,
    )
    return TiktokClient(connection, rest)


def classify(answer: Answer) -> VendorError:
    """Return the error of an HTTP status, which here means a wrong path or a broken server."""
    return classify_by_status(answer)


def _decoder(asked: str) -> Any:  # noqa: ANN401 - a decoder of envelopes
    def decode(body: bytes) -> _Content:
        envelope = _envelope.decode(body)
        if envelope.code != OK:
            raise error_of(envelope.code, envelope.message, asked)
        return envelope.data or _Content()

    return decode


def _decode_csv(body: bytes) -> list[dict[str, str | None]]:
    """Return the rows by column; an error comes as JSON in the text's place."""
    if body.lstrip()[:1] == b"{":
        envelope = _envelope.decode(body)
        raise error_of(envelope.code, envelope.message, "task download")
    reader = csv.DictReader(body.decode("utf-8-sig").splitlines())
    wanted = {"campaign_id", "stat_time_day", *tiktok_rows.METRICS}
    missing = sorted(wanted - set(reader.fieldnames or ()))
    if missing:
        message = f"the report has no column {missing[0]!r}: were its titles translated?"
        raise PermanentError(message)
    return list(reader)


def _id_filter(ids: Sequence[str]) -> Item:
    # The value of a filter is JSON text within the JSON.
    return {
        "field_name": "campaign_ids",
        "filter_type": "IN",
        "filter_value": json.dumps(list(ids)),
    }


def _place(item: msgspec.Raw) -> bytes:
    """Return what tells rows apart: their dimensions; a row without any stands for itself."""
    try:
        return bytes(_keyed.decode(item).dimensions)
    except msgspec.MsgspecError:
        return bytes(item)


def _unseen(item: msgspec.Raw, seen: set[bytes]) -> bool:
    place = _place(item)
    if place in seen:
        return False
    seen.add(place)
    return True


class _Keyed(msgspec.Struct):
    dimensions: msgspec.Raw


_keyed = msgspec.json.Decoder(_Keyed)
