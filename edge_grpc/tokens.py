"""Access tokens: short-lived JWTs signed with Ed25519 that open one store of one company.

A verified token is remembered until it expires: checking a signature at every call would halve
the calls a process can answer. Revocation is looked up apart, by the client's id and generation.
"""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import jwt

from edge_grpc import keys
from edge_grpc.errors import ConfigurationError, UnauthenticatedError

ALGORITHM = "EdDSA"
SCOPES = frozenset({"sync", "usage"})
_REQUIRED = ["exp", "iat", "iss", "aud", "sub", "jti", "company_id", "store_id", "scope", "gen"]
_LEEWAY_SECONDS = 5
_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: one store's edge server."""

    client_id: UUID
    company_id: UUID
    store_id: UUID
    scopes: frozenset[str]
    generation: int
    expires_at: datetime

    def expired(self, now: datetime) -> bool:
        return now >= self.expires_at


class KeyFile:
    """The key ring on disk, read again when the file changes, so that rotation needs no restart."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = self._stat()
        self._ring = keys.read(path)

    def ring(self) -> keys.KeyRing:
        """Return the ring as it is on disk now; a broken file leaves the last good one in use."""
        stamp = self._stat()
        if stamp != self._stamp:
            try:
                self._ring = keys.read(self._path)
            except ConfigurationError:
                return self._ring
            self._stamp = stamp
        return self._ring

    def _stat(self) -> tuple[int, int]:
        try:
            stat = self._path.stat()
        except OSError:
            return (0, 0)
        return (stat.st_mtime_ns, stat.st_ino)


class Tokens:
    """Issues and verifies access tokens."""

    def __init__(
        self,
        ring: Callable[[], keys.KeyRing],
        *,
        issuer: str,
        audience: str,
        lifetime: timedelta,
    ) -> None:
        self._ring = ring
        self._issuer = issuer
        self._audience = audience
        self._lifetime = lifetime
        self._verified: OrderedDict[str, Principal] = OrderedDict()

    def issue(
        self,
        client_id: UUID,
        company_id: UUID,
        store_id: UUID,
        *,
        scopes: Iterable[str],
        generation: int,
    ) -> tuple[str, datetime]:
        """Return a token and when it expires."""
        now = datetime.now(UTC)
        expires_at = now + self._lifetime
        key = self._ring().newest
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": str(client_id),
            "iat": now,
            "exp": expires_at,
            "jti": uuid.uuid4().hex,
            "company_id": str(company_id),
            "store_id": str(store_id),
            "scope": " ".join(sorted(scopes)),
            "gen": generation,
        }
        return jwt.encode(claims, key.private, ALGORITHM, {"kid": key.kid}), expires_at

    def verify(self, token: str) -> Principal:
        """Return who the token speaks for, or raise UnauthenticatedError without a reason."""
        known = self._verified.get(token)
        if known is not None:
            if known.expired(datetime.now(UTC)):
                del self._verified[token]
                raise UnauthenticatedError
            return known
        principal = self._decode(token)
        self._verified[token] = principal
        if len(self._verified) > _REMEMBERED:
            self._verified.popitem(last=False)
        return principal

    def _decode(self, token: str) -> Principal:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            key = self._ring().find(str(kid))
            if key is None:
                raise UnauthenticatedError
            claims = jwt.decode(
                token,
                key.public,
                algorithms=[ALGORITHM],
                audience=self._audience,
                issuer=self._issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": _REQUIRED},
            )
            return Principal(
                UUID(claims["sub"]),
                UUID(claims["company_id"]),
                UUID(claims["store_id"]),
                frozenset(str(claims["scope"]).split()),
                int(claims["gen"]),
                datetime.fromtimestamp(claims["exp"], UTC),
            )
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
            raise UnauthenticatedError from None
