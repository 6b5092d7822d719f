"""Links ad accounts and stores to workspaces: what the commands do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import iso4217
import msgspec
from psycopg.types.json import Jsonb

from vendor_sync.ad_analytics.attribution import MODELS, mark_all_orders
from vendor_sync.ad_analytics.ports import Wire
from vendor_sync.ad_analytics.records import AccountRecord, Credentials
from vendor_sync.ad_analytics.roas import mark_all_days
from vendor_sync.ad_analytics.state import StateStore
from vendor_sync.ad_analytics.tokens import TokenStore
from vendor_sync.ad_analytics.vendors import VENDORS
from vendor_sync.errors import ConfigurationError
from vendor_sync.postgres import Warehouse, load_query
from vendor_sync.rate_limit import Unlimited
from vendor_sync.rest_client import HttpLimits, Usage

_CURRENCIES = frozenset(currency.code for currency in iso4217.Currency)
_WINDOWS = (1, 7, 14, 28, 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceSettings:
    """What a workspace decides for all its figures."""

    name: str
    timezone: str
    currency: str
    models: tuple[str, ...] = ("last_click",)
    window_days: int = 7

    def check(self) -> None:
        """Raise ConfigurationError naming the setting that is wrong."""
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            message = f"Timezone {self.timezone!r} is unknown: name it like Asia/Riyadh."
            raise ConfigurationError(message) from None
        if self.currency not in _CURRENCIES:
            message = f"Currency {self.currency!r} is unknown: use an ISO 4217 code like SAR."
            raise ConfigurationError(message)
        if not self.models or not set(self.models) <= set(MODELS):
            message = f"Models are one or more of {', '.join(MODELS)}; given: {self.models!r}."
            raise ConfigurationError(message)
        if self.window_days not in _WINDOWS:
            message = f"The window is one of {_WINDOWS} days, not {self.window_days}."
            raise ConfigurationError(message)


def save_workspace(conn: Warehouse, settings: WorkspaceSettings) -> int:
    """Add or change a workspace; changed settings mark all its figures to be computed again."""
    settings.check()
    with conn.transaction():
        row = conn.execute(
            load_query("analytics/upsert_workspace.sql"),
            {
                "name": settings.name,
                "timezone": settings.timezone,
                "currency": settings.currency,
                "models": list(settings.models),
                "window_days": settings.window_days,
            },
        ).fetchone()
        assert row is not None  # noqa: S101 - INSERT ... RETURNING
        workspace_id, is_new = row
        if not is_new:
            mark_all_orders(conn, workspace_id)
            mark_all_days(conn, workspace_id)
    return workspace_id


def link(  # noqa: PLR0913 - what a link is made of
    conn: Warehouse,
    tokens: TokenStore,
    *,
    workspace_id: int,
    vendor: str,
    external_id: str,
    name: str,
    settings: Mapping[str, str],
    credentials: Credentials,
) -> int:
    """Link an account or store with its credentials; return the connection's id."""
    if vendor not in VENDORS:
        message = f"Vendor {vendor!r} is unknown; known are: {', '.join(VENDORS)}."
        raise ConfigurationError(message)
    with conn.transaction():
        row = conn.execute(
            load_query("analytics/upsert_connection.sql"),
            {
                "workspace_id": workspace_id,
                "vendor": vendor,
                "external_id": external_id,
                "name": name,
                "settings": Jsonb(dict(settings)),
            },
        ).fetchone()
        assert row is not None  # noqa: S101 - INSERT ... RETURNING
        tokens.save(row[0], credentials)
    return row[0]


def credentials_from_json(fields: Mapping[str, Any]) -> Credentials:
    """Read credentials; raise ConfigurationError naming the field that is wrong, not its value."""
    try:
        return msgspec.convert(dict(fields), Credentials)
    except msgspec.ValidationError as error:
        message = f"The credentials are not usable: {error}"
        raise ConfigurationError(message) from None


def verify(conn: Warehouse, tokens: TokenStore, connection_id: int) -> AccountRecord:
    """Ask the vendor who the account is and keep currency and timezone; raises its errors."""
    state = StateStore(conn)
    connection = state.get(connection_id).connection
    vendor = VENDORS[connection.vendor]
    limits = HttpLimits(read_seconds=vendor.read_seconds)
    wire = Wire(limiter=Unlimited(), usage=Usage(), limits=limits)
    client = vendor.open_client(connection, tokens.load(connection_id), wire)
    try:
        account = client.get_account()
    finally:
        client.close()
    state.save_account(connection_id, account)
    return account


def list_workspaces(conn: Warehouse) -> list[tuple[Any, ...]]:
    """Return (id, name, timezone, currency, models, window days) of all."""
    return conn.execute(load_query("analytics/list_workspaces.sql")).fetchall()


def list_connections(conn: Warehouse, vendors: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return the vendors' connections: id, workspace, vendor, external id, name, status, ...

    ... currency, timezone, last success, last error.
    """
    query = load_query("analytics/list_connections.sql")
    return conn.execute(query, {"vendors": list(vendors)}).fetchall()


def disable(conn: Warehouse, connection_id: int) -> None:
    """Stop asking a connection; raise ConfigurationError if there is none."""
    query = load_query("analytics/disable_connection.sql")
    if not conn.execute(query, {"connection_id": connection_id}).rowcount:
        message = f"There is no connection {connection_id}."
        raise ConfigurationError(message)
