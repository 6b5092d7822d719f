"""What "Test" says of each type of connection, by servers that answer, refuse or are away."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.connections import SEED, SIZE, elsewhere, filled_in, secrets_of, wrong_key
from vendor_sync.connection_checks import NAMES, check_connection
from vendor_sync.connections import connection_from_environment

pytestmark = pytest.mark.integration
WITH_KEY = sorted(set(NAMES) - {"fx"})
WITH_ADDRESS = sorted(set(NAMES) - {"analytics_redis"})
# A webhook that is another one takes the message all the same.
VENDORS = sorted(set(WITH_ADDRESS) - {"alerts_webhook"})


@pytest.fixture
def connections(vendors):
    vendors.reset(SEED, ad_world=SIZE, webhook={"token": "hook-token"}, trackier={"offers": 5})
    redis = connection_from_environment("analytics_redis")
    assert redis
    return filled_in(vendors, redis)


def check(connection):
    works, says = check_connection(connection.conn_type, connection)
    assert [secret for secret in secrets_of(connection) if secret in says] == []
    assert says.endswith(".")
    assert "\n" not in says
    return works, says


@pytest.mark.parametrize("conn_type", NAMES)
def test_connection_that_works_is_said_to(connections, vendors, conn_type):
    vendors.clear_requests()

    works, says = check(connections[conn_type])

    assert works, says
    if conn_type in VENDORS:
        assert 1 <= len(vendors.requests()) <= 3


@pytest.mark.parametrize("conn_type", WITH_KEY)
def test_wrong_key_is_refused_by_whom_is_said(connections, conn_type):
    works, says = check(wrong_key(connections[conn_type]))

    assert not works
    assert "refuses" in says or "HTTP 403" in says


@pytest.mark.parametrize("conn_type", NAMES)
def test_server_that_is_away_is_said_to_be_so(connections, conn_type):
    works, says = check(elsewhere(connections[conn_type]))

    assert not works
    assert "cannot be reached at 127.0.0.1" in says or "did not take" in says


@pytest.mark.parametrize("conn_type", VENDORS)
def test_wrong_address_is_said_to_be_so(connections, vendors, conn_type):
    there = connections[conn_type]

    works, says = check(replace(there, host=f"{vendors.url}/nothing/here"))
    unfinished, asks = check(replace(there, host="no address"))

    assert not works
    assert "The address answers, but" in says
    assert not unfinished
    assert asks


def test_test_message_arrives_at_the_webhook(connections, vendors):
    vendors.clear_deliveries()

    check(connections["alerts_webhook"])

    [post] = vendors.deliveries()
    assert post["body"]["text"] == "[test] This is how alerts arrive"


def test_numbers_that_a_form_left_empty_are_the_defaults(connections):
    there = connections["trackier"]

    works, says = check(replace(there, extra={"requests_per_second": None, "workers": ""}))
    wrong, names = check(replace(there, extra={"workers": "many"}))

    assert works, says
    assert not wrong
    assert "'workers'" in names
