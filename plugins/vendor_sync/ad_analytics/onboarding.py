"""Links ad accounts and stores to workspaces: the same functions for the commands and the page.

A vendor is asked before anything is written, and all of a link is written in one transaction: what
is killed in between has changed nothing. A connection without a timezone was never verified; the
first run asks then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from vendor_sync.ad_analytics.alerting import needs_reauth_alert
from vendor_sync.ad_analytics.ports import Wire
from vendor_sync.ad_analytics.records import AccountRecord, Credentials, SourceConnection
from vendor_sync.ad_analytics.state import StateStore
from vendor_sync.ad_analytics.tokens import TokenStore
from vendor_sync.ad_analytics.vendor_forms import LINK_FORMS, require_credentials
from vendor_sync.ad_analytics.vendors import VENDORS
from vendor_sync.ad_analytics.verification import (
    Verified,
    patient_wire,
    verify_account,
    watched_wire,
)
from vendor_sync.ad_analytics.workspaces import require_workspace
from vendor_sync.alerts import resolve
from vendor_sync.errors import AuthenticationError, ConfigurationError, TemporaryError
from vendor_sync.postgres import Warehouse, load_query

# Whose refresh token still works after it was used: a login that is only tried may use it.
_TRIABLE = frozenset({"snapchat", "shopify"})
# What of a login belongs to the app, and stays when somebody logs in again.
_OF_THE_APP = ("client_id", "client_secret", "redirect_uri", "app_secret")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An ad account or store that somebody wants to link; an empty name is the vendor's."""

    workspace_id: int
    vendor: str
    external_id: str
    credentials: Credentials
    name: str = ""
    settings: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def connection(self) -> SourceConnection:
        """Return what the vendor's client is opened for."""
        return SourceConnection(
            connection_id=0,
            workspace_id=self.workspace_id,
            vendor=self.vendor,
            external_id=self.external_id,
            name=self.name or self.external_id,
            currency=None,
            timezone=None,
            settings=self.settings,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was saved, or would be: the connection (None: nothing saved) and what the vendor said.

    `account` None: it was not asked.
    """

    connection_id: int | None
    account: AccountRecord | None = None
    notes: tuple[str, ...] = ()


class Onboarding:
    """Checks, links and unlinks with one connection to the warehouse.

    `watched` is for pages: a vendor is asked for ten seconds at most, and what an answer that is
    lost would use up is not asked for. Methods raise ConfigurationError saying what to correct,
    TemporaryError where a vendor is down.
    """

    def __init__(self, conn: Warehouse, tokens: TokenStore, *, watched: bool = False) -> None:
        self._conn = conn
        self._tokens = tokens
        self._watched = watched
        self._wire: Callable[[str], Wire] = watched_wire if watched else patient_wire

    def check(self, link: Link) -> Outcome:
        """Say what linking would bring, and write nothing."""
        verified = self._verified_login(self._effective(link))
        return _outcome(None, verified)

    def check_login(self, connection_id: int, credentials: Credentials) -> Outcome:
        """Say what a new login of a connection would bring, and write nothing."""
        return _outcome(None, self._verified_login(self._with_login(connection_id, credentials)))

    def add(self, link: Link, *, verify: bool = True) -> Outcome:
        """Link an account or store, or replace the login and settings of one that is linked here.

        Without `verify` it is saved unasked, for a vendor that is down.
        """
        link = self._effective(link)
        verified = self._verified_login(link) if verify else None
        with self._conn.transaction():
            self._lock_link(link.vendor, link.external_id)
            known = self._require_free(link.vendor, link.external_id, link.workspace_id)
            if known is not None:
                # First this, then the row: as a renewal in a run takes them.
                self._tokens.lock(known)
            connection_id = self._upsert(link, verified)
            self._tokens.save(connection_id, verified.credentials if verified else link.credentials)
            self._over(connection_id)
        return _outcome(connection_id, verified)

    def reauth(
        self, connection_id: int, credentials: Credentials, *, verify: bool = True
    ) -> Outcome:
        """Replace a connection's login; one that waited for it is active again, its alert closed.

        What belongs to the app is kept where it is left out. A disabled one stays disabled.
        """
        link = self._with_login(connection_id, credentials)
        verified = self._verified_login(link) if verify else None
        with self._conn.transaction():
            self._tokens.lock(connection_id)
            self._tokens.save(connection_id, verified.credentials if verified else link.credentials)
            self._keep_account(connection_id, verified.account if verified else None)
            self._over(connection_id)
        return _outcome(connection_id, verified)

    def verify(self, connection_id: int) -> Outcome:
        """Ask who a linked account is, and keep its currency and timezone.

        One that waited for a login which works after all is active again.
        """
        verified = self._verified_stored(connection_id)
        with self._conn.transaction():
            self._keep_account(connection_id, verified.account)
            self._conn.execute(
                load_query("analytics/end_needs_reauth.sql"), {"connection_id": connection_id}
            )
            self._over(connection_id)
        return _outcome(connection_id, verified)

    def enable(self, connection_id: int, *, verify: bool = True) -> Outcome:
        """Ask a disabled account again from the next run on, unless its vendor refuses."""
        connection = self._get(connection_id)
        self._require_free(connection.vendor, connection.external_id, connection.workspace_id)
        verified = self._verified_stored(connection_id) if verify else None
        with self._conn.transaction():
            self._lock_link(connection.vendor, connection.external_id)
            self._require_free(connection.vendor, connection.external_id, connection.workspace_id)
            if verified:
                self._keep_account(connection_id, verified.account)
            self._conn.execute(
                load_query("analytics/enable_connection.sql"), {"connection_id": connection_id}
            )
        return _outcome(connection_id, verified)

    def disable(self, connection_id: int) -> None:
        """Stop asking a connection; its figures stay, and what asked for its login is over."""
        self._get(connection_id)
        with self._conn.transaction():
            self._conn.execute(
                load_query("analytics/disable_connection.sql"), {"connection_id": connection_id}
            )
            self._over(connection_id)

    def _effective(self, link: Link) -> Link:
        """Return a link with the settings that it has already, where it is there.

        Refuses what need not be asked for, before a login leaves the house.
        """
        require_workspace(self._conn, link.workspace_id)
        require_credentials(link.vendor, link.credentials)
        known = self._require_free(link.vendor, link.external_id, link.workspace_id)
        if known is None:
            return link
        return replace(link, settings={**self._get(known).settings, **link.settings})

    def _with_login(self, connection_id: int, credentials: Credentials) -> Link:
        connection = self._get(connection_id)
        link = _link_of(connection, self._with_app(connection_id, credentials))
        require_credentials(link.vendor, link.credentials)
        return link

    def _verified_login(self, link: Link) -> Verified:
        """Ask with a login that is not stored; what a renewal would use up is not tried."""
        vendor, wire = VENDORS[link.vendor], self._wire(link.vendor)
        renew = vendor.refresh
        if renew is None or link.vendor not in _TRIABLE or link.credentials.refresh_token is None:
            return verify_account(link.connection, link.credentials, wire)
        return verify_account(
            link.connection,
            link.credentials,
            wire,
            renew=lambda stale: renew(link.connection, stale, wire),
        )

    def _verified_stored(self, connection_id: int) -> Verified:
        """Ask with the stored login, renewed as a run would: by one at a time, and kept at once."""
        connection = self._get(connection_id)
        vendor, wire = VENDORS[connection.vendor], self._wire(connection.vendor)
        renew = vendor.refresh
        stored = self._tokens.load(connection_id)
        if renew is None or not stored.refresh_token:
            return verify_account(connection, stored, wire)
        if self._watched and connection.vendor not in _TRIABLE:
            return verify_account(connection, stored, wire, renew=_leave_to_a_run)
        return verify_account(
            connection,
            stored,
            wire,
            renew=lambda stale: self._tokens.refresh(
                connection_id, stale, lambda current: renew(connection, current, wire)
            ),
        )

    def _get(self, connection_id: int) -> SourceConnection:
        return StateStore(self._conn).get(connection_id).connection

    def _lock_link(self, vendor: str, external_id: str) -> None:
        """Let nobody else link the same account until the transaction ends."""
        self._conn.execute(
            load_query("analytics/lock_link.sql"), {"vendor": vendor, "external_id": external_id}
        )

    def _require_free(self, vendor: str, external_id: str, workspace_id: int) -> int | None:
        """Return the account's connection in this workspace, if there is one.

        Raises ConfigurationError where another workspace asks the same account: its days and orders
        would be counted twice, and two logins of one shop end each other.
        """
        rows = self._conn.execute(
            load_query("analytics/list_links.sql"), {"vendor": vendor, "external_id": external_id}
        ).fetchall()
        for connection_id, owner_id, owner, status in rows:
            if owner_id != workspace_id and status != "disabled":
                message = (
                    f"{LINK_FORMS[vendor].title} {external_id} is linked to workspace {owner_id} "
                    f"({owner}) as connection {connection_id}: disable that one first."
                )
                raise ConfigurationError(message)
        return next((row[0] for row in rows if row[1] == workspace_id), None)

    def _upsert(self, link: Link, verified: Verified | None) -> int:
        account = verified.account if verified else None
        row = self._conn.execute(
            load_query("analytics/upsert_connection.sql"),
            {
                "workspace_id": link.workspace_id,
                "vendor": link.vendor,
                "external_id": link.external_id,
                "name": link.name or (account.name if account else link.external_id),
                "currency": account and account.currency,
                "timezone": account and account.timezone,
                "settings": Jsonb(dict(link.settings)),
            },
        ).fetchone()
        assert row is not None  # noqa: S101 - INSERT ... RETURNING
        return row[0]

    def _keep_account(self, connection_id: int, account: AccountRecord | None) -> None:
        """Keep what the vendor said; nothing said means that the first run has to ask."""
        StateStore(self._conn).save_account(connection_id, account)

    def _over(self, connection_id: int) -> None:
        resolve(self._conn, [needs_reauth_alert(connection_id)])

    def _with_app(self, connection_id: int, credentials: Credentials) -> Credentials:
        """Return a login with what the one before says of the app, where it can be read."""
        try:
            before = self._tokens.load(connection_id).extra
        except (AuthenticationError, ConfigurationError):
            return credentials
        kept = {name: before[name] for name in _OF_THE_APP if name in before}
        return msgspec.structs.replace(credentials, extra={**kept, **credentials.extra})


def credentials_from_json(fields: Mapping[str, Any]) -> Credentials:
    """Read credentials; raise ConfigurationError naming the field that is wrong, not its value."""
    try:
        return msgspec.convert(dict(fields), Credentials)
    except msgspec.ValidationError as error:
        message = f"The credentials are not usable: {error}"
        raise ConfigurationError(message) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """A linked account or store and how far it is; `verified` False: the first run will ask."""

    connection_id: int
    workspace_id: int
    workspace: str
    vendor: str
    external_id: str
    name: str
    status: str
    verified: bool
    currency: str | None
    timezone: str | None
    last_success_at: datetime | None
    last_error: str | None
    not_before: datetime | None


def list_links(
    conn: Warehouse,
    vendors: Sequence[str],
    workspace_id: int | None = None,
    connection_id: int | None = None,
) -> list[LinkState]:
    """Return the vendors' accounts or stores: all, or those of one workspace, or one."""
    rows = conn.cursor(row_factory=class_row(LinkState)).execute(
        load_query("analytics/list_connections.sql"),
        {
            "vendors": list(vendors),
            "workspace_id": workspace_id,
            "connection_id": connection_id,
        },
    )
    return rows.fetchall()


def _link_of(connection: SourceConnection, credentials: Credentials) -> Link:
    return Link(
        workspace_id=connection.workspace_id,
        vendor=connection.vendor,
        external_id=connection.external_id,
        name=connection.name,
        settings=connection.settings,
        credentials=credentials,
    )


def _leave_to_a_run(_: Credentials) -> Credentials:
    """Refuse to renew by a refresh token that works once: a lost answer would use it up."""
    message = (
        "the access token has ended. The next run renews it; a page does not, since its refresh "
        "token works once"
    )
    raise TemporaryError(message)


def _outcome(connection_id: int | None, verified: Verified | None) -> Outcome:
    if verified is None:
        return Outcome(connection_id=connection_id)
    return Outcome(connection_id=connection_id, account=verified.account, notes=verified.notes)
