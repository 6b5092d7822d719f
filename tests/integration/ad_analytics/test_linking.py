"""Accounts and stores are linked only with a login that opens them, wholly or not at all."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from cryptography.fernet import Fernet

from tests.integration.ad_analytics.company import Company
from tests.integration.ad_analytics.linking import SHOPS, VENDORS, Office, secrets
from vendor_sync.ad_analytics.onboarding import Onboarding, list_links
from vendor_sync.ad_analytics.records import Credentials
from vendor_sync.ad_analytics.tokens import KEYS_VARIABLE, TokenStore, fernet_from_environment
from vendor_sync.ad_analytics.vendor_forms import LINK_FORMS
from vendor_sync.errors import ConfigurationError, SyncError, TemporaryError
from vendor_sync.postgres import connect

pytestmark = pytest.mark.integration
SIZE = {
    "workspaces": 2, "campaigns": 1, "orders": 2, "start": "2026-03-17",
    "now": "2026-03-20T10:00:00+00:00",
}  # fmt: skip


@pytest.fixture
def office(vendors, warehouse, connections, monkeypatch):
    monkeypatch.setenv(KEYS_VARIABLE, Fernet.generate_key().decode())
    vendors.faults.clear()
    yield Office(Company(vendors, warehouse, connections, seed=11, **SIZE))
    vendors.faults.clear()


def refusal(action, kind: type[SyncError] = ConfigurationError):
    """Return what somebody is told, after seeing that no secret is in it."""
    with pytest.raises(kind) as caught:
        action()
    words = str(caught.value)
    assert not [secret for secret in secrets() if secret in words]
    return words


# Each of these goes through all vendors: making a world anew costs more than asking one.


def test_right_login_is_linked_with_what_the_vendor_says(office):
    for vendor in VENDORS:
        place = office.places(vendor)[0]
        link = office.link(vendor)
        before = office.rows()

        office.vendors.clear_requests()
        checked = office.onboarding.check(link)
        assert len(office.vendors.requests(vendor)) <= 3  # however much there is to read
        assert office.rows() == before
        done = office.onboarding.add(link)
        again = office.onboarding.add(link)

        row = (vendor, link.external_id, "active", place.currency, place.timezone)
        assert office.rows() == [*before, row]
        assert checked.account == done.account == again.account
        assert again.connection_id == done.connection_id
        assert office.company.tokens.load(done.connection_id) == link.credentials


def test_wrong_login_is_refused_with_what_to_do_and_saves_nothing(office):
    for vendor in VENDORS:
        wrong = office.credentials(vendor, access_token="wrong-token-12345", refresh_token=None)
        link = office.link(vendor, credentials=wrong)

        words = refusal(lambda link=link: office.onboarding.add(link))

        assert link.external_id in words
        assert LINK_FORMS[vendor].fields[0].hint.rstrip(".") in words
        assert "wrong-token-12345" not in words
    assert office.rows() == []


def test_login_of_another_account_is_refused(office):
    says = {"meta": "ads_read", "tiktok": "reporting scope", "snapchat": "No permission"}
    linked = []
    for vendor in VENDORS:
        own, other = office.link(vendor, 0), office.link(vendor, 1)
        if vendor not in SHOPS:
            office.vendors.change(vendor, "grant", token="of-one", accounts=[own.external_id])
            own = replace(own, credentials=office.credentials(vendor, access_token="of-one"))
        office.onboarding.add(own)
        linked.append(own.external_id)
        swapped = replace(other, credentials=own.credentials, settings=own.settings)

        words = refusal(lambda link=swapped: office.onboarding.add(link))

        assert says.get(vendor, f"not {other.external_id}") in words
        assert [row[1] for row in office.rows()] == linked


def test_permission_that_is_missing_is_named(office):
    for vendor, settings, says in (
        ("shopify", {"orders": False, "all_orders": False}, "read_orders"),
        ("salla", {"scopes": False}, "orders.read"),
        ("zid", {"scopes": False}, "orders.read"),
    ):
        office.vendors.change(vendor, "settings", **settings)

        words = refusal(lambda vendor=vendor: office.onboarding.add(office.link(vendor)))

        assert says in words
    assert office.rows() == []


def test_permission_that_hides_old_orders_is_a_note(office):
    office.vendors.change("shopify", "settings", all_orders=False)

    done = office.onboarding.add(office.link("shopify"))

    assert [note for note in done.notes if "60 days" in note]


def test_vendor_that_is_down_is_linked_unasked_and_asked_by_the_first_run(office):
    links = [office.link(vendor) for vendor in VENDORS]
    for link in links:
        office.vendors.faults.add("status", link.vendor, status=503)
        words = refusal(lambda link=link: office.onboarding.add(link), TemporaryError)
        assert "--no-verify" in words
    assert office.rows() == []

    done = [office.onboarding.add(link, verify=False) for link in links]

    assert [each.account for each in done] == [None] * len(VENDORS)
    assert office.rows() == [
        (link.vendor, link.external_id, "active", None, None) for link in links
    ]
    assert not any(each.verified for each in list_links(office.company.conn, VENDORS))
    office.vendors.faults.clear()
    office.company.sync("r1")
    assert all(each.verified for each in list_links(office.company.conn, VENDORS))


def test_first_run_refuses_what_was_linked_unasked_to_another_account(office):
    own, other = office.link("salla", 0), office.link("salla", 1)
    office.onboarding.add(replace(own, credentials=other.credentials), verify=False)

    result = office.company.sync("r1")

    assert "opens store" in result["missing"][0]["error"]
    assert office.company.rows("SELECT 1 FROM analytics.orders") == []


def test_account_of_another_workspace_is_refused_until_it_is_disabled_there(office):
    first = office.onboarding.add(office.link("tiktok"))
    second = office.link("tiktok", workspace_id=office.add_workspace("Other"))

    words = refusal(lambda: office.onboarding.add(second))
    assert f"connection {first.connection_id}" in words
    office.onboarding.disable(first.connection_id)
    moved = office.onboarding.add(second)

    assert office.status(moved.connection_id) == "active"
    refusal(lambda: office.onboarding.enable(first.connection_id))
    office.onboarding.disable(moved.connection_id)
    office.onboarding.enable(first.connection_id)
    assert office.status(first.connection_id) == "active"


def test_of_two_who_link_the_same_account_at_once_one_is_refused(office, database):
    other = office.add_workspace("Other")
    together = threading.Barrier(2)
    outcomes = []

    def link(workspace):
        with connect(database, application_name="test") as conn:
            own = Onboarding(conn, TokenStore(conn, fernet_from_environment()))
            together.wait()
            try:
                outcomes.append(own.add(office.link("meta", workspace_id=workspace)).connection_id)
            except SyncError:
                outcomes.append(None)

    threads = [threading.Thread(target=link, args=[each]) for each in (office.workspace, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(each is None for each in outcomes) == 1
    assert len(office.rows()) == 1


def test_what_is_killed_while_the_vendor_thinks_has_saved_nothing(office):
    office.vendors.faults.add("latency", "meta", seconds=20)
    link = office.link("meta", settings=office.settings("meta", "") | {"read_seconds": "30"})
    before = len(office.vendors.requests("meta"))

    with office.company.start_command(
        "account", "add", "--workspace", str(office.workspace), "meta", link.external_id, "Acme",
        "--setting", f"base_url={link.settings['base_url']}", credentials=link.credentials,
    ) as running:  # fmt: skip
        office.company.until(
            lambda: len(office.vendors.requests("meta")) > before or running.poll() is not None
        )
        assert running.poll() is None, "it ended before it was killed"
        running.kill()

    assert office.rows() == []
    office.vendors.faults.clear()
    assert office.onboarding.add(link).account is not None


def test_missing_part_of_a_login_is_refused_before_it_is_sent_anywhere(office):
    office.vendors.clear_requests()
    half = office.link("zid", credentials=Credentials(access_token="only-one-of-two"))

    words = refusal(lambda: office.onboarding.add(half))

    assert "manager_token" in words
    assert office.vendors.requests("zid") == []


def test_new_login_ends_the_wait_and_the_alert(office, people):
    vendor, told = "salla", people(office.company.connections)
    done = office.onboarding.add(office.link(vendor))
    office.company.tokens.save(done.connection_id, Credentials(access_token="stale-token-12345"))
    office.company.sync("r1")
    assert office.status(done.connection_id) == "needs_reauth"

    wrong = Credentials(access_token="another-wrong-one")
    refusal(lambda: office.onboarding.reauth(done.connection_id, wrong))
    assert office.status(done.connection_id) == "needs_reauth"
    office.onboarding.reauth(done.connection_id, office.credentials(vendor))

    assert office.status(done.connection_id) == "active"
    told.told_once("needs_reauth")
    assert office.company.rows(
        "SELECT count(*) FROM ops.alerts WHERE kind = 'needs_reauth' AND resolved_at IS NULL"
    ) == [(0,)]


def test_new_login_keeps_what_belongs_to_the_app_and_stays_disabled(office):
    done = office.onboarding.add(office.link("snapchat"))
    app = office.company.tokens.load(done.connection_id).extra
    office.onboarding.disable(done.connection_id)

    office.onboarding.reauth(done.connection_id, office.credentials("snapchat", extra={}))

    assert office.company.tokens.load(done.connection_id).extra == app
    assert office.status(done.connection_id) == "disabled"


def test_refresh_token_that_works_once_is_not_used_up_by_a_trial(office):
    office.vendors.change("salla", "expire_token")
    link = office.link("salla")

    words = refusal(lambda: office.onboarding.add(link))

    assert "has ended" in words
    paths = [each["path"] for each in office.vendors.requests("salla")]
    assert not [path for path in paths if "oauth2/token" in path]


def test_refresh_token_that_works_again_is_tried_and_its_answer_kept(office):
    office.vendors.change("snapchat", "expire_tokens")
    link = office.link("snapchat")

    done = office.onboarding.add(link)

    kept = office.company.tokens.load(done.connection_id)
    assert kept.access_token != link.credentials.access_token
    assert done.account is not None


def test_verifying_renews_a_stored_token_and_keeps_it(office):
    done = office.onboarding.add(office.link("salla"))
    office.vendors.change("salla", "expire_token")

    office.onboarding.verify(done.connection_id)
    office.onboarding.verify(done.connection_id)

    renewed = {row["store"]: row["renewals"] for row in office.vendors._lines("salla/renewals")}
    assert renewed[office.link("salla").external_id] == 1


def test_verifying_a_login_that_works_after_all_ends_the_wait(office):
    done = office.onboarding.add(office.link("tiktok"))
    office.company.tokens.mark_needs_reauth([done.connection_id])

    office.onboarding.verify(done.connection_id)

    assert office.status(done.connection_id) == "active"


def test_login_without_an_heir_is_told_before_it_ends(office):
    soon = datetime.now(UTC) + timedelta(days=2)
    login = msgspec.structs.replace(office.credentials("meta"), expires_at=soon)

    done = office.onboarding.add(office.link("meta", credentials=login))

    assert [note for note in done.notes if f"{soon:%Y-%m-%d}" in note]


def test_unknown_ones_are_refused(office):
    for action in (
        lambda: office.onboarding.verify(999_999),
        lambda: office.onboarding.disable(999_999),
        lambda: office.onboarding.enable(999_999),
        lambda: office.onboarding.reauth(999_999, Credentials(access_token="x")),
        lambda: office.onboarding.add(office.link("meta", workspace_id=999_999)),
    ):
        assert "There is no" in refusal(action)
    with suppress(ConfigurationError):
        office.onboarding.add(office.link("meta", external_id="0"))
    assert office.rows() == []
