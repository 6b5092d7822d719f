"""Paths, tokens, versions, pages and the headers that tell how much is left."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from sandbox.vendors.ad_world.places import Account, Campaign
from sandbox.vendors.ad_world.routes import AdWorld
from sandbox.vendors.ad_world.vendor import WorldVendor
from sandbox.vendors.meta import errors, insights
from sandbox.vendors.meta.errors import GraphError, RefusedError, bad_parameter
from sandbox.vendors.meta.insights import Query
from sandbox.vendors.meta.jobs import Jobs
from sandbox.vendors.wire import Call, ControlError, Reply

NEWEST, OLDEST = 26, 24
_DEFAULT_PAGE = 25
_PUBLIC = "https://graph.facebook.com"
_LISTED = {"ACTIVE", "PAUSED", "IN_PROCESS", "WITH_ISSUES"}
_STATUSES = _LISTED | {"ARCHIVED", "DELETED"}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`sync_days` campaign-days are answered at once, more needs a report; `most_rows` a page.

    `early_polls` find no report yet, `regain_minutes` and `usage_percent` are what headers say.
    """

    sync_days: int = 3_000
    most_rows: int = 5_000
    early_polls: int = 1
    regain_minutes: int = 0
    usage_percent: int = 3


class Meta(WorldVendor):
    """Answers reads; the token may come in a header or in the query."""

    name = "meta"
    caches = True

    def __init__(self, keys: Mapping[str, str], ad_world: AdWorld) -> None:
        super().__init__(keys, ad_world)
        self._settings = Settings()
        self._jobs = Jobs()
        self._walked: tuple[object, list[dict[str, Any]]] = (None, [])

    def reset(self, seed: int, settings: Mapping[str, Any]) -> None:
        super().reset(seed, settings)
        try:
            self._settings = Settings(**settings)
        except TypeError as error:
            raise ControlError(str(error)) from error
        self._jobs = Jobs()
        self._walked = (None, [])

    def changes(self) -> Mapping[str, Callable[..., Any]]:
        return {
            **super().changes(),
            "fail_reports": self._jobs.fail_next,
            "set_usage": self._set_usage,
        }

    def answer(self, call: Call) -> Reply:
        try:
            version, *parts = self._authorised(call)
            item = self._route(call, version, parts)
        except RefusedError as refusal:
            return self._error(refusal.error)
        reply = self.reply(200, item, self._headers(version, parts))
        # A poll brings its report on, so no answer about one is kept.
        return self.keep(call, reply) if parts and parts[0] not in self._jobs.made else reply

    def too_many(self, style: str) -> Reply:
        del style
        usage = self._usage("0", 100, self._settings.regain_minutes)
        return self._error(errors.THROTTLED, usage)

    def token_expired(self, call: Call) -> Reply:
        del call
        return self._error(errors.EXPIRED)

    def _set_usage(self, percent: int, regain_minutes: int = 0) -> dict[str, Any]:
        self._settings = Settings(
            **{
                **self._settings.__dict__,
                "usage_percent": percent,
                "regain_minutes": regain_minutes,
            }
        )
        self.forget()
        return {"usage_percent": percent}

    def _authorised(self, call: Call) -> list[str]:
        """Return the version that is served and the rest of the path."""
        version, *parts = call.path.strip("/").split("/")
        number = version.removeprefix("v").removesuffix(".0")
        if not number.isdigit() or not 1 <= int(number) <= NEWEST or not parts:
            raise RefusedError(errors.UNKNOWN_PATH)
        given = call.headers.get("Authorization", "").removeprefix("Bearer ")
        token = given or _parameters(call).get("access_token", "")
        if parts == ["oauth", "access_token"]:
            token = self.token
        if not token:
            raise RefusedError(errors.NO_TOKEN)
        if not self.calls_with(token):
            raise RefusedError(errors.BAD_TOKEN)
        # An ended version is served by the oldest live one, without a word.
        return [f"v{max(OLDEST, int(number))}.0", *parts]

    def _route(self, call: Call, version: str, parts: list[str]) -> dict[str, Any]:
        given = _parameters(call)
        first, rest = parts[0], parts[1:]
        if first == "me":
            return self._me(call, version, rest, given)
        if first.startswith("act_"):
            return self._of_account(call, version, self._account(first[4:]), rest, given)
        if parts == ["oauth", "access_token"]:
            return {"access_token": self.token, "token_type": "bearer", "expires_in": 5_183_944}
        if first in self.world.campaigns_by_id and not rest:
            return self._campaign(self.world.campaigns_by_id[first], given)
        if rest == ["insights"]:
            made = self._rows(self._jobs.result(first))
            return self._page(call, version, parts, made, given)
        if not rest:
            return self._jobs.find(first).poll()
        raise RefusedError(errors.UNKNOWN_PATH)

    def _me(
        self, call: Call, version: str, rest: list[str], given: Mapping[str, str]
    ) -> dict[str, Any]:
        if not rest:
            return {"id": "1000", "name": "sandbox"}
        if rest != ["adaccounts"]:
            raise RefusedError(errors.UNKNOWN_PATH)
        shown = [self._shown(account, given) for account in self.accounts()]
        return self._page(call, version, ["me", *rest], shown, given)

    def _of_account(
        self, call: Call, version: str, account: Account, rest: list[str], given: Mapping[str, str]
    ) -> dict[str, Any]:
        path = [f"act_{account.account_id}", *rest]
        if not rest:
            return self._shown(account, given)
        if rest == ["campaigns"]:
            return self._page(call, version, path, self._campaigns(account, given), given)
        if rest != ["insights"]:
            raise RefusedError(errors.UNKNOWN_PATH)
        query = insights.parse(self.world, account, given)
        if call.method == "POST":
            return {"report_run_id": self._jobs.start(query, early=self._settings.early_polls)}
        insights.refuse_if_too_much(query, self._settings.sync_days)
        return self._page(call, version, path, self._rows(query), given)

    def _rows(self, query: Query) -> list[dict[str, Any]]:
        """Return the rows of a walk, made once for all of its pages."""
        place = (query, self.world.now)
        if self._walked[0] != place:
            self._walked = (place, insights.rows(self.world, query))
        return self._walked[1]

    def _account(self, account_id: str) -> Account:
        account = self.world.accounts_by_id.get(account_id)
        if account is None or account.platform != self.name:
            raise RefusedError(errors.MISSING)
        if not self.may_see(account):
            raise RefusedError(errors.NO_PERMISSION)
        return account

    def _shown(self, account: Account, given: Mapping[str, str]) -> dict[str, Any]:
        offset = self.world.now.astimezone(ZoneInfo(account.timezone)).utcoffset() or timedelta()
        fields = {
            "id": f"act_{account.account_id}",
            "account_id": account.account_id,
            "name": account.name,
            "currency": account.currency,
            "timezone_id": 1 + account.index,
            "timezone_name": account.timezone,
            "timezone_offset_hours_utc": offset.total_seconds() / 3600,
            "account_status": 1,
            "amount_spent": str(1_000 * account.index),
            "balance": "0",
            "spend_cap": "0",
        }
        return _chosen(fields, given, ("id", "account_id"))

    def _campaigns(self, account: Account, given: Mapping[str, str]) -> list[dict[str, Any]]:
        wanted = set(json.loads(given.get("effective_status") or "[]")) or _LISTED
        if not wanted <= _STATUSES:
            raise RefusedError(bad_parameter("effective_status", "has an unknown status"))
        return [
            self._campaign(campaign, given)
            for campaign in account.campaigns
            if _status(campaign) in wanted and campaign.starts_on <= self._today(account)
        ]

    def _today(self, account: Account) -> Any:  # noqa: ANN401 - a date
        return self.world.local_today(account.timezone)

    def _campaign(self, campaign: Campaign, given: Mapping[str, str]) -> dict[str, Any]:
        account = campaign.account
        start = datetime.combine(
            campaign.starts_on, datetime.min.time(), ZoneInfo(account.timezone)
        )
        text = start.strftime("%Y-%m-%dT%H:%M:%S%z")
        fields = {
            "id": campaign.campaign_id,
            "account_id": account.account_id,
            "name": campaign.name_on(self._today(account)),
            "objective": "OUTCOME_SALES" if campaign.index % 4 else "CONVERSIONS",
            "status": _status(campaign),
            "configured_status": _status(campaign),
            "effective_status": _status(campaign),
            "daily_budget": str(5_000 + campaign.index),
            "created_time": text,
            "start_time": text,
            "updated_time": text,
        }
        return _chosen(fields, given, ("id",))

    def _page(
        self,
        call: Call,
        version: str,
        path: Sequence[str],
        items: Sequence[Any],
        given: Mapping[str, str],
    ) -> dict[str, Any]:
        limit = int(given.get("limit", _DEFAULT_PAGE))
        if limit > self._settings.most_rows:
            raise RefusedError(errors.TOO_MUCH)
        start = _offset(given["after"]) if given.get("after") else 0
        page = items[start : start + limit]
        if not page:
            return {"data": []}
        end = start + len(page)
        # `after` stands on the last page too; only `next` tells that there is more.
        paging: dict[str, Any] = {"cursors": {"before": _cursor(start), "after": _cursor(end)}}
        if end < len(items):
            query = [pair for pair in call.query if pair[0] != "after"] or list(given.items())
            text = urlencode([*query, ("after", _cursor(end))])
            paging["next"] = f"{_PUBLIC}/{version}/{'/'.join(path)}?{text}"
        return {"data": list(page), "paging": paging}

    def _headers(self, version: str, parts: Sequence[str]) -> dict[str, str]:
        settings = self._settings
        name = parts[0].removeprefix("act_") if parts else "0"
        usage = self._usage(name, settings.usage_percent, settings.regain_minutes)
        return {"facebook-api-version": version, **usage}

    def _usage(self, name: str, percent: int, minutes: int) -> dict[str, str]:
        tier = "standard_access"
        calm = {"type": "ads_management", "call_count": 1, "total_cputime": 1, "total_time": 1,
                "estimated_time_to_regain_access": 0, "ads_api_access_tier": tier}  # fmt: skip
        busy = {**calm, "type": "ads_insights", "call_count": percent,
                "estimated_time_to_regain_access": minutes}  # fmt: skip
        throttle = {"app_id_util_pct": 1, "acc_id_util_pct": percent, "ads_api_access_tier": tier}
        return {
            # The one that counts is not the first.
            "x-business-use-case-usage": json.dumps({"66782684": [calm], name: [calm, busy]}),
            "x-fb-ads-insights-throttle": json.dumps(throttle),
        }

    def _error(self, error: GraphError, headers: Mapping[str, str] | None = None) -> Reply:
        return self.reply(error.status, error.body(), headers)


