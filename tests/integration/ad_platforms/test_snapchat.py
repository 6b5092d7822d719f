from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import requests

from sandbox.vendors.ad_world.world import Settings, World
from sandbox.vendors.control import DEFAULT_KEYS, SNAPCHAT_CLIENT_ID
from vendor_sync.ad_analytics.platforms import snapchat
from vendor_sync.errors import (
    AuthenticationError,
    ConfigurationError,
    PermanentError,
    RateLimitedError,
    TemporaryError,
    TokenExpiredError,
)

pytestmark = pytest.mark.integration

SINCE, UNTIL = date(2026, 3, 17), date(2026, 4, 15)
TOKEN = DEFAULT_KEYS["snapchat"]
APP = {"client_id": SNAPCHAT_CLIENT_ID, "client_secret": f"secret-{TOKEN}"}


@pytest.fixture
def account(bench):
    return bench.world.accounts_of("snapchat")[0]


@pytest.fixture
def client(bench, account):
    made = bench.open(account)
    yield made
    made.close()


@pytest.fixture
def ask(bench, account):
    """Ask the vendor as somebody would who has not read the sheet."""

    def call(entity=None, **changes):
        given = {
            "granularity": "DAY",
            "start_time": "2026-04-01T00:00:00.000",
            "end_time": "2026-04-03T00:00:00.000",
            "fields": "spend",
            **changes,
        }
        headers = {"Authorization": f"Bearer {TOKEN}"}
        path = f"/v1/{entity or f'adaccounts/{account.account_id}'}/stats"
        url = bench.sandbox.vendor_url("snapchat") + path
        return requests.get(url, params=given, headers=headers, timeout=5)

    return call


def days_of(client, since=SINCE, until=UNTIL):
    return [day for batch in client.iter_days(since, until) for day in batch.records]


def test_every_account_is_what_the_world_says(bench, check_days):
    for account in bench.world.accounts_of("snapchat"):
        client = bench.open(account)
        check_days(client.iter_days(SINCE, UNTIL), bench.expected(account, SINCE, UNTIL))
        record = client.get_account()
        assert (record.external_id, record.currency, record.timezone) == (
            account.account_id,
            account.currency,
            account.timezone,
        )
        client.close()


def test_trap_3_an_account_tells_its_spend_and_nothing_else(bench, account, client, ask):
    refused = ask(fields="spend,impressions")
    assert (refused.status_code, refused.json()["error_code"]) == (400, "E1008")

    spend = {}
    for row in bench.expected(account, SINCE, UNTIL).values():
        spend[row["date"]] = spend.get(row["date"], 0) + row["spend"]
    days = [day for batch in client.iter_account_days(SINCE, UNTIL) for day in batch.records]
    assert {day.day: day.spend for day in days if day.spend} == spend
    assert {day.day for day in days} == {SINCE + timedelta(days=n) for n in range(30)}


def test_trap_4_with_a_breakdown_the_rows_are_one_level_down(ask):
    [item] = ask(fields="spend", breakdown="campaign").json()["timeseries_stats"]

    assert "timeseries" not in item["timeseries_stat"]
    assert item["timeseries_stat"]["breakdown_stats"]["campaign"][0]["timeseries"]


def test_a_campaign_that_is_split_over_two_pages_is_put_together(bench, account, check_days):
    small = bench.open(account, series_per_page="3")
    bench.sandbox.clear_requests()

    check_days(small.iter_days(SINCE, UNTIL), bench.expected(account, SINCE, UNTIL))
    assert len(bench.sandbox.requests("snapchat")) > 2
    small.close()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"start_time": "2026-04-01T05:30:00.000"}, "beginning of an hour"),
        ({"start_time": "2026-04-01T05:00:00.000"}, "start of a day"),
        ({"end_time": "2026-04-01T00:00:00.000"}, "end must be after"),
        ({"end_time": "2026-05-03T00:00:00.000"}, "over 32 days"),
    ],
)
def test_trap_5_to_7_bounds_are_midnights_and_near(ask, changes, words):
    refused = ask(**changes)

    assert (refused.status_code, refused.json()["error_code"]) == (400, "E1008")
    assert words in refused.json()["debug_message"]


def test_trap_6_the_end_is_exclusive(client):
    assert {day.day for day in days_of(client, SINCE, SINCE)} == {SINCE}


