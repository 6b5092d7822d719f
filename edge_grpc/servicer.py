"""The service as one object: which part answers which call, and what runs beside them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from edge_grpc.auth import Generations
from edge_grpc.chunk_store import ChunkStore
from edge_grpc.credentials import CredentialStore
from edge_grpc.cursor import CursorSeal
from edge_grpc.database import Database
from edge_grpc.drain import Drain
from edge_grpc.rate_limit import RateLimit
from edge_grpc.revocations import Revocations
from edge_grpc.settings import Settings
from edge_grpc.sync_servicer import SyncServicer
from edge_grpc.token_servicer import TokenServicer
from edge_grpc.tokens import Tokens
from edge_grpc.usage_servicer import UsageServicer
from edge_grpc.version_servicer import VersionServicer
from edge_grpc.versions import VersionFeed


class EdgeSyncServicer:
    """All calls of `edge_grpc.v1.EdgeSyncService`."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        tokens: Tokens,
        seal: CursorSeal,
        generations: Generations,
    ) -> None:
        self.drain = Drain()
        self._feed = VersionFeed(
            database,
            self.drain.begun,
            poll_seconds=settings.watch_poll_seconds,
            read_seconds=settings.unary_seconds,
        )
        self._revocations = Revocations(
            database, generations, poll_seconds=settings.revocation_poll_seconds
        )
        credentials = CredentialStore(
            database,
            refresh_days=settings.refresh_days,
            wait_seconds=settings.credential_wait_seconds,
        )
        checks = settings.credential_checks_per_minute
        strangers = RateLimit(per_minute=checks, burst=checks)
        token = TokenServicer(credentials, tokens, generations, strangers)
        version = VersionServicer(settings, self._feed, self.drain, seal)
        chunks = ChunkStore(
            database,
            cache_bytes=settings.chunk_cache_mb << 20,
            chunk_records=settings.chunk_records,
        )
        sync = SyncServicer(database, chunks, seal, self.drain)
        usage = UsageServicer(database)
        self.IssueToken = token.IssueToken
        self.RefreshToken = token.RefreshToken
        self.GetVersion = version.GetVersion
        self.WatchVersion = version.WatchVersion
        self.Sync = sync.Sync
        self.SyncCategories = sync.SyncCategories
        self.SyncProducts = sync.SyncProducts
        self.SyncPromotions = sync.SyncPromotions
        self.ReportSync = sync.ReportSync
        self.UploadUsage = usage.UploadUsage
        self.UploadUsageBatch = usage.UploadUsageBatch

    @asynccontextmanager
    async def background(self) -> AsyncGenerator[None]:
        """Follow versions and revocations for as long as the server runs."""
        async with self._revocations.running(), self._feed.running():
            yield
