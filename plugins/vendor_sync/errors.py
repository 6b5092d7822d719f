"""What can go wrong in a flow, as one tree.

SyncError
├── ConfigurationError        a setting is wrong; the message names it (never retried)
├── LockedError               another run of the flow holds its lock
├── StorageError              PostgreSQL, S3 or Redis cannot be reached (retried)
├── InvalidRecordError        one record is refused; the rest goes on
└── VendorError               a vendor answered, or failed to
    ├── TemporaryError        heals by itself (retried)
    │   └── RateLimitedError  heals at a known time
    ├── TokenExpiredError     heals with a fresh token
    ├── AmbiguousOutcomeError a write may have happened, or not
    └── PermanentError        does not heal without a person
        └── AuthenticationError

Clients raise them, flows let them pass, `orchestration.retry_policy` decides what Airflow does.
"""

from __future__ import annotations

from datetime import UTC, datetime


class SyncError(Exception):
    """Base of everything a flow raises on purpose."""


class ConfigurationError(SyncError):
    """A connection, parameter or setting is wrong; the message says which and what to do."""


class LockedError(SyncError):
    """Another run of the same flow is at work."""


class StorageError(SyncError):
    """One of our own stores cannot be reached or failed; trying again is safe."""


class InvalidRecordError(SyncError):
    """One record is refused. `reason` says which field and why, in words."""

    def __init__(self, entity: str, external_id: str | None, reason: str) -> None:
        super().__init__(f"{entity} {external_id or '(no id)'}: {reason}")
        self.entity = entity
        self.external_id = external_id
        self.reason = reason


class VendorError(SyncError):
    """A request to a vendor failed; the message names the (redacted) request."""

    def __init__(self, message: str, *, status: int | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class TemporaryError(VendorError):
    """Timeout, broken connection, 5xx, unreadable body: heals by itself."""


class RateLimitedError(TemporaryError):
    """The vendor asks to wait: until `retry_at` (an aware instant), or it does not say (None)."""

    def __init__(
        self,
        message: str,
        *,
        retry_at: datetime | None,
        status: int | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message, status=status, code=code)
        self.retry_at = retry_at

    def wait_seconds(self) -> float:
        """Return the seconds from now until the vendor accepts requests; 0 if it does not say."""
        if self.retry_at is None:
            return 0.0
        return max(0.0, (self.retry_at - datetime.now(UTC)).total_seconds())


class TokenExpiredError(VendorError):
    """The access token is no longer valid; a refreshed one will work."""


class AmbiguousOutcomeError(VendorError):
    """A write was sent, and no answer says whether it happened: look before it is sent again."""


class PermanentError(VendorError):
    """The vendor refuses the request and will refuse it again."""


class AuthenticationError(PermanentError):
    """The vendor refuses our key or its permissions."""
