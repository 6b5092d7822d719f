from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from sandbox.vendors.ad_world.truth import money, told_by
from sandbox.vendors.ad_world.world import Settings, World
from tests.integration.shops.woocommerce_store import STORE, make_shop, replace_secret
from vendor_sync.ad_analytics.records import NotAttributable, OrderState
from vendor_sync.ad_analytics.shops import woocommerce
from vendor_sync.errors import (
    AuthenticationError,
    ConfigurationError,
    PermanentError,
)

pytestmark = pytest.mark.integration

PREFIX = "_wc_order_attribution_"


@pytest.fixture
def shop(open_shop, vendors):
    return make_shop(open_shop, vendors)


def meta(**values):
    pairs = [(PREFIX + name, value) for name, value in values.items()]
    return [{"id": n, "key": key, "value": value} for n, (key, value) in enumerate(pairs)]


def test_an_order_is_read_with_its_money_its_state_and_its_session(shop):
    order = shop.order(
        gross="120.00",
        coupon="spring",
        visits=[{
            "at": "2026-06-22T10:40:00Z",
            "landing": "https://shop.example/p/1?utm_source=Facebook&utm_medium=Paid-Social"
            "&utm_campaign=120212345&utm_id=120212345&fbclid=IwAR0CaseSensitive",
            "referrer": "https://l.facebook.com/",
        }],
    )  # fmt: skip

    assert (order.gross, order.refunded, order.currency) == (Decimal("120.00"), Decimal(0), "SAR")
    assert (order.state, order.raw_status) == (OrderState.CONFIRMED, "processing")
    assert order.created_at == datetime(2026, 6, 22, 22, 34, tzinfo=UTC)
    assert (order.coupons, order.source, order.not_attributable) == (("spring",), "checkout", None)
    (touch,) = order.touches
    assert touch.occurred_at == datetime(2026, 6, 22, 10, 40, tzinfo=UTC)
    assert touch.referrer == "https://l.facebook.com/"
    assert touch.landing_url is not None
    assert touch.landing_url.endswith("fbclid=IwAR0CaseSensitive")
    assert touch.parameters == {
        "utm_source": "Facebook", "utm_medium": "Paid-Social", "utm_campaign": "120212345",
        "utm_id": "120212345",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("offset_only", "zone"), [(False, "Asia/Riyadh"), (True, "Etc/GMT-3")]
)  # fmt: skip
def test_account_tells_currency_and_timezone(open_shop, vendors, offset_only, zone):
    shop = make_shop(open_shop, vendors, offset_only=offset_only)

    account = shop.client().get_account()

    assert (account.external_id, account.currency, account.timezone) == (STORE, "SAR", zone)


def test_a_key_without_admin_rights_takes_the_currency_of_the_newest_order(open_shop, vendors):
    shop = make_shop(open_shop, vendors, admin=False)
    with pytest.raises(AuthenticationError):
        shop.client().get_account()
    shop.place(currency="AED")

    assert shop.client().get_account().currency == "AED"


# The traps of this vendor's API, by number.


def test_trap_01_times_are_sent_as_utc_without_a_zone(shop):
    inside = shop.place(created_at="2026-06-22T10:00:00Z")
    shop.place(created_at="2026-06-22T07:30:00Z")
    since = datetime(2026, 6, 22, 9, 0, tzinfo=UTC)

    records, _ = shop.orders(since=since)

    assert set(records) == {str(inside)}
    sent = shop.requests()[0]["query"]
    assert "&modified_after=2026-06-22T08:49:59&" in sent
    assert "dates_are_gmt=true" in sent


def test_trap_02_an_order_of_the_very_first_second_is_read(shop):
    number = shop.place(created_at="2026-06-22T10:00:00Z")
    since = datetime(2026, 6, 22, 10, tzinfo=UTC) + woocommerce.OVERLAP

    assert set(shop.orders(since=since)[0]) == {str(number)}
    assert shop.orders(since=since + timedelta(seconds=1))[0] == {}


def test_trap_03_orders_that_change_while_they_are_read_are_all_read(shop):
    numbers = [shop.place(created_at=f"2026-06-22T10:{minute:02d}:00Z") for minute in range(50)]
    client = shop.client()
    client._size = 10
    found = {}
    for page, batch in enumerate(
        client.iter_orders(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 25, tzinfo=UTC))
    ):
        found |= {record.external_id: record for record in batch.records}
        if page == 0:
            for number in numbers[:8]:
                shop.amend(number, gross="7.00", updated_at="2026-06-25T11:00:00Z")

    assert set(found) == {str(number) for number in numbers}
    assert {found[str(number)].gross for number in numbers[:8]} == {Decimal("7.00")}


