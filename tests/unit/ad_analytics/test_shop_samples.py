"""Bodies of each shop's real shape, and what a person reads off them (written down first)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from vendor_sync.ad_analytics.records import OrderState, RefundRecord, TouchRecord
from vendor_sync.ad_analytics.shops import salla_orders, shopify_orders, woocommerce_orders
from vendor_sync.ad_analytics.shops.zid_orders import needs_notes
from vendor_sync.ad_analytics.shops.zid_orders import order_from_api as zid_order


def raw(item: object) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(item).encode())


def fields(record, *names):
    return tuple(getattr(record, name) for name in names)


def bag(amount: str, currency: str = "CAD", other: str = "USD") -> dict[str, object]:
    return {
        "shopMoney": {"amount": amount, "currencyCode": currency},
        "presentmentMoney": {"amount": "9.0", "currencyCode": other},
    }


SHOPIFY = {
    "id": "gid://shopify/Order/7300000000003",
    "legacyResourceId": "7300000000003",
    "name": "#1003",
    "test": False,
    "edited": False,
    "createdAt": "2026-05-22T22:34:00Z",
    "processedAt": "2026-05-22T22:34:00Z",
    "updatedAt": "2026-05-23T08:00:00Z",
    "cancelledAt": None,
    "displayFinancialStatus": "PARTIALLY_REFUNDED",
    "currencyCode": "CAD",
    "sourceName": "web",
    "discountCodes": [],
    "customAttributes": [
        {"key": "_ttclid", "value": "E.C.P.Token"},
        {"key": "_utm_campaign", "value": "120212345678"},
    ],
    "totalPriceSet": bag("25.0"),
    "currentTotalPriceSet": bag("10.0"),
    "totalRefundedSet": bag("15.0"),
    "refunds": [
        {
            "id": "gid://shopify/Refund/1028613341",
            "createdAt": "2026-05-23T07:59:58Z",
            "processedAt": None,
            "totalRefundedSet": bag("15.0"),
        },
        {
            "id": "gid://shopify/Refund/1028613342",
            "createdAt": None,
            "processedAt": None,
            "totalRefundedSet": bag("0.0"),
        },
    ],
    "customerJourneySummary": {
        "ready": True,
        "momentsCount": {"count": 1},
        "moments": {
            "nodes": [
                {
                    "id": "gid://shopify/CustomerVisit/3",
                    "occurredAt": "2026-05-22T22:30:00Z",
                    "landingPage": "https://shop.example/products/a?ScCid=AbCdEf-123",
                    "referrerUrl": None,
                    "utmParameters": None,
                }
            ]
        },
    },
}


def test_a_partly_refunded_order_of_shopify():
    order = shopify_orders.order_from_api(raw(SHOPIFY))

    assert fields(order, "external_id", "number") == ("7300000000003", "#1003")
    assert fields(order, "gross", "refunded", "currency") == (Decimal(25), Decimal(15), "CAD")
    assert order.refunds == (
        RefundRecord(
            refund_id="1028613341",
            amount=Decimal("15.00"),
            refunded_at=datetime(2026, 5, 23, 7, 59, 58, tzinfo=UTC),
        ),
    )
    assert order.touches == (
        TouchRecord(
            touch_key="3",
            occurred_at=datetime(2026, 5, 22, 22, 30, tzinfo=UTC),
            landing_url="https://shop.example/products/a?ScCid=AbCdEf-123",
            parameters={"ttclid": "E.C.P.Token", "utm_campaign": "120212345678"},
        ),
    )
    assert fields(order, "state", "raw_status", "touches_ready", "flags") == (
        OrderState.CONFIRMED, "PARTIALLY_REFUNDED", True, (),
    )  # fmt: skip


def test_an_edited_order_of_shopify_costs_what_is_left_of_it():
    edited = {
        **SHOPIFY,
        "edited": True,
        "processedAt": "2024-01-01T00:00:00Z",
        "displayFinancialStatus": "PAID",
        "totalPriceSet": bag("226.0"),
        "currentTotalPriceSet": bag("113.0"),
        "totalRefundedSet": bag("0.0"),
        "refunds": [],
        "customerJourneySummary": None,
        "customAttributes": [],
        "sourceName": "pos",
    }

    order = shopify_orders.order_from_api(raw(edited))

    assert fields(order, "gross", "refunded", "flags") == (Decimal(113), Decimal(0), ("backdated",))
    assert fields(order, "touches", "touches_ready") == ((), True)


WOOCOMMERCE = {
    "id": 20001,
    "number": "20001",
    "status": "processing",
    "currency": "SAR",
    "created_via": "checkout",
    "date_created_gmt": "2026-03-10T11:00:00",
    "date_modified_gmt": "2026-03-10T11:05:00",
    "date_paid_gmt": "2026-03-10T11:00:30",
    "total": "120.00",
    "customer_id": 0,
    "refunds": [{"id": 20051, "reason": "", "total": "-20.00"}],
    "coupon_lines": [],
    "meta_data": [
        {"id": 1, "key": "_wc_order_attribution_source_type", "value": "utm"},
        {"id": 2, "key": "_wc_order_attribution_referrer", "value": "https://l.facebook.com/"},
        {"id": 3, "key": "_wc_order_attribution_utm_campaign", "value": "120212345"},
        {"id": 4, "key": "_wc_order_attribution_utm_source", "value": "Facebook"},
        {"id": 5, "key": "_wc_order_attribution_utm_medium", "value": "Paid-Social"},
        {"id": 6, "key": "_wc_order_attribution_session_entry",
         "value": "https://shop.example/p/1?utm_source=Facebook&fbclid=IwAR0Case_-x"},
        {"id": 7, "key": "_wc_order_attribution_session_start_time",
         "value": "2026-03-10 10:40:00"},
        {"id": 8, "key": "_wc_order_attribution_session_pages", "value": "4"},
    ],
}  # fmt: skip
WOO_REFUND = {"id": 20051, "date_created_gmt": "2026-03-11T06:00:00", "amount": "20.00"}


def test_an_order_of_woocommerce_with_a_refund_and_a_session():
    order = woocommerce_orders.order_from_api(
        raw(WOOCOMMERCE), store="shop.example", refunds=[raw(WOO_REFUND)]
    )

    assert fields(order, "gross", "refunded", "currency") == (Decimal(120), Decimal(20), "SAR")
    assert order.refunds == (
        RefundRecord(
            refund_id="20051",
            amount=Decimal("20.00"),
            refunded_at=datetime(2026, 3, 11, 6, tzinfo=UTC),
        ),
    )
    assert order.touches == (
        TouchRecord(
            touch_key="session",
            occurred_at=datetime(2026, 3, 10, 10, 40, tzinfo=UTC),
            landing_url="https://shop.example/p/1?utm_source=Facebook&fbclid=IwAR0Case_-x",
            referrer="https://l.facebook.com/",
            parameters={
                "utm_source": "Facebook", "utm_medium": "Paid-Social", "utm_campaign": "120212345",
            },
        ),
    )  # fmt: skip
    assert fields(order, "created_at", "updated_at", "state", "customer_key") == (
        datetime(2026, 3, 10, 11, tzinfo=UTC), datetime(2026, 3, 10, 11, 5, tzinfo=UTC),
        OrderState.CONFIRMED, None,
    )  # fmt: skip


def php(text: str) -> dict[str, object]:
    return {"date": text, "timezone_type": 3, "timezone": "Asia/Riyadh"}


SALLA = {
    "id": 418149270,
    "reference_id": 3879219,
    "date": php("2026-02-15 08:23:05.000000"),
    "updated_at": php("2026-02-16 09:00:00.687605"),
    "source": "store",
    "source_details": {"type": "direct", "value": None, "device": "desktop"},
    "status": {"id": 1298199463, "name": "تم التنفيذ", "slug": "completed", "customized": None},
    "payment_method": "mada",
    "currency": "SAR",
    "amounts": {
        "sub_total": {"amount": 250, "currency": "SAR"},
        "tax": {"percent": "15.00", "amount": {"amount": 39.46, "currency": "SAR"}},
        "discounts": [{"title": "New", "code": "kb123", "discount": "15.00"}],
        "total": {"amount": 302.5, "currency": "SAR"},
    },
    "is_pending_payment": False,
    "customer": {"id": 1473353380, "currency": "AED"},
    "exchange_rate": {"base_currency": "SAR", "exchange_currency": "USD", "rate": "0.266592"},
}
SALLA_NOTE = {
    "id": 1479538730, "order_id": 418149270, "type": "Credit Note", "date": "2026-02-16",
    "total": {"amount": 61.5, "currency": "SAR"},
}  # fmt: skip
SALLA_INVOICE = {
    **SALLA_NOTE,
    "type": "Tax Invoice",
    "total": {"amount": "302.50", "currency": "SAR"},
}


def test_an_order_of_salla_with_a_credit_note():
    notes = [salla_orders.invoice(raw(item)) for item in (SALLA_INVOICE, SALLA_NOTE)]

    order = salla_orders.order_from_api(
        raw(SALLA), store="demo", timezone="Asia/Riyadh", notes=notes
    )

    assert order is not None
    assert fields(order, "gross", "refunded", "currency", "coupons") == (
        Decimal("302.50"), Decimal("61.50"), "SAR", ("kb123",),
    )  # fmt: skip
    assert fields(order, "created_at", "updated_at") == (
        datetime(2026, 2, 15, 5, 23, 5, tzinfo=UTC), datetime(2026, 2, 16, 6, tzinfo=UTC),
    )  # fmt: skip
    assert order.refunds[0].refunded_at == datetime(2026, 2, 15, 21, tzinfo=UTC)
    assert fields(order, "exchange_rate", "exchange_currency") == (Decimal("0.266592"), "USD")
    assert fields(order, "number", "state", "touches", "flags") == (
        "3879219", OrderState.CONFIRMED, (), (),
    )  # fmt: skip


ZID = {
    "id": 39018292,
    "invoice_number": 39018292,
    "code": "Q51inGF1Zv",
    "order_status": {"name": "Preparing", "code": "preparing"},
    "payment_status": "pending",
    "currency_code": "SAR",
    "order_total": "223.56000086523000",
    "order_total_string": "223.56 SAR",
    "transaction_amount": 223.56000086523,
    "currency": {
        "order_currency": {"id": 4, "code": "SAR", "exchange_rate": 1},
        "order_store_currency": {"id": 4, "code": "SAR", "exchange_rate": None},
    },
    "source": "Store",
    "source_code": "catalog",
    "issue_date": "10-03-2026 | 12:30 ص",
    "created_at": "2026-03-09 21:30:00",
    "updated_at": "2026-03-09 21:31:00",
    "customer": {"id": 6, "name": "Somebody"},
    "coupon": [],
    "edits_count": 0,
    "reverse_order_label_requests": [],
    "is_marketplace_order": False,
    "is_potential_fraud": False,
}


def test_an_order_of_zid_on_the_edge_of_a_day():
    order = zid_order(raw(ZID), store="demo", timezone="Asia/Riyadh")

    assert needs_notes(raw(ZID)) is None
    assert fields(order, "gross", "refunded", "currency") == (Decimal("223.56"), Decimal(0), "SAR")
    assert fields(order, "external_id", "number", "coupons") == ("39018292", "Q51inGF1Zv", ())
    assert fields(order, "created_at", "updated_at") == (
        datetime(2026, 3, 9, 21, 30, tzinfo=UTC), datetime(2026, 3, 9, 21, 31, tzinfo=UTC),
    )  # fmt: skip
    assert fields(order, "state", "raw_status", "flags") == (
        OrderState.PLACED, "preparing/pending", (),
    )  # fmt: skip


def test_a_partly_returned_order_of_zid_has_the_refunds_of_its_notes():
    returned = {**ZID, "order_status": "partially_reversed", "payment_status": "paid"}
    notes = [
        {"id": "a46ebd12", "order_total": "143.4500", "issue_reason": "issue_reason_update"},
        {"id": "b46ebd12", "order_total": "23.5600", "issue_reason": "issue_reason_return",
         "created_at": "2026-03-12 10:00:00"},
    ]  # fmt: skip

    order = zid_order(
        raw(returned), store="demo", timezone="Asia/Riyadh", notes=[raw(note) for note in notes]
    )

    assert needs_notes(raw(returned)) == "39018292"
    assert (order.refunded, order.state) == (Decimal("23.56"), OrderState.CONFIRMED)
    assert [refund.refund_id for refund in order.refunds] == ["b46ebd12"]
