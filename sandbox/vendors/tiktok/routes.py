"""Paths that end with a slash, a header of its own for the token, pages that are no snapshot."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.vendors.ad_world.places import Account, Campaign
from sandbox.vendors.ad_world.routes import AdWorld
from sandbox.vendors.ad_world.vendor import WorldVendor
from sandbox.vendors.codes import LoginPage
from sandbox.vendors.control import TIKTOK_APP_ID
from sandbox.vendors.seeding import digits, key
from sandbox.vendors.tiktok import errors, reports
from sandbox.vendors.tiktok.errors import Refusal, RefusedError, bad_parameter
from sandbox.vendors.tiktok.reports import Query
from sandbox.vendors.tiktok.tasks import Tasks
from sandbox.vendors.wire import Call, ControlError, Reply

_PREFIX = "/open_api/v1.3/"
_DEFAULT_PAGE, _MOST_PER_PAGE = 10, 1_000
_MOST_ADVERTISERS = 5


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`sync_days` campaign-days are answered at once; `limit` is which throttle is told."""

    sync_days: int = 20_000
    limit: str = "qps"

    def __post_init__(self) -> None:
        if self.limit not in errors.LIMITS:
            message = f"limit is one of {', '.join(errors.LIMITS)}, not {self.limit!r}"
            raise ControlError(message)


