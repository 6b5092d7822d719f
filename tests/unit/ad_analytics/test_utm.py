from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vendor_sync.ad_analytics.utm import comparison_key, read_trace

SHOP = "https://shop.example/p?"


def trace(query: str, referrer: str | None = None, **parameters: str):
    return read_trace(SHOP + query, referrer, parameters)


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ("Summer Sale", "summer sale"),
        ("  Summer \t Sale\u200b ", "summer sale"),
        ("\u202eSummer\u202c", "summer"),
        ("\uff33ummer", "summer"),  # a full-width S
        ("STRASSE", "strasse"),
        ("stra\u00dfe", "strasse"),
        ("summer_sale", "summer_sale"),
        ("summer-sale", "summer-sale"),
        ("\u0623\u062d\u0645\u062f", "\u0623\u062d\u0645\u062f"),  # alef with hamza stays
        ("\u0639\u064e\u0631\u0636", "\u0639\u064e\u0631\u0636"),  # a diacritic stays
        ("(not set)", None),
        ("NULL", None),
        ("-", None),
        ("", None),
        ("{{campaign.name}}", None),
        ("{{campaign.name", None),
        ("__CAMPAIGN_NAME__", None),
        ("{campaignid}", None),
    ],
)
def test_names_are_compared_without_what_means_nothing(raw, key):
    assert comparison_key(raw) == key


def test_an_unresolved_macro_is_flagged_and_matches_nothing():
    found = trace("utm_source=facebook&utm_campaign=%7B%7Bcampaign.name%7D%7D")

    assert (found.campaign_key, found.flags) == (None, ["unresolved_macro"])
    assert found.utm_campaign == "{{campaign.name}}"


def test_a_double_encoded_value_is_decoded_twice_and_flagged():
    found = trace("utm_campaign=Summer%2520Sale")

    assert (found.campaign_key, found.flags) == ("summer sale", ["double_encoded"])


@pytest.mark.parametrize(
    ("query", "raw"),
    [
        ("utm_campaign=100%25", "100%"),  # one encoded per cent is not a second encoding
        ("utm_campaign=50%zz", "50%zz"),
        ("utm_campaign=%ff%fe", "%ff%fe"),
        ("utm_campaign=a+b%20c", "a b c"),
    ],
)
def test_malformed_percent_is_kept_and_plus_is_a_space(query, raw):
    assert trace(query).utm_campaign == raw


def test_of_repeated_parameters_the_last_that_is_not_empty_counts():
    found = trace("utm_campaign=old&utm_campaign=new&utm_campaign=")

    assert (found.campaign_key, found.flags) == ("new", ["repeated_parameter"])


def test_names_escaped_for_html_and_fragments_are_understood():
    assert trace("a=1&amp;utm_source=fb").source_platform == "meta"
    assert read_trace("https://shop.example/#utm_source=tiktok", None).source_platform == "tiktok"


def test_parameter_names_ignore_case_and_click_ids_keep_it():
    found = trace("SCCID=AbC-dEf&UTM_Source=Snap")

    assert (found.click_platform, found.click_value) == ("snapchat", "AbC-dEf")
    assert found.source_platform == "snapchat"


def test_the_click_id_decides_the_platform_over_utm_source():
    found = trace("utm_source=google&utm_medium=organic&gclid=x1&utm_source=facebook")

    assert (found.click_platform, found.source_platform) == ("google", "meta")
    assert "conflict" in (found.flags or [])


def test_of_two_click_ids_the_one_that_utm_source_agrees_with_counts():
    assert trace("ttclid=t&fbclid=f&utm_source=tiktok").click_value == "t"


def test_of_two_click_ids_without_agreement_the_last_counts_and_is_flagged():
    found = trace("ttclid=t&fbclid=f")

    assert (found.click_value, found.flags) == ("f", ["several_click_ids"])


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("utm_id=120210000000000001", ["120210000000000001"]),
        ("utm_campaign=120210000000000001", ["120210000000000001"]),
        ("utm_campaign=\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668", ["12345678"]),
        ("utm_campaign=1234567", None),  # too short for an id
        ("campaign_id=7&utm_id=8", ["7", "8"]),
        ("utm_id=__CAMPAIGN_ID__", None),
    ],
)
def test_ids_in_the_url_are_text(query, ids):
    assert trace(query).campaign_ids == ids


@pytest.mark.parametrize(
    ("referrer", "kind"),
    [
        (None, "direct"),
        ("https://www.google.com/", "organic"),
        ("https://l.facebook.com/x", "organic"),
        ("https://blog.example/post", "referral"),
        ("https://notgoogle.example/", "referral"),
        ("http://[broken", "direct"),
    ],
)
def test_a_referrer_is_never_paid(referrer, kind):
    assert read_trace(SHOP, referrer).referrer_kind == kind


def test_parameters_of_the_shop_win_over_the_address():
    found = trace("utm_campaign=first&ttclid=t", utm_campaign="Second")

    assert (found.utm_campaign, found.campaign_key, found.click_value) == ("Second", "second", "t")


@given(st.text(max_size=40), st.sampled_from(["", " ", "\t", "\u00a0", "\u200b", "\u2060"]))
def test_white_space_and_case_change_no_key(text, noise):
    key = comparison_key(text)

    assert comparison_key(noise + text + noise) == key
    assert comparison_key(text.replace(" ", "  ")) == key
    if text.isascii():
        assert comparison_key(text.upper()) == key


@given(st.text(max_size=200), st.text(max_size=50))
def test_any_address_can_be_read_and_stored(query, referrer):
    found = read_trace(SHOP + query, referrer)

    for value in (found.utm_campaign, found.click_value, found.campaign_key):
        assert value is None or "\0" not in value
