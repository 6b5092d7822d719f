"""Each use counts once: repeats, conflicts, reversals, refusals and several senders.

`test_usage_kills.py` does the same amid kills.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from edge_grpc.v1 import sync_pb2 as sync
from edge_grpc.v1 import types_pb2 as types
from edge_grpc.v1 import usage_pb2 as usage
from tests.integration.edge.uses import rupiah, use_of

pytestmark = pytest.mark.integration
VERDICT = usage.UsageVerdict.Name
REASON = usage.UsageRejectReason.Name


@pytest.fixture
def make(office, shop):
    """Make records of one promotion."""
    promotion = office.add_promotion(shop)

    def record(**fields):
        known = {"usage_id": str(uuid.uuid4()), "discount_amount": rupiah(5000)}
        return use_of(shop, promotion, **{**known, **fields})

    return record


@pytest.fixture
def send(session, shop):
    async def upload(*records):
        request = usage.UploadUsageBatchRequest(**shop.tenant, records=records)
        metadata = await session.metadata()
        answer = await session.stub.UploadUsageBatch(request, metadata=metadata)
        return [
            REASON(one.reason).removeprefix("USAGE_REJECT_REASON_")
            if one.reason
            else VERDICT(one.verdict).removeprefix("USAGE_VERDICT_")
            for one in answer.results
        ]

    return upload


async def test_same_id_with_other_content_is_a_conflict_and_changes_nothing(office, make, send):
    """Trap U2."""
    first = make()
    other = usage.UsageRecord()
    other.CopyFrom(first)
    other.discount_amount.units = 1

    assert await send(first) == ["ACCEPTED"]
    assert await send(other, first) == ["CONFLICT", "DUPLICATE"]
    assert office.value("SELECT discount_amount FROM edge.promotion_usages") == 5000
    assert office.value("SELECT kind FROM edge.usage_rejects") == "conflict"


async def test_each_bad_record_is_refused_alone_with_its_reason(office, make, send):
    """Trap U3: one bad record blocks no other."""
    stranger = await office.add_shop()
    money = types.Money
    ahead = make()
    ahead.used_at.FromDatetime(datetime.now(UTC) + timedelta(hours=25))
    bad = {
        "INVALID_USAGE_ID": make(usage_id="7"),
        "UNKNOWN_PROMOTION": make(promotion_id=office.add_promotion(stranger)),
        "FOREIGN_STORE": make(store_id=stranger.store_id),
        "UNKNOWN_BRAND": make(brand_id=stranger.brand_id),
        "INVALID_AMOUNT": make(discount_amount=money(currency_code="IDR", units=-1)),
        "INVALID_CURRENCY": make(discount_amount=money(currency_code="USD", units=1)),
        "INVALID_BILL_ID": make(bill_id=""),
        "INVALID_TIME": ahead,
        "INVALID_FIELD": make(customer_id="x" * 101),
    }
    more = [
        make(discount_amount=money(currency_code="IDR", nanos=1)),
        make(discount_amount=money(currency_code="IDR", units=10**15)),
        make(discount_amount=money(currency_code="IDR", nanos=-100_000)),
    ]

    found = await send(make(), *bad.values(), make(), *more)

    assert found == ["ACCEPTED", *bad, "ACCEPTED", *["INVALID_AMOUNT"] * 3]
    assert office.value("SELECT count(*) FROM edge.promotion_usages") == 2
    assert office.value("SELECT count(*) FROM edge.usage_rejects") == len(bad) + 3


async def test_an_id_of_a_brand_is_none_of_a_promotion(make, send):
    known = make()

    found = await send(make(promotion_id=known.brand_id), make(brand_id=known.promotion_id), known)

    assert found == ["UNKNOWN_PROMOTION", "UNKNOWN_BRAND", "ACCEPTED"]


async def test_refusals_are_kept_once_however_often_they_come(office, make, send):
    bad = make(bill_id="")

    for _ in range(3):
        await send(bad, bad)

    assert office.rows("SELECT times, reason FROM edge.usage_rejects") == [(3, "INVALID_BILL_ID")]


async def test_reversal_is_a_record_of_its_own_that_waits_for_its_original(office, make, send):
    """Trap U8."""
    original = make()
    reversal = make(reverses_usage_id=original.usage_id)
    second = make(reverses_usage_id=original.usage_id)

    assert await send(reversal) == ["UNKNOWN_ORIGINAL"]
    assert await send(reversal, original) == ["ACCEPTED", "ACCEPTED"]
    assert await send(reversal) == ["DUPLICATE"]
    assert await send(second) == ["INVALID_FIELD"]
    assert await send(make(reverses_usage_id=reversal.usage_id)) == ["INVALID_FIELD"]
    assert office.value("SELECT count(*) FROM edge.promotion_usages") == 2


async def test_use_of_a_promotion_that_was_deleted_since_still_counts(office, make, send, session):
    """Trap U6: the sale has happened."""
    record = make()
    grant = await session.grant()
    ids = {"company_id": grant.company_id, "store_id": grant.store_id}
    request = sync.SyncPromotionsRequest(**ids)
    await session.stub.SyncPromotions(request, metadata=await session.metadata()).read()
    office.run("DELETE FROM edge.promotions")

    assert await send(record) == ["ACCEPTED"]


async def test_several_senders_of_the_same_records_in_any_order_count_each_once(office, make, send):
    """Traps U1, U5 and U10: repeats, rows wanted by several at once, any order."""
    records = [make() for _ in range(400)]
    chance = random.Random(3)

    async def sender():
        for _ in range(3):
            mine = records.copy()
            chance.shuffle(mine)
            for start in range(0, len(mine), 100):
                verdicts = await send(*mine[start : start + 100])
                assert set(verdicts) <= {"ACCEPTED", "DUPLICATE"}

    await asyncio.gather(*(sender() for _ in range(4)))

    assert office.value("SELECT count(*) FROM edge.promotion_usages") == 400
