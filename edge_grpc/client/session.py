"""The connection to head office: one channel, and a token that is always fresh.

How long a token lasts is measured on the monotonic clock: the wall's clock may be wrong.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import grpc
from opentelemetry import propagate

from edge_grpc.v1 import auth_pb2 as auth
from edge_grpc.v1.edge_sync_service_pb2_grpc import EdgeSyncServiceStub

_EARLY = 0.2
Metadata = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Where head office is and how this edge proves who it is."""

    target: str
    client_id: str
    client_secret: str = field(repr=False)
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    insecure: bool = False


class Session:
    """Calls of one edge server, as an async context manager."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._grant: auth.TokenGrant | None = None
        self._fresh_until = 0.0
        self._lock = asyncio.Lock()
        self._channel = _channel(credentials)
        # The generated stub carries no types.
        self.stub: Any = EdgeSyncServiceStub(self._channel)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _at: TracebackType | None,
    ) -> None:
        await self._channel.close()

    async def grant(self) -> auth.TokenGrant:
        """Return a token that is fresh, and what it opens."""
        async with self._lock:
            if self._grant is None or time.monotonic() >= self._fresh_until:
                asked_at = time.monotonic()
                self._grant = await self._renew()
                self._fresh_until = asked_at + self._grant.expires_in_seconds * (1 - _EARLY)
            return self._grant

    def seconds_fresh(self) -> float:
        """Return for how long the token is good for new calls; none without one."""
        return max(0, self._fresh_until - time.monotonic()) if self._grant else 0

    def forget_token(self) -> None:
        """Have the next call use the credentials again."""
        self._grant = None

    async def metadata(self) -> Metadata:
        """Return what every call carries: the token, and the trace that it is part of."""
        grant = await self.grant()
        carrier: dict[str, str] = {}
        propagate.inject(carrier)
        return (("authorization", f"Bearer {grant.access_token}"), *carrier.items())

    def raw_stream(self, method: str, request: bytes, metadata: Metadata) -> Any:  # noqa: ANN401
        """Start a server stream whose responses stay as they came."""
        channel: Any = self._channel
        call = channel.unary_stream(f"/edge_grpc.v1.EdgeSyncService/{method}")
        return call(request, metadata=metadata)

    async def _renew(self) -> auth.TokenGrant:
        if self._grant is not None:
            request = auth.RefreshTokenRequest(refresh_token=self._grant.refresh_token)
            self._grant = None
            try:
                return (await self.stub.RefreshToken(request, timeout=15)).grant
            except grpc.RpcError as error:
                if error.code() is not grpc.StatusCode.UNAUTHENTICATED:
                    raise
        request = auth.IssueTokenRequest(
            client_id=self._credentials.client_id, client_secret=self._credentials.client_secret
        )
        return (await self.stub.IssueToken(request, timeout=15)).grant


def _channel(credentials: Credentials) -> grpc.aio.Channel:
    options = [
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.max_receive_message_length", 4 << 20),
        ("grpc.initial_reconnect_backoff_ms", 250),
        ("grpc.max_reconnect_backoff_ms", 30_000),
        # Several edges of one process do not share a connection, whose streams are limited.
        ("grpc.use_local_subchannel_pool", 1),
    ]
    if credentials.insecure:
        return grpc.aio.insecure_channel(credentials.target, options=options)
    ca, key, cert = (
        file.read_bytes() if file else None
        for file in (credentials.ca_file, credentials.key_file, credentials.cert_file)
    )
    proof = grpc.ssl_channel_credentials(ca, private_key=key, certificate_chain=cert)
    return grpc.aio.secure_channel(credentials.target, proof, options=options)
