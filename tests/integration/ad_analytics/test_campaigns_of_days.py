"""A day needs its campaign, looked up once a statement: what a foreign key would promise."""

from __future__ import annotations

import threading
from typing import LiteralString

import psycopg
import pytest

from vendor_sync.postgres import connect

pytestmark = pytest.mark.integration
REFUSED = psycopg.errors.ForeignKeyViolation
DELETE: LiteralString = "DELETE FROM analytics.campaigns WHERE campaign_id = %s"
INSERT: LiteralString = (
    "INSERT INTO analytics.campaign_metrics"
    " (campaign_id, date, currency, attribution_window, provisional, pulled_at)"
    " SELECT %s + n, '2026-03-01', 'SAR', '7d', false, now() FROM generate_series(0, 1) AS n"
)


def days(world) -> list[tuple[int, ...]]:
    query = "SELECT campaign_id FROM analytics.campaign_metrics ORDER BY 1"
    return world.conn.execute(query).fetchall()


def without_history(world, name: str = "Summer") -> int:
    """A campaign that could be deleted but for its days."""
    campaign = world.campaign("1", name)
    world.conn.execute("DELETE FROM analytics.campaign_names")
    return campaign


def test_day_of_no_campaign_is_refused_with_its_whole_statement(world):
    known = world.campaign("1", "Summer")
    with pytest.raises(REFUSED, match=f"There is no campaign {known + 1}"):
        world.conn.execute(INSERT, [known])
    assert days(world) == []


def test_campaign_with_days_is_not_deleted(world):
    campaign = without_history(world)
    world.spent(campaign, "2026-03-01")
    with pytest.raises(REFUSED, match=f"Campaign {campaign} has days"):
        world.conn.execute(DELETE, [campaign])
    with pytest.raises(REFUSED, match=f"Campaign {campaign} has days"):
        world.conn.execute("TRUNCATE analytics.campaigns CASCADE")
    assert days(world) == [(campaign,)]

    world.conn.execute("DELETE FROM analytics.campaign_metrics")
    assert world.conn.execute(DELETE, [campaign]).rowcount == 1


def test_numbers_of_campaigns_do_not_change_on_either_side(world):
    first, second = world.campaign("1", "Summer"), world.campaign("2", "Winter")
    world.spent(first, "2026-03-01")
    for statement in (
        "UPDATE analytics.campaign_metrics SET campaign_id = %s",
        "UPDATE analytics.campaigns SET campaign_id = DEFAULT WHERE campaign_id < %s",
    ):
        with pytest.raises(REFUSED, match="does not change"):
            world.conn.execute(statement, [second])
    assert days(world) == [(first,)]


class Other(threading.Thread):
    """Runs a statement over a connection of its own; `told` is why it was refused."""

    def __init__(self, database, statement: LiteralString, campaign: int):
        super().__init__()
        self._database, self._campaign = database, campaign
        self._statement: LiteralString = statement
        self.told = ""

    def run(self) -> None:
        with connect(self._database, application_name="other") as conn:
            try:
                conn.execute(self._statement, [self._campaign])
            except REFUSED as error:
                self.told = str(error)

    def start_and_wait(self) -> None:
        """Return when it waits for a lock."""
        self.start()
        # Not over the connection that holds the lock: within a transaction it sees no news.
        with connect(self._database, application_name="looks") as conn:
            while not conn.execute(
                "SELECT 1 FROM pg_stat_activity"
                " WHERE application_name = 'other' AND wait_event_type = 'Lock'"
                " AND datname = current_database()"
            ).fetchall():
                assert self.is_alive(), "it did not wait"


def test_who_deletes_a_campaign_waits_for_whoever_writes_its_day(world, owned_database):
    campaign = without_history(world)
    other = Other(owned_database, DELETE, campaign)
    with world.conn.transaction():
        world.spent(campaign, "2026-03-01")
        other.start_and_wait()
    other.join(timeout=30)

    assert "has days" in other.told
    assert days(world) == [(campaign,)]


def test_who_writes_a_day_waits_for_whoever_deletes_its_campaign(world, owned_database):
    campaign = without_history(world)
    other = Other(owned_database, INSERT, campaign)
    with world.conn.transaction():
        world.conn.execute(DELETE, [campaign])
        other.start_and_wait()
    other.join(timeout=30)

    assert "There is no campaign" in other.told
    assert days(world) == []
