"""A vendor sandbox with a world, a copy of that world, and clients of its accounts."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import pytest

from sandbox.vendors.ad_world import truth
from sandbox.vendors.ad_world.world import Settings, World
from sandbox.vendors.control import DEFAULT_KEYS, VendorSandbox
from vendor_sync.ad_analytics.ports import Wire
from vendor_sync.ad_analytics.records import Credentials, SourceConnection
from vendor_sync.rate_limit import Unlimited
from vendor_sync.rest_client import HttpLimits, Usage

SEED = 11
SMALL: dict[str, Any] = {"workspaces": 2, "accounts": 1, "campaigns": 8, "orders": 2}


class Shelf:
    """Keeps archived pages in memory, as they were given."""

    def __init__(self) -> None:
        self.pages: list[tuple[str, bytes]] = []

    def store(self, entity: str, body: bytes) -> str:
        self.pages.append((entity, body))
        return f"{entity}/{len(self.pages)}"


@dataclass
class Bench:
    """The server, a copy of its world that is moved along with it, and what clients are made of."""

    sandbox: VendorSandbox
    world: World
    shelf: Shelf = field(default_factory=Shelf)
    usage: Usage = field(default_factory=Usage)

    def set_now(self, at: str) -> None:
        self.world.set_now(at)
        self.sandbox.change("ad_world", "set_now", at=at)

    def connection(self, account: Any, **settings: str) -> SourceConnection:
        url = self.sandbox.vendor_url(account.platform)
        return SourceConnection(
            connection_id=account.index + 1,
            workspace_id=account.workspace.index + 1,
            vendor=account.platform,
            external_id=account.account_id,
            name=account.name,
            currency=account.currency,
            timezone=account.timezone,
            settings={"base_url": url, **settings},
        )

    def credentials(self, platform: str, **changes: Any) -> Credentials:
        return Credentials(**{"access_token": DEFAULT_KEYS[platform], **changes})

    def wire(self, **limits: Any) -> Wire:
        chosen = HttpLimits(**{"backoff_seconds": 0.01, **limits})
        return Wire(limiter=Unlimited(), usage=self.usage, archive=self.shelf, limits=chosen)

    def open(self, account: Any, **settings: str) -> Any:
        """Return a client of the account, in its platform's default manner."""
        module = import_module(f"vendor_sync.ad_analytics.platforms.{account.platform}")
        connection = self.connection(account, **settings)
        return module.open_client(connection, self.credentials(account.platform), self.wire())

    def expected(self, account: Any, since: Any, until: Any) -> dict[tuple[str, Any], dict]:
        rows = truth.campaign_metrics(self.world, since, until, [account])
        return {(row["campaign_id"], row["date"]): row for row in rows}


@pytest.fixture
def bench(vendors):
    """Two workspaces with an account of each platform; the platforms' own settings are default."""
    vendors.reset(SEED, ad_world=SMALL)
    return Bench(vendors, World(SEED, Settings(**SMALL)))


def figures(day):
    """Return a read campaign-day in the words of the world's answers."""
    names = (
        "impressions", "clicks", "spend", "conversions", "conversion_value", "reach", "frequency",
        "video_plays", "video_views_2s", "video_views_6s", "video_quartile_1", "video_quartile_2",
        "video_quartile_3", "video_completions", "currency", "provisional",
    )  # fmt: skip
    return {name: getattr(day, name) for name in names}


@pytest.fixture
def check_days():
    """Compare batches of campaign-days with what the world says, figure by figure."""

    def compare(batches, expected, *, some=True):
        read = {}
        for batch in batches:
            assert not batch.rejects
            for day in batch.records:
                assert (day.campaign_id, day.day) not in read, "a row came twice"
                read[day.campaign_id, day.day] = figures(day)
        wanted = {
            place: {name: row[name] for name in figures_of(row)} for place, row in expected.items()
        }
        assert read == wanted
        assert read or not some, "nothing to compare"

    def figures_of(row):
        return [
            name for name in row if name not in {"platform", "account_id", "campaign_id", "date"}
        ]

    return compare
