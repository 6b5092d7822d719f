from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
import requests

from sandbox.vendors.control import DEFAULT_KEYS
from vendor_sync.ad_analytics.platforms import meta
from vendor_sync.ad_analytics.ports import ReportNeededError, ReportState, ReportTicket
from vendor_sync.ad_analytics.records import CampaignStatus
from vendor_sync.errors import (
    AuthenticationError,
    PermanentError,
    RateLimitedError,
    TemporaryError,
)

pytestmark = pytest.mark.integration

SINCE, UNTIL = date(2026, 3, 17), date(2026, 4, 15)
SMALL = {"workspaces": 2, "accounts": 1, "campaigns": 8, "orders": 2}


@pytest.fixture
def account(bench):
    return bench.world.accounts_of("meta")[0]


@pytest.fixture
def client(bench, account):
    made = bench.open(account)
    yield made
    made.close()


@pytest.fixture
def small_pages(bench, account):
    """A client that reads seven rows a page and three ids a call."""
    made = bench.open(account, rows_per_page="7", ids_per_call="3")
    yield made
    made.close()


def finish(client, ticket):
    states = [client.check_report(ticket) for _ in range(8)]
    assert states[:5] == [ReportState.RUNNING] * 5, "the fifth was at 100 percent, still running"
    assert states[-1] == ReportState.READY


def test_thirty_days_are_what_the_world_says(bench, account, client, check_days):
    check_days(client.iter_days(SINCE, UNTIL), bench.expected(account, SINCE, UNTIL))


def test_every_account_currency_and_zone_is_read_right(bench, check_days):
    for account in bench.world.accounts_of("meta"):
        reader = bench.open(account)
        check_days(reader.iter_days(SINCE, UNTIL), bench.expected(account, SINCE, UNTIL))
        record = reader.get_account()
        assert (record.external_id, record.currency, record.timezone) == (
            account.account_id,
            account.currency,
            account.timezone,
        )
        reader.close()


def test_trap_8_days_are_the_accounts_own(bench, account, client, check_days):
    """At 16:00 UTC it is tomorrow in Tokyo, and still today in New York."""
    bench.set_now("2026-04-15T16:30:00+00:00")
    today = bench.world.local_today(account.timezone)

    check_days(client.iter_days(SINCE, today), bench.expected(account, SINCE, today))


def test_trap_9_windows_that_ended_answer_nothing_and_are_not_asked_for(bench, account, client):
    given = {
        "level": "campaign",
        "time_increment": 1,
        "fields": "actions",
        "limit": 500,
        "action_attribution_windows": '["7d_view","28d_view","7d_click"]',
        "time_range": json.dumps({"since": str(SINCE), "until": str(UNTIL)}),
    }
    url = f"{bench.sandbox.vendor_url('meta')}/v26.0/act_{account.account_id}/insights"
    headers = {"Authorization": f"Bearer {DEFAULT_KEYS['meta']}"}
    rows = requests.get(url, params=given, headers=headers, timeout=5).json()["data"]
    keys = {key for row in rows for action in row.get("actions", []) for key in action}
    assert "7d_click" in keys
    assert not keys & {"7d_view", "28d_view"}

    days = [day for batch in client.iter_days(SINCE, SINCE) for day in batch.records]
    query = bench.sandbox.requests("meta")[-1]["query"]
    assert {day.attribution_window for day in days} == {"7d_click_1d_view"}
    for ignored in ("action_attribution_windows", "action_report_time", "unified"):
        assert ignored not in query


def test_trap_10_a_day_moves_for_28_days_and_then_stays(bench, client):
    def seen(at):
        bench.set_now(at)
        return [
            (day.campaign_id, day.spend, day.conversions, day.provisional)
            for batch in client.iter_days(SINCE, SINCE)
            for day in sorted(batch.records, key=lambda day: day.campaign_id)
        ]

    early, later = seen("2026-03-18T20:00:00+00:00"), seen("2026-04-10T12:00:00+00:00")
    settled, after = seen("2026-04-15T16:00:00+00:00"), seen("2026-05-20T00:00:00+00:00")

    assert early != later
    assert all(provisional for *_, provisional in (*early, *later))
    assert settled == after
    assert not any(provisional for *_, provisional in settled)


