"""Logins by a vendor's own page: OAuth 2 with an authorisation code, and each vendor's deviations.

Somebody opens `authorize_address`, agrees, and is sent to our redirect address with a code, which
works once, for an hour at most, and only with that same address. `exchange` makes a login of it.
The app is that of Airflow's connection `<vendor>_default`.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec

from vendor_sync.ad_analytics.platforms import snapchat, tiktok
from vendor_sync.ad_analytics.ports import Wire
from vendor_sync.ad_analytics.records import Credentials, SourceConnection, token_end
from vendor_sync.ad_analytics.shops import salla, zid
from vendor_sync.ad_analytics.vendor_apps import VendorApp
from vendor_sync.ad_analytics.vendor_forms import LINK_FORMS
from vendor_sync.ad_analytics.vendors import VENDORS
from vendor_sync.errors import (
    AuthenticationError,
    ConfigurationError,
    PermanentError,
    TemporaryError,
    VendorError,
)
from vendor_sync.redaction import without_secrets
from vendor_sync.rest_client import Answer, RestClient, classify_by_status

T = TypeVar("T")
_EARLY_SECONDS = 60
_REFUSED = range(400, 500)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeFlow:
    """Where a vendor's login pages are; `host_setting` is the setting that puts them elsewhere."""

    host: str
    host_setting: str
    authorize_path: str
    token_path: str
    scope: str
    client_name: str = "client_id"
    code_name: str = "code"


FLOWS: Mapping[str, CodeFlow] = {
    "tiktok": CodeFlow(
        host=tiktok.HOST,
        host_setting="base_url",
        authorize_path="/portal/auth",
        token_path=f"/open_api/{tiktok.VERSION}/oauth2/access_token/",
        scope="",
        client_name="app_id",
        code_name="auth_code",
    ),
    "snapchat": CodeFlow(
        host=snapchat.LOGIN_HOST,
        host_setting="login_url",
        authorize_path="/login/oauth2/authorize",
        token_path="/login/oauth2/access_token",  # noqa: S106 - a path
        scope="snapchat-marketing-api",
    ),
    "salla": CodeFlow(
        host=salla.ACCOUNTS_URL,
        host_setting="accounts_url",
        authorize_path="/oauth2/auth",
        token_path="/oauth2/token",  # noqa: S106 - a path
        # Without offline_access there is no refresh token.
        scope="orders.read offline_access",
    ),
    "zid": CodeFlow(
        host=zid.ACCOUNTS_URL,
        host_setting="accounts_url",
        authorize_path="/oauth/authorize",
        token_path="/oauth/token",  # noqa: S106 - a path
        scope="orders.read",
    ),
}


class _Token(msgspec.Struct):
    access_token: str = ""
    authorization: str | None = None
    spelt: str | None = msgspec.field(name="Authorization", default=None)
    refresh_token: str | None = None
    expires_in: float | None = None


class _Advertiser(msgspec.Struct):
    advertiser_id: str
    advertiser_name: str = ""


class _Advertisers(msgspec.Struct):
    advertisers: list[_Advertiser] = msgspec.field(name="list", default_factory=list)


class _TiktokToken(msgspec.Struct):
    access_token: str = ""


class _TiktokAnswer(msgspec.Struct):
    code: int
    message: str = ""
    data: msgspec.Raw = msgspec.Raw(b"{}")


class _AdAccount(msgspec.Struct):
    id: str
    name: str = ""


class _Organization(msgspec.Struct):
    ad_accounts: list[_AdAccount] = []


class _OrganizationItem(msgspec.Struct):
    organization: _Organization


class _Organizations(msgspec.Struct):
    organizations: list[_OrganizationItem] = []


@dataclass(frozen=True, slots=True)
class Reachable:
    """An account or store that a login opens."""

    external_id: str
    name: str


def authorize_address(app: VendorApp, redirect_uri: str, state: str) -> str:
    """Return the vendor's page to open; raise ConfigurationError where the app is not set up."""
    flow = _flow(app.vendor)
    query = {
        "response_type": "code",
        flow.client_name: _app(app)["client_id"],
        "redirect_uri": redirect_uri,
        "scope": flow.scope,
        "state": state,
    }
    asked = urlencode({name: value for name, value in query.items() if value})
    return f"{_host(app)}{flow.authorize_path}?{asked}"


