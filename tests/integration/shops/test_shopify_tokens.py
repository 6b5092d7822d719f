"""Shopify's tokens: renewed by two grants, repeated after a crash, or a matter for a person."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sandbox.vendors.control import DEFAULT_KEYS
from tests.integration.shops.shopify_store import SECRETS, make_shop
from vendor_sync.ad_analytics.records import Credentials
from vendor_sync.ad_analytics.shops import shopify
from vendor_sync.errors import (
    AuthenticationError,
    TokenExpiredError,
)

pytestmark = pytest.mark.integration


@pytest.fixture
def shop(open_shop, vendors):
    return make_shop(open_shop, vendors)


def test_a_wrong_token_needs_a_person_unless_it_can_be_renewed(shop):
    shop.credentials = Credentials(access_token="wrong")
    with pytest.raises(AuthenticationError, match="Invalid API key or access token"):
        shop.orders()
    shop.credentials = Credentials(access_token="wrong", refresh_token="r")
    with pytest.raises(TokenExpiredError):
        shop.orders()


@pytest.mark.parametrize("refresh_token", [f"shprt_{DEFAULT_KEYS['shopify']}", None])
def test_a_token_is_renewed_by_refresh_token_or_client_credentials(shop, refresh_token):
    shop.place()
    shop.credentials = Credentials(access_token="old", refresh_token=refresh_token, extra=SECRETS)

    renewed = shopify.refresh_credentials(shop.connection, shop.credentials, shop.wire)
    shop.credentials = renewed

    assert len(shop.orders()[0]) == 1
    assert renewed.access_token != "old"
    assert renewed.refresh_token != refresh_token or refresh_token is None
    assert renewed.expires_at is not None
    assert renewed.expires_at > datetime.now(UTC)
    assert renewed.extra == SECRETS
    assert shop.archive.pages  # orders; never the token's answer
    assert renewed.access_token not in str(shop.archive.pages)


def test_a_renewal_lost_in_a_crash_can_be_repeated(shop):
    first = Credentials(
        access_token="old", refresh_token=f"shprt_{DEFAULT_KEYS['shopify']}", extra=SECRETS
    )

    shopify.refresh_credentials(shop.connection, first, shop.wire)
    again = shopify.refresh_credentials(shop.connection, first, shop.wire)

    assert again.access_token.startswith("shpat_")


@pytest.mark.parametrize(
    "credentials",
    [
        Credentials(access_token="old"),
        Credentials(access_token="old", refresh_token="stolen", extra=SECRETS),
    ],
)
def test_what_cannot_be_renewed_needs_a_person(shop, credentials):
    with pytest.raises(AuthenticationError):
        shopify.refresh_credentials(shop.connection, credentials, shop.wire)
