from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from sandbox.vendors.ad_world.truth import money
from sandbox.vendors.ad_world.world import Settings, World
from sandbox.vendors.control import DEFAULT_KEYS, SHOP_APP_ID
from vendor_sync.ad_analytics.records import Credentials, NotAttributable, OrderState
from vendor_sync.ad_analytics.shops import zid
from vendor_sync.errors import (
    AuthenticationError,
    PermanentError,
    RateLimitedError,
    TokenExpiredError,
)
from vendor_sync.redaction import REDACTED

pytestmark = pytest.mark.integration

STORE = "demo"
BEARER, MANAGER = DEFAULT_KEYS["zid"], DEFAULT_KEYS["zid.manager"]
APP = {
    "client_id": SHOP_APP_ID, "client_secret": DEFAULT_KEYS["zid.secret"],
    "redirect_uri": "https://app.example/back",
}  # fmt: skip
CREDENTIALS = Credentials(access_token=BEARER, extra={"manager_token": MANAGER})


@pytest.fixture
def shop(open_shop, vendors):
    return make_shop(open_shop, vendors)


def make_shop(open_shop, vendors, **settings):
    url = vendors.vendor_url("zid")
    opened = open_shop(zid, "zid", STORE, CREDENTIALS, url, **settings)
    opened.settings["accounts_url"] = url
    return opened


def test_an_order_is_read_with_its_money_its_state_and_its_coupon(shop):
    order = shop.order(gross="223.56", coupon="NOOR10")

    assert (order.gross, order.refunded, order.currency) == (Decimal("223.56"), Decimal(0), "SAR")
    assert (order.state, order.raw_status) == (OrderState.CONFIRMED, "preparing/paid")
    assert order.created_at == datetime(2026, 6, 22, 22, 34, tzinfo=UTC)
    assert (order.coupons, order.source, order.not_attributable) == (("NOOR10",), "catalog", None)
    assert (order.touches, order.flags) == ((), ())
    assert order.customer_key is not None


def test_account_tells_currency_and_timezone(shop):
    with pytest.raises(PermanentError, match="no orders to tell its currency by"):
        zid.ZidClient(
            shop.client()._rest, store=STORE, timezone="Asia/Riyadh", currency=None
        ).get_account()
    assert shop.client().get_account().currency == "SAR"  # what the connection was given
    shop.place()

    account = shop.client().get_account()

    assert (account.external_id, account.currency, account.timezone) == (
        STORE, "SAR", "Asia/Riyadh",
    )  # fmt: skip


# The traps of this vendor's API, by number.


def test_trap_01_tokens_that_are_swapped_are_told_as_such(shop):
    shop.credentials = Credentials(access_token=MANAGER, extra={"manager_token": BEARER})

    with pytest.raises(AuthenticationError, match="may be swapped"):
        shop.orders()


@pytest.mark.parametrize("redirects", [True, False])
def test_trap_02_an_expired_token_is_a_401_or_a_redirect_to_the_login(
    open_shop, vendors, redirects
):
    shop = make_shop(open_shop, vendors, redirects=redirects)
    vendors.change("zid", "expire_token")

    with pytest.raises(AuthenticationError):
        shop.orders()
    shop.credentials = Credentials(
        access_token=BEARER, refresh_token=f"rt-{BEARER}", extra=CREDENTIALS.extra
    )
    with pytest.raises(TokenExpiredError):
        shop.orders()
    assert {request["path"] for request in shop.requests()} == {"/v1/managers/store/orders"}


@pytest.mark.parametrize("limit", [100, 40])
def test_trap_03_pages_are_read_to_the_last_without_any_link(open_shop, vendors, limit):
    shop = make_shop(open_shop, vendors, page_limit=limit)
    numbers = [
        shop.place(created_at=f"2026-06-22T10:{n // 60:02d}:{n % 60:02d}Z") for n in range(120)
    ]

    records, _ = shop.orders()

    assert set(records) == {str(number) for number in numbers}
    assert len(shop.requests()) == (2 if limit == 100 else 3)


