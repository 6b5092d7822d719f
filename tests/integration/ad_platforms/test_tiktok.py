from __future__ import annotations

import json
from datetime import date, timedelta

import msgspec
import pytest
import requests

from sandbox.vendors.control import DEFAULT_KEYS
from vendor_sync.ad_analytics.platforms import tiktok
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
    return bench.world.accounts_of("tiktok")[0]


@pytest.fixture
def client(bench, account):
    made = bench.open(account)
    yield made
    made.close()


@pytest.fixture
def ask(bench, account):
    """Ask the vendor as somebody would who has not read the sheet."""

    def call(path, **changes):
        given = {
            "advertiser_id": account.account_id,
            "report_type": "BASIC",
            "data_level": "AUCTION_CAMPAIGN",
            "dimensions": '["campaign_id","stat_time_day"]',
            "metrics": '["spend"]',
            "start_date": "2026-03-17",
            "end_date": "2026-04-15",
            **changes,
        }
        headers = {"Access-Token": DEFAULT_KEYS["tiktok"]}
        url = f"{bench.sandbox.vendor_url('tiktok')}/open_api/v1.3/{path}"
        return requests.get(url, params=given, headers=headers, timeout=5)

    return call


def finish(client, ticket):
    states = [client.check_report(ticket) for _ in range(4)]
    assert states == [ReportState.RUNNING] * 3 + [ReportState.READY]


def test_every_account_is_what_the_world_says(bench, check_days):
    for account in bench.world.accounts_of("tiktok"):
        client = bench.open(account)
        check_days(client.iter_days(SINCE, UNTIL), bench.expected(account, SINCE, UNTIL))
        record = client.get_account()
        assert (record.external_id, record.currency, record.timezone) == (
            account.account_id,
            account.currency,
            account.timezone,
        )
        client.close()


def test_trap_6_an_error_is_told_with_http_200(bench, client, ask):
    reply = ask("report/integrated/get/", metrics='["total_complete_payment_value"]')

    assert (reply.status_code, reply.json()["code"]) == (200, 40002)
    assert "total_complete_payment_value" in reply.json()["message"]
    bench.sandbox.faults.add(
        "status", vendor="tiktok", status=200, body={"code": 40001, "message": "No permission"}
    )
    with pytest.raises(AuthenticationError, match="40001"):
        list(client.iter_days(SINCE, SINCE))


@pytest.mark.parametrize(("limit", "least"), [("qpm", 290), ("qpd", 0), ("advertiser", 0)])
def test_trap_7_a_throttle_is_in_the_body_without_headers(bench, limit, least):
    bench.sandbox.reset(11, ad_world=SMALL, tiktok={"limit": limit})
    bench.sandbox.faults.add("too_many", vendor="tiktok", style="none")
    patient = bench.open(bench.world.accounts_of("tiktok")[0])

    with pytest.raises(RateLimitedError) as caught:
        list(patient.iter_days(SINCE, SINCE))

    assert caught.value.retry_at is not None
    assert caught.value.wait_seconds() >= least
    patient.close()


def test_a_throttle_of_a_second_is_waited_for(bench, account, client, check_days):
    bench.sandbox.faults.add("too_many", vendor="tiktok", style="none", times=1)

    check_days(client.iter_days(SINCE, SINCE), bench.expected(account, SINCE, SINCE))


def test_trap_8_the_token_has_a_header_of_its_own_and_is_never_refreshed(bench, client):
    url = f"{bench.sandbox.vendor_url('tiktok')}/open_api/v1.3/"
    bearer = {"Authorization": f"Bearer {DEFAULT_KEYS['tiktok']}"}
    given = {"Access-Token": DEFAULT_KEYS["tiktok"]}

    assert requests.get(f"{url}user/info/", headers=bearer, timeout=5).json()["code"] == 40104
    refresh = requests.post(f"{url}oauth2/refresh_token/", headers=given, timeout=5)
    assert refresh.json()["code"] == 40107
    bench.sandbox.faults.add("token_expired", vendor="tiktok")
    with pytest.raises(AuthenticationError, match="Authorise the app again"):
        client.get_account()