def test_trap_03_more_orders_of_one_second_than_a_page_holds_are_all_read(shop):
    numbers = [shop.place(created_at="2026-06-22T10:00:00Z") for _ in range(35)]
    numbers.append(shop.place(created_at="2026-06-22T10:00:01Z"))
    client = shop.client()
    client._size = 10

    found = [
        record.external_id
        for batch in client.iter_orders(
            datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 25, tzinfo=UTC)
        )
        for record in batch.records
    ]

    assert sorted(found) == [str(number) for number in numbers]  # each of them once


def test_trap_04_refunds_do_not_lower_the_total(shop):
    order = shop.order(
        gross="90.00",
        refunds=[
            {"amount": "10.00", "at": "2026-06-23T10:00:00Z"},
            {"amount": "5.50", "at": "2026-06-24T10:00:00Z"},
        ],
    )

    assert (order.gross, order.refunded) == (Decimal("90.00"), Decimal("15.50"))
    assert [(each.amount, each.refunded_at.day) for each in order.refunds] == [
        (Decimal("5.50"), 24), (Decimal("10.00"), 23),
    ]  # fmt: skip
    assert order.raw_status == "processing"


def test_trap_04_a_full_refund_changes_the_status_and_keeps_the_gross(shop):
    order = shop.order(gross="80.00", refunds=[{"amount": "80.00", "at": "2026-06-23T10:00:00Z"}])

    assert (order.raw_status, order.state) == ("refunded", OrderState.CONFIRMED)
    assert (order.gross, order.refunded) == (Decimal("80.00"), Decimal("80.00"))


def test_refunds_are_asked_for_only_where_there_are_some(shop):
    shop.place()
    refunded = shop.place(refunds=[{"amount": "1.00", "at": "2026-06-23T10:00:00Z"}])

    shop.orders()

    paths = [request["path"] for request in shop.requests()]
    assert paths[1:] == [f"/{STORE}/wp-json/wc/v3/orders/{refunded}/refunds"]


def test_trap_05_the_id_is_the_key_and_the_number_is_for_people(shop):
    number = shop.place(own={"number": "WEB-7"})

    order = shop.orders()[0][str(number)]

    assert (order.external_id, order.number) == (str(number), "WEB-7")


@pytest.mark.parametrize(
    ("landing", "referrer"),
    [
        ("https://shop.example/", "https://www.google.com/"),
        ("https://shop.example/?ttclid=E.C.P.Verbatim", "https://www.tiktok.com/"),
        ("https://shop.example/?ScCid=abc", None),
    ],
)
def test_trap_06_words_that_woocommerce_made_up_are_no_utm(shop, landing, referrer):
    visits = [{"at": "2026-06-22T22:00:00Z", "landing": landing, "referrer": referrer}]

    (touch,) = shop.order(visits=visits).touches

    assert touch.parameters == {}
    assert (touch.landing_url, touch.referrer) == (landing, referrer)


def test_a_gclid_without_utm_is_what_woocommerce_says_it_is(shop):
    visits = [{"at": "2026-06-22T22:00:00Z", "landing": "https://shop.example/?gclid=x"}]

    (touch,) = shop.order(visits=visits).touches

    assert touch.parameters["utm_source"] == "google"
    assert touch.parameters["utm_campaign"] == "google_cpc"


def test_utm_values_come_from_the_meta_since_the_address_lost_its_characters(shop):
    landing = "https://shop.example/?utm_campaign=Spring%20Sale&fbclid=Iw"
    visits = [{"at": "2026-06-22T22:00:00Z", "landing": landing}]

    (touch,) = shop.order(visits=visits).touches

    assert touch.parameters == {"utm_campaign": "Spring Sale"}
    assert touch.landing_url == "https://shop.example/?utm_campaign=SpringSale&fbclid=Iw"


def test_trap_07_the_session_began_in_utc_and_may_begin_after_the_order(shop):
    number = shop.place(
        created_at="2026-06-22T08:27:32Z",
        own={"meta_data": meta(source_type="organic", session_start_time="2026-06-22 08:27:53")},
    )

    order = shop.orders()[0][str(number)]

    assert order.touches[0].occurred_at - order.created_at == timedelta(seconds=21)


