from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet, MultiFernet

from vendor_sync.ad_analytics.records import Credentials
from vendor_sync.ad_analytics.tokens import (
    KEYS_VARIABLE,
    TokenStore,
    ends_soon,
    fernet_from_environment,
)
from vendor_sync.errors import AuthenticationError, ConfigurationError
from vendor_sync.postgres import connect

pytestmark = pytest.mark.integration
OLD, NEW = Fernet.generate_key(), Fernet.generate_key()


def cipher(*keys: bytes) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


@pytest.fixture
def account(add_workspace, add_connection):
    return add_connection(add_workspace())


def test_credentials_are_encrypted_at_rest_and_come_back(warehouse, account):
    store = TokenStore(warehouse, cipher(OLD))
    secrets = Credentials(access_token="at-secret", refresh_token="rt", extra={"client_id": "c"})

    store.save(account, secrets)

    stored = warehouse.execute("SELECT credentials FROM analytics.connections").fetchone()[0]
    assert b"at-secret" not in bytes(stored)
    assert store.load(account) == secrets
    assert "at-secret" not in repr(secrets)


def test_missing_credentials_need_a_person(warehouse, account):
    with pytest.raises(AuthenticationError, match="has no credentials"):
        TokenStore(warehouse, cipher(OLD)).load(account)


def test_of_many_who_refresh_at_once_one_asks_the_vendor(database, warehouse, account):
    stale = Credentials(access_token="first", refresh_token="once")
    TokenStore(warehouse, cipher(OLD)).save(account, stale)
    asked: list[str | None] = []

    def refresher(current: Credentials) -> Credentials:
        asked.append(current.refresh_token)
        return Credentials(access_token="second", refresh_token="twice")

    results: list[Credentials] = []

    def work():
        with connect(database, application_name="test") as conn:
            results.append(TokenStore(conn, cipher(OLD)).refresh(account, stale, refresher))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert asked == ["once"]
    assert {result.access_token for result in results} == {"second"}


def test_a_refresh_that_fails_leaves_the_old_credentials(warehouse, account):
    store = TokenStore(warehouse, cipher(OLD))
    stale = Credentials(access_token="first")
    store.save(account, stale)

    def refuses(_: Credentials) -> Credentials:
        message = "only a person can"
        raise AuthenticationError(message)

    with pytest.raises(AuthenticationError):
        store.refresh(account, stale, refuses)
    assert store.load(account) == stale


def test_rotating_moves_everything_to_the_newest_key(warehouse, account):
    TokenStore(warehouse, cipher(OLD)).save(account, Credentials(access_token="a"))

    assert TokenStore(warehouse, cipher(NEW, OLD)).rotate() == 1

    assert TokenStore(warehouse, cipher(NEW)).load(account).access_token == "a"
    with pytest.raises(ConfigurationError, match=KEYS_VARIABLE):
        TokenStore(warehouse, cipher(OLD)).load(account)


def test_an_owner_is_told_once_and_new_credentials_heal(warehouse, account):
    store = TokenStore(warehouse, cipher(OLD))

    told = [store.mark_needs_reauth([account]), store.mark_needs_reauth([account])]
    assert told == [{account}, set()]
    store.save(account, Credentials(access_token="a"))

    status = warehouse.execute("SELECT status FROM analytics.connections").fetchone()[0]
    assert status == "active"


@pytest.mark.parametrize("value", ["", " , ", "not a key"])
def test_wrong_keys_are_refused_without_being_shown(monkeypatch, value):
    monkeypatch.setenv(KEYS_VARIABLE, value)

    with pytest.raises(ConfigurationError, match="Fernet") as caught:
        fernet_from_environment()
    assert "not a key" not in str(caught.value)


def test_a_token_is_renewed_a_minute_early():
    now = datetime(2026, 3, 1, tzinfo=UTC)

    def ending_in(seconds: int) -> Credentials:
        return Credentials(access_token="a", expires_at=now + timedelta(seconds=seconds))

    assert ends_soon(ending_in(59), now)
    assert not ends_soon(ending_in(60), now)
    assert not ends_soon(Credentials(access_token="a"), now)