def _parameters(call: Call) -> dict[str, str]:
    """Return the parameters, wherever they stand: query, form or JSON body."""
    given = dict(call.query)
    if call.body:
        item = call.json()
        if isinstance(item, dict):
            texts = {n: v if isinstance(v, str) else json.dumps(v) for n, v in item.items()}
            return {**given, **texts}
        given.update(parse_qsl(call.body.decode(errors="replace")))
    return given


def _chosen(
    fields: Mapping[str, Any], given: Mapping[str, str], always: Sequence[str]
) -> dict[str, Any]:
    wanted = insights.field_names(given.get("fields", ""))
    unknown = [name for name in wanted if name not in fields]
    if unknown:
        raise RefusedError(bad_parameter("fields", f"has an unknown field: {unknown[0]}"))
    return {name: fields[name] for name in dict.fromkeys([*wanted, *always])}


def _status(campaign: Campaign) -> str:
    deleted = campaign.status == "archived" and campaign.index % 2
    return "DELETED" if deleted else campaign.status.upper()


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(f"row:{offset}".encode()).decode().rstrip("=")


def _offset(cursor: str) -> int:
    padded = cursor + "=" * (-len(cursor) % 4)
    try:
        return int(base64.urlsafe_b64decode(padded).decode().removeprefix("row:"))
    except ValueError as error:
        raise RefusedError(bad_parameter("after", "is no cursor of ours")) from error