def test_trap_03_a_page_that_is_just_full_is_the_last_where_the_count_says_so(shop):
    for n in range(100):
        shop.place(created_at=f"2026-06-22T10:{n // 60:02d}:{n % 60:02d}Z")

    assert len(shop.orders()[0]) == 100
    assert len(shop.requests()) == 1


def test_trap_03_orders_that_change_while_they_are_read_are_all_read(shop):
    numbers = [
        shop.place(created_at=f"2026-06-22T10:{n // 60:02d}:{n % 60:02d}Z") for n in range(150)
    ]
    old = shop.place(created_at="2026-05-01T10:00:00Z")
    found = {}
    for page, batch in enumerate(
        shop.client().iter_orders(
            datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 25, tzinfo=UTC)
        )
    ):
        found |= {record.external_id: record for record in batch.records}
        if page == 0:
            shop.amend(numbers[3], updated_at="2026-06-25T11:00:00Z")
            shop.amend(old, updated_at="2026-06-25T11:00:00Z")  # enters the list before all

    assert {str(number) for number in numbers} <= set(found)


def test_trap_04_the_grand_total_is_a_count_and_never_money(shop):
    shop.place(gross="5.00")

    (order,) = shop.orders()[0].values()

    assert order.gross == Decimal("5.00")


@pytest.mark.parametrize(
    ("total", "gross"),
    [
        ("223.56000086523000", "223.56"),
        ("62395.80000000000000", "62395.80"),
        ("100.00500000000000", "100.01"),
        (100, "100.00"),
    ],
)
def test_trap_05_noise_behind_the_minor_unit_is_rounded_away(shop, total, gross):
    own = {"order_total": total, "order_total_string": "62,395.80 SAR"}

    assert str(shop.order(own=own).gross) == gross


def test_trap_06_times_are_utc_and_the_local_date_of_issue_agrees(shop):
    number = shop.place(created_at="2026-06-22T21:30:00Z")

    order = shop.orders()[0][str(number)]

    assert order.created_at == datetime(2026, 6, 22, 21, 30, tzinfo=UTC)
    assert order.flags == ()


@pytest.mark.parametrize(
    ("issued", "flags"),
    [
        ("23-06-2026 | 12:30 ص", ()),
        ("22-06-2026 | 09:30 م", ("zone_mixup",)),
        ("soon", ()),
        (None, ()),
    ],
)
def test_trap_06_times_that_are_not_utc_are_flagged(shop, issued, flags):
    number = shop.place(created_at="2026-06-22T21:30:00Z", own={"issue_date": issued})

    assert shop.orders()[0][str(number)].flags == flags


def test_trap_07_the_payload_type_is_asked_for_that_has_all_fields(shop):
    shop.order(coupon="NOOR10")

    assert "payload_type=default" in shop.requests()[0]["query"]


def test_trap_08_what_is_empty_may_be_an_array(shop):
    order = shop.order(own={"coupon": [], "customer": [], "currency": [], "tax_settings": []})

    assert (order.coupons, order.customer_key, order.flags) == ((), None, ())


@pytest.mark.parametrize(
    ("status", "payment", "state"),
    [
        ({"code": "cancelled"}, "voided", OrderState.CANCELLED),
        ("canceled", "pending", OrderState.CANCELLED),
        ({"code": "initial"}, "pending", OrderState.PENDING),
        ({"code": "new"}, "pending", OrderState.PLACED),
        ({"code": "inDelivery"}, "pending", OrderState.PLACED),
        ({"code": "delivered"}, "pending", OrderState.CONFIRMED),
        ({"code": "new"}, "paid", OrderState.CONFIRMED),
        (3, "voided", OrderState.CANCELLED),
        (None, None, OrderState.PLACED),
    ],
)
def test_trap_09_a_status_has_several_spellings_and_shapes(shop, status, payment, state):
    assert shop.order(own={"order_status": status, "payment_status": payment}).state == state


def test_trap_10_the_source_is_read_by_its_code_not_by_its_name(shop):
    order = shop.order(own={"source": "متجر", "source_code": "md"})

    assert (order.source, order.not_attributable) == ("md", NotAttributable.ADMIN)