@pytest.mark.parametrize(
    ("zone", "day", "now"),
    [
        ("America/New_York", date(2026, 3, 8), "2026-04-15T10:00:00+00:00"),
        ("Europe/Athens", date(2026, 3, 29), "2026-04-15T10:00:00+00:00"),
        ("America/New_York", date(2026, 11, 1), "2026-11-20T10:00:00+00:00"),
        ("Europe/Athens", date(2026, 10, 25), "2026-11-20T10:00:00+00:00"),
    ],
)
def test_trap_5_and_7_days_of_23_and_25_hours_are_read(bench, zone, day, now, check_days):
    size = {"workspaces": 1, "accounts": 12, "campaigns": 2, "orders": 0, "now": now}
    bench.sandbox.reset(11, ad_world=size)
    bench.world = World(11, Settings(**size))
    account = next(a for a in bench.world.accounts_of("snapchat") if a.timezone == zone)
    client = bench.open(account)
    since, until = day - timedelta(days=29), day + timedelta(days=3)

    check_days(client.iter_days(since, until), bench.expected(account, since, until))
    client.close()


def test_trap_7_thirty_one_days_are_too_many_around_the_25_hour_day(bench, ask):
    size = {"workspaces": 1, "accounts": 12, "campaigns": 2, "orders": 0,
            "now": "2026-11-20T10:00:00+00:00"}  # fmt: skip
    bench.sandbox.reset(11, ad_world=size)
    world = World(11, Settings(**size))
    account = next(a for a in world.accounts_of("snapchat") if a.timezone == "America/New_York")
    span = {"start_time": "2026-10-10T00:00:00", "end_time": "2026-11-10T00:00:00"}

    assert ask(f"adaccounts/{account.account_id}", **span).status_code == 400
    span["end_time"] = "2026-11-09T00:00:00"
    assert ask(f"adaccounts/{account.account_id}", **span).status_code == 200


def test_trap_9_windows_and_sources_are_always_sent_and_the_applied_ones_kept(bench, account):
    client = bench.open(account, attribution_window="28d_click")
    days = days_of(client, SINCE, SINCE)
    query = bench.sandbox.requests("snapchat")[-1]["query"]

    assert {day.attribution_window for day in days} == {"28d_click"}
    for part in ("swipe_up_attribution_window=28_DAY", "view_attribution_window=none",
                 "action_report_time=conversion", "conversion_source_types=total",
                 "omit_empty=false"):  # fmt: skip
        assert part in query
    client.close()


def test_an_attribution_window_that_cannot_be_sent_is_refused(bench, account):
    with pytest.raises(ConfigurationError, match="7d_click_1d_view"):
        bench.open(account, attribution_window="a week")


def test_trap_11_sources_are_parts_of_the_plain_figure(ask):
    reply = ask(
        fields="conversion_purchases", breakdown="campaign",
        conversion_source_types="web,app,total",
    ).json()  # fmt: skip
    series = reply["timeseries_stats"][0]["timeseries_stat"]["breakdown_stats"]["campaign"]
    stats = [
        p["stats"] for s in series for p in s["timeseries"] if "conversion_purchases" in p["stats"]
    ]

    assert stats
    for point in stats:
        parts = point["conversion_purchases_web"] + point["conversion_purchases_app"]
        assert parts == point["conversion_purchases"]


def test_trap_13_recent_days_are_provisional_and_are_read_again(bench, client):
    provisional = {day.day: day.provisional for day in days_of(client)}

    assert provisional[UNTIL - timedelta(days=1)]
    assert provisional[UNTIL - timedelta(days=27)]
    bench.set_now("2026-05-20T00:00:00+00:00")
    assert not any(day.provisional for day in days_of(client))


def test_trap_14_one_call_reads_all_campaigns_of_an_account(bench, account, client):
    ids = [campaign.campaign_id for campaign in account.campaigns[:2]]
    bench.sandbox.clear_requests()
    days = [d for b in client.iter_days(SINCE, SINCE, ids) for d in b.records]

    assert {day.campaign_id for day in days} <= set(ids)
    assert len(bench.sandbox.requests("snapchat")) == 1


def test_trap_15_a_429_names_no_time_and_is_waited_for(bench, account, client, check_days):
    bench.sandbox.faults.add("too_many", vendor="snapchat", style="none", times=2)
    check_days(client.iter_days(SINCE, SINCE), bench.expected(account, SINCE, SINCE))

    bench.sandbox.faults.add("too_many", vendor="snapchat", style="none")
    with pytest.raises(RateLimitedError) as caught:
        days_of(client)
    assert caught.value.retry_at is None