def test_trap_11_paging_ends_although_every_page_has_a_cursor(bench, account, small_pages):
    batches = list(small_pages.iter_days(SINCE, UNTIL))
    rows = sum(len(batch.records) for batch in batches)

    assert rows == len(bench.expected(account, SINCE, UNTIL))
    assert len(batches) == -(-rows // 7)
    assert b'"after"' in bench.shelf.pages[-1][1]
    assert b'"next"' not in bench.shelf.pages[-1][1]


def test_an_account_without_delivery_is_empty_and_not_an_error(client):
    future = date(2026, 6, 1)

    assert [batch.records for batch in client.iter_days(future, future)] == [[]]


def test_ids_are_asked_for_in_chunks(bench, account, check_days):
    client = bench.open(account, ids_per_call="3")
    ids = [campaign.campaign_id for campaign in account.campaigns[:7]]
    bench.sandbox.clear_requests()

    expected = bench.expected(account, SINCE, UNTIL)
    chosen = {place: row for place, row in expected.items() if place[0] in ids}
    check_days(client.iter_days(SINCE, UNTIL, ids), chosen)
    assert len(bench.sandbox.requests("meta")) == 3


def test_trap_15_archived_campaigns_are_listed_on_demand_and_paid_for_anyway(
    bench, account, client
):
    listed = [record for batch in client.iter_campaigns() for record in batch.records]
    gone = {
        r.external_id for r in listed if r.status in {CampaignStatus.ENDED, CampaignStatus.REMOVED}
    }

    assert {record.external_id for record in listed} == {c.campaign_id for c in account.campaigns}
    assert gone & {row[0] for row in bench.expected(account, SINCE, UNTIL)}
    shown = requests.get(
        f"{bench.sandbox.vendor_url('meta')}/v26.0/act_{account.account_id}/campaigns",
        headers={"Authorization": f"Bearer {DEFAULT_KEYS['meta']}"},
        timeout=5,
    ).json()["data"]
    assert not gone & {item["id"] for item in shown}


def test_the_account_total_is_the_sum_of_its_campaigns(bench, account, client):
    spend = {}
    for row in bench.expected(account, SINCE, UNTIL).values():
        spend[row["date"]] = spend.get(row["date"], 0) + row["spend"]
    days = [day for batch in client.iter_account_days(SINCE, UNTIL) for day in batch.records]

    assert {day.day: day.spend for day in days} == spend
    assert {day.currency for day in days} == {account.currency}


@pytest.mark.parametrize("which", [0, 1])
def test_too_much_data_leads_to_a_report_that_says_the_same(bench, which, check_days):
    """The two accounts say it in the vendor's two ways."""
    bench.sandbox.reset(11, ad_world=SMALL, meta={"sync_days": 40})
    account = bench.world.accounts_of("meta")[which]
    client = bench.open(account)
    with pytest.raises(ReportNeededError):
        next(client.iter_days(SINCE, UNTIL))

    ticket = client.start_report(SINCE, UNTIL)
    finish(client, ticket)

    check_days(client.iter_report_days(ticket), bench.expected(account, SINCE, UNTIL))
    client.close()


def test_too_much_data_in_a_later_chunk_halves_the_days(bench, account, small_pages, check_days):
    """The first chunk is one campaign three times and fits, the second is three and does not."""
    bench.sandbox.reset(11, ad_world=SMALL, meta={"sync_days": 30})
    first = account.campaigns[0].campaign_id
    ids = [first, first, first, *(c.campaign_id for c in account.campaigns[1:4])]
    expected = bench.expected(account, SINCE, UNTIL)

    chosen = {place: row for place, row in expected.items() if place[0] in ids}
    check_days(small_pages.iter_days(SINCE, UNTIL, ids), chosen)


def test_trap_12_a_report_is_done_when_it_says_so_and_not_at_100_percent(client):
    finish(client, client.start_report(SINCE, SINCE))


@pytest.mark.parametrize("end", ["failed", "skipped"])
def test_trap_12_a_report_that_failed_is_asked_for_anew(bench, client, end):
    bench.sandbox.change("meta", "fail_reports", end=end)
    ticket = client.start_report(SINCE, SINCE)
    states = [client.check_report(ticket) for _ in range(4)]

    assert states[-1] == ReportState.FAILED
    again = client.start_report(SINCE, SINCE)
    assert again.report_id != ticket.report_id


def test_a_state_of_tomorrow_is_waited_for(bench, client):
    bench.sandbox.change("meta", "fail_reports", end="strange")
    ticket = client.start_report(SINCE, SINCE)

    assert [client.check_report(ticket) for _ in range(4)][-1] == ReportState.RUNNING


def test_trap_12_a_report_that_cannot_be_found_is_young_or_lost(bench, client):
    ticket = client.start_report(SINCE, SINCE)
    bench.sandbox.reset(11, ad_world=SMALL)

    assert client.check_report(ticket) == ReportState.RUNNING
    old = datetime.now(UTC) - timedelta(minutes=6)
    assert client.check_report(msgspec.structs.replace(ticket, asked_at=old)) == ReportState.FAILED


def test_a_report_can_be_taken_up_by_another_process(bench, account, client, check_days):
    kept = msgspec.json.encode(client.start_report(SINCE, UNTIL))
    ticket = msgspec.json.decode(kept, type=ReportTicket)
    other = bench.open(account)
    finish(other, ticket)

    check_days(other.iter_report_days(ticket), bench.expected(account, SINCE, UNTIL))
    other.close()


def test_trap_13_a_throttle_carries_the_instant_to_come_back(bench, client):
    bench.sandbox.change("meta", "set_usage", percent=100, regain_minutes=17)
    bench.sandbox.faults.add("too_many", vendor="meta", style="none")

    with pytest.raises(RateLimitedError) as caught:
        list(client.iter_days(SINCE, SINCE))

    assert 16 * 60 < caught.value.wait_seconds() <= 17 * 60
    assert len(bench.sandbox.requests("meta")) == 1, "a long wait is not slept through"


def test_a_used_up_limit_stops_the_walk_before_the_vendor_does(bench, small_pages):
    bench.sandbox.change("meta", "set_usage", percent=97, regain_minutes=12)
    walk = small_pages.iter_days(SINCE, UNTIL)

    assert next(walk).records
    with pytest.raises(RateLimitedError):
        next(walk)


def test_trap_14_an_expired_token_is_not_tried_again(bench, client):
    bench.sandbox.faults.add("token_expired", vendor="meta")

    with pytest.raises(AuthenticationError, match="Log in again"):
        list(client.iter_days(SINCE, SINCE))
    assert len(bench.sandbox.requests("meta")) == 1


def test_trap_17_the_version_is_a_setting_and_what_was_served_is_told(bench, account):
    connection = bench.connection(account, api_version="v23.0")
    client = meta.open_client(connection, bench.credentials("meta"), bench.wire())
    client.get_account()

    assert bench.sandbox.requests("meta")[-1]["path"].startswith("/v23.0/")
    client.close()


def test_trap_18_no_token_is_archived_or_shown(bench, account, small_pages):
    token = DEFAULT_KEYS["meta"]
    url = f"{bench.sandbox.vendor_url('meta')}/v26.0/act_{account.account_id}/insights"
    leaking = requests.get(url, params={"access_token": token, "level": "campaign", "limit": 1,
                           "time_increment": 1, "fields": "spend"}, timeout=5)  # fmt: skip
    assert token in leaking.json()["paging"]["next"], "the trap itself"

    list(small_pages.iter_days(SINCE, UNTIL))

    archived = b"".join(
        meta.REDACTORS[entity].redact_body(body) for entity, body in bench.shelf.pages
    )
    assert token.encode() not in archived
    assert b"graph.facebook.com" not in archived
    assert token.encode() not in meta.REDACTORS["insights"].redact_body(leaking.content)
    assert token not in json.dumps([r["query"] for r in bench.sandbox.requests("meta")][1:])


def test_history_of_more_than_37_months_is_refused(client):
    with pytest.raises(PermanentError, match="3018"):
        list(client.iter_days(date(2023, 3, 14), date(2023, 3, 15)))


def test_what_heals_is_tried_again(bench, account, client, check_days):
    for body in ("Service Unavailable", '"try later"'):
        bench.sandbox.faults.add("status", vendor="meta", status=503, body=body, times=1)
    bench.sandbox.faults.add("truncated_json", vendor="meta", times=1)

    with pytest.raises(TemporaryError):
        list(client.iter_days(SINCE, SINCE))
    check_days(client.iter_days(SINCE, UNTIL), bench.expected(account, SINCE, UNTIL))


def test_a_broken_row_is_refused_and_the_others_stay(bench, client):
    body = {
        "data": [
            {"campaign_id": "1", "account_currency": "USD", "date_start": "2026-03-17",
             "date_stop": "2026-03-17", "spend": "1.00", "impressions": "3"},
            {"campaign_id": "2", "account_currency": "USD", "date_start": "2026-03-17",
             "date_stop": "2026-03-17", "spend": "a lot"},
            {"campaign_id": 3},
        ]
    }  # fmt: skip
    bench.sandbox.faults.add("status", vendor="meta", status=200, body=body)

    [batch] = client.iter_days(SINCE, SINCE)

    assert [day.campaign_id for day in batch.records] == ["1"]
    assert [reject.item["campaign_id"] for reject in batch.rejects] == ["2", 3]
    assert "spend" in batch.rejects[0].reason


def test_an_error_with_http_200_is_no_empty_page(bench, client):
    error = {"error": {"message": "gone", "code": 190, "error_subcode": 463}}
    bench.sandbox.faults.add("status", vendor="meta", status=200, body=error)

    with pytest.raises(AuthenticationError):
        list(client.iter_days(SINCE, SINCE))
