"""What Sync Center's analytics tab shows of the tables."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from vendor_sync.sync_center.analytics import board, connection_state, told_change
from vendor_sync.sync_center.wording import NOTHING, amount, count

pytestmark = pytest.mark.integration
# Half past midnight of March 11 in Riyadh.
NOW = datetime(2026, 3, 10, 21, 30, tzinfo=UTC)
TODAY = date(2026, 3, 11)


@pytest.fixture
def workspace(add_workspace):
    return add_workspace()


@pytest.fixture
def day(warehouse, workspace):
    """A function that writes a platform's day."""

    def add(on, platform="meta", unconverted=0, **figures):
        names = ["workspace_id", "date", "platform", "currency", "unconverted", *figures]
        values = [workspace, on, platform, "SAR", unconverted, *figures.values()]
        warehouse.execute(
            f"INSERT INTO analytics.workspace_daily ({', '.join(names)})"
            f" VALUES ({', '.join(['%s'] * len(names))})",
            values,
        )

    return add


@pytest.fixture
def look(page_database, workspace):
    """A function that returns the board of some days."""
    return lambda days=7: board({"warehouse_postgres": page_database}.get, workspace, days, NOW)


def test_sums_are_of_the_workspaces_days_and_ratios_of_the_sums(day, look):
    day(TODAY, spend=30, claimed_revenue=90, attributed_revenue=60, attributed_conversions="0.5")
    day(date(2026, 3, 5), spend=10, claimed_revenue=50, attributed_revenue=20)
    day(date(2026, 3, 4), spend=20, attributed_revenue=30)  # the first of the days before
    day(date(2026, 2, 25), spend=1000)  # before those

    found = look()

    assert (found.total.spend, found.total.attributed_roas) == (40, 2)
    assert found.total.claimed_roas == Decimal("3.5")
    assert found.total.attributed_conversions == Decimal("0.5")
    assert (found.before.spend, found.before.attributed_roas) == (20, Decimal("1.5"))


def test_what_no_ad_is_credited_for_stands_apart(day, look):
    day(TODAY, spend=10, attributed_revenue=20)
    day(TODAY, platform="none", attributed_revenue=500)

    found = look()

    assert list(found.platforms) == ["meta"]
    assert found.total.attributed_revenue == 20
    assert found.uncredited.attributed_revenue == 500


def test_a_day_without_a_rate_makes_the_sum_unknown_and_not_the_counts(day, look):
    day(TODAY, spend=10, clicks=3)
    day(date(2026, 3, 9), unconverted=1, clicks=4)

    found = look()

    assert (found.total.spend, found.total.attributed_roas) == (None, None)
    assert found.total.clicks == 7


def test_without_spend_there_is_no_ratio(day, look):
    day(TODAY, spend=0, attributed_revenue=20)

    assert look().total.attributed_roas is None


def test_charts_have_a_gap_where_nothing_is_known(day, look):
    day(TODAY, spend=10, attributed_revenue=25)

    drawn = str(look(30).charts["roas"])

    assert "2.5, 11 Mar" in drawn
    assert drawn.count("dot reactive") == 1


def test_a_state_says_what_a_person_has_to_do(warehouse, workspace, add_connection, look):
    key = add_connection(workspace)
    assert connection_state(look().connections[0]).words == "Not read yet"

    warehouse.execute(
        "UPDATE analytics.connections SET status = 'needs_reauth' WHERE connection_id = %s", [key]
    )

    assert connection_state(look().connections[0]).words == "Needs a new login"


def test_an_unknown_workspace_is_none(page_database, workspace):
    found = board({"warehouse_postgres": page_database}.get, workspace + 1, 7, NOW)

    assert found is None


def test_figures_in_words():
    assert amount(Decimal("1234.5")) == "1,234.50"
    assert (amount(None), count(None)) == (NOTHING, NOTHING)
    assert (count(Decimal("12000.0")), count(Decimal("2.25"))) == ("12,000", "2.2")
    assert told_change((Decimal(3), Decimal(2))) == "+50 % over before"
    assert told_change((Decimal("1.996"), Decimal(2))) == "as before"
    assert told_change((Decimal(3), Decimal(0))) == "nothing to compare with"