def test_trap_9_a_path_without_its_last_slash_is_not_found(ask):
    assert ask("report/integrated/get").status_code == 404
    assert ask("report/integrated/get").text == "404 page not found"


def test_trap_10_without_a_page_size_there_are_ten_rows_and_all_pages_are_read(
    bench, account, ask, check_days
):
    reply = ask("report/integrated/get/").json()["data"]
    assert len(reply["list"]) == 10 < reply["page_info"]["total_number"]

    small = bench.open(account, rows_per_page="7")
    check_days(small.iter_days(SINCE, UNTIL), bench.expected(account, SINCE, UNTIL))
    small.close()


def test_trap_11_a_filters_value_is_text_and_has_at_most_100_ids(
    bench, account, client, ask, check_days
):
    def rule(value):
        return json.dumps(
            [{"field_name": "campaign_ids", "filter_type": "IN", "filter_value": value}]
        )

    assert ask("report/integrated/get/", filtering=rule(["1"])).json()["code"] == 40002
    many = json.dumps([str(number) for number in range(101)])
    assert ask("report/integrated/get/", filtering=rule(many)).json()["code"] == 40011

    ids = [campaign.campaign_id for campaign in account.campaigns[:3]]
    expected = bench.expected(account, SINCE, UNTIL)
    chosen = {place: row for place, row in expected.items() if place[0] in ids}
    others = [str(number) for number in range(1, 200)]
    check_days(client.iter_days(SINCE, UNTIL, [*ids, *others]), chosen)


def test_trap_12_ninety_days_are_asked_for_in_thirties(bench, account, client, ask, check_days):
    since = UNTIL - timedelta(days=89)
    assert ask("report/integrated/get/", start_date=since.isoformat()).json()["code"] == 40002
    bench.sandbox.clear_requests()

    check_days(client.iter_days(since, UNTIL), bench.expected(account, since, UNTIL))
    assert len(bench.sandbox.requests("tiktok")) == 3


def test_trap_13_deleted_campaigns_are_asked_for_in_list_and_report(account, client, ask):
    gone = {c.campaign_id for c in account.campaigns if c.status == "archived"}
    listed = [record for batch in client.iter_campaigns() for record in batch.records]
    shown = ask("report/integrated/get/", page_size=1000).json()["data"]["list"]

    assert gone
    assert {r.external_id for r in listed if r.status == CampaignStatus.REMOVED} == gone
    assert {r.external_id for r in listed} == {c.campaign_id for c in account.campaigns}
    assert not gone & {str(row["dimensions"]["campaign_id"]) for row in shown}
    read = {day.campaign_id for b in client.iter_days(SINCE, UNTIL) for day in b.records}
    assert gone <= read


def test_trap_17_a_task_is_asked_for_without_translation_and_is_hours_old(
    bench, account, client, check_days
):
    ticket = client.start_report(SINCE, UNTIL)
    kept = msgspec.json.decode(msgspec.json.encode(ticket), type=ReportTicket)
    other = bench.open(account)
    finish(other, kept)
    bench.world.set_now("2026-04-15T07:00:00+00:00")  # three hours before the server's clock

    check_days(other.iter_report_days(kept), bench.expected(account, SINCE, UNTIL))
    other.close()


def test_a_task_that_is_not_ready_or_failed_says_so(bench, client):
    ticket = client.start_report(SINCE, SINCE)
    with pytest.raises(TemporaryError, match="40201"):
        list(client.iter_report_days(ticket))
    bench.sandbox.change("tiktok", "fail_tasks", end="FAILED")
    failed = client.start_report(SINCE, SINCE)
    assert [client.check_report(failed) for _ in range(2)][-1] == ReportState.FAILED


def test_a_file_with_translated_titles_is_refused(bench, client):
    ticket = client.start_report(SINCE, SINCE)
    finish(client, ticket)
    bench.sandbox.faults.add(
        "status", vendor="tiktok", status=200, body="Campaign ID,Date,Cost\n1,2026-03-17,5\n"
    )

    with pytest.raises(PermanentError, match="translated"):
        list(client.iter_report_days(ticket))


