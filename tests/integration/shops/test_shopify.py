from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from sandbox.vendors.ad_world.truth import money
from sandbox.vendors.ad_world.world import Settings, World
from tests.integration.shops.shopify_store import STORE, make_shop
from vendor_sync.ad_analytics.records import NotAttributable, OrderState
from vendor_sync.ad_analytics.shops import shopify
from vendor_sync.ad_analytics.shops.shopify import ShopifyClient
from vendor_sync.errors import (
    AuthenticationError,
    PermanentError,
    RateLimitedError,
    TemporaryError,
)
from vendor_sync.redaction import REDACTED

pytestmark = pytest.mark.integration

LANDING = "https://shop.example/p?utm_source=Facebook&utm_campaign=Spring%20Sale&fbclid=IwAR0aB"


@pytest.fixture
def shop(open_shop, vendors):
    return make_shop(open_shop, vendors)


def visit(at, landing=None, referrer=None):
    return {"at": at, "landing": landing, "referrer": referrer}


def test_an_order_is_read_with_its_money_its_state_and_its_visits(shop):
    number = shop.place(
        gross="13.50",
        currency="CAD",
        coupon="SPRING",
        visits=[
            visit("2026-06-19T20:00:00Z", LANDING, "https://l.facebook.com/"),
            visit("2026-06-22T22:20:00Z", "https://shop.example/"),
        ],
    )

    order = shop.orders()[0][str(number)]

    assert (order.gross, order.refunded, order.currency) == (Decimal("13.50"), Decimal(0), "CAD")
    assert (order.state, order.raw_status) == (OrderState.CONFIRMED, "PAID")
    assert order.created_at == datetime(2026, 6, 22, 22, 34, tzinfo=UTC)
    assert (order.coupons, order.source, order.not_attributable) == (("SPRING",), "web", None)
    assert [touch.occurred_at.hour for touch in order.touches] == [20, 22]
    assert order.touches[0].landing_url == LANDING
    assert order.touches[0].referrer == "https://l.facebook.com/"
    assert order.touches[0].parameters == {"utm_source": "Facebook", "utm_campaign": "Spring Sale"}
    assert order.touches[1].parameters == {}


def test_account_tells_currency_and_timezone(shop):
    account = shop.client().get_account()

    assert (account.external_id, account.currency, account.timezone) == (
        STORE, "SAR", "Asia/Riyadh",
    )  # fmt: skip


# The traps of this vendor's API, by number.


def test_trap_01_an_order_without_financial_status_is_read(shop):
    placed = shop.order(own={"displayFinancialStatus": None})
    cancelled = shop.order(state="placed", cancelled_at="2026-06-23T09:00:00Z")

    assert (placed.state, placed.raw_status) == (OrderState.PLACED, "NONE")
    assert (cancelled.state, cancelled.raw_status) == (OrderState.CANCELLED, "NONE")
    assert cancelled.gross == Decimal("100.00")
    assert cancelled.cancelled_at == datetime(2026, 6, 23, 9, tzinfo=UTC)


def test_trap_02_a_backdated_order_keeps_the_instant_of_its_creation(shop):
    order = shop.order(own={"processedAt": "2024-01-01T00:00:00Z"})

    assert order.created_at == datetime(2026, 6, 22, 22, 34, tzinfo=UTC)
    assert order.flags == ("backdated",)


def test_trap_03_test_orders_are_marked(shop):
    assert shop.order(test=True).test is True
    assert shop.order().test is False


def test_trap_04_an_order_for_nothing_is_an_order(shop):
    order = shop.order(gross="0.00")

    assert (order.gross, order.state) == (Decimal(0), OrderState.CONFIRMED)


def test_trap_05_a_search_that_ends_silently_is_continued_by_another(open_shop, vendors):
    shop = make_shop(open_shop, vendors, reach=30)
    numbers = [shop.place(created_at=f"2026-06-22T10:{minute:02d}:00Z") for minute in range(60)]
    client = shop.client()
    reader = ShopifyClient(client._rest, client._pacer, api_version="2026-07", reach=30)
    reader._size = 12

    found = [
        record.external_id
        for batch in reader.iter_orders(
            datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 25, tzinfo=UTC)
        )
        for record in batch.records
    ]

    assert set(found) == {str(number) for number in numbers}
    assert len(shop.orders()[0]) == 30  # what a reader sees that trusts the last page


