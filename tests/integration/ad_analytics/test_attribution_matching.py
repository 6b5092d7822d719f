"""From the strongest evidence to the weakest; what is ambiguous is named, never guessed."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest

from tests.integration.ad_analytics.world import ORDERED_AT, at, order, touch
from vendor_sync.ad_analytics.records import NotAttributable, OrderState

pytestmark = pytest.mark.integration
PAID = "utm_source=facebook&utm_medium=cpc"


def visit(query: str, minutes: int = 10):
    return touch(ORDERED_AT - timedelta(minutes=minutes), query)


def test_our_click_log_is_stronger_than_any_address(world):
    ours = world.campaign("1201", "Summer")
    world.campaign("1202", "Winter")
    world.take(order("o1", visit(f"{PAID}&utm_campaign=Winter")))
    world.link()

    world.log(
        world.click(
            "c1", ORDERED_AT - timedelta(hours=5), f"{PAID}&utm_campaign=Winter",
            platform="meta", campaign_id="1201",
        )
    )  # fmt: skip

    assert world.credit("platform, campaign_id, evidence, attributed_click_id") == (
        "meta", ours, "click_log", "c1",
    )  # fmt: skip


def test_an_id_in_the_address_is_stronger_than_a_name(world):
    by_id = world.campaign("120210000000000001", "Other")
    world.campaign("1202", "Summer")

    world.take(order("o1", visit(f"{PAID}&utm_campaign=Summer&utm_id=120210000000000001")))

    assert world.credit() == ("meta", by_id, "url_id")


def test_a_campaign_name_of_digits_is_an_id(world):
    """18 digits do not survive a float: the neighbour by one is another campaign."""
    campaign = world.campaign("120210000000000001", "Summer")
    world.campaign("120210000000000002", "Winter")

    world.take(order("o1", visit(f"{PAID}&utm_campaign=120210000000000001")))

    assert world.credit() == ("meta", campaign, "url_id")


@pytest.mark.parametrize(
    ("query", "platform"),
    [("ttclid=E.C.P", "tiktok"), ("ScCid=a-b", "snapchat"), ("gclid=x", "google")],
)
def test_a_click_id_alone_says_only_the_platform(world, query, platform):
    world.take(order("o1", visit(query)))

    assert world.credit() == (platform, None, "click_id")


def test_a_click_id_is_refined_by_the_name_within_its_platform(world):
    world.campaign("1201", "Summer")
    campaign = world.campaign("1801", "Summer", "tiktok")

    world.take(
        order("o1", visit("ttclid=T&utm_source=facebook&utm_medium=cpc&utm_campaign=Summer"))
    )

    assert world.credit("platform, campaign_id, evidence, flags") == (
        "tiktok", campaign, "utm_name", ["conflict"],
    )  # fmt: skip


def test_a_click_id_keeps_its_case(world):
    world.take(order("o1", visit("TTCLID=AbC")))

    assert world.credit("attributed_click_id") == ("AbC",)


def test_an_fbclid_alone_is_unproven(world):
    """Meta appends it to links in unpaid posts too."""
    world.take(order("o1", visit("fbclid=IwAR1")))

    assert world.credit() == (None, None, "unproven_click_id")


def test_an_unproven_fbclid_counts_where_the_workspace_says_so(world):
    world.conn.execute("UPDATE analytics.workspaces SET counts_unproven_clicks = true")

    world.take(order("o1", visit("fbclid=IwAR1")))

    assert world.credit() == ("meta", None, "click_id")


def test_an_fbclid_with_a_paid_medium_is_proven(world):
    campaign = world.campaign("1201", "Summer")

    world.take(order("o1", visit(f"fbclid=IwAR1&{PAID}&utm_campaign=summer")))

    assert world.credit() == ("meta", campaign, "utm_name")


def test_a_source_with_an_unpaid_medium_is_nobodys_ad(world):
    world.campaign("1201", "Summer")

    world.take(order("o1", visit("utm_source=facebook&utm_medium=social&utm_campaign=Summer")))

    assert world.credit() == (None, None, "referral")


def test_a_medium_that_the_workspace_lists_is_paid(world):
    campaign = world.campaign("1201", "Summer")
    world.conn.execute("UPDATE analytics.workspaces SET paid_media = '{influencer}'")

    world.take(order("o1", visit("utm_source=ig&utm_medium=Influencer&utm_campaign=Summer")))

    assert world.credit() == ("meta", campaign, "utm_name")


def test_a_paid_source_with_an_unknown_campaign_is_credited_to_the_platform(world):
    world.take(order("o1", visit(f"{PAID}&utm_campaign=Nobody+knows")))

    assert world.credit() == ("meta", None, "utm_source")


def test_an_unresolved_macro_matches_no_campaign(world):
    world.campaign("1201", "{{campaign.name}}")

    world.take(order("o1", visit(f"{PAID}&utm_campaign=%7B%7Bcampaign.name%7D%7D")))

    assert world.credit("platform, campaign_id, flags") == ("meta", None, ["unresolved_macro"])


@pytest.mark.parametrize(
    "spelled", ["SUMMER%20Sale", "summer+sale", "%20Summer%20%20Sale%E2%80%8B", "Summer%2520Sale"]
)
def test_case_white_space_and_encoding_change_no_match(world, spelled):
    campaign = world.campaign("1201", "Summer Sale")

    world.take(order("o1", visit(f"{PAID}&utm_campaign={spelled}")))

    assert world.credit("campaign_id") == (campaign,)


def test_names_that_differ_by_a_dash_are_two_campaigns(world):
    world.campaign("1201", "summer-sale")

    world.take(order("o1", visit(f"{PAID}&utm_campaign=summer_sale")))

    assert world.credit("campaign_id") == (None,)


def test_a_renamed_campaign_keeps_its_old_name_for_that_time(world):
    renamed = world.campaign("1201", "Old")
    world.conn.execute("UPDATE analytics.campaign_names SET valid_until = '2026-03-08Z'")
    world.name(renamed, "New", "2026-03-08Z")

    world.take(
        order("o1", touch(at("2026-03-07T00:00:00"), f"{PAID}&utm_campaign=Old")),
        order("o2", touch(at("2026-03-09T00:00:00"), f"{PAID}&utm_campaign=New")),
        order("o3", touch(at("2026-03-09T00:00:00"), f"{PAID}&utm_campaign=Old")),
    )

    assert world.events("e.campaign_id") == [(renamed,), (renamed,), (None,)]


def test_of_namesakes_the_one_that_ran_on_that_day_is_credited(world):
    world.campaign("1201", "Summer", status="paused")
    running = world.campaign("1202", "Summer", status="paused")
    world.spent(running, "2026-03-10")

    world.take(order("o1", visit(f"{PAID}&utm_campaign=Summer")))

    assert world.credit("campaign_id, candidates") == (running, None)


def test_a_day_of_the_account_decides_whether_a_campaign_ran(world):
    """21:30 UTC is the next day in Riyadh."""
    first = world.campaign("1201", "Summer", status="paused")
    second = world.campaign("1202", "Summer", status="paused")
    world.spent(first, "2026-03-10")
    world.spent(second, "2026-03-11")
    moment = at("2026-03-10T21:30:00")

    world.take(order("o1", touch(moment, f"{PAID}&utm_campaign=Summer"), created_at=moment))

    assert world.credit("campaign_id") == (second,)


def test_namesakes_that_both_ran_stay_ambiguous_at_platform_level(world):
    ids = [world.campaign(f"120{n}", "Summer") for n in (3, 1, 2)]

    world.take(order("o1", visit(f"{PAID}&utm_campaign=Summer")))

    assert world.credit("platform, campaign_id, candidates, weight, flags") == (
        "meta", None, sorted(ids), 1, ["ambiguous"],
    )  # fmt: skip


def test_the_order_of_rows_does_not_decide(world):
    for number, (first, second, third) in enumerate(permutations("ABC")):
        for name in (first, second, third):
            world.campaign(f"{number}{ord(name)}", f"{number} {name}")
        touches = [
            touch(ORDERED_AT, f"{PAID}&utm_campaign={number}+{name}", key=name)
            for name in (third, first, second)
        ]
        world.take(order(f"o{number}", *touches))

    assert {row[0] for row in world.events("e.touch_key")} == {"shop:C"}


def test_an_influencers_coupon_counts_where_nothing_stronger_does(world):
    campaign = world.campaign("1801", "Creators", "snapchat")
    world.conn.execute(
        "INSERT INTO analytics.coupons VALUES (%s, 'sara10', 'snapchat', %s)",
        [world.workspace_id, campaign],
    )

    world.take(
        order("o1", coupons=(" SARA10 ",)),
        order("o2", visit("ttclid=T"), coupons=("SARA10",)),
    )

    assert world.events("e.platform, e.campaign_id, e.evidence") == [
        ("snapchat", campaign, "coupon"),
        ("tiktok", None, "click_id"),
    ]


def test_coupons_of_two_campaigns_credit_none(world):
    for coupon, name in (("a", "One"), ("b", "Two")):
        world.conn.execute(
            "INSERT INTO analytics.coupons VALUES (%s, %s, 'meta', %s)",
            [world.workspace_id, coupon, world.campaign(name, name)],
        )

    world.take(order("o1", coupons=("A", "B")))

    assert world.credit() == (None, None, "no_visit")


@pytest.mark.parametrize(
    ("referrer", "evidence"),
    [
        ("https://www.google.com/", "organic"),
        ("https://blog.example/", "referral"),
        (None, "direct"),
    ],
)
def test_a_referrer_is_organic_or_referral_never_paid(world, referrer, evidence):
    world.take(order("o1"))
    world.link()

    world.log(world.click("c1", ORDERED_AT, "", referrer=referrer))

    assert world.credit() == (None, None, evidence)


@pytest.mark.parametrize("reason", list(NotAttributable))
def test_an_order_that_no_click_led_to_is_not_attributable(world, reason):
    world.take(order("o1", visit("ttclid=T"), not_attributable=reason))

    assert world.credit() == (None, None, f"not_attributable:{reason.value}")


@pytest.mark.parametrize("changes", [{"state": OrderState.PENDING}, {"test": True}])
def test_unfinished_and_test_orders_are_no_revenue(world, changes):
    world.take(order("o1", visit("ttclid=T"), **changes))

    assert world.everything() == []


def test_salla_and_zid_orders_join_the_log_by_order_id(world):
    campaign = world.campaign("1801", "Summer", "snapchat")
    world.log(world.click("c1", ORDERED_AT, "ScCid=x&utm_campaign=summer"))
    world.link("o1")

    world.take(order("o1"))

    assert world.credit("campaign_id, attributed_click_id") == (campaign, "c1")


def test_an_order_that_carries_our_click_id_finds_it_in_another_browser(world):
    world.take(order("o1", own_click_ids=("c9",)))

    world.log(world.click("c9", ORDERED_AT, "ttclid=T", visitor_id="another"))

    assert world.credit("platform, attributed_click_id") == ("tiktok", "c9")


def test_where_the_log_knows_the_shops_visits_are_not_counted_again(world):
    """Shop and log tell of the same visit: two rows would halve each credit."""
    world.conn.execute("UPDATE analytics.workspaces SET attribution_models = '{linear}'")
    world.take(order("o1", visit("ttclid=T", minutes=10)))
    world.link()

    world.log(world.click("c1", ORDERED_AT - timedelta(minutes=10), "ttclid=T"))

    assert world.events("e.touch_key, e.weight", "linear") == [("click:c1", 1)]


def test_one_browser_may_lead_to_several_orders(world):
    """Shared by order, never by customer."""
    world.log(world.click("c1", ORDERED_AT, "ttclid=T"))
    for name in ("o1", "o2"):
        world.take(order(name))
        world.link(name)

    assert world.events("e.weight, e.conversion_value") == [(1, 100), (1, 100)]


def test_a_link_to_an_unknown_store_is_returned(world):
    world.store = type(world.store)(
        **{name: getattr(world.store, name) for name in world.store.__struct_fields__}
        | {"external_id": "nobody.example"}
    )

    assert world.link() == [(world.workspace_id, "nobody.example")]
