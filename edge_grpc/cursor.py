"""Cursors: what an edge holds, sealed so that it can only be handed back, not made or changed.

A cursor belongs to one epoch, company, store, filter and compilation of settings. A checkpoint
cursor says "everything up to this version and instant"; a resume token says in addition how far
the stream that was to get there had come, and where it had started.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import msgspec

from edge_grpc.errors import InvalidArgumentError
from edge_grpc.keys import Key, KeyRing

_PURPOSE = b"edge_grpc cursor"
_SEAL_BYTES = 16
_LONGEST = 4096
_LOOK_SECONDS = 1


# Structs: each batch has one of both, and a frozen dataclass takes ten times as long to make.
class Progress(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far a broken stream had come."""

    since_version: int | None
    since_as_of: datetime | None
    kind: str
    after: tuple[str | int, ...]
    removals: bool = False


class Cursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """Data of one store as of one version and instant.

    `held`: count and checksum of each kind at a checkpoint; of a kind that does not change until
    the next one they are still true.
    """

    epoch: UUID
    company_id: UUID
    store_id: UUID
    filters: str
    settings: str
    version: int
    as_of: datetime
    boundary: datetime | None = None
    progress: Progress | None = None
    held: dict[str, tuple[int, int]] = msgspec.field(default_factory=dict[str, tuple[int, int]])

    def belongs_to(self, company_id: UUID, store_id: UUID) -> bool:
        return (self.company_id, self.store_id) == (company_id, store_id)

    def at(self, progress: Progress) -> Cursor:
        """Return a resume token's cursor: a checkpoint's sums are not for it."""
        return Cursor(
            self.epoch,
            self.company_id,
            self.store_id,
            self.filters,
            self.settings,
            self.version,
            self.as_of,
            self.boundary,
            progress,
        )


class CursorSeal:
    """Seals cursors with the newest key and opens those of any key that is kept."""

    def __init__(self, ring: Callable[[], KeyRing]) -> None:
        self._ring = ring
        self._secrets: dict[str, bytes] = {}
        self._newest: Key | None = None
        self._fresh_until = 0.0

    def seal(self, cursor: Cursor) -> str:
        """Return the opaque form of a cursor."""
        key = self._sealing_key()
        body = bytes.fromhex(key.kid) + msgspec.msgpack.encode(cursor)
        return base64.urlsafe_b64encode(self._mac(key, body) + body).decode()

    def open(self, sealed: str) -> Cursor:
        """Return what was sealed, or raise INVALID_CURSOR."""
        if len(sealed) > _LONGEST:
            raise invalid_cursor()
        try:
            raw = base64.b64decode(sealed, altchars=b"-_", validate=True)
        except ValueError:  # also when it is not ASCII
            raise invalid_cursor() from None
        mac, body = raw[:_SEAL_BYTES], raw[_SEAL_BYTES:]
        key = self._ring().find(body[:4].hex())
        if key is None or not hmac.compare_digest(mac, self._mac(key, body)):
            raise invalid_cursor()
        try:
            return msgspec.msgpack.decode(body[4:], type=Cursor)
        except msgspec.MsgspecError:
            raise invalid_cursor() from None

    def _sealing_key(self) -> Key:
        """Return the newest key as of a second ago: the file is not looked at for each batch."""
        now = time.monotonic()
        if self._newest is None or now >= self._fresh_until:
            self._newest = self._ring().newest
            self._fresh_until = now + _LOOK_SECONDS
        return self._newest

    def _mac(self, key: Key, body: bytes) -> bytes:
        secret = self._secrets.get(key.kid)
        if secret is None:
            secret = self._secrets[key.kid] = key.derive(_PURPOSE)
        return hmac.digest(secret, body, "sha256")[:_SEAL_BYTES]


def fingerprint(*parts: object) -> str:
    """Return a short hash of what a cursor depends on."""
    text = "\x1f".join(str(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def invalid_cursor() -> InvalidArgumentError:
    return InvalidArgumentError(
        "INVALID_CURSOR", "The cursor is not one of ours for this store: ask for a snapshot."
    )