def test_trap_05_more_changes_at_one_instant_than_a_search_shows_are_an_error(open_shop, vendors):
    shop = make_shop(open_shop, vendors, reach=4)
    for _ in range(8):
        shop.place(created_at="2026-06-22T10:00:00Z")
    client = shop.client()
    reader = ShopifyClient(client._rest, client._pacer, api_version="2026-07", reach=4)
    reader._size = 2
    since = datetime(2026, 6, 22, 10, tzinfo=UTC) + shopify.OVERLAP

    with pytest.raises(PermanentError, match="More than 4 orders changed at 2026-06-22T10:00"):
        list(reader.iter_orders(since, since + timedelta(days=1)))


def test_trap_06_a_scope_that_hides_old_orders_is_told(open_shop, vendors, caplog):
    shop = make_shop(open_shop, vendors, all_orders=False)
    shop.place(created_at="2026-04-01T10:00:00Z")
    young = shop.place()
    since = datetime(2026, 3, 1, tzinfo=UTC)

    with caplog.at_level(logging.WARNING, logger=shopify.__name__):
        shop.client().get_account()

    assert set(shop.orders(since=since)[0]) == {str(young)}
    assert "orders older than 60 days are hidden" in caplog.text


def test_trap_07_a_journey_that_is_not_ready_is_asked_for_again(shop):
    visits = [visit("2026-06-22T22:00:00Z", LANDING)]
    number = shop.place(ready=False, visits=visits)
    early = shop.orders()[0][str(number)]
    shop.amend(number, ready=True, updated_at="2026-06-22T22:34:00Z")

    late = next(shop.client().iter_orders_by_id([str(number)])).records[0]

    assert (early.touches_ready, early.touches) == (False, ())
    assert (late.touches_ready, len(late.touches)) == (True, 1)
    assert late.updated_at == early.updated_at


@pytest.mark.parametrize(
    "landing",
    [
        "https://shop.example/?utm_campaign={{campaign.name}}&fbclid=Iw",
        "https://shop.example/?utm_campaign=50%&ScCid=a%zz",
        "https://shop.example/?utm_campaign=%2520twice",
    ],
)
def test_trap_08_a_landing_page_is_kept_as_it_is(shop, landing):
    order = shop.order(visits=[visit("2026-06-22T22:00:00Z", landing)])

    assert order.touches[0].landing_url == landing


def test_trap_09_money_is_the_shops_and_never_the_buyers(shop):
    order = shop.order(
        gross="13.50",
        currency="CAD",
        refunds=[{"amount": "7.10", "at": "2026-06-23T10:00:00Z"}],
        own={"presentment": {"currency": "USD", "rate": "0.6667"}},
    )

    assert (order.gross, order.refunded, order.currency) == (
        Decimal("13.50"),
        Decimal("7.10"),
        "CAD",
    )
    assert [refund.amount for refund in order.refunds] == [Decimal("7.10")]


def test_trap_10_the_currency_is_the_orders_not_todays_of_the_shop(shop):
    assert shop.client().get_account().currency == "SAR"
    assert shop.order(currency="KWD", gross="1.234").gross == Decimal("1.234")
    assert shop.order(currency="JPY", gross="1200").gross == Decimal(1200)


def test_trap_12_orders_of_one_name_are_two_orders(shop):
    first, second = shop.place(own={"name": "#1001"}), shop.place(own={"name": "#1001"})

    records, _ = shop.orders()

    assert set(records) == {str(first), str(second)}
    assert {order.number for order in records.values()} == {"#1001"}


def test_trap_13_a_refund_above_the_total_is_kept_and_flagged(shop):
    order = shop.order(gross="20.00", refunds=[{"amount": "25.00", "at": "2026-06-23T10:00:00Z"}])

    assert (order.gross, order.refunded) == (Decimal("20.00"), Decimal("25.00"))
    assert order.flags == ("refund_exceeds_total",)


# What else the sheet asks.


def test_an_edit_that_takes_lines_out_lowers_the_gross(shop):
    order = shop.order(placed_gross="226.00", gross="113.00", state="placed")

    assert order.gross == Decimal("113.00")


def test_an_edited_and_partly_refunded_order_keeps_its_gross(shop):
    order = shop.order(
        placed_gross="226.00",
        gross="200.00",
        refunds=[{"amount": "50.00", "at": "2026-06-23T10:00:00Z"}],
    )

    assert (order.gross, order.refunded) == (Decimal("200.00"), Decimal("50.00"))


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("pos", NotAttributable.POS),
        ("shopify_draft_order", NotAttributable.DRAFT),
        ("subscription_contract", NotAttributable.RENEWAL),
        ("web", None),
        ("580111", None),
    ],
)
def test_what_no_click_can_have_brought_is_told_apart(shop, source, reason):
    assert shop.order(source=source).not_attributable == reason