class Tiktok(WorldVendor):
    """Answers reads with the token in `Access-Token`."""

    name = "tiktok"
    caches = True

    def __init__(self, keys: Mapping[str, str], ad_world: AdWorld) -> None:
        super().__init__(keys, ad_world)
        self._settings = Settings()
        self._tasks = Tasks()
        self._login_page = LoginPage(TIKTOK_APP_ID, client_name="app_id", code_name="auth_code")
        self._drifts, self._drift_by = 0, 1
        self._walked: tuple[object, list[dict[str, Any]]] = (None, [])

    def reset(self, seed: int, settings: Mapping[str, Any]) -> None:
        super().reset(seed, settings)
        try:
            self._settings = Settings(**settings)
        except TypeError as error:
            raise ControlError(str(error)) from error
        self._tasks, self._drifts, self._walked = Tasks(), 0, (None, [])
        self._login_page.reset()

    def changes(self) -> Mapping[str, Callable[..., Any]]:
        return {**super().changes(), "fail_tasks": self._tasks.fail_next, "drift": self._drift}

    def too_many(self, style: str) -> Reply:
        del style
        return self._refuse(errors.LIMITS[self._settings.limit])

    def token_expired(self, call: Call) -> Reply:
        del call
        return self._refuse(errors.TOKEN_BAD)

    @property
    def app_secret(self) -> str:
        return f"secret-{self.token}"

    def answer(self, call: Call) -> Reply:
        if call.path == "/portal/auth":
            return self._login_page.open(call, self.world.now)
        if call.path == f"{_PREFIX}oauth2/access_token/":
            return self._first_token(call)
        return self._answer(call)

    def _first_token(self, call: Call) -> Reply:
        """Exchange a code, in JSON; the token opens what its advertiser has."""
        given: dict[str, str] = call.json() or {}
        who = (given.get("app_id"), given.get("secret")) == (TIKTOK_APP_ID, self.app_secret)
        if not who or not self._login_page.take(given, self.world.now, bound=False):
            return self._refuse(errors.BAD_CODE)
        token = f"{self.token}-authorised-{len(self._grants)}"
        opened = [account.account_id for account in self.world.accounts_of(self.name)]
        self._grants[token] = frozenset(opened)
        return self._say(0, "OK", {"access_token": token, "advertiser_ids": opened, "scope": [4]})

    def _answer(self, call: Call) -> Reply:
        routes = self._routes()
        place = (call.method, call.path.removeprefix(_PREFIX))
        if not call.path.startswith(_PREFIX) or place not in routes:
            clock = self.reply(404, "").headers
            return Reply(404, b"404 page not found", {**clock, "Content-Type": "text/plain"})
        passing = "task" in call.path or self._drifts > 0
        try:
            self._authorise(call)
            content = routes[place](_parameters(call))
        except RefusedError as refused:
            return self._refuse(refused.refusal)
        if isinstance(content, str):
            plain = {**self.reply(200, "").headers, "Content-Type": "text/csv"}
            return Reply(200, content.encode(), plain)
        reply = self._say(0, "OK", content)
        # A look at a task brings it on, and drifting pages are no pages to keep.
        return reply if passing else self.keep(call, reply)

    def _routes(self) -> Mapping[tuple[str, str], Callable[[Mapping[str, Any]], Any]]:
        return {
            ("GET", "advertiser/info/"): self._advertisers,
            ("GET", "oauth2/advertiser/get/"): self._reachable,
            ("GET", "user/info/"): _user,
            # The tap that many use asks for this one without the slash, and works.
            ("GET", "user/info"): _user,
            ("POST", "oauth2/refresh_token/"): self._no_refresh,
            ("GET", "campaign/get/"): self._campaigns,
            ("GET", "gmv_max/campaign/get/"): self._gmv_max,
            ("GET", "report/integrated/get/"): self._report,
            ("POST", "report/task/create/"): self._create_task,
            ("GET", "report/task/check/"): self._check_task,
            ("GET", "report/task/download/"): self._download_task,
        }

    def _drift(self, walks: int = 1, by: int = 1) -> dict[str, Any]:
        """Let rows move between the pages of the next walks (control operation).

        By 1 a row comes twice, by -1 one is on no page.
        """
        self._drifts, self._drift_by = walks, by
        self.forget()
        return {"walks": self._drifts}

    def _authorise(self, call: Call) -> None:
        token = call.headers.get("Access-Token")
        if not token:
            raise RefusedError(errors.TOKEN_MISSING)
        if not self.calls_with(token):
            raise RefusedError(errors.TOKEN_BAD)

    def _no_refresh(self, _: Mapping[str, Any]) -> Any:  # noqa: ANN401 - never returns
        raise RefusedError(errors.NO_REFRESH)

    def _reachable(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"list": [_named(account) for account in self.accounts()]}

    def _advertisers(self, given: Mapping[str, Any]) -> dict[str, Any]:
        listed = []
        for advertiser_id in json.loads(given.get("advertiser_ids", "[]")):
            account = self._account(str(advertiser_id))
            fields = {
                **_named(account),
                "currency": account.currency,
                "timezone": account.timezone,
                "status": "STATUS_ENABLE",
                "balance": 100,
                "create_time": 1_700_000_000 + account.index,
                "email": f"owner{account.index}@{account.account_id}.example",
                "telephone": f"+9665{account.account_id[:8]}",
            }
            wanted = json.loads(given.get("fields", "[]")) or list(fields)
            listed.append({name: fields[name] for name in wanted if name in fields})
        return {"list": listed}

    def _campaigns(self, given: Mapping[str, Any]) -> dict[str, Any]:
        account = self._account(given.get("advertiser_id", ""))
        status = json.loads(given.get("filtering") or "{}").get("primary_status", "")
        deleted = {"STATUS_DELETE": (True,), "STATUS_ALL": (True, False)}.get(status, (False,))
        today = self.world.local_today(account.timezone)
        listed = [
            self._campaign(campaign)
            for campaign in reversed(account.campaigns)
            if (campaign.status == "archived") in deleted and campaign.starts_on <= today
        ]
        return self._page(listed, given, moved=0)

    def _gmv_max(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return campaigns of another kind: they are in no other list and in no basic report."""
        account = self._account(given.get("advertiser_id", ""))
        campaign_id = digits(key("gmv_max", account.account_id), 0, 19)
        item = {
            "campaign_id": campaign_id,
            "campaign_name": "GMV Max",
            "operation_status": "ENABLE",
        }
        return self._page([item], given, moved=0)

    def _campaign(self, campaign: Campaign) -> dict[str, Any]:
        account = campaign.account
        local = datetime.combine(
            campaign.starts_on, datetime.min.time(), ZoneInfo(account.timezone)
        )
        words = {"active": "ENABLE", "paused": "DISABLE", "archived": "DELETE"}
        word = words[campaign.status]
        item = {
            "campaign_id": campaign.campaign_id,
            "campaign_name": campaign.name_on(self.world.local_today(account.timezone)),
            "advertiser_id": account.account_id,
            "objective_type": "WEB_CONVERSIONS",
            "budget": 50.0,
            "budget_mode": "BUDGET_MODE_DAY",
            "operation_status": "ENABLE" if word == "ENABLE" else "DISABLE",
            "secondary_status": f"CAMPAIGN_STATUS_{word}",
            "create_time": local.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        }
        if account.index % 2:
            item["campaign_id"], item["advertiser_id"] = (
                int(campaign.campaign_id),
                int(account.account_id),
            )
        return item

    def _report(self, given: Mapping[str, Any]) -> dict[str, Any]:
        query = self._parsed(given, task=False)
        if query.size > self._settings.sync_days:
            raise RefusedError(errors.TOO_LARGE)
        place = (query, self.world.now)
        if self._walked[0] != place:
            self._walked = (place, reports.rows(self.world, query))
        page = int(given.get("page", 1))
        drifting = self._drifts > 0 and page > 1
        shown = self._page(self._walked[1], given, moved=self._drift_by if drifting else 0)
        if drifting and page == shown["page_info"]["total_page"]:
            self._drifts -= 1
        return shown

    def _parsed(self, given: Mapping[str, Any], *, task: bool) -> Query:
        several = given.get("advertiser_ids")
        ids = json.loads(several) if isinstance(several, str) else several
        if ids and len(ids) > _MOST_ADVERTISERS:
            raise RefusedError(bad_parameter("advertiser_ids: at most 5"))
        accounts = tuple(map(self._account, ids or [str(given.get("advertiser_id", ""))]))
        return reports.parse(accounts, given, rounded=bool(ids), task=task)

    def _create_task(self, given: Mapping[str, Any]) -> dict[str, Any]:
        query = self._parsed(given, task=True)
        translated = given.get("enable_report_title_translation", True)
        return {"task_id": self._tasks.start(query, translated=bool(translated))}

    def _check_task(self, given: Mapping[str, Any]) -> dict[str, Any]:
        self._account(given.get("advertiser_id", ""))
        return self._tasks.find(given.get("task_id", "")).poll()

    def _download_task(self, given: Mapping[str, Any]) -> str:
        self._account(given.get("advertiser_id", ""))
        return self._tasks.download(self.world, given.get("task_id", ""))

    def _account(self, account_id: str) -> Account:
        account = self.world.accounts_by_id.get(account_id)
        if account is None or account.platform != self.name:
            raise RefusedError(errors.NO_ADVERTISER)
        if not self.may_see(account):
            raise RefusedError(errors.NO_PERMISSION)
        return account

    def _page(
        self, items: Sequence[Any], given: Mapping[str, Any], *, moved: int
    ) -> dict[str, Any]:
        """Return a page; `moved` rows have slipped back since the page before was read."""
        page, size = int(given.get("page", 1)), int(given.get("page_size", _DEFAULT_PAGE))
        if not 1 <= size <= _MOST_PER_PAGE:
            raise RefusedError(bad_parameter("page_size: between 1 and 1000"))
        start = max(0, (page - 1) * size - moved)
        number = {"page": page, "page_size": size, "total_number": len(items)}
        pages = -(-len(items) // size)
        return {"list": items[start : start + size], "page_info": {**number, "total_page": pages}}

    def _refuse(self, refusal: Refusal) -> Reply:
        return self._say(refusal.code, refusal.message, {})

    def _say(self, code: int, message: str, content: object) -> Reply:
        request_id = f"{self.world.now:%Y%m%d%H%M%S}0001"
        item = {"code": code, "message": message, "request_id": request_id, "data": content}
        return self.reply(200, item, {"X-TT-LOGID": request_id})


def _user(_: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": "1", "display_name": "sandbox"}


def _named(account: Account) -> dict[str, Any]:
    return {"advertiser_id": account.account_id, "advertiser_name": account.name,
            "name": account.name}  # fmt: skip


def _parameters(call: Call) -> dict[str, Any]:
    item = call.json() if call.body else None
    return {**dict(call.query), **(item if isinstance(item, dict) else {})}
