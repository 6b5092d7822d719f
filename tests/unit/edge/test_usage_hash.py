"""The hash of a usage's content: it lies beside what was stored years ago, so it never changes."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from edge_grpc.usage_records import content_hash
from edge_grpc.v1 import usage_pb2 as usage

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
INT32 = st.integers(-(2**31), 2**31 - 1)
INT64 = st.integers(-(2**63), 2**63 - 1)


@st.composite
def records(draw):
    record = usage.UsageRecord(
        usage_id=draw(TEXT),
        promotion_id=draw(TEXT),
        bill_id=draw(TEXT),
        brand_id=draw(TEXT),
        customer_id=draw(TEXT),
        reverses_usage_id=draw(TEXT),
        promotion_version=draw(INT64),
    )
    if draw(st.booleans()):
        record.discount_amount.currency_code = draw(TEXT)
        record.discount_amount.units, record.discount_amount.nanos = draw(INT64), draw(INT32)
    if draw(st.booleans()):
        record.used_at.seconds, record.used_at.nanos = draw(INT64), draw(INT32)
    if draw(st.booleans()):
        day = record.business_on
        day.year, day.month, day.day = draw(INT32), draw(INT32), draw(INT32)
    return record


@given(records())
def test_the_hash_is_that_of_the_fields_as_python_shows_them(record):
    money, day = record.discount_amount, record.business_on
    fields = (
        record.promotion_id.lower(),
        record.bill_id,
        record.brand_id.lower(),
        record.customer_id,
        (money.currency_code, money.units, money.nanos),
        (record.used_at.seconds, record.used_at.nanos),
        (day.year, day.month, day.day),
        record.reverses_usage_id.lower(),
        record.promotion_version,
    )

    assert content_hash(record) == hashlib.sha256(repr(fields).encode()).digest()


def test_a_known_record_keeps_its_hash():
    record = usage.UsageRecord(promotion_id="P", bill_id='it\'s "B"', customer_id="\u0639 \n")
    record.discount_amount.currency_code = "SAR"

    assert (
        content_hash(record).hex()
        == "dc47b18296a39b82c0e6816df96bd8197d27633704f87a0d59fd4f15ecdd2fc3"
    )
