"""Accounts and stores that are linked by their vendor's own login page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from cryptography.fernet import Fernet

from sandbox.vendors.control import (
    DEFAULT_KEYS,
    SHOP_APP_ID,
    SNAPCHAT_CLIENT_ID,
    TIKTOK_APP_ID,
)
from tests.integration.ad_analytics.company import Company
from tests.integration.ad_analytics.linking import Office
from vendor_sync.ad_analytics.authorization import (
    FLOWS,
    authorize_address,
    exchange,
    reachable,
    read_redirect,
)
from vendor_sync.ad_analytics.tokens import KEYS_VARIABLE
from vendor_sync.ad_analytics.vendor_apps import VendorApp, vendor_app
from vendor_sync.ad_analytics.verification import patient_wire
from vendor_sync.connections import Connection
from vendor_sync.errors import ConfigurationError, TemporaryError

pytestmark = pytest.mark.integration
BACK = "https://sync.example/back"
STATE = "a-state-of-this-request"
SIZE = {
    "workspaces": 1, "campaigns": 1, "orders": 1, "start": "2026-03-17",
    "now": "2026-03-20T10:00:00+00:00",
}  # fmt: skip
APPS = {
    "tiktok": (TIKTOK_APP_ID, f"secret-{DEFAULT_KEYS['tiktok']}"),
    "snapchat": (SNAPCHAT_CLIENT_ID, f"secret-{DEFAULT_KEYS['snapchat']}"),
    "salla": (SHOP_APP_ID, DEFAULT_KEYS["salla.secret"]),
    "zid": (SHOP_APP_ID, DEFAULT_KEYS["zid.secret"]),
}


@pytest.fixture
def office(vendors, warehouse, connections, monkeypatch):
    monkeypatch.setenv(KEYS_VARIABLE, Fernet.generate_key().decode())
    vendors.faults.clear()
    office = Office(Company(vendors, warehouse, connections, seed=11, **SIZE))
    for vendor in ("salla", "zid"):
        vendors.change(vendor, "sit_down", store=office.link(vendor).external_id)
    yield office
    vendors.faults.clear()


def fields_of(office, vendor) -> dict[str, object]:
    url = office.vendors.vendor_url(vendor)
    client_id, client_secret = APPS[vendor]
    extra = {"client_id": client_id, "client_secret": client_secret, "redirect_uri": BACK}
    extra |= {"login_url": url, "accounts_url": url}
    return {"host": url + ("/admin/v2" if vendor == "salla" else ""), "extra": extra}


def app_of(office, vendor) -> VendorApp:
    conn_id = f"{vendor}_default"
    fields = {conn_id: Connection(conn_id=conn_id, **fields_of(office, vendor))}  # pyright: ignore[reportArgumentType]
    return vendor_app(fields.get, vendor)


def agree(address: str) -> str:
    """Open the login page, agree, and return the address that the browser is sent to."""
    answer = requests.get(address, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def code_for(office, vendor) -> str:
    sent_to = agree(authorize_address(app_of(office, vendor), BACK, STATE))
    return read_redirect(vendor, sent_to, redirect_uri=BACK, state=STATE)


def test_login_page_leads_to_a_login_that_opens_the_accounts(office):
    for vendor in FLOWS:
        own, wire = app_of(office, vendor), patient_wire(vendor)

        login = exchange(own, code_for(office, vendor), BACK, wire)
        found = [each.external_id for each in reachable(own, login, wire)]

        assert office.link(vendor).external_id in found
        assert (login.refresh_token is None) == (vendor == "tiktok")
        done = office.onboarding.add(office.link(vendor, credentials=login))
        assert done.account is not None


def test_code_works_once_in_its_hour_and_for_its_own_address(office):
    for vendor in FLOWS:
        own, wire = app_of(office, vendor), patient_wire(vendor)
        used, late, elsewhere = (code_for(office, vendor) for _ in range(3))
        exchange(own, used, BACK, wire)
        tries = [(used, BACK)]
        if vendor != "tiktok":  # whose exchange does not name the address
            tries.append((elsewhere, "https://sync.example/other"))
        for code, back in tries:
            with pytest.raises(ConfigurationError, match="Begin again") as caught:
                exchange(own, code, back, wire)
            assert code not in str(caught.value)
            assert APPS[vendor][1] not in str(caught.value)
        office.company.set_now(office.company.world.now + timedelta(hours=1, seconds=1))
        with pytest.raises(ConfigurationError, match="Begin again"):
            exchange(own, late, BACK, wire)


def test_vendor_that_is_down_is_told_as_such(office):
    code = code_for(office, "salla")
    office.vendors.faults.add("status", "salla", status=503)

    with pytest.raises(TemporaryError):
        exchange(app_of(office, "salla"), code, BACK, patient_wire("salla"))


def test_address_of_another_request_or_a_refusal_is_no_login(office):
    address = authorize_address(app_of(office, "salla"), BACK, STATE)
    sent_to = agree(address)
    office.vendors.change("salla", "sit_down", store="demo", agrees=False)
    refused = agree(address)

    for pasted, state, says in (
        (sent_to, "another-state", "another request"),
        (sent_to.replace(BACK, "https://evil.example/back"), STATE, "not an address below"),
        (sent_to.replace("code=", "cod="), STATE, "no code"),
        (refused, STATE, "said no"),
    ):
        with pytest.raises(ConfigurationError, match=says):
            read_redirect("salla", pasted, redirect_uri=BACK, state=state)
    assert parse_qs(urlsplit(address).query)["scope"] == ["orders.read offline_access"]


def test_app_that_is_not_set_up_is_named():
    with pytest.raises(ConfigurationError, match="zid_default"):
        authorize_address(VendorApp(vendor="zid"), BACK, STATE)
    with pytest.raises(ConfigurationError, match="login page"):
        authorize_address(VendorApp(vendor="woocommerce"), BACK, STATE)


def test_merchant_whose_app_lacks_offline_access_gets_no_refresh_token_and_is_told(office):
    own = app_of(office, "salla")
    address = authorize_address(own, BACK, STATE).replace("+offline_access", "")
    code = read_redirect("salla", agree(address), redirect_uri=BACK, state=STATE)

    login = exchange(own, code, BACK, patient_wire("salla"))
    done = office.onboarding.add(office.link("salla", credentials=login))

    assert login.refresh_token is None
    assert [note for note in done.notes if "no refresh token" in note]


def test_command_prints_the_page_takes_the_address_and_links(office):
    fields = json.dumps({"conn_type": "snapchat", **fields_of(office, "snapchat")})
    known = {**office.company.environment(), "AIRFLOW_CONN_SNAPCHAT_DEFAULT": fields}
    wanted = office.link("snapchat").external_id
    words = ("account", "authorize", "--workspace", str(office.workspace), "snapchat")

    with subprocess.Popen(
        [sys.executable, "-m", "vendor_sync", *words, "--id", wanted],
        env={**os.environ, **known},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        assert running.stderr is not None
        address = next(line for line in running.stderr if line.startswith("http"))
        out, err = running.communicate(agree(address.strip()) + "\n", timeout=30)

    assert running.returncode == 0, err
    assert [row[1] for row in office.rows()] == [wanted]
    assert out.strip().isdecimal()
    assert not [value for value in DEFAULT_KEYS.values() if value in out + err]
