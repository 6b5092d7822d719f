"""Salla's refresh tokens work once: renewed by one of many; a lost one is told as such."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import requests
from cryptography.fernet import Fernet, MultiFernet

from tests.integration.shops.salla_store import CREDENTIALS, SECRETS, STORE, make_shop
from vendor_sync.ad_analytics.records import Credentials
from vendor_sync.ad_analytics.shops import salla
from vendor_sync.ad_analytics.tokens import TokenStore
from vendor_sync.errors import (
    AuthenticationError,
    TemporaryError,
    TokenExpiredError,
)
from vendor_sync.postgres import connect

pytestmark = pytest.mark.integration


@pytest.fixture
def shop(open_shop, vendors):
    return make_shop(open_shop, vendors)


def test_trap_01_a_refresh_token_works_once(shop):
    renewed = salla.refresh_credentials(shop.connection, CREDENTIALS, shop.wire)
    shop.credentials = renewed
    shop.place()

    assert len(shop.orders()[0]) == 1
    assert renewed.expires_at is not None
    assert timedelta(days=13) < renewed.expires_at - datetime.now(UTC) < timedelta(days=15)
    with pytest.raises(AuthenticationError, match="install the app again"):
        salla.refresh_credentials(shop.connection, CREDENTIALS, shop.wire)


@pytest.fixture
def token_store(database):
    """A function that opens a token store of its own connection on a saved Salla connection."""
    cipher = MultiFernet([Fernet(Fernet.generate_key())])
    name = uuid.uuid4().hex
    with connect(database, application_name="test") as conn:
        (workspace,) = conn.execute(
            "INSERT INTO analytics.workspaces (name, timezone, reporting_currency)"
            " VALUES (%s, 'Asia/Riyadh', 'SAR') RETURNING workspace_id",
            [name],
        ).fetchall()[0]
        (number,) = conn.execute(
            "INSERT INTO analytics.connections"
            " (workspace_id, vendor, external_id, name, currency, timezone)"
            " VALUES (%s, 'salla', %s, 'Demo', 'SAR', 'Asia/Riyadh') RETURNING connection_id",
            [workspace, name],
        ).fetchall()[0]

    def run(work):
        with connect(database, application_name="test") as conn:
            return work(TokenStore(conn, cipher), number)

    run(lambda store, number: store.save(number, CREDENTIALS))
    return run


def test_trap_01_workers_that_find_the_token_expired_at_once_renew_it_once(
    shop, vendors, token_store
):
    shop.place()
    vendors.change("salla", "expire_token")
    with pytest.raises(TokenExpiredError):
        shop.orders()
    found = []

    def refresher(old):
        return salla.refresh_credentials(shop.connection, old, shop.wire)

    def worker():
        found.append(
            token_store(lambda store, number: store.refresh(number, CREDENTIALS, refresher))
        )

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({each.access_token for each in found}) == 1
    assert len(found) == 4
    renewals = {row["store"]: row for row in vendors._lines("salla/renewals")}
    assert (renewals[STORE]["renewals"], renewals[STORE]["revoked"]) == (1, False)
    shop.credentials = found[0]
    assert len(shop.orders()[0]) == 1


class KilledError(Exception):
    """Stands for the end of the process between the vendor's answer and our save."""


def test_trap_01_a_crash_before_the_new_token_is_saved_is_told_for_what_it_is(shop, token_store):
    def renew_and_die(old):
        salla.refresh_credentials(shop.connection, old, shop.wire)
        raise KilledError

    with pytest.raises(KilledError):
        token_store(lambda store, number: store.refresh(number, CREDENTIALS, renew_and_die))

    def again(old):
        return salla.refresh_credentials(shop.connection, old, shop.wire)

    with pytest.raises(AuthenticationError, match="killed before it could save the new one"):
        token_store(lambda store, number: store.refresh(number, CREDENTIALS, again))


def test_trap_01_an_answer_that_is_lost_is_told_for_what_it_may_mean(shop, vendors):
    vendors.faults.add("commit_then_timeout", "salla", path="oauth2/token", seconds=0.2)

    with pytest.raises(TemporaryError, match="may have used up the refresh token"):
        salla.refresh_credentials(shop.connection, CREDENTIALS, shop.wire)

    assert [request["path"] for request in shop.requests()] == ["/oauth2/token"]  # never repeated


def test_sandbox_revokes_everything_when_a_refresh_token_comes_twice(shop, vendors):
    def renew(token):
        form = {"grant_type": "refresh_token", "refresh_token": token, **SECRETS}
        return requests.post(f"{vendors.vendor_url('salla')}/oauth2/token", form, timeout=5).json()

    first = renew(CREDENTIALS.refresh_token)
    assert renew(CREDENTIALS.refresh_token) == {"error": "invalid_grant"}
    assert renew(first["refresh_token"]) == {"error": "invalid_grant"}
    shop.credentials = Credentials(access_token=first["access_token"])
    with pytest.raises(AuthenticationError):
        shop.orders()
