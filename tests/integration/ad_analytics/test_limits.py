"""What vendors allow: calls a second of a whole app, waits they ask for, tokens that end midway."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from cryptography.fernet import Fernet

from tests.integration.ad_analytics.answers import check_metrics
from tests.integration.ad_analytics.company import Company
from tests.integration.ad_analytics.sync_process import LOOKS, take_steps
from vendor_sync.ad_analytics import flow
from vendor_sync.ad_analytics.state import StateStore
from vendor_sync.ad_analytics.tokens import KEYS_VARIABLE
from vendor_sync.ad_analytics.whole_run import sync_shards
from vendor_sync.ad_analytics.wiring import Wiring
from vendor_sync.errors import TemporaryError
from vendor_sync.rest_client import Usage
from vendor_sync.runs import RunStore

pytestmark = pytest.mark.integration
SIZE = {
    "workspaces": 1,
    "campaigns": 2,
    "orders": 2,
    "start": "2026-02-20",
    "now": "2026-03-20T10:00:00+00:00",
}


@pytest.fixture
def company(vendors, warehouse, connections, monkeypatch):
    """A function that links a world of the given size."""
    monkeypatch.setenv(KEYS_VARIABLE, Fernet.generate_key().decode())

    def link(**size):
        return Company(vendors, warehouse, connections, seed=31, **{**SIZE, **size})

    yield link
    vendors.faults.clear()
    for vendor in ("tiktok", "snapchat"):
        vendors.clear_rate_limit(vendor)


@pytest.mark.parametrize(("vendor", "a_second"), [("tiktok", 10), ("snapchat", 20)])
def test_all_accounts_together_keep_to_the_limit_of_the_app(company, vendor, a_second):
    company = company(accounts=4)
    company.conn.execute(
        "UPDATE analytics.connections SET settings = settings - 'requests_per_second'"
    )
    # A busy machine bunches calls on their way; accounts alone would make many times this.
    company.vendors.set_rate_limit(vendor, a_second, seconds=0.75, style="none")

    result = company.sync(platforms=vendor)

    asked = company.vendors.requests(vendor)
    assert result["connections"] == {vendor: {"completed": 4}}
    assert len(asked) > a_second
    assert [call["path"] for call in asked if call["refused"]] == []


def test_a_token_that_ends_while_two_workers_sync_is_renewed_once(company):
    company = company()
    store = next(store for store in company.stores if store.kind == "salla")
    expected = {order.order_id for order in company.orders() if order.store is store}
    company.vendors.faults.add("latency", "salla", seconds=0.02)
    only = {"connections": company.stores[store]}

    workers = [company.start_sync(f"worker-{n}", **only) for n in range(2)]
    details = _await_calls(company, "salla", r"/orders/\d+", 8)
    company.vendors.change("salla", "expire_token")
    results = [json.loads(worker.communicate(timeout=60)[0]) for worker in workers]

    (renewed,) = [
        item for item in company.vendors._lines("salla/renewals") if item["store"] == store.host
    ]
    assert details < len(expected), "the token has to end before the last page"
    assert {"store": store.host, "renewals": 1, "revoked": False} == renewed
    assert {"salla": {"completed": 1}} in [result["connections"] for result in results]
    stored = company.rows("SELECT external_id FROM analytics.orders")
    assert {row[0] for row in stored} == expected


def _await_calls(company, vendor, path, count):
    """Wait until so many calls have arrived; return how many."""
    deadline = time.monotonic() + 30
    while (arrived := len(company.vendors.requests(vendor, path=path))) < count:
        assert time.monotonic() < deadline, f"only {arrived} calls"
        time.sleep(0.02)
    return arrived


def test_a_long_wait_that_a_vendor_asks_for_is_left_to_a_later_run(company):
    company = company()
    store = next(store for store in company.stores if store.kind == "woocommerce")
    only = {"connections": company.stores[store]}
    company.vendors.faults.add("too_many", "woocommerce", style="retry_after", wait=1800, times=1)

    first = company.sync("first", **only)
    company.vendors.clear_requests()
    second = company.sync("second", **only)
    calls = company.vendors.requests("woocommerce")
    not_before = company.value("SELECT not_before FROM analytics.sync_state")
    company.world.now = not_before
    third = company.sync("third", **only)

    assert [item["outcome"] for item in first["missing"]] == ["deferred"]
    assert first["status"] == "completed_with_errors"
    assert abs(not_before - datetime.now(UTC) - timedelta(minutes=30)) < timedelta(minutes=2)
    assert (second["connections"], calls) == ({}, [])
    assert third["connections"] == {"woocommerce": {"completed": 1}}


@pytest.mark.parametrize(
    ("vendor", "path", "pages"), [("woocommerce", ".*/orders", 3), ("shopify", ".*graphql.*", 4)]
)
def test_a_shops_first_sync_that_is_cut_off_goes_on_from_there(company, vendor, path, pages):
    company = company(orders=12)
    store = next(store for store in company.stores if store.kind == vendor)
    only = {"connections": company.stores[store]}
    company.vendors.faults.add(
        "too_many", vendor, path=path, after=pages, style="retry_after", wait=1800
    )
    first = company.sync("first", **only)
    stored, reached = company.rows(
        "SELECT count(*), (SELECT orders_until FROM analytics.sync_state) FROM analytics.orders"
    )[0]
    company.vendors.faults.clear()
    company.conn.execute("UPDATE analytics.sync_state SET not_before = NULL")

    second = company.sync("second", **only)

    expected = {order.order_id for order in company.orders() if order.store is store}
    assert [item["outcome"] for item in first["missing"]] == ["deferred"]
    assert 0 < stored < len(expected)
    assert reached is not None
    assert second["orders"] < len(expected)
    assert second["connections"] == {vendor: {"completed": 1}}
    rows = company.rows("SELECT external_id FROM analytics.orders")
    assert {row[0] for row in rows} == expected


def test_a_task_that_fails_names_each_connection_that_did(company):
    company = company(accounts=3)
    company.vendors.faults.add("status", "meta", status=503)
    arguments = {
        "run_id": "r1",
        "params": {"platforms": "meta"},
        "clock": lambda: company.world.now,
    }
    (shard,) = _joined(flow.plan_run(company.connections.get, trigger="test", **arguments))

    ended = flow.sync_shard(company.connections.get, shard=shard, **arguments)
    with pytest.raises(TemporaryError) as caught:
        flow.count_ends(ended)

    ids = [company.accounts[a] for a in company.accounts if a.platform == "meta"]
    assert len(ids) == 3
    assert all(f"meta {key}: " in str(caught.value) for key in ids)


def _joined(shards):
    """The shards of one vendor as the one that they are when there are many connections."""
    ids = [key for shard in shards for key in shard["connections"]]
    return [{"vendor": shards[0]["vendor"], "connections": ids}]


@pytest.mark.parametrize(("settings", "seconds"), [({}, 60), ({"read_seconds": "5"}, 5)])
def test_a_shop_on_cheap_hosting_may_take_its_time(company, settings, seconds):
    company = company()
    store = next(store for store in company.stores if store.kind == "woocommerce")
    known = StateStore(company.conn).get(company.stores[store]).connection
    runs = RunStore(company.conn, flow.FLOW)
    runs.announce("r1", "test", {})

    with Wiring(company.connections.get, runs.begin("r1")) as wiring:
        named = msgspec.structs.replace(known, settings=settings)
        limits = wiring.wire(named, usage=Usage()).limits

    assert limits is not None
    assert limits.read_seconds == seconds


def test_a_range_of_several_reports_is_read_to_its_end(company):
    company = company(meta={"sync_days": 20})
    only = {"platforms": "meta"}
    company.vendors.change("meta", "fail_reports", end="failed")
    source, clock = company.connections.get, lambda: company.world.now

    waiting = take_steps(source, "r1", clock, **only)

    reports = [call for call in company.vendors.requests("meta") if call["method"] == "POST"]
    assert waiting["missing"] == []
    assert len(reports) == 4  # three pieces of 30 days, of which the first failed once
    check_metrics_of(company, "meta")


def test_the_command_waits_for_a_report_beside_an_account_that_fails(company):
    company = company(accounts=2, meta={"sync_days": 20})
    failing, well = [account for account in company.accounts if account.platform == "meta"]
    company.vendors.faults.add("status", "meta", status=503, path=failing.account_id)
    source = company.connections.get
    work = {"run_id": "r1", "params": {"platforms": "meta"}, "clock": lambda: company.world.now}
    (shard,) = _joined(flow.plan_run(source, trigger="test", **work))

    waiting, looks = sync_shards(source, shards=[shard], **work), 0
    assert waiting == [{"vendor": "meta", "connections": [company.accounts[well]]}]
    while waiting and looks < LOOKS:
        waiting, looks = sync_shards(source, shards=waiting, **work), looks + 1

    ends = company.rows("SELECT connection_id, outcome FROM analytics.sync_parts")
    assert dict(ends) == {company.accounts[failing]: "retry", company.accounts[well]: "completed"}


def check_metrics_of(company, platform):
    company.world.accounts = company.world.accounts_of(platform)
    check_metrics(company)