def read_redirect(vendor: str, address: str, *, redirect_uri: str, state: str) -> str:
    """Return the code of the address that somebody was sent to.

    Raises ConfigurationError where it is another one, answers another request, or says no.
    """
    flow = _flow(vendor)
    try:
        parts = urlsplit(address.strip())
        given = {name: values[0] for name, values in parse_qs(parts.query).items()}
    except ValueError:
        parts, given = urlsplit(""), dict[str, str]()
    if parts._replace(query="", fragment="").geturl() != redirect_uri:
        message = f"That is not an address below {redirect_uri}: paste the browser's whole one."
        raise ConfigurationError(message)
    if not hmac.compare_digest(given.get("state", "").encode(), state.encode()):
        message = "That address answers another request (its state differs): begin again."
        raise ConfigurationError(message)
    if "error" in given:
        why = given.get("error_description") or given["error"]
        message = f"{LINK_FORMS[vendor].title} was not authorised: {why[:200]}"
        raise ConfigurationError(message)
    code = given.get(flow.code_name) or given.get("code")
    if not code:
        message = f"There is no {flow.code_name} in that address: begin again."
        raise ConfigurationError(message)
    return code


def exchange(app: VendorApp, code: str, redirect_uri: str, wire: Wire) -> Credentials:
    """Return the login that a code is good for; asked once, since a code works once.

    Raises ConfigurationError where the vendor refuses it, TemporaryError where it is down.
    """
    rest = _rest(app.vendor, _host(app), wire)
    try:
        if app.vendor == "tiktok":
            return _tiktok_login(app, code, rest)
        return _login(app, code, redirect_uri, rest)
    except (AuthenticationError, PermanentError) as error:
        title = LINK_FORMS[app.vendor].title
        message = (
            f"{title} does not take the code: it works once, for an hour at most, and with the "
            f"redirect address and the app that asked for it. Begin again. ({error})"
        )
        raise ConfigurationError(without_secrets(message, [code, *app.secrets.values()])) from None
    finally:
        rest.close()


def reachable(app: VendorApp, credentials: Credentials, wire: Wire) -> list[Reachable]:
    """Return the accounts that a login opens, or the one store."""
    if app.vendor == "tiktok":
        return _advertisers(app, credentials, wire)
    if app.vendor == "snapchat":
        return _snapchat_accounts(app, credentials, wire)
    nobody = SourceConnection(
        connection_id=0, workspace_id=0, vendor=app.vendor, external_id="", name=app.vendor,
        currency=None, timezone=None, settings=app.settings_of(""),
    )  # fmt: skip
    client = VENDORS[app.vendor].open_client(nobody, credentials, wire)
    try:
        store = client.get_account()
    finally:
        client.close()
    return [Reachable(store.external_id, store.name)]


def _login(app: VendorApp, code: str, redirect_uri: str, rest: RestClient) -> Credentials:
    own = _app(app)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "client_id": own["client_id"],
        "client_secret": own["client_secret"],
    }
    token = _decoded(rest.post_form_once(_flow(app.vendor).token_path, form), _Token, app.vendor)
    life = token.expires_in
    expires_at = None if life is None else token_end(life=life - _EARLY_SECONDS)
    access, extra = token.access_token, dict(own)
    if app.vendor == "zid":
        # Its access_token is the manager's; what goes behind "Bearer" is `authorization`.
        access, extra["manager_token"] = token.authorization or token.spelt or "", access
        extra["redirect_uri"] = redirect_uri
    if not access:
        message = f"{LINK_FORMS[app.vendor].title} answered without a token."
        raise PermanentError(message)
    return Credentials(
        access_token=access,
        refresh_token=token.refresh_token,
        expires_at=expires_at,
        extra=extra,
    )


def _tiktok_login(app: VendorApp, code: str, rest: RestClient) -> Credentials:
    """Return TikTok's token, which has no end and cannot be renewed; it is asked for in JSON."""
    own = _app(app)
    body = {"app_id": own["client_id"], "secret": own["client_secret"], "auth_code": code}
    raw = rest.create_once(_flow(app.vendor).token_path, [], body)
    token = _tiktok_data(raw, _TiktokToken)
    if not token.access_token:
        message = "TikTok answered without a token."
        raise PermanentError(message)
    return Credentials(access_token=token.access_token)