def test_click_ids_that_the_cart_carried_belong_to_the_last_visit(shop):
    attributes = {
        "_ttclid": "E.C.P.x", "utm_campaign": "9", "_click_visitor": "v1", "_click_ids": "a,b",
        "Gift note": "for Noor",
    }  # fmt: skip
    visits = [visit("2026-06-22T20:00:00Z"), visit("2026-06-22T22:00:00Z")]

    bare = shop.order(attributes=attributes)
    visited = shop.order(attributes=attributes, visits=visits)

    assert bare.touches[0].parameters == {"ttclid": "E.C.P.x", "utm_campaign": "9"}
    assert (bare.touches[0].touch_key, bare.touches[0].occurred_at) == (
        "attributes", bare.created_at,
    )  # fmt: skip
    assert [touch.parameters for touch in visited.touches] == [{}, bare.touches[0].parameters]
    assert (visited.visitor_id, visited.own_click_ids) == ("v1", ("a", "b"))


def test_a_long_journey_is_read_to_its_end(shop):
    visits = [visit(f"2026-06-22T{hour:02d}:00:00Z") for hour in range(9)]
    short = shop.place(visits=visits[:5])
    long = shop.place(visits=visits)

    records, _ = shop.orders()

    assert (len(records[str(short)].touches), len(records[str(long)].touches)) == (5, 9)
    assert len(shop.requests()) == 2


def test_nothing_personal_is_asked_for_or_kept(open_shop, vendors):
    shop = make_shop(open_shop, vendors, personal=True)
    shop.place(attributes={"Gift note": "for Noor", "_ttclid": "E.C.P.x"})

    records, _ = shop.orders()

    archived = b"".join(body for _, body in shop.archive.pages).decode()
    assert len(records) == 1
    assert "Noor" not in archived
    assert REDACTED in archived
    assert "E.C.P.x" in archived
    assert not [each for each in vendors.sensitive("shopify") if each["value"] in archived]


# Pages, points, failures.


def test_orders_that_change_while_they_are_read_are_all_read(shop):
    numbers = [shop.place(created_at=f"2026-06-22T10:{minute:02d}:00Z") for minute in range(50)]
    client = shop.client()
    client._size = 10
    found = {}
    for page, batch in enumerate(
        client.iter_orders(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 25, tzinfo=UTC))
    ):
        found |= {record.external_id: record for record in batch.records}
        if page == 0:
            shop.amend(numbers[0], gross="7.00", updated_at="2026-06-25T11:00:00Z")
            shop.amend(numbers[45], gross="8.00", updated_at="2026-06-25T11:00:01Z")

    assert set(found) == {str(number) for number in numbers}
    assert found[str(numbers[0])].gross == Decimal("7.00")
    assert found[str(numbers[45])].gross == Decimal("8.00")


def test_a_range_in_the_past_has_its_orders_however_late_they_changed(shop):
    inside = shop.place(created_at="2026-06-05T10:00:00Z", updated_at="2026-06-20T10:00:00Z")
    shop.place(created_at="2026-06-12T10:00:00Z")

    records, _ = shop.orders(
        since=datetime(2026, 6, 1, tzinfo=UTC), until=datetime(2026, 6, 10, tzinfo=UTC)
    )

    assert set(records) == {str(inside)}


def test_a_change_in_the_overlap_is_read_again(shop):
    shop.place(created_at="2026-06-22T10:00:00Z")
    since = datetime(2026, 6, 22, 10, 9, tzinfo=UTC)

    assert len(shop.orders(since=since)[0]) == 1
    assert shop.orders(since=since + timedelta(minutes=2))[0] == {}


def test_pages_are_as_large_as_the_points_of_one_query_allow(shop):
    for minute in range(60):
        shop.place(created_at=f"2026-06-22T10:{minute:02d}:00Z")

    records, _ = shop.orders()

    assert len(records) == 60
    assert len(shop.requests()) == 2


def test_a_query_that_is_too_dear_is_asked_with_smaller_pages(shop):
    for minute in range(12):
        shop.place(created_at=f"2026-06-22T10:{minute:02d}:00Z")
    client = shop.client()
    client._size = 200

    found = list(
        client.iter_orders(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 25, tzinfo=UTC))
    )

    assert sum(len(batch.records) for batch in found) == 12
    assert 30 <= client._size <= 50


def test_a_throttled_query_waits_for_its_points(open_shop, vendors):
    shop = make_shop(open_shop, vendors, maximum=1000, restore=4000)
    shop.place()
    vendors.change("shopify", "drain", shop=STORE)

    records, _ = shop.orders()

    assert len(records) == 1
    assert shop.usage.retries == 1


