"""Shop clients against the vendor sandbox: one store of the test's own, or the seeded world's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.vendors.control import VendorSandbox
from vendor_sync.ad_analytics.ports import Wire
from vendor_sync.ad_analytics.records import Credentials, SourceConnection
from vendor_sync.rate_limit import Unlimited
from vendor_sync.rest_client import HttpLimits, Usage

SINCE = datetime(2026, 6, 1, tzinfo=UTC)
UNTIL = datetime(2026, 6, 25, tzinfo=UTC)
NOW = "2026-06-25T12:00:00Z"


class Kept:
    """Keeps pages in memory, redacted as the flow's archive does."""

    def __init__(self, redactors):
        self._redactors = redactors
        self.pages = []

    def store(self, entity, body):
        self.pages.append((entity, self._redactors[entity].redact_body(body)))
        return f"{entity}/{len(self.pages)}"


@dataclass
class OpenShop:
    """Opens clients of one vendor's module, and knows what they sent."""

    vendors: VendorSandbox
    module: Any
    vendor: str
    store: str
    credentials: Credentials
    base_url: str
    settings: dict = field(default_factory=dict)
    timezone: str | None = "Asia/Riyadh"
    attempts: int = 3

    def __post_init__(self):
        self.usage = Usage()
        self.archive = Kept(self.module.REDACTORS)
        self.clients = []

    @property
    def connection(self):
        return SourceConnection(
            connection_id=1,
            workspace_id=1,
            vendor=self.vendor,
            external_id=self.store,
            name="The store",
            currency="SAR",
            timezone=self.timezone,
            settings={"base_url": self.base_url, **self.settings},
        )

    @property
    def wire(self):
        limits = HttpLimits(backoff_seconds=0.01, attempts=self.attempts, read_seconds=5)
        return Wire(limiter=Unlimited(), usage=self.usage, archive=self.archive, limits=limits)

    def client(self):
        client = self.module.open_client(self.connection, self.credentials, self.wire)
        self.clients.append(client)
        return client

    def orders(self, since=SINCE, until=UNTIL):
        """Every order of the range: the last version of each, and the refused rows."""
        batches = list(self.client().iter_orders(since, until))
        records = {each.external_id: each for batch in batches for each in batch.records}
        return records, [reject for batch in batches for reject in batch.rejects]

    def order(self, **fields):
        """Place one sale and return what the client makes of it."""
        number = self.place(**fields)
        records, rejects = self.orders()
        assert rejects == []
        return records[str(number)]

    def place(self, **fields):
        fields.setdefault("created_at", "2026-06-22T22:34:00Z")
        return self.vendors.change(self.vendor, "place", store=self.store, **fields)

    def amend(self, number, **fields):
        return self.vendors.change(self.vendor, "amend", store=self.store, number=number, **fields)

    def requests(self):
        return self.vendors.requests(self.vendor)

    def close(self):
        for client in self.clients:
            client.close()


@pytest.fixture
def open_shop(vendors):
    """A function that makes a vendor's store anew and returns what opens it."""
    opened = []

    def make(module, vendor, store, credentials, base_url, **settings):
        vendors.reset(3, **{vendor: {"now": NOW, **settings}})
        vendors.clear_requests()
        shop = OpenShop(vendors, module, vendor, store, credentials, base_url)
        opened.append(shop)
        return shop

    yield make
    for shop in opened:
        shop.close()