def test_trap_16_a_part_that_failed_is_no_zero(bench, client):
    for read in (days_of, lambda c: list(c.iter_campaigns())):
        bench.sandbox.change("snapchat", "break_items", times=9)
        with pytest.raises(TemporaryError, match="internal trouble"):
            read(client)


def test_trap_16_an_error_with_http_200_is_no_empty_page(bench, client):
    body = {"request_status": "ERROR", "error_code": "E3003", "debug_message": "gone"}
    bench.sandbox.faults.add("status", vendor="snapchat", status=200, body=body)

    with pytest.raises(PermanentError, match="E3003"):
        days_of(client)


def test_trap_17_a_token_lives_as_long_as_it_is_told_and_the_refresh_token_is_kept(
    bench, account, client, check_days
):
    connection = bench.connection(account, login_url=bench.sandbox.vendor_url("snapchat"))
    old = bench.credentials("snapchat", refresh_token=f"refresh-{TOKEN}", extra=APP)
    bench.sandbox.change("snapchat", "expire_tokens")
    with pytest.raises(TokenExpiredError):
        days_of(client)

    for _ in range(2):  # the vendor leaves the refresh token out of every second answer
        before = datetime.now(UTC)
        new = snapchat.refresh_credentials(connection, old, bench.wire())
        assert new.refresh_token == old.refresh_token
        assert new.access_token != old.access_token
        assert new.extra == APP
        assert new.expires_at is not None
        assert 1_735 <= (new.expires_at - before).total_seconds() <= 1_745
        old = new

    reader = snapchat.open_client(connection, old, bench.wire())
    check_days(reader.iter_days(SINCE, UNTIL), bench.expected(account, SINCE, UNTIL))
    reader.close()
    assert TOKEN.encode() not in b"".join(body for _, body in bench.shelf.pages)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"refresh_token": "taken back"}, "invalid_grant"),
        ({"extra": {**APP, "client_secret": "wrong"}}, "invalid_client"),
        ({"refresh_token": None}, "has no refresh token"),
        ({"extra": {}}, "has no client_id"),
    ],
)
def test_a_token_that_cannot_be_renewed_needs_a_person(bench, account, changes, words):
    connection = bench.connection(account, login_url=bench.sandbox.vendor_url("snapchat"))
    given = {"refresh_token": f"refresh-{TOKEN}", "extra": APP, **changes}

    with pytest.raises(AuthenticationError, match=words) as caught:
        snapchat.refresh_credentials(
            connection, bench.credentials("snapchat", **given), bench.wire()
        )
    assert TOKEN not in str(caught.value)


def test_trap_18_zero_days_come_when_asked_for_and_say_nothing(account, client, ask):
    def series(omit):
        reply = ask(breakdown="campaign", omit_empty=omit, start_time="2026-03-18T00:00:00").json()
        listed = reply["timeseries_stats"][0]["timeseries_stat"]["breakdown_stats"]["campaign"]
        return sum(len(part["timeseries"]) for part in listed)

    assert series("false") == 16 * len(account.campaigns) > series("true")
    assert all(day.spend for day in days_of(client))


def test_deleted_campaigns_are_not_listed_but_paid_for(account, client):
    gone = {c.campaign_id for c in account.campaigns if c.status == "archived"}
    listed = {r.external_id for batch in client.iter_campaigns() for r in batch.records}

    assert gone
    assert listed == {c.campaign_id for c in account.campaigns} - gone
    assert gone <= {day.campaign_id for day in days_of(client)}


def test_a_link_to_another_host_is_not_followed(bench, client):
    body = {
        "request_status": "SUCCESS",
        "paging": {"next_link": "https://elsewhere.example/v1/steal"},
        "timeseries_stats": [],
    }
    bench.sandbox.faults.add("status", vendor="snapchat", status=200, body=body)

    with pytest.raises(PermanentError, match=r"another host \(elsewhere.example\)"):
        days_of(client)


def test_what_is_not_there_stays_refused(bench, client):
    bench.sandbox.reset(12, ad_world={"workspaces": 1})

    with pytest.raises(PermanentError) as caught:
        days_of(client)
    assert (caught.value.status, caught.value.code) == (404, "E3003")
    with pytest.raises(PermanentError, match="no reports"):
        client.start_report(SINCE, UNTIL)
