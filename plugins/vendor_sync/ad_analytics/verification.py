"""Whether a login opens the account or store that a person means, and what a sync will see with it.

The vendor is asked what a sync asks it: who the account is, and one page of campaigns or of orders,
so that a permission that is missing shows now. Nothing is written anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import NoReturn, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import iso4217

from vendor_sync.ad_analytics.ports import AdPlatform, ShopClient, Wire
from vendor_sync.ad_analytics.records import AccountRecord, Credentials, SourceConnection
from vendor_sync.ad_analytics.tokens import ends_soon
from vendor_sync.ad_analytics.vendor_forms import LINK_FORMS, kind_of
from vendor_sync.ad_analytics.vendors import PLATFORMS, VENDORS
from vendor_sync.errors import (
    AuthenticationError,
    ConfigurationError,
    InvalidRecordError,
    RateLimitedError,
    SyncError,
    TemporaryError,
    TokenExpiredError,
    VendorError,
)
from vendor_sync.rate_limit import Unlimited
from vendor_sync.redaction import without_secrets
from vendor_sync.rest_client import HttpLimits, Usage

CURRENCIES = frozenset(currency.code for currency in iso4217.Currency)
# Who they are is read from an order, too; counting theirs may take many pages.
_SHOWS_AN_ORDER = frozenset({"salla", "zid"})
_ORDERS_COUNTED = timedelta(hours=1)
_UNTIL_RENEWED = timedelta(days=7)
_NOT_FOUND = 404
# What somebody who watches a page waits for: no call is begun after the first four seconds, and
# the last one has six.
_WATCHED_SECONDS = 4
_WATCHED = HttpLimits(connect_seconds=2, read_seconds=4, total_seconds=3, attempts=1)

Renews = Callable[[Credentials], Credentials]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What the vendor said, with the credentials that work (renewed ones, where that was needed).

    `notes` are sentences about what will be missing, or will end.
    """

    account: AccountRecord
    credentials: Credentials
    notes: tuple[str, ...] = ()


class _Watched(Unlimited):
    """Lets no call begin when the person who waits has waited for long enough."""

    def __init__(self, seconds: float) -> None:
        self._until = monotonic() + seconds

    def acquire(self) -> None:
        """Return at once, or raise TemporaryError when the time is over."""
        if monotonic() > self._until:
            message = "it answers too slowly to wait for"
            raise TemporaryError(message)


def patient_wire(vendor: str) -> Wire:
    """Return what the command line asks a vendor with: as long as a sync would wait, but once.

    A person sees what went wrong and tries again.
    """
    limits = HttpLimits(read_seconds=VENDORS[vendor].read_seconds, attempts=1)
    return Wire(limiter=Unlimited(), usage=Usage(), limits=limits)


def watched_wire(vendor: str) -> Wire:
    """Return what a page asks a vendor with: ten seconds for all calls together, no repetition."""
    del vendor
    return Wire(limiter=_Watched(_WATCHED_SECONDS), usage=Usage(), limits=_WATCHED)


def verify_account(
    connection: SourceConnection,
    credentials: Credentials,
    wire: Wire,
    *,
    renew: Renews | None = None,
) -> Verified:
    """Ask the vendor with these credentials; return what it says of this very account.

    An access token that has ended is renewed by `renew`, where there is one. Raises
    ConfigurationError saying what is wrong and what to do, or TemporaryError where the vendor is
    down; no message holds a secret.
    """
    used = credentials
    try:
        try:
            account = _ask(connection, used, wire)
        except TokenExpiredError:
            if renew is None:
                raise
            used = renew(used)
            account = _ask(connection, used, wire)
    except (VendorError, InvalidRecordError, ConfigurationError) as error:
        _refuse(connection, (credentials, used), error)
    require_identity(connection, account)
    require_known(connection.vendor, account)
    return Verified(
        account=account, credentials=used, notes=(*account.notes, *_endings(connection, used))
    )


