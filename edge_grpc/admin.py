"""What an administrator does: credentials of stores, and companies' sync settings."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg  # pyright: ignore[reportMissingTypeStubs]

from edge_grpc import selector
from edge_grpc.compile_store import publish
from edge_grpc.credentials import new_secret
from edge_grpc.database import Database
from edge_grpc.errors import ConfigurationError
from edge_grpc.queries import Connection, rows
from edge_grpc.tokens import SCOPES

_NUMBERS = {"future_days", "past_days", "sync_interval_hours", "max_promotions_per_sync"}
_SWITCHES = {"include_inactive", "auto_sync_enabled", "enable_compression"}
_NAMES = {"sync_strategy"} | _NUMBERS | _SWITCHES


class ClientAdmin:
    """Makes and ends credentials; servers hear of it in the same transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, store_id: UUID, name: str, scopes: list[str]) -> dict[str, Any]:
        unknown = set(scopes) - SCOPES - {"operator"}
        if unknown:
            message = f"No such scope: {', '.join(sorted(unknown))}."
            raise ConfigurationError(message)
        secret, hashed = new_secret()
        found = await self._change(
            "edge_service/add_client.sql",
            store_id=store_id,
            name=name,
            secret_hash=hashed,
            scopes=scopes,
        )
        return {**found, "client_secret": secret}

    async def list(self) -> list[dict[str, Any]]:
        found = await self._database.rows("edge_service/list_clients.sql")
        return [dict(row) for row in found]

    async def rotate(self, client_id: UUID) -> dict[str, Any]:
        secret, hashed = new_secret()
        found = await self._change(
            "edge_service/rotate_client.sql", client_id=client_id, secret_hash=hashed
        )
        return {**found, "client_secret": secret}

    async def revoke(self, client_id: UUID) -> dict[str, Any]:
        return await self._change("edge_service/revoke_client.sql", client_id=client_id)

    async def _change(self, query: str, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401
        async with self._database.transaction() as conn:
            found = await rows(conn, query, **parameters)
            await rows(conn, "edge_service/notify_clients.sql")
        if not found:
            message = "There is no such store, or no such client that is not revoked."
            raise ConfigurationError(message)
        return dict(found[0])


class SettingsAdmin:
    """Shows and changes what a company sends to its stores."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def show(self, company_id: UUID) -> dict[str, Any]:
        found = await self._database.rows(
            "edge_service/find_sync_settings.sql", company_id=company_id
        )
        if not found:
            message = "There is no such company."
            raise ConfigurationError(message)
        return dict(found[0])

    async def set(self, company_id: UUID, changes: Mapping[str, str]) -> dict[str, Any]:
        """Change settings, all or none; the database's own checks have the last word."""
        async with self._database.transaction() as conn:
            await _save(conn, company_id, _parsed_all(changes))
        return await self.show(company_id)

    async def preview(self, company_id: UUID, changes: Mapping[str, str]) -> list[dict[str, Any]]:
        """Tell what each store would be sent under other settings; nothing is changed."""
        changed = _parsed_all(changes)
        stores = await self._database.rows("edge_service/list_stores.sql", company_id=company_id)
        answer: list[dict[str, Any]] = []
        async with self._database.connection() as conn:
            await _try(conn, company_id, changed)
            await publish(conn, company_id)
            clock = await rows(conn, "edge_service/read_clock.sql")
            for store in stores:
                scope = await selector.load_scope(conn, company_id, store["store_id"])
                scope = replace(scope, **changed)
                count = await _count_promotions(conn, scope, clock[0]["now"])
                pages = -(-count // scope.max_promotions_per_sync)
                answer.append({"store": store["code"], "promotions": count, "pages": pages})
        return answer


async def _save(conn: Connection, company_id: UUID, changed: Mapping[str, Any]) -> None:
    settings: dict[str, Any] = dict.fromkeys(_NAMES) | dict(changed)
    try:
        await rows(conn, "edge_service/name_settings_author.sql", author=_author())
        await rows(conn, "edge_service/update_sync_settings.sql", company_id=company_id, **settings)
    except (asyncpg.CheckViolationError, asyncpg.DataError) as error:
        message = f"A value is out of its range: {error}"
        raise ConfigurationError(message) from None


async def _try(conn: Connection, company_id: UUID, changed: Mapping[str, Any]) -> None:
    """Have the database's own checks judge settings that are not kept."""
    tried = conn.transaction()
    await tried.start()
    try:
        await _save(conn, company_id, changed)
    finally:
        await tried.rollback()


def _author() -> str:
    try:
        return f"{getpass.getuser()} by command"
    except (KeyError, OSError):  # a container's user may have no name
        return f"user {os.getuid()} by command"


async def _count_promotions(conn: Connection, scope: selector.StoreScope, as_of: datetime) -> int:
    """Count with the selector that serves, page by page as a sync reads them."""
    count, after = 0, selector.FIRST_PROMOTION
    while page := await selector.list_promotions(
        conn, scope, selector.Filters(), as_of=as_of, after=after
    ):
        count += len(page)
        key = page[-1].key
        if not isinstance(key, selector.PromotionKey):
            break
        after = key
    return count


def _parsed_all(changes: Mapping[str, str]) -> dict[str, Any]:
    return {name: _parsed(name, value) for name, value in changes.items()}


def _parsed(name: str, value: str) -> object:
    if name not in _NAMES:
        message = f"No such setting: {name}. There are {', '.join(sorted(_NAMES))}."
        raise ConfigurationError(message)
    try:
        if name in _NUMBERS:
            return int(value)
        return {"true": True, "false": False}[value.lower()] if name in _SWITCHES else value
    except (ValueError, KeyError):
        message = f"{name}: '{value}' is not a value for it."
        raise ConfigurationError(message) from None
