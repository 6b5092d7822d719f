"""Workspaces: businesses whose ads and stores are looked at together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from psycopg import errors as pg
from psycopg.rows import class_row

from vendor_sync.ad_analytics.attribution import MODELS, mark_all_orders
from vendor_sync.ad_analytics.roas import mark_all_days
from vendor_sync.ad_analytics.verification import CURRENCIES
from vendor_sync.errors import ConfigurationError
from vendor_sync.postgres import Warehouse, load_query

WINDOWS = (1, 7, 14, 28, 30)
_LONGEST_NAME = 200


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
        if not self.name.strip() or len(self.name) > _LONGEST_NAME:
            message = f"A workspace has a name of 1 to {_LONGEST_NAME} characters."
            raise ConfigurationError(message)
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            message = f"Timezone {self.timezone!r} is unknown: name it like Asia/Riyadh."
            raise ConfigurationError(message) from None
        if self.currency not in CURRENCIES:
            message = f"Currency {self.currency!r} is unknown: use an ISO 4217 code like SAR."
            raise ConfigurationError(message)
        if not self.models or not set(self.models) <= set(MODELS):
            message = f"Models are one or more of {', '.join(MODELS)}; given: {self.models!r}."
            raise ConfigurationError(message)
        if self.window_days not in WINDOWS:
            message = f"The window is one of {WINDOWS} days, not {self.window_days}."
            raise ConfigurationError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A workspace as it is stored; `linked` accounts and stores, of which `active` are asked."""

    workspace_id: int
    name: str
    timezone: str
    currency: str
    models: list[str]
    window_days: int
    linked: int
    active: int


def save_workspace(conn: Warehouse, settings: WorkspaceSettings) -> int:
    """Add a workspace or change the one of that name; return its id."""
    settings.check()
    for known in list_workspaces(conn):
        if known.name == settings.name.strip():
            return change_workspace(conn, known.workspace_id, settings)
    return add_workspace(conn, settings)


def add_workspace(conn: Warehouse, settings: WorkspaceSettings) -> int:
    """Add a workspace and return its id; raise ConfigurationError where the name is taken."""
    settings.check()
    row = conn.execute(load_query("analytics/insert_workspace.sql"), _columns(settings)).fetchone()
    if row is None:
        message = f"There is a workspace {settings.name.strip()!r} already."
        raise ConfigurationError(message)
    return row[0]


def change_workspace(conn: Warehouse, workspace_id: int, settings: WorkspaceSettings) -> int:
    """Change a workspace, its name too; if its figures depend on it, mark them to be made anew."""
    settings.check()
    values = {"workspace_id": workspace_id, **_columns(settings)}
    try:
        with conn.transaction():
            row = conn.execute(load_query("analytics/update_workspace.sql"), values).fetchone()
            if row is None:
                raise _unknown(workspace_id)
            if row[0]:
                mark_all_orders(conn, workspace_id)
                mark_all_days(conn, workspace_id)
    except pg.UniqueViolation:
        message = f"Another workspace is called {settings.name.strip()!r}."
        raise ConfigurationError(message) from None
    return workspace_id


def list_workspaces(conn: Warehouse) -> list[Workspace]:
    """Return all workspaces."""
    rows = conn.cursor(row_factory=class_row(Workspace)).execute(
        load_query("analytics/list_workspaces.sql")
    )
    return rows.fetchall()


def require_workspace(conn: Warehouse, workspace_id: int) -> str:
    """Return a workspace's name; raise ConfigurationError if there is none of the id."""
    for known in list_workspaces(conn):
        if known.workspace_id == workspace_id:
            return known.name
    raise _unknown(workspace_id)


def _unknown(workspace_id: int) -> ConfigurationError:
    return ConfigurationError(f"There is no workspace {workspace_id}: look at the list of them.")


def _columns(settings: WorkspaceSettings) -> dict[str, Any]:
    return {
        "name": settings.name.strip(),
        "timezone": settings.timezone,
        "currency": settings.currency,
        "models": list(settings.models),
        "window_days": settings.window_days,
    }
