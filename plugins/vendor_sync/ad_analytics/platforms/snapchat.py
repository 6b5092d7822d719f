"""Snapchat's Ads API: one account a call, broken down by campaign, in days of the account.

Both bounds of a range are midnights of the account's timezone, made apart from each other since a
day may have 23 or 25 hours. The windows and sources of conversions are always sent: left out, the
account's own settings would decide silently. There is no report to be asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import NoReturn
from urllib.parse import parse_qsl, urlsplit

import msgspec

from vendor_sync.ad_analytics.platforms import snapchat_rows
from vendor_sync.ad_analytics.platforms.reading import (
    account_zone,
    first_provisional,
    read_batch,
    split_days,
    vendor_now,
    whole_setting,
)
from vendor_sync.ad_analytics.platforms.snapchat_rows import CampaignItem, Point
from vendor_sync.ad_analytics.ports import Batch, ReportState, ReportTicket, Wire
from vendor_sync.ad_analytics.records import (
    AccountDay,
    AccountRecord,
    CampaignDay,
    CampaignRecord,
    Credentials,
    SourceConnection,
    token_end,
)
from vendor_sync.errors import (
    AuthenticationError,
    ConfigurationError,
    PermanentError,
    TemporaryError,
    TokenExpiredError,
    VendorError,
)
from vendor_sync.redaction import Redactor
from vendor_sync.rest_client import Answer, Page, RestClient, classify_by_status

HOST, LOGIN_HOST = "https://adsapi.snapchat.com", "https://accounts.snapchat.com"
# 31 are allowed but around the 25-hour day; 30 always are, and are the daily pull.
DAYS_PER_CALL = 30
SERIES_PER_PAGE = 200
ROWS_PER_PAGE = 500
WINDOW = "7d_click_1d_view"
_EARLY_SECONDS = 60
_DEFAULT_LIFE = 1_800
_REDACTOR = Redactor({"access_token", "refresh_token", "email", "display_name"})
REDACTORS = dict.fromkeys(("account", "campaigns", "stats", "account_stats"), _REDACTOR)

_WINDOW = re.compile(r"(\d+)([dh])_click(?:_(\d+)([dh])_view)?")
_UNITS = {"d": "DAY", "h": "HOUR"}
_SHOWN = 200
_UNAUTHORIZED = 401
_LOGIN_PATH = "/login/oauth2/access_token"
Params = list[tuple[str, str]]


class _Paging(msgspec.Struct):
    next_link: str | None = None


class _Series(msgspec.Struct):
    id: str = ""
    timeseries: list[msgspec.Raw] = []


class _Breakdown(msgspec.Struct):
    campaign: list[_Series] = []


class _Stat(msgspec.Struct):
    finalized_data_end_time: str | None = None
    swipe_up_attribution_window: str = ""
    view_attribution_window: str = ""
    timeseries: list[msgspec.Raw] = []
    breakdown_stats: _Breakdown | None = None


class _Account(msgspec.Struct):
    id: str
    name: str
    currency: str
    timezone: str


class _Item(msgspec.Struct):
    sub_request_status: str = ""
    sub_request_error_reason: str = ""
    timeseries_stat: _Stat | None = None
    campaign: msgspec.Raw = msgspec.Raw(b"null")
    adaccount: _Account | None = None


class _Answer(msgspec.Struct):
    request_status: str = ""
    paging: _Paging | None = None
    timeseries_stats: list[_Item] = []
    campaigns: list[_Item] = []
    adaccounts: list[_Item] = []
    error_code: str = ""
    debug_message: str = ""
    msg: str = ""


class _Token(msgspec.Struct):
    access_token: str
    expires_in: float = _DEFAULT_LIFE
    refresh_token: str | None = None


class _LoginError(msgspec.Struct):
    error: str = ""
    error_description: str = ""


_answer = msgspec.json.Decoder(_Answer)
_point = msgspec.json.Decoder(Point)
_campaign = msgspec.json.Decoder(CampaignItem)


class SnapchatClient:
    """One ad account."""

    def __init__(self, connection: SourceConnection, rest: RestClient, base_url: str) -> None:
        self._connection = connection
        self._rest = rest
        self._base = urlsplit(base_url)
        self._path = f"/v1/adaccounts/{connection.external_id}"
        self._windows = _asked_windows(connection)
        self._series = whole_setting(connection, "series_per_page", SERIES_PER_PAGE)
        self._rows_per_page = whole_setting(connection, "rows_per_page", ROWS_PER_PAGE)

    def close(self) -> None:
        """Close the HTTP session."""
        self._rest.close()

    def get_account(self) -> AccountRecord:
        """Return name, currency and timezone; even one account comes as a list."""
        for page in self._walk(self._path, [], "account"):
            for item in page.content.adaccounts:
                _require_success(item)
                if item.adaccount:
                    found = item.adaccount
                    return AccountRecord(
                        external_id=found.id,
                        name=found.name,
                        currency=found.currency,
                        timezone=found.timezone,
                    )
        message = f"Snapchat answered without ad account {self._connection.external_id}."
        raise PermanentError(message)

    def iter_campaigns(self) -> Iterator[Batch[CampaignRecord]]:
        """Yield the campaigns; deleted ones are not listed, their statistics go on."""
        params = [("limit", str(self._rows_per_page))]
        for page in self._walk(f"{self._path}/campaigns", params, "campaigns"):
            for item in page.content.campaigns:
                _require_success(item)
            yield read_batch(
                page,
                [item.campaign for item in page.content.campaigns],
                entity=snapchat_rows.CAMPAIGNS,
                decoder=_campaign,
                build=snapchat_rows.campaign_from_item,
                redactor=_REDACTOR,
            )

    def iter_days(
        self, since: date, until: date, campaign_ids: Sequence[str] = ()
    ) -> Iterator[Batch[CampaignDay]]:
        """Yield campaign-days; the vendor takes no list of ids, so the others are dropped here."""
        wanted = frozenset(campaign_ids)
        for first, last in split_days(since, until, DAYS_PER_CALL):
            params = [*self._span(first, last, snapchat_rows.FIELDS), ("breakdown", "campaign")]
            params.append(("limit", str(self._series)))
            for page in self._walk(f"{self._path}/stats", params, "stats"):
                stats = [_stat_of(item) for item in page.content.timeseries_stats]
                parts = [
                    self._days(page, stat, series)
                    for stat in stats
                    for series in _series_of(stat)
                    if not wanted or series.id in wanted
                ]
                yield Batch(
                    records=[record for part in parts for record in part.records],
                    rejects=[reject for part in parts for reject in part.rejects],
                    audit_key=page.audit_key,
                    fetched_at=page.fetched_at,
                )

    def iter_account_days(self, since: date, until: date) -> Iterator[Batch[AccountDay]]:
        """Yield what the account spent per day: the only figure of an account as a whole."""
        currency = self._currency()
        for first, last in split_days(since, until, DAYS_PER_CALL):
            params = self._span(first, last, ("spend",))
            for page in self._walk(f"{self._path}/stats", params, "account_stats"):
                for item in page.content.timeseries_stats:
                    yield read_batch(
                        page,
                        _stat_of(item).timeseries,
                        entity=snapchat_rows.ACCOUNT_DAYS,
                        decoder=_point,
                        build=lambda point: snapchat_rows.account_day_from_point(point, currency),
                        redactor=_REDACTOR,
                    )

    def start_report(
        self, since: date, until: date, campaign_ids: Sequence[str] = ()
    ) -> ReportTicket:
        """Refuse: campaign days are never too much here, and no report is asked for."""
        del since, until, campaign_ids
        _no_reports()

    def check_report(self, ticket: ReportTicket) -> ReportState:
        """Refuse: there are no reports."""
        del ticket
        _no_reports()

    def iter_report_days(self, ticket: ReportTicket) -> Iterator[Batch[CampaignDay]]:
        """Refuse: there are no reports."""
        del ticket
        _no_reports()

    def _days(self, page: Page[_Answer], stat: _Stat, series: _Series) -> Batch[CampaignDay]:
        """Return the days of one campaign; one may go on on the next page."""
        open_from = first_provisional(vendor_now(page), account_zone(self._connection))
        final = stat.finalized_data_end_time
        final_at = snapchat_rows.instant(final) if final else None
        window = snapchat_rows.window_words(
            stat.swipe_up_attribution_window, stat.view_attribution_window
        )
        currency = self._currency()

        def build(point: Point) -> CampaignDay | None:
            if point.stats.empty:
                return None
            recent = snapchat_rows.local_day(point.start_time) >= open_from
            return snapchat_rows.day_from_point(
                point,
                campaign_id=series.id,
                currency=currency,
                window=window,
                provisional=recent
                or (final_at is not None and snapchat_rows.instant(point.end_time) > final_at),
            )

        return read_batch(
            page,
            series.timeseries,
            entity=snapchat_rows.DAYS,
            decoder=_point,
            build=build,
            redactor=_REDACTOR,
        )

    def _span(self, first: date, last: date, fields: Sequence[str]) -> Params:
        zone = account_zone(self._connection)
        # The end is exclusive; adding 24 hours to the start would miss midnight twice a year.
        bounds = [datetime.combine(day, time(), zone) for day in (first, last + timedelta(days=1))]
        swipe, view = self._windows
        return [
            ("granularity", "DAY"),
            ("start_time", bounds[0].isoformat(timespec="milliseconds")),
            ("end_time", bounds[1].isoformat(timespec="milliseconds")),
            ("fields", ",".join(fields)),
            ("swipe_up_attribution_window", swipe),
            ("view_attribution_window", view),
            ("action_report_time", "conversion"),
            ("conversion_source_types", "total"),
            ("omit_empty", "false"),
        ]

    def _walk(self, path: str, params: Params, entity: str) -> Iterator[Page[_Answer]]:
        """Yield pages while there is a link to the next one, on the same host."""
        while True:
            page = self._rest.get_page(path, params, entity=entity, decode=_decode)
            yield page
            link = page.content.paging.next_link if page.content.paging else None
            if not link:
                return
            following = self._followed(link)
            if following == (path, params):
                message = f"Snapchat: the page of {path} links to itself."
                raise PermanentError(message)
            path, params = following

    def _followed(self, link: str) -> tuple[str, Params]:
        """Return path and parameters of a link; the token must not follow one to elsewhere."""
        parts = urlsplit(link)
        if parts.netloc != self._base.netloc:
            message = f"Snapchat: the next page is on another host ({parts.netloc})."
            raise PermanentError(message)
        return parts.path.removeprefix(self._base.path.rstrip("/")), parse_qsl(parts.query)

    def _currency(self) -> str:
        """Return the account's currency: statistics do not carry one."""
        if self._connection.currency is None:
            message = (
                f"Snapchat account {self._connection.external_id}: its currency is not known yet. "
                "Run `verify` on the connection first."
            )
            raise ConfigurationError(message)
        return self._connection.currency