def test_trap_11_nothing_personal_is_kept(shop, vendors):
    number = shop.place(refunds=[{"amount": "1.00", "at": "2026-06-23T10:00:00Z"}])

    records, _ = shop.orders()
    client = shop.client()
    list(client.iter_orders_by_id([str(number)]))
    client.count_orders(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 25, tzinfo=UTC))
    client.get_account()

    served = vendors.sensitive("zid")
    archived = b"".join(body for _, body in shop.archive.pages).decode()
    assert len(records) == 1
    assert len([each for each in served if each["kind"] == "personal"]) >= 4
    assert not [each for each in served if each["value"] in archived]


def test_trap_12_the_invoice_number_is_the_id_and_the_code_is_for_people(shop):
    number = shop.place(own={"code": "zrDH30DWiX"})

    order = shop.orders()[0][str(number)]

    assert (order.external_id, order.number) == (str(number), "zrDH30DWiX")


# What else the sheet asks.


def test_a_part_that_was_refunded_is_known_by_its_credit_note(shop):
    order = shop.order(gross="90.00", refunds=[{"amount": "10.00", "at": "2026-06-23T10:00:00Z"}])

    assert (order.gross, order.refunded) == (Decimal("90.00"), Decimal("10.00"))
    assert order.refunds[0].refunded_at == datetime(2026, 6, 23, 10, tzinfo=UTC)
    assert order.raw_status == "partially_reversed/paid"


def test_a_note_that_only_corrects_an_invoice_gave_nothing_back(shop):
    order = shop.order(
        placed_gross="120.00",
        gross="90.00",
        refunds=[{"amount": "10.00", "at": "2026-06-23T10:00:00Z"}],
    )

    assert (order.gross, order.refunded) == (Decimal("90.00"), Decimal("10.00"))


def test_returned_goods_are_no_refund(shop):
    order = shop.order(own={"order_status": {"code": "reverse_in_progress"}})

    assert (order.state, order.refunded) == (OrderState.CONFIRMED, Decimal(0))


def test_a_refunded_payment_without_a_credit_note_gave_everything_back(shop):
    order = shop.order(
        gross="80.00",
        refunds=[{"amount": "80.00", "at": "2026-06-23T10:00:00Z"}],
        own={"credit_notes": False},
    )

    assert (order.refunded, order.flags) == (Decimal("80.00"), ("refund_without_note",))


def test_notes_are_asked_for_only_where_money_may_have_gone_back(shop):
    shop.place()
    shop.place(placed_gross="120.00", gross="90.00")

    shop.orders()

    assert len(shop.requests()) == 1


@pytest.mark.parametrize(
    ("own", "reason"),
    [
        ({"source_code": "catalog"}, None),
        ({"source_code": "mobile_app"}, None),
        ({"source_code": "Order Api"}, NotAttributable.API),
        ({"source_code": "ZidPOS"}, NotAttributable.POS),
        ({"source_code": "catalog", "is_marketplace_order": 1}, NotAttributable.MARKETPLACE),
    ],
)
def test_what_no_click_can_have_brought_is_told_apart(shop, own, reason):
    assert shop.order(own=own).not_attributable == reason


def test_an_order_in_another_currency_than_its_stores_is_flagged(shop):
    order = shop.order(currency="AED")

    assert (order.currency, order.flags) == ("AED", ("foreign_currency",))


def test_a_range_in_the_past_has_its_orders_however_late_they_changed(shop):
    inside = shop.place(created_at="2026-06-05T10:00:00Z", updated_at="2026-06-20T10:00:00Z")
    shop.place(created_at="2026-06-12T10:00:00Z")

    records, _ = shop.orders(
        since=datetime(2026, 6, 1, tzinfo=UTC), until=datetime(2026, 6, 10, tzinfo=UTC)
    )

    assert set(records) == {str(inside)}


def test_orders_are_counted_by_creation(shop):
    shop.place(created_at="2026-06-04T23:59:59Z")
    shop.place(created_at="2026-06-05T00:00:00Z", updated_at="2026-06-20T10:00:00Z")
    shop.place(created_at="2026-06-05T23:59:59Z", cancelled_at="2026-06-13T10:00:00Z")
    shop.place(created_at="2026-06-06T00:00:00Z")

    count = shop.client().count_orders(
        datetime(2026, 6, 5, tzinfo=UTC), datetime(2026, 6, 6, tzinfo=UTC)
    )

    assert count == 2


