"""When to try again: later each time, never all at once, and not before the server said."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import random
from typing import Any

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

TRANSIENT = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.CANCELLED,  # not by us: a server with too many calls waiting says so
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNKNOWN,
    }
)


class Backoff:
    """Waits that double up to a limit, each with jitter over its whole length."""

    def __init__(self, *, first: float = 0.5, limit: float = 60) -> None:
        self._first = first
        self._limit = limit
        self._tries = 0

    def reset(self) -> None:
        self._tries = 0

    def next(self, error: grpc.RpcError | None = None) -> float:
        """Return how long to wait after this failure."""
        ceiling = min(self._limit, self._first * 2**self._tries)
        self._tries = min(self._tries + 1, 30)
        asked = retry_seconds(error) if error else 0
        return asked + random.uniform(0, ceiling)  # noqa: S311 - jitter, not a secret


def reason(error: grpc.RpcError) -> str:
    """Return the reason that the server gave, or an empty text."""
    info = error_details_pb2.ErrorInfo()
    return info.reason if _unpack(error, info) else ""


def retry_seconds(error: grpc.RpcError) -> float:
    """Return how long the server asks to wait."""
    retry = error_details_pb2.RetryInfo()
    return retry.retry_delay.ToMilliseconds() / 1000 if _unpack(error, retry) else 0


def _unpack(
    error: grpc.RpcError, detail: error_details_pb2.ErrorInfo | error_details_pb2.RetryInfo
) -> bool:
    call: Any = error  # grpc.aio's errors are calls too, without saying so
    try:
        status: Any = rpc_status.from_call(call)
    except (ValueError, AttributeError):
        return False
    return bool(status) and any(packed.Unpack(detail) for packed in status.details)
