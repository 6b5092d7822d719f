"""What the connections tab of Sync Center does with what somebody enters."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from cryptography.fernet import Fernet

from tests.integration.ad_analytics.company import Company
from tests.integration.ad_analytics.linking import VENDORS, Office, secrets
from vendor_sync.ad_analytics.tokens import KEYS_VARIABLE
from vendor_sync.connections import Connection
from vendor_sync.sync_center import connections as tab

pytestmark = pytest.mark.integration
SIZE = {
    "workspaces": 1, "campaigns": 1, "orders": 1, "start": "2026-03-17",
    "now": "2026-03-20T10:00:00+00:00",
}  # fmt: skip
_PATHS = {"shopify": "/{store}", "woocommerce": "/{store}", "salla": "/admin/v2"}


class Desk(Office):
    """An office whose operator has set where the vendors are, and its page."""

    def __init__(self, company: Company) -> None:
        super().__init__(company)
        known = dict(company.connections)
        for vendor in VENDORS:
            url = company.vendors.vendor_url(vendor)
            conn_id = f"{vendor}_default"
            extra = {"login_url": url, "accounts_url": url}
            host = url + _PATHS.get(vendor, "")
            known[conn_id] = Connection(conn_id=conn_id, host=host, extra=extra)
        self.source = known.get
        self.known = known

    def entries(self, vendor: str, **changes: str) -> dict[str, list[str]]:
        """Return what a person would type into the form."""
        link = self.link(vendor)
        values = dict(link.credentials.extra) | {
            "external_id": link.external_id,
            "access_token": link.credentials.access_token,
            "refresh_token": link.credentials.refresh_token or "",
        }
        return {name: [value] for name, value in (values | changes).items()}

    def try_link(self, vendor: str, step: str, **changes: str) -> tab.Answer:
        answer = tab.try_link(
            self.source, self.workspace, vendor, self.entries(vendor, **changes), step
        )
        assert not [secret for secret in secrets() if secret in repr(answer)]
        return answer


@pytest.fixture
def desk(vendors, warehouse, connections, page_database, monkeypatch):
    monkeypatch.setenv(KEYS_VARIABLE, Fernet.generate_key().decode())
    vendors.faults.clear()
    connections["warehouse_postgres"] = page_database
    yield Desk(Company(vendors, warehouse, connections, seed=11, **SIZE))
    vendors.faults.clear()


def test_check_saves_nothing_and_save_saves_for_every_vendor(desk):
    for vendor in VENDORS:
        before = desk.rows()

        checked = desk.try_link(vendor, "check")
        assert (checked.good, checked.saved) == (True, None), checked
        assert desk.rows() == before
        saved = desk.try_link(vendor, "save")

        assert saved.saved is not None
        found = tab.link(desk.source, saved.saved)
        assert found is not None
        assert found.external_id in checked.said
        assert tab.state_of(found).words == "Linked"
    [place] = tab.overview(desk.source)
    assert len(place.links) == len(VENDORS)


def test_refusal_is_told_and_a_vendor_that_is_down_can_be_saved_unasked(desk):
    refused = desk.try_link("meta", "save", access_token="wrong-token-12345")
    desk.vendors.faults.add("status", "meta", status=503)
    down = desk.try_link("meta", "save")
    unasked = desk.try_link("meta", "save_unasked")

    assert (refused.good, refused.busy, refused.saved) == (False, False, None)
    assert "ads_read" in refused.said
    assert (down.busy, down.saved) == (True, None)
    assert "--no-verify" not in down.said
    assert unasked.saved is not None
    found = tab.link(desk.source, unasked.saved)
    assert found is not None
    assert tab.state_of(found).words == "Not verified"


def test_vendor_that_says_nothing_is_waited_for_as_long_as_a_page_may(desk):
    desk.vendors.faults.add("latency", "tiktok", seconds=30)
    began = time.monotonic()

    answer = desk.try_link("tiktok", "save")

    assert answer.busy
    assert time.monotonic() - began < 10
    assert desk.rows() == []


def test_address_in_our_own_network_is_not_asked_unless_an_operator_has_set_it(desk):
    for vendor in ("woocommerce", "shopify"):
        del desk.known[f"{vendor}_default"]
        desk.vendors.clear_requests()

        private = desk.try_link(vendor, "check", external_id="localhost.localdomain")
        nowhere = desk.try_link(vendor, "check", external_id="no-such-host.invalid")
        number = desk.try_link(vendor, "check", external_id="10.0.0.10")

        assert [each.good for each in (private, nowhere, number)] == [False] * 3
        assert "no server called" in nowhere.said
        assert "cannot be right" in number.said
        assert desk.vendors.requests(vendor) == []


def test_new_login_is_checked_then_saved_and_the_rest_kept(desk):
    link_id = saved_link(desk, "snapchat")
    desk.company.tokens.mark_needs_reauth([link_id])
    found = tab.link(desk.source, link_id)
    assert found is not None
    entries = desk.entries("snapchat", client_id="", client_secret="")
    wrong = entries | {"access_token": ["no-such-token"], "refresh_token": [""]}

    refused = tab.try_login(desk.source, found, wrong, "save")
    checked = tab.try_login(desk.source, found, entries, "check")
    assert desk.status(link_id) == "needs_reauth"
    saved = tab.try_login(desk.source, found, entries, "save")

    assert (refused.good, checked.good, checked.saved) == (False, True, None)
    assert saved.saved == link_id
    assert desk.status(link_id) == "active"
    assert "client_secret" in desk.company.tokens.load(link_id).extra


def saved_link(desk, vendor):
    """Link an account with the form, and return the connection's id."""
    answer = desk.try_link(vendor, "save")
    assert answer.saved is not None, answer
    return answer.saved


