from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from sandbox.vendors.ad_world.truth import money
from sandbox.vendors.ad_world.world import Settings, World
from tests.integration.shops.salla_store import STORE, TOKEN, make_shop
from vendor_sync.ad_analytics.records import Credentials, NotAttributable, OrderState
from vendor_sync.ad_analytics.shops import salla
from vendor_sync.errors import (
    AuthenticationError,
    PermanentError,
    RateLimitedError,
    TemporaryError,
    TokenExpiredError,
)
from vendor_sync.redaction import REDACTED

pytestmark = pytest.mark.integration


@pytest.fixture
def shop(open_shop, vendors):
    return make_shop(open_shop, vendors)


def test_an_order_is_read_with_its_money_its_state_and_its_coupon(shop):
    order = shop.order(gross="302.50", coupon="kb123")

    assert (order.gross, order.refunded, order.currency) == (Decimal("302.50"), Decimal(0), "SAR")
    assert (order.state, order.raw_status) == (OrderState.CONFIRMED, "in_progress")
    assert order.created_at == datetime(2026, 6, 22, 22, 34, tzinfo=UTC)
    assert (order.coupons, order.source, order.not_attributable) == (("kb123",), "store", None)
    assert order.touches == ()
    assert order.customer_key is not None


def test_account_tells_currency_and_timezone(shop):
    shop.place()

    account = shop.client().get_account()

    assert (account.external_id, account.currency, account.timezone) == (
        STORE, "SAR", "Asia/Riyadh",
    )  # fmt: skip


# The traps of this vendor's API, by number.


def test_trap_02_orders_that_changed_are_found_without_a_filter_for_it(shop):
    old = shop.place(created_at="2026-04-01T10:00:00Z")
    changed = shop.place(created_at="2026-04-02T10:00:00Z")
    for day in range(1, 9):
        shop.place(created_at=f"2026-03-{day:02d}T10:00:00Z")
    shop.amend(changed, gross="77.00", updated_at="2026-06-20T10:00:00Z")

    records, _ = shop.orders()

    assert records[str(changed)].gross == Decimal("77.00")
    assert str(old) in records  # the details of a few older ones are what ends the search
    assert len(records) == 1 + salla._UNCHANGED_IN_A_ROW


def test_trap_03_details_are_asked_for_once_an_order(shop):
    for hour in range(10, 20):
        shop.place(created_at=f"2026-06-22T{hour}:00:00Z")

    records, _ = shop.orders()

    asked = [request["path"] for request in shop.requests() if request["path"][-1].isdigit()]
    details = [path for path in asked if path.rsplit("/", 1)[-1] != "v2"]
    assert len(records) == len(details) == len(set(details)) == 10


@pytest.mark.parametrize(
    ("amount", "gross"), [(250, "250.00"), (302.5, "302.50"), ("39.46", "39.46"), (0, "0.00")]
)
def test_trap_04_money_is_a_number_or_text(shop, amount, gross):
    total = {"total": {"amount": amount, "currency": "SAR"}, "discounts": []}

    order = shop.order(own={"amounts": total})

    assert str(order.gross) == gross


def test_trap_05_words_are_for_people_and_slugs_decide(shop):
    status = {"id": 1, "name": "طلبك بيوصلك", "slug": "delivered", "customized": None}

    order = shop.order(own={"status": status, "total_weight": "\u0660\u066b\u0665\u0661 كجم"})

    assert (order.raw_status, order.state) == ("delivered", OrderState.CONFIRMED)


@pytest.mark.parametrize("slug", ["canceled", "cancelled"])
def test_trap_07_cancelled_is_spelt_in_two_ways(shop, slug):
    status = {"id": 525144736, "name": "ملغي", "slug": slug, "customized": None}

    assert shop.order(own={"status": status}).state == OrderState.CANCELLED


def test_trap_08_a_date_is_read_in_the_zone_beside_it(shop):
    number = shop.place(
        own={"date": {"date": "2026-06-22 10:00:00.687605", "timezone_type": 3,
                      "timezone": "Europe/Athens"}},
    )  # fmt: skip
    offset = shop.place(
        own={"date": {"date": "2026-06-22 10:00:00.000000", "timezone_type": 1,
                      "timezone": "+04:00"}},
    )  # fmt: skip

    records, _ = shop.orders()

    assert records[str(number)].created_at == datetime(2026, 6, 22, 7, tzinfo=UTC)
    assert records[str(offset)].created_at == datetime(2026, 6, 22, 6, tzinfo=UTC)


def test_trap_08_dates_that_differ_by_just_the_offset_are_flagged(open_shop, vendors):
    shop = make_shop(open_shop, vendors, mislabelled=True)

    order = shop.order(created_at="2026-06-22T10:00:00Z")

    assert order.created_at == datetime(2026, 6, 22, 7, tzinfo=UTC)  # as it is labelled
    assert order.flags == ("zone_mixup",)


