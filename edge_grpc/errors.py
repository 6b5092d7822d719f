"""What a call can answer instead of a result, as one tree.

EdgeError
├── ConfigurationError          the server or a command cannot start
└── CallError                   a reason that the contract names, with its status
    ├── InvalidArgumentError    the request is wrong; sending it again does not help
    ├── NotFoundError           the store or company does not exist
    ├── CursorTooOldError       the changes since the cursor are gone: take a snapshot
    ├── TenantMismatchError     the token opens another company or store
    ├── UnauthenticatedError    no token, or one that is not valid (any more)
    ├── ScopeError              the token does not allow this call
    ├── RateLimitedError        try again after `retry_seconds`
    └── UnavailableError        heals by itself (draining, the database is away)

This module knows no gRPC, so that stores may raise from it; `status.py` turns it into statuses.
"""

from __future__ import annotations

from typing import ClassVar


class EdgeError(Exception):
    """Base of everything that this package raises on purpose."""


class ConfigurationError(EdgeError):
    """A setting, key file or argument is wrong; the message says which."""


class CallError(EdgeError):
    """A call ends with this status and reason; the message is made for the caller's eyes."""

    status: ClassVar[str] = "INVALID_ARGUMENT"

    def __init__(self, reason: str, message: str, *, retry_seconds: float | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.retry_seconds = retry_seconds


class InvalidArgumentError(CallError):
    """The request is wrong."""


class InvalidFieldError(InvalidArgumentError):
    """A field has a fault that has no reason of its own; the message names it."""

    def __init__(self, message: str) -> None:
        super().__init__("INVALID_FIELD", message)


class NotFoundError(CallError):
    """What the request names does not exist."""

    status = "NOT_FOUND"


class CursorTooOldError(CallError):
    """Changes since this cursor are not kept any more."""

    status = "FAILED_PRECONDITION"

    def __init__(self) -> None:
        super().__init__("CURSOR_TOO_OLD", "The cursor is too old: ask for a snapshot.")


class TenantMismatchError(CallError):
    """The request names a company or store that the token does not open."""

    status = "PERMISSION_DENIED"

    def __init__(self) -> None:
        super().__init__("TENANT_MISMATCH", "The token does not open this company and store.")


class ScopeError(CallError):
    """The token lacks the scope of this call."""

    status = "PERMISSION_DENIED"

    def __init__(self, scope: str) -> None:
        super().__init__("MISSING_SCOPE", f"The token lacks the scope '{scope}'.")


class UnauthenticatedError(CallError):
    """One text for every cause: a stranger learns nothing from it."""

    status = "UNAUTHENTICATED"

    def __init__(self) -> None:
        super().__init__("UNAUTHENTICATED", "A valid access token is required.")


class RateLimitedError(CallError):
    """Too many calls from one store."""

    status = "RESOURCE_EXHAUSTED"

    def __init__(self, retry_seconds: float) -> None:
        message = f"Too many calls: try again in {retry_seconds:.1f} s."
        super().__init__("RATE_LIMITED", message, retry_seconds=retry_seconds)


class UnavailableError(CallError):
    """Heals by itself."""

    status = "UNAVAILABLE"

    def __init__(self, reason: str, message: str, *, retry_seconds: float = 1) -> None:
        super().__init__(reason, message, retry_seconds=retry_seconds)