# Tokens and failures.


def test_both_tokens_are_renewed_however_the_answer_spells_them(shop):
    shop.place()
    first = Credentials(
        access_token=BEARER, refresh_token=f"rt-{BEARER}",
        extra={**APP, "manager_token": MANAGER},
    )  # fmt: skip

    second = zid.refresh_credentials(shop.connection, first, shop.wire)
    third = zid.refresh_credentials(shop.connection, second, shop.wire)

    for credentials in (second, third):
        shop.credentials = credentials
        assert len(shop.orders()[0]) == 1
    assert second.extra["manager_token"] != MANAGER
    assert second.expires_at is not None
    assert second.expires_at - datetime.now(UTC) > timedelta(days=300)
    assert second.extra["client_secret"] == APP["client_secret"]


@pytest.mark.parametrize("refresh_token", [None, "stolen"])
def test_what_cannot_be_renewed_needs_a_person(shop, refresh_token):
    credentials = Credentials(access_token=BEARER, refresh_token=refresh_token, extra=APP)

    with pytest.raises(AuthenticationError, match="onnect the store again"):
        zid.refresh_credentials(shop.connection, credentials, shop.wire)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"status": 400, "success": False, "error": {"code": "bad", "message": "No"}}, "bad No"),
        ({"status": "error", "message": {"code": "E", "description": "The page"}}, "E The page"),
        ({"message": "Plain."}, "Plain."),
        ({"detail": [{"loc": ["query"], "msg": "not an integer"}]}, "not an integer"),
        ({"page": ["The page must be an integer."]}, "page: The page must be an integer."),
        ("<html>", "(no JSON)"),
    ],
)
def test_an_errors_text_is_found_in_every_envelope(shop, vendors, body, text):
    vendors.faults.add("status", "zid", status=400, body=body, headers={"X-Request-Id": "r-7"})

    with pytest.raises(PermanentError) as caught:
        shop.orders()

    assert text in str(caught.value)
    assert "(request r-7)" in str(caught.value)


@pytest.mark.parametrize("fault", ["html", "empty", "truncated_json", "malformed_json", "reset"])
def test_an_answer_that_cannot_be_read_is_asked_for_again(shop, vendors, fault):
    shop.place()
    rule = vendors.faults.add(fault, "zid", times=1)

    records, _ = shop.orders()

    assert len(records) == 1
    assert vendors.faults.fired(rule) == 1


def test_a_limit_is_waited_for_a_minute_where_the_answer_does_not_say(shop, vendors):
    shop.attempts = 1
    vendors.faults.add("too_many", "zid", style="none")

    with pytest.raises(RateLimitedError) as caught:
        shop.orders()

    assert 50 < caught.value.wait_seconds() <= 60


def test_a_row_that_cannot_be_read_is_refused_and_the_rest_goes_on(shop):
    good = shop.place()
    bad = shop.place(own={"currency_code": "XXQ"})

    records, rejects = shop.orders()

    assert set(records) == {str(good)}
    assert [(each.external_id, each.reason) for each in rejects] == [
        (str(bad), "currency_code is not an ISO 4217 currency: 'XXQ'")
    ]
    assert rejects[0].item["customer"] == REDACTED


def test_single_orders_are_read_again_and_a_vanished_one_is_left_out(shop):
    number = shop.place()

    found = list(shop.client().iter_orders_by_id([str(number), "1"]))

    assert [each.external_id for batch in found for each in batch.records] == [str(number)]


# The seeded world.

WORLD = {"workspaces": 1, "orders": 6, "now": "2026-02-05T10:00:00+00:00"}


def test_the_worlds_orders_are_read_as_they_are(shop, vendors):
    vendors.reset(11, ad_world=WORLD)
    world = World(11, Settings(**WORLD))
    store = world.stores_of("zid")[0]
    shop.credentials = Credentials(
        access_token=BEARER, extra={"manager_token": f"{MANAGER}.{store.store_id}"}
    )

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
