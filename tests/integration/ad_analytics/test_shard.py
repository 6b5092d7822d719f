"""Many accounts written together: how few statements that takes, and what one of them may break."""

from __future__ import annotations

import io
import json
import tarfile
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import IO, cast

import pytest
from cryptography.fernet import Fernet

from tests.integration.ad_analytics.account import campaign, day
from tests.integration.ad_analytics.answers import check_metrics
from tests.integration.ad_analytics.company import Company
from vendor_sync.ad_analytics import flow
from vendor_sync.ad_analytics.lanes import LANES
from vendor_sync.ad_analytics.metric_store import Days, Listing, Pull
from vendor_sync.ad_analytics.part_writer import PartWriter
from vendor_sync.ad_analytics.records import Credentials
from vendor_sync.ad_analytics.scope import SyncParams
from vendor_sync.ad_analytics.shard import ShardSync
from vendor_sync.ad_analytics.state import Outcome, PartEnd, PartResult, StateStore
from vendor_sync.ad_analytics.tokens import KEYS_VARIABLE, TokenStore, fernet_from_environment
from vendor_sync.errors import StorageError
from vendor_sync.postgres import connect
from vendor_sync.runs import Reject, RunStore

pytestmark = pytest.mark.integration
NOW = datetime(2026, 3, 20, 10, tzinfo=UTC)
DAY = date(2026, 3, 19)
SIZE = {
    "workspaces": 1,
    "accounts": 6,
    "campaigns": 2,
    "orders": 0,
    "start": "2026-03-01",
    "now": NOW.isoformat(),
}


@pytest.fixture(autouse=True)
def keys(monkeypatch):
    monkeypatch.setenv(KEYS_VARIABLE, Fernet.generate_key().decode())


@pytest.fixture
def run(connections, database):
    """A run that has begun."""
    del connections
    with connect(database, application_name="test") as conn:
        runs = RunStore(conn, flow.FLOW)
        runs.announce("r1", "test", {})
        return runs.begin("r1")


def test_the_statements_of_a_shard_do_not_grow_with_its_accounts(vendors, warehouse, connections):
    company = Company(vendors, warehouse, connections, seed=41, **SIZE)
    company.sync("first", platforms="tiktok")
    company.set_now("2026-03-20T13:00:00+00:00")  # the daily pull: totals too
    ids = [company.accounts[a] for a in company.accounts if a.platform == "tiktok"]
    needed: list[int] = []
    for number, shard in enumerate((ids[:1], ids[1:])):
        runs = RunStore(warehouse, flow.FLOW)
        runs.announce(f"later-{number}", "test", {})
        params = SyncParams(connection_ids=tuple(shard))
        before = warehouse.queries
        with ShardSync(
            company.connections.get, warehouse, runs.begin(f"later-{number}"), params,
            lambda: company.world.now,
        ) as sync:  # fmt: skip
            results = sync.run()
        needed.append(warehouse.queries - before)
        assert [result.outcome for result in results] == [Outcome.COMPLETED] * len(shard)

    assert needed[0] == needed[1]
    company.world.accounts = company.world.accounts_of("tiktok")
    check_metrics(company)


class Shard:
    """The world's Meta and TikTok accounts, being written together."""

    def __init__(self, world, run):
        self.conn = world.conn
        self.accounts = {vendor: world.account(vendor) for vendor in ("meta", "tiktok")}
        ids = [account.connection_id for account in self.accounts.values()]
        self.state = StateStore(self.conn)
        self.state.take_turns(ids)
        self.state.note_attempts(ids, NOW)
        self.tokens = TokenStore(self.conn, fernet_from_environment())
        self.run = run
        self.archive_is_down = False
        self.writer = PartWriter(
            self.conn,
            run=run,
            runs=RunStore(self.conn, flow.FLOW),
            tokens=self.tokens,
            flush_archive=self.flush_archive,
        )
        self.writer.prepare()
        self.results = {
            vendor: PartResult(account.connection_id, vendor)
            for vendor, account in self.accounts.items()
        }

    def flush_archive(self):
        if self.archive_is_down:
            message = "S3 cannot be reached"
            raise StorageError(message)

    def keep(self, vendor, content):
        self.writer.keep(self.results[vendor], Pull(self.accounts[vendor], content))

    def pull(self, vendor, *days):
        content = Days(days=days, since=DAY, until=DAY, pulled_at=NOW, complete=True)
        self.keep(vendor, content)

    def end(self):
        for result in self.results.values():
            self.writer.end(PartEnd(result=result, at=NOW))
        self.writer.flush()

    def rows(self, query):
        return self.conn.execute(query).fetchall()