def test_the_next_query_waits_for_its_points_and_is_not_refused(open_shop, vendors):
    shop = make_shop(open_shop, vendors, maximum=1000, restore=4000)
    for minute in range(60):
        shop.place(
            created_at=f"2026-06-22T10:{minute:02d}:00Z", visits=[visit("2026-06-22T09:00:00Z")] * 5
        )

    shop.orders()

    assert shop.usage.retries == 0


def test_a_query_that_is_throttled_for_ever_says_when_to_come_back(open_shop, vendors):
    shop = make_shop(open_shop, vendors, maximum=1000, restore=0.5)
    vendors.change("shopify", "drain", shop=STORE)
    shop.place()

    with pytest.raises(RateLimitedError) as caught:
        shop.orders()

    assert 1000 < caught.value.wait_seconds() < 3000


@pytest.mark.parametrize("fault", ["html", "empty", "truncated_json", "malformed_json", "reset"])
def test_an_answer_that_cannot_be_read_is_asked_for_again(shop, vendors, fault):
    shop.place()
    rule = vendors.faults.add(fault, "shopify", times=1)

    records, _ = shop.orders()

    assert len(records) == 1
    assert vendors.faults.fired(rule) == 1


def test_partial_data_with_errors_is_no_success(shop):
    shop.place(own={"fails": ["discountCodes"]})

    with pytest.raises(TemporaryError, match="INTERNAL_SERVER_ERROR"):
        shop.orders()


def test_a_row_that_cannot_be_read_is_refused_and_the_rest_goes_on(shop):
    good = shop.place()
    bad = shop.place(own={"currencyCode": "XXQ"}, attributes={"note": "for Noor"})

    records, rejects = shop.orders()

    assert set(records) == {str(good)}
    assert [(reject.entity, reject.external_id) for reject in rejects] == [("orders", str(bad))]
    assert "currencyCode is not an ISO 4217 currency: 'XXQ'" in rejects[0].reason
    assert rejects[0].item["customAttributes"] == [{"key": "note", "value": REDACTED}]


def test_a_version_that_is_gone_is_noticed(open_shop, vendors, caplog):
    shop = make_shop(open_shop, vendors)
    shop.settings["api_version"] = "2024-01"

    with caplog.at_level(logging.WARNING, logger=shopify.__name__):
        shop.client().get_account()

    assert "served API version 2025-10 instead of 2024-01" in caplog.text


@pytest.mark.parametrize(
    ("status", "error"), [(402, PermanentError), (404, PermanentError), (423, PermanentError),
                          (403, AuthenticationError)],
)  # fmt: skip
def test_a_shop_that_is_closed_is_no_matter_of_time(open_shop, vendors, status, error):
    shop = make_shop(open_shop, vendors, status={STORE: status})

    with pytest.raises(error, match="Unavailable Shop"):
        shop.orders()


def test_orders_are_counted_by_creation(shop):
    shop.place(created_at="2026-06-05T10:00:00Z", updated_at="2026-06-20T10:00:00Z")
    shop.place(created_at="2026-06-12T10:00:00Z", cancelled_at="2026-06-13T10:00:00Z")

    def counted(first, last):
        return shop.client().count_orders(
            datetime(2026, 6, first, tzinfo=UTC), datetime(2026, 6, last, tzinfo=UTC)
        )

    assert (counted(1, 30), counted(5, 6), counted(20, 21)) == (2, 1, 0)


# The seeded world.

WORLD = {"workspaces": 1, "orders": 6, "now": "2026-02-05T10:00:00+00:00"}


def test_the_worlds_orders_are_read_as_they_are(shop, vendors):
    vendors.reset(11, ad_world=WORLD, shopify={"restore": 4000})
    world = World(11, Settings(**WORLD))
    store = world.stores_of("shopify")[0]
    shop.base_url = f"{vendors.vendor_url('shopify')}/{store.name.lower()}.myshopify.com"

    records, rejects = shop.orders(datetime(2026, 1, 1, tzinfo=UTC), world.now)

    truth = {o.order_id: o for o in world.orders(store, world.start, world.now.date())}
    assert rejects == []
    assert set(records) == set(truth)
    for order_id, order in truth.items():
        record = records[order_id]
        assert record.created_at == order.created_at
        assert record.updated_at == order.updated_at
        assert (record.gross, record.refunded) == (
            money(order.gross, order.currency), money(order.refunded, order.currency),
        )  # fmt: skip
        assert record.cancelled_at == order.cancelled_at
        assert (record.test, record.not_attributable is None) == (order.test, order.source == "web")
        assert [t.occurred_at for t in record.touches] == [t.occurred_at for t in order.touches]
        assert [t.landing_url for t in record.touches] == [t.landing_url for t in order.touches]
