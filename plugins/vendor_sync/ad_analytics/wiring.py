"""What a client needs to talk: the account's and the app's pace, by Redis, and the archive."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from itertools import count
from threading import Lock
from types import TracebackType
from typing import Any, Self

import redis
from requests.adapters import HTTPAdapter

from vendor_sync.ad_analytics.ports import Wire
from vendor_sync.ad_analytics.records import SourceConnection
from vendor_sync.ad_analytics.vendors import VENDORS, Vendor
from vendor_sync.alert_rules import limiter_degraded
from vendor_sync.alerts import raise_alert
from vendor_sync.audit import PagePacks, s3_client, safe_name
from vendor_sync.connections import ConnectionSource, require_connection
from vendor_sync.errors import ConfigurationError
from vendor_sync.rate_limit import Combined, RateLimiter, SharedLimiter, Unlimited
from vendor_sync.redaction import Redactor
from vendor_sync.redis_client import redis_client
from vendor_sync.rest_client import Archive, HttpLimits, Usage, pooled_adapter
from vendor_sync.runs import Run

_WORKERS = 4
# Whoever speaks through several apps of a vendor tells them apart by the setting `app`.
_ONLY_APP = "default"
_USUAL = HttpLimits()


class Wiring:
    """Opens what a shard's connections share, when the first needs it, and closes it again."""

    def __init__(self, source: ConnectionSource, run: Run, *, link: str | None = None) -> None:
        self._source = source
        self._run = run
        self._link = link
        self._stack = ExitStack()
        self._lock = Lock()
        self._opened: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def wire(self, connection: SourceConnection, *, usage: Usage) -> Wire:
        """Return pace, counters, archive and bounds of one connection's client."""
        vendor = VENDORS[connection.vendor]
        return Wire(
            limiter=self._limiter(connection, vendor),
            usage=usage,
            archive=self._archive(connection, vendor),
            transport=self._once("transport", self._transport),
            limits=HttpLimits(
                backoff_seconds=_number(connection, "backoff_seconds", _USUAL.backoff_seconds),
                read_seconds=_number(connection, "read_seconds", vendor.read_seconds),
            ),
        )

    def flush_archive(self) -> None:
        """Write the pages that are not yet in S3; a page is before what was read from it."""
        packs: PagePacks | None = self._opened.get("packs")
        if packs is not None:
            packs.flush()

    def _archive(self, connection: SourceConnection, vendor: Vendor) -> Archive:
        packs = self._once("packs", lambda: self._packs(connection.vendor))
        return _ConnectionArchive(packs, connection.connection_id, vendor.redactors)

    def _packs(self, vendor: str) -> PagePacks:
        """Return the packs of the shard, whose connections are all of one vendor."""
        bucket = require_connection(self._source, "audit_s3")
        run = self._run
        return PagePacks(
            s3_client(bucket),
            connection=bucket,
            prefix=f"{run.flow}/{vendor}/{run.started_at:%Y/%m/%d}/{safe_name(run.run_id)}/"
            f"{run.attempt:02d}-",
        )

    def _transport(self) -> HTTPAdapter:
        """Return the connections to the vendor's host, kept open from one account to the next."""
        adapter = pooled_adapter(_WORKERS)
        self._stack.callback(adapter.close)
        return adapter

    def _limiter(self, connection: SourceConnection, vendor: Vendor) -> RateLimiter:
        """Return the pace of the account or store, and of the app where the vendor counts that."""
        paces: list[tuple[str, float]] = []
        per_second = _number(connection, "requests_per_second", vendor.requests_per_second)
        if not per_second:
            return Unlimited()
        paces.append((connection.external_id, per_second))
        if vendor.app_requests_per_second:
            of_all = _number(connection, "app_requests_per_second", vendor.app_requests_per_second)
            paces.append((f"app:{connection.settings.get('app', _ONLY_APP)}", of_all))
        client = self._once("redis", self._redis)
        return Combined([self._shared(client, connection.vendor, *pace) for pace in paces])

    def _shared(
        self, client: redis.Redis, vendor: str, place: str, per_second: float
    ) -> SharedLimiter:
        return SharedLimiter(
            client,
            name=f"{vendor}:{place}",
            per_second=per_second,
            workers=_WORKERS,
            on_degraded=lambda text: self._once("slow pace", lambda: self._tell_of_pace(text)),
        )

    def _tell_of_pace(self, text: str) -> bool:
        """Alert that Redis is away: once a shard, which may have many limits."""
        run = self._run
        return raise_alert(
            self._source, limiter_degraded(run.flow, run.run_id, text, link=self._link)
        )

    def _once(self, name: str, opens: Callable[[], Any]) -> Any:  # noqa: ANN401 - clients
        """Return the one client of its kind: making one costs more than a connection's calls."""
        with self._lock:
            if name not in self._opened:
                self._opened[name] = opens()
            return self._opened[name]

    def _redis(self) -> redis.Redis:
        server = require_connection(self._source, "analytics_redis")
        client = redis_client(server, timeout_seconds=2)
        self._stack.callback(client.close)
        return client


class _ConnectionArchive:
    """Keeps one connection's pages, redacted, in the packs of its shard."""

    def __init__(
        self, packs: PagePacks, connection_id: int, redactors: Mapping[str, Redactor]
    ) -> None:
        self._packs = packs
        self._connection_id = connection_id
        self._redactors = redactors
        self._numbers = count(1)

    def store(self, entity: str, body: bytes) -> str:
        """Keep a page as `<connection>/<number>-<entity>.json`."""
        name = f"{self._connection_id}/{next(self._numbers):05d}-{entity}.json"
        return self._packs.add(name, self._redactors[entity].redact_body(body))


def _number(connection: SourceConnection, name: str, default: float) -> float:
    text = connection.settings.get(name)
    if text is None:
        return default
    try:
        return float(text)
    except ValueError:
        message = (
            f"Connection {connection.connection_id} ({connection.name}): setting '{name}' must be "
            f"a number, it is {text!r}."
        )
        raise ConfigurationError(message) from None