def open_client(
    connection: SourceConnection, credentials: Credentials, wire: Wire
) -> SnapchatClient:
    """Return the client of one ad account."""
    base_url = connection.settings.get("base_url", HOST)
    rest = RestClient(
        vendor="snapchat",
        base_url=base_url,
        headers={"Authorization": f"Bearer {credentials.access_token}"},
        limiter=wire.limiter,
        classify=classify,
        usage=wire.usage,
        transport=wire.transport,
        archive=wire.archive,
        limits=wire.limits,
    )
    return SnapchatClient(connection, rest, base_url)


def refresh_credentials(
    connection: SourceConnection, credentials: Credentials, wire: Wire
) -> Credentials:
    """Return a fresh access token; the caller holds the connection's lock.

    The life of a token is what the answer says (1,800 and 3,600 s have been seen), less a minute.
    """
    missing = [name for name in ("client_id", "client_secret") if name not in credentials.extra]
    if missing or not credentials.refresh_token:
        what = missing[0] if missing else "refresh token"
        message = f"Snapchat account {connection.external_id} has no {what}: link it again."
        raise AuthenticationError(message)
    rest = RestClient(
        vendor="snapchat",
        base_url=connection.settings.get("login_url", LOGIN_HOST),
        headers={},
        limiter=wire.limiter,
        classify=_classify_login,
        usage=wire.usage,
        limits=wire.limits,
    )
    form = {
        "grant_type": "refresh_token",
        "refresh_token": credentials.refresh_token,
        "client_id": credentials.extra["client_id"],
        "client_secret": credentials.extra["client_secret"],
    }
    try:
        token = msgspec.json.decode(rest.post_form_once(_LOGIN_PATH, form), type=_Token)
    except msgspec.MsgspecError:
        # What could not be read may hold a token: it is not quoted.
        message = "Snapchat's login answered something that is no token."
        raise TemporaryError(message) from None
    finally:
        rest.close()
    return Credentials(
        access_token=token.access_token,
        refresh_token=token.refresh_token or credentials.refresh_token,
        expires_at=token_end(life=token.expires_in - _EARLY_SECONDS),
        extra=credentials.extra,
    )