@pytest.fixture
def shard(world, run):
    return Shard(world, run)


def test_accounts_with_the_same_campaign_ids_are_kept_apart(shard):
    for vendor, spend in (("meta", 10), ("tiktok", 20)):
        listing = Listing(campaigns=[campaign("7", vendor)], seen_at=NOW, known_at=None)
        shard.keep(vendor, listing)
        shard.pull(vendor, day("7", on=DAY, spend=Decimal(spend)))
    shard.end()

    assert shard.rows(
        "SELECT c.platform, c.name, m.spend FROM analytics.campaign_metrics AS m"
        " INNER JOIN analytics.campaigns AS c USING (campaign_id) ORDER BY c.platform"
    ) == [("meta", "meta", 10), ("tiktok", "tiktok", 20)]
    assert {v: r.counts["campaigns_changed"] for v, r in shard.results.items()} == {
        "meta": 1, "tiktok": 1,
    }  # fmt: skip


def test_a_name_that_no_column_can_hold_stops_nobody(shard):
    listing = Listing(campaigns=[campaign("7", "Sale\0!")], seen_at=NOW, known_at=None)
    shard.keep("meta", listing)
    shard.keep("tiktok", listing)
    shard.end()

    names = "SELECT DISTINCT name FROM analytics.campaigns"
    assert shard.rows(names) == [("Sale\\u0000!",)]
    assert {result.outcome for result in shard.results.values()} == {Outcome.COMPLETED}


def test_what_vanishes_is_judged_per_account(shard):
    shard.pull("meta", *[day(str(n), on=DAY) for n in range(12)])
    shard.pull("tiktok", *[day(str(n), on=DAY) for n in range(3)])
    shard.writer.flush()

    shard.pull("meta")
    shard.pull("tiktok", day("0", on=DAY))
    shard.end()

    meta, tiktok = (shard.results[vendor].counts for vendor in ("meta", "tiktok"))
    assert (meta["days_kept"], meta["days_removed"]) == (12, 0)
    assert (tiktok["days_kept"], tiktok["days_removed"]) == (0, 2)


def test_a_row_that_the_database_refuses_stops_its_account_alone(shard):
    shard.pull("meta", day("7", on=DAY))
    shard.pull("tiktok", day("7", on=DAY, spend=Decimal(10) ** 14))  # one digit too many
    refused = Reject(entity="days", external_id="8", reason="odd", item={}, audit_key=None)
    shard.writer.reject(shard.results["tiktok"], [refused])
    shard.end()

    assert shard.rows("SELECT platform FROM analytics.campaigns") == [("meta",)]
    assert shard.rows(
        "SELECT c.vendor, p.outcome, p.counts, s.consecutive_failures, s.last_success_at"
        " FROM analytics.sync_parts AS p INNER JOIN analytics.connections AS c"
        " USING (connection_id) INNER JOIN analytics.sync_state AS s USING (connection_id)"
        " ORDER BY c.vendor"
    ) == [
        ("meta", "completed", {"campaigns_changed": 1, "days_written": 1, "days_removed": 0,
                               "days_kept": 0}, 0, NOW),
        ("tiktok", "failed", {"rejected": 1}, 1, None),
    ]  # fmt: skip
    assert "numeric field overflow" in (shard.results["tiktok"].error or "")
    assert shard.rows("SELECT external_id FROM ops.sync_rejects") == [("8",)]