def test_trap_09_nothing_personal_is_kept(shop, vendors):
    shop.place(refunds=[{"amount": "1.00", "at": "2026-06-23T10:00:00Z"}])

    records, _ = shop.orders()
    shop.client().get_account()
    shop.client().count_orders(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 25, tzinfo=UTC))

    served = vendors.sensitive("salla")
    archived = b"".join(body for _, body in shop.archive.pages).decode()
    assert len(records) == 1
    assert len([each for each in served if each["kind"] == "personal"]) >= 4
    assert not [each for each in served if each["value"] in archived]
    assert "seen once" not in archived


@pytest.mark.parametrize("array_links", [True, False])
def test_trap_10_what_is_empty_may_be_an_array(open_shop, vendors, array_links):
    shop = make_shop(open_shop, vendors, array_links=array_links)

    order = shop.order(
        own={"source_details": [], "customer": [], "exchange_rate": [],
             "amounts": {"total": {"amount": 5, "currency": "SAR"}, "discounts": []}}
    )  # fmt: skip

    assert (order.gross, order.coupons, order.customer_key) == (Decimal("5.00"), (), None)


def test_trap_11_the_reference_is_for_people_and_the_id_is_the_key(shop):
    number = shop.place(own={"reference_id": 3879219})

    order = shop.orders()[0][str(number)]

    assert (order.external_id, order.number) == (str(number), "3879219")


# What else the sheet asks.


@pytest.mark.parametrize(
    ("slug", "method", "pending", "state"),
    [
        ("payment_pending", "mada", False, OrderState.PENDING),
        ("under_review", "waiting", True, OrderState.PENDING),
        ("under_review", "cod", False, OrderState.PLACED),
        ("under_review", "bank", False, OrderState.PLACED),
        ("in_progress", "cod", False, OrderState.PLACED),
        ("under_review", "mada", False, OrderState.CONFIRMED),
        ("delivered", "cod", False, OrderState.CONFIRMED),
        ("restored", "cod", False, OrderState.CONFIRMED),
    ],
)
def test_a_status_says_what_an_order_is_worth(shop, slug, method, pending, state):
    status = {"id": 1, "name": "x", "slug": slug, "customized": None}
    own = {"status": status, "payment_method": method, "is_pending_payment": pending}

    assert shop.order(own=own).state == state


@pytest.mark.parametrize(
    ("source", "reason"),
    [("store", None), ("dashboard", NotAttributable.ADMIN), ("pos", NotAttributable.POS)],
)
def test_what_no_click_can_have_brought_is_told_apart(shop, source, reason):
    assert shop.order(own={"source": source}).not_attributable == reason


@pytest.mark.parametrize(
    ("value", "address"),
    [
        (None, None),
        ("instagram", None),
        ("utm_source=fb&utm_campaign=9", "?utm_source=fb&utm_campaign=9"),
        ("https://shop.example/?ScCid=a", "https://shop.example/?ScCid=a"),
    ],
)
def test_a_source_that_happens_to_hold_an_address_is_a_visit(shop, value, address):
    order = shop.order(own={"source_details": {"type": "link", "value": value}})

    assert [touch.landing_url for touch in order.touches] == ([address] if address else [])


def test_a_part_that_was_refunded_is_known_by_its_credit_note(shop):
    order = shop.order(
        gross="90.00",
        refunds=[
            {"amount": "10.00", "at": "2026-06-23T10:00:00Z"},
            {"amount": "5.50", "at": "2026-06-23T22:00:00Z"},
        ],
    )

    assert (order.gross, order.refunded) == (Decimal("90.00"), Decimal("15.50"))
    assert [each.refunded_at for each in order.refunds] == [
        datetime(2026, 6, 22, 22, 34, tzinfo=UTC),  # its day began before the order
        datetime(2026, 6, 23, 21, tzinfo=UTC),
    ]


def test_a_restored_order_without_a_credit_note_gave_everything_back(shop):
    order = shop.order(
        gross="80.00",
        refunds=[{"amount": "80.00", "at": "2026-06-23T10:00:00Z"}],
        own={"credit_notes": False},
    )

    assert (order.raw_status, order.refunded) == ("restored", Decimal("80.00"))
    assert order.flags == ("refund_without_note",)


def test_an_old_order_that_was_refunded_lately_has_all_its_refunds(shop):
    old = shop.place(created_at="2026-03-01T10:00:00Z", gross="50.00")
    for day in range(2, 12):
        shop.place(created_at=f"2026-03-{day:02d}T10:00:00Z")
    shop.amend(
        old,
        refunds=[
            {"amount": "5.00", "at": "2026-03-20T10:00:00Z"},
            {"amount": "7.00", "at": "2026-06-20T10:00:00Z"},
        ],
        updated_at="2026-03-20T10:00:00Z",  # a note alone need not touch the order
    )

    records, _ = shop.orders()

    assert records[str(old)].refunded == Decimal("12.00")


