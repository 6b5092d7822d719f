"""Keeps the secrets of connections: encrypted at rest, refreshed by one at a time.

The keys are in `VENDOR_SYNC_FERNET_KEYS`, comma-separated: the first encrypts, all decrypt. To
replace a key: docs/operations.md, "Keys".
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from vendor_sync.ad_analytics.records import Credentials
from vendor_sync.errors import AuthenticationError, ConfigurationError
from vendor_sync.postgres import Warehouse, load_query

KEYS_VARIABLE = "VENDOR_SYNC_FERNET_KEYS"
# A token that ends this soon is renewed before it is used.
_EARLY = timedelta(seconds=60)

Refresher = Callable[[Credentials], Credentials]


def fernet_from_environment() -> MultiFernet:
    """Return the cipher, or raise ConfigurationError saying how to make a key."""
    how = (
        "one or more keys, comma-separated, each made by `python -c "
        "'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'`"
    )
    keys = [key.strip() for key in os.environ.get(KEYS_VARIABLE, "").split(",") if key.strip()]
    if not keys:
        message = f"{KEYS_VARIABLE} is not set: give it {how}."
        raise ConfigurationError(message)
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError:
        # The variable holds secrets: its content may not be shown.
        message = f"{KEYS_VARIABLE} is not made of Fernet keys: give it {how}."
        raise ConfigurationError(message) from None


class TokenStore:
    """Reads and writes credentials; `refresh` opens a transaction of its own."""

    def __init__(self, conn: Warehouse, cipher: MultiFernet) -> None:
        self._conn = conn
        self._cipher = cipher

    def load(self, connection_id: int) -> Credentials:
        """Return the credentials; raise AuthenticationError if there are none."""
        row = self._conn.execute(
            load_query("analytics/get_credentials.sql"), {"connection_id": connection_id}
        ).fetchone()
        return decrypt(self._cipher, connection_id, None if row is None else row[0])

    def save(self, connection_id: int, credentials: Credentials) -> None:
        """Encrypt and replace the credentials; a connection that needed them is active again."""
        self._conn.execute(
            load_query("analytics/save_credentials.sql"),
            {
                "connection_id": connection_id,
                "credentials": self._cipher.encrypt(msgspec.json.encode(credentials)),
            },
        )

    def lock(self, connection_id: int) -> None:
        """Let nobody else renew or replace the credentials until the transaction ends."""
        self._conn.execute(
            load_query("analytics/lock_credentials.sql"), {"connection_id": connection_id}
        )

    def refresh(self, connection_id: int, stale: Credentials, refresher: Refresher) -> Credentials:
        """Return credentials newer than `stale`, asking the vendor only if nobody else has.

        One at a time per connection, over all workers: some vendors' refresh tokens work once
        (Salla), and a second use revokes both. What the vendor gives is committed before anything
        else happens. Raises AuthenticationError where only a person can renew them.
        """
        with self._conn.transaction():
            self.lock(connection_id)
            current = self.load(connection_id)
            if current.access_token != stale.access_token:
                return current
            renewed = refresher(current)
            self.save(connection_id, renewed)
        return renewed

    def rotate(self) -> int:
        """Encrypt everything anew with the first key; return how many credentials that were."""
        rows = self._conn.execute(load_query("analytics/list_credentials.sql")).fetchall()
        for (connection_id,) in rows:
            with self._conn.transaction():
                self.lock(connection_id)
                self._rotate_one(connection_id)
        return len(rows)

    def _rotate_one(self, connection_id: int) -> None:
        row = self._conn.execute(
            load_query("analytics/get_credentials.sql"), {"connection_id": connection_id}
        ).fetchone()
        if row is None or row[0] is None:
            return
        try:
            renewed = self._cipher.rotate(bytes(row[0]))
        except InvalidToken:
            raise _unreadable(connection_id) from None
        self._conn.execute(
            load_query("analytics/replace_ciphertext.sql"),
            {"connection_id": connection_id, "credentials": renewed},
        )

    def mark_needs_reauth(self, connection_ids: Sequence[int]) -> set[int]:
        """Stop asking connections; return those newly so: a person is to be told of them."""
        rows = self._conn.execute(
            load_query("analytics/mark_needs_reauth.sql"), {"connection_ids": list(connection_ids)}
        ).fetchall()
        return {row[0] for row in rows}


def decrypt(cipher: MultiFernet, connection_id: int, stored: bytes | None) -> Credentials:
    """Return stored credentials in plain; raise AuthenticationError if there are none."""
    if stored is None:
        message = f"Connection {connection_id} has no credentials: add them again."
        raise AuthenticationError(message)
    try:
        plain = cipher.decrypt(bytes(stored))
    except InvalidToken:
        raise _unreadable(connection_id) from None
    return msgspec.json.decode(plain, type=Credentials)


def _unreadable(connection_id: int) -> ConfigurationError:
    return ConfigurationError(
        f"The credentials of connection {connection_id} were encrypted with a key that "
        f"{KEYS_VARIABLE} does not have: put that key back, behind the newest."
    )


def ends_soon(credentials: Credentials, now: datetime | None = None) -> bool:
    """Tell whether the access token ends within a minute; one without an end never does."""
    if credentials.expires_at is None:
        return False
    return credentials.expires_at - (now or datetime.now(UTC)) < _EARLY
