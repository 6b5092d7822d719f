"""Puts a server process together, and takes it down without losing anybody's place."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
from __future__ import annotations

import asyncio
import gc
import logging
import os
import random
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import grpc
from grpc_channelz.v1 import channelz
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1._async import HealthServicer
from grpc_reflection.v1alpha import reflection
from prometheus_client import start_http_server

from edge_grpc import database, logs, tracing
from edge_grpc.auth import Authentication, Generations
from edge_grpc.cursor import CursorSeal
from edge_grpc.drain import Drain
from edge_grpc.errors import ConfigurationError
from edge_grpc.interception import Surrounding
from edge_grpc.interceptors import answering, recording
from edge_grpc.rate_limit import RateLimit
from edge_grpc.servicer import EdgeSyncServicer
from edge_grpc.settings import Settings
from edge_grpc.tokens import KeyFile, Tokens
from edge_grpc.v1 import edge_sync_service_pb2, edge_sync_service_pb2_grpc

logger = logging.getLogger(__name__)
_NEW_OBJECTS = 20_000
SERVICE = edge_sync_service_pb2.DESCRIPTOR.services_by_name["EdgeSyncService"].full_name


def channel_options(settings: Settings) -> list[tuple[str, Any]]:
    """Return core's limits: message size, streams, keepalive, many edges at once."""
    age = settings.connection_age_seconds
    return [
        ("grpc.so_reuseport", 1),
        ("grpc.max_receive_message_length", settings.max_request_bytes),
        ("grpc.max_send_message_length", 4 << 20),
        ("grpc.max_concurrent_streams", settings.max_streams_per_connection),
        ("grpc.max_metadata_size", 16 << 10),
        ("grpc.server.max_pending_requests", 20_000),
        ("grpc.server.max_pending_requests_hard_limit", 40_000),
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", 30_000),
        ("grpc.max_connection_age_ms", int(age * random.uniform(0.9, 1.1) * 1000)),  # noqa: S311
        ("grpc.max_connection_age_grace_ms", int(settings.drain_seconds * 1000)),
    ]


class Server:
    """A server process: what it holds, from the first connection to the last stream."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.port = 0
        self.generations = Generations()
        self._key_file = KeyFile(settings.keys_file)
        self._health = HealthServicer()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[Server]:
        """Serve until the block ends, then drain."""
        settings = self._settings
        dsn = settings.dsn.get_secret_value()
        async with database.opened(dsn, size=settings.pool_size) as pool:
            tokens = self._tokens()
            seal = CursorSeal(self._key_file.ring)
            servicer = EdgeSyncServicer(settings, pool, tokens, seal, self.generations)
            server = self._build(servicer, tokens)
            async with servicer.background():
                await server.start()
                await self._health.set(SERVICE, health_pb2.HealthCheckResponse.SERVING)
                try:
                    yield self
                finally:
                    await self._drain(server, servicer.drain)

    def _tokens(self) -> Tokens:
        settings = self._settings
        return Tokens(
            self._key_file.ring,
            issuer=settings.issuer,
            audience=settings.audience,
            lifetime=timedelta(seconds=settings.token_seconds),
        )

    def _build(self, servicer: EdgeSyncServicer, tokens: Tokens) -> grpc.aio.Server:
        settings = self._settings
        per_store = RateLimit(per_minute=settings.calls_per_minute, burst=settings.burst)
        authentication = Authentication(tokens, self.generations, per_store)
        server = grpc.aio.server(
            interceptors=[
                Surrounding(recording, answering(settings.unary_seconds), authentication)
            ],
            options=channel_options(settings),
        )
        edge_sync_service_pb2_grpc.add_EdgeSyncServiceServicer_to_server(servicer, server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        channelz.add_channelz_servicer(server)
        if settings.reflection:
            reflection.enable_server_reflection((SERVICE, reflection.SERVICE_NAME), server)
        self.port = _bind(server, settings)
        return server

    async def _drain(self, server: grpc.aio.Server, drain: Drain) -> None:
        """Say goodbye: no new calls, watches end at once, syncs end or leave a resume token."""
        await self._health.enter_graceful_shutdown()
        pressing = asyncio.create_task(drain.run(self._settings.drain_seconds))
        await server.stop(self._settings.drain_seconds)
        pressing.cancel()


def _bind(server: grpc.aio.Server, settings: Settings) -> int:
    if settings.insecure:
        port = server.add_insecure_port(settings.listen)
    else:
        port = server.add_secure_port(settings.listen, _tls(settings))
    if not port:
        message = f"EDGE_GRPC_LISTEN: {settings.listen} cannot be listened on."
        raise ConfigurationError(message)
    return port


def _tls(settings: Settings) -> grpc.ServerCredentials:
    if settings.tls_key_file is None or settings.tls_cert_file is None:
        message = "TLS needs EDGE_GRPC_TLS_CERT_FILE and EDGE_GRPC_TLS_KEY_FILE."
        raise ConfigurationError(message)
    pair = (settings.tls_key_file.read_bytes(), settings.tls_cert_file.read_bytes())
    client_ca = settings.tls_client_ca_file
    return grpc.ssl_server_credentials(
        [pair],
        root_certificates=client_ca.read_bytes() if client_ca else None,
        require_client_auth=client_ca is not None,
    )


def run(settings: Settings, number: int) -> None:
    """Run one server process to its end; a spawned worker finds it here by its name."""
    logs.to_stderr(settings.log_level)
    tracing.export(os.environ)
    asyncio.run(serve(settings, number))


async def serve(settings: Settings, number: int = 0) -> None:
    """Run until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    _serve_metrics(settings, number)
    async with Server(settings).running() as server:
        collect_seldom()
        logger.info("serving", extra=logs.facts(port=server.port, worker=number))
        await stop.wait()
        logger.info("draining", extra=logs.facts(worker=number))


def collect_seldom() -> None:
    """Have Python look for cycles seldom, and never among what lives as long as the process.

    A request of 500 records makes thousands of objects, of which none is in a cycle: at Python's
    own threshold (700) looking for some takes a fifth of the time of checking them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, 20, 20)


def _serve_metrics(settings: Settings, number: int) -> None:
    """Each worker has its own page, on the port after its neighbour's."""
    if settings.metrics_listen:
        host, _, port = settings.metrics_listen.rpartition(":")
        start_http_server(int(port) + number, host or "127.0.0.1")