def require_identity(connection: SourceConnection, account: AccountRecord) -> None:
    """Raise ConfigurationError where the vendor answered for another account or store."""
    asked, found = (
        each.lower().removeprefix("www.") for each in (connection.external_id, account.external_id)
    )
    if asked == found:
        return
    form, kind = LINK_FORMS[connection.vendor], kind_of(connection.vendor)
    message = (
        f"{form.title}: this login opens {kind} {account.external_id} ({account.name}), not "
        f"{connection.external_id}. Link that one, or use a login of this {kind}."
    )
    raise ConfigurationError(message)


def _ask(connection: SourceConnection, credentials: Credentials, wire: Wire) -> AccountRecord:
    client = VENDORS[connection.vendor].open_client(connection, credentials, wire)
    try:
        account = client.get_account()
        if connection.vendor in PLATFORMS:
            next(cast("AdPlatform", client).iter_campaigns(), None)
        elif connection.vendor not in _SHOWS_AN_ORDER:
            now = datetime.now(UTC)
            cast("ShopClient", client).count_orders(now - _ORDERS_COUNTED, now)
    finally:
        client.close()
    return account


def _refuse(
    connection: SourceConnection, logins: Sequence[Credentials], error: SyncError
) -> NoReturn:
    """Raise what went wrong with what to do about it, and without what the vendor quoted."""
    form, kind = LINK_FORMS[connection.vendor], kind_of(connection.vendor)
    title, asked = form.title, f"{kind} {connection.external_id}"
    match error:
        case TokenExpiredError():
            words = (
                f"{title}: the access token has ended, or is not one of {asked}. Get a new one. "
                f"{form.fields[0].label}: {form.fields[0].hint}"
            )
        case AuthenticationError():
            words = (
                f"{title} refuses this login for {asked}: {_quoted(error)}. Compare the token with "
                f"where it comes from ({form.fields[0].hint}), and see that it may read: "
                f"{form.permission}."
            )
        case RateLimitedError():
            words = f"{title} asks to wait. Try again later: {_quoted(error)}."
        case TemporaryError():
            words = (
                f"{title} cannot be asked now: {_quoted(error)}. Try again later, or save without "
                "asking (--no-verify): the first run will ask."
            )
        case VendorError(status=code) if code == _NOT_FOUND:
            words = f"{title} does not know {asked}: {_quoted(error)}. {form.id_hint}"
        case VendorError() | InvalidRecordError():
            words = f"{title} did not tell who {asked} is: {_quoted(error)}."
        case _:
            words = str(error)
    secrets = [value for login in logins for value in secrets_of(login)]
    words = without_secrets(words, secrets)
    raise (TemporaryError if isinstance(error, TemporaryError) else ConfigurationError)(
        words
    ) from None


def secrets_of(credentials: Credentials) -> list[str | None]:
    """Return every value of a login that no text may show."""
    open_names = {"client_id", "redirect_uri"}
    extra = [value for name, value in credentials.extra.items() if name not in open_names]
    return [credentials.access_token, credentials.refresh_token, *extra]


def _quoted(error: SyncError) -> str:
    return str(error).rstrip(". ")


def require_known(vendor: str, account: AccountRecord) -> None:
    """Raise ConfigurationError for a currency or a timezone that no figure could be made with."""
    title = LINK_FORMS[vendor].title
    if account.currency not in CURRENCIES:
        message = f"{title} names the currency {account.currency!r}, which is not of ISO 4217."
        raise ConfigurationError(message)
    try:
        ZoneInfo(account.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f"{title} names the timezone {account.timezone!r}, which is no IANA name."
        raise ConfigurationError(message) from None


def _endings(connection: SourceConnection, credentials: Credentials) -> list[str]:
    """Say when a person will have to log in again."""
    vendor = connection.vendor
    renewable = VENDORS[vendor].refresh is not None and credentials.refresh_token is not None
    if vendor in {"snapchat", "salla", "zid"} and not renewable:
        return ["there is no refresh token: somebody has to log in again when the token ends"]
    end = credentials.expires_at
    if renewable or end is None or not ends_soon(credentials, datetime.now(UTC) + _UNTIL_RENEWED):
        return []
    return [f"the token ends on {end:%Y-%m-%d}, and nothing renews it"]