@pytest.mark.parametrize("text", [None, "soon", "2026-8-14 09:58:32"])
def test_a_session_without_a_readable_time_is_as_old_as_its_order(shop, text):
    values = meta(source_type="utm", utm_source="fb", session_start_time=text)

    order = shop.order(own={"meta_data": values})

    assert order.touches[0].occurred_at == order.created_at
    assert order.flags == ("no_session_time",)


def test_trap_08_meta_values_are_of_any_type_and_the_last_of_twins_counts(shop):
    start = {"session_start_time": "2026-06-22 08:00:00"}
    values = [
        *meta(source_type="utm", utm_source="old", utm_id=["a"], utm_term={"b": 1}, **start),
        *meta(utm_source="fb", utm_campaign=120212345, utm_content=None),
    ]

    order = shop.order(own={"meta_data": values})

    assert order.touches[0].parameters == {"utm_source": "fb", "utm_campaign": "120212345"}


@pytest.mark.parametrize(
    ("status", "paid_at", "state"),
    [
        ("checkout-draft", None, OrderState.PENDING),
        ("pending", None, OrderState.PENDING),
        ("failed", None, OrderState.PENDING),
        ("on-hold", None, OrderState.PLACED),
        ("processing", None, OrderState.PLACED),
        ("processing", "2026-06-22T22:35:00", OrderState.CONFIRMED),
        ("completed", None, OrderState.CONFIRMED),
        ("cancelled", "2026-06-22T22:35:00", OrderState.CANCELLED),
        ("picked", None, OrderState.PLACED),
        ("picked", "2026-06-22T22:35:00", OrderState.CONFIRMED),
    ],
)
def test_trap_09_a_status_says_what_an_order_is_worth(shop, status, paid_at, state):
    order = shop.order(own={"status": status, "date_paid_gmt": paid_at})

    assert (order.state, order.raw_status) == (state, status)


def test_trap_10_a_trashed_order_is_invisible(shop):
    kept, trashed = shop.place(), shop.place()
    shop.amend(trashed, own={"status": "trash"})

    assert set(shop.orders()[0]) == {str(kept)}


def test_trap_11_two_sites_with_the_same_keys_have_orders_of_their_own(open_shop, vendors):
    shop = make_shop(open_shop, vendors, sites=[{"name": STORE}, {"name": "staging.example"}])
    shop.place(number=77, own={"customer_id": 5})
    vendors.change(
        "woocommerce", "place", store="staging.example", number=77, own={"customer_id": 5},
        created_at="2026-06-22T22:34:00Z", gross="1.00",
    )  # fmt: skip
    live = shop.orders()[0]["77"]
    shop.base_url = shop.base_url.replace(STORE, "staging.example")
    shop.store = "staging.example"

    staged = shop.orders()[0]["77"]

    assert (live.gross, staged.gross) == (Decimal("100.00"), Decimal("1.00"))
    assert live.customer_key != staged.customer_key


def test_trap_12_nothing_personal_is_asked_for_or_kept(shop, vendors):
    shop.place(
        visits=[{"at": "2026-06-22T22:00:00Z", "landing": "https://shop.example/?ScCid=abc"}],
        refunds=[{"amount": "1.00", "at": "2026-06-23T10:00:00Z"}],
    )

    records, _ = shop.orders()

    served = vendors.sensitive("woocommerce")
    archived = b"".join(body for _, body in shop.archive.pages).decode()
    assert len(records) == 1
    assert {"personal"} < {each["kind"] for each in served}  # in the meta of plugins
    assert not [each for each in served if each["value"] in archived]
    assert "seen once" not in archived  # the browser's name
    assert "ScCid=abc" in archived


def test_customers_are_told_apart_and_guests_are_nobody(shop):
    first, second = shop.order(own={"customer_id": 5}), shop.order(own={"customer_id": 6})

    assert shop.order(own={"customer_id": 0}).customer_key is None
    assert first.customer_key != second.customer_key
    assert first.customer_key == shop.order(own={"customer_id": 5}).customer_key


@pytest.mark.parametrize(
    ("via", "kind", "reason"),
    [
        ("checkout", "utm", None),
        ("store-api", "typein", None),
        ("admin", "admin", NotAttributable.ADMIN),
        ("rest-api", None, NotAttributable.API),
        ("subscription", None, NotAttributable.RENEWAL),
        ("checkout", "pos", NotAttributable.POS),
    ],
)
def test_what_no_click_can_have_brought_is_told_apart(shop, via, kind, reason):
    values = meta(source_type=kind) if kind else []

    order = shop.order(own={"created_via": via, "meta_data": values})

    assert order.not_attributable == reason
    assert (order.touches == ()) == (kind in {None, "admin", "pos"})