def _advertisers(app: VendorApp, credentials: Credentials, wire: Wire) -> list[Reachable]:
    own = _app(app)
    rest = _rest(
        app.vendor, _host(app), wire,
        headers={"Access-Token": credentials.access_token},
        secrets=[("secret", own["client_secret"])],
    )  # fmt: skip
    path = f"/open_api/{tiktok.VERSION}/oauth2/advertiser/get/"
    try:
        page = rest.get_page(
            path, [("app_id", own["client_id"])], entity="accounts",
            decode=lambda body: _tiktok_data(body, _Advertisers),
        )  # fmt: skip
    finally:
        rest.close()
    return [
        Reachable(each.advertiser_id, each.advertiser_name) for each in page.content.advertisers
    ]


def _snapchat_accounts(app: VendorApp, credentials: Credentials, wire: Wire) -> list[Reachable]:
    base = app.settings_of("").get("base_url", snapchat.HOST)
    login = {"Authorization": f"Bearer {credentials.access_token}"}
    rest = _rest(app.vendor, base, wire, headers=login)
    try:
        page = rest.get_page(
            "/v1/me/organizations", [("with_ad_accounts", "true")], entity="account",
            decode=msgspec.json.Decoder(_Organizations).decode,
        )  # fmt: skip
    finally:
        rest.close()
    return [
        Reachable(account.id, account.name)
        for item in page.content.organizations
        for account in item.organization.ad_accounts
    ]


def _rest(
    vendor: str,
    base_url: str,
    wire: Wire,
    *,
    headers: Mapping[str, str] | None = None,
    secrets: list[tuple[str, str]] | None = None,
) -> RestClient:
    return RestClient(
        vendor=vendor,
        base_url=base_url,
        headers=headers or {},
        limiter=wire.limiter,
        classify=_classify,
        usage=wire.usage,
        limits=wire.limits,
        secret_params=secrets or [],
    )


def _classify(answer: Answer) -> VendorError:
    """Return the error of a token endpoint: a word of OAuth's, never its whole answer."""
    try:
        words = msgspec.json.decode(answer.body, type=dict[str, msgspec.Raw])
        code = str(msgspec.json.decode(words.get("error", msgspec.Raw(b'""'))))[:60]
    except msgspec.MsgspecError:
        code = ""
    if answer.status in _REFUSED and code:
        message = f"{answer.request} answered {answer.status} {code}"
        return AuthenticationError(message, status=answer.status, code=code)
    return classify_by_status(answer, code=code or None)


def _decoded(body: bytes, shape: type[T], vendor: str) -> T:
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.MsgspecError:
        # What could not be read may hold a token: it is not quoted.
        message = f"{LINK_FORMS[vendor].title} answered something that is no token."
        raise TemporaryError(message) from None


def _tiktok_data(body: bytes, shape: type[T]) -> T:
    answer = _decoded(body, _TiktokAnswer, "tiktok")
    if answer.code:
        message = f"TikTok answered {answer.code}: {answer.message[:200]}"
        raise AuthenticationError(message, status=200, code=str(answer.code))
    return _decoded(answer.data, shape, "tiktok")


def _flow(vendor: str) -> CodeFlow:
    if vendor not in FLOWS:
        message = (
            f"{LINK_FORMS[vendor].title} is not linked by its login page here: enter a token "
            f"(those with a login page: {', '.join(FLOWS)})."
        )
        raise ConfigurationError(message)
    return FLOWS[vendor]


def _app(app: VendorApp) -> Mapping[str, str]:
    missing = [name for name in ("client_id", "client_secret") if not app.secrets.get(name)]
    if missing:
        message = (
            f"Connection '{app.vendor}_default' has no {missing[0]} in its extras: set the id and "
            "the secret of the app there that people authorise."
        )
        raise ConfigurationError(message)
    return {name: app.secrets[name] for name in ("client_id", "client_secret")}


def _host(app: VendorApp) -> str:
    flow = _flow(app.vendor)
    known = app.settings_of("").get(flow.host_setting, flow.host)
    return known.rstrip("/")
