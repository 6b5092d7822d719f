"""Credentials of edge servers: secrets hashed with argon2id, refresh tokens that work once."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from edge_grpc.database import Database
from edge_grpc.errors import RateLimitedError, UnauthenticatedError
from edge_grpc.queries import Connection, Row, rows

_SECRET_BYTES = 32
_LONGEST_SECRET = 200
_AT_ONCE = 2  # argon2 takes its 64 MiB and a core for each
_hasher = PasswordHasher()


@dataclass(frozen=True, slots=True)
class Client:
    """A store's edge server that has proved who it is."""

    client_id: UUID
    company_id: UUID
    store_id: UUID
    scopes: tuple[str, ...]
    generation: int


@dataclass(frozen=True, slots=True)
class Refresh:
    """A refresh token as it is given out."""

    token: str
    expires_at: datetime


class CredentialStore:
    """Checks secrets and turns refresh tokens over."""

    def __init__(self, database: Database, *, refresh_days: int, wait_seconds: float) -> None:
        self._database = database
        self._lifetime = timedelta(days=refresh_days)
        self._queue = _Queue(wait_seconds)

    async def check(self, client_id: str, secret: str) -> tuple[Client, Refresh]:
        """Return the client and the first of a chain of refresh tokens.

        Raises RateLimitedError while too many wait, UnauthenticatedError for a wrong secret.
        """
        row = await self._find(client_id)
        matches = await self._queue.verify(row["secret_hash"] if row else _decoy(), secret)
        if row is None or not matches:
            raise UnauthenticatedError
        client = _client(row)
        async with self._database.transaction() as conn:
            await rows(conn, "edge_service/drop_old_refresh_tokens.sql", client_id=client.client_id)
            return client, await self._add_refresh(conn, client.client_id, uuid.uuid4())

    async def refresh(self, token: str) -> tuple[Client, Refresh]:
        """Turn a refresh token over; one that comes again voids its whole chain."""
        token_hash = _hash(token)
        async with self._database.transaction() as conn:
            used = await rows(conn, "edge_service/use_refresh_token.sql", token_hash=token_hash)
            if used:
                found = await rows(
                    conn, "edge_service/find_client.sql", client_id=used[0]["client_id"]
                )
                if found:
                    client = _client(found[0])
                    family = used[0]["family_id"]
                    return client, await self._add_refresh(conn, client.client_id, family)
            await rows(conn, "edge_service/void_refresh_family.sql", token_hash=token_hash)
        raise UnauthenticatedError

    async def _find(self, client_id: str) -> Row | None:
        try:
            key = UUID(client_id)
        except ValueError:
            return None
        found = await self._database.rows("edge_service/find_client.sql", client_id=key)
        return found[0] if found else None

    async def _add_refresh(self, conn: Connection, client_id: UUID, family: UUID) -> Refresh:
        token = secrets.token_urlsafe(_SECRET_BYTES)
        expires_at = datetime.now(UTC) + self._lifetime
        await rows(
            conn,
            "edge_service/add_refresh_token.sql",
            token_hash=_hash(token),
            client_id=client_id,
            family_id=family,
            expires_at=expires_at,
        )
        return Refresh(token, expires_at)


class _Queue:
    """Secrets that wait for a core: two are checked at a time, each for tens of milliseconds.

    When all stores of a company call at once, those who would wait too long are told when to come
    again, instead of waiting until their deadline has passed.
    """

    def __init__(self, longest_wait: float) -> None:
        self._longest_wait = longest_wait
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0
        self._seconds = _usual_seconds()

    async def verify(self, hashed: str, secret: str) -> bool:
        """Tell whether the secret matches; raise RateLimitedError when too many wait."""
        wait = self._waiting * self._seconds / _AT_ONCE
        if wait > self._longest_wait:
            raise RateLimitedError(wait)
        self._waiting += 1
        try:
            async with self._slots:
                began = time.monotonic()
                matches = await asyncio.to_thread(_verify, hashed, secret[:_LONGEST_SECRET])
                # As the machine is busy with other things, too, it changes.
                self._seconds += (time.monotonic() - began - self._seconds) / 4
                return matches
        finally:
            self._waiting -= 1


@cache
def _usual_seconds() -> float:
    """Return what a check takes; the decoy is made before the first call, which would wait."""
    hashed = _decoy()
    began = time.monotonic()
    _verify(hashed, "")
    return time.monotonic() - began


@cache
def _decoy() -> str:
    """Return what an unknown client's secret is compared with, so that it takes as long."""
    return _hasher.hash(secrets.token_urlsafe())


def new_secret() -> tuple[str, str]:
    """Return a secret, to be shown once, and its hash."""
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    return secret, _hasher.hash(secret)


def _verify(hashed: str, secret: str) -> bool:
    try:
        return _hasher.verify(hashed, secret)
    except (Argon2Error, InvalidHashError, UnicodeError):
        return False


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _client(row: Row) -> Client:
    return Client(
        row["client_id"],
        row["company_id"],
        row["store_id"],
        tuple(row["scopes"]),
        row["generation"],
    )
