"""What a person enters to link an account: ids as they are kept, logins that are whole."""

from __future__ import annotations

import pytest

from vendor_sync.ad_analytics.records import Credentials
from vendor_sync.ad_analytics.vendor_apps import vendor_app
from vendor_sync.ad_analytics.vendor_forms import (
    LINK_FORMS,
    read_entries,
    read_id,
    require_credentials,
)
from vendor_sync.ad_analytics.vendors import VENDORS
from vendor_sync.connections import Connection
from vendor_sync.errors import ConfigurationError


@pytest.mark.parametrize(
    ("vendor", "entered", "kept"),
    [
        ("meta", " act_477177481147139 ", ("477177481147139", {})),
        ("tiktok", "7000000000000000001", ("7000000000000000001", {})),
        ("shopify", "https://Acme.myshopify.com/", ("acme.myshopify.com", {})),
        ("woocommerce", "shop.example", ("shop.example", {})),
        (
            "woocommerce",
            "https://shop.example/en/store",
            ("shop.example", {"base_url": "https://shop.example/en/store"}),
        ),
        ("salla", "1305146709", ("1305146709", {})),
    ],
)
def test_ids_are_kept_as_addresses_want_them(vendor, entered, kept):
    assert read_id(vendor, entered) == kept


@pytest.mark.parametrize(
    ("vendor", "entered"),
    [
        ("meta", ""),
        ("meta", "1/../2"),
        ("tiktok", "7 0"),
        ("snapchat", "a?b=c"),
        ("shopify", "acme"),
        ("shopify", "acme.myshopify.com/admin"),
        ("woocommerce", "127.0.0.1:9200"),
        ("woocommerce", "user@shop.example"),
        ("woocommerce", "shop.example/../admin"),
        ("zid", "x" * 101),
    ],
)
def test_what_cannot_be_an_id_is_refused_with_where_to_find_it(vendor, entered):
    with pytest.raises(ConfigurationError) as caught:
        read_id(vendor, entered)

    assert LINK_FORMS[vendor].id_hint in str(caught.value)


def test_every_vendor_has_a_form_that_asks_for_its_token():
    assert set(LINK_FORMS) == set(VENDORS)
    for vendor, form in LINK_FORMS.items():
        with pytest.raises(ConfigurationError, match=r"access_token.*is missing"):
            require_credentials(vendor, Credentials(access_token=" "))
        assert form.fields[0].name == "access_token"


def test_token_with_a_line_break_in_it_is_refused_without_being_quoted():
    with pytest.raises(ConfigurationError) as caught:
        require_credentials("meta", Credentials(access_token="abc\ndef"))

    assert "access_token" in str(caught.value)
    assert "abc" not in str(caught.value)


def test_entries_become_login_and_settings():
    entries = {"access_token": " ck_1 ", "consumer_secret": "cs_1", "auth": "query", "other": "x"}

    credentials, settings = read_entries("woocommerce", entries)

    assert credentials == Credentials(access_token="ck_1", extra={"consumer_secret": "cs_1"})
    assert settings == {"auth": "query"}


def test_address_of_a_vendor_with_a_host_a_store_needs_a_place_for_the_store():
    def source(host):
        return {"shopify_default": Connection(conn_id="shopify_default", host=host)}.get

    one_shop = vendor_app(source("https://acme.myshopify.com"), "shopify")
    proxy = vendor_app(source("https://proxy.example/{store}"), "shopify")

    assert one_shop.settings_of("b.myshopify.com") == {}
    assert proxy.settings_of("b.myshopify.com") == {
        "base_url": "https://proxy.example/b.myshopify.com"
    }


def test_app_of_the_vendors_connection_completes_a_login_that_can_be_renewed():
    extra = {"client_id": "app", "client_secret": "secret-of-app"}
    source = {"snapchat_default": Connection(conn_id="snapchat_default", extra=extra)}.get
    app = vendor_app(source, "snapchat")
    own = Credentials(access_token="a", refresh_token="r", extra={"client_id": "own"})

    assert app.completed(Credentials(access_token="a", refresh_token="r")).extra == extra
    assert app.completed(Credentials(access_token="a")).extra == {}
    assert app.completed(own) == own
    assert "secret-of-app" not in repr(app)