def test_trap_18_one_advertiser_is_asked_at_a_time_since_several_lose_their_decimals(
    bench, account, client, ask
):
    several = ask("report/integrated/get/", advertiser_ids=json.dumps([account.account_id]))

    assert all("." not in row["metrics"]["spend"] for row in several.json()["data"]["list"])
    list(client.iter_days(SINCE, SINCE))
    assert "advertiser_ids" not in bench.sandbox.requests("tiktok")[-1]["query"]


def test_trap_19_conversions_of_past_days_move(bench, client):
    def seen(at):
        bench.set_now(at)
        days = [day for batch in client.iter_days(SINCE, SINCE) for day in batch.records]
        return sorted((d.campaign_id, d.conversions, d.provisional) for d in days if d.conversions)

    early, late = seen("2026-03-18T20:00:00+00:00"), seen("2026-04-10T20:00:00+00:00")

    assert early != late
    assert all(provisional for *_, provisional in late)
    assert not any(p for *_, p in seen("2026-04-16T00:00:00+00:00"))


def test_rows_that_move_between_pages_are_read_again(bench, account, check_days):
    small = bench.open(account, rows_per_page="50")
    for by in (1, -1):
        bench.sandbox.change("tiktok", "drift", walks=2, by=by)
        check_days(small.iter_days(SINCE, UNTIL), bench.expected(account, SINCE, UNTIL))

    bench.sandbox.change("tiktok", "drift", walks=9, by=-1)
    with pytest.raises(TemporaryError, match="rows moved"):
        list(small.iter_days(SINCE, UNTIL))
    small.close()


def test_a_query_that_is_too_large_is_halved_and_then_asked_for_as_a_task(
    bench, account, check_days
):
    bench.sandbox.reset(11, ad_world=SMALL, tiktok={"sync_days": 60})
    client = bench.open(account)
    check_days(client.iter_days(SINCE, UNTIL), bench.expected(account, SINCE, UNTIL))
    assert len(bench.sandbox.requests("tiktok")) > 4

    bench.sandbox.reset(11, ad_world=SMALL, tiktok={"sync_days": 1})
    with pytest.raises(ReportNeededError):
        next(client.iter_days(SINCE, UNTIL))
    client.close()


def test_the_account_total_is_the_sum_of_its_campaigns(bench, account, client):
    spend = {}
    for row in bench.expected(account, SINCE, UNTIL).values():
        spend[row["date"]] = spend.get(row["date"], 0) + row["spend"]
    days = [day for batch in client.iter_account_days(SINCE, UNTIL) for day in batch.records]

    assert {day.day: day.spend for day in days} == spend


def test_contact_data_is_not_asked_for_and_would_be_dropped(bench, account, client, ask):
    client.get_account()
    assert b"@" not in bench.shelf.pages[-1][1]

    everything = ask("advertiser/info/", advertiser_ids=json.dumps([account.account_id]))
    kept = tiktok.REDACTORS["account"].redact_body(everything.content)
    assert b"@" in everything.content
    assert b"@" not in kept
    assert b"+9665" not in kept


def test_a_page_without_page_info_is_the_only_one(bench, client):
    row = {
        "dimensions": {"campaign_id": 123456789, "stat_time_day": "2026-03-17 00:00:00"},
        "metrics": {
            "spend": "20.00",
            "impressions": "4696",
            "clicks": "51",
            "video_play_actions": 4179,
        },
    }
    body = {"code": 0, "message": "ok", "data": {"list": [row, {"dimensions": {}, "metrics": {}}]}}
    bench.sandbox.faults.add("status", vendor="tiktok", status=200, body=body)

    [batch] = client.iter_days(SINCE, SINCE)

    assert [(day.campaign_id, day.impressions, day.video_plays) for day in batch.records] == [
        ("123456789", 4696, 4179)
    ]
    assert "stat_time_day" in batch.rejects[0].reason


def test_trap_20_gmv_max_campaigns_are_in_no_basic_report(client, ask):
    """They have endpoints of their own, which are not read: their spend is not in our figures."""
    [other] = ask("gmv_max/campaign/get/").json()["data"]["list"]
    listed = {record.external_id for batch in client.iter_campaigns() for record in batch.records}
    read = {day.campaign_id for batch in client.iter_days(SINCE, UNTIL) for day in batch.records}

    assert other["campaign_id"] not in listed | read
