"""Any world, at any instant, with faults in between: what is read is what is true."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from sandbox.vendors.ad_world.places import PLATFORMS
from sandbox.vendors.ad_world.world import Settings, World
from vendor_sync.ad_analytics.ports import ReportNeededError, ReportState
from vendor_sync.errors import TemporaryError

pytestmark = pytest.mark.integration

MOST_TRIES = 40
SHAKY = (
    {"kind": "status", "status": 503, "body": "Service Unavailable"},
    {"kind": "truncated_json"},
    {"kind": "malformed_json"},
    {"kind": "reset"},
    {"kind": "html"},
    {"kind": "too_many", "style": "none"},
)


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(2, 40))]
)
def test_any_world_is_read_as_it_is_at_any_instant(bench, seed, check_days):
    random = Random(seed)
    size = {
        "workspaces": random.randint(1, 2),
        "campaigns": random.randint(1, 15),
        "orders": random.randint(0, 3),
        "now": f"2026-{random.randint(3, 12):02}-{random.randint(1, 28):02}T"
        f"{random.randint(0, 23):02}:{random.randint(0, 59):02}:00+00:00",
    }
    bench.sandbox.reset(seed, ad_world=size, meta={"sync_days": random.choice((60, 3_000))})
    bench.world = World(seed, Settings(**size))
    for platform in PLATFORMS:
        for fault in SHAKY:
            bench.sandbox.faults.add(vendor=platform, probability=0.02, seed=seed, **fault)

    for account in bench.world.accounts:
        until = bench.world.local_today(account.timezone) + timedelta(days=random.randint(-3, 1))
        since = until - timedelta(days=random.randint(0, 60))
        days = tried(lambda a=account, s=since, u=until: read(bench, a, s, u))
        check_days(days, bench.expected(account, since, until), some=False)


def read(bench, account, since, until):
    client = bench.open(account, rows_per_page="50")
    try:
        return list(client.iter_days(since, until))
    except ReportNeededError:
        ticket = client.start_report(since, until)
        while client.check_report(ticket) != ReportState.READY:
            pass
        return list(client.iter_report_days(ticket))
    finally:
        client.close()


def tried(step):
    """Repeat what a flow would repeat."""
    for _ in range(MOST_TRIES):
        try:
            return step()
        except TemporaryError:
            continue
    pytest.fail(f"it did not work {MOST_TRIES} times")