def test_nothing_is_committed_that_is_not_archived(shard):
    shard.pull("meta", day("7", on=DAY))
    shard.archive_is_down = True

    with pytest.raises(StorageError):
        shard.end()

    assert shard.rows("SELECT FROM analytics.campaigns") == []
    assert shard.rows("SELECT FROM analytics.sync_parts") == []


def test_of_a_batch_that_is_lost_no_account_ends_as_completed(shard):
    for vendor in shard.accounts:
        shard.pull(vendor, day("7", on=DAY))
    shard.archive_is_down = True
    with pytest.raises(StorageError):
        shard.writer.flush()
    shard.archive_is_down = False

    with pytest.raises(StorageError):
        shard.end()

    assert shard.rows("SELECT FROM analytics.campaign_metrics") == []
    assert shard.rows("SELECT FROM analytics.sync_parts") == []
    assert {str(result.counts) for result in shard.results.values()} == {"{}"}


def test_the_pages_of_many_accounts_are_in_one_object_each_as_it_came(
    vendors, warehouse, connections, bucket
):
    company = Company(vendors, warehouse, connections, seed=41, **SIZE)
    run = company.sync("packed", platforms="tiktok")

    keys = bucket.keys()
    pages = [page for key in keys for page in _pages(bucket.read(key))]
    asked = company.vendors.requests("tiktok")
    assert all(key.startswith("ad_analytics_sync/tiktok/") for key in keys)
    assert run["connections"]["tiktok"]["completed"] > len(keys) == LANES  # one a shard
    assert len(pages) == len({name for name, _ in pages}) == len(asked)
    assert {name.split("/")[0] for name, _ in pages} == {
        str(company.accounts[a]) for a in company.accounts if a.platform == "tiktok"
    }
    assert all(page["code"] == 0 for _, page in pages)


def _pages(pack):
    """The pages of a pack, by name."""
    with tarfile.open(fileobj=io.BytesIO(pack)) as archive:
        for member in archive.getmembers():
            yield member.name, json.load(cast("IO[bytes]", archive.extractfile(member)))


@pytest.mark.parametrize("ended", [Outcome.FAILED, Outcome.DEFERRED, Outcome.RETRY])
def test_while_a_report_is_waited_for_only_what_may_help_is_asked_again(shard, ended):
    ids = tuple(account.connection_id for account in shard.accounts.values())
    for connection_id in ids:
        shard.tokens.save(connection_id, Credentials(access_token="token"))

    def due():
        asked = SyncParams(connection_ids=ids)
        found = shard.state.due(asked, now=NOW, run_key=shard.run.run_key)
        return [item.vendor for item in found]

    shard.results["meta"].outcome, shard.results["tiktok"].outcome = Outcome.WAITING, ended
    shard.end()
    while_waiting = due()
    shard.results["meta"].outcome = Outcome.COMPLETED
    shard.end()

    assert while_waiting == ["meta", *(["tiktok"] if ended is Outcome.RETRY else [])]
    assert due() == ["tiktok"]


def test_a_turn_ends_with_the_end_of_its_part(shard, database):
    ids = [account.connection_id for account in shard.accounts.values()]
    with connect(database, application_name="other") as other:
        during = StateStore(other).take_turns(ids)
        shard.end()
        after = StateStore(other).take_turns(ids)

    assert (during, after) == (set(), set(ids))


def test_a_completed_part_is_not_taken_back_by_one_that_came_too_late(shard):
    shard.end()

    late = PartResult(shard.accounts["meta"].connection_id, "meta", Outcome.BUSY)
    shard.writer.end(PartEnd(result=late, at=NOW))
    shard.writer.flush()

    assert shard.rows("SELECT DISTINCT outcome FROM analytics.sync_parts") == [("completed",)]


@pytest.mark.parametrize(("days", "kept"), [(89, 2), (91, 0)])
def test_how_parts_ended_is_forgotten_after_three_months(shard, connections, days, kept):
    shard.end()
    shard.conn.execute(
        "UPDATE ops.sync_runs SET started_at = started_at - make_interval(days => %s)", [days]
    )

    flow.plan_run(connections.get, run_id="later", trigger="test", params={})

    assert shard.rows("SELECT count(*) FROM analytics.sync_parts") == [(kept,)]