def test_a_range_of_too_many_pages_is_split(open_shop, vendors):
    shop = make_shop(open_shop, vendors, page_limit=2)
    numbers = [
        shop.place(created_at=f"2026-06-{day:02d}T{hour:02d}:00:00Z")
        for day in (10, 11) for hour in range(0, 24, 2)
    ]  # fmt: skip
    numbers += [shop.place(created_at="2026-06-12T08:00:00Z") for _ in range(20)]

    records, _ = shop.orders()

    assert set(records) == {str(number) for number in numbers}
    asked_for = [each for each in shop.requests() if each["path"].endswith("/orders")]
    pages = [each["query"] for each in asked_for if "from_date" in each["query"]]
    asked = [int(number) for query in pages for number in re.findall(r"&page=(\d+)", query)]
    assert 1 < max(asked) <= 18


def test_drafts_are_no_orders(shop):
    shop.place(own={"draft": True})

    assert shop.orders() == ({}, [])
    assert shop.client().count_orders(
        datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 25, tzinfo=UTC)
    ) == 0  # fmt: skip


def test_orders_are_counted_by_creation(shop):
    shop.place(created_at="2026-06-04T23:59:59Z")
    shop.place(created_at="2026-06-05T00:00:00Z")
    shop.place(created_at="2026-06-05T23:59:59Z", cancelled_at="2026-06-13T10:00:00Z")
    shop.place(created_at="2026-06-06T00:00:00Z")

    count = shop.client().count_orders(
        datetime(2026, 6, 5, tzinfo=UTC), datetime(2026, 6, 6, tzinfo=UTC)
    )

    assert count == 2


# Failures.


def test_a_token_without_the_scope_needs_a_person_and_an_expired_one_a_renewal(open_shop, vendors):
    shop = make_shop(open_shop, vendors, scopes=False)
    with pytest.raises(AuthenticationError, match=r"orders\.read"):
        shop.orders()

    vendors.change("salla", "settings", scopes=True)
    vendors.change("salla", "expire_token")
    with pytest.raises(TokenExpiredError):
        shop.orders()
    shop.credentials = Credentials(access_token=TOKEN)
    with pytest.raises(AuthenticationError):
        shop.orders()


@pytest.mark.parametrize("fault", ["html", "empty", "truncated_json", "malformed_json", "reset"])
def test_an_answer_that_cannot_be_read_is_asked_for_again(shop, vendors, fault):
    shop.place()
    rule = vendors.faults.add(fault, "salla", times=1)

    records, _ = shop.orders()

    assert len(records) == 1
    assert vendors.faults.fired(rule) == 1


def test_a_success_that_says_it_is_none_is_none(shop, vendors):
    error = {"code": "error", "message": "alert.invalid_fields", "fields": {"page": ["x"]}}
    body = {"status": 422, "success": False, "error": error}
    vendors.faults.add("status", "salla", status=200, body=body)

    with pytest.raises(TemporaryError, match=r"alert\.invalid_fields \(page\)"):
        shop.orders()


def test_a_limit_is_waited_for_or_told(shop, vendors):
    shop.place()
    vendors.faults.add("too_many", "salla", times=1, wait=0.05)
    assert len(shop.orders()[0]) == 1

    vendors.faults.add("too_many", "salla", style="reset_epoch", wait=900)
    with pytest.raises(RateLimitedError) as caught:
        shop.orders()
    assert caught.value.wait_seconds() > 800


def test_a_row_that_cannot_be_read_is_refused_and_the_rest_goes_on(shop):
    good = shop.place()
    bad = shop.place(own={"currency": "XXQ"})
    unlisted = shop.place(own={"date": {"date": "soon", "timezone": "Asia/Riyadh"}})

    records, rejects = shop.orders()

    assert set(records) == {str(good)}
    assert {each.external_id for each in rejects} == {str(bad), str(unlisted)}
    by_id = {each.external_id: each for each in rejects}
    assert by_id[str(bad)].reason == "currency is not an ISO 4217 currency: 'XXQ'"
    assert by_id[str(bad)].item["customer"] == REDACTED
    assert by_id[str(unlisted)].reason == "date is no time: 'soon' in 'Asia/Riyadh'"


def test_a_credit_note_that_cannot_be_read_is_no_missing_refund(shop, vendors):
    shop.place()
    body = {"status": 200, "success": True, "data": [{"id": 1, "type": "Credit Note"}],
            "pagination": {"count": 1, "total": 1, "perPage": 60, "currentPage": 1,
                           "totalPages": 1, "links": {}}}  # fmt: skip
    vendors.faults.add("status", "salla", status=200, path="invoices", body=body)

    with pytest.raises(PermanentError, match="order_id"):
        shop.orders()


def test_single_orders_are_read_again_and_a_vanished_one_is_left_out(shop):
    number = shop.place()

    found = list(shop.client().iter_orders_by_id([str(number), "1"]))

    assert [each.external_id for batch in found for each in batch.records] == [str(number)]


# The seeded world.

WORLD = {"workspaces": 1, "orders": 4, "now": "2026-01-25T10:00:00+00:00"}


def test_the_worlds_orders_are_read_as_they_are(shop, vendors):
    vendors.reset(11, ad_world=WORLD)
    world = World(11, Settings(**WORLD))
    store = world.stores_of("salla")[0]
    shop.credentials = Credentials(access_token=f"{TOKEN}.{store.store_id}")

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
