"""Tokens that end soon, entities in lists of one, and links to the next page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from sandbox.vendors.ad_world.places import Account, Campaign
from sandbox.vendors.ad_world.routes import AdWorld
from sandbox.vendors.ad_world.vendor import WorldVendor
from sandbox.vendors.codes import LoginPage
from sandbox.vendors.control import SNAPCHAT_CLIENT_ID
from sandbox.vendors.seeding import hexadecimal, key
from sandbox.vendors.snapchat import errors, stats
from sandbox.vendors.snapchat.errors import Refusal, RefusedError, bad_parameter
from sandbox.vendors.wire import Call, ControlError, Reply, Secret

_MOST, _LEAST = 1_000, 50
_DEFAULT_SERIES = 200


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`expires_in` is the life of a token in seconds that a refresh tells."""

    expires_in: int = 1_800


class Snapchat(WorldVendor):
    """Answers reads of the token that was given out last, or of the first one."""

    name = "snapchat"
    caches = True

    def __init__(self, keys: Mapping[str, str], ad_world: AdWorld) -> None:
        super().__init__(keys, ad_world)
        self._settings = Settings()
        self._refreshes = 0
        self._valid = {self.token}
        self._login_page = LoginPage(SNAPCHAT_CLIENT_ID)
        self._broken_items = 0
        self._walked: tuple[object, list[Any]] = (None, [])

    def reset(self, seed: int, settings: Mapping[str, Any]) -> None:
        super().reset(seed, settings)
        try:
            self._settings = Settings(**settings)
        except TypeError as error:
            raise ControlError(str(error)) from error
        self._valid, self._broken_items, self._walked = {self.token}, 0, (None, [])
        self._login_page.reset()

    def keys(self) -> Iterable[Secret]:
        values = (*self._valid, self.token, self.refresh_token, self.client_secret)
        return [Secret("token", value) for value in values]

    @property
    def refresh_token(self) -> str:
        return f"refresh-{self.token}"

    @property
    def client_secret(self) -> str:
        return f"secret-{self.token}"

    def changes(self) -> Mapping[str, Callable[..., Any]]:
        return {
            **super().changes(),
            "expire_tokens": self._expire,
            "break_items": self._break_items,
        }

    def too_many(self, style: str) -> Reply:
        del style
        return self._refuse(errors.TOO_MANY)

    def token_expired(self, call: Call) -> Reply:
        del call
        return self._refuse(errors.UNAUTHORIZED)

    def answer(self, call: Call) -> Reply:
        if call.path == "/login/oauth2/authorize":
            return self._login_page.open(call, self.world.now)
        if call.path == "/login/oauth2/access_token":
            return self._login(call)
        broken = self._broken_items
        try:
            reply = self.reply(200, self._route(call, self._authorised(call)))
        except RefusedError as refused:
            return self._refuse(refused.refusal)
        return reply if broken else self.keep(call, reply)

    def _authorised(self, call: Call) -> list[str]:
        """Return the path without its version."""
        token = call.headers.get("Authorization", "").removeprefix("Bearer ")
        # The first token ends as renewed ones do; one for some accounts never does.
        if not (self.calls_with(token) and token != self.token) and token not in self._valid:
            raise RefusedError(errors.UNAUTHORIZED)
        version, *parts = call.path.strip("/").split("/")
        if version != "v1" or call.method != "GET" or not parts:
            raise RefusedError(errors.NOT_FOUND)
        return parts

    def _expire(self) -> dict[str, Any]:
        """End every access token that was given out (control operation)."""
        self._valid.clear()
        self.forget()
        return {"valid": 0}

    def _break_items(self, times: int = 1) -> dict[str, Any]:
        """Let the first item of the next answers be an error within a success."""
        self._broken_items = times
        self.forget()
        return {"times": times}

    def _login(self, call: Call) -> Reply:
        form = dict(parse_qsl(call.body.decode(errors="replace")))
        wanted = {"client_id": SNAPCHAT_CLIENT_ID, "client_secret": self.client_secret}
        by_code = form.get("grant_type") == "authorization_code"
        if not by_code:
            wanted |= {"grant_type": "refresh_token", "refresh_token": self.refresh_token}
        wrong = [name for name, value in wanted.items() if form.get(name) != value]
        if by_code and not self._login_page.take(form, self.world.now):
            wrong.append("code")
        if wrong:
            error = "invalid_client" if "client" in wrong[0] else "invalid_grant"
            item = {"error": error, "error_description": f"{wrong[0]} is not right"}
            return self.reply(400, item)
        self._refreshes += 1
        token = f"{self.token}-{self._refreshes}"
        self._valid.add(token)
        answer = {"access_token": token, "token_type": "Bearer", "scope": "snapchat-marketing-api",
                  "expires_in": self._settings.expires_in}  # fmt: skip
        # Every second answer repeats the refresh token, the others leave it out.
        repeated = (
            {} if self._refreshes % 2 and not by_code else {"refresh_token": self.refresh_token}
        )
        return self.reply(200, {**answer, **repeated})

    def _route(self, call: Call, parts: Sequence[str]) -> dict[str, Any]:  # noqa: PLR0911 - a table
        given = dict(call.query)
        match parts:
            case ["me"]:
                return self._answer({"me": {"id": "1", "display_name": "sandbox"}})
            case ["me", "organizations"]:
                return self._list("organization", [self._organization()], call)
            case ["organizations", _, "adaccounts"]:
                return self._list("adaccount", list(map(_shown, self.accounts())), call)
            case ["adaccounts", account_id]:
                return self._list("adaccount", [_shown(self._account(account_id))], call)
            case ["adaccounts", account_id, "campaigns"]:
                return self._list("campaign", self._campaigns(self._account(account_id)), call)
            case ["adaccounts", account_id, "stats"]:
                return self._stats(self._account(account_id), None, given, call)
            case ["campaigns", campaign_id]:
                return self._list("campaign", [self._shown(self._campaign(campaign_id))], call)
            case ["campaigns", campaign_id, "stats"]:
                campaign = self._campaign(campaign_id)
                return self._stats(campaign.account, campaign, given, call)
            case _:
                raise RefusedError(errors.NOT_FOUND)

    def _stats(
        self, account: Account, campaign: Campaign | None, given: Mapping[str, str], call: Call
    ) -> dict[str, Any]:
        query = stats.parse(account, campaign, given)
        place = (query, self.world.now)
        if self._walked[0] != place:
            self._walked = (place, stats.points(self.world, query))
        points = self._walked[1]
        days = (query.last - query.first).days + 1
        # A page holds so many campaigns but for one day: some are split over two pages.
        size = max(1, int(given.get("limit", _DEFAULT_SERIES)) * days - 1)
        start = int(given.get("cursor", 0))
        end = start + size if query.breakdown else len(points)
        made = stats.stat(self.world, query, points[start:end])
        # Examples of this vendor spell the status both ways.
        word = "SUCCESS" if account.index % 2 else "success"
        items = [{"sub_request_status": word, "timeseries_stat": made}]
        return self._answer(
            {"timeseries_stats": self._partly(items)},
            self._next(call, end) if end < len(points) else None,
        )

    def _list(self, singular: str, listed: list[dict[str, Any]], call: Call) -> dict[str, Any]:
        limit, start = call.first("limit"), int(call.first("cursor") or 0)
        if limit is not None and not _LEAST <= int(limit) <= _MOST:
            raise RefusedError(bad_parameter("limit"))
        size = int(limit or _MOST)
        shown = listed[start : start + size]
        items = [{"sub_request_status": "SUCCESS", singular: item} for item in shown]
        more = start + size < len(listed)
        link = self._next(call, start + size) if more else None
        return self._answer({f"{singular}s": self._partly(items)}, link)

    def _partly(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if not self._broken_items or not items:
            return items
        self._broken_items -= 1
        broken = {"sub_request_status": "ERROR", "sub_request_error_reason": "internal trouble"}
        return [broken, *items[1:]]

    def _next(self, call: Call, start: int) -> str:
        kept = [pair for pair in call.query if pair[0] != "cursor"]
        query = urlencode([*kept, ("cursor", start)])
        return f"http://{call.headers.get('Host', 'localhost')}/{self.name}{call.path}?{query}"

    def _answer(self, fields: Mapping[str, Any], link: str | None = None) -> dict[str, Any]:
        paging = {"next_link": link} if link else {}
        return {
            "request_status": "SUCCESS",
            "request_id": hexadecimal(7, int(self.world.now.timestamp()), 32),
            "paging": paging,
            **fields,
        }

    def _account(self, account_id: str) -> Account:
        account = self.world.accounts_by_id.get(account_id)
        if account is None or account.platform != self.name:
            raise RefusedError(errors.NOT_FOUND)
        if not self.may_see(account):
            raise RefusedError(errors.NO_PERMISSION)
        return account

    def _campaign(self, campaign_id: str) -> Campaign:
        campaign = self.world.campaigns_by_id.get(campaign_id)
        if campaign is None or campaign.platform != self.name or campaign.status == "archived":
            raise RefusedError(errors.NOT_FOUND)
        return campaign

    def _organization(self) -> dict[str, Any]:
        accounts = list(map(_shown, self.accounts()))
        return {"id": _ORGANIZATION, "name": "sandbox", "ad_accounts": accounts}

    def _campaigns(self, account: Account) -> list[dict[str, Any]]:
        today = self.world.local_today(account.timezone)
        live = [c for c in account.campaigns if c.status != "archived" and c.starts_on <= today]
        return list(map(self._shown, live))

    def _shown(self, campaign: Campaign) -> dict[str, Any]:
        account = campaign.account
        local = datetime.combine(
            campaign.starts_on, datetime.min.time(), ZoneInfo(account.timezone)
        )
        text = local.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        return {
            "id": campaign.campaign_id,
            "name": campaign.name_on(self.world.local_today(account.timezone)),
            "ad_account_id": account.account_id,
            "status": campaign.status.upper(),
            "objective": "SALES",
            "buy_model": "AUCTION",
            "daily_budget_micro": 50_000_000,
            "created_at": text,
            "updated_at": text,
            "start_time": text,
        }

    def _refuse(self, refusal: Refusal) -> Reply:
        head = {"request_status": "ERROR", "request_id": "5e00"}
        if not refusal.code:
            return self.reply(refusal.status, {**head, "msg": refusal.message})
        words = {"debug_message": refusal.message, "display_message": refusal.message}
        return self.reply(refusal.status, {**head, **words, "error_code": refusal.code})


def _shown(account: Account) -> dict[str, Any]:
    return {
        "id": account.account_id,
        "name": account.name,
        "currency": account.currency,
        "timezone": account.timezone,
        "status": "ACTIVE",
        "type": "PARTNER",
        "organization_id": _ORGANIZATION,
        "lifetime_spend_cap_micro": 0,
    }


_ORGANIZATION = hexadecimal(key("snapchat", "organization"), 0, 32)