# Pages and failures.


def test_a_range_in_the_past_has_its_orders_however_late_they_changed(shop):
    inside = shop.place(created_at="2026-06-05T10:00:00Z", updated_at="2026-06-20T10:00:00Z")
    shop.place(created_at="2026-06-12T10:00:00Z")

    records, _ = shop.orders(
        since=datetime(2026, 6, 1, tzinfo=UTC), until=datetime(2026, 6, 10, tzinfo=UTC)
    )

    assert set(records) == {str(inside)}


def test_a_site_too_old_for_the_filter_is_an_error_and_no_endless_walk(open_shop, vendors):
    shop = make_shop(open_shop, vendors, old=True)
    shop.place(created_at="2026-05-01T10:00:00Z")

    with pytest.raises(PermanentError, match=r"needs WooCommerce 5\.8"):
        shop.orders()


def test_a_site_that_strips_the_login_is_asked_by_query_and_no_error_shows_it(open_shop, vendors):
    shop = make_shop(open_shop, vendors, takes_login_header=False)
    number = shop.place()
    with pytest.raises(AuthenticationError, match="woocommerce_rest_cannot_view"):
        shop.orders()
    shop.settings["auth"] = "query"

    assert set(shop.orders()[0]) == {str(number)}
    shop.credentials = replace_secret("wrong-secret-value")
    with pytest.raises(AuthenticationError) as caught:
        shop.orders()
    assert "wrong-secret-value" not in str(caught.value)


def test_a_site_without_encryption_is_refused(shop):
    shop.base_url = "http://shop.example"

    with pytest.raises(ConfigurationError, match="use https"):
        shop.client()


def test_a_site_with_plain_links_says_what_to_look_at(open_shop, vendors):
    shop = make_shop(open_shop, vendors, permalinks=False)

    with pytest.raises(PermanentError, match="permalinks are off"):
        shop.orders()


@pytest.mark.parametrize("sends_totals", [True, False])
def test_orders_are_counted_by_creation_where_the_total_arrives(open_shop, vendors, sends_totals):
    shop = make_shop(open_shop, vendors, sends_totals=sends_totals)
    shop.place(created_at="2026-06-05T00:00:00Z")
    shop.place(created_at="2026-06-05T23:59:59Z", cancelled_at="2026-06-13T10:00:00Z")
    shop.place(created_at="2026-06-06T00:00:00Z")

    count = shop.client().count_orders(
        datetime(2026, 6, 5, tzinfo=UTC), datetime(2026, 6, 6, tzinfo=UTC)
    )

    assert count == (2 if sends_totals else None)


def test_single_orders_are_read_again(shop):
    first, _, third = shop.place(), shop.place(), shop.place()

    (batch,) = shop.client().iter_orders_by_id([str(first), str(third), "1"])

    assert sorted(each.external_id for each in batch.records) == [str(first), str(third)]


# The seeded world.

WORLD = {"workspaces": 2, "orders": 6, "now": "2026-02-05T10:00:00+00:00"}


@pytest.mark.parametrize("index", [0, 1])
def test_the_worlds_orders_are_read_as_they_are(shop, vendors, index):
    vendors.reset(11, ad_world=WORLD)
    world = World(11, Settings(**WORLD))
    store = world.stores_of("woocommerce")[index]
    shop.base_url = f"{vendors.vendor_url('woocommerce')}/{store.name.lower()}.example"

    records, rejects = shop.orders(datetime(2026, 1, 1, tzinfo=UTC), world.now)

    truth = {o.order_id: o for o in world.orders(store, world.start, world.now.date())}
    assert rejects == []
    assert set(records) == set(truth)
    for order_id, order in truth.items():
        record = records[order_id]
        assert (record.created_at, record.updated_at) == (order.created_at, order.updated_at)
        assert record.gross == money(order.gross, order.currency)
        assert record.refunded == money(order.refunded, order.currency)
        assert (record.state is OrderState.CANCELLED) == (order.cancelled_at is not None)
        assert (record.not_attributable is None) == (order.source == "web")
        told = [touch.occurred_at for touch in told_by(order_of_site(order))]
        assert [touch.occurred_at for touch in record.touches] == told


def order_of_site(order):
    """The order as the site alone tells of it, without our click log."""
    return replace(order, store=replace(order.store, snippet=False))
