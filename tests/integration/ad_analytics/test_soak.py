"""Days of syncs amid restatements, edits, refunds, faults and kill -9: the world's answers, daily.

`make soak-analytics` runs the long forms; the short one is a few days with all of it.
"""

from __future__ import annotations

import logging
import os
import random
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from cryptography.fernet import Fernet

from sandbox.vendors.ad_world.places import PLATFORMS, STORE_KINDS
from tests.integration.ad_analytics.answers import check_all
from tests.integration.ad_analytics.company import Company
from tests.integration.ad_analytics.sync_process import take_steps
from vendor_sync.ad_analytics.tokens import KEYS_VARIABLE

pytestmark = pytest.mark.integration
logger = logging.getLogger(__name__)
SEED = int(os.environ.get("ANALYTICS_SEED", "5"))
# Ahead of any real clock: what a vendor's "wait" means is over at the next sync.
START = datetime.fromisoformat("2050-02-20T10:00:00+00:00")
NOON = 12
CAUSES = (
    ("status", {"status": 500}),
    ("status", {"status": 503}),
    ("too_many", {"style": "retry_after", "wait": 0.05}),
    ("reset", {}),
    ("close", {}),
    ("stuck", {"seconds": 3}),
    ("truncated_json", {}),
    ("html", {}),
    ("empty", {}),
    ("token_expired", {}),
)


class Soak:
    """A company, the chances of its days, and what has happened so far."""

    def __init__(self, company: Company, bucket, folder, seed: int) -> None:
        self.company = company
        self.bucket = bucket
        self.folder = folder
        self.chance = random.Random(seed)
        self.tallies: Counter[str] = Counter()

    def run(self, instants: Iterator[datetime]) -> None:
        for at in instants:
            self.company.set_now(at)
            self.company.sync_rates()
            self.company.log_clicks(self.bucket, (at - timedelta(days=2)).date())
            self.disturb()
            self.sync(at)
            if at.hour == NOON:
                self.settle(at)
                self.tallies["days_compared"] += 1
                logger.warning("%s: %s", at.date(), dict(self.tallies))
            else:
                self.calm()

    def disturb(self) -> None:
        """Let some calls of some vendors fail, and now and then a token end or a report fail."""
        for vendor in (*PLATFORMS, *STORE_KINDS):
            if self.chance.random() < 0.4:
                kind, how = self.chance.choice(CAUSES)
                self.company.vendors.faults.add(
                    kind, vendor, seed=self.chance.randrange(1000), probability=0.15,
                    times=self.chance.randint(1, 12), **how,
                )  # fmt: skip
        for vendor, operation, arguments in (
            ("snapchat", "expire_tokens", {}),
            ("salla", "expire_token", {}),
            ("zid", "expire_token", {}),
            ("meta", "fail_reports", {"end": self.chance.choice(("failed", "skipped"))}),
            ("tiktok", "drift", {"walks": 1}),
            ("snapchat", "break_items", {"times": 1}),
        ):
            if self.chance.random() < 0.08:
                self.company.vendors.change(vendor, operation, **arguments)
                self.tallies[operation] += 1

    def sync(self, at: datetime) -> None:
        """Run the hour's sync: in a process that is killed somewhere, or here to its end."""
        self.tallies["syncs"] += 1
        run_id = f"soak-{at.isoformat()}"
        for _ in range(self.chance.choice((0, 0, 0, 1, 2))):
            with self.company.start_sync(run_id) as process:
                try:
                    process.wait(timeout=self.chance.uniform(1.0, 6.0))
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
                    self.tallies["kills"] += 1
        self.finish(run_id)

    def finish(self, run_id: str):
        company = self.company
        result = take_steps(company.connections.get, run_id, lambda: company.world.now)
        self.tallies[result["status"]] += 1
        return result

    def settle(self, at: datetime) -> None:
        """Let the day's run end without disturbance, and compare everything."""
        self.calm()
        # What vendors asked to wait for is over, while the world stands still to be compared.
        self.company.conn.execute("UPDATE analytics.sync_state SET not_before = NULL")
        result = self.finish(f"soak-{at.isoformat()}")
        assert result["missing"] == []
        check_all(self.company)

    def calm(self) -> None:
        for rule in self.company.vendors.faults.list():
            self.tallies[rule["action"]["kind"]] += rule["fired"]
        self.company.vendors.faults.clear()
        self.tallies["logins"] += self.company.log_in_again()


def instants(start: datetime, *, hours: int, days: int) -> Iterator[datetime]:
    """Yield so many hours, one by one, then so many noons."""
    for hour in range(hours):
        yield start + timedelta(hours=hour)
    last = start + timedelta(hours=hours - 1)
    noon = last.replace(hour=NOON) + timedelta(days=last.hour >= NOON)
    for day in range(days):
        yield noon + timedelta(days=day)


@pytest.fixture
def soak(vendors, warehouse, connections, monkeypatch, tmp_path, bucket):  # noqa: PLR0913, PLR0917 - servers
    """A function that begins a soak of a world of the given size."""
    monkeypatch.setenv(KEYS_VARIABLE, Fernet.generate_key().decode())

    def begin(*, days_before: int, days_after: int, meta: int, **size):
        start = (START - timedelta(days=days_before)).date().isoformat()
        # So little at once that a daily pull of Meta needs a report, an hourly one none.
        company = Company(
            vendors, warehouse, connections, seed=SEED, meta={"sync_days": meta}, start=start,
            now=START.isoformat(), **size,
        )  # fmt: skip
        company.load_rates(tmp_path, days=days_after)
        company.log_clicks(bucket, company.world.start)
        return Soak(company, bucket, tmp_path, SEED)

    yield begin
    vendors.faults.clear()


def test_days_amid_faults_and_kills_end_as_the_world_says(soak):
    run = soak(
        days_before=10, days_after=6, meta=10, workspaces=1, campaigns=2, orders=1, idle_visits=1
    )

    run.run(instants(START, hours=3, days=2))

    logger.warning("Tallies %s", dict(run.tallies))
    assert run.tallies["days_compared"] == 3


@pytest.mark.soak
def test_sixty_days_amid_faults_and_kills_end_as_the_world_says(soak):
    hourly = int(os.environ.get("ANALYTICS_HOURLY_DAYS", "3"))
    daily = int(os.environ.get("ANALYTICS_DAILY_DAYS", "57"))
    run = soak(
        days_before=28, days_after=hourly + daily + 2, meta=100, workspaces=2, campaigns=7,
        orders=2, idle_visits=2,
    )  # fmt: skip

    run.run(instants(START, hours=24 * hourly, days=daily))

    logger.warning("Tallies %s", dict(run.tallies))
    assert run.tallies["days_compared"] == hourly + daily
    assert run.tallies["kills"] > 0
