"""Opens the client of the account in connection `broadstreet_default`, paced with all workers."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from vendor_sync.broadstreet.client import BroadstreetClient, broadstreet_client
from vendor_sync.broadstreet.settings import BroadstreetSettings
from vendor_sync.connections import ConnectionSource, require_connection
from vendor_sync.rate_limit import RateLimiter, SharedLimiter, Unlimited
from vendor_sync.redis_client import redis_client
from vendor_sync.rest_client import Usage


@contextmanager
def open_client(
    source: ConnectionSource, *, usage: Usage, on_degraded: Callable[[str], None]
) -> Generator[BroadstreetClient]:
    """Yield a client that keeps to the account's rate with every other worker.

    `on_degraded` is told, once, when Redis is away and each worker keeps to its share.
    """
    connection = require_connection(source, "broadstreet_default")
    settings = BroadstreetSettings.from_connection(connection)
    with _limiter(source, settings, on_degraded) as limiter:
        rest = broadstreet_client(connection, settings, limiter=limiter, usage=usage)
        try:
            yield BroadstreetClient(rest)
        finally:
            rest.close()


def account_settings(source: ConnectionSource) -> BroadstreetSettings:
    """Return the settings of the account; raise ConfigurationError naming a wrong one."""
    return BroadstreetSettings.from_connection(require_connection(source, "broadstreet_default"))


@contextmanager
def _limiter(
    source: ConnectionSource, settings: BroadstreetSettings, on_degraded: Callable[[str], None]
) -> Generator[RateLimiter]:
    if not settings.requests_per_second:
        yield Unlimited()
        return
    connection = require_connection(source, "analytics_redis")
    client = redis_client(connection, timeout_seconds=2)
    try:
        yield SharedLimiter(
            client,
            name="broadstreet",
            per_second=settings.requests_per_second,
            workers=settings.workers,
            on_degraded=on_degraded,
        )
    finally:
        client.close()