def test_page_leaves_a_refresh_token_that_works_once_to_a_run(desk):
    link_id = saved_link(desk, "salla")
    desk.vendors.change("salla", "expire_token")

    answer = tab.verify(desk.source, link_id)

    assert "next run renews it" in answer.said
    paths = [each["path"] for each in desk.vendors.requests("salla")]
    assert not [path for path in paths if "oauth2/token" in path]


def test_account_is_stopped_and_started_again(desk):
    link_id = saved_link(desk, "tiktok")

    assert tab.disable(desk.source, link_id).saved == link_id
    assert desk.status(link_id) == "disabled"
    assert tab.enable(desk.source, link_id).saved == link_id
    assert desk.status(link_id) == "active"
    assert tab.verify(desk.source, link_id).saved == link_id


def test_without_keys_the_tab_says_so_and_saves_nothing(desk, monkeypatch):
    monkeypatch.delenv(KEYS_VARIABLE)

    answer = desk.try_link("meta", "save")

    assert KEYS_VARIABLE in answer.said
    assert KEYS_VARIABLE in (tab.keys_problem() or "")
    assert desk.rows() == []


def test_workspace_is_added_changed_and_refused_as_it_was_entered(desk):
    entries = {
        "name": ["Palm Shop"], "timezone": ["Asia/Dubai"], "currency": ["aed"],
        "shown_model": ["linear"], "models": ["linear", "last_click"], "window_days": ["14"],
    }  # fmt: skip
    entered = tab.entered_workspace(entries)

    added = tab.save_workspace(desk.source, None, entered)
    twice = tab.save_workspace(desk.source, None, entered)
    wrong = tab.save_workspace(desk.source, added.saved, replace(entered, timezone="Mars/Base"))
    taken = tab.save_workspace(desk.source, added.saved, replace(entered, name="Acme"))
    renamed = tab.save_workspace(desk.source, added.saved, replace(entered, name="Palm Mall"))

    assert added.saved is not None
    found = tab.workspace(desk.source, added.saved)
    assert found is not None
    assert tab.settings_of(found) == replace(entered, name="Palm Mall")
    assert entered.models == ("linear", "last_click")
    assert [each.saved for each in (twice, wrong, taken)] == [None] * 3
    assert "Mars/Base" in wrong.said
    assert "Acme" in taken.said
    assert renamed.saved == added.saved
