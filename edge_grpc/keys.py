"""The key file: Ed25519 keys that sign tokens, and what cursors are sealed with.

The newest key signs. Older ones still verify, so that keys rotate without cutting anybody off;
`rotate` drops those that are older than anything they may have signed.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from edge_grpc.errors import ConfigurationError

KEPT = timedelta(days=90)
_SEED_BYTES = 32


@dataclass(frozen=True, slots=True)
class Key:
    """One key pair, and the cursor key derived from it."""

    kid: str
    created_at: datetime
    seed: bytes = field(repr=False)

    @property
    def private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @property
    def public(self) -> Ed25519PublicKey:
        return self.private.public_key()

    def derive(self, purpose: bytes) -> bytes:
        """Return a key for another purpose; knowing it does not give this one away."""
        return HKDF(SHA256(), _SEED_BYTES, salt=None, info=purpose).derive(self.seed)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All keys that may verify, the newest last."""

    keys: tuple[Key, ...]

    @property
    def newest(self) -> Key:
        return self.keys[-1]

    def find(self, kid: str) -> Key | None:
        return next((key for key in self.keys if key.kid == kid), None)


def new_key(now: datetime) -> Key:
    return Key(secrets.token_hex(4), now, secrets.token_bytes(_SEED_BYTES))


def read(path: Path) -> KeyRing:
    """Read the key file; ConfigurationError never shows what is in it."""
    try:
        entries = json.loads(path.read_text())["keys"]
        keys = tuple(sorted((_from_json(entry) for entry in entries), key=lambda k: k.created_at))
    except FileNotFoundError:
        message = f"{path}: no such key file; `python -m edge_grpc keys rotate` makes one."
        raise ConfigurationError(message) from None
    except (ValueError, KeyError, TypeError, OSError):
        message = f"{path}: not a key file that can be read."
        raise ConfigurationError(message) from None
    if not keys:
        message = f"{path}: holds no key."
        raise ConfigurationError(message)
    return KeyRing(keys)


def rotate(path: Path, now: datetime | None = None) -> KeyRing:
    """Add a key that signs from now on; drop what is too old to have signed anything in use.

    A key signs until the next one is made, however long that takes.
    """
    now = now or datetime.now(UTC)
    keys = (*(read(path).keys if path.exists() else ()), new_key(now))
    kept = (key for key, following in pairwise(keys) if now - following.created_at < KEPT)
    ring = KeyRing((*kept, keys[-1]))
    _write(path, ring)
    return ring


def _write(path: Path, ring: KeyRing) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump({"keys": [_to_json(key) for key in ring.keys]}, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _to_json(key: Key) -> dict[str, str]:
    seed = base64.b64encode(key.seed).decode()
    return {"kid": key.kid, "created_at": key.created_at.isoformat(), "seed": seed}


def _from_json(entry: dict[str, Any]) -> Key:
    seed = base64.b64decode(entry["seed"], validate=True)
    if len(seed) != _SEED_BYTES:
        raise ValueError
    return Key(str(entry["kid"]), datetime.fromisoformat(entry["created_at"]), seed)