def classify(answer: Answer) -> VendorError:
    """Return the error of an answer: by status, with whatever of the body explains it."""
    try:
        body = _answer.decode(answer.body)
        code, text = body.error_code or None, body.debug_message or body.msg
    except msgspec.MsgspecError:
        code, text = None, ""
    if answer.status == _UNAUTHORIZED:
        message = f"{answer.request} answered 401: {text[:_SHOWN]}"
        return TokenExpiredError(message, status=answer.status, code=code)
    return classify_by_status(answer, code=code, text=text[:_SHOWN])


def _classify_login(answer: Answer) -> VendorError:
    """Return the error of a refused refresh; its answers have a form of their own."""
    try:
        error = msgspec.json.decode(answer.body, type=_LoginError).error
    except msgspec.MsgspecError:
        error = ""
    refused = {"invalid_grant", "invalid_client", "unauthorized_client", "invalid_request"}
    if error in refused:
        message = f"Snapchat does not renew the token ({error}): link the account again."
        return AuthenticationError(message, status=answer.status, code=error)
    return classify_by_status(answer, code=error or None)


def _decode(body: bytes) -> _Answer:
    answer = _answer.decode(body)
    if answer.request_status.upper() != "SUCCESS":
        raise _within_success(answer)
    return answer


def _within_success(answer: _Answer) -> VendorError:
    message = f"an error with HTTP 200: {answer.error_code} {answer.debug_message or answer.msg}"
    return PermanentError(message[:_SHOWN], status=200, code=answer.error_code or None)


