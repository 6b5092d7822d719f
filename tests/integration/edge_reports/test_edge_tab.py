"""What Sync Center's edge tab shows of the tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from vendor_sync.sync_center.edge import fleet

pytestmark = pytest.mark.integration


@pytest.fixture
def look(office, page_database):
    """A function that returns the company's fleet, now or later."""

    def see(later=timedelta(0)):
        now = datetime.now(UTC) + later
        return fleet({"warehouse_postgres": page_database}.get, str(office.company), now)

    return see


@pytest.fixture
def edge(office):
    """Credentials of the first store's edge, which has reported nothing yet."""
    [(client,)] = office.rows(
        "INSERT INTO edge.edge_clients (company_id, store_id, secret_hash)"
        " VALUES (%s, %s, 'x') RETURNING client_id",
        office.company,
        office.stores[0],
    )
    return client


def report(office, edge, *, behind=0, **columns):
    """Have an edge say which version it has."""
    names = "".join(f", {name} = %s" for name in columns)
    office.conn.execute(
        "UPDATE edge.edge_clients AS c SET reported_at = now(),"
        f" reported_version = v.version - %s{names} FROM edge.versions AS v"
        " WHERE v.company_id = c.company_id AND c.client_id = %s",
        [behind, *columns.values(), edge],
    )


def states(found):
    return {store.row["code"]: store.state.words for store in found.stores}


@pytest.mark.usefixtures("edge")
def test_stores_without_credentials_and_without_a_report_say_so(look):
    assert states(look()) == {"S1": "Never reported", "S2": "No credentials"}


def test_a_store_is_behind_by_the_versions_it_does_not_have(office, edge, look):
    office.promotion("P1")
    office.promotion("P2")
    report(office, edge, behind=2)
    assert (look().stores[0].behind, states(look())["S1"]) == (2, "Behind")

    report(office, edge)

    assert (look().stores[0].behind, states(look())["S1"]) == (0, "Up to date")


def test_a_store_that_says_nothing_for_two_intervals_is_silent(office, edge, look):
    report(office, edge)
    hours = look().settings["sync_interval_hours"]

    assert states(look(timedelta(hours=2 * hours, minutes=-1)))["S1"] == "Up to date"
    assert states(look(timedelta(hours=2 * hours, minutes=1)))["S1"] == "Silent"


def test_skipped_records_are_counted_and_are_what_matters(office, edge, look):
    report(office, edge, behind=0)
    office.conn.execute(
        "INSERT INTO edge.refused_records (store_id, record_id, version, reason, client_version)"
        " VALUES (%s, 'r', 1, 'TOO_NEW', '0.9')",
        [office.stores[0]],
    )

    assert look().stores[0].row["skipped"] == 1
    assert states(look())["S1"] == "Skips records"


def test_a_closed_store_comes_last(office, look):
    office.conn.execute("UPDATE edge.stores SET is_active = false WHERE code = 'S1'")

    assert list(states(look()).items()) == [("S2", "No credentials"), ("S1", "Closed")]


def test_uses_are_those_of_the_last_rollup(office, look):
    promotion = office.promotion("P1")
    today = datetime.now(UTC).date()
    office.use(promotion, on=today)
    office.use(promotion, on=today - timedelta(days=30))
    assert look().stores[0].row["uses"] is None

    office.rollup()

    assert look().stores[0].row["uses"] == 1


def test_refused_uploads_are_shown_with_the_reason(office, look):
    office.conn.execute(
        "INSERT INTO edge.usage_rejects (company_id, store_id, usage_id, kind, reason, detail,"
        " record, record_hash) VALUES (%s, %s, 'u', 'rejected', 'INVALID_TIME', 'used_at', '', '')",
        [office.company, office.stores[1]],
    )

    [refused] = look().refused

    assert (refused["store"], refused["reason"], refused["times"]) == ("S2", "INVALID_TIME", 1)


def test_an_unknown_company_is_none(page_database):
    assert fleet({"warehouse_postgres": page_database}.get, "nobody", datetime.now(UTC)) is None
