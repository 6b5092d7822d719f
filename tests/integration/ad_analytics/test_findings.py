"""Performance alerts, dashboards, and consistency issues, on figures made for them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import redis

from tests.integration.ad_analytics.account import Account, campaign, day
from tests.integration.ad_analytics.world import order, touch
from vendor_sync.ad_analytics.consistency import check_consistency, note_order_count
from vendor_sync.ad_analytics.dashboard_cache import FIGURES, RANGES, refresh_dashboards
from vendor_sync.ad_analytics.metric_store import Pull, Totals
from vendor_sync.ad_analytics.performance import find_performance_alerts
from vendor_sync.ad_analytics.records import AccountDay
from vendor_sync.ad_analytics.roas import total_days
from vendor_sync.connections import connection_from_environment

pytestmark = pytest.mark.integration
TODAY = date(2026, 3, 20)
YESTERDAY = TODAY - timedelta(days=1)
NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
USUAL = {
    "spend": Decimal(200),
    "impressions": 10_000,
    "clicks": 200,
    "conversions": Decimal(10),
    "conversion_value": Decimal(1000),
}


@pytest.fixture
def account(world):
    account = Account(world)
    account.list(campaign())
    return account


def history(account, days=14, last=None, **changes):
    """Usual days before yesterday, and yesterday with changes."""
    usual = [day(on=YESTERDAY - timedelta(days=n), **USUAL) for n in range(1, days + 1)]
    account.pull(
        *usual, day(on=YESTERDAY, **{**USUAL, **changes}), *([last] if last else []),
        since=date(2026, 1, 1), until=TODAY,
    )  # fmt: skip


def kinds(account):
    rows = account.conn.execute(
        "SELECT kind, severity, resolved_at IS NULL FROM analytics.performance_alerts ORDER BY kind"
    )
    return rows.fetchall()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"conversion_value": Decimal(699)}, [("roas_drop", "high", True)]),
        ({"conversion_value": Decimal(700)}, []),  # 0.7 of the average is not below it
        ({"spend": Decimal(100), "conversion_value": Decimal(1)}, []),  # spend not above 100
        (
            {"spend": Decimal("100.01"), "conversion_value": Decimal(1)},
            [("roas_drop", "high", True)],
        ),
        (
            {"spend": Decimal(301), "conversions": Decimal(4), "conversion_value": Decimal(1500)},
            [("high_spend_low_conversions", "medium", True)],
        ),
        ({"spend": Decimal(301), "conversions": Decimal(5), "conversion_value": Decimal(1500)}, []),
        ({"clicks": 99}, [("ctr_drop", "low", True)]),
        ({"clicks": 100}, []),
        ({"conversion_value": None, "conversions": None}, []),  # unknown is not low
    ],
)
def test_a_day_below_its_history_is_told(account, changes, expected):
    history(account, **changes)

    find_performance_alerts(account.conn, NOON)

    assert kinds(account) == expected


def test_the_message_has_both_figures_and_is_told_once(account):
    history(account, conversion_value=Decimal(500), clicks=80)

    first = find_performance_alerts(account.conn, NOON)
    again = find_performance_alerts(account.conn, NOON)

    assert list(first.values()) == [
        ["Summer: CTR 0.80 %, its average 2.00 %", "Summer: ROAS 2.50, its average 5.00"]
    ]
    assert again == {}


def test_two_days_are_no_history_and_today_is_not_compared(account):
    history(account, days=2, conversion_value=Decimal(1), last=day(on=TODAY, spend=Decimal(999)))

    assert find_performance_alerts(account.conn, NOON) == {}


def test_an_alert_is_resolved_by_a_restated_day(account):
    history(account, conversion_value=Decimal(1))
    find_performance_alerts(account.conn, NOON)

    account.pull(day(on=YESTERDAY, **USUAL), since=YESTERDAY, until=YESTERDAY)
    find_performance_alerts(account.conn, NOON)

    assert kinds(account) == [("roas_drop", "high", False)]


def test_thresholds_are_the_workspaces(world, account):
    history(account, conversion_value=Decimal(650))
    world.conn.execute(
        """UPDATE analytics.workspaces SET alert_thresholds = '{"roas_share": 0.5}'"""
    )

    assert find_performance_alerts(account.conn, NOON) == {}


@pytest.fixture
def cache(worker):
    connection = connection_from_environment("analytics_redis")
    assert connection is not None
    return replace(connection, extra={"db": worker + 1})


def read(cache, workspace_id):
    with redis.Redis(
        host=cache.host, port=cache.port, db=cache.extra["db"], password=cache.password
    ) as client:
        key = f"dashboard_metrics:{workspace_id}"
        content = client.get(key)
        assert content is not None
        return json.loads(content), client.ttl(key)


def test_a_dashboard_has_four_ranges_with_the_one_before(world, account, cache):
    account.pull(
        *[day(on=TODAY - timedelta(days=n), spend=Decimal(10)) for n in range(14)],
        since=date(2026, 1, 1), until=TODAY,
    )  # fmt: skip
    query = "utm_source=fb&utm_medium=cpc&utm_campaign=Summer"
    world.take(order("o1", touch(NOON, query), created_at=NOON), order("o2", created_at=NOON))
    total_days(world.conn)
    before = world.conn.queries

    assert refresh_dashboards(world.conn, cache, NOON) == 1

    assert world.conn.queries - before <= 10
    board, ttl = read(cache, world.workspace_id)
    assert 3500 < ttl <= 3600
    assert set(RANGES) <= set(board)
    assert set(board["7_days"]) == {*FIGURES, "previous"}
    assert (board["currency"], board["today"]["total_spend"]) == ("SAR", "10")
    assert board["today"]["total_revenue"] == "100"  # o2 came from no ad
    assert (board["today"]["roas"], board["today"]["conversions"]) == ("10", "1")
    assert (board["7_days"]["total_spend"], board["7_days"]["previous"]["total_spend"]) == (
        "70", "70",
    )  # fmt: skip
    assert (board["30_days"]["clicks"], board["30_days"]["ctr"]) == (280, "2")
    assert board["30_days"]["previous"]["total_spend"] is None
    assert board["today"]["previous"]["roas"] is None


def test_a_workspace_without_figures_has_a_dashboard_of_dashes(world, cache):
    refresh_dashboards(world.conn, cache, NOON)

    board, _ = read(cache, world.workspace_id)
    assert board["90_days"] == {**dict.fromkeys(FIGURES), "previous": dict.fromkeys(FIGURES)}


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"clicks": 1001}, {"clicks_over_impressions": 1, "invalid_ctr": 1}),
        ({"conversion_value": Decimal(50_001)}, {"suspicious_roas": 1}),
        ({"conversion_value": Decimal(50_000)}, {}),
        ({"spend": Decimal(-1)}, {"negative_value": 1}),
    ],
)
def test_impossible_figures_are_issues(account, changes, kind):
    account.pull(day(on=TODAY, **changes), until=TODAY)

    assert check_consistency(account.conn, NOON) == kind


def test_an_issue_is_resolved_when_it_is_no_longer_so(account):
    account.pull(day(on=TODAY, clicks=1001), until=TODAY)
    check_consistency(account.conn, NOON)

    account.pull(day(on=TODAY), until=TODAY)

    assert check_consistency(account.conn, NOON) == {}
    rows = account.conn.execute(
        "SELECT count(*) FROM analytics.consistency_issues WHERE resolved_at IS NULL"
    )
    assert rows.fetchone() == (0,)


def test_a_day_missing_between_others_and_a_wrong_total_are_issues(account):
    days = [day(on=TODAY - timedelta(days=n)) for n in (0, 2)]
    account.pull(*days, since=TODAY - timedelta(days=5), until=TODAY)
    totals = Totals([AccountDay(day=TODAY, currency="SAR", spend=Decimal(49))])
    with account.conn.transaction():
        account.store.merge([Pull(account.connection, totals)])

    assert check_consistency(account.conn, NOON) == {"account_total": 1, "missing_days": 1}


def test_an_active_campaign_without_figures_is_an_issue(world, account):
    world.conn.execute(
        "INSERT INTO analytics.sync_state (connection_id, first_synced_at) VALUES (%s, now())",
        [world.accounts["meta"]],
    )

    assert check_consistency(account.conn, NOON) == {"missing_metrics": 1}


def test_a_store_that_counts_more_orders_than_are_here_is_an_issue_until_it_does_not(world):
    world.take(order("o1", created_at=NOON))
    between = (NOON - timedelta(hours=12), NOON + timedelta(hours=12))

    def noted(there):
        key = world.store.connection_id
        differs = note_order_count(world.conn, key, between, there, TODAY, NOON)
        open_issues = world.conn.execute(
            "SELECT detail FROM analytics.consistency_issues"
            " WHERE kind = 'order_count' AND resolved_at IS NULL"
        ).fetchall()
        return differs, open_issues

    assert noted(2) == (True, [("2 orders in the store, 1 here",)])
    check_consistency(world.conn, NOON)  # knows nothing of stores, and leaves it open
    assert noted(3) == (True, [("3 orders in the store, 1 here",)])
    assert noted(1) == (False, [])


def test_claims_of_three_times_the_credited_orders_are_an_issue(world, account):
    days = [day(on=TODAY - timedelta(days=n), **USUAL) for n in range(7)]
    account.pull(*days, since=TODAY - timedelta(days=6), until=TODAY)
    total_days(world.conn)

    assert check_consistency(world.conn, NOON) == {"claimed_against_attributed": 1}


def test_an_order_without_a_rate_is_an_issue(world):
    world.take(order("o1", currency="EGP", created_at=NOON))
    total_days(world.conn)

    assert check_consistency(world.conn, NOON) == {"missing_rate": 1}


def test_credits_that_fit_several_campaigns_are_an_issue_of_their_day(world):
    for external_id in ("c1", "c2"):
        world.spent(world.campaign(external_id, "Twin"), str(TODAY))
    query = "utm_source=fb&utm_medium=cpc&utm_campaign=Twin"
    for number in range(2):
        world.take(order(f"o{number}", touch(NOON, query), created_at=NOON))

    assert check_consistency(world.conn, NOON) == {"ambiguous_campaign": 1}


@pytest.mark.parametrize(("customers", "found"), [(3, {}), (4, {"shared_click_id": 1})])
def test_a_click_id_of_more_than_three_customers_is_shared(world, customers, found):
    for number in range(customers):
        landed = touch(NOON, "ttclid=E.C.P.same")
        world.take(order(f"o{number}", landed, created_at=NOON, customer_key=f"customer-{number}"))

    assert check_consistency(world.conn, NOON) == found