def _require_success(item: _Item) -> None:
    """Raise where one item of a success is an error: it must not look like zero."""
    if item.sub_request_status.upper() != "SUCCESS":
        message = f"Snapchat failed on a part of the answer: {item.sub_request_error_reason}"
        raise TemporaryError(message[:_SHOWN], status=200)


def _stat_of(item: _Item) -> _Stat:
    _require_success(item)
    if item.timeseries_stat is None:
        message = "Snapchat answered a statistic without its series."
        raise TemporaryError(message, status=200)
    return item.timeseries_stat


def _series_of(stat: _Stat) -> list[_Series]:
    """Return the campaigns' series: with a breakdown they are not on the outer level."""
    return stat.breakdown_stats.campaign if stat.breakdown_stats else []


def _asked_windows(connection: SourceConnection) -> tuple[str, str]:
    """Return the two windows that are sent, from `7d_click_1d_view`."""
    text = connection.settings.get("attribution_window", WINDOW)
    match = _WINDOW.fullmatch(text)
    if match is None:
        message = (
            f"Snapchat account {connection.external_id}: setting 'attribution_window' is like "
            f"'7d_click_1d_view' or '28d_click', it is {text!r}."
        )
        raise ConfigurationError(message)
    view = f"{match[3]}_{_UNITS[match[4]]}" if match[3] else "none"
    return f"{match[1]}_{_UNITS[match[2]]}", view


def _no_reports() -> NoReturn:
    message = "Snapchat has no reports that are needed: campaign days fit into single calls."
    raise PermanentError(message)
